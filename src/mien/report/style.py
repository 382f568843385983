"""Where what is drawn goes, and how large it is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.faces import EMOTIONS, Faces
from mien.media.lettering import capitals, lettering

Array = NDArray[Any]
Rect = tuple[int, int, int, int]
"""x1, y1, x2, y2 in whole pixels, half-open."""


class Place(IntEnum):
    """Where the emotions of a face are shown, best first."""

    RIGHT = 0
    LEFT = 1
    BELOW = 2
    NOWHERE = 3


@dataclass(frozen=True)
class Style:
    """All measures, in pixels, from the size of the picture and of the faces in it."""

    width: int
    height: int
    face: float = math.inf
    """The usual height of a face: among small ones, letters are smaller too."""

    @classmethod
    def of(cls, width: int, height: int, faces: Faces) -> Style:
        """Made for these faces, of one picture or of a whole video."""
        return cls(width, height, float(np.median(faces.size_wh[:, 1])) if len(faces) else math.inf)

    @cached_property
    def font(self) -> int:
        """Height of the letters' font in tags and in the time."""
        side = min(self.width, self.height)
        return int(np.clip(round(min(side / 38, max(side / 75, 0.16 * self.face))), 11, 64))

    @cached_property
    def small(self) -> int:
        """The same, in panels and lines."""
        return max(10, round(0.8 * self.font))

    @cached_property
    def stroke(self) -> int:
        """Of the boxes."""
        return max(1 if min(self.width, self.height) < 240 else 2, round(self.font / 8))

    @cached_property
    def pad(self) -> int:
        """Between the edge of a plate and what is on it."""
        return max(4, round(0.38 * self.font))

    @cached_property
    def gap(self) -> int:
        """Between a box and its captions."""
        return self.stroke // 2 + 3

    @cached_property
    def row(self) -> int:
        """From one emotion to the next in a panel."""
        return round(1.3 * self.small)

    @cached_property
    def words(self) -> int:
        """Width of the longest name of an emotion."""
        return max(_width(name, self.small) for name in EMOTIONS)

    @cached_property
    def bar_wh(self) -> tuple[int, int]:
        """A full bar."""
        return round(3.8 * self.small), max(3, round(0.36 * self.small))

    @cached_property
    def tag_height(self) -> int:
        """Of the plate with id, gender and age."""
        top, bottom = capitals(self.font)
        return bottom - top + 2 * self.pad

    @cached_property
    def line_wh(self) -> tuple[int, int]:
        """The plate with one emotion."""
        top, bottom = capitals(self.small)
        return self.words + self.bar_wh[0] + 3 * self.pad, bottom - top + 2 * self.pad

    @cached_property
    def panel_wh(self) -> tuple[int, int]:
        """The plate with all of them."""
        width, height = self.line_wh
        return width, height + (len(EMOTIONS) - 1) * self.row

    def tag_width(self, text: str) -> int:
        """Of the plate with this text."""
        return _width(text, self.font) + 2 * self.pad

    def tag(self, box: Array, text: str) -> Rect:
        """Above the box, or in it where the picture ends."""
        x = int(box[0]) - self.stroke // 2
        y = int(box[1]) - self.tag_height - self.gap
        return self._inside(x, y, self.tag_width(text), self.tag_height)

    def emotions(self, box: Array, place: Place) -> Rect:
        """The panel or line, moved into the picture where it reaches past its edge."""
        x1, y1, x2, y2 = (int(value) for value in box)
        if place is Place.BELOW:
            return self._inside((x1 + x2 - self.line_wh[0]) // 2, y2 + self.gap, *self.line_wh)
        width, height = self.panel_wh
        x = x2 + self.gap if place is Place.RIGHT else x1 - self.gap - width
        return self._inside(x, y1 - self.stroke // 2, width, height)

    def _inside(self, x: int, y: int, width: int, height: int) -> Rect:
        x = max(0, min(x, self.width - width))
        y = max(0, min(y, self.height - height))
        return x, y, x + width, y + height

    def suits(self, size_wh: Array, place: Place) -> bool:
        """Whether a face of this size is large enough for what would stand beside it."""
        if place is Place.BELOW:
            return bool(size_wh[0] >= self.line_wh[0] / 2)
        return bool(size_wh[1] >= self.panel_wh[1] / 2)


def _width(text: str, size: int) -> int:
    return int(lettering(text, size).shape[1])
