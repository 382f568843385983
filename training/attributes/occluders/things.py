"""Things held or standing before a face: phones, cups, microphones, bars, books, and scarves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.attributes.occluders.canvas import Pixels, Surface, paint
from training.attributes.occluders.hands import beside
from training.attributes.occluders.head import RADIUS, Head
from training.attributes.occluders.light import Light
from training.attributes.occluders.textures import cloth, colour, smooth

Floats = NDArray[np.float64]
Maker = Callable[[str, Generator], list[Surface]]

AHEAD = 3.5
"""Centimetres before the skin in which a thing is held."""
FOLLOWS = 0.5
"""How far things are turned with the head: they hang, stand or are held as they are."""


def draw(layer: Pixels, head: Head, light: Light, kind: str, part: str,
         place: tuple[float, float], rng: Generator, aside: bool = False) -> None:  # fmt: skip
    """Paint a thing into a layer, its middle before a place of the unrolled face.

    Args:
        aside: whether the place lies off the face, beside its edge.
    """
    surfaces = MAKERS[kind](part, rng)
    skin = beside(np.array(place)) if aside else head.on_skin(np.array(place))
    turn = head.turn.T @ _partly(head.turn, FOLLOWS)
    for surface in surfaces:
        surface.points = surface.points @ turn.T + skin + [0, 0, -AHEAD]
    paint(layer, surfaces, head, light)


def scarf(layer: Pixels, head: Head, light: Light, part: str, top: float, rng: Generator) -> None:
    """Paint a scarf into a layer that reaches up to v = `top` before the face."""
    azimuth, share = np.meshgrid(np.linspace(-1.9, 1.9, 56), np.linspace(0, 1, 30))
    drop = rng.uniform(0.5, 2.5) * (1 if rng.random() < 0.7 else -1)
    upper = top + drop * np.abs(azimuth / 1.9) ** 1.5
    v = upper + (rng.uniform(12, 17) - upper) * share
    wide = 7.0 + rng.uniform(0.6, 2.0) * np.sin(np.pi * np.minimum(share * 1.4, 1)) + 1.2 * share
    ahead = wide + 2.2 * np.cos(azimuth) * (1 - 0.7 * share)
    folds = smooth(azimuth * rng.uniform(0.3, 1.2), share * rng.uniform(2, 4), rng, 0.6)
    out = 1 + 0.05 * folds
    points = _grid(wide * out * np.sin(azimuth), v, 1.5 - ahead * out * np.cos(azimuth))
    skin = head.on_skin(np.stack([RADIUS * azimuth, np.minimum(v, 8.5)], axis=-1))
    before = np.minimum(points[..., 2], skin[..., 2] - 0.4 - 1.2 * share)
    points[..., 2] = np.where(np.abs(azimuth) < 1.2, before, points[..., 2])
    knit = 1 + rng.uniform(0, 0.12) * np.sin(azimuth * rng.uniform(30, 70)) * np.sin(v * 6)
    shade = np.clip((1 + rng.uniform(0.12, 0.28) * folds) * knit, 0.4, 1.3)
    text = cloth(part, azimuth * RADIUS, v, colour(rng), rng)
    paint(layer, [Surface(points, text, depth=shade, around=True)], head, light)


def _partly(turn: Floats, share: float) -> Floats:
    """A rotation between none and the one given."""
    u, _, vt = np.linalg.svd(share * turn + (1 - share) * np.eye(3))
    return np.asarray(u @ vt)


def _grid(x: Floats, y: Floats, z: Floats | float) -> Floats:
    return np.stack(np.broadcast_arrays(x, y, z), axis=-1).astype(np.float64)


def _rolled(points: Floats, degrees: float) -> Floats:
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return np.asarray(points @ np.array([[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]]))


def _slab(wide: float, tall: float, corner: float, rows: int) -> tuple[Floats, Floats, Floats]:
    """A plate with round corners: points, and the places (a, b) of -1..1 on it."""
    a, b = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, rows))
    cut = np.clip((np.abs(b) * tall / 2 - (tall / 2 - corner)) / corner, 0, 1)
    half = wide / 2 - corner + corner * np.sqrt(1 - cut**2)
    return _grid(a * half, b * tall / 2, 0.05 * a**2), a, b


def _tube(
    bottom: tuple[float, float, float], top: tuple[float, float, float],
    low: float, high: float, rows: int = 16,
) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    """The front of a round thing: points, and the angle and share of the height on it."""
    angle, share = np.meshgrid(np.linspace(-np.pi / 2, np.pi / 2, 26), np.linspace(0, 1, rows))
    half = low + (high - low) * share
    middle = np.array(bottom) + (np.array(top) - np.array(bottom)) * share[..., None]
    front = half * np.cos(angle)
    return middle + _grid(half * np.sin(angle), 0.12 * front, -front), angle, share


def _ball(half: float, tall: float = 1.0) -> tuple[Floats, Floats]:
    """The front half of a ball: points, and the angle from its middle."""
    angle, up = np.meshgrid(np.linspace(0, 2 * np.pi, 36), np.linspace(0.02, np.pi / 2, 14))
    ring = half * np.sin(up)
    return _grid(ring * np.cos(angle), tall * ring * np.sin(angle), -half * np.cos(up)), up


def _phone(part: str, rng: Generator) -> list[Surface]:
    wide = rng.uniform(6.4, 7.8)
    points, a, b = _slab(wide, wide * rng.uniform(1.9, 2.15), 0.9, 24)
    text = np.broadcast_to(colour(rng, 0.03, 0.9), points.shape).copy()
    for lens in range(int(rng.integers(1, 4))):
        text[np.hypot(a + 0.6, (b + 0.8 - 0.14 * lens) * 2) < 0.16] = 0.03
    sheen = 1 + 0.25 * np.clip(1 - np.abs(a * 0.7 + b - rng.uniform(-1, 1)) / 0.35, 0, 1)
    roll = rng.uniform(-15, 15) + (90 if rng.random() < 0.5 else 0)
    return [Surface(_rolled(points, roll), text, gloss=0.1, sharp=10, depth=sheen)]


def _cup(part: str, rng: Generator) -> list[Surface]:
    half, tall = rng.uniform(3.4, 4.4), rng.uniform(8, 11)
    slim, lean = rng.uniform(0.72, 1.0), rng.uniform(-0.15, 0.15)
    low, high = (lean * tall, tall * 0.75, 0.0), (0.0, -tall * 0.25, 0.0)
    points, angle, share = _tube(low, high, half * slim, half)
    text = cloth(part, angle * half, share * tall, colour(rng), rng)
    surfaces = [Surface(points, text, gloss=rng.uniform(0, 0.4), sharp=15)]
    kind = rng.random()
    if kind < 0.5:
        handle = _handle(half, tall, float(rng.choice((-1, 1))))
        surfaces.insert(0, Surface(handle, text[0, 0], gloss=0.1, sharp=10))
    elif kind < 0.8:
        rim = -tall * 0.2
        lid, _, _ = _tube((0, rim, 0), (0, rim - 1.2, 0), half * 1.05, half * 0.9, 5)
        surfaces.append(Surface(lid, colour(rng), gloss=0.1, sharp=8))
    return surfaces


def _handle(half: float, tall: float, side: float) -> Floats:
    turn = np.linspace(0, 2 * np.pi, 20)[:, None]
    thick = np.linspace(-0.5, 0.5, 4)[None]
    x = half + 0.3 + (1.7 + thick) * np.cos(turn)
    return _grid(side * x, tall * 0.25 + (2.2 + thick) * np.sin(turn), 0.0)


def _microphone(part: str, rng: Generator) -> list[Surface]:
    half = rng.uniform(2.3, 4.0)
    ball, _ = _ball(half, rng.uniform(1, 1.25))
    foam = rng.random() < 0.4
    tint = colour(rng, 0.03, 0.9) if foam else np.full(3, rng.uniform(0.08, 0.65))
    wire = 1 + (0.0 if foam else 0.22) * np.sin(ball[..., 0] * 9) * np.sin(ball[..., 1] * 9)
    lean, thick = rng.uniform(-0.7, 0.7), rng.uniform(1.1, 1.6)
    handle, _, _ = _tube((lean * 16, 18, 2), (lean * 2, half * 0.8, 0.5), thick, half * 0.62)
    return [Surface(handle, colour(rng, 0.03, 0.4), gloss=0.2),
            Surface(ball, tint, gloss=0 if foam else 0.35, sharp=10, depth=wire)]  # fmt: skip


def _bar(part: str, rng: Generator) -> list[Surface]:
    """A pole, a rail, a strip of paper across."""
    tall, wide = rng.uniform(2.5, 6.5), rng.uniform(16, 60)
    points, a, b = _slab(wide, tall, 0.05, 26)
    text = cloth(part, a * wide / 2, b * tall / 2, colour(rng), rng)
    if rng.random() < 0.5:  # round
        shade = 0.55 + 0.5 * np.sqrt(np.maximum(1.05 - b**2, 0.05))
        return [Surface(_rolled(points, rng.normal(0, 12)), text, gloss=0.3, depth=shade)]
    return [Surface(_rolled(points, rng.normal(0, 12)), text)]


def _book(part: str, rng: Generator) -> list[Surface]:
    """A book, a paper, a card with lines of print."""
    wide, tall = rng.uniform(11, 22), rng.uniform(9, 20)
    points, a, b = _slab(wide, tall, 0.2, 40)
    points = _rolled(points, rng.normal(0, 10))
    points[..., 2] += rng.uniform(0, 1.5) * np.abs(a)
    points[..., 1] += tall * rng.uniform(0.1, 0.42)
    paper, ink = colour(rng, 0.3, 0.98), colour(rng, 0.02, 0.5)
    page = (np.abs(a) < 0.85) & (np.abs(b) < 0.85)
    lines = page & (np.sin(b * rng.uniform(20, 45)) > 0.4)
    words = smooth(a * 6, np.round(b * 14) * 3.1, rng, 1.0) > -0.35
    text = np.where((lines & words)[..., None], ink, paper)
    return [Surface(points, text, depth=1 - 0.25 * np.exp(-((a / 0.04) ** 2)))]


def _bottle(part: str, rng: Generator) -> list[Surface]:
    half, neck = rng.uniform(2.4, 3.8), rng.uniform(1.1, 1.6)
    glass = colour(rng, 0.1, 0.9)
    body, _, share = _tube((0, 20, 0), (0, 4.5, 0), half, half)
    shoulder, _, _ = _tube((0, 4.6, 0), (0, 2.0, 0), half, neck, 8)
    top, _, _ = _tube((0, 2.1, 0), (0, -2.5, 0), neck, neck * 0.95, 8)
    labelled = (share > 0.3) & (share < 0.75)
    text = np.where(labelled[..., None], colour(rng), glass)
    cap = colour(rng) if rng.random() < 0.5 else glass
    tilt = rng.uniform(-50, 50)
    return [Surface(_rolled(points, tilt), tint, gloss=0.45, sharp=15)
            for points, tint in ((body, text), (shoulder, glass), (top, cap))]  # fmt: skip


def _fruit(part: str, rng: Generator) -> list[Surface]:
    """A ball, an apple, something to eat: round, uneven."""
    points, _ = _ball(rng.uniform(3.2, 5.0), rng.uniform(0.8, 1.0))
    points[..., :2] *= 1 + 0.05 * smooth(points[..., :1], points[..., 1:2], rng, 0.1)
    base, other = colour(rng, 0.25, 0.9), colour(rng, 0.2, 0.9)
    share = np.clip(0.5 + 0.7 * smooth(points[..., 0] / 4, points[..., 1] / 4, rng, 0.5), 0, 1)
    text = base + (other - base) * share[..., None]
    return [Surface(points, text, gloss=rng.uniform(0, 0.4), sharp=15)]


def _fan(part: str, rng: Generator) -> list[Surface]:
    """A fan or a leaf: a sector with ribs."""
    angle, out = np.meshgrid(np.linspace(-1.15, 1.15, 40), np.linspace(0.05, 1, 14))
    long = rng.uniform(13, 19)
    ribs = angle * 24
    up = out * np.cos(angle)
    points = _grid(long * out * np.sin(angle), long * (0.62 - up), 0.4 * np.cos(ribs))
    text = cloth(part, angle * 8, out * 14, colour(rng), rng)
    shade = 0.92 + 0.14 * np.sign(np.sin(ribs))
    return [Surface(_rolled(points, rng.normal(0, 25)), text, depth=shade)]


MAKERS: dict[str, Maker] = {
    "phone": _phone, "cup": _cup, "microphone": _microphone, "bar": _bar, "book": _book,
    "bottle": _bottle, "fruit": _fruit, "fan": _fan,
}  # fmt: skip
KINDS = {
    "train": ("phone", "cup", "microphone", "bar"),
    "test": ("book", "bottle", "fruit", "fan"),
}
"""Things of either part."""
