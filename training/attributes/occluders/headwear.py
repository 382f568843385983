"""Caps, hats, scarves around the head, bands: low over the forehead or well above it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.attributes.occluders.canvas import Pixels, Surface, paint
from training.attributes.occluders.head import SKULL, Head
from training.attributes.occluders.light import Light
from training.attributes.occluders.textures import cloth, colour, smooth

Floats = NDArray[np.float64]

KINDS = {
    "train": ("cap", "cap", "beanie", "band", "headscarf", "helmet"),
    "test": ("bucket hat", "brimmed hat", "turban", "bandana"),
}
"""What is worn on the head in either part; swimming caps go with goggles in both."""
MIDDLE_Y, RISE = float(SKULL[0][1]), float(SKULL[1][1])
MIDDLE_Z = float(SKULL[0][2])


class Dome(NamedTuple):
    """What goes over the head: points (r, c, 3) from the edge to the crown, the azimuth of each,
    and its share of the way up."""

    points: Floats
    azimuth: Floats
    share: Floats


class Wearer(NamedTuple):
    """Whose head it is put on.

    Attributes:
        head: the head.
        part: "train" or "test".
        front: height y of the edge above the middle of the brows.
        room: how much larger the head with its hair is than one with short hair.
    """

    head: Head
    part: str
    front: float
    room: float


Maker = Callable[[Wearer, Generator], list[Surface]]


def draw(layer: Pixels, light: Light, kind: str, wearer: Wearer, rng: Generator) -> None:
    """Paint headwear of a kind into a layer."""
    paint(layer, MAKERS[kind](wearer, rng), wearer.head, light)


def _dome(
    wearer: Wearer, back: float, grow: float, tall: float, rows: int = 22, columns: int = 40
) -> Dome:
    """A dome from its edge, at `back` behind, to the crown."""
    around = np.linspace(-np.pi, np.pi, columns)
    azimuth, share = np.meshgrid(around, np.linspace(0, 1, rows))
    edge = back + (wearer.front - back) * (0.5 + 0.5 * np.cos(azimuth)) ** 0.8
    high = RISE * tall * grow
    y = edge + (MIDDLE_Y - high - edge) * np.sin(share * np.pi / 2)
    ring = np.sqrt(1 - np.clip((MIDDLE_Y - y) / high, 0, 1) ** 2)
    points = wearer.head.on_skull(azimuth, np.full_like(y, MIDDLE_Y), grow)
    points[..., 0] *= ring
    points[..., 1] = y
    points[..., 2] = MIDDLE_Z + (points[..., 2] - MIDDLE_Z) * ring
    return Dome(points, azimuth, share)


def _strip(wearer: Wearer, wide: float, grow: float, back: float) -> Dome:
    """A band around the head, `wide` centimetres high, at `back` behind."""
    azimuth, share = np.meshgrid(np.linspace(-np.pi, np.pi, 48), np.linspace(0, 1, 6))
    edge = back + (wearer.front - back) * (0.5 + 0.5 * np.cos(azimuth))
    return Dome(wearer.head.on_skull(azimuth, edge - share * wide, grow), azimuth, share)


def _cap(wearer: Wearer, rng: Generator) -> list[Surface]:
    grow, tall = wearer.room * rng.uniform(1.04, 1.14), rng.uniform(0.92, 1.1)
    dome = _dome(wearer, rng.uniform(-3.5, -1), grow, tall)
    base = colour(rng)
    seams = ((dome.azimuth / np.pi * 3 + 0.5) % 1 - 0.5) / 0.03
    shade = 1 - 0.18 * np.exp(-(seams**2)) * dome.share
    shade = shade * (0.8 + 0.2 * np.minimum(3 * dome.share, 1))
    patterned = rng.random() < 0.25
    text = cloth(wearer.part, dome.azimuth * 8, dome.share * 10, base, rng) if patterned else base
    text = np.broadcast_to(text, dome.points.shape).copy()
    if rng.random() < 0.6:
        badge = _badge(dome, rng)[..., None]
        text += badge * (colour(rng) - text)
    surfaces = [Surface(dome.points, text, gloss=0.03, sharp=8, depth=shade, around=True)]
    if rng.random() < 0.9:
        tint = base if rng.random() < 0.7 else colour(rng)
        surfaces.append(_visor(dome, tint, rng))
    return surfaces


def _badge(dome: Dome, rng: Generator) -> Floats:
    """(r, c) something sewn or printed on the front, 0..1."""
    aside = np.abs(dome.azimuth) / rng.uniform(0.15, 0.35)
    above = (dome.share - 0.42) / rng.uniform(0.12, 0.25)
    lines = 0.5 + 0.5 * np.sign(smooth(dome.azimuth * 6, dome.share * 6, rng, 0.8))
    return np.clip(1.3 - aside**2 - above**2, 0, 1) * lines


def _visor(dome: Dome, tint: Floats, rng: Generator) -> Surface:
    angle, out = np.meshgrid(np.linspace(-1.15, 1.15, 25), np.linspace(0, 1, 9))
    edge, azimuth = dome.points[0], dome.azimuth[0]
    points = np.stack([np.interp(angle, azimuth, edge[:, k]) for k in range(3)], axis=-1)
    reach = out * rng.uniform(5.0, 7.5) * np.cos(angle / 1.15 * np.pi / 2) ** 0.6
    points[..., 0] += reach * (np.sin(angle) * 0.12 + rng.normal(0, 0.08))
    points[..., 1] += reach * rng.uniform(0.1, 0.6) - 1.3 * np.cos(angle * 1.2) * out
    points[..., 2] -= reach
    brink = np.where(out > 0.9, 1.15, 1.0)  # the rounded front edge catches light
    return Surface(points, tint, gloss=0.02, sharp=6, depth=(0.85 - 0.2 * (1 - out)) * brink)


def _beanie(wearer: Wearer, rng: Generator) -> list[Surface]:
    grow, back = wearer.room * rng.uniform(1.06, 1.16), rng.uniform(-2, 1.5)
    dome = _dome(wearer, back, grow, rng.uniform(0.95, 1.3))
    base = colour(rng)
    ribs = 1 + rng.uniform(0.03, 0.14) * np.sin(dome.azimuth * rng.integers(30, 60))
    text = cloth(wearer.part, dome.azimuth * 8, dome.share * 12, base, rng)
    surfaces = [Surface(dome.points, text, depth=ribs, around=True)]
    if rng.random() < 0.65:
        fold = _strip(wearer, rng.uniform(2.5, 4.5), grow + 0.06, wearer.front)
        shade = 1.05 * (1 + 0.10 * np.sin(fold.azimuth * 45)) * (1 - 0.3 * fold.share**4)
        tint = base if rng.random() < 0.6 else colour(rng)
        surfaces.append(Surface(fold.points, tint, depth=shade, around=True))
    return surfaces


def _band(wearer: Wearer, rng: Generator) -> list[Surface]:
    wide = rng.uniform(2.8, 5.5)
    band = _strip(wearer, wide, rng.uniform(1.0, 1.04), wearer.front + 1.5)
    text = cloth(wearer.part, band.azimuth * 8, band.share * wide, colour(rng), rng)
    shade = 1.05 - 0.3 * np.abs(2 * band.share - 1) ** 3
    return [Surface(band.points, text, gloss=0.02, sharp=6, depth=shade, around=True)]


def _headscarf(wearer: Wearer, rng: Generator) -> list[Surface]:
    """A scarf or a hood around face and neck, and over the head."""
    angle, out = np.meshgrid(np.linspace(0, 2 * np.pi, 60), np.linspace(0, 1, 18))
    chin, wide = rng.uniform(8.9, 11.0), rng.uniform(6.2, 7.4)
    middle, half = (chin + wearer.front) / 2, (chin - wearer.front) / 2
    side, up = np.sin(angle), np.cos(angle)
    x, y = wide * side * (1 - 0.08 * up), middle - half * up
    z = -5.2 + 6.2 * np.abs(side) ** 1.5 + 1.5 * np.where(up < 0, up**2, 0)
    wider = rng.uniform(0.28, 0.5)
    grow, hangs = 1 + wider * np.sin(out * np.pi / 2), out * np.clip(-up, 0, 1)
    tube = np.sin(np.pi * np.minimum(3 * out, 1))  # the rolled edge
    points = np.stack([x * grow * (1 + 0.5 * hangs),
                       middle + (y - middle) * (0.05 + 0.95 * grow) + hangs * rng.uniform(3, 8),
                       z + out**1.5 * rng.uniform(5, 8) - 0.8 * tube], axis=-1)  # fmt: skip
    folds = smooth(angle * 2.2 + out * rng.uniform(-2, 2), out, rng, 0.45)
    shade = (1 + rng.uniform(0.05, 0.22) * folds) * (0.72 + 0.28 * np.minimum(4 * out, 1))
    base, shine, seed = colour(rng), rng.uniform(0, 0.08), int(rng.integers(2**31))
    above = wearer._replace(front=wearer.front - 0.3)
    dome = _dome(above, 5.0, max((1 + wider) * 0.8, 1.04 * wearer.room), rng.uniform(0.95, 1.1))
    texts = [cloth(wearer.part, u, v, base, np.random.default_rng(seed))
             for u, v in ((dome.azimuth * 8, dome.share * 12), (x * grow, y * grow))]  # fmt: skip
    return [Surface(dome.points, texts[0], gloss=shine, sharp=5, depth=0.95, around=True),
            Surface(points, texts[1], gloss=shine, sharp=5,
                    depth=np.clip(shade, 0.4, 1.3))]  # fmt: skip


def _bucket(wearer: Wearer, rng: Generator) -> list[Surface]:
    grow = wearer.room * rng.uniform(1.06, 1.14)
    dome = _dome(wearer, rng.uniform(-4, -2), grow, rng.uniform(0.85, 1.0))
    base = colour(rng)
    text = cloth(wearer.part, dome.azimuth * 8, dome.share * 10, base, rng)
    brim = _brim(dome, rng.uniform(3.5, 6), rng.uniform(0.5, 1.0))
    lit = np.broadcast_to(np.linspace([0.85], [1.0], len(brim)), brim.shape[:2])
    crown = np.where(dome.share > 0.62, 0.85, 1.0)
    return [Surface(dome.points, text, depth=crown, around=True),
            Surface(brim, base, depth=lit)]  # fmt: skip


def _brimmed(wearer: Wearer, rng: Generator) -> list[Surface]:
    """Fedora, straw hat, wide sun hat."""
    grow = wearer.room * rng.uniform(1.03, 1.1)
    dome = _dome(wearer, wearer.front + rng.uniform(1, 3), grow, rng.uniform(0.95, 1.2))
    flat = dome.points[..., 1].min() + rng.uniform(0.5, 1.5)
    dome.points[..., 1] = np.maximum(dome.points[..., 1], flat)
    base = colour(rng)
    ribbon = dome.share < rng.uniform(0.15, 0.3)
    text = np.where(ribbon[..., None], colour(rng), base)
    brim = _brim(dome, rng.uniform(4, 9), rng.uniform(-0.15, 0.35))
    weave = 1 + rng.uniform(0, 0.08) * np.sin(dome.azimuth * 60) * np.sin(dome.share * 60)
    return [Surface(dome.points, text, gloss=0.02, sharp=5, depth=weave, around=True),
            Surface(brim, base, gloss=0.02, sharp=5, depth=0.92)]  # fmt: skip


def _brim(dome: Dome, wide: float, drop: float) -> Floats:
    """(8, c, 3) a brim around the edge of a dome."""
    edge = dome.points[0]
    away = edge * [1, 0, 1] - [0, 0, MIDDLE_Z]
    away = away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
    out = np.linspace(0, 1, 8)[:, None, None]
    return np.asarray(edge + out * wide * (away + np.array([0, drop, 0])))


def _turban(wearer: Wearer, rng: Generator) -> list[Surface]:
    grow, back = wearer.room * rng.uniform(1.1, 1.25), rng.uniform(-3, 0)
    dome = _dome(wearer, back, grow, rng.uniform(0.95, 1.15), rows=30, columns=60)
    slant = np.abs(dome.azimuth + rng.normal(0, 0.1)) * rng.uniform(0.12, 0.3)
    wrapped = (dome.share + slant) * rng.uniform(4, 8) % 1
    shade = 0.75 + 0.35 * np.sin(np.pi * wrapped) ** 0.7
    return [Surface(dome.points, colour(rng), gloss=0.02, sharp=5, depth=shade, around=True)]


def _bandana(wearer: Wearer, rng: Generator) -> list[Surface]:
    dome = _dome(wearer, rng.uniform(-4, -1), wearer.room * rng.uniform(1.0, 1.05), 1.0)
    text = cloth(wearer.part, dome.azimuth * 8, dome.share * 12, colour(rng), rng)
    folds = 1 + 0.08 * smooth(dome.azimuth * 2, dome.share * 3, rng, 0.6)
    return [Surface(dome.points, text, depth=folds, around=True)]


def _swimming_cap(wearer: Wearer, rng: Generator) -> list[Surface]:
    dome = _dome(wearer, 1.0, wearer.room * rng.uniform(0.98, 1.02), rng.uniform(0.9, 1.0))
    text = np.broadcast_to(colour(rng), dome.points.shape).copy()
    if rng.random() < 0.5:
        text[np.abs(dome.azimuth - rng.uniform(-0.3, 0.3)) < rng.uniform(0.1, 0.4)] = colour(rng)
    folds = 1 + 0.03 * smooth(dome.azimuth * 3, dome.share * 3, rng, 0.7)
    gloss, sharp = rng.uniform(0.2, 0.6), rng.uniform(8, 30)
    return [Surface(dome.points, text, gloss=gloss, sharp=sharp, depth=folds, around=True)]


def _helmet(wearer: Wearer, rng: Generator) -> list[Surface]:
    grow, back = wearer.room * rng.uniform(1.12, 1.25), rng.uniform(-2, 2)
    dome = _dome(wearer, back, grow, rng.uniform(0.9, 1.05))
    text = np.broadcast_to(colour(rng), dome.points.shape).copy()
    if rng.random() < 0.5:
        text[np.abs(dome.azimuth) < rng.uniform(0.08, 0.3)] = colour(rng)
    edge = np.where(dome.share < 0.06, 0.5, 1.0)
    gloss, sharp = rng.uniform(0.2, 0.7), rng.uniform(8, 40)
    return [Surface(dome.points, text, gloss=gloss, sharp=sharp, depth=edge, around=True)]


MAKERS: dict[str, Maker] = {
    "cap": _cap, "beanie": _beanie, "band": _band, "headscarf": _headscarf, "helmet": _helmet,
    "bucket hat": _bucket, "brimmed hat": _brimmed, "turban": _turban, "bandana": _bandana,
    "swimming cap": _swimming_cap,
}  # fmt: skip
