"""Face masks: surgical ones, cups, cloth; worn well, under the nose, or on the chin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from training.attributes.occluders.canvas import Pixels, Surface, paint, stroke
from training.attributes.occluders.head import Head
from training.attributes.occluders.light import Light
from training.attributes.occluders.textures import cloth, colour, smooth

Floats = NDArray[np.float64]

SHAPES = {"train": ("surgical", "surgical", "cup", "contour"), "test": ("fish", "pleated", "beak")}
"""Train: surgical masks with three pleats, moulded cups with two bands, cloth with a seam. Test:
fish masks of three panels, cloth with two pleats and ties, flat masks folded across."""
WORN = ("well", "nose out", "chin")
ROWS, COLUMNS = 34, 44
PALE = np.array([[0.62, 0.80, 0.92], [0.55, 0.75, 0.88], [0.93, 0.94, 0.95], [0.68, 0.87, 0.80],
                 [0.95, 0.75, 0.80], [0.08, 0.08, 0.09], [0.80, 0.80, 0.82]])  # fmt: skip
"""Usual colours of masks that are thrown away."""


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """One mask, drawn at random.

    Attributes:
        shape: of `SHAPES`.
        worn: of `WORN`.
        top: where its upper edge is in the middle, v of the unrolled face.
        dip: by how much lower that edge is at the sides.
        bottom: where its lower edge is in the middle.
        half: how far to the sides it reaches, u.
        corner: (2,) v of its corners, upper and lower.
        lift: how far it stands off, in centimetres.
        seed: of folds and pattern.
    """

    shape: str
    worn: str
    top: float
    dip: float
    bottom: float
    half: float
    corner: tuple[float, float]
    lift: float
    seed: int


def mask(part: str, rng: Generator, worn: str | None = None) -> Mask:
    """A mask of the part's shapes."""
    shape = str(rng.choice(SHAPES[part]))
    worn = worn or str(rng.choice(WORN, p=(0.78, 0.16, 0.06)))
    top = {"well": rng.uniform(-1.9, -0.2), "nose out": rng.uniform(2.2, 3.0),
           "chin": rng.uniform(6.6, 7.6)}[worn]  # fmt: skip
    down = rng.uniform(8.2, 9.4) + (1.0 if worn == "chin" else 0.0)
    half = rng.uniform(9.0, 11.5) if shape != "cup" else rng.uniform(8.0, 10.0)
    high = {"well": rng.uniform(0.6, 1.8), "nose out": 3.0, "chin": 6.2}[worn]
    low = high + rng.uniform(2.5, 4.2) if worn != "chin" else high + 1.5
    lift = rng.uniform(0.25, 0.8) + (0.6 if shape in ("cup", "beak") else 0.0)
    return Mask(shape, worn, top, high - top, down, half, (high, low), lift,
                int(rng.integers(2**31)))  # fmt: skip


def draw(layer: Pixels, head: Head, light: Light, what: Mask, part: str) -> None:
    """Paint a mask and what holds it into a layer."""
    rng = np.random.default_rng(what.seed)
    share, across = np.meshgrid(np.linspace(0, 1, ROWS), np.linspace(-1, 1, COLUMNS), indexing="ij")
    uv = _places(what, share, across)
    points = _tented(head, uv, what, share, across)
    shade = _folds(what, share, across, rng)
    base, text = _colours(what, part, uv, rng)
    edge = np.minimum(share, 1 - share) * (what.bottom - what.top)
    hem = rng.uniform(0.75, 1.15) if rng.random() < 0.5 else 1.0
    shade = shade * np.where(edge < 0.45, hem, 1.0)
    _bands(layer, head, light, what, points, base, rng)
    paint(layer, [Surface(points, text, 1.0, rng.uniform(0, 0.12), 6.0, shade)], head, light)
    if what.shape in ("cup", "beak") and rng.random() < 0.3:
        _valve(layer, head, light, points, rng)


def _places(what: Mask, share: Floats, across: Floats) -> Floats:
    """(r, c, 2) where on the unrolled face the mask lies."""
    bend = np.abs(across) ** (1.6 if what.shape != "surgical" else 1.25)
    upper = what.top + (what.corner[0] - what.top) * bend
    lower = what.bottom + (what.corner[1] - what.bottom) * np.abs(across) ** 2.4
    half = what.half * (1 - 0.16 * (2 * share - 1) ** 2 * (what.shape == "cup"))
    narrow = 1 - 0.12 * share if what.shape in ("fish", "contour") else 1.0
    return np.stack([across * half * narrow, upper + (lower - upper) * share], axis=-1)


