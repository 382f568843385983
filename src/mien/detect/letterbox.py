"""A picture laid into the input of a network: scaled alike in x and y, black around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.faces import Faces

Array = NDArray[Any]


@dataclass(frozen=True)
class Placed:
    """Where a picture lies in the input of a network.

    Attributes:
        width, height: of the picture once scaled; at least 1.
        left, top: where its upper left corner is in the input.
        room_width, room_height: of the whole input.
        x, y: pixels of the input by pixels of the picture; they differ by rounding alone.
    """

    width: int
    height: int
    left: int
    top: int
    room_width: int
    room_height: int
    x: float
    y: float

    def input(self, rgb: Array) -> Array:
        """(room_height, room_width, 3) uint8: the picture in its place, black around it."""
        small = resize(rgb, self.width, self.height)
        if small.shape[:2] == (self.room_height, self.room_width):
            return small
        room = np.zeros((self.room_height, self.room_width, 3), np.uint8)
        room[self.top : self.top + self.height, self.left : self.left + self.width] = small
        return room

    def undo(self, faces: Faces) -> Faces:
        """Faces in pixels of the input, in pixels of the picture."""
        return faces.shifted(-self.left, -self.top).scaled(1 / self.x, 1 / self.y)


def place(
    rgb: Array, scale: float, *, margin: int = 0, multiple: int = 1, room: int | None = None
) -> Placed:
    """Where a picture goes.

    Args:
        scale: pixels of the input by pixels of the picture.
        margin: pixels left free on each side.
        multiple: the sides of the input are multiples of this; the rest goes right and below.
        room: a square input of this side, the picture in its middle.
    """
    height, width = rgb.shape[:2]
    w, h = max(1, round(width * scale)), max(1, round(height * scale))
    x, y = w / width, h / height
    if room is not None:
        return Placed(w, h, (room - w) // 2, (room - h) // 2, room, room, x, y)
    wide, high = (-(-(side + 2 * margin) // multiple) * multiple for side in (w, h))
    return Placed(w, h, margin, margin, wide, high, x, y)


def resize(rgb: Array, width: int, height: int) -> Array:
    """The picture at this size, without aliasing; the picture itself where it has that size."""
    if rgb.shape[:2] == (height, width):
        return rgb
    shrinks = width < rgb.shape[1] or height < rgb.shape[0]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(rgb, (width, height), interpolation=how)
