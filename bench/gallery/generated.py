"""Embeddings of as many people as one likes, distributed like those of real ones.

A person is a centre and a face of theirs a point about it, both normal. The variances by principal
axis are those of LFW (bench/gallery/people.py), between people and within one, here as straight
lines over the number of the axis on a logarithmic scale. The network's 128 numbers vary along some
75 axes only. Some people are nearer to the middle of all than others, and some faces nearer to
their person's: each is drawn in by a factor of its own, whose spread is chosen so that distances
are distributed as LFW's are (`REAL`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

SIZE, AXES = 128, 75
AXIS = (0, 1, 3, 7, 19, 32, 44, 56, 68, 74)
BETWEEN = (0.0306, 0.0222, 0.0141, 0.0064, 0.0031, 0.0017, 0.0011, 0.00065, 0.00032, 0.0002)
WITHIN = (0.0013, 0.0020, 0.0020, 0.0019, 0.0017, 0.0014, 0.0011, 0.0008, 0.0007, 0.0006)
LENGTH = 1.29  # of the mean of all
SPREAD_OF_PEOPLE, SPREAD_OF_FACES = 0.13, 0.15  # deviation of the logarithm of the factors

SHARES = (1e-5, 1e-4, 1e-3, 1e-2, 0.5)
REAL = ((0.405, 0.457, 0.524, 0.595, 0.799), (0.320, 0.419, 0.530))
"""Distances of LFW's faces: of two people at SHARES, of one person at 5, 50 and 95 %."""


@dataclass(frozen=True)
class Spread:
    """Standard deviations by axis, the axes, and the mean of all people."""

    between: Array
    within: Array
    axes: Array
    mean: Array

    def people(self, count: int, rng: np.random.Generator) -> Array:
        """(count, 128) centres of people."""
        places = rng.standard_normal((count, AXES), np.float32) * self.between
        return self._turned(places * _factors(count, SPREAD_OF_PEOPLE, rng)) + self.mean

    def faces(self, centres: Array, rng: np.random.Generator) -> Array:
        """(n, 128) a face of each of the people with these centres."""
        places = rng.standard_normal((len(centres), AXES), np.float32) * self.within
        return centres + self._turned(places * _factors(len(centres), SPREAD_OF_FACES, rng))

    def _turned(self, places: Array) -> Array:
        return np.asarray(places @ self.axes)


def _factors(count: int, deviation: float, rng: np.random.Generator) -> Array:
    """(count, 1) float32 factors that leave the variance as it is."""
    logs = rng.normal(-(deviation**2), deviation, (count, 1))
    return np.exp(logs).astype(np.float32)


def spread(seed: int = 0) -> Spread:
    """Axes in directions of no meaning, the same for a seed."""
    rng = np.random.default_rng(seed)
    turned, _ = np.linalg.qr(rng.standard_normal((SIZE, SIZE)))
    mean = turned[AXES] * LENGTH
    between, within = (
        np.sqrt(np.exp(np.interp(np.arange(AXES), AXIS, np.log(values)))).astype(np.float32)
        for values in (BETWEEN, WITHIN)
    )
    return Spread(between, within, turned[:AXES].astype(np.float32), mean.astype(np.float32))


def distances_of(spread: Spread, rng: np.random.Generator) -> Iterator[tuple[str, ...]]:
    """Generated distances beside REAL ones, to compare."""
    centres = spread.people(3_000, rng)
    faces = spread.faces(centres, rng)
    again = np.linalg.norm(faces - spread.faces(centres, rng), axis=1)
    squares = np.einsum("nd,nd->n", faces, faces)
    apart = squares[:, None] + squares - 2 * faces @ faces.T
    other = np.sqrt(np.maximum(apart[np.triu_indices(len(faces), 1)], 0))
    for what, found, shares, real in (
        ("two people", other, SHARES, REAL[0]),
        ("one person", again, (0.05, 0.5, 0.95), REAL[1]),
    ):
        for share, wanted in zip(shares, real, strict=True):
            yield what, f"{share:g}", f"{np.quantile(found, share):.3f}", f"{wanted:.3f}"
