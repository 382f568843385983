"""Match and non-match rates over all pairs of faces of which it is known who they are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.fairness.groups import dimensions_of, places
from mien.fairness.intervals import effective_trials, wilson
from mien.fairness.looking import Seen
from mien.fairness.measures import Measure, Slice

Array = NDArray[Any]

TILE = 1024
"""Faces along a side of the block of distances that is in memory."""


class People(NamedTuple):
    """The n faces that can be compared.

    Attributes:
        embedding: (n, d).
        person: (n,) index among the persons.
        persons: how many there are.
    """

    embedding: Array
    person: Array
    persons: int


class Events(NamedTuple):
    """Pairs of faces, by their rows: those of one person that do not match, and those of two
    persons that do."""

    unmatched: tuple[Array, Array]
    matched: tuple[Array, Array]


def comparable(seen: Sequence[Seen]) -> list[Seen]:
    """The faces whose person is labelled and which mien could compare."""
    return [one for one in seen if one.label.person is not None and one.embedding is not None]


def people_of(seen: Sequence[Seen]) -> People:
    """The embeddings and persons of faces that are `comparable`."""
    index: dict[str, int] = {}
    for one in seen:
        assert one.label.person is not None
        index.setdefault(one.label.person, len(index))
    person = np.array([index[str(one.label.person)] for one in seen], np.int64)
    vectors = [one.embedding for one in seen if one.embedding is not None]
    embedding = np.array(vectors, np.float64) if vectors else np.zeros((0, 1))
    return People(embedding, person, len(index))


def measure_pairs(
    seen: Sequence[Seen], threshold: float, *, grouped: bool = True
) -> tuple[Measure, Measure]:
    """False non-match and false match rate: over all pairs, and by group if `grouped`.

    A pair of one person is a false non-match at the threshold and above, a pair of two persons a
    false match below it. By pose and blur a pair counts in the group of its worse face,
    else where both faces are in the group. Intervals are Wilson's over `effective_trials`.

    Args:
        seen: faces that are `comparable`.
        threshold: a distance of embeddings.
    """
    people = people_of(seen)
    tallies = [_Tally("all", ("all",), np.zeros(len(seen), np.int64), people, worse=False)]
    for dimension in dimensions_of(seen) if grouped else ():
        place = places(dimension, seen)
        tallies.append(
            _Tally(dimension.name, dimension.groups, place, people, worse=dimension.worse)
        )
    for events in events_of(people, threshold):
        for tally in tallies:
            tally.add(events)
    same = [one for tally in tallies for one in tally.slices(same=True)]
    other = [one for tally in tallies for one in tally.slices(same=False)]
    at = f"at a distance of {threshold:g}"
    return (
        Measure(
            "false_non_match",
            "Same person: not recognised",
            f"Share of the pairs of pictures of one person that do not match {at}.",
            "share",
            tuple(same),
        ),
        Measure(
            "false_match",
            "Different persons: taken for one",
            f"Share of the pairs of different persons that match {at}.",
            "share",
            tuple(other),
        ),
    )


def events_of(people: People, threshold: float) -> Iterator[Events]:
    """The pairs that are judged wrongly, a block of them at a time; each pair once."""
    n = len(people.person)
    for top in range(0, n, TILE):
        rows = slice(top, min(top + TILE, n))
        for left in range(top, n, TILE):
            columns = slice(left, min(left + TILE, n))
            near = _distances(people.embedding[rows], people.embedding[columns]) < threshold
            same = people.person[rows, None] == people.person[None, columns]
            wrong = near != same
            if left == top:
                wrong = np.triu(wrong, 1)
            unmatched, matched = np.nonzero(wrong & same), np.nonzero(wrong & ~same)
            yield Events(
                (unmatched[0] + top, unmatched[1] + left), (matched[0] + top, matched[1] + left)
            )


def _distances(a: Array, b: Array) -> Array:
    """(n, m) Euclidean distances."""
    squares = (a * a).sum(1)[:, None] + (b * b).sum(1)[None] - 2 * (a @ b.T)
    return np.asarray(np.sqrt(squares.clip(min=0)))


class _Tally:
    """Pairs and events of one dimension, by group and person.

    How many pairs there are follows from how many faces of a person are in a group; only events
    have to be looked for.
    """

    def __init__(
        self,
        dimension: str,
        groups: tuple[str, ...],
        place: Array,
        people: People,
        *,
        worse: bool,
    ) -> None:
        self._dimension, self._groups, self._place, self._worse = dimension, groups, place, worse
        self._person, shape = people.person, (people.persons, len(groups))
        faces = np.zeros(shape, np.int64)
        known = place >= 0
        np.add.at(faces, (people.person[known], place[known]), 1)
        reach = np.cumsum(faces, axis=1) if worse else faces
        both = reach * (reach - 1) // 2, reach * (reach.sum(axis=0) - reach)
        # of the worse group: pairs up to it less those up to the one before
        self.pairs = [np.diff(all_, axis=1, prepend=0) if worse else all_ for all_ in both]
        self.events = [np.zeros(shape, np.int64), np.zeros(shape, np.int64)]

    def add(self, events: Events) -> None:
        """Count events in."""
        self._count(0, events.unmatched, sides=1)
        self._count(1, events.matched, sides=2)

    def _count(self, kind: int, pair: tuple[Array, Array], *, sides: int) -> None:
        a, b = (self._place[rows] for rows in pair)
        group = np.maximum(a, b) if self._worse else np.where(a == b, a, -1)
        kept = (np.minimum(a, b) >= 0) & (group >= 0)
        for rows in pair[:sides]:
            np.add.at(self.events[kind], (self._person[rows[kept]], group[kept]), 1)

    def slices(self, *, same: bool) -> list[Slice]:
        """The groups that have pairs, of one person or of two."""
        kind, sides = (0, 1) if same else (1, 2)
        found = []
        for index, group in enumerate(self._groups):
            pairs, events = self.pairs[kind][:, index], self.events[kind][:, index]
            trials, wrong = int(pairs.sum()) // sides, int(events.sum()) // sides
            if not trials and self._dimension != "all":
                continue
            worth = effective_trials(events, pairs, wrong, trials)
            value = wrong / trials if trials else math.nan
            interval = wilson(value * worth, worth) if trials else (math.nan, math.nan)
            persons = int((pairs > 0).sum())
            found.append(Slice(self._dimension, group, trials, value, *interval, wrong, persons))
        return found
