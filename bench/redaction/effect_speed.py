"""What hiding costs, a frame, beside decoding and encoding.

python -m bench.redaction.effect_speed
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date
from statistics import median
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from bench.description.material import table
from bench.speed import machine
from mien.media.planes import Plane
from mien.redact.effects import Look, hide
from mien.redact.masks import Masks

Array = NDArray[Any]

SCENES = ((640, 360, 2, (60, 100)), (1920, 1080, 10, (200, 200)))
"""Width and height, faces, and from which to which width."""

LOOKS = (
    Look("blur"),
    Look("blur", feather=0.2),
    Look("blur", shape="box"),
    Look("pixelate"),
    Look("solid"),
    Look("black"),
    Look("outline"),
)
FRAMES = 100


def planes_of(width: int, height: int, rng: np.random.Generator) -> list[Plane]:
    """A picture of noise, 4:2:0."""
    luma = rng.integers(16, 236, (height, width), np.uint8)
    chroma = rng.integers(16, 241, (2, height // 2, width // 2), np.uint8)
    return [Plane(luma, 16, 235), *(Plane(samples, 128, 240) for samples in chroma)]


def crowd(
    width: int, height: int, people: int, sizes: tuple[int, int], rng: np.random.Generator
) -> Masks:
    """Ellipses, slightly turned, all in the picture, margin included."""
    wide = np.linspace(*sizes, people) * 1.15
    half = np.stack([wide, wide * 1.3], axis=1) / 2
    centre = half + rng.random((people, 2)) * ((width, height) - 2 * half)
    return Masks(centre, half, rng.uniform(-15, 15, people), np.arange(people))


def cost(width: int, height: int, people: int, sizes: tuple[int, int], look: Look) -> float:
    """Median milliseconds of processor time a frame."""
    rng = np.random.default_rng(1)
    planes, spent = planes_of(width, height, rng), []
    for _ in range(FRAMES):
        masks = crowd(width, height, people, sizes, rng)
        start = time.thread_time()
        hide(planes, width, height, masks, look)
        spent.append((time.thread_time() - start) * 1000)
    return median(spent)


def report() -> Iterator[str]:
    """The table, as Markdown."""
    named = [
        f"{width}x{height}, {people} faces of {' to '.join(map(str, dict.fromkeys(sizes)))} px"
        for width, height, people, sizes in SCENES
    ]
    rows = []
    for look in LOOKS:
        name = look.effect + ", feather" * (look.feather > 0) + ", box" * (look.shape == "box")
        rows.append((name, *(f"{cost(*scene, look):.2f}" for scene in SCENES)))
    yield from table(("ms of processor time a frame", *named), rows)


@click.command(help=__doc__)
def main() -> None:
    """Print the table."""
    click.echo(f"Measured on {date.today()}: {machine()}.\n")
    for line in report():
        click.echo(line)


if __name__ == "__main__":
    main()
