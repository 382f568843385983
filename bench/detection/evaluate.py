"""Measure detection on the corpus.

python -m bench.detection.evaluate --profile balanced
python -m bench.detection.evaluate --profile coarse-first
python -m bench.detection.evaluate --profile accurate --json results.json --draw out/look
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
from numpy.typing import NDArray

from bench.detection import composites, corpus
from bench.detection.corpus import MissingPictureError, Picture, Truth
from bench.detection.draw import annotate
from bench.detection.scoring import SHARES, SIZES, Box, Rate, Tally, score
from mien.detect import PROFILES, BlazeFace, CoarseFirst, ImageDetector
from mien.faces import Faces

Array = NDArray[Any]
Detect = Callable[[Array], Faces]

COARSE = "coarse-first"
"""The balanced profile with a coarse look first, as the service has it."""

IOU = 0.5
"""Boxes that overlap this much are the same face; 0.4 is reported beside it."""


@dataclass(frozen=True, eq=False)
class Sample:
    """One picture of either part of the corpus, made or read when asked."""

    name: str
    part: str
    load: Callable[[], tuple[Array, Truth]]


@dataclass
class Result:
    """What an evaluation came to.

    Attributes:
        tallies: by part ("real", "composite"), at IOU.
        loose: all parts, at an overlap of 0.4.
        skipped: pictures that could not be had, with the reason.
        seconds: spent in the detector.
        megapixels: that it saw.
    """

    tallies: dict[str, Tally] = field(default_factory=dict)
    loose: Tally = field(default_factory=Tally)
    pictures: int = 0
    without: int = 0
    skipped: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    megapixels: float = 0.0

    @property
    def total(self) -> Tally:
        """All parts together."""
        whole = Tally()
        for tally in self.tallies.values():
            whole.add(tally)
        return whole


def samples(parts: Iterable[str] = ("real", "composite")) -> Iterator[Sample]:
    """The corpus; nothing is read before `load` is called."""
    if "real" in parts:
        for picture in corpus.pictures():
            yield Sample(picture.name, "real", partial(_load, picture))
    if "composite" in parts:
        for recipe in composites.recipes():
            yield Sample(recipe.name, "composite", partial(composites.compose, recipe))


def _load(picture: Picture) -> tuple[Array, Truth]:
    return corpus.read(picture), picture.truth


def evaluate(
    detect: Detect,
    chosen: Iterable[Sample],
    *,
    seen: Callable[[Sample, Array, Truth, Faces], None] | None = None,
) -> Result:
    """Run a detector over samples; `seen` is shown each picture and what was found on it."""
    result = Result()
    for sample in chosen:
        try:
            rgb, truth = sample.load()
        except MissingPictureError as error:
            result.skipped[sample.name] = str(error)
            continue
        start = time.perf_counter()
        faces = detect(rgb)
        result.seconds += time.perf_counter() - start
        result.megapixels += rgb.shape[0] * rgb.shape[1] / 1e6
        result.pictures += 1
        result.without += not len(truth.faces) and not len(truth.ignore)
        tally = result.tallies.setdefault(sample.part, Tally())
        found = (sample.name, rgb.shape, truth, faces.box_xyxy, faces.score)
        tally.add(score(*found, iou=IOU))
        result.loose.add(score(*found, iou=0.4))
        if seen is not None:
            seen(sample, rgb, truth, faces)
    return result


def report(result: Result) -> dict[str, Any]:
    """The figures as plain data, ready for JSON."""
    total = result.total
    return {
        "pictures": result.pictures,
        "without_a_face": result.without,
        "faces": total.recall.trials,
        "skipped": result.skipped,
        "iou": IOU,
        "from_36_px": _rates(total.within(36, math.inf)),
        "from_36_px_at_iou_0.4": _rates(result.loose.within(36, math.inf)),
        "from_36_px_by_part": {
            part: _rates(tally.within(36, math.inf)) for part, tally in result.tallies.items()
        },
        "by_size": {_band(*band): _rates(total.within(*band)) for band in _bands(SIZES)},
        "by_share": {
            _band(*band): _rates(total.within(*band, by="share")) for band in _bands(SHARES)
        },
        "missed": [_line(box) for box in total.missed],
        "extra": [_line(box) for box in total.extra],
        "seconds_per_megapixel": round(result.seconds / max(result.megapixels, 1e-9), 4),
    }


def _bands(edges: tuple[float, ...]) -> Iterator[tuple[float, float]]:
    return pairwise(edges)


def _band(low: float, high: float) -> str:
    return f"from {low:g}" if math.isinf(high) else f"{low:g} to {high:g}"


def _rates(tally: Tally) -> dict[str, Any]:
    return {"recall": _rate(tally.recall), "precision": _rate(tally.precision)}


def _rate(rate: Rate) -> dict[str, Any]:
    low, high = rate.interval
    shown = [None if math.isnan(v) else round(v, 4) for v in (rate.value, low, high)]
    return {"of": rate.trials, "count": rate.successes, "value": shown[0], "interval_95": shown[1:]}


def _line(box: Box) -> dict[str, Any]:
    line = {"picture": box.picture, "box_xyxy": box.box_xyxy, "size": round(box.size, 1)}
    return line if math.isnan(box.score) else line | {"score": box.score}


def table(figures: dict[str, Any]) -> str:
    """The report for a terminal."""
    lines = [
        f"{figures['pictures']} pictures, {figures['without_a_face']} of them without a face; "
        f"{figures['faces']} faces; overlap {figures['iou']}",
        f"{'':22}{'recall':>34}{'precision':>34}",
    ]
    rows = {"from 36 px": figures["from_36_px"]}
    rows |= {"  at overlap 0.4": figures["from_36_px_at_iou_0.4"]}
    rows |= {f"  {part}": rates for part, rates in figures["from_36_px_by_part"].items()}
    rows |= {f"{band} px": rates for band, rates in figures["by_size"].items()}
    rows |= {f"share {band}": rates for band, rates in figures["by_share"].items()}
    for name, rates in rows.items():
        lines.append(f"{name:22}{_cell(rates['recall']):>34}{_cell(rates['precision']):>34}")
    for what in ("missed", "extra"):
        lines += [f"{what}:" if figures[what] else f"{what}: none"]
        for line in figures[what]:
            confidence = f"  score {line['score']}" if "score" in line else ""
            lines.append(
                f"  {line['picture']:20} {line['size']:7.1f} px  {line['box_xyxy']}{confidence}"
            )
    lines += [f"{count} x {why}" for why, count in figures.get("looks", {}).items()]
    lines += [f"skipped {name}: {why}" for name, why in figures["skipped"].items()]
    lines.append(f"{figures['seconds_per_megapixel'] * 1000:.0f} ms a megapixel")
    return "\n".join(lines)


def _cell(rate: dict[str, Any]) -> str:
    if rate["value"] is None:
        return "-"
    low, high = rate["interval_95"]
    return (
        f"{100 * rate['value']:.2f} % ({100 * low:.1f} to {100 * high:.1f}) "
        f"{rate['count']}/{rate['of']}"
    )


def coarse_first(doubts: Counter[str]) -> Detect:
    """The service's detector; counts why the quick look was not enough, or "enough"."""
    detector = CoarseFirst(ImageDetector.load(), BlazeFace.load())

    def detect(rgb: Array) -> Faces:
        look = detector.look(rgb)
        doubts[look.doubt or "enough"] += 1
        return look.faces

    return detect


