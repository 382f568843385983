"""What a tracked person looks like: a running mean of embeddings, and how to weigh a distance.

Distances are L2 on the embedding as the network gives it (128 numbers of norm about 1.4). Between
pictures of one person they lie near 0.35, between people near 0.8.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.faces import Faces

Array = NDArray[Any]

NEUTRAL = 0.55
"""Distance at which an embedding says nothing for or against its being the same person."""

SLOPE = 40.0
"""Change of −2 log likelihood ratio with distance: two normal distributions of equal spread, 0.5
apart, have a ratio linear in distance; this slope stands for a spread of 0.16."""

FOR, AGAINST = -10.0, 14.0
"""Bounds of that ratio: no single embedding may outweigh everything else."""

OTHER_PERSON = 0.62
"""Distance from its own mean above which a clear view contradicts a track's identity."""

FULL_WIDTH, USELESS_WIDTH = 64.0, 12.0
"""Face widths in pixels between which an embedding's weight grows from nothing to full."""


class Appearance:
    """A weighted running mean of embeddings."""

    __slots__ = ("count", "total", "weight")

    def __init__(self) -> None:
        self.total: Array | None = None
        self.weight = 0.0
        self.count = 0

    @property
    def mean(self) -> Array | None:
        """(d,) the mean, None before the first embedding."""
        return None if self.total is None else self.total / self.weight

    def add(self, embedding: Array, weight: float) -> None:
        """Take in one embedding."""
        part = embedding.astype(np.float64) * weight
        self.total = part if self.total is None else self.total + part
        self.weight += weight
        self.count += 1


def evidence(distance: Array, trust: Array) -> Array:
    """−2 log likelihood ratio of "the same person" to "another", 0 where the distance is NaN.

    Args:
        distance: L2 between embeddings.
        trust: 0..1, broadcastable; what share of the evidence counts.
    """
    ratio: Array = np.clip(SLOPE * (distance - NEUTRAL), FOR, AGAINST) * trust
    return np.nan_to_num(ratio, nan=0.0)


def trust(faces: Faces, covered: Array) -> Array:
    """(n,) 0..1: how far the embedding of each face can be believed.

    Args:
        faces: the detections; size, score and, when there, blur and noise count.
        covered: (n,) overlap with the nearest other detection, as IoU.
    """
    width = faces.size_wh[:, 0]
    weight = np.clip((width - USELESS_WIDTH) / (FULL_WIDTH - USELESS_WIDTH), 0.02, 1)
    weight = weight * np.clip(faces.score, 0.05, 1) * np.clip(1 - 2 * covered, 0.05, 1)
    if faces.quality is not None:
        weight = weight * (1 - 0.5 * np.nan_to_num(faces.quality[:, [0, 2]]).max(axis=1))
    return np.asarray(weight, np.float64)


def distances(a: Array, b: Array) -> Array:
    """(n, m) L2 between the rows of a and of b; NaN where either row has NaN."""
    squared = np.sum(a**2, axis=1)[:, None] + np.sum(b**2, axis=1)[None] - 2 * a @ b.T
    rooted: Array = np.sqrt(np.maximum(squared, 0))
    return rooted
