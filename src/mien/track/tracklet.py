"""What is kept of a track once it has ended: small enough for hours of video, and to be pickled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.timecode import Time

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Tracklet:
    """One unbroken piece of a person's presence, under one provisional id.

    Attributes:
        id: the provisional id.
        also: further provisional ids that turned out to be it, soon after their birth.
        runs: the stretches in which it was seen without a gap: (first, last) times, in order.
        first_box, last_box: (4,) where it was first and last seen.
        velocity: (2,) pixels a second when last seen.
        embedding: (d,) weighted mean of its embeddings, None if it has none.
        weight: the sum of their weights; 1 is one large face in full view.
        confirmed: whether it was seen often enough to be believed by itself. One that was not, and
            touches an end of the part of the video it was seen in, may be the rest of another.
    """

    id: int
    runs: tuple[tuple[Time, Time], ...]
    first_box: Array
    last_box: Array
    velocity: Array
    embedding: Array | None = None
    weight: float = 0.0
    also: tuple[int, ...] = ()
    confirmed: bool = True

    def renumbered(self, offset: int) -> Tracklet:
        """The same piece, its ids higher by `offset`."""
        also = tuple(number + offset for number in self.also)
        return replace(self, id=self.id + offset, also=also)

    @property
    def start(self) -> Time:
        """When it was first seen."""
        return self.runs[0][0]

    @property
    def end(self) -> Time:
        """When it was last seen."""
        return self.runs[-1][1]


def seen_together(a: tuple[tuple[Time, Time], ...], b: tuple[tuple[Time, Time], ...]) -> bool:
    """Whether two sets of runs, each in order, share a moment."""
    i = j = 0
    while i < len(a) and j < len(b):
        if a[i][1] < b[j][0]:
            i += 1
        elif b[j][1] < a[i][0]:
            j += 1
        else:
            return True
    return False


def as_rows(tracklets: list[Tracklet]) -> Array:
    """(n, d) the embeddings, NaN where there is none; (n, 0) if no tracklet has one."""
    size = next((len(t.embedding) for t in tracklets if t.embedding is not None), 0)
    missing = np.full(size, np.nan)
    rows = [missing if t.embedding is None else t.embedding for t in tracklets]
    return np.array(rows).reshape(len(tracklets), size)
