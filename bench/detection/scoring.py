"""Recall and precision of boxes against truth, by size of the face."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.detection.corpus import Truth

Array = NDArray[Any]

SIZES = (0, 24, 36, 64, 128, 256, math.inf)
"""Bands of the size of a face, in pixels: the geometric mean of its box's sides."""

SHARES = (0, 0.05, 0.1, 0.3, 0.6, math.inf)
"""Bands of the share of the picture's side that a face takes, along the side it takes more of."""


class Box(NamedTuple):
    """One face of the truth or of a detector, with what it is sorted into bands by."""

    picture: str
    box_xyxy: tuple[float, ...]
    size: float
    share: float
    score: float = math.nan


class Rate(NamedTuple):
    """A share of successes with its 95 % Wilson interval; NaN where there was nothing to count."""

    successes: int
    trials: int

    @property
    def value(self) -> float:
        """Successes by trials."""
        return self.successes / self.trials if self.trials else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson, E. B. (1927), Probable inference; z = 1.96."""
        if not self.trials:
            return math.nan, math.nan
        z2, n, p = 1.96**2, self.trials, self.value
        centre = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = math.sqrt(p * (1 - p) * z2 / n + (z2 / (2 * n)) ** 2) / (1 + z2 / n)
        return max(0.0, centre - half), min(1.0, centre + half)


@dataclass
class Tally:
    """What was found, missed and invented over many pictures."""

    found: list[Box] = field(default_factory=list)
    missed: list[Box] = field(default_factory=list)
    extra: list[Box] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count another tally in."""
        self.found += other.found
        self.missed += other.missed
        self.extra += other.extra

    def within(self, low: float, high: float, by: str = "size") -> Tally:
        """Only faces with low <= size < high (or share); a false positive by its own."""

        def pick(boxes: Iterable[Box]) -> list[Box]:
            return [box for box in boxes if low <= getattr(box, by) < high]

        return Tally(pick(self.found), pick(self.missed), pick(self.extra))

    @property
    def recall(self) -> Rate:
        """Faces found of the faces there are."""
        return Rate(len(self.found), len(self.found) + len(self.missed))

    @property
    def precision(self) -> Rate:
        """Faces found of all that was called a face."""
        return Rate(len(self.found), len(self.found) + len(self.extra))


def score(
    name: str,
    shape: Sequence[int],
    truth: Truth,
    boxes: Array,
    scores: Array,
    *,
    iou: float,
) -> Tally:
    """Match detections to the truth of one picture.

    The most confident detection goes first and takes the free face that it overlaps most. What
    takes none is a false positive, unless it overlaps an ignored face by `iou` or lies in one by
    more than half. So a second detection of one face is a false positive. Detections are clipped
    to the picture, in which the truth lies.

    Args:
        shape: height and width of the picture.
        boxes: (n, 4) xyxy.
        scores: (n,).
        iou: intersection over union from which two boxes are the same face.
    """
    height, width = shape[:2]
    boxes = np.asarray(boxes, float).clip(0, [width, height, width, height])
    free = np.ones(len(truth.faces), bool)
    overlaps, (ignored, inside) = ious(boxes, truth.faces)[0], ious(boxes, truth.ignore)
    tally = Tally()
    for row in np.argsort(-np.asarray(scores), kind="stable"):
        candidates = np.where(free, overlaps[row], -1.0)
        best = int(candidates.argmax()) if len(candidates) else -1
        if best >= 0 and candidates[best] >= iou:
            free[best] = False
            tally.found.append(_box(name, truth.faces[best], shape, float(scores[row])))
        elif not ((ignored[row] >= iou) | (inside[row] > 0.5)).any():
            tally.extra.append(_box(name, boxes[row], shape, float(scores[row])))
    tally.missed = [_box(name, box, shape) for box in truth.faces[free]]
    return tally


def ious(boxes: Array, others: Array) -> tuple[Array, Array]:
    """Intersection over union, and over the area of the first box: two arrays (n, m)."""
    a, b = np.asarray(boxes, float)[:, None], np.asarray(others, float)[None]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    both = sides.clip(min=0).prod(-1)
    area_a, area_b = (a[..., 2:] - a[..., :2]).prod(-1), (b[..., 2:] - b[..., :2]).prod(-1)
    return both / (area_a + area_b - both), both / np.broadcast_to(area_a, both.shape)


def _box(name: str, box: Array, shape: Sequence[int], confidence: float = math.nan) -> Box:
    width, height = float(box[2] - box[0]), float(box[3] - box[1])
    return Box(
        picture=name,
        box_xyxy=tuple(round(float(edge), 1) for edge in box),
        size=math.sqrt(max(0.0, width * height)),
        share=max(width / shape[1], height / shape[0]),
        score=round(confidence, 3),
    )
