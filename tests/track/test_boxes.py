"""Overlap of boxes."""

from __future__ import annotations

import numpy as np
import pytest

from mien.track.boxes import covered, iou


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([0, 0, 10, 10], [0, 0, 10, 10], 1.0),
        ([0, 0, 10, 10], [5, 0, 15, 10], 1 / 3),
        ([0, 0, 10, 10], [10, 0, 20, 10], 0.0),  # half-open: touching is apart
        ([0, 0, 10, 10], [2, 2, 4, 4], 0.04),
        ([5, 5, 5, 9], [0, 0, 10, 10], 0.0),  # an empty box
        ([9, 9, 2, 2], [9, 9, 2, 2], 0.0),  # turned inside out
    ],
)
def test_iou(a: list[float], b: list[float], expected: float) -> None:
    assert iou(np.array([a], float), np.array([b], float))[0, 0] == pytest.approx(expected)


def test_how_far_a_box_is_covered() -> None:
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [50, 50, 60, 60]], float)
    assert covered(boxes) == pytest.approx([1 / 3, 1 / 3, 0])
    assert covered(boxes[:1]).tolist() == [0]
    assert covered(boxes[:0]).shape == (0,)
