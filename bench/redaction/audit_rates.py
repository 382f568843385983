"""How often the audit is right: faces that can be seen, half covered and hidden, after encoding.

python -m bench.redaction.audit_rates LFW_SHEETS               the tables, on the second half
python -m bench.redaction.audit_rates LFW_SHEETS --half first  on the people it was adjusted on
python -m bench.redaction.audit_rates --nobody                 false alarms: pictures without a face

LFW_SHEETS holds faces of Labeled Faces in the Wild in sheets of 16 x 16 tiles of 112 x 112 pixels
(000.webp …) and scores.csv, whose first column names the picture of each tile. People fall into two
halves by the hash of their name. Tiles of many sizes, some blurred by motion or dark, drift over a
canvas; each is treated in one way; the video is encoded, and the audit looks at what was decoded.
"""

from __future__ import annotations

import csv
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from bench.description.material import table
from bench.detection.corpus import MissingPictureError, pictures, read
from mien.detect import CenterFace
from mien.media import open_video, read_image
from mien.media.planes import Plane
from mien.redact.audit.exposure import kept
from mien.redact.audit.look import CERTAIN, DOUBTFUL, SEEN, FrameAuditor
from mien.redact.effects import Look, hide
from mien.redact.masks import Masks
from mien.track.boxes import iou
from tests.clips import write_clip

Array = NDArray[Any]
Treat = Callable[[Array, Array], None]
"""Changes a picture in place where a face is: its box (4,) in pixels."""

TILE, SIDE = 112, 16
FACE = np.array([0.242, 0.32, 0.768, 0.983])
"""Where a tile has its face, in shares of it: the median of what CenterFace finds."""
NOSE = 0.645
"""Half-way from the eyes to the tip of the nose."""

WIDTH, HEIGHT, FRAMES, LOOKED_AT = 960, 540, 6, (4,)
SIDES = (40, 56, 80, 120, 180, 260)
CRFS = (18, 24, 30)
WIDTHS = (0, 24, 40, 80, 1000)
MARGIN = 1.3
"""Size of a mask to that of the face."""


def look(effect: str, strength: str = "med") -> Treat:
    """One of mien's own effects, as an ellipse around the face."""

    def treat(rgb: Array, box: Array) -> None:
        masks = Masks(_centre(box)[None], _half(box)[None], np.zeros(1), np.zeros(1))
        planes = [Plane(rgb[..., k], 0, 255) for k in range(3)]
        hide(planes, rgb.shape[1], rgb.shape[0], masks, Look(effect, strength))  # type: ignore[arg-type]

    return treat


def other(change: Callable[[Array], Array]) -> Treat:
    """What other programs do to a patch, as an ellipse around the face."""

    def treat(rgb: Array, box: Array) -> None:
        centre, half = _centre(box), _half(box)
        low = np.floor(centre - half).clip(0).astype(int)
        high = np.ceil(centre + half).astype(int)
        patch = rgb[low[1] : high[1], low[0] : high[0]]
        y, x = np.mgrid[: patch.shape[0], : patch.shape[1]] + 0.5
        inside = np.hypot((x + low[0] - centre[0]) / half[0], (y + low[1] - centre[1]) / half[1])
        changed = change(patch.copy())
        patch[inside <= 1] = changed[inside <= 1]

    return treat


def _centre(box: Array) -> Array:
    return (box[:2] + box[2:]) / 2


def _half(box: Array) -> Array:
    return (box[2:] - box[:2]) / 2 * MARGIN


def part(treat: Treat, which: str) -> Treat:
    """The same, on a part of the face only; the rest stays as it is."""

    def treat_part(rgb: Array, box: Array) -> None:
        before = rgb.copy()
        treat(rgb, box)
        left, top, right, bottom = box
        nose = top + (bottom - top) * (NOSE - FACE[1]) / (FACE[3] - FACE[1])
        if which == "eyes":
            rgb[round(nose) :] = before[round(nose) :]
        elif which == "mouth":
            rgb[: round(nose)] = before[: round(nose)]
        else:
            middle = round((left + right) / 2)
            rgb[:, middle:] = before[:, middle:]

    return treat_part


