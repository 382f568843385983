"""What the coarse look loses where one face is near and another far.

python -m bench.detection.coarse_look

Made pictures of two heads, of 36 pixels to nearly half the height, on real backgrounds. Their seeds
were drawn after the bounds of the coarse look had been chosen. The corpus has few such pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
from numpy.typing import NDArray

from bench.detection import composites
from bench.detection.corpus import Truth
from bench.detection.evaluate import IOU
from bench.detection.recipes import FULL_HD, HD, VGA, Scatter
from bench.detection.scoring import Tally, score
from mien.detect import BlazeFace, CoarseFirst, ImageDetector

Array = NDArray[Any]

SIZES = (VGA, (720, 540), (1024, 768), HD, FULL_HD)
BACKGROUNDS = ("pagoda", "meadow", "motorcycle", "tower", "rocket", "shore")
FIRST_SEED = 8000


def pictures(size: tuple[int, int], count: int) -> Iterator[tuple[Array, Truth]]:
    """Two heads on each, of very different sizes more often than not."""
    for number in range(count):
        background = BACKGROUNDS[number % len(BACKGROUNDS)]
        seed = FIRST_SEED + number
        yield composites.compose(
            Scatter(f"far-{seed}", seed, background, 2, (36, size[1] / 2.2), size)
        )


@click.command()
@click.option("--count", default=60, show_default=True, help="Pictures of each size.")
def main(count: int) -> None:
    """How often the quick look was enough, and what it and the balanced profile found."""
    full = ImageDetector.load()
    quick = CoarseFirst(full, BlazeFace.load())
    print(f"{'':12} {'enough':>8} {'lost':>5} {'coarse first':>14} {'balanced':>10}")
    for size in SIZES:
        both, balanced, enough, lost = Tally(), Tally(), 0, 0
        for rgb, truth in pictures(size, count):
            look, faces = quick.look(rgb), full.detect(rgb)
            found = score("", rgb.shape, truth, look.faces.box_xyxy, look.faces.score, iou=IOU)
            both.add(found)
            balanced.add(score("", rgb.shape, truth, faces.box_xyxy, faces.score, iou=IOU))
            enough += look.doubt is None
            lost += len(found.missed) if look.doubt is None else 0
        rates = [f"{each.recall.successes}/{each.recall.trials}" for each in (both, balanced)]
        shape = f"{size[0]} x {size[1]}"
        print(f"{shape:12} {enough:>4}/{count} {lost:>5} {rates[0]:>14} {rates[1]:>10}", flush=True)


if __name__ == "__main__":
    main()