def _tented(head: Head, uv: Floats, what: Mask, share: Floats, across: Floats) -> Floats:
    """(r, c, 3) the skin under the mask, bridged from nose to chin as cloth does, and lifted."""
    skin = head.on_skin(uv)
    below = np.maximum(uv[..., 1] - 8.2, 0)  # under the chin the mesh has no skin
    skin[..., 1] += below
    skin[..., 2] += 0.7 * below
    flat = gaussian_filter(skin, (3.5, 2.5, 0), mode="nearest")
    soft = gaussian_filter(np.minimum(skin[..., 2], flat[..., 2]), (2.2, 1.6), mode="nearest")
    rise = what.lift * (1 - across**2) * np.clip(4 * share * (1.25 - share), 0.25, 1)
    if what.shape == "cup":
        rise = rise * 1.5 * (1 - (2 * share - 1) ** 2 * 0.6)
    if what.shape in ("fish", "beak"):
        rise = rise + 0.9 * (1 - np.abs(across)) * (1 - np.abs(2 * share - 0.9))
    points = 0.4 * skin + 0.6 * flat
    points[..., 2] = np.minimum(soft, skin[..., 2]) - 0.12 - rise
    return np.asarray(points)


def _folds(what: Mask, share: Floats, across: Floats, rng: Generator) -> Floats:
    """(r, c) factor on the light: pleats, seams, crumples."""
    shade = 1 + 0.05 * smooth(across * 3, share * 2, rng, 0.5)
    if what.shape in ("surgical", "pleated"):
        many = 3 if what.shape == "surgical" else 2
        strength, swing = rng.uniform(0.08, 0.32), rng.uniform(0, 0.1)
        for fold in range(many):
            level = (fold + 1) / (many + 1) + rng.normal(0, 0.015)
            at = level + swing * (1 - across**2) * (fold - 1)
            shade -= strength * np.exp(-(((share - at) / 0.035) ** 2))
            shade += 0.5 * strength * np.exp(-(((share - at + 0.06) / 0.04) ** 2))
    if what.shape in ("contour", "cup") and rng.random() < 0.8:
        shade -= rng.uniform(0.05, 0.25) * np.exp(-((across / 0.03) ** 2))
    if what.shape == "fish":
        for seam, way in ((0.33, -1), (0.7, 1)):
            bent = seam + 0.1 * way * across**2
            shade -= 0.25 * np.exp(-(((share - bent) / 0.03) ** 2))
    if what.shape == "beak":
        shade -= 0.3 * np.exp(-(((share - 0.5) / 0.03) ** 2))
        shade *= np.where(share > 0.5, 0.86, 1.04)
    pinch = rng.uniform(0, 0.25)  # gathered at the sides
    shade -= pinch * np.abs(across) ** 6 * (0.5 + 0.5 * np.sin(share * rng.uniform(20, 45)))
    return np.clip(shade, 0.4, 1.25)


def _colours(what: Mask, part: str, uv: Floats, rng: Generator) -> tuple[Floats, Floats]:
    thrown_away = what.shape in ("surgical", "cup", "fish", "beak")
    if thrown_away and rng.random() < 0.85:
        base = PALE[rng.integers(len(PALE))] * rng.uniform(0.9, 1.05)
        return base, np.broadcast_to(np.clip(base, 0, 1), (*uv.shape[:2], 3))
    base = colour(rng)
    return base, cloth(part, uv[..., 0], uv[..., 1], base, rng)


def _bands(layer: Pixels, head: Head, light: Light, what: Mask, points: Floats, base: Floats,
           rng: Generator) -> None:  # fmt: skip
    """Loops around the ears, or two bands around the head."""
    tint = (base if rng.random() < 0.4 else np.array([0.92, 0.92, 0.92])) * light.white * 0.92
    around = what.shape in ("cup", "pleated")
    width = rng.uniform(0.16, 0.3) * head.scale
    for side in (-1, 1):
        if (head.turn @ np.array([side, 0, -0.05]))[2] > 0.15:
            continue
        column = 0 if side < 0 else -1
        for row, ends in ((0, (-3.0, -5.5)), (ROWS - 1, (1.6, 3.5))):
            start = points[row, column] * 0.97
            far = [side * 7.45, ends[1] if around else ends[0], 4.5 if around else 2.4]
            share = np.linspace(0, 1, 6)[:, None]
            line = start + (np.array(far) - start) * share
            line[:, 0] += side * 0.2 * np.sin(np.pi * share[:, 0])
            stroke(layer, head.seen(line)[:, :2], tint, width)


def _valve(layer: Pixels, head: Head, light: Light, points: Floats, rng: Generator) -> None:
    row, column = ROWS // 2 + 3, COLUMNS // 2 + int(rng.integers(-9, 10))
    middle = points[row, column]
    angle, ring = np.meshgrid(np.linspace(0, 2 * np.pi, 17), np.linspace(0.05, 1, 5), indexing="ij")
    size = rng.uniform(0.9, 1.3)
    disc = np.stack([np.cos(angle) * ring * size, np.sin(angle) * ring * size,
                     -0.4 - 0.3 * np.sqrt(np.maximum(1 - ring**2, 0))], axis=-1)  # fmt: skip
    grey = np.full(3, rng.choice((0.15, 0.6, 0.9)))
    paint(layer, [Surface(middle + disc, grey, 1.0, 0.2)], head, light)
