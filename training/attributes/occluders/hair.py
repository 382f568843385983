"""Hair that falls over the forehead or the eyes, in strands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.attributes.occluders.canvas import Pixels, stroke
from training.attributes.occluders.head import RADIUS, SKULL, Head
from training.attributes.occluders.light import Light

Floats = NDArray[np.float64]

RAGGED = {"straight": 0.35, "swept": 0.9, "messy": 1.3, "curly": 1.1, "curtain": 0.9,
          "one side": 0.9}  # fmt: skip
"""How uneven the tips are, in centimetres."""
STYLES = {"train": ("straight", "swept", "messy"), "test": ("curly", "curtain", "one side")}

MOST_ROOM = 1.3
NATURAL = {"Black_Hair": (34, 29, 28), "Brown_Hair": (92, 66, 48), "Blond_Hair": (196, 162, 112),
           "Gray_Hair": (168, 166, 164)}  # fmt: skip
"""Usual levels of hair before a white of 235, by the attribute of CelebA."""


@dataclass(frozen=True, slots=True)
class Fringe:
    """Hair before the face.

    Attributes:
        style: of `STYLES`.
        tip: v of the unrolled face to which it falls.
        side: which side it comes from or falls over, -1 left in the image, 1 right.
        dense: how many strands.
        seed: of the strands.
    """

    style: str
    tip: float
    side: int
    dense: int
    seed: int


def fringe(part: str, tip: float, rng: Generator) -> Fringe:
    """Hair of one of the part's styles that falls down to v = `tip`."""
    return Fringe(str(rng.choice(STYLES[part])), tip, int(rng.choice((-1, 1))),
                  int(rng.integers(260, 520)), int(rng.integers(2**31)))  # fmt: skip


def colour_of(rgb: NDArray[np.uint8], head: Head, light: Light, times: int, name: str) -> Floats:
    """(3,) level of the hair above a face in a picture.

    Args:
        head: in pixels `times` smaller than the picture's.
        name: of `NATURAL`, what colour it is of by its score; what is found must be like that.
    """
    usual: Floats = np.array(NATURAL[name]) * light.white / 235
    azimuth, y = np.meshgrid(np.linspace(-1.1, 1.1, 21), np.linspace(-12.0, -9.0, 7))
    xy = (head.seen(head.on_skull(azimuth, y))[..., :2].reshape(-1, 2) / times).astype(int)
    inside = (xy >= 0).all(axis=1) & (xy < rgb.shape[0]).all(axis=1)
    found = rgb[xy[inside, 1], xy[inside, 0]].astype(float)
    no_skin = np.abs(found - light.skin).max(axis=1) > 30
    like = found[no_skin & (np.abs(found - usual).max(axis=1) < 45)]
    return usual if len(like) < 12 else np.asarray(np.median(like, axis=0))


def room_of(rgb: NDArray[np.uint8], head: Head, times: int, tint: Floats) -> float:
    """How much farther than a short-haired head the hair reaches, 1 to `MOST_ROOM`.

    From the outline of the skull outwards, as long as the picture has the hair's colour; where it
    has so to the end, what is behind the head is as dark as the hair, and nothing is known.
    """
    angle, grow = np.meshgrid(np.linspace(-1.3, 1.3, 15), np.linspace(1.0, MOST_ROOM + 0.05, 15))
    middle, axes = SKULL
    arc = np.stack([axes[0] * np.sin(angle), -axes[1] * np.cos(angle), 0 * angle], axis=-1)
    xy = (head.seen(middle + arc * grow[..., None])[..., :2] / times).astype(int)
    inside = ((xy >= 0) & (xy < rgb.shape[0])).all(axis=-1)
    x, y = np.clip(xy, 0, rgb.shape[0] - 1).transpose(2, 0, 1)
    like = inside & (np.abs(rgb[y, x].astype(float) - tint).max(axis=-1) < 40)
    steps = np.cumprod(like, axis=0).sum(axis=0)
    reach = [float(grow[step - 1, 0]) for step in steps if 0 < step < len(grow)]
    return float(np.clip(np.percentile(reach, 75), 1.0, MOST_ROOM)) if len(reach) > 3 else 1.0


def draw(layer: Pixels, head: Head, light: Light, hair: Fringe, tint: Floats) -> None:
    """Paint hair of this colour (3,) into a layer; the deep strands first, darker."""
    rng = np.random.default_rng(hair.seed)
    lines = head.seen(_strands(head, hair, rng))[..., :2]
    up = np.linspace(0, 1, len(lines))
    tones = (0.55 + 0.45 * up) * rng.lognormal(0, 0.12, len(lines))
    widths = rng.uniform(0.14, 0.34, len(lines)) * head.scale
    # lit where the head is round, dark at the roots; thinner at the tip
    for start, end, lit, taper in ((0, 5, 0.97, 1.0), (4, 9, 1.06, 1.0), (8, 12, 1.0, 0.6)):
        for line, tone, width in zip(lines, tones, widths, strict=True):
            stroke(layer, line[start:end], tint * tone * lit, width * taper)


def _strands(head: Head, hair: Fringe, rng: Generator) -> Floats:
    """(n, 12, 3) strands in head coordinates, from the scalp to their tips."""
    n = hair.dense
    t = np.linspace(0, 1, 12)
    root, reach = _ways(hair, n, rng)
    low = hair.tip + rng.normal(0, RAGGED[hair.style], n)
    if hair.style == "swept":
        low = low + 1.8 * hair.side * reach
    if hair.style == "curtain":
        low = low + 1.0 - 4.0 * np.exp(-((reach / 0.2) ** 2))
    top = rng.uniform(-12.8, -9.5, n)
    azimuth = root[:, None] + (reach - root)[:, None] * t**1.2
    y = top[:, None] + (low - top)[:, None] * t
    if hair.style == "curly":
        turn = rng.uniform(8, 14, n)[:, None] * t + rng.uniform(0, 6, n)[:, None]
        azimuth, y = azimuth + 0.07 * np.sin(turn), y + 0.5 * np.cos(turn)
    points = head.on_skull(azimuth, np.minimum(y, -4.5), 1 + rng.uniform(0, 0.06, n)[:, None])
    points[..., 1] = y
    ahead = head.on_skin(np.stack([RADIUS * azimuth, y], axis=-1))[..., 2] - 0.5
    points[..., 2] = np.where(y > -8, np.minimum(points[..., 2], ahead), points[..., 2])
    return points


def _ways(hair: Fringe, n: int, rng: Generator) -> tuple[Floats, Floats]:
    """(n,) azimuth of the roots and of the tips."""
    if hair.style == "one side":
        return hair.side * rng.uniform(-0.3, 0.9, n), hair.side * rng.uniform(0.25, 1.0, n)
    if hair.style == "curtain":
        sides = rng.choice((-1, 1), n)
        return sides * np.abs(rng.normal(0.15, 0.25, n)), sides * rng.uniform(0.25, 1.05, n)
    if hair.style == "swept":
        root = hair.side * rng.uniform(-1.0, 0.7, n)
        return np.clip(root * 0.85, -0.9, 0.9), root - hair.side * rng.uniform(-0.2, 0.75, n)
    root = rng.uniform(-1.0, 1.0, n)
    return root, root * 1.15 + rng.normal(0, 0.09 if hair.style == "straight" else 0.22, n)
