"""Who is nearest: the faces of a collection by person, and how near a person is.

A person is as near as the nearest of their faces and of the mean of their faces, weighted by
quality. What that brings over either alone: docs/concepts/recognition.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from itertools import chain
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.gallery.columns import BLOCK, Columns, Faces, Some, joined
from mien.gallery.index import Index, build
from mien.gallery.records import SIZE
from mien.gallery.thresholds import tries

Array = NDArray[Any]

LEAST_WEIGHT = 0.05
"""Of a face of quality 0: a person whom only poor faces show has a mean as well."""

FIRST_LOOK = 16  # rows asked for beside twice the persons wanted; faces of one person stand close
SPARSE_FROM = 1000  # rows of faces that are gone, from which on it may pay to be rid of them


def weights(quality: Array) -> Array:
    """How much faces of these qualities, 0..1, count in the mean of a person."""
    weight: Array = np.maximum(np.asarray(quality, float), LEAST_WEIGHT)
    return weight


def person_distance(query: Array, embeddings: Array, quality: Array) -> float:
    """How far a face is from a person: the least distance to one of their faces (k, 128) or to
    the mean of these, weighted by quality (k,).

    Raises:
        ValueError: the person has no faces, or a shape is wrong.
    """
    if embeddings.ndim != 2 or not len(embeddings) or quality.shape != embeddings.shape[:1]:
        raise ValueError(
            f"faces of shape {embeddings.shape} with qualities of shape {quality.shape}: "
            "(k, 128) and (k,) with at least one face are needed"
        )
    return float(_distances(np.asarray(query, float), embeddings, quality, np.array([0]))[0])


def _distances(query: Array, embeddings: Array, quality: Array, starts: Array) -> Array:
    """As `person_distance`, of several persons whose faces stand one after the other."""
    faces = embeddings.astype(float)
    nearest = np.minimum.reduceat(np.linalg.norm(faces - query, axis=1), starts)
    means = _means(faces, quality, starts)
    apart: Array = np.minimum(nearest, np.linalg.norm(means - query, axis=1))
    return apart


def _means(faces: Array, quality: Array, starts: Array) -> Array:
    weight = weights(quality)
    total = np.add.reduceat(faces * weight[:, None], starts, axis=0)
    means: Array = total / np.add.reduceat(weight, starts)[:, None]
    return means


class Persons:
    """The faces of a collection, searched by person. Safe to use from many threads.

    In a list each face stands alone, as a person of its own whose number is the face's. The index
    has an entry for each face and one for the mean of each person who has, or had, several.
    """

    def __init__(self, count: int, chunks: Iterable[Faces], *, threads: int = 1) -> None:
        """Read all faces and build the index; memory is bounded by what is kept.

        Args:
            count: how many faces come at most.
            chunks: the faces, in rising order of their numbers.
            threads: for the index.

        Raises:
            ValueError: a vector is not finite or not of 128 numbers, the order is not rising, or
                more come than announced.
            UsageError: there are many and faiss is not installed.
        """
        self._faces, whose = Columns.read(count, chunks)
        rows = len(whose)
        self._number, of_row = np.unique(whose, return_inverse=True)
        self._of_row = of_row.astype(np.int32)
        self._order = np.argsort(self._of_row, kind="stable").astype(np.int32)
        self._start = np.searchsorted(self._of_row[self._order], np.arange(len(self._number) + 1))
        self._left = np.diff(self._start)  # faces of each person
        several = np.flatnonzero(self._left > 1)  # persons who have a mean
        self._of_entry = np.append(self._of_row, several).astype(np.int32)
        self._face_entry = np.arange(rows, dtype=np.int32)
        self._mean_entry = np.full(len(self._number), -1, np.int32)
        self._mean_entry[several] = rows + np.arange(len(several))
        self._lock = Lock()  # held while faces are read or taken out, not while the index is asked
        self._living, self._people = rows, len(self._number)
        self._tries = sum(map(tries, self._left.tolist()))
        self._threads = threads
        entries = len(self._of_entry)
        self._index: Index = build(entries, lambda: self._entries(several), threads=threads)

    def _entries(self, several: Array) -> Iterator[Array]:
        """What the index holds: all faces, then the mean of everyone who has several."""
        embeddings = self._faces.embeddings
        for start in range(0, len(embeddings), BLOCK):
            yield embeddings[start : start + BLOCK]
        for start in range(0, len(several), BLOCK // 8):
            yield self._means_of(several[start : start + BLOCK // 8])

    def _means_of(self, people: Array) -> Array:
        """(k, 128) float32 means of persons who have faces now."""
        rows, starts = self._rows_of(people)
        alive = self._faces.alive[rows]
        left = np.add.reduceat(alive.astype(int), starts) if len(people) else starts
        faces = self._faces.embeddings[rows[alive]].astype(float)
        quality = self._faces.quality[rows[alive]]
        if not len(people):
            return np.empty((0, SIZE), np.float32)
        return _means(faces, quality, np.cumsum(left) - left).astype(np.float32)

    def _rows_of(self, people: Array) -> tuple[Array, Array]:
        """Rows of the faces of some persons, one after the other, and where each one's begin."""
        counts = self._start[people + 1] - self._start[people]
        starts = np.cumsum(counts) - counts
        within = np.arange(counts.sum()) - np.repeat(starts, counts)
        return self._order[np.repeat(self._start[people], counts) + within], starts

    def __len__(self) -> int:
        """How many faces it has now."""
        return self._living

    @property
    def nbytes(self) -> int:
        """Memory of what is held for each face, in bytes."""
        own = sum(value.nbytes for value in vars(self).values() if isinstance(value, np.ndarray))
        return own + self._faces.nbytes + self._index.nbytes

    @property
    def people(self) -> int:
        """How many persons have a face now."""
        return self._people

    @property
    def tries(self) -> int:
        """How many chances to be mistaken for somebody a stranger has now; see `thresholds`."""
        return self._tries

    def search(self, queries: Array, top: int) -> tuple[Array, Array]:
        """The nearest persons of each of (m, 128) queries, the nearest first.

        Returns:
            (m, top) int64 numbers of persons and (m, top) float64 distances. Of two at one distance
            the one with the lower number comes first. Where there are fewer persons the rest is -1
            and inf.

        Raises:
            ValueError: a query is not finite or not of 128 numbers, or `top` is not positive.
        """
        queries = np.asarray(queries)
        if queries.ndim != 2 or queries.shape[1] != SIZE:
            raise ValueError(f"queries must have shape (m, {SIZE}), got {queries.shape}")
        if not np.isfinite(queries).all():
            raise ValueError("queries must be finite")
        if top < 1:
            raise ValueError(f"top must be at least 1, got {top}")
        numbers = np.full((len(queries), top), -1, np.int64)
        apart = np.full((len(queries), top), np.inf)
        rows = 2 * top + FIRST_LOOK
        found = self._index.near(queries, rows)
        for line, query in enumerate(queries):
            people, far = self._nearest(query, found[line], rows, top)
            numbers[line, : len(people)] = self._number[people]
            apart[line, : len(people)] = far
        return numbers, apart

    def _nearest(self, query: Array, entries: Array, asked: int, top: int) -> tuple[Array, Array]:
        """The persons of some entries of the index, of which more are asked for until there are
        enough persons, and their distances."""
        total = len(self._of_entry)
        while True:
            people, apart = self._measure(query, np.unique(self._of_entry[entries]))
            if len(people) >= top or asked >= total:
                break
            asked = min(4 * asked, total)
            (entries,) = self._index.near(query[None], asked)
        order = np.lexsort((people, apart))[:top]
        return people[order], apart[order]

    def _measure(self, query: Array, people: Array) -> tuple[Array, Array]:
        """Those of some persons who have faces now, and their distances."""
        with self._lock:
            rows, starts = self._rows_of(people)
            alive = self._faces.alive[rows]
            left = np.add.reduceat(alive.astype(int), starts) if len(people) else starts
            rows, there = rows[alive], left > 0
            left, people = left[there], people[there]
            if not len(people):
                return people, np.empty(0)
            starts = np.cumsum(left) - left
            faces, quality = self._faces.embeddings[rows], self._faces.quality[rows]
        return people, _distances(np.asarray(query, float), faces, quality, starts)

    def remove(self, sequence: Array) -> None:
        """Take out faces by their numbers, at once and with their bytes; unknown ones are ignored.

        The mean of a person who has faces left is theirs alone from then on.
        """
        rows = self._faces.find(sequence)
        with self._lock:
            rows = rows[self._faces.alive[rows]]
            self._faces.alive[rows] = False
            self._faces.embeddings[rows] = 0.0
            self._living -= len(rows)
            for entry in self._face_entry[rows].tolist():
                self._index.replace(entry, None)
            people, gone = np.unique(self._of_row[rows], return_counts=True)
            self._count(people, -gone)
            self._replace_means(people)

    def _count(self, people: Array, more: Array) -> None:
        """Persons, each once, have so many faces more, or fewer."""
        before = self._left[people]
        now = before + more
        self._left[people] = now
        self._people += int((now > 0).sum() - (before > 0).sum())
        for sign, faces in ((1, now), (-1, before)):
            self._tries += sign * sum(map(tries, faces[faces > 0].tolist()))

    def _replace_means(self, people: Array) -> None:
        """Have the index know the means that persons have now, where they have an entry for it."""
        people = people[self._mean_entry[people] >= 0]
        with_mean = self._left[people] > 1
        for person in people[~with_mean]:
            self._index.replace(int(self._mean_entry[person]), None)
        means = self._means_of(people[with_mean])
        for person, mean in zip(people[with_mean], means, strict=True):
            self._index.replace(int(self._mean_entry[person]), mean)

    @property
    def is_sparse(self) -> bool:
        """Whether more faces were taken out than are left: then `packed` is smaller by half."""
        gone = len(self._of_row) - self._living
        return gone > max(self._living, SPARSE_FROM)

    def packed(self) -> Persons:
        """The same without room for faces that were taken out."""
        return Persons(self._living, self._those_left(), threads=self._threads)

    def grown(self, chunks: Iterable[Faces]) -> Persons:
        """These faces and more, whose numbers rise from the last on; found as if all were read.

        Memory is shared: others may go on to search this one, and only what is returned may grow
        or lose faces from then on. The index is built anew only where it has no room.

        Raises:
            ValueError, UsageError: as at birth.
        """
        more = joined(chunks, after=self._faces.last)
        if not len(more.sequence):
            return self
        if 2 * len(more.sequence) > self._index.room:  # each may bring a mean with it
            count = self._living + len(more.sequence)
            return Persons(count, chain(self._those_left(), [more]), threads=self._threads)
        made = copy(self)
        made._add(more)
        return made

    def _those_left(self) -> Iterator[Some]:
        rows = np.flatnonzero(self._faces.alive)
        for start in range(0, len(rows), BLOCK):
            some = rows[start : start + BLOCK]
            yield self._faces.some(some, self._number[self._of_row[some]])

    def _add(self, more: Some) -> None:
        """Enter faces; the arrays that others read are replaced, not changed."""
        first, count = len(self._of_row), len(more.sequence)
        self._admit(np.unique(more.owners))
        whose = np.searchsorted(self._number, more.owners).astype(np.int32)
        rows, by_person = np.arange(first, first + count), np.argsort(whose, kind="stable")
        ends = self._start[whose[by_person] + 1]
        self._order = np.insert(self._order, ends, rows[by_person])
        self._of_row = np.append(self._of_row, whose)
        added = np.bincount(whose, minlength=len(self._number))
        self._start = self._start + np.append(0, np.cumsum(added))
        self._faces = self._faces.grown(more)
        self._living += count
        people = np.flatnonzero(added)
        self._count(people, added[people])
        self._replace_means(people)
        self._index = self._index.grown(self._new_entries(more, whose, people))

    def _admit(self, numbers: Array) -> None:
        """Have a place for persons of these numbers, rising; those that are new have no faces."""
        at = np.searchsorted(self._number, numbers)
        known = np.append(self._number, -1)[at] == numbers
        at, numbers, count = at[~known], numbers[~known], len(self._number)
        self._number = np.insert(self._number, at, numbers)
        self._start = np.insert(self._start, at, self._start[at])
        self._left = np.insert(self._left, at, 0)
        self._mean_entry = np.insert(self._mean_entry, at, -1)
        if (at < count).any():  # persons behind them have moved
            moved = np.arange(count) + np.searchsorted(at, np.arange(count), side="right")
            self._of_row = moved.astype(np.int32)[self._of_row]
            self._of_entry = moved.astype(np.int32)[self._of_entry]

    def _new_entries(self, more: Some, whose: Array, people: Array) -> Array:
        """Vectors for the index, with their entries noted: faces, and means of those of some
        persons who have several faces now and had no mean."""
        first = len(self._of_entry)
        people = people[(self._left[people] > 1) & (self._mean_entry[people] < 0)]
        faces = first + np.arange(len(whose), dtype=np.int32)
        self._face_entry = np.append(self._face_entry, faces)
        self._mean_entry[people] = first + len(whose) + np.arange(len(people))
        self._of_entry = np.concatenate([self._of_entry, whose, people]).astype(np.int32)
        return np.concatenate([more.embeddings, self._means_of(people)])
