"""What the audit costs by frame, in milliseconds and in multiples of CenterFace alone.

python -m bench.redaction.audit_speed

Two faces, a tenth of the picture's height, hidden by blur. Time of one core that one thread takes,
least of several calls by turns; the ratio, taken in the same run, is what to compare.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from bench.description.material import table
from mien.media import read_image
from mien.media.planes import Plane
from mien.models import file_of
from mien.redact.audit.look import FrameAuditor
from mien.redact.effects import Look, hide
from mien.redact.masks import Masks

Array = NDArray[Any]

SIZES = ((640, 360), (1280, 720), (1920, 1080))
HEAD = slice(30, 250), slice(120, 340)
"""Rows and columns of the astronaut's head in her picture."""
ROUNDS = 5


def frame(width: int, height: int) -> tuple[Array, Array]:
    """A frame with two heads, and the same with both faces hidden."""
    grain = np.random.default_rng(1).integers(60, 200, (height // 40, width // 40, 3), np.uint8)
    picture = cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC)
    side = height // 5
    head = cv2.resize(read_image(file_of("sample-astronaut"))[HEAD], (side, side))
    corners = [(width // 5, height // 3), (3 * width // 5, height // 3)]
    for x, y in corners:
        picture[y : y + side, x : x + side] = head
    hidden, middle = picture.copy(), np.array([0.48, 0.43]) * side
    masks = Masks(
        np.array([np.add(corner, middle) for corner in corners]),
        np.full((2, 2), [0.28 * side, 0.35 * side]),
        np.zeros(2),
        np.zeros(2),
    )
    hide([Plane(hidden[..., k], 0, 255) for k in range(3)], width, height, masks, Look())
    return np.asarray(picture), np.asarray(hidden)


def least_ms(*calls: Callable[[], object]) -> list[float]:
    """Of each of several calls, by turns; the first round does not count."""
    took: list[list[float]] = [[] for _ in calls]
    for _ in range(ROUNDS + 1):
        for call, times in zip(calls, took, strict=True):
            start = time.process_time()
            call()
            times.append(time.process_time() - start)
    return [min(times[1:]) * 1000 for times in took]


@click.command(help=__doc__)
def main() -> None:
    """Print the table."""
    auditor = FrameAuditor.load(threads=1)
    rows = []
    for width, height in SIZES:
        source, output = frame(width, height)
        found = auditor.look(source, output)
        assert (len(found), found.hidden) == (0, 2)

        def alone(output: Array = output) -> object:
            return auditor.network.detect(output)

        def whole(source: Array = source, output: Array = output) -> object:
            return auditor.look(source, output)

        network, audit = least_ms(alone, whole)
        ratio = f"{audit / network:.2f}"
        rows.append((f"{width} × {height}", f"{network:.0f}", f"{audit:.0f}", ratio))
    for line in table(("picture", "CenterFace at full size, ms", "audit, ms", "ratio"), rows):
        click.echo(line)


if __name__ == "__main__":
    main()
