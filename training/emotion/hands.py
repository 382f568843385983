"""Hands of rounded bars before the mouth of a face, as fingers are seen at 48 x 48 pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.emotion.no_faces import SIDE, Floats, Gray, levels, pink


@dataclass(frozen=True, slots=True)
class Light:
    """How skin looks: its tone, how much darker its edges are, from which side light falls."""

    tone: float
    edge: float
    aside: float
    grain: Floats


def with_hand(face: Gray, rng: Generator) -> Gray:
    """The face with three or four fingers and the back of a hand before its mouth, (48, 48)."""
    light = Light(
        tone=float(np.percentile(face, rng.uniform(50, 85)) * rng.uniform(0.75, 1.1)),
        edge=float(rng.uniform(0.15, 0.5)),
        aside=float(rng.uniform(-0.3, 0.3)),
        grain=rng.uniform(1, 6) * pink(rng, 2),
    )
    angle, many = rng.uniform(-1.4, 1.4), int(rng.integers(3, 5))
    ahead, across = (
        np.array([np.sin(angle), -np.cos(angle)]),
        np.array([np.cos(angle), np.sin(angle)]),
    )
    width, length, fan = rng.uniform(5.5, 9), rng.uniform(12, 26), rng.uniform(-0.12, 0.12)
    knuckles = SIDE * rng.uniform((0.38, 0.66), (0.62, 0.8)) - ahead * length * rng.uniform(
        0.2, 0.7
    )
    picture: Floats = face.astype(np.float64)
    palm = many * width
    bar(picture, knuckles - 0.5 * palm * ahead, knuckles - 1.5 * palm * ahead, 1.05 * palm, light)
    for finger in range(many):
        beside = finger - (many - 1) / 2
        start = knuckles + across * beside * width * rng.uniform(0.92, 1.05) - 2 * ahead
        reach = (ahead + across * beside * fan) * length * rng.uniform(0.75, 1.1)
        bar(picture, start, start + reach, width, light)
    return levels(picture)


def bar(
    picture: Floats,
    start: NDArray[np.float64],
    end: NDArray[np.float64],
    width: float,
    light: Light,
) -> None:
    """Draw a rounded bar between two points (x, y) into the picture, lit as a cylinder is."""
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    along = end - start
    share = ((x - start[0]) * along[0] + (y - start[1]) * along[1]) / (along @ along)
    share = np.clip(share, 0, 1)
    off_x, off_y = x - start[0] - share * along[0], y - start[1] - share * along[1]
    distance = np.hypot(off_x, off_y) / (width / 2)
    normal = np.array([-along[1], along[0]]) / np.hypot(*along)
    aside = (off_x * normal[0] + off_y * normal[1]) / (width / 2)
    lit = light.tone * (1 - light.edge * distance**2 + light.aside * aside) + light.grain
    picture[...] = np.where(distance < 1, lit, picture)
