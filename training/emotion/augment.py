"""Changes made to faces while training; every one works on a whole batch.

Order: what a camera or codec does to the small picture (`degrade`), then where the face sits
(`place`, which also scales to the network's input), then light (`relight`), then what covers it
(`erase`), then mixing of two faces (`mix`).
"""

from __future__ import annotations

import io
import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from torch import Tensor
from torch.nn import functional

from training.schedule import Strength


class Damage(NamedTuple):
    """What a camera or codec may do to a small picture."""

    formats: tuple[str, ...]
    """What it is compressed as, one or the other, at a quality of 25 to 89."""
    blur: tuple[float, float]
    """Least and largest width of the blur, in pixels."""
    sides: tuple[int, int]
    """Least side that it is shrunk to, and the first that it is not."""


DAMAGE = Damage(("JPEG",), (0.3, 1.0), (24, 44))


def degrade(
    images: NDArray[np.uint8], share: float, rng: Generator, damage: Damage = DAMAGE
) -> NDArray[np.uint8]:
    """Compress, blur, or shrink and enlarge a share of the faces, (n, h, w) or (n, h, w, 3)."""
    changed = images.copy()
    for row in np.flatnonzero(rng.random(len(images)) < share):
        changed[row] = np.asarray(_degrade_one(Image.fromarray(images[row]), rng, damage))
    return changed


def _degrade_one(face: Image.Image, rng: Generator, damage: Damage) -> Image.Image:
    kind = int(rng.integers(len(damage.formats) + 2))
    if kind < len(damage.formats):
        stream = io.BytesIO()
        face.save(stream, damage.formats[kind], quality=int(rng.integers(25, 90)))
        return Image.open(stream)
    if kind == len(damage.formats):
        return face.filter(ImageFilter.GaussianBlur(float(rng.uniform(*damage.blur))))
    side = int(rng.integers(*damage.sides))
    return face.resize((side, side), Image.Resampling.BOX).resize(
        face.size, Image.Resampling.BICUBIC
    )


def place(
    images: Tensor, side: int | tuple[int, int], strength: Strength, rng: Generator, *,
    centre: tuple[float, float] = (0.5, 0.5), share: float | tuple[float, float] = 1.0,
) -> Tensor:  # fmt: skip
    """Mirror, turn, scale, stretch and shift each face, and scale it to `side` pixels.

    Args:
        images: (n, c, s, s) float.
        side: side of the network's input; or its width and height.
        centre: x and y of the middle of the part that is read, in shares of the picture.
        share: side of that part, likewise; or its width and height.

    Returns:
        (n, c, height, width); what comes from outside the picture repeats its border.
    """
    count = len(images)
    angle = np.radians(strength.rotation_deg) * rng.uniform(-1, 1, count)
    zoom = np.exp(strength.scale * rng.uniform(-1, 1, count))
    stretch = np.exp(strength.stretch * rng.uniform(-1, 1, count))
    mirror = rng.choice((-1.0, 1.0), count)
    # The grid runs over -1..1, so a shift by a share of the side is twice that.
    shift = 2 * strength.shift * rng.uniform(-1, 1, (count, 2)) + 2 * np.array(centre) - 1
    cosine, sine = np.cos(angle) * zoom, np.sin(angle) * zoom
    across, down = share if isinstance(share, tuple) else (share, share)
    width, height = side if isinstance(side, tuple) else (side, side)
    matrix = np.stack(
        [
            np.stack([mirror * cosine * stretch * across, -sine * down, shift[:, 0]], axis=1),
            np.stack([mirror * sine * stretch * across, cosine * down, shift[:, 1]], axis=1),
        ],
        axis=1,
    )
    theta = torch.from_numpy(matrix.astype(np.float32))
    grid = functional.affine_grid(theta, [count, 1, height, width], align_corners=False)
    return functional.grid_sample(
        images, grid, mode="bilinear", padding_mode="border", align_corners=False
    )


def relight(images: Tensor, strength: float, rng: Generator) -> Tensor:
    """Change brightness, contrast and gamma of each face of 0..255."""
    count = len(images)

    def draw(centre: float) -> Tensor:
        values = centre + strength * rng.uniform(-1, 1, (count, 1, 1, 1))
        return torch.from_numpy(values.astype(np.float32))

    mean = images.mean(dim=(2, 3), keepdim=True)
    changed = (images - mean) * draw(1.0) + mean * draw(1.0)
    return 255 * (changed / 255).clamp(0, 1) ** draw(1.0)


def erase(images: Tensor, share: float, rng: Generator) -> Tensor:
    """Cover a rectangle (2 to 20 % of the area) of a share of the faces with noise, in place."""
    side = images.shape[-1]
    for row in np.flatnonzero(rng.random(len(images)) < share):
        area = rng.uniform(0.02, 0.2) * side * side
        ratio = math.exp(rng.uniform(-1, 1))
        height = min(side, max(1, round(math.sqrt(area * ratio))))
        width = min(side, max(1, round(math.sqrt(area / ratio))))
        top, left = rng.integers(0, side - height + 1), rng.integers(0, side - width + 1)
        level, spread = rng.uniform(0, 255), rng.uniform(0, 60)
        patch = np.clip(rng.normal(level, spread, (height, width)), 0, 255).astype(np.float32)
        images[row, 0, top : top + height, left : left + width] = torch.from_numpy(patch)
    return images


def faceless(
    images: Tensor, targets: Tensor, share: float, rng: Generator
) -> tuple[Tensor, Tensor]:
    """Put something without a face in place of a share of the faces: then nothing is likely.

    Half of them are a sixth to a third of the face, enlarged; the others noise of random grain.

    Args:
        images: (n, 1, s, s), changed in place.
        targets: (n, 8), not changed.
    """
    chosen = np.flatnonzero(rng.random(len(images)) < share)
    if not len(chosen):
        return images, targets
    side = images.shape[-1]
    for row in chosen:
        grain = int(rng.integers(side // 6, side // 3))
        if rng.random() < 0.5:
            top, left = rng.integers(0, side - grain, 2)
            part = images[row, :, top : top + grain, left : left + grain]
        else:
            noise = rng.normal(rng.uniform(40, 215), rng.uniform(0, 80), (1, grain, grain))
            part = torch.from_numpy(noise.clip(0, 255).astype(np.float32))
        images[row] = functional.interpolate(part[None], (side, side), mode="bilinear")[0]
    targets = targets.clone()
    targets[chosen] = 1 / targets.shape[1]
    return images, targets


def mix(
    images: Tensor, targets: Tensor, strength: Strength, rng: Generator
) -> tuple[Tensor, Tensor]:
    """Blend each face and its target with another of the batch, in a share of the batches.

    A target that is unknown (NaN) in one of the two is unknown.
    """
    if rng.random() >= strength.mixed_batches:
        return images, targets
    first = float(rng.beta(strength.mix_alpha, strength.mix_alpha))
    order = torch.from_numpy(rng.permutation(len(images)))
    return (
        first * images + (1 - first) * images[order],
        first * targets + (1 - first) * targets[order],
    )
