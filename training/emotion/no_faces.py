"""Crops of 48 x 48 pixels that show no face, made of noise, of shapes and of scattered parts.

For fitting what tells a face from something else (`training.emotion.doubt`). Nothing here is cut
from a photo without faces: on those the result is measured.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageFilter

SIDE = 48
Gray = NDArray[np.uint8]
Floats = NDArray[np.float64]


def no_faces(faces: Gray, count: int, rng: Generator) -> Gray:
    """`count` crops without a face, (count, 48, 48), of every kind equally many.

    Args:
        faces: (n, 48, 48) uint8, whose small parts and shuffled tiles are used too.
    """
    made = [_one(at, faces, rng) for at in range(count)]
    return np.stack(made) if made else np.zeros((0, SIDE, SIDE), np.uint8)


def _one(at: int, faces: Gray, rng: Generator) -> Gray:
    face = faces[rng.integers(len(faces))]
    kind = at % 8
    if kind == 0:
        return fragment(face, rng)
    if kind == 1:
        return shuffled(face, rng)
    if kind == 2:
        return collage([fragment(face, rng), cloud(rng), edges(rng)], rng)
    if kind == 3:
        return mirrored(face, rng)
    return (cloud, edges, grain, waves)[kind - 4](rng)


def fragment(face: Gray, rng: Generator) -> Gray:
    """A sixth to a half of the side of a face, enlarged."""
    side = int(rng.integers(SIDE // 6, SIDE // 2))
    top, left = rng.integers(0, SIDE - side + 1, 2)
    return enlarged(face[top : top + side, left : left + side])


def shuffled(face: Gray, rng: Generator) -> Gray:
    """The tiles of a face in another order, each turned by quarters."""
    many = int(rng.choice((3, 4, 6)))
    side = SIDE // many
    tiles = face.reshape(many, side, many, side).swapaxes(1, 2).reshape(-1, side, side)
    tiles = np.stack([np.rot90(tile, int(rng.integers(4))) for tile in rng.permutation(tiles)])
    return tiles.reshape(many, many, side, side).swapaxes(1, 2).reshape(SIDE, SIDE)


def mirrored(face: Gray, rng: Generator) -> Gray:
    """A part of a face beside its mirror image: even on both sides, as faces are."""
    part = fragment(face, rng)[:, : SIDE // 2]
    both = np.concatenate([part, part[:, ::-1]], axis=1)
    return both if rng.random() < 0.5 else np.ascontiguousarray(both.T)


def collage(parts: list[Gray], rng: Generator) -> Gray:
    """Ellipses of some pictures, one to five, on the first of them."""
    picture: Floats = parts[0].astype(np.float64)
    for _ in range(int(rng.integers(1, 6))):
        inside = blurred(ellipse(rng.uniform(0, SIDE, 2), rng.uniform(3, 20, 2), rng), rng)
        picture += inside * (parts[int(rng.integers(len(parts)))] - picture)
    return picture.astype(np.uint8)


def cloud(rng: Generator) -> Gray:
    """Noise whose power falls with frequency, as that of photos does."""
    return levels(rng.uniform(60, 200) + rng.uniform(5, 70) * pink(rng))


def edges(rng: Generator) -> Gray:
    """Flat areas with straight borders, some shaded, some with grain."""
    along, picture = _plane(), np.full((SIDE, SIDE), rng.uniform(0, 255))
    for _ in range(int(rng.integers(1, 7))):
        area = _side_of_a_line(rng)
        if rng.random() < 0.6:
            area &= _side_of_a_line(rng)
        shade = rng.uniform(0, 255) + rng.uniform(-100, 100) * along[1]
        picture = np.where(area, shade, picture)
    picture = picture + rng.normal(0, rng.uniform(0, 15), picture.shape)
    return soft(levels(picture), rng.uniform(0.3, 1.5))


def grain(rng: Generator) -> Gray:
    """Noise without any order, its grain 1 to 16 pixels."""
    cells = SIDE // int(rng.integers(1, 17)) + 1
    values = levels(rng.normal(rng.uniform(40, 215), rng.uniform(5, 90), (cells, cells)))
    return enlarged(values, smooth=rng.random() < 0.5)


def waves(rng: Generator) -> Gray:
    """One wave or the product of two, soft or hard: stripes, checks, rings of light."""
    wave = _wave(rng) * (_wave(rng) if rng.random() < 0.5 else 1)
    shares = wave > 0 if rng.random() < 0.5 else (wave + 1) / 2
    low, high = rng.uniform(0, 255, 2)
    return levels(low + (high - low) * shares + rng.normal(0, rng.uniform(0, 10), wave.shape))


def pink(rng: Generator, slope: float | None = None) -> Floats:
    """(48, 48) noise of mean 0 and deviation 1, amplitude 1 / frequency^slope (0.5 to 2.5)."""
    slope = float(rng.uniform(0.5, 2.5)) if slope is None else slope
    frequency = np.fft.fftfreq(SIDE)
    radius = np.hypot(frequency[:, None], frequency[None])
    radius[0, 0] = 1 / SIDE
    values = np.fft.ifft2(np.fft.fft2(rng.normal(size=(SIDE, SIDE))) / radius**slope).real
    return np.asarray((values - values.mean()) / values.std())


def ellipse(
    centre: NDArray[np.float64], axes: NDArray[np.float64], rng: Generator
) -> NDArray[np.bool_]:
    """(48, 48), true inside an ellipse turned at random."""
    angle = rng.uniform(0, np.pi)
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    x, y = x - centre[0], y - centre[1]
    across, along = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    return np.asarray((across / axes[0]) ** 2 + (along / axes[1]) ** 2 < 1)


def blurred(mask: NDArray[np.bool_], rng: Generator) -> Floats:
    """A mask with a soft rim, 0 to 1."""
    hard = (255 * mask).astype(np.uint8)
    return soft(hard, rng.uniform(0.3, 1.5)).astype(np.float64) / 255


def soft(picture: Gray, width: float) -> Gray:
    """Blurred by a Gaussian of this width in pixels."""
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(width)))


def levels(values: Floats) -> Gray:
    """Numbers as gray levels, cut at 0 and 255."""
    return np.clip(values, 0, 255).astype(np.uint8)


def enlarged(picture: Gray, *, smooth: bool = True) -> Gray:
    """The picture at 48 x 48."""
    how = Image.Resampling.BICUBIC if smooth else Image.Resampling.NEAREST
    return np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), how))


def _plane() -> NDArray[np.float64]:
    """(2, 48, 48) y and x of every pixel, -0.5 to 0.5."""
    return (np.mgrid[:SIDE, :SIDE] + 0.5) / SIDE - 0.5


def _direction(rng: Generator) -> Floats:
    """Place along a direction drawn at random."""
    y, x = _plane()
    angle = rng.uniform(0, 2 * np.pi)
    return np.asarray(x * np.cos(angle) + y * np.sin(angle))


def _side_of_a_line(rng: Generator) -> NDArray[np.bool_]:
    return np.asarray(_direction(rng) > rng.uniform(-0.4, 0.4))


def _wave(rng: Generator) -> Floats:
    return np.asarray(np.sin(2 * np.pi * (_direction(rng) * rng.uniform(0.5, 10) + rng.random())))
