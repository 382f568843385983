"""Patches that show no face: cut from pictures, from beside faces, and generated.

All are drawn from a seed, so that two measurements see the same ones. The pictures are those of the
detection corpus; a crop from a picture with faces keeps clear of every labelled one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from bench.detection.corpus import MissingPictureError, Picture, pictures, read

Array = NDArray[Any]

SIDE = 48
LEAST_SIDE = 32
"""Pixels along a side of the smallest crop."""
CLEARANCE = 0.25
"""Crops keep this share of a face's size away from it, so that no ear or chin is in them."""
TRIES = 200


def kinds() -> dict[str, Callable[[int, int], list[Array]]]:
    """Every kind of patch: its name, and what makes `count` of them from a seed."""
    return {
        "pictures without a face": without_faces,
        "beside faces": beside_faces,
        "generated": generated,
    }


def without_faces(count: int, seed: int) -> list[Array]:
    """Square crops of any size from pictures without a face, (s, s, 3) uint8 each."""
    rng = np.random.default_rng(seed)
    chosen = [picture for picture in _here() if not _boxes(picture).size]
    return [_square(_pixels(chosen[at % len(chosen)]), rng) for at in range(count)]


def beside_faces(count: int, seed: int) -> list[Array]:
    """Square crops from pictures with faces, clear of them: clothes, hands, rooms."""
    rng = np.random.default_rng(seed)
    chosen = [picture for picture in _here() if _boxes(picture).size]
    found: list[Array] = []
    for at in range(count * 20):
        if len(found) == count:
            return found
        picture = chosen[at % len(chosen)]
        crop = _clear_square(_pixels(picture), _boxes(picture), rng)
        if crop is not None:
            found.append(crop)
    raise RuntimeError(f"only {len(found)} of {count} crops keep clear of the faces")


def generated(count: int, seed: int) -> list[Array]:
    """Noise of every grain, ramps, stripes, checks, spots and discs, (48, 48) uint8 each."""
    rng = np.random.default_rng(seed)
    makers = (noise, ramp, stripes, checks, spots, discs)
    return [makers[at % len(makers)](rng) for at in range(count)]


def noise(rng: Generator) -> Array:
    """Noise of a grain of 1 to 16 pixels."""
    cells = SIDE // int(rng.integers(1, 17)) + 1
    values = rng.normal(rng.uniform(40, 215), rng.uniform(5, 90), (cells, cells))
    return _scaled(values, cv2.INTER_CUBIC if rng.random() < 0.5 else cv2.INTER_NEAREST)


def ramp(rng: Generator) -> Array:
    """Light that rises along one direction, straight or bent."""
    along = _along(rng) + 0.5
    return _toned(np.clip(along, 0, 1) ** rng.uniform(0.4, 2.5), rng)


def stripes(rng: Generator) -> Array:
    """Waves or bars along one direction."""
    waves = np.sin(2 * np.pi * (_along(rng) * rng.uniform(1, 12) + rng.random()))
    return _toned((waves > 0) if rng.random() < 0.5 else (waves + 1) / 2, rng)


def checks(rng: Generator) -> Array:
    """Two crossed waves, soft or hard."""
    many = rng.uniform(1, 6, 2)
    first, second = (np.sin(2 * np.pi * (_along(rng) * n + rng.random())) for n in many)
    both = first * second
    return _toned((both > 0) if rng.random() < 0.5 else (both + 1) / 2, rng)


def spots(rng: Generator) -> Array:
    """Two to nine soft spots, dark or light."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE
    picture = np.full((SIDE, SIDE), 0.5)
    for _ in range(int(rng.integers(2, 10))):
        cx, cy, width = rng.random(), rng.random(), rng.uniform(0.04, 0.3)
        picture += rng.uniform(-0.5, 0.5) * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / width**2)
    return _toned(np.clip(picture, 0, 1), rng)


def discs(rng: Generator) -> Array:
    """One to six filled ellipses over one another."""
    picture = np.full((SIDE, SIDE), rng.uniform(0, 255))
    for _ in range(int(rng.integers(1, 7))):
        centre, axes = rng.integers(0, SIDE, 2).tolist(), rng.integers(2, SIDE // 2, 2).tolist()
        tilt, level = float(rng.uniform(0, 180)), float(rng.uniform(0, 255))
        cv2.ellipse(picture, centre, axes, tilt, 0, 360, level, -1, cv2.LINE_8)
    return picture.astype(np.uint8)


def _along(rng: Generator) -> Array:
    """Place along a direction drawn at random, -0.7 to 0.7 over the patch."""
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5
    angle = rng.uniform(0, 2 * np.pi)
    return np.asarray(x * np.cos(angle) + y * np.sin(angle))


def _toned(shares: Array, rng: Generator) -> Array:
    """Values of 0 to 1 between two levels of gray."""
    low, high = rng.uniform(0, 255, 2)
    return np.asarray(low + (high - low) * shares, np.uint8)


def _scaled(values: Array, how: int) -> Array:
    large = cv2.resize(values.astype(np.float32), (SIDE, SIDE), interpolation=how)
    return np.clip(large, 0, 255).astype(np.uint8)


def _square(rgb: Array, rng: Generator) -> Array:
    """A square anywhere in the picture, its side drawn evenly on a logarithmic scale."""
    height, width = rgb.shape[:2]
    side = _side(min(height, width), rng)
    top, left = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
    return rgb[top : top + side, left : left + side]


def _clear_square(rgb: Array, boxes: Array, rng: Generator) -> Array | None:
    """A square that keeps clear of the boxes, or None where chance finds none."""
    height, width = rgb.shape[:2]
    apart = CLEARANCE * (boxes[:, 2:] - boxes[:, :2])
    low, high = boxes[:, :2] - apart, boxes[:, 2:] + apart
    for _ in range(TRIES):
        side = _side(min(height, width) // 2, rng)
        top, left = rng.integers(0, height - side + 1), rng.integers(0, width - side + 1)
        start, stop = np.array([left, top]), np.array([left + side, top + side])
        if not ((start < high) & (stop > low)).all(axis=1).any():
            return rgb[top : top + side, left : left + side]
    return None


def _side(most: int, rng: Generator) -> int:
    least = min(LEAST_SIDE, most)
    return round(float(np.exp(rng.uniform(np.log(least), np.log(max(least, most))))))


@cache
def _here() -> tuple[Picture, ...]:
    """The corpus's pictures that can be had on this machine."""
    return tuple(_readable())


def _readable() -> Iterator[Picture]:
    for picture in pictures():
        try:
            _pixels(picture)
        except MissingPictureError:
            continue
        yield picture


@cache
def _pixels(picture: Picture) -> Array:
    return read(picture)


def _boxes(picture: Picture) -> Array:
    return np.concatenate([picture.truth.faces, picture.truth.ignore])
