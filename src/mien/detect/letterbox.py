"""A picture made to fit a network's input: scaled alike in x and y, and padded."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.faces import Faces

Array = NDArray[Any]


@dataclass(frozen=True)
class Fit:
    """Where a picture lies in the input of a network.

    Attributes:
        width, height: of the picture once scaled; at least 1.
        left, top: where it lies in the input.
        x, y: pixels of the input by pixels of the picture; they differ by rounding alone.
    """

    width: int
    height: int
    left: int
    top: int
    x: float
    y: float

    def undo(self, faces: Faces) -> Faces:
        """Faces in pixels of the input, in pixels of the picture."""
        shift = np.array([self.left, self.top], np.float32)
        moved = replace(faces, box_xyxy=faces.box_xyxy - np.tile(shift, 2))
        if faces.points is not None:
            moved = replace(moved, points=faces.points - shift)
        return moved.scaled(1 / self.x, 1 / self.y)


def fit(rgb: Array, scale: float, *, left: int = 0, top: int = 0) -> Fit:
    """A picture scaled by `scale`, its upper left corner at (left, top)."""
    height, width = rgb.shape[:2]
    w, h = max(1, round(width * scale)), max(1, round(height * scale))
    return Fit(w, h, left, top, w / width, h / height)


def resize(rgb: Array, width: int, height: int) -> Array:
    """The picture at this size, without aliasing; the picture itself where it has that size."""
    if rgb.shape[:2] == (height, width):
        return rgb
    shrinks = width < rgb.shape[1] or height < rgb.shape[0]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(rgb, (width, height), interpolation=how)


def check_rgb(rgb: Array) -> None:
    """Check that this is a picture.

    Raises:
        ValueError: it is not an (H, W, 3) uint8 array with at least one pixel.
    """
    if not isinstance(rgb, np.ndarray) or rgb.dtype != np.uint8:
        kind = rgb.dtype if isinstance(rgb, np.ndarray) else type(rgb).__name__
        raise ValueError(f"a picture must be an array of uint8, not {kind}")
    if rgb.ndim != 3 or rgb.shape[2] != 3 or not rgb.size:
        raise ValueError(f"a picture must have the shape (H, W, 3), not {rgb.shape}")
