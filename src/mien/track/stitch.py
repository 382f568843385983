"""Ids that last over the whole video: joins the pieces of one person's presence.

Two steps. Pieces a short gap apart, the later one where the earlier was heading, are one track (a
track that was lost for a moment, or that passes from one part of the video to the next). Then, with
`reid`, pieces of one person are joined by appearance over any distance: agglomerative clustering
with weighted centroid linkage, in which pieces seen at the same time can never be one person
(constrained clustering: Davidson and Ravi, PKDD 2005).
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.timecode import Time
from mien.track.appearance import OTHER_PERSON, distances
from mien.track.boxes import iou
from mien.track.tracklet import Tracklet, as_rows, seen_together

Array = NDArray[Any]

SAME_PERSON = 0.50
"""Distance of two means up to which they are one person: between pictures of different people it is
undercut about once in 4,000 times, and means of several views are nearer than single pictures."""

BRIDGE_S = 0.5
"""Longest gap that is bridged by place alone."""

BRIDGE_IOU = 0.3
"""Least overlap of where a piece was heading and where the next begins."""

BLOCK = 512
"""Rows of the distance matrix that are computed at once."""


def final_ids(
    tracklets: Sequence[Tracklet], *, cuts: Sequence[Time] = (), reid: bool = True
) -> dict[int, int]:
    """Which person each piece belongs to.

    Args:
        tracklets: the pieces, each with a provisional id of its own. They may come from trackers
            that each followed a part of the video.
        cuts: when new shots begin; no gap is bridged across.
        reid: whether to join pieces by appearance. Without it a person who was away for longer
            than `BRIDGE_S`, or comes back after a cut, has a new id.

    Returns:
        Provisional id → final id: 0, 1, 2 … by first appearance. Pieces that are not confirmed,
        and continue none that is, are left out.
    """
    ordered = sorted(tracklets, key=lambda piece: (piece.start, piece.id))
    people = _People(ordered)
    _bridge(people, sorted(cut.exact for cut in cuts))
    if reid:
        _join_alike(people)
    numbers: dict[int, int] = {}
    return {
        provisional: numbers.setdefault(people.find(n), len(numbers))
        for n, piece in enumerate(ordered)
        if people.confirmed[people.find(n)]
        for provisional in (piece.id, *piece.also)
    }


class _People:
    """Groups of pieces, each named by one of them; merged pairwise."""

    def __init__(self, pieces: list[Tracklet]) -> None:
        self.pieces = pieces
        self.runs = [piece.runs for piece in pieces]
        self.confirmed = [piece.confirmed for piece in pieces]
        embeddings = as_rows(pieces)
        known = ~np.isnan(embeddings).any(axis=1) & (embeddings.shape[1] > 0)
        self.weight = np.where(known, [piece.weight for piece in pieces], 0.0)
        self._sums = np.where(known[:, None], embeddings, 0.0) * self.weight[:, None]
        self._leader = list(range(len(pieces)))

    def find(self, n: int) -> int:
        """The name of the group of piece n."""
        while self._leader[n] != n:
            n = self._leader[n]
        return n

    def means(self, groups: Array | list[int]) -> Array:
        """(k, d) the mean embeddings of groups that have one."""
        means: Array = self._sums[groups] / self.weight[groups][:, None]
        return means

    def may_merge(self, a: int, b: int) -> bool:
        """Whether no moment shows both groups."""
        return not seen_together(self.runs[a], self.runs[b])

    def merge(self, a: int, b: int) -> None:
        """Make group b part of group a."""
        self._leader[b] = a
        self.runs[a] = tuple(sorted(self.runs[a] + self.runs[b]))
        self.confirmed[a] |= self.confirmed[b]
        self._sums[a] += self._sums[b]
        self.weight[a] += self.weight[b]


def _bridge(people: _People, cuts: list[Fraction]) -> None:
    """Join pieces a short gap apart where the place fits and the appearance does not object."""
    pieces = people.pieces
    by_end = sorted(range(len(pieces)), key=lambda n: pieces[n].end)
    ends = [float(pieces[n].end.exact) for n in by_end]
    continued: set[int] = set()
    for n, piece in enumerate(pieces):
        start = float(piece.start.exact)
        recent = by_end[bisect_left(ends, start - BRIDGE_S) : bisect_left(ends, start)]
        fits = {
            before: overlap
            for before in recent
            if before not in continued
            and not _any_between(cuts, pieces[before].end, piece.start)
            and (overlap := _overlap(pieces[before], piece)) >= BRIDGE_IOU
            and not _differ(people, before, n)
            and people.may_merge(people.find(before), n)
        }
        if fits:
            best = max(fits, key=lambda before: (fits[before], -before))
            continued.add(best)
            people.merge(people.find(best), n)


def _any_between(cuts: list[Fraction], end: Time, start: Time) -> bool:
    """Whether a shot begins after `end` and no later than `start`."""
    return bisect_right(cuts, end.exact) < bisect_right(cuts, start.exact)


def _overlap(before: Tracklet, after: Tracklet) -> float:
    """IoU of where one piece was heading with where the next begins."""
    gap = float(after.start.exact - before.end.exact)
    heading = before.last_box + np.tile(before.velocity * gap, 2)
    return float(iou(heading[None], after.first_box[None])[0, 0])


def _differ(people: _People, a: int, b: int) -> bool:
    """Whether the appearance of two pieces is known and that of two people."""
    if not (people.weight[a] > 0 and people.weight[b] > 0):
        return False
    first, second = people.means([a, b])
    return bool(np.linalg.norm(first - second) > OTHER_PERSON)


def _join_alike(people: _People) -> None:
    """Merge the two groups with the nearest means, as long as they are near enough and may."""
    groups = [
        n
        for n in range(len(people.pieces))
        if people.find(n) == n and people.confirmed[n] and people.weight[n] > 0
    ]
    means = np.zeros((0, 0))
    if groups:
        means = people.means(groups)
    version = [0] * len(groups)
    alive = np.ones(len(groups), bool)
    heap = _near_pairs(means)
    while heap:
        _, a, b, version_a, version_b = heapq.heappop(heap)
        fresh = alive[a] and alive[b] and (version[a], version[b]) == (version_a, version_b)
        if not fresh or not people.may_merge(groups[a], groups[b]):
            continue
        people.merge(groups[a], groups[b])
        alive[b] = False
        version[a] += 1
        means[a] = people.means([groups[a]])[0]
        gap = np.linalg.norm(means - means[a], axis=1)
        for n in np.flatnonzero(alive & (gap < SAME_PERSON)).tolist():
            if n != a:
                low, high = min(a, n), max(a, n)
                heapq.heappush(heap, (float(gap[n]), low, high, version[low], version[high]))


def _near_pairs(means: Array) -> list[tuple[float, int, int, int, int]]:
    """A heap of (distance, a, b, 0, 0) of all pairs nearer than SAME_PERSON; block by block, as
    the whole matrix of an afternoon's pieces would not fit."""
    heap: list[tuple[float, int, int, int, int]] = []
    for start in range(0, len(means), BLOCK):
        gap = distances(means[start : start + BLOCK], means)
        for a, b in np.argwhere(gap < SAME_PERSON).tolist():
            if a + start < b:
                heap.append((float(gap[a, b]), a + start, b, 0, 0))
    heapq.heapify(heap)
    return heap
