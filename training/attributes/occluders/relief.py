"""A relief of rounded bars seen from above, as fingers are, and its skin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.attributes.occluders.light import Light
from training.attributes.occluders.textures import cloud

Floats = NDArray[np.float64]
Grid = NDArray[np.float32]

FINGERS = 4
WRIST = 6
"""Parts of a hand: 0 to 3 are fingers, then palm, thumb, wrist."""
SLEEVE = -10.5
"""Where a sleeve begins, along the hand in centimetres."""


class Bar(NamedTuple):
    """A rounded bar on the plane of a hand, in centimetres: ends, half widths, part of the hand."""

    start: Floats
    end: Floats
    wide: float
    narrow: float
    part: int


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """Where the plane of a hand lies in a picture.

    Attributes:
        across: (S, S) place of every pixel across the hand, in centimetres.
        along: (S, S) the same along its fingers.
        matrix: (2, 2) from the plane to pixels.
        shift: (2,) pixel of the plane's origin.
        size: pixels to a centimetre.
    """

    across: Grid
    along: Grid
    matrix: Floats
    shift: Floats
    size: float

    @classmethod
    def at(cls, side: int, target: Floats, on: tuple[float, float], angle: float, flip: float,
           size: float) -> Plane:  # fmt: skip
        """The plane on which `on` lies at the pixel `target`.

        Args:
            angle: direction of the fingers in the picture, radians clockwise from up.
            flip: -1 for the other hand, else 1.
        """
        sin, cos = np.sin(angle), np.cos(angle)
        matrix = size * np.array([[flip * cos, sin], [flip * sin, -cos]])
        shift = target - matrix @ np.array(on)
        y, x = np.mgrid[:side, :side].astype(np.float32) + np.float32(0.5)
        back = np.linalg.inv(matrix).astype(np.float32)
        x, y = x - np.float32(shift[0]), y - np.float32(shift[1])
        return cls(back[0, 0] * x + back[0, 1] * y, back[1, 0] * x + back[1, 1] * y, matrix,
                   shift, size)  # fmt: skip

    def around(self, bar: Bar) -> tuple[slice, slice]:
        """The rows and columns that a bar can touch."""
        ends = np.array([bar.start, bar.end]) @ self.matrix.T + self.shift
        half = max(bar.wide, bar.narrow) * self.size + 1
        low = np.clip(np.floor(ends.min(axis=0) - half), 0, len(self.across)).astype(int)
        high = np.clip(np.ceil(ends.max(axis=0) + half), 0, len(self.across)).astype(int)
        return slice(low[1], high[1]), slice(low[0], high[0])


@dataclass(slots=True, eq=False)
class Relief:
    """What bars look like from above.

    Attributes:
        height: (S, S) in centimetres, less than 0 where there is none.
        part: (S, S) the part of the hand on top, -1 where there is none.
        crease: (S, S) 1 where two fingers meet, 0 off it.
    """

    height: Grid
    part: NDArray[np.int8]
    crease: Grid


def raised(plane: Plane, bars: list[Bar]) -> Relief:
    """The relief of bars; fingers lie a little higher than the palm."""
    shape = plane.across.shape
    relief = Relief(np.full(shape, -1, np.float32), np.full(shape, -1, np.int8),
                    np.zeros(shape, np.float32))  # fmt: skip
    for bar in bars:
        here = plane.around(bar)
        tall = height_of(bar, plane.across[here], plane.along[here])
        height, part = relief.height[here], relief.part[here]
        if bar.part < FINGERS:
            tall = np.where(tall > 0, tall + np.float32(0.25), tall)
            meets = (height > 0) & (tall > 0) & (part != bar.part) & (part < FINGERS)
            crease = relief.crease[here]
            np.maximum(crease, meets * np.exp(-np.abs(height - tall) / 0.10), out=crease)
        higher = tall > height
        part[higher] = bar.part
        height[higher] = tall[higher]
    return relief


def height_of(bar: Bar, x: Grid, y: Grid) -> Grid:
    """Height of a bar at places of its plane; -1 beside it."""
    way = bar.end - bar.start
    share = (x - bar.start[0]) * way[0] + (y - bar.start[1]) * way[1]
    share = np.clip(share / max(way @ way, 1e-9), 0, 1)
    half = bar.wide + (bar.narrow - bar.wide) * share
    off = (x - bar.start[0] - share * way[0]) ** 2 + (y - bar.start[1] - share * way[1]) ** 2
    rise = half**2 - off
    return np.where(rise > 0, np.sqrt(np.maximum(rise, 0)), -1).astype(np.float32)


def skinned(
    relief: Relief, plane: Plane, tints: tuple[Floats, Floats | None], light: Light,
    knuckles: Floats, rng: Generator,
) -> NDArray[np.uint8]:  # fmt: skip
    """(S, S, 4) the relief in a picture's light.

    Args:
        tints: (3,) levels of skin, and of a sleeve if there is one.
        knuckles: (k, 2) places that are redder.
    """
    # fingers are flatter than bars: soften, then take normals
    soft = cv2.GaussianBlur(np.maximum(relief.height, 0), (0, 0), 0.16 * plane.size)
    slope_y, slope_x = np.gradient(soft * np.float32(0.8 * plane.size))
    normals = np.dstack([-slope_x, -slope_y, -np.ones_like(soft)])
    normals /= np.linalg.norm(normals, axis=2, keepdims=True)
    shade = light.shade(normals) * (1 - rng.uniform(0.25, 0.55) * relief.crease)
    shade *= 0.72 + 0.28 * np.clip(relief.height / 0.45, 0, 1)
    shade *= 1 + 0.025 * cloud(len(soft), 0.7 * plane.size, rng)
    away = [(plane.across - x) ** 2 + (plane.along - y) ** 2 for x, y in knuckles]
    red = np.exp(-np.minimum.reduce(away) / 0.8)
    level = tints[0] * (1 + red[..., None] * [0.02, -0.05, -0.05]) * shade[..., None]
    if tints[1] is not None:
        cuff = (relief.part == WRIST) & (plane.along < SLEEVE)
        level = np.where(cuff[..., None], tints[1] * shade[..., None], level)
    opacity = np.where(relief.height > 0, 255.0, 0.0)
    return np.dstack([np.clip(level, 0, 255), opacity]).astype(np.uint8)
