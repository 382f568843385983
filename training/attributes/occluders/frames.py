"""Painting glasses on a head, before the eyes or pushed up."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.attributes.occluders.canvas import Pixels, Surface, paint, stroke
from training.attributes.occluders.eyewear import Glasses
from training.attributes.occluders.head import Head
from training.attributes.occluders.light import Light
from training.attributes.occluders.textures import colour

Floats = NDArray[np.float64]

EYES, NOSE, FOREHEAD = [33, 133, 362, 263], [168, 6], [151, 10]
"""Mesh points that glasses are placed by."""


class Seat(NamedTuple):
    """Where glasses sit on a head: the middle of the bridge, and how they are bent."""

    middle: Floats
    wrap: float

    @classmethod
    def on(cls, head: Head, glasses: Glasses, lift: float) -> Seat:
        """On the nose, or `lift` centimetres above it on the forehead or the hair."""
        level = head.skin[EYES, 1].mean() + 0.35 - lift
        ahead = head.skin[NOSE, 2].min() - 0.25
        if lift:
            ahead = head.skin[FOREHEAD, 2].min() - 0.5 + max(0.0, lift - 4.0) * 0.55
        return cls(np.array([head.skin[NOSE, 0].mean(), level, ahead]), glasses.wrap)

    def place(self, flat: Floats) -> Floats:
        """(..., 3) head coordinates of places (..., 2) on the plane of the glasses."""
        back = self.wrap * (flat[..., :1] / 6) ** 2 - 0.10 * flat[..., 1:]
        return np.concatenate([flat, back], axis=-1) + self.middle


def draw(
    layer: Pixels, head: Head, light: Light, glasses: Glasses, rng: Generator, lift: float = 0.0
) -> None:
    """Paint glasses into a layer, `lift` centimetres above where they are worn."""
    seat = Seat.on(head, glasses, lift)
    edges = {side: glasses.outline * [side, 1] + [side * glasses.apart, 0] for side in (-1, 1)}
    for side in edges:
        _temple(layer, head, light, glasses, seat, side)
    lenses = [_lens(edge, seat, glasses, light, rng) for edge in edges.values()]
    paint(layer, lenses, head, light)
    if glasses.rim_width:
        for edge in edges.values():
            _rim(layer, head.seen(seat.place(edge))[:, :2], glasses, head.scale, light)
    _bridge(layer, head, light, glasses, seat, rng.uniform(0.3, 0.75))


def _lens(edge: Floats, seat: Seat, glasses: Glasses, light: Light, rng: Generator) -> Surface:
    """A lens: its tint, what it mirrors, perhaps a lamp or a window in it."""
    closed = np.vstack([edge, edge[:1]])
    centre = edge.mean(axis=0)
    flat = centre + np.linspace(0, 1, 14)[:, None, None] * (closed - centre)
    local = (flat - centre) / np.abs(edge - centre).max(axis=0)
    above, below = glasses.opacity
    opacity = above + (below - above) * (local[..., 1] + 1) / 2
    tint = glasses.lens / max(glasses.lens.max(), 0.05)
    mirrored = _mirrored(local, rng) * (0.35 + 0.65 * tint)
    shown = glasses.lens + glasses.mirror * (mirrored - glasses.lens)
    if rng.random() < 0.6:
        where, size = rng.uniform(-0.6, 0.6, 2), rng.uniform(0.12, 0.4, 2)
        away = (np.abs((local - where) / size) ** 3).sum(axis=-1)
        lit = rng.uniform(0.1, 0.9) * min(1.0, 0.3 + glasses.mirror + 0.4 * above)
        spot = lit * np.clip(1.5 - away, 0, 1)
        shown = shown + spot[..., None] * (1 - shown)
        opacity = np.maximum(opacity, 0.6 * spot)
    # what a lens shows comes from before it, however it is turned
    facing = float(light.shade(np.array([0.0, 0.0, -1.0])))
    return Surface(seat.place(flat), shown / max(facing, 0.2), opacity)


def _mirrored(local: Floats, rng: Generator) -> Floats:
    """(..., 3) sky above and ground below, or a lit room, with a soft or hard border."""
    sky = np.array([0.7, 0.8, 0.95]) * rng.uniform(0.4, 1.1)
    ground = colour(rng, 0.03, 0.35)
    if rng.random() < 0.2:
        sky, ground = ground, sky
    level = local[..., 1] + rng.uniform(-0.35, 0.35) * local[..., 0] - rng.uniform(-0.4, 0.5)
    share = np.clip(level / rng.uniform(0.1, 1.2) + 0.5, 0, 1)
    return np.asarray(sky + (ground - sky) * share[..., None])


def _rim(layer: Pixels, line: Floats, glasses: Glasses, scale: float, light: Light) -> None:
    width = glasses.rim_width * scale
    colours = glasses.rim * light.white
    closed = np.vstack([line, line[:1]])
    if glasses.half_rim:
        upper = glasses.outline[:, 1] < 0.1
        start = int(np.flatnonzero(upper & ~np.roll(upper, 1))[0])
        closed = np.roll(line, -start, axis=0)[: int(upper.sum())]
    stroke(layer, closed, colours, width)
    stroke(layer, closed - [0, 0.22 * width], colours + 28, width * 0.3)  # lit from above


def _bridge(layer: Pixels, head: Head, light: Light, glasses: Glasses, seat: Seat,
            high: float) -> None:  # fmt: skip
    half = glasses.apart + glasses.outline[:, 0].min() + 0.15
    x = np.linspace(-half, half, 7)
    y = high * glasses.outline[:, 1].min() - 0.25 * (1 - (x / max(half, 1e-6)) ** 2)
    line = head.seen(seat.place(np.column_stack([x, y])))[:, :2]
    width = max(glasses.rim_width, 0.16) * head.scale
    stroke(layer, line, glasses.rim * light.white, width)
    stroke(layer, line - [0, 0.25 * width], (glasses.rim + 0.25) * light.white, width * 0.25)


def _temple(layer: Pixels, head: Head, light: Light, glasses: Glasses, seat: Seat,
            side: int) -> None:  # fmt: skip
    """The bar to the ear, where that side of the head is turned to the viewer."""
    if (head.turn @ np.array([side, 0, -0.1]))[2] > 0.12:
        return
    outer = side * (glasses.apart + glasses.outline[:, 0].max())
    hinge = seat.place(np.array([outer, glasses.outline[:, 1].min() * 0.6]))
    ear = np.array([side * 7.7, head.skin[[127, 356], 1].mean() - 0.2, 1.8])
    share = np.linspace(0, 1, 6)[:, None]
    line = hinge + (ear - hinge) * share
    line[:, 0] += side * 0.25 * np.sin(np.pi * share[:, 0])
    width = max(0.16, min(glasses.rim_width * 1.1, 0.5)) * head.scale
    stroke(layer, head.seen(line)[:, :2], glasses.rim * light.white * 0.85, width)
