"""The floors of detection on the labelled corpus; docs/concepts/detection.md has the figures."""

from __future__ import annotations

import math

import pytest

from bench.detection.evaluate import evaluate, samples
from mien.detect import ImageDetector

pytestmark = pytest.mark.long


@pytest.mark.parametrize(
    ("profile", "part", "recall", "precision"),
    [
        ("balanced", "real", 0.99, 0.99),
        ("balanced", "composite", 0.99, 0.99),
        ("fast", "real", 0.99, 0.98),
    ],
)
def test_faces_from_36_pixels(
    detectors: dict[str, ImageDetector], profile: str, part: str, recall: float, precision: float
) -> None:
    result = evaluate(detectors[profile].detect, samples((part,)))
    if not result.pictures:
        pytest.skip("no picture of the corpus can be had here")
    faces = result.total.within(36, math.inf)
    assert faces.recall.trials > 100
    assert faces.recall.value >= recall, faces.missed
    assert faces.precision.value >= precision, faces.extra


@pytest.mark.parametrize("sizes", [(24.0, 36.0), (36.0, 64.0)])
def test_accurate_finds_every_small_face(
    detectors: dict[str, ImageDetector], sizes: tuple[float, float]
) -> None:
    small = [
        sample
        for sample in samples(("composite",))
        if sample.name.startswith(("tiny-24", "small-36"))
    ]
    assert len(small) >= 6
    faces = evaluate(detectors["accurate"].detect, small).total.within(*sizes)
    assert faces.recall.trials >= 80
    assert faces.missed == []
