"""Overlap of boxes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def iou(a: Array, b: Array) -> Array:
    """(n, m) intersection over union of the boxes (n, 4) and (m, 4), xyxy; 0 for empty ones."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    side = np.maximum(high - low, 0)
    shared = side[..., 0] * side[..., 1]
    total = _area(a)[:, None] + _area(b) - shared
    overlap: Array = np.divide(shared, total, out=np.zeros_like(shared), where=total > 0)
    return overlap


def _area(boxes: Array) -> Array:
    """(n,) 0 for a box that is turned inside out."""
    width, height = np.maximum(boxes[:, 2:] - boxes[:, :2], 0).T
    area: Array = width * height
    return area


def covered(boxes: Array) -> Array:
    """(n,) the largest overlap of each box with any other, as IoU."""
    if len(boxes) < 2:
        return np.zeros(len(boxes))
    overlap = iou(boxes, boxes)
    np.fill_diagonal(overlap, 0)
    largest: Array = overlap.max(axis=1)
    return largest