@click.command()
@click.option("--profile", type=click.Choice([*PROFILES, COARSE]), default="balanced")
@click.option("--part", type=click.Choice(["real", "composite"]), help="Only this part.")
@click.option("--only", multiple=True, help="Only the picture of this name; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of the table.")
@click.option(
    "--draw",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write an annotated picture into this folder wherever truth and detector disagree.",
)
def main(
    profile: str, part: str | None, only: tuple[str, ...], as_json: bool, draw: Path | None
) -> None:
    """Recall and precision of a detection profile on the corpus."""
    doubts: Counter[str] = Counter()
    detect = coarse_first(doubts) if profile == COARSE else ImageDetector.load(profile).detect
    chosen = [
        sample
        for sample in samples((part,) if part else ("real", "composite"))
        if not only or sample.name in only
    ]

    def seen(sample: Sample, rgb: Array, truth: Truth, faces: Faces) -> None:
        print(".", end="", flush=True, file=sys.stderr)
        found = score(sample.name, rgb.shape, truth, faces.box_xyxy, faces.score, iou=IOU)
        if draw is not None and (found.missed or found.extra):
            annotate(rgb, truth, faces, found, draw / f"{sample.name}.png")

    figures = report(evaluate(detect, chosen, seen=seen))
    if doubts:
        figures["looks"] = dict(doubts)
    print(file=sys.stderr)
    print(json.dumps(figures, indent=1) if as_json else table(figures))


if __name__ == "__main__":
    main()
