"""Swimming goggles: two cups with a rim of rubber, a bridge, a strap."""

from __future__ import annotations

import colorsys
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.attributes.occluders.canvas import Pixels, Surface, paint, stroke
from training.attributes.occluders.eyewear import Handles, closed_curve
from training.attributes.occluders.head import Head
from training.attributes.occluders.light import Light
from training.attributes.occluders.textures import colour

Floats = NDArray[np.float64]

SHAPES: dict[str, dict[str, Handles]] = {
    "train": {
        "bean": ((-0.95, -0.2), (-0.3, -0.85), (0.6, -0.9), (1.05, -0.2), (0.7, 0.75),
                 (-0.2, 0.95), (-0.85, 0.5)),
        "egg": ((-0.85, 0), (-0.3, -0.8), (0.6, -0.85), (1.1, 0.05), (0.6, 0.85), (-0.3, 0.8)),
    },
    "test": {
        "racing": ((-0.9, 0.1), (-0.5, -0.6), (0.7, -0.75), (1.15, -0.35), (0.8, 0.55),
                   (-0.4, 0.7)),
        "square": ((-0.9, -0.75), (0.8, -0.85), (1.05, -0.1), (0.85, 0.85), (-0.7, 0.9),
                   (-0.95, 0.2)),
    },
}  # fmt: skip
"""Outlines of one cup for the eye on the right in the image: outwards +x, down +y."""


class Cup(NamedTuple):
    """What a cup is made of.

    Attributes:
        rubber: (3,) colour of its wall.
        lens: (3,) colour of its lens.
        opacity: of the lens.
        stand: how far the lens stands off, in centimetres.
    """

    rubber: Floats
    lens: Floats
    opacity: float
    stand: float


def draw(layer: Pixels, head: Head, light: Light, part: str, clear: bool, rng: Generator,
         lift: float = 0.0) -> None:  # fmt: skip
    """Paint goggles into a layer.

    Args:
        clear: whether the eyes can be seen through the lenses.
        lift: centimetres above the eyes, when they are worn on the forehead.
    """
    shapes = SHAPES[part]
    handles = np.array(shapes[str(rng.choice(list(shapes)))])
    outline = closed_curve(handles, 36) * [rng.uniform(2.5, 3.1), rng.uniform(1.55, 2.3)]
    rubber = colour(rng, 0.03, 0.9)
    cup = Cup(rubber, *_lens(clear, rng), rng.uniform(0.7, 1.5))
    eyes = head.skin[[33, 133, 362, 263]]
    apart = float(np.abs(eyes[:, 0]).mean()) + rng.uniform(-0.05, 0.25)
    middle = np.array([0.0, eyes[:, 1].mean() + 0.1 - lift, eyes[:, 2].min() - 0.1])
    if lift:
        middle[2] = head.skin[[151, 10], 2].min() - 0.3 + max(0.0, lift - 4.0) * 0.5
    strap = rubber if rng.random() < 0.6 else colour(rng)
    wide = rng.uniform(0.6, 1.4)
    _strap(layer, head, light, strap, middle, apart + outline[:, 0].max(), (wide, lift))
    seed = int(rng.integers(2**31))
    for side in (-1, 1):
        edge = outline * [side, 1] + [side * apart, 0]
        _cup(layer, head, light, middle, edge, cup, np.random.default_rng(seed))
    half = apart + outline[:, 0].min() + 0.3
    x = np.linspace(-half, half, 6)
    bridge = middle + np.column_stack([x, np.full(6, -0.2), np.full(6, -1.2 - 0.3 * cup.stand)])
    width = rng.uniform(0.3, 0.7) * head.scale
    stroke(layer, head.seen(bridge)[:, :2], rubber * light.white * 0.8, width)


def _lens(clear: bool, rng: Generator) -> tuple[Floats, float]:
    hue = rng.random()
    if clear:
        return np.array(colorsys.hsv_to_rgb(hue, rng.uniform(0, 0.3), 0.9)), rng.uniform(0.05, 0.25)
    if rng.random() < 0.5:
        return np.array(colorsys.hsv_to_rgb(hue, rng.uniform(0.3, 1), rng.uniform(0.3, 0.8))), 0.97
    return np.array(colorsys.hsv_to_rgb(hue, rng.uniform(0, 0.7), rng.uniform(0.03, 0.3))), 0.93


def _cup(layer: Pixels, head: Head, light: Light, middle: Floats, edge: Floats, cup: Cup,
         rng: Generator) -> None:  # fmt: skip
    """One cup: a wall of rubber from the skin, then the lens."""
    closed = np.vstack([edge, edge[:1]])
    centre = edge.mean(axis=0)
    wrap = 1.2 * (np.abs(closed[:, 0]) / 5.5) ** 2.5 - 0.6
    rings = [
        np.column_stack([centre + share * (closed - centre), out + wrap])
        for share, out in ((1.14, 0.1), (1.10, -0.35), (0.98, -cup.stand), (0.88, -cup.stand - 0.1))
    ]
    wall = Surface(middle + np.stack(rings), cup.rubber, gloss=rng.uniform(0, 0.3), sharp=10)
    paint(layer, [wall], head, light)
    shares = np.linspace(0, 0.9, 10)[:, None]
    flat = centre + shares[..., None] * (closed - centre)
    bulge = wrap * shares - 0.6 * (1 - shares) - cup.stand - 0.1 - 0.35 * (1 - shares**2)
    local = (flat - centre) / np.abs(edge - centre).max(axis=0)
    tint, opacity = _shown(local, cup, rng)
    points = middle + np.concatenate([flat, bulge[..., None]], axis=-1)
    lens = Surface(points, tint, opacity, gloss=rng.uniform(0, 0.5), sharp=25)
    paint(layer, [lens], head, light)


def _shown(local: Floats, cup: Cup, rng: Generator) -> tuple[Floats, Floats]:
    """What a lens shows, and its opacity: sky above, perhaps a lamp."""
    soft = rng.uniform(0.3, 1.2)
    level = np.clip((local[..., 1] + rng.uniform(-0.4, 0.4)) / soft + 0.5, 0, 1)
    sky = rng.uniform(0, 0.55) * (1 - level)
    tint = cup.lens + (np.array([0.85, 0.9, 1.0]) - cup.lens) * sky[..., None]
    where, wide = rng.uniform(-0.5, 0.5, 2), rng.uniform(0.15, 0.4)
    away = ((local - where) ** 2).sum(axis=-1)
    spot = rng.uniform(0.1, 0.9) * np.exp(-2 * away / wide**2)
    return tint + spot[..., None] * (1 - tint), np.maximum(cup.opacity, 0.6 * spot)


def _strap(layer: Pixels, head: Head, light: Light, tint: Floats, middle: Floats, outer: float,
           size: tuple[float, float]) -> None:  # fmt: skip
    """The strap to the back of the head, on the sides that are seen; its width, and the lift."""
    wide, lift = size
    share = np.linspace(0, 1, 10)
    for side in (-1, 1):
        if (head.turn @ np.array([side, 0, -0.1]))[2] > 0.1:
            continue
        line = head.on_skull(side * np.linspace(0.85, 2.2, 10), np.full(10, -4.5))
        line[:, 1] = middle[1] - 0.2 - share * (0.9 + 0.1 * lift)
        start = np.array([side * outer, middle[1] - 0.2, middle[2] + 0.6])
        line = start + (line - start) * np.minimum(3 * share, 1)[:, None]
        strip = line + np.array([-0.5, 0, 0.5])[:, None, None] * [0, wide, 0]
        paint(layer, [Surface(strip, tint, gloss=0.05, sharp=8)], head, light)
