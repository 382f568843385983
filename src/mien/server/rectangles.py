"""Rectangles of faces in whole pixels, as APIs tell of them."""

from __future__ import annotations

import math

import numpy as np

from mien.faces import Array

SQUARE_LOWER = 0.75
"""Where a square stands in the height of a face's box: so much of the spare height is above it. In
the published answers of detection_01 and detection_02 of Azure's Face API to one picture it was
0.73, 0.73 and 0.88, and the side of the square 0.92 to 1.00 of the shorter side of the box."""


def rectangles(boxes: Array, width: int, height: int, *, square: bool) -> Array:
    """(n, 4) whole pixels inside the picture of boxes (n, 4), or of a square within each."""
    whole = np.round(np.asarray(boxes, float).reshape(-1, 4))
    low = np.clip(whole[:, :2], 0, [width - 1, height - 1])
    high = np.maximum(np.minimum(whole[:, 2:], [width, height]), low + 1)
    if square:
        side = (high - low).min(axis=1, keepdims=True)
        low = np.floor(low + (high - low - side) * [0.5, SQUARE_LOWER])
        high = low + side
    return np.hstack([low, high])


def largest_first(
    boxes: Array, *, most: int, least_side: float, greatest_side: float = math.inf
) -> Array:
    """The rows of at most so many rectangles (n, 4), the largest first.

    Args:
        boxes: xyxy.
        most: how many at most.
        least_side: those with a shorter side than this are left out.
        greatest_side: and those with a longer one than this.
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    fit = (sides.min(axis=1) >= least_side) & (sides.max(axis=1) <= greatest_side)
    rows = np.flatnonzero(fit)
    order: Array = rows[np.argsort(-sides[rows].prod(axis=1), kind="stable")][:most]
    return order
