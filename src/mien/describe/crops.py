"""Cutting upright crops and aligned chips out of a picture.

A crop is given by the 2x3 matrix that takes picture coordinates to crop coordinates. In both, the
centre of the first pixel is at (0.5, 0.5), as docs/concepts/conventions.md has it.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.picture import check_rgb

Array = NDArray[Any]


def square(centre: Array, side: float, roll_deg: float, size: int) -> Array:
    """(2, 3) matrix that takes a square of the picture to a crop of size x size pixels.

    Args:
        centre: (2,) centre of the square, pixels of the picture.
        side: length of its sides, pixels of the picture.
        roll_deg: how far it is turned clockwise; what leans so stands upright in the crop.
        size: pixels along a side of the crop.
    """
    scale, angle = size / side, np.deg2rad(roll_deg)
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    turn = np.array([[cos, sin], [-sin, cos]])
    return np.column_stack([turn, size / 2 - turn @ centre])


def similarity(source: Array, target: Array) -> Array:
    """(2, 3) rotation, scale and shift that best takes source points (k, 2) to target (k, 2).

    Least squares, without reflection (Umeyama, IEEE PAMI 13(4), 1991).
    """
    from_mean, to_mean = source.mean(axis=0), target.mean(axis=0)
    x, y = (source - from_mean).T
    u, v = (target - to_mean).T
    spread = np.sum(x * x + y * y)
    cos, sin = np.sum(x * u + y * v) / spread, np.sum(x * v - y * u) / spread
    turn = np.array([[cos, -sin], [sin, cos]])
    return np.column_stack([turn, to_mean - turn @ from_mean])


def apply(matrix: Array, points: Array) -> Array:
    """The points (..., 2) where the matrix takes them."""
    moved: Array = points @ matrix[:, :2].T + matrix[:, 2]
    return moved


def inverse(matrix: Array) -> Array:
    """(2, 3) matrix of the way back."""
    turn = np.linalg.inv(matrix[:, :2])
    return np.column_stack([turn, -turn @ matrix[:, 2]])


def scale_of(matrix: Array) -> float:
    """Crop pixels to a pixel of the picture."""
    return float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))


def cut(rgb: Array, matrix: Array, size: int, *, border: int = cv2.BORDER_CONSTANT) -> Array:
    """(size, size, 3) uint8 crop; black where it reaches past the picture, or as `border` has it.

    A crop that shrinks the picture to less than half is averaged first, so that it does not alias.

    Raises:
        UsageError: the picture is not an (H, W, 3) uint8 array with at least one pixel.
    """
    check_rgb(rgb)
    shrink = max(1, int(1 / scale_of(matrix) + 1e-6))
    part, matrix = _part(rgb, matrix, size, shrink)
    to_index = matrix.copy()  # OpenCV has the centre of the first pixel at (0, 0)
    to_index[:, 2] += matrix[:, :2].sum(axis=1) / 2 - 0.5
    return cv2.warpAffine(part, to_index, (size, size), flags=cv2.INTER_LINEAR, borderMode=border)


def _part(rgb: Array, matrix: Array, size: int, shrink: int) -> tuple[Array, Array]:
    """The part of the picture that the crop sees, `shrink` times smaller, and the matrix for it.

    OpenCV cannot warp pictures of 32,768 pixels a side; their parts it can.
    """
    corners = apply(inverse(matrix), np.array([[0, 0], [size, 0], [0, size], [size, size]], float))
    height, width = rgb.shape[:2]
    low, high = (
        np.floor(corners.min(axis=0)) - shrink - 1,
        np.ceil(corners.max(axis=0)) + shrink + 1,
    )
    left, top = np.clip(low, 0, (width - 1, height - 1)).astype(int)
    right, bottom = np.clip(high, (left + 1, top + 1), (width, height)).astype(int)
    columns, rows = (right - left) // shrink, (bottom - top) // shrink
    if columns < 1 or rows < 1:
        shrink, columns, rows = 1, right - left, bottom - top
    part = rgb[top : top + rows * shrink, left : left + columns * shrink]
    if shrink > 1:
        part = cv2.resize(part, (int(columns), int(rows)), interpolation=cv2.INTER_AREA)
    turn = matrix[:, :2]
    return part, np.column_stack([turn * shrink, matrix[:, 2] + turn @ (left, top)])