def _box_blur(patch: Array) -> Array:
    """A mean over half the mask, as deface has it."""
    return np.asarray(cv2.blur(patch, (max(1, patch.shape[1] // 2), max(1, patch.shape[0] // 2))))


def _gauss(patch: Array) -> Array:
    return np.asarray(cv2.GaussianBlur(patch, (0, 0), max(patch.shape[:2]) / 10))


def _mosaic(patch: Array) -> Array:
    size = max(1, round(patch.shape[1] / 8)), max(1, round(patch.shape[0] / 8))
    small = cv2.resize(patch, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, patch.shape[1::-1], interpolation=cv2.INTER_NEAREST))


EXPOSED: dict[str, Treat] = {
    "nothing done": lambda rgb, box: None,
    "outline": look("outline"),
    "eyes under blur": part(look("blur"), "eyes"),
    "eyes under black": part(look("black"), "eyes"),
    "mouth under blur": part(look("blur"), "mouth"),
    "mouth under black": part(look("black"), "mouth"),
}
HIDDEN: dict[str, Treat] = {
    "blur med": look("blur", "med"),
    "blur high": look("blur", "high"),
    "pixelate low": look("pixelate", "low"),
    "pixelate med": look("pixelate", "med"),
    "pixelate high": look("pixelate", "high"),
    "solid": look("solid"),
    "black": look("black"),
    "box blur over half the mask": other(_box_blur),
    "Gauss, a tenth of the mask": other(_gauss),
    "mosaic of 8 x 8": other(_mosaic),
}
BETWEEN: dict[str, Treat] = {
    "blur low": look("blur", "low"),
    "left half under blur": part(look("blur"), "left"),
    "left half under black": part(look("black"), "left"),
}
TREATMENTS = EXPOSED | HIDDEN | BETWEEN


class Sheets(NamedTuple):
    """The tiles of one half of the people."""

    folder: Path
    tiles: Array

    @classmethod
    def of(cls, folder: Path, half: str) -> Sheets:
        """Read the names; `half` is "first" or "second"."""
        with open(folder / "scores.csv", encoding="utf-8") as file:
            names = [row["name"].rsplit("_", 1)[0] for row in csv.DictReader(file)]
        wanted = {"first": 0, "second": 1}[half]
        halves = [hashlib.sha256(name.encode()).digest()[0] % 2 for name in names]
        return cls(folder, np.flatnonzero(np.array(halves) == wanted))

    def tile(self, number: int) -> Array:
        """(112, 112, 3) one of all tiles."""
        sheet, place = divmod(int(number), SIDE * SIDE)
        y, x = (TILE * k for k in divmod(place, SIDE))
        return np.asarray(_sheet(self.folder / f"{sheet:03d}.webp")[y : y + TILE, x : x + TILE])


@lru_cache(8)
def _sheet(path: Path) -> Array:
    return read_image(path)


@dataclass(frozen=True)
class Spot:
    """One tile on the canvas: where it is at first, its side, how it drifts, and what is done."""

    tile: Array
    at: Array
    side: int
    drift: Array
    treatment: str

    def matrix(self, frame: int) -> Array:
        """(2, 3) from the tile to the canvas."""
        scale = np.eye(2) * (self.side / TILE)
        return np.column_stack([scale, self.at + self.drift * frame])

    def face(self, frame: int) -> Array:
        """(4,) its box."""
        corner = self.at + self.drift * frame
        return np.asarray(FACE * self.side + np.tile(corner, 2))


class Canvas:
    """A picture of smooth colours with tiles on it, which move.

    Args:
        sheets: where faces are from.
        seed: of all that is drawn.
    """

    def __init__(self, sheets: Sheets, seed: int) -> None:
        self._random = rng = np.random.default_rng(seed)
        coarse = rng.normal(128, 45, (9, 16, 3)).clip(0, 255).astype(np.uint8)
        self._ground = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        self._noise = rng.choice([0.0, 0.0, 3.0])
        self.spots = list(self._spots(sheets))

    def _spots(self, sheets: Sheets) -> Iterator[Spot]:
        rng, top = self._random, 4
        while top + (side := int(rng.choice(SIDES))) * 1.2 + 4 < HEIGHT:
            for left in range(4, WIDTH - side - 8, round(side * 1.1) + 4):
                tile = _worn(sheets.tile(rng.choice(sheets.tiles)), rng)
                treatment = str(rng.choice(list(TREATMENTS)))
                at = np.array([left + 2.0, top + 2.0])
                yield Spot(tile, at, side, rng.uniform(-0.4, 0.4, 2), treatment)
            top += round(side * 1.2) + 4

    def frames(self) -> list[Array]:
        """The frames, nothing hidden."""
        return [self._frame(n) for n in range(FRAMES)]

    def _frame(self, number: int) -> Array:
        picture = self._ground.astype(np.float32)
        for spot in self.spots:
            matrix, blurred = spot.matrix(number), spot.tile
            if spot.side < TILE:
                blurred = cv2.GaussianBlur(spot.tile, (0, 0), 0.45 * TILE / spot.side)
            size = WIDTH, HEIGHT
            cover = cv2.warpAffine(np.ones((TILE, TILE), np.float32), matrix, size)[..., None]
            placed = cv2.warpAffine(blurred, matrix, size, flags=cv2.INTER_CUBIC)
            picture = picture * (1 - cover) + placed * cover
        noise = self._random.normal(0, 1, picture.shape) * self._noise
        return np.asarray((picture + noise).clip(0, 255), np.uint8)

    def treated(self, frames: Sequence[Array]) -> list[Array]:
        """Copies of decoded frames, each face treated."""
        out = [frame.copy() for frame in frames]
        for number, picture in enumerate(out):
            for spot in self.spots:
                TREATMENTS[spot.treatment](picture, spot.face(number))
        return out


def _worn(tile: Array, rng: np.random.Generator) -> Array:
    """One tile in three moved while it was taken, one in five is dark."""
    if rng.random() < 0.33:
        length = int(rng.choice([5, 9, 13]))
        kernel = np.zeros((length, length))
        kernel[length // 2] = 1 / length
        tile = cv2.filter2D(tile, -1, kernel if rng.random() < 0.7 else kernel.T)
    if rng.random() < 0.2:
        tile = (tile * rng.uniform(0.25, 0.6)).astype(np.uint8)
    return tile


def encoded(frames: Sequence[Array], crf: int) -> list[Array]:
    """The frames as they come out of x264."""
    with TemporaryDirectory() as folder:
        options = {"crf": str(crf), "preset": "veryfast"}
        path = write_clip(Path(folder) / "clip.mp4", frames, options=options)
        with open_video(path) as video:
            return [frame.rgb for frame in video.frames()]


class Verdict(NamedTuple):
    """What became of one face: the treatment, its width, whether it was reported, the share of its
    detail that was kept (NaN where the source shows no face to the detector)."""

    treatment: str
    width: float
    crf: int
    reported: bool
    share: float


@cache
def _auditor() -> FrameAuditor:
    return FrameAuditor.load()


def verdicts(sheets: Sheets, seed: int) -> Iterator[Verdict]:
    """All faces of one canvas, at each quality."""
    canvas = Canvas(sheets, seed)
    before = encoded(canvas.frames(), 18 if seed % 2 else 23)
    treated = canvas.treated(before)
    network: CenterFace = _auditor().network
    for crf in CRFS:
        after = encoded(treated, crf)
        for frame in LOOKED_AT:
            seen = _auditor().look(before[frame], after[frame])
            found = seen.box_xyxy[seen.score >= CERTAIN]
            boxes = np.array([spot.face(frame) for spot in canvas.spots])
            reported = np.any(iou(boxes, found) >= 0.3, axis=1).tolist()
            faces = network.detect(before[frame], score=0.35)
            assert faces.points is not None
            overlap = iou(boxes, faces.box_xyxy)
            for row, spot in enumerate(canvas.spots):
                share, near = np.nan, int(overlap[row].argmax())
                if overlap[row, near] >= 0.4:
                    share = kept(before[frame], after[frame], faces.points[near]).max()
                width = float(boxes[row, 2] - boxes[row, 0])
                yield Verdict(spot.treatment, width, crf, reported[row], float(share))


def report(all_of: Sequence[Verdict]) -> Iterator[str]:
    """The tables, as Markdown."""
    by: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in all_of:
        by[verdict.treatment].append(verdict)
    columns = [f"{a} to {b}" if b < 1000 else f"from {a}" for a, b in pairwise(WIDTHS)]
    for title, kinds in (("can be seen", EXPOSED), ("hidden", HIDDEN), ("between", BETWEEN)):
        yield f"\n{title}: share reported, by width of the face in pixels, and by crf\n"
        rows = [[kind, f"{len(by[kind])}", *_shares(by[kind])] for kind in kinds]
        joined = [verdict for kind in kinds for verdict in by[kind]]
        rows.append(["**all**", f"{len(joined)}", *_shares(joined)])
        heads = [f"crf {crf}" for crf in CRFS]
        yield from table((title, "faces", "reported", *columns, *heads), rows)
    yield f"\nshare of the detail kept (seen from {SEEN}, in doubt from {DOUBTFUL})\n"
    quantiles = ("treatment", "least", "1 %", "5 %", "half", "95 %", "99 %", "most")
    kept_of: list[tuple[str, ...]] = []
    for kind in TREATMENTS:
        share = np.array([v.share for v in by[kind]])
        told = np.quantile(share[np.isfinite(share)], [0, 0.01, 0.05, 0.5, 0.95, 0.99, 1])
        kept_of.append((kind, *(f"{value:.2f}" for value in told)))
    yield from table(quantiles, kept_of)


def _shares(some: Sequence[Verdict]) -> Iterator[str]:
    yield _share(some)
    for low, high in pairwise(WIDTHS):
        yield _share([v for v in some if low <= v.width < high])
    for crf in CRFS:
        yield _share([v for v in some if v.crf == crf])


def _share(some: Sequence[Verdict]) -> str:
    return f"{np.mean([v.reported for v in some]):.1%}" if some else "–"


def false_alarms() -> Iterator[str]:
    """What is reported on the labelled pictures of the detection corpus that show no face."""
    count = 0
    for picture in pictures():
        if len(picture.truth.faces) or len(picture.truth.ignore):
            continue
        try:
            rgb = read(picture)
        except MissingPictureError as error:
            yield f"left out: {error}"
            continue
        count += 1
        found = _auditor().look(rgb, rgb)
        if len(found):
            yield f"{picture.name}: {len(found)}, scores {found.score.round(2).tolist()}"
    yield f"{count} pictures without a face"


@click.command(help=__doc__)
@click.argument(
    "folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--nobody", is_flag=True, help="Look at pictures without a face instead.")
@click.option("--half", type=click.Choice(["first", "second"]), default="second")
@click.option("--canvases", default=40, help="How many [40].")
@click.option("--seed", default=500, help="Of the first one [500].")
def main(folder: Path | None, nobody: bool, half: str, canvases: int, seed: int) -> None:
    """Print the tables."""
    if nobody:
        for line in false_alarms():
            click.echo(line)
        return
    if folder is None:
        raise click.UsageError("name the folder of the sheets, or give --nobody")
    sheets = Sheets.of(folder, half)
    every = [v for number in range(canvases) for v in verdicts(sheets, seed + number)]
    click.echo(f"{half} half of the people, {canvases} canvases from seed {seed}")
    for line in report(every):
        click.echo(line)


if __name__ == "__main__":
    main()
