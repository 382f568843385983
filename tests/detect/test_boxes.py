from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mien.detect.boxes import overlaps, suppress
from tests.detect.scenes import iou

Array = NDArray[Any]

numbers = st.integers(0, 20)
boxes_and_scores = st.lists(
    st.tuples(numbers, numbers, st.integers(1, 15), st.integers(1, 15), st.integers(0, 10)),
    max_size=25,
)


def arrays(rows: list[tuple[int, int, int, int, int]]) -> tuple[Array, Array]:
    table = np.array(rows, np.float32).reshape(-1, 5)
    boxes = np.concatenate([table[:, :2], table[:, :2] + table[:, 2:4]], axis=1)
    return boxes, table[:, 4] / 10


def suppress_slowly(boxes: Array, scores: Array, limit: float) -> list[int]:
    """Greedy suppression as it is defined, one pair at a time."""
    kept: list[int] = []
    for row in sorted(range(len(boxes)), key=lambda row: (-scores[row], row)):
        if all(iou(boxes[row], boxes[other])[0, 0] <= limit for other in kept):
            kept.append(row)
    return kept


@settings(deadline=None)
@given(boxes_and_scores, st.sampled_from([0.0, 0.3, 0.5, 0.9]))
def test_suppression_is_exact(rows: list[tuple[int, int, int, int, int]], limit: float) -> None:
    boxes, scores = arrays(rows)
    assert suppress(boxes, scores, iou=limit).tolist() == suppress_slowly(boxes, scores, limit)


@settings(deadline=None)
@given(boxes_and_scores)
def test_what_is_kept_does_not_overlap(rows: list[tuple[int, int, int, int, int]]) -> None:
    boxes, scores = arrays(rows)
    kept = suppress(boxes, scores, iou=0.3)
    overlap = iou(boxes[kept], boxes[kept])
    assert (overlap[~np.eye(len(kept), dtype=bool)] <= 0.3 + 1e-6).all()
    assert (np.diff(scores[kept]) <= 0).all()
    assert not len(rows) or scores.max() == scores[kept[0]]


@pytest.mark.parametrize(
    ("other", "union", "smaller"),
    [
        ((0, 0, 10, 10), 1.0, 1.0),  # itself
        ((5, 0, 15, 10), 1 / 3, 0.5),  # half beside it
        ((2, 2, 7, 7), 0.25, 1.0),  # inside it
        ((10, 0, 20, 10), 0.0, 0.0),  # touching: half-open
        ((50, 50, 60, 60), 0.0, 0.0),  # apart in both
        ((5, 5, 5, 5), 0.0, 0.0),  # without area
    ],
)
def test_overlaps(other: tuple[int, ...], union: float, smaller: float) -> None:
    box, others = np.array([0, 0, 10, 10], np.float32), np.array([other], np.float32)
    got = overlaps(box, others)
    assert got[0][0] == pytest.approx(union)
    assert got[1][0] == pytest.approx(smaller)


def test_a_box_inside_another_goes_only_when_asked() -> None:
    boxes = np.array([[0, 0, 100, 100], [40, 40, 60, 60]], np.float32)
    scores = np.array([0.9, 0.8], np.float32)
    assert suppress(boxes, scores, iou=0.3).tolist() == [0, 1]
    assert suppress(boxes, scores, iou=0.3, inside=0.65).tolist() == [0]
