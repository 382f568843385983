"""Hands before a face: a relief of rounded bars, lit by the picture's light, of the face's skin."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.attributes.occluders.canvas import Pixels
from training.attributes.occluders.head import Head
from training.attributes.occluders.light import Light
from training.attributes.occluders.relief import (
    FINGERS,
    WRIST,
    Bar,
    Plane,
    Relief,
    raised,
    skinned,
)
from training.attributes.occluders.textures import colour

Floats = NDArray[np.float64]

SIDE = 224
"""Pixels along a side of what a hand is drawn on; it is soft anyhow."""
LENGTHS = (7.0, 7.9, 7.3, 5.7)
WIDTHS = (0.86, 0.88, 0.83, 0.72)
KNUCKLES = ((-2.9, -0.3), (-0.95, 0.0), (0.95, -0.2), (2.7, -0.8))
"""Fingers from the index: length, half width, place of the knuckle; centimetres, fingers towards
+y, the thumb at -x."""


class Pose(NamedTuple):
    """How a hand is held.

    Attributes:
        at: what of the hand (x, y on it, in centimetres) lies on the place that is covered.
        angles: range of the direction of its fingers, degrees clockwise from up.
        spread: range of the angle between fingers, degrees.
        length: range of the share of the fingers' length that is seen.
        fingers: which fingers are stretched; the others are short stumps.
        thumb: angle of the thumb to the fingers, degrees; None if it is hidden.
        both: whether the other hand mirrors it.
    """

    at: tuple[float, float]
    angles: tuple[float, float]
    spread: tuple[float, float] = (0, 5)
    length: tuple[float, float] = (0.8, 1.0)
    fingers: tuple[int, ...] = (0, 1, 2, 3)
    thumb: float | None = 35
    both: bool = False


POSES: dict[str, dict[str, tuple[Pose, ...]]] = {
    "train": {
        "mouth": (
            Pose((0, 3.0), (-110, -60), thumb=None),
            Pose((0, 1.0), (60, 110), thumb=None),
            Pose((0, 4.5), (-40, 40), (2, 9)),
            Pose((0, -2.5), (-30, 30), (0, 6), (0.25, 0.45)),
        ),
        "eyes": (Pose((0, 3.5), (-110, -70), thumb=None), Pose((0, 4.5), (-35, 35), (0, 8))),
        "forehead": (Pose((0, 3.5), (-105, -60), thumb=None), Pose((0, 4.5), (60, 105))),
    },
    "test": {
        "mouth": (
            Pose((0.5, -0.5), (-60, -40), (0, 3), (0.35, 0.5), thumb=60),
            Pose((2.6, 3.5), (8, 30), (0, 4), (0.8, 1.0), both=True, thumb=None),
            Pose((-1.5, 6.0), (-25, 25), (0, 3), (0.9, 1.0), fingers=(0, 1), thumb=50),
        ),
        "eyes": (Pose((2.5, 2.5), (35, 70), (0, 6), both=True, thumb=None),),
        "forehead": (Pose((0, 2.0), (-50, -30), (0, 2), (0.8, 1.0), thumb=None),
                     Pose((2.0, 2.5), (20, 60), (4, 10), both=True, thumb=None)),
    },
}  # fmt: skip
PLACES = {"mouth": (0.0, 4.4), "eyes": (0.0, -2.6), "forehead": (0.0, -6.4)}
"""Places on the unrolled face that a hand is laid on."""


def draw(layer: Pixels, head: Head, light: Light, place: tuple[float, float], pose: Pose,
         rng: Generator, aside: bool = False) -> None:  # fmt: skip
    """Paint one hand or both into a layer, where `place` is on the unrolled face.

    Args:
        aside: whether the place lies off the face, beside its edge.
    """
    small = SIDE / len(layer)
    skin = light.skin * rng.uniform(0.86, 1.08) * rng.normal(1, 0.015, 3)
    size = rng.uniform(0.88, 1.08) * head.scale * small
    angle = np.deg2rad(rng.uniform(*pose.angles) + head.angles[2])
    bars = _bars(pose, rng)
    sleeve = colour(rng) * light.white if rng.random() < 0.5 else None
    nails = None if rng.random() < 0.3 else _nail_colour(skin, rng)  # None: the inner side is seen
    first = float(rng.choice((-1, 1)))
    for side in (1.0, -1.0) if pose.both else (first,):
        here = np.array(place) + ([3.2 * side, 0] if pose.both else [0, 0])
        at = beside(here) if aside else head.on_skin(here)
        turned = angle * side if pose.both else angle
        plane = Plane.at(SIDE, head.seen(at)[:2] * small, pose.at, turned, side, size)
        relief = raised(plane, bars)
        hand = skinned(relief, plane, (skin, sleeve), light, np.array(KNUCKLES), rng)
        if nails is not None:
            _paint_nails(hand, bars, plane, relief, nails, pose)
        large = cv2.resize(hand, layer.shape[:2], interpolation=cv2.INTER_NEAREST)
        layer[...] = np.where(large[..., 3:] > 0, large, layer)


def beside(place: Floats) -> Floats:
    """(3,) head coordinates of a place (u, v) that may lie off the face."""
    return np.array([place[0] * 0.85, place[1], -3.0])


def _bars(pose: Pose, rng: Generator) -> list[Bar]:
    """The bars of a hand."""
    bars: list[Bar] = []
    spread = np.deg2rad(rng.uniform(*pose.spread))
    share = rng.uniform(*pose.length)
    for finger, (length, width, knuckle) in enumerate(zip(LENGTHS, WIDTHS, KNUCKLES, strict=True)):
        lean = (finger - 1.5) * spread + rng.normal(0, 0.02)
        seen = length * (share if finger in pose.fingers else 0.3) * rng.uniform(0.94, 1.04)
        start, bend = np.array(knuckle), rng.normal(0, 0.05)
        for part, (at, to) in enumerate(((0, 0.45), (0.45, 0.75), (0.75, 1.0))):
            way = np.array([np.sin(lean), np.cos(lean)])
            end = start + way * seen * (to - at)
            wide, narrow = width * (1 - 0.10 * part), width * (0.94 - 0.12 * part)
            bars.append(Bar(start, end, wide, narrow, finger))
            start, lean = end, lean + bend
        wrist = np.array([knuckle[0] * 0.62, -8.6])
        bars.append(Bar(np.array(knuckle) + np.array([0, 0.2]), wrist, 1.12, 1.3, 4))
    if pose.thumb is not None:
        lean = np.deg2rad(-pose.thumb + rng.normal(0, 8))
        base, middle = np.array([-2.6, -5.8]), np.array([-3.7, -3.4])
        tip = middle + np.array([np.sin(lean), np.cos(lean)]) * 4.6
        bars += [Bar(base, middle, 1.5, 1.15, 5), Bar(middle, tip, 1.05, 0.85, 5)]
    elbow = np.array([rng.normal(0, 2), -30.0])
    bars.append(Bar(np.array([0, -8.0]), elbow, 2.5, 3.6, WRIST))
    return bars


def _nail_colour(skin: Floats, rng: Generator) -> Floats:
    painted = rng.random() < 0.12
    return colour(rng) * 255 if painted else np.clip(skin * [1.05, 1.02, 1.06] + 12, 0, 255)


def _paint_nails(hand: Pixels, bars: list[Bar], plane: Plane, relief: Relief, tint: Floats,
                 pose: Pose) -> None:  # fmt: skip
    tips = {bar.part: bar for bar in bars if bar.part < FINGERS}
    for finger in pose.fingers:
        tip = tips[finger]
        way = (tip.end - tip.start) / max(float(np.linalg.norm(tip.end - tip.start)), 1e-9)
        x, y = plane.across - tip.end[0] - 0.12 * way[0], plane.along - tip.end[1] - 0.12 * way[1]
        u, v = x * way[0] + y * way[1], y * way[0] - x * way[1]
        nail = ((u / 0.55) ** 2 + (v / 0.42) ** 2 < 1) & (relief.part == finger)
        hand[nail, :3] = (0.35 * hand[nail, :3] + 0.65 * tint).astype(np.uint8)
