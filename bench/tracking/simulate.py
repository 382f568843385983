"""A simulated detector and embedding over the truth of a scene: fast, and deterministic.

Positions are jittered by a few per cent of the face, scores and misses follow visibility, false
faces appear. Embeddings have the distances of the real network: about 0.3 between good faces of one
person, 0.8 between people, worse for small and half-hidden faces.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.tracking.scene import Scene, Truth
from mien.faces import Faces

Array = NDArray[Any]

DIMENSIONS = 128


@dataclass(frozen=True)
class Faults:
    """How bad the simulated detector is."""

    jitter: float = 0.04  # standard deviation of box centre and size, in face widths
    miss: float = 0.03  # probability of missing a face in full view
    false_faces: float = 0.03  # expected number a frame, at low scores
    spread: float = 0.22  # length of an embedding's error for a large face in full view


class Simulator:
    """Detections and embeddings for the frames of one scene."""

    def __init__(self, scene: Scene, faults: Faults | None = None) -> None:
        self.scene = scene
        self.faults = faults or Faults()
        self.embedded = 0
        rng = np.random.default_rng([scene.seed, 99])
        people = 1 + max((actor.identity for actor in scene.actors), default=0)
        self._centres = 1.25 * _unit(rng.standard_normal(DIMENSIONS)) + 0.57 * _unit(
            rng.standard_normal((people, DIMENSIONS))
        )

    def faces(self, k: int) -> Faces:
        """The detections of frame k, with an embedding each."""
        rng = np.random.default_rng([self.scene.seed, k, 1])
        truth = self.scene.truth(k)
        score = np.clip(truth.visible * 1.05 - rng.gamma(1.5, 0.06, len(truth.visible)), 0, 0.99)
        found = (score > 0.2) & (rng.uniform(size=len(score)) >= self.faults.miss)
        boxes = truth.box_xyxy[found]
        width = (boxes[:, 2] - boxes[:, 0])[:, None]
        boxes = boxes + self.faults.jitter * width * rng.standard_normal(boxes.shape)
        embedding = self._embeddings(rng, truth)[found]
        real = Faces(boxes, score[found], embedding=embedding)
        both = Faces.concat([real, self._false_faces(rng)])
        return both[rng.permutation(len(both))]

    def embed(self, faces: Faces) -> Faces:
        """What the embedding stage would do: here the column is there, so it only counts."""
        self.embedded += len(faces)
        return faces

    def _embeddings(self, rng: np.random.Generator, truth: Truth) -> Array:
        width = truth.box_xyxy[:, 2] - truth.box_xyxy[:, 0]
        worse = 1 + np.clip((48 - width) / 24, 0, 1.2) + 1.5 * (1 - truth.visible)
        error = _unit(rng.standard_normal((len(width), DIMENSIONS)))
        return self._centres[truth.identity] + self.faults.spread * worse[:, None] * error

    def _false_faces(self, rng: np.random.Generator) -> Faces:
        count = rng.poisson(self.faults.false_faces)
        side = rng.uniform(24, 80, (count, 1))
        corner = rng.uniform(0, 1, (count, 2)) * [self.scene.width, self.scene.height]
        boxes = np.concatenate([corner, corner + side * [1, 1.3]], axis=1)
        embedding = 1.3 * _unit(rng.standard_normal((count, DIMENSIONS)))
        return Faces(boxes, rng.uniform(0.25, 0.6, count), embedding=embedding)


def without_embedding(faces: Faces) -> Faces:
    """The same faces before the embedding stage."""
    return replace(faces, embedding=None)


def _unit(rows: Array) -> Array:
    scaled: Array = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
    return scaled
