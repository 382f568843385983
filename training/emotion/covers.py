"""Faces of which the eyes, the mouth or one side are covered, for fitting what notices that.

Crops are framed as those of FER+: eyes at three eighths of the height, mouth at three quarters.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from training.emotion.hands import with_hand
from training.emotion.no_faces import SIDE, Floats, Gray, blurred, levels, pink

PARTS = ("eyes", "mouth")
"""What a face is told to lack, in the order of the labels."""


class Kind(NamedTuple):
    """One way of covering, and which of `PARTS` it hides."""

    name: str
    hides: tuple[bool, bool]


KINDS = (
    Kind("lower half", (False, True)),
    Kind("spot on the mouth", (False, True)),
    Kind("hand", (False, True)),
    Kind("hand", (False, True)),
    Kind("band over the eyes", (True, False)),
    Kind("dark glasses", (True, False)),
    Kind("upper half", (True, False)),
    Kind("left half", (True, True)),
    Kind("right half", (True, True)),
)
OTHER_FACE = 0.1
"""Share of the covers of regions that are a piece of another face."""


def covered(faces: Gray, rng: Generator) -> tuple[Gray, NDArray[np.bool_]]:
    """The faces, each covered in one of the ways, and what is hidden: (n, 48, 48), (n, 2)."""
    pictures, hidden = [], []
    for at, face in enumerate(faces):
        kind = KINDS[at % len(KINDS)]
        hidden.append(kind.hides)
        if kind.name == "hand":
            pictures.append(with_hand(face, rng))
            continue
        inside = blurred(region(kind.name, rng), rng)
        over = cloth(face, rng)
        if kind.name == "dark glasses":
            over = over * rng.uniform(0.05, 0.9)
        elif rng.random() < OTHER_FACE:
            over = faces[rng.integers(len(faces))].astype(np.float64)
        pictures.append(levels(face + inside * (over - face)))
    return np.stack(pictures), np.array(hidden)


def region(name: str, rng: Generator) -> NDArray[np.bool_]:
    """(48, 48), true where a cover of this name lies."""
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5
    if name == "lower half":
        return np.asarray(y > SIDE * rng.uniform(0.5, 0.63) + wavy(3, rng)[None])
    if name == "spot on the mouth":
        centre, axes = SIDE * rng.uniform((0.38, 0.7), (0.62, 0.83)), rng.uniform((11, 8), (18, 14))
        return np.asarray((((x - centre[0]) / axes[0]) ** 2 + ((y - centre[1]) / axes[1]) ** 2) < 1)
    if name == "band over the eyes":
        top = SIDE * rng.uniform(0.12, 0.26) + wavy(2, rng)[None]
        return np.asarray((y > top) & (y < SIDE * rng.uniform(0.47, 0.56) + wavy(2, rng)[None]))
    if name == "dark glasses":
        return _glasses(x, y, rng)
    if name == "upper half":
        return np.asarray(y < SIDE * rng.uniform(0.47, 0.58) + wavy(3, rng)[None])
    edge = SIDE * rng.uniform(0.42, 0.58) + wavy(3, rng)[:, None]
    return np.asarray(x < edge if name == "left half" else x > edge)


def _glasses(x: Floats, y: Floats, rng: Generator) -> NDArray[np.bool_]:
    """Two lenses, round or square, and the bridge between them."""
    level, power = SIDE * rng.uniform(0.36, 0.42), rng.choice((2, 4))
    width, height = rng.uniform(7.5, 11), rng.uniform(5, 8.5)
    lenses = [
        np.abs((x - SIDE * centre) / width) ** power + np.abs((y - level) / height) ** power < 1
        for centre in (0.3, 0.7)
    ]
    return np.asarray(lenses[0] | lenses[1] | ((np.abs(y - level + 2) < 1) & (x > 2) & (x < 46)))


def cloth(face: Gray, rng: Generator) -> Floats:
    """(48, 48) of what may cover a face: skin, with fingers or plain; cloth; paper; stripes."""
    kind = rng.random()
    if kind < 0.35:
        return skin(face, rng)
    if kind < 0.6:
        return np.asarray(rng.uniform(10, 245) + rng.uniform(2, 40) * pink(rng))
    if kind < 0.75:
        return np.asarray(rng.uniform(5, 250) + rng.uniform(0, 8) * pink(rng, 2))
    if kind < 0.9:
        wave = np.sin(_along(rng.uniform(0, np.pi)) * rng.uniform(0.2, 1.5))
        return np.asarray(rng.uniform(60, 190) + rng.uniform(10, 60) * wave)
    return rng.normal(rng.uniform(40, 210), rng.uniform(5, 60), (SIDE, SIDE))


def skin(face: Gray, rng: Generator) -> Floats:
    """As light as the face, softly shaded; mostly with the dark lines between fingers."""
    tone = np.percentile(face, rng.uniform(50, 85)) * rng.uniform(0.8, 1.1)
    picture = tone + rng.uniform(2, 15) * pink(rng, 2.2)
    if rng.random() < 0.6:
        width = rng.uniform(6, 11)
        place = _along(rng.uniform(-0.5, 0.5) + rng.choice((0, np.pi / 2)))
        beside = (place + rng.uniform(0, width)) % width - width / 2
        picture = picture - rng.uniform(15, 60) * np.exp(-(beside**2) / rng.uniform(0.6, 2.5))
    return np.asarray(picture)


def wavy(height: float, rng: Generator) -> Floats:
    """(48,) a line that swings by up to about this many pixels."""
    place = np.arange(SIDE) * 2 * np.pi / SIDE
    waves = [
        rng.uniform(-height, height) / n * np.sin(0.7 * n * place + rng.uniform(0, 2 * np.pi))
        for n in (1, 2, 3)
    ]
    return np.asarray(np.sum(waves, axis=0))


def _along(angle: float) -> Floats:
    """Pixels along a direction."""
    y, x = np.mgrid[:SIDE, :SIDE]
    return np.asarray(x * np.cos(angle) + y * np.sin(angle))
