"""Overlaps of boxes, and one box for each face of many candidates."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def overlaps(box: Array, others: Array) -> tuple[Array, Array]:
    """Intersection over union, and over the smaller area, of one box with m others.

    Args:
        box: (4,) xyxy.
        others: (m, 4) xyxy.

    Returns:
        Two arrays (m,), 0..1.
    """
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    both = sides.clip(min=0).prod(axis=1)
    area, areas = (box[2:] - box[:2]).prod(), (others[:, 2:] - others[:, :2]).prod(axis=1)
    tiny = np.finfo(np.float32).tiny  # boxes without area overlap nothing
    union = np.maximum(area + areas - both, tiny)
    return both / union, both / np.maximum(np.minimum(area, areas), tiny)


def suppress(boxes: Array, scores: Array, *, iou: float, inside: float = 1.1) -> Array:
    """Rows that greedy non-maximum suppression keeps, the highest score first.

    Exact: a candidate goes when it overlaps one kept before it by more than `iou`, or when more
    than `inside` of the smaller of the two lies in the other (1.1: never).

    Args:
        boxes: (n, 4) xyxy.
        scores: (n,); of equal scores the first row wins.
    """
    left = np.argsort(-scores, kind="stable")
    kept = []
    while len(left):
        best, left = left[0], left[1:]
        kept.append(best)
        union, smaller = overlaps(boxes[best], boxes[left])
        left = left[(union <= iou) & (smaller <= inside)]
    return np.array(kept, np.intp)
