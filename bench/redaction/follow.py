"""How well a box drawn by hand is followed: our filter, the median of flows, and OpenCV's MIL.

python -m bench.redaction.follow                    real and generated clips
python -m bench.redaction.follow --only bikes       one clip
python -m bench.redaction.follow --keep             kept in bench/results/

From the truth of each clip boxes are drawn around faces, one at a quarter, one at the middle and
one at three quarters of each stay in sight of at least `SHORTEST` frames, and followed both ways by
`mien.pipeline.drawn.follow_box`, with cuts and the loss of the box as they come.

    held      share of the frames of the stay in which the box overlaps the truth by half (IoU)
    hidden    share in which 99 % of what can be seen of the inner face lies in the box's mask
    astray    frames in which a box is given, and no face is near its middle, by frames of stays
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from bench.keeping import keep_option, tell
from bench.redaction.scenes import generate
from bench.redaction.scoring import COVERED
from bench.redaction.truth import Clip, Shown, labelled
from bench.speed import machine
from mien.faces import Faces
from mien.media.seek import Reel
from mien.pipeline.drawn import Begin, follow_box
from mien.redact.heads import masks_of
from mien.redact.plan import MARGIN
from mien.track.boxes import iou
from mien.track.drawn import BoxTracker, Seen

Array = NDArray[Any]

SCENES = ("crossing", "occlusion", "fast", "small", "large", "noise_blur", "turning", "edges")
SEED = 7
SHORTEST = 8
"""Frames of a stay."""

DRAWN_AT = (0.25, 0.5, 0.75)


class Mil:
    """OpenCV's TrackerMIL: Babenko, Yang and Belongie, Visual Tracking with Online Multiple
    Instance Learning, CVPR 2009. It keeps the size of the box, gives no confidence, and does not
    begin with some boxes at the edge of the picture: those it loses at once."""

    def __init__(self, gray: Array, box: Array) -> None:
        self._tracker, self._box = cv2.TrackerMIL.create(), np.array(box, float)
        low = np.round(box[:2]).astype(int)
        side = np.maximum(np.round(box[2:]).astype(int) - low, 2)
        self._begun = True
        try:
            place = (*low.tolist(), *side.tolist())
            self._tracker.init(cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR), place)
        except cv2.error:
            self._begun = False

    def update(self, gray: Array) -> Seen:
        """Find the box in the next picture."""
        if not self._begun:
            return Seen(self._box, 0.0)
        found, (x, y, width, height) = self._tracker.update(cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR))
        return Seen(np.array([x, y, x + width, y + height], float), float(found))


class MedianFlow:
    """Points of a grid in the box followed there and back by optical flow; the box moves and grows
    by the median of those that came back: Kalal, Mikolajczyk and Matas, Forward-Backward Error,
    ICPR 2010."""

    GRID = 10
    BACK = 1.5  # pixels from where it began to where a point comes back, above which it is lost

    def __init__(self, gray: Array, box: Array) -> None:
        self._before, self._box = gray, np.array(box, float)

    def update(self, gray: Array) -> Seen:
        """Find the box in the next picture."""
        share = (np.arange(self.GRID) + 0.5) / self.GRID
        side = self._box[2:] - self._box[:2]
        grid = np.stack(np.meshgrid(share, share), axis=-1).reshape(-1, 2)
        begin = (self._box[:2] + grid * side).astype(np.float32)[:, None]
        flow: Any = partial(cv2.calcOpticalFlowPyrLK, winSize=(11, 11), maxLevel=4)
        there, ok, _ = flow(self._before, gray, begin, None)
        back, again, _ = flow(gray, self._before, there, None)
        error = np.linalg.norm(back - begin, axis=2)[:, 0]
        good = (error < self.BACK) & (ok[:, 0] == 1) & (again[:, 0] == 1)
        self._before = gray
        if good.sum() < 4:
            return Seen(self._box, 0.0)
        old, new = begin[good, 0].astype(float), there[good, 0].astype(float)
        apart = [np.linalg.norm(p[:, None] - p[None], axis=2)[np.triu_indices(len(p), 1)]
                 for p in (old, new)]  # fmt: skip
        size = float(np.median(apart[1] / np.maximum(apart[0], 1e-6)))
        centre = (self._box[:2] + self._box[2:]) / 2 + np.median(new - old, axis=0)
        self._box = np.concatenate([centre - size * side / 2, centre + size * side / 2])
        return Seen(self._box, float(good.mean()))


TRACKERS: dict[str, Begin] = {
    "filter (mien)": BoxTracker,
    "median flow": MedianFlow,
    "MIL (OpenCV)": Mil,
}

SLOW = frozenset({"MIL (OpenCV)"})
"""Only asked on real clips."""


@dataclass
class Score:
    """Of boxes that were drawn; in frames, without those in which they were drawn."""

    boxes: int = 0
    asked: int = 0
    held: int = 0
    hidden: int = 0
    astray: int = 0
    followed: int = 0
    seconds: float = 0.0
    overlaps: list[float] = field(default_factory=list)

    def __add__(self, other: Score) -> Score:
        return Score(*(getattr(self, name) + getattr(other, name) for name in vars(self)))


@dataclass(frozen=True)
class Stay:
    """Frames in a row in which a face can be seen."""

    track: int
    begin: int
    end: int  # the first frame in which it cannot


def stays(clip: Clip) -> list[Stay]:
    """All that are long enough."""
    seen: dict[int, list[int]] = {}
    for frame in range(clip.frames):
        shown = clip.shown(frame)
        for track in shown.track[shown.counted].tolist():
            seen.setdefault(track, []).append(frame)
    found = []
    for track, frames in seen.items():
        for run in np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1):
            if len(run) >= SHORTEST:
                found.append(Stay(track, int(run[0]), int(run[-1]) + 1))
    return found


def box_of(shown: Shown, track: int) -> Array | None:
    """(4,) the upright box around a face."""
    (rows,) = np.nonzero(shown.track == track)
    if not len(rows):
        return None
    half, angle = shown.half_wh[rows[0]], np.radians(shown.angle_deg[rows[0]])
    turned = np.array([[np.cos(angle), np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    reach = np.sqrt(((turned * half) ** 2).sum(axis=1))
    return np.concatenate([shown.centre_xy[rows[0]] - reach, shown.centre_xy[rows[0]] + reach])


def score(clip: Clip, tracker: Begin) -> Score:
    """Follow the boxes of a clip."""
    reel, total = Reel(clip.path), Score()
    frames = [*reel.onwards(0 * reel.info.time_base)]
    times = [frame.time for frame in frames]
    del frames
    for stay in stays(clip):
        for share in DRAWN_AT:
            drawn = round(stay.begin + share * (stay.end - 1 - stay.begin))
            box = box_of(clip.shown(drawn), stay.track)
            assert box is not None
            begin = perf_counter()
            followed = follow_box(reel, times[drawn].exact, box.tolist(), tracker=tracker)
            one = Score(boxes=1, seconds=perf_counter() - begin, followed=len(followed.pts) - 1)
            for frame, time in enumerate(times):
                if frame != drawn:
                    _count(one, clip.shown(frame), stay, frame, followed.at(time), clip.size_wh)
            total += one
    return total


def _count(
    one: Score, shown: Shown, stay: Stay, frame: int, box: Array | None, size: tuple[int, int]
) -> None:
    asked = stay.begin <= frame < stay.end
    one.asked += asked
    if box is None:
        if asked:
            one.overlaps.append(0.0)
        return
    middle = (box[:2] + box[2:]) / 2
    near = np.abs(shown.centre_xy - middle) <= np.maximum(shown.half_wh, (box[2:] - box[:2]) / 2)
    one.astray += not near.all(axis=1).any()
    if not asked:
        return
    truth = box_of(shown, stay.track)
    assert truth is not None
    overlap = float(iou(truth[None], box[None].astype(float))[0, 0])
    one.overlaps.append(overlap)
    one.held += overlap >= 0.5
    (row,) = np.flatnonzero(shown.track == stay.track)
    points, seen = shown.inner_xy[row], shown.seen[row]
    (mask,) = masks_of(Faces(box[None], np.ones(1)), MARGIN, *size).outlines("ellipse")
    inside = ((points - [mask.x, mask.y]) / [mask.half_width, mask.half_height]) ** 2
    one.hidden += bool((inside.sum(axis=1) <= 1)[seen].mean() >= COVERED)


def clips(only: str | None, folder: Path) -> Iterator[Clip]:
    """Real ones, then generated ones."""
    yield from labelled((only,) if only else ())
    for name in SCENES:
        if only in (None, name):
            yield generate(name, SEED, folder)


HEAD = "| clip | way | boxes | frames | held % | hidden % | mean overlap | astray % | ms a frame |"


def row(name: str, way: str, one: Score) -> str:
    """A line of the table."""
    asked = max(one.asked, 1)
    return (
        f"| {name} | {way} | {one.boxes} | {one.asked} | {100 * one.held / asked:.1f} "
        f"| {100 * one.hidden / asked:.1f} | {np.mean(one.overlaps or [np.nan]):.3f} "
        f"| {100 * one.astray / asked:.1f} | {1000 * one.seconds / max(one.followed, 1):.1f} |"
    )


def lines(only: str | None, ways: Sequence[str], folder: Path) -> Iterator[str]:
    """The table, as it comes."""
    yield f"{machine()}\n\n{HEAD}\n|---|---|{'---|' * 7}"
    totals: dict[tuple[str, str], Score] = {}
    for clip in clips(only, folder):
        if not stays(clip):
            continue
        for way in ways:
            if clip.kind == "generated" and way in SLOW:
                continue
            one = score(clip, TRACKERS[way])
            totals[clip.kind, way] = totals.get((clip.kind, way), Score()) + one
            yield row(clip.name, way, one)
    for (kind, way), one in totals.items():
        yield row(f"all {kind}", way, one)


@click.command()
@click.option("--only", help="One clip.")
@click.option("--way", "ways", type=click.Choice([*TRACKERS]), multiple=True, help="Of following.")
@keep_option
def main(only: str | None, ways: tuple[str, ...], keep: bool) -> None:
    """Follow boxes, and say how well."""
    with TemporaryDirectory() as folder:
        told: Callable[..., Iterator[str]] = lines
        tell(told(only, ways or tuple(TRACKERS), Path(folder)), "follow", keep=keep)


if __name__ == "__main__":
    main()
