"""Pairs of glasses drawn at random: sunglasses of many shapes, tinted and reading glasses."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.attributes.occluders.textures import colour

Floats = NDArray[np.float64]
Handles = tuple[tuple[float, float], ...]

SHAPES = {
    "train": ("rectangle", "round", "wayfarer", "aviator", "narrow", "pilot"),
    "test": ("oval", "cat", "hexagon", "butterfly", "shield", "browline"),
}
HANDLES: dict[str, Handles] = {
    "wayfarer": ((-0.95, -0.75), (0.2, -0.95), (1.05, -0.9), (0.95, 0.1), (0.5, 0.9),
                 (-0.4, 0.95), (-0.9, 0.2)),
    "aviator": ((-0.95, -0.8), (0.1, -0.95), (0.95, -0.75), (1.0, 0.1), (0.55, 0.95),
                (-0.1, 0.95), (-0.75, 0.2)),
    "pilot": ((-0.95, -0.9), (0.9, -0.95), (1.0, 0.0), (0.75, 0.85), (-0.3, 0.9), (-0.85, 0.3)),
    "cat": ((-0.9, -0.55), (0.1, -0.75), (1.15, -1.1), (0.95, 0.1), (0.4, 0.85), (-0.5, 0.85),
            (-0.95, 0.1)),
    "butterfly": ((-0.9, -0.7), (0.3, -0.9), (1.1, -0.95), (1.15, 0.3), (0.7, 1.0), (-0.3, 0.9),
                  (-0.85, 0.2)),
    "browline": ((-0.95, -0.85), (0.2, -1.0), (1.05, -0.85), (0.95, 0.2), (0.3, 0.95),
                 (-0.5, 0.9), (-0.9, 0.1)),
}  # fmt: skip
"""Handles of lenses drawn free, for the eye on the right in the image; outwards is +x, down +y."""
POWERS = {"round": (2.0, 2.0), "oval": (2.2, 2.2), "shield": (3.0, 3.0), "rectangle": (3.5, 7.0),
          "narrow": (3.5, 7.0)}  # fmt: skip
"""Lenses that are superellipses, and the range of their powers."""
HEIGHTS = {
    "rectangle": (0.55, 0.75), "round": (0.92, 1.02), "wayfarer": (0.72, 0.88),
    "aviator": (0.8, 0.98), "narrow": (0.42, 0.56), "pilot": (0.72, 0.9), "oval": (0.6, 0.75),
    "cat": (0.62, 0.82), "hexagon": (0.8, 0.95), "butterfly": (0.82, 1.0), "shield": (0.75, 1.0),
    "browline": (0.72, 0.85),
}  # fmt: skip
"""Range of the heights of lenses to their widths."""


@dataclass(frozen=True, slots=True, eq=False)
class Glasses:
    """One pair.

    Attributes:
        outline: (n, 2) one lens around its middle in centimetres, outwards +x, down +y.
        apart: from the middle of the bridge to that of a lens.
        rim: (3,) colour of the frame.
        rim_width: in centimetres; 0 for rimless ones.
        half_rim: whether the rim is on the upper edge only.
        wrap: how far back the outer edges lie, in centimetres at 6 from the middle.
        lens: (3,) its colour.
        opacity: of the lenses, above and below.
        mirror: 0..1, how much they mirror.
    """

    outline: Floats
    apart: float
    rim: Floats
    rim_width: float
    half_rim: bool
    wrap: float
    lens: Floats
    opacity: tuple[float, float] = (0.0, 0.0)
    mirror: float = 0.0


def sunglasses(part: str, rng: Generator) -> Glasses:
    """Glasses whose lenses are dark or mirror."""
    hue = rng.random()
    if rng.random() < 0.2:
        lens = np.array(colorsys.hsv_to_rgb(hue, rng.uniform(0, 0.8), rng.uniform(0.2, 0.6)))
        opacity, mirror = rng.uniform(0.9, 0.99), rng.uniform(0.4, 0.95)
        return replace(_frame(part, rng), lens=lens, opacity=(opacity, opacity), mirror=mirror)
    lens = np.array(colorsys.hsv_to_rgb(hue, rng.uniform(0, 0.5), rng.uniform(0.02, 0.16)))
    top = rng.uniform(0.84, 0.99)
    below = top if rng.random() < 0.75 else rng.uniform(0.55, 0.95) * top
    mirror = rng.uniform(0.02, 0.25)
    return replace(_frame(part, rng), lens=lens, opacity=(top, below), mirror=mirror)


def tinted(part: str, rng: Generator) -> Glasses:
    """Glasses through whose tinted lenses the eyes can be seen."""
    hue, top = rng.random(), rng.uniform(0.3, 0.65)
    lens = np.array(colorsys.hsv_to_rgb(hue, rng.uniform(0.3, 0.9), rng.uniform(0.2, 0.6)))
    opacity = (top, rng.uniform(0.4, 1) * top)
    mirror = rng.uniform(0, 0.15)
    return replace(_frame(part, rng), lens=lens, opacity=opacity, mirror=mirror)


def reading(part: str, rng: Generator) -> Glasses:
    """Glasses with clear lenses, which mirror a little, smaller than sunglasses."""
    glasses = _frame(part, rng)
    clear = rng.uniform(0.0, 0.10)
    return replace(
        glasses,
        outline=glasses.outline * rng.uniform(0.72, 0.95),
        rim_width=glasses.rim_width * 0.8,
        wrap=min(glasses.wrap, 0.8),
        lens=np.array([0.9, 0.95, 1.0]) * rng.uniform(0.6, 1),
        opacity=(clear, clear),
        mirror=rng.uniform(0, 0.35),
    )


def outline_of(shape: str, rng: Generator, steps: int = 40) -> Floats:
    """(steps, 2) the outline of a lens of half a width of 1, of a height that is usual for it."""
    angle = np.linspace(0, 2 * np.pi, steps, endpoint=False)
    tall = rng.uniform(*HEIGHTS[shape])
    if shape in HANDLES:
        handles = np.array(HANDLES[shape])
        return closed_curve(handles + rng.normal(0, 0.03, handles.shape), steps) * [1, tall]
    cos, sin = np.cos(angle), np.sin(angle)
    if shape == "hexagon":
        corner = (angle + np.pi / 6) % (np.pi / 3) - np.pi / 6
        radius = np.cos(np.pi / 6) / np.cos(corner)
    else:
        power = rng.uniform(*POWERS[shape])
        radius = (np.abs(cos) ** power + np.abs(sin) ** power) ** (-1 / power)
    return np.column_stack([radius * cos, tall * radius * sin])


def closed_curve(handles: Floats, steps: int) -> Floats:
    """(steps, 2) a closed Catmull-Rom curve through handles (n, 2)."""
    place = np.linspace(0, len(handles), steps, endpoint=False)
    at, t = place.astype(int), (place % 1)[:, None]
    a, b, c, d = (handles[(at + k) % len(handles)] for k in (-1, 0, 1, 2))
    square, cube = 2 * a - 5 * b + 4 * c - d, 3 * (b - c) + d - a
    curve: Floats = b + 0.5 * t * (c - a + t * (square + t * cube))
    return curve


def _frame(part: str, rng: Generator) -> Glasses:
    """A frame with nothing in it."""
    shape = str(rng.choice(SHAPES[part]))
    half = rng.uniform(2.5, 3.15)
    outline = outline_of(shape, rng) * half
    apart = half + rng.uniform(0.55, 0.95)
    if shape == "shield":  # one lens across both eyes: its inner edge is in the middle
        outline[:, 0] = np.maximum(outline[:, 0] * 1.25, -apart)
    kind, painted = rng.random(), rng.random() < 0.15
    if kind < 0.15:  # rimless
        rim, width = colour(rng, 0.02, 0.25), 0.0
    elif kind < 0.5:  # metal
        rim, width = np.array([0.75, 0.68, 0.5]) * rng.uniform(0.4, 1.1), rng.uniform(0.12, 0.22)
    else:
        rim, width = colour(rng, 0.02, 0.25), rng.uniform(0.22, 0.55)
    if painted:
        rim = colour(rng, 0.2, 0.95)
    half_rim = shape == "browline" or rng.random() < 0.1
    return Glasses(outline, apart, rim, width, half_rim, rng.uniform(0.3, 1.8), np.ones(3))
