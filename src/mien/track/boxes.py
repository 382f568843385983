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
    shared = np.prod(np.maximum(high - low, 0), axis=2)
    area_a = np.prod(np.maximum(a[:, 2:] - a[:, :2], 0), axis=1)
    area_b = np.prod(np.maximum(b[:, 2:] - b[:, :2], 0), axis=1)
    total = area_a[:, None] + area_b[None] - shared
    overlap: Array = np.divide(shared, total, out=np.zeros_like(shared), where=total > 0)
    return overlap


def covered(boxes: Array) -> Array:
    """(n,) the largest overlap of each box with any other, as IoU."""
    if len(boxes) < 2:
        return np.zeros(len(boxes))
    overlap = iou(boxes, boxes)
    np.fill_diagonal(overlap, 0)
    largest: Array = overlap.max(axis=1)
    return largest
