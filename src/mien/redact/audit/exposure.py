"""How much of a face one picture still shows of another: the pixels' own answer.

Both pictures are brought to one small chip, upright by the eyes. What tells faces apart is the fine
detail of the chip, a band of about six to twelve periods over the width of a face. A good blur
leaves none of it, a mosaic leaves other detail in its place, an encoder keeps nearly all of it.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.describe import crops

Array = NDArray[Any]

SIDE = 64
"""Of a chip, in pixels."""

TEMPLATE = np.array([[20, 22], [44, 22], [32, 35], [23, 47], [41, 47]], float)
"""Where the chip has the five points."""

EYES = slice(15, 29), slice(10, 54)
MOUTH = slice(37, 58), slice(14, 50)
"""Rows and columns of the chip that show both eyes; the mouth and the base of the nose."""

FINE, COARSE = 1.0, 2.0
"""The band of detail: the difference of the chip blurred by these, in its pixels."""

WINDOW = 2.0
"""Detail is compared in neighbourhoods of this spread, so that the edge of a mask, which may be the
strongest detail of all, spoils no more than its surroundings."""

NOISE = 0.25
"""Variance, in levels of 255, that counts as no detail."""


def kept(source: Array, output: Array, points: Array) -> Array:
    """The shares, 0..1, of the detail of the eyes and of the mouth that the output has kept.

    In each neighbourhood the share is the covariance of both pictures by the larger of their
    variances: detail that is weaker, or another, counts for less. The mean over a part of the face
    is weighted by the detail that the source has there.

    Args:
        source, output: (H, W, 3) uint8, of one size.
        points: (5, 2) in their pixels, at least two of them finite.

    Returns:
        (2,) of the eyes, of the mouth.
    """
    matrix = chip_matrix(points)
    before, after = detail(source, matrix), detail(output, matrix)
    both, there, left = (_around(a) for a in (before * after, before * before, after * after))
    share = both.clip(0) / (np.maximum(there, left) + NOISE)
    weight = there + np.finfo(np.float32).tiny
    return np.array([np.average(share[part], weights=weight[part]) for part in (EYES, MOUTH)])


def chip_matrix(points: Array) -> Array:
    """(2, 3) matrix from the picture to the chip, by those points (5, 2) that are known."""
    known = np.isfinite(points).all(axis=1)
    return crops.similarity(points[known].astype(float), TEMPLATE[known])


def detail(rgb: Array, matrix: Array) -> Array:
    """(64, 64) float32: the fine detail of a chip's luma."""
    chip = crops.cut(rgb, matrix, SIDE, border=cv2.BORDER_REPLICATE)
    luma = cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine: Array = cv2.GaussianBlur(luma, (0, 0), FINE) - cv2.GaussianBlur(luma, (0, 0), COARSE)
    return fine


def _around(values: Array) -> Array:
    """The mean of each pixel's neighbourhood."""
    return np.asarray(cv2.GaussianBlur(values, (0, 0), WINDOW))
