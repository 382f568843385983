"""Colours and patterns of cloth, and noise; patterns of training and of test are different ones."""

from __future__ import annotations

import colorsys

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PATTERNS = {
    "train": ("plain", "plain", "stripes", "checks", "marble"),
    "test": ("plain", "dots", "diamonds", "leaves", "print"),
}
"""Plain cloth is in both parts, in colours drawn from the same range."""


def colour(rng: Generator, dark: float = 0.05, bright: float = 0.95) -> Floats:
    """(3,) a colour, 0..1; in two of five cases without hue, else mostly of weak saturation."""
    value = rng.uniform(dark, bright)
    if rng.random() < 0.4:
        return np.clip(value + rng.normal(0, 0.015, 3), 0.01, 1)
    return np.array(colorsys.hsv_to_rgb(rng.random(), rng.beta(2, 2), value))


def cloth(part: str, u: Floats, v: Floats, base: Floats, rng: Generator) -> Floats:
    """(..., 3) colour of cloth at places (u, v) in centimetres, with a pattern of the part."""
    name = str(rng.choice(PATTERNS[part]))
    other = colour(rng)
    angle, size = rng.uniform(0, np.pi), rng.uniform(0.9, 2.6)
    a = (u * np.cos(angle) + v * np.sin(angle)) / size
    b = (v * np.cos(angle) - u * np.sin(angle)) / size
    share = _share(name, a, b, rng)
    return np.asarray(base + (other - base) * share[..., None])


def _share(name: str, a: Floats, b: Floats, rng: Generator) -> Floats:
    if name == "plain":
        return np.zeros_like(a)
    if name == "stripes":
        return _wave(a, rng.uniform(0.3, 0.7))
    if name == "checks":
        return np.asarray(0.5 * (_wave(a, 0.5) + _wave(b, 0.5)))
    if name == "marble":
        return np.clip(0.5 + 0.6 * smooth(a, b, rng, 0.6), 0, 1)
    if name == "dots":
        near = np.hypot((a + 0.5) % 1 - 0.5, (b + 0.5) % 1 - 0.5)
        return np.asarray(np.clip((rng.uniform(0.2, 0.38) - near) / 0.08 + 0.5, 0, 1))
    if name == "diamonds":
        off = np.abs(a % 1 - 0.5) + np.abs(b % 1 - 0.5)
        return np.asarray(np.clip((off - 0.5) / 0.1 + 0.5, 0, 1))
    if name == "leaves":
        return np.clip(smooth(a, b, rng, 1.2) / 0.2, 0, 1)
    # a print: a spot somewhere near the middle
    where = rng.normal(0, 0.6, 2)
    away = np.abs(a - where[0]) + 0.4 * np.abs(b - where[1])
    return np.asarray(np.clip((rng.uniform(0.5, 1.4) - away) / 0.1, 0, 1))


def _wave(place: Floats, share: float) -> Floats:
    return np.asarray(np.clip((np.abs(place % 1 - 0.5) - share / 2) / 0.06 + 0.5, 0, 1))


def smooth(a: Floats, b: Floats, rng: Generator, often: float) -> Floats:
    """Noise of mean about 0 and range about -1..1 over places: a few waves in all directions."""
    total = np.zeros_like(a)
    for _ in range(6):
        angle, often_here = rng.uniform(0, 2 * np.pi), often * rng.uniform(0.5, 1.6) * 2 * np.pi
        across = a * np.cos(angle) + b * np.sin(angle)
        total += np.sin(across * often_here + rng.uniform(0, 2 * np.pi))
    return total / 3.0


def cloud(side: int, grain: float, rng: Generator) -> Floats:
    """(side, side) noise of deviation 1, smooth over `grain` pixels."""
    cells = max(2, int(np.ceil(side / grain)))
    noise = cv2.resize(rng.normal(size=(cells, cells)), (side, side), interpolation=cv2.INTER_CUBIC)
    return np.asarray(noise / max(float(noise.std()), 1e-9))
