"""Lines, plates, bars and text on a picture, antialiased; whatever reaches past its edge is cut."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.media.lettering import capitals, lettering
from mien.report.palette import DARK, Colour

Array = NDArray[Any]
Box = tuple[float, float, float, float]

SUBPIXEL = 4
"""Bits behind the binary point of the coordinates that OpenCV gets."""

HALO = 1
"""Pixels of dark line on both sides of every line, so that it shows on a bright ground too."""

ARC_STEPS = 6

ONE = 256
"""Full weight of a colour."""


class Canvas:
    """A picture (H, W, 3) uint8 that is drawn on in place."""

    def __init__(self, rgb: Array) -> None:
        self.rgb = rgb
        self.height, self.width = rgb.shape[:2]

    def outline(
        self, box: Box, colour: Colour, stroke: int, radius: float, dash: float | None = None
    ) -> None:
        """A frame with round corners, whose line has its middle on the edge of the box.

        Args:
            box: x1, y1, x2, y2, half-open.
            colour: of the line.
            stroke: its width in pixels.
            radius: of the corners; less in a small box.
            dash: the length of a dash and of a gap; None for a line without gaps.
        """
        # half-open: the edge of pixel i is at i, while OpenCV has its middle there
        path = rounded(tuple(value - 0.5 for value in box), radius)  # type: ignore[arg-type]
        parts = [path] if dash is None else dashes(path, dash)
        fixed = [np.round(part * 2**SUBPIXEL).astype(np.int32) for part in parts]
        for line, width in ((DARK, stroke + 2 * HALO), (colour, stroke)):
            cv2.polylines(self.rgb, fixed, dash is None, line, width, cv2.LINE_AA, SUBPIXEL)

    def plate(
        self, box: tuple[int, int, int, int], colour: Colour, opacity: float, radius: int
    ) -> None:
        """A filled area with round corners: x1, y1, x2, y2 in whole pixels."""
        x1, y1, x2, y2 = box
        self._paint(x1, y1, _plate(x2 - x1, y2 - y1, radius), colour, opacity)

    def text(self, x: int, y: int, text: str, size: int, colour: Colour) -> None:
        """A line of text whose capitals have their upper left corner at (x, y)."""
        self._paint(x, y - capitals(size)[0], lettering(text, size), colour, 1.0)

    def dots(self, places: Array, colour: Colour, radius: float) -> None:
        """Spots of (n, 2) pixels; those that are NaN are left out."""
        places = places[np.isfinite(places).all(axis=1)] - 0.5
        for line, size in ((DARK, radius + 0.7), (colour, radius)):
            for x, y in np.round(places * 2**SUBPIXEL).astype(int).tolist():
                wide = round(size * 2**SUBPIXEL)
                cv2.circle(self.rgb, (x, y), wide, line, cv2.FILLED, cv2.LINE_AA, SUBPIXEL)

    def lay(self, x: int, y: int, layer: Layer) -> None:
        """Lay a drawing that was made before over the picture, its corner at (x, y)."""
        self._mix(x, y, layer.colour, layer.rest)

    def _paint(self, x: int, y: int, coverage: Array, colour: Colour, opacity: float) -> None:
        """Lay a colour over the picture where `coverage` (h, w) says, its corner at (x, y)."""
        weight = (coverage * np.uint32(round(opacity * ONE)) + 127) // 255  # 0..256
        # rows of samples, not of pixels: NumPy is slow at inner loops over three channels
        wide = weight.astype(np.uint16).repeat(3, axis=1)
        self._mix(x, y, wide * _row(colour, coverage.shape[1]), ONE - wide)

    def _mix(self, x: int, y: int, colour: Array, rest: Array) -> None:
        """Make `colour + picture * rest` of a part of the picture, both (h, 3 w) uint16 in 256ths;
        what lies outside the picture is left out."""
        height, width = colour.shape[0], colour.shape[1] // 3
        left, top = max(0, -x), max(0, -y)
        right, bottom = min(width, self.width - x), min(height, self.height - y)
        if right <= left or bottom <= top:
            return
        ground = self.rgb[y + top : y + bottom, x + left : x + right]
        part = slice(top, bottom), slice(3 * left, 3 * right)
        mixed = ground.reshape(bottom - top, -1) * rest[part]
        mixed += colour[part]
        mixed += ONE // 2
        mixed //= ONE
        ground[:] = mixed.reshape(ground.shape)


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """A drawing by itself: what it adds, and what it leaves of the ground; (h, 3 w) uint16."""

    colour: Array
    rest: Array

    @classmethod
    def of(cls, width: int, height: int, drawing: Callable[[Canvas], None]) -> Layer:
        """What a function draws on a canvas of this size."""
        grounds = [np.full((height, width, 3), level, np.uint8) for level in (0, 255)]
        for ground in grounds:
            drawing(Canvas(ground))
        on_black, on_white = (ground.reshape(height, -1).astype(np.uint16) for ground in grounds)
        rest = ((on_white - on_black) * np.uint32(ONE) + 127) // 255
        return cls(on_black * np.uint16(ONE), rest.astype(np.uint16))


@lru_cache(maxsize=1024)
def _row(colour: Colour, width: int) -> Array:
    """(3 width,) uint16: so many pixels of a colour."""
    return np.tile(np.array(colour, np.uint16), width)


@lru_cache(maxsize=256)
def _plate(width: int, height: int, radius: int) -> Array:
    """(height, width) uint8 coverage of a rectangle with round corners."""
    coverage = np.full((height, width), 255, np.uint8)
    radius = min(radius, height // 2, width // 2)
    if radius > 0:
        middle = np.arange(radius) + 0.5 - radius
        away = np.hypot(middle[:, None], middle[None, :])
        corner = np.clip((radius + 0.5 - away) * 255, 0, 255).astype(np.uint8)
        coverage[:radius, :radius] = corner
        coverage[:radius, -radius:] = corner[:, ::-1]
        coverage[-radius:, :radius] = corner[::-1]
        coverage[-radius:, -radius:] = corner[::-1, ::-1]
    coverage.flags.writeable = False
    return coverage


def rounded(box: Box, radius: float) -> Array:
    """(n, 2) the way around a box with round corners, clockwise from the left end of its top."""
    x1, y1, x2, y2 = box
    radius = min(radius, (x2 - x1) / 2, (y2 - y1) / 2)
    turn = np.linspace(0, math.pi / 2, ARC_STEPS + 1)
    arc = np.column_stack([np.sin(turn), -np.cos(turn)]) * radius  # from the top to the right
    quarter = np.array([[0, 1], [-1, 0]])  # (x, y) to (-y, x)
    centres = (
        *((x2 - radius, y1 + radius), (x2 - radius, y2 - radius)),
        *((x1 + radius, y2 - radius), (x1 + radius, y1 + radius)),
    )
    parts = []
    for centre in centres:
        parts.append(arc + centre)
        arc = arc @ quarter
    path: Array = np.concatenate(parts)
    return path


def dashes(path: Array, length: float) -> list[Array]:
    """The pieces of a closed way: dashes and gaps of about this length, a whole number of them."""
    closed = np.concatenate([path, path[:1]])
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
    count = max(2, round(along[-1] / (2 * length)))
    bounds = np.linspace(0, along[-1], 2 * count + 1)
    pieces = []
    for begin, end in zip(bounds[0:-1:2], bounds[1::2], strict=True):
        inside = along[(along > begin) & (along < end)]
        at = np.concatenate([[begin], inside, [end]])
        pieces.append(np.column_stack([np.interp(at, along, closed[:, axis]) for axis in (0, 1)]))
    return pieces
