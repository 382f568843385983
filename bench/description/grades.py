"""What blur, exposure and noise measure on sharp portraits that are spoilt by a known amount."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.description.material import Face, Portrait, span, table
from mien.describe.quality import measure, noise_deviation

Array = NDArray[Any]

BLURS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)  # deviation, % of the face's width
GAINS = (0.2, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0)
NOISES = (0, 4, 8, 16, 24, 32, 48)  # deviation, grey levels
SOFT = 3.0
BLUR, EXPOSURE = 0, 1


def report(found: Sequence[Portrait]) -> Iterator[str]:
    """The figures of quality, as Markdown."""
    faces = [portrait.face for portrait in found]
    yield f"\n## Quality\n\n{len(faces)} sharp portraits.\n"
    blurs = np.array([[graded(blurred(face, by), face)[BLUR] for by in BLURS] for face in faces])
    yield from table(
        ("blur by, % of the width", *BLURS),
        (
            (name, *(f"{value:.2f}" for value in row))
            for name, row in (
                ("lowest", blurs.min(axis=0)),
                ("median", np.median(blurs, axis=0)),
                ("highest", blurs.max(axis=0)),
            )
        ),
    )
    lights = [[graded(lit(face.rgb, gain), face)[EXPOSURE] for gain in GAINS] for face in faces]
    yield ""
    spans = (span(np.array(column)) for column in zip(*lights, strict=True))
    yield from table(("gain", *GAINS), [("exposure", *spans)])
    noises = [
        [noise_deviation(noisy(face.rgb, by), face.mesh[:, :2]) for by in NOISES] for face in faces
    ]
    yield ""
    spans = (span(np.array(column), 1) for column in zip(*noises, strict=True))
    yield from table(("noise added", *NOISES), [("measured", *spans)])
    yield from crossed(faces)


def crossed(faces: Sequence[Face]) -> Iterator[str]:
    """What noise and light do to the blur."""
    yield ""
    rows = []
    for deviation in (8.0, 16.0):

        def grainy(rgb: Array, by: float = deviation) -> Array:
            return noisy(rgb, by)

        for name, by in (("sharp", 0.0), (f"blurred by {SOFT:.0f} %", SOFT)):
            rows.append((f"noise of {deviation:.0f} on {name}", *moves(faces, by, grainy)))
    for gain in (0.1, 0.4, 0.7, 1.4, 2.0, 3.0):

        def dimmed(rgb: Array, gain: float = gain) -> Array:
            return lit(rgb, gain)

        rows.append((f"gain of {gain} on sharp", *moves(faces, 0.0, dimmed)))
    yield from table(("change of blur", "lowest", "median", "highest"), rows)


def moves(
    faces: Sequence[Face], softness: float, change: Callable[[Array], Array]
) -> tuple[str, str, str]:
    """Lowest, median and highest change of the blur by a change of the picture."""
    by = []
    for face in faces:
        rgb = blurred(face, softness)
        by.append(graded(change(rgb), face)[BLUR] - graded(rgb, face)[BLUR])
    low, middle, high = np.min(by), np.median(by), np.max(by)
    return f"{low:+.2f}", f"{middle:+.2f}", f"{high:+.2f}"


def graded(rgb: Array, face: Face) -> tuple[float, float, float]:
    """Blur, exposure and noise of the face in another state of its picture."""
    return measure(rgb, face.mesh[:, :2])


def blurred(face: Face, percent: float) -> Array:
    """By a Gaussian whose deviation is this share of the face's width."""
    deviation = percent / 100 * float(np.ptp(face.mesh[:468, 0]))
    return np.asarray(cv2.GaussianBlur(face.rgb, (0, 0), deviation)) if percent else face.rgb


def lit(rgb: Array, gain: float) -> Array:
    """Multiplied."""
    return np.clip(rgb * gain, 0, 255).round().astype(np.uint8)


def noisy(rgb: Array, deviation: float, seed: int = 0) -> Array:
    """With grey noise of this deviation."""
    grain = np.random.default_rng(seed).normal(0, deviation, (*rgb.shape[:2], 1))
    return np.clip(rgb + grain, 0, 255).round().astype(np.uint8)
