"""A clip of two real people whose places are known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.tracking.identities import people
from bench.tracking.render import texture
from bench.tracking.scene import ASPECT, HEAD
from tests.clips import write_clip

Array = NDArray[Any]

WIDTH, HEIGHT, FRAMES = 480, 270, 75
FACE = 60
"""Pixels across."""

WOMAN, MAN = "astronaut-0", "biden-0"


def place_of(name: str, frame: int) -> tuple[float, float]:
    """The middle of a face: she walks to the right, he stays."""
    return (120 + frame * 0.8, 120) if name == WOMAN else (370, 150)


def box_of(name: str, frame: int) -> Array:
    """(4,) the face in a frame."""
    x, y = place_of(name, frame)
    half_wh = np.array([FACE, FACE * ASPECT]) / 2
    middle = np.array([x, y])
    return np.concatenate([middle - half_wh, middle + half_wh])


def pictures() -> Iterator[Array]:
    """The frames."""
    heads = {person.name: person.heads[0] for person in people() if person.name in (WOMAN, MAN)}
    ground = texture(WIDTH, HEIGHT, 3) // 2 + 60
    size = round(FACE * HEAD), round(FACE * HEAD * ASPECT)
    for frame in range(FRAMES):
        picture = ground.copy()
        for name, head in heads.items():
            small = cv2.resize(head, size, interpolation=cv2.INTER_AREA).astype(np.float32)
            x, y = (round(v - s / 2) for v, s in zip(place_of(name, frame), size, strict=True))
            patch = picture[y : y + size[1], x : x + size[0]]
            patch[:] = patch * (1 - small[..., 3:] / 255) + small[..., :3]
        yield picture


def write_two_people(path: Path) -> Path:
    """Write the clip, three seconds with sound."""
    return write_clip(path, pictures(), sound_s=3.0)
