"""Who is nearest: the faces of a collection by person, and how near a person is.

A person is as near as the nearest of their faces and of the mean of their faces, weighted by
quality. What that brings over either alone: docs/concepts/recognition.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mien.gallery.index import Index, build
from mien.gallery.records import SIZE
from mien.gallery.thresholds import tries

Array = NDArray[Any]

LEAST_WEIGHT = 0.05
"""Of a face of quality 0: a person whom only poor faces show has a mean as well."""

BLOCK = 16_384  # rows at a time while an index is built: a bound on memory
FIRST_LOOK = 16  # rows asked for beside twice the persons wanted; faces of one person stand close


class Faces(Protocol):
    """Some faces of a collection; `mien.storage.rows.FaceChunk` is one.

    Attributes:
        sequence: (n,) int64, rising, from chunk to chunk as well; the number of each face.
        persons: (n,) int64, the number of the person each belongs to; -1 where each stands alone.
        embeddings: (n, 128) float32, finite.
        quality: (n,) float32, 0..1.
    """

    @property
    def sequence(self) -> Array: ...
    @property
    def persons(self) -> Array: ...
    @property
    def embeddings(self) -> Array: ...
    @property
    def quality(self) -> Array: ...


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

    In a list each face stands alone, as a person of its own whose number is the face's.
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
        self._sequence = np.empty(count, np.int64)
        self._embeddings = np.empty((count, SIZE), np.float32)
        self._quality = np.empty(count, np.float32)
        whose = np.empty(count, np.int64)
        rows = 0
        for chunk in chunks:
            rows = self._take(chunk, whose, rows)
        for name in ("_sequence", "_embeddings", "_quality"):
            setattr(self, name, getattr(self, name)[:rows])
        self._alive = np.ones(rows, bool)
        self._number, self._of_row = np.unique(whose[:rows], return_inverse=True)
        self._of_row = self._of_row.astype(np.int32)
        self._order = np.argsort(self._of_row, kind="stable").astype(np.int32)
        self._start = np.searchsorted(self._of_row[self._order], np.arange(len(self._number) + 1))
        self._several = np.flatnonzero(np.diff(self._start) > 1)  # persons who have a mean
        self._lock = Lock()  # held while faces are read or taken out, not while the index is asked
        self._living = rows
        self._left = np.diff(self._start)  # faces of each person
        self._people = len(self._number)
        self._tries = sum(map(tries, self._left.tolist()))
        entries = rows + len(self._several)
        self._index: Index = build(entries, self._entries, threads=threads)

    def _take(self, chunk: Faces, whose: Array, rows: int) -> int:
        """Copy a chunk behind the first `rows`; the new number of rows."""
        end = rows + len(chunk.sequence)
        if chunk.embeddings.shape != (end - rows, SIZE):
            shape = chunk.embeddings.shape
            raise ValueError(f"embeddings must have shape (n, {SIZE}), got {shape}")
        if end > len(whose):
            raise ValueError(f"{len(whose)} faces were announced and more came")
        if not (np.isfinite(chunk.embeddings).all() and np.isfinite(chunk.quality).all()):
            raise ValueError("embeddings and qualities must be finite")
        before = self._sequence[rows - 1] if rows else np.int64(-1)
        if (np.diff(chunk.sequence, prepend=before) <= 0).any():
            raise ValueError("faces must come in rising order of their numbers")
        self._sequence[rows:end] = chunk.sequence
        self._embeddings[rows:end] = chunk.embeddings
        self._quality[rows:end] = chunk.quality
        whose[rows:end] = np.where(chunk.persons < 0, chunk.sequence, chunk.persons)
        return end

    def _entries(self) -> Iterator[Array]:
        """What the index holds: all faces, then the mean of everyone who has several."""
        for start in range(0, len(self._embeddings), BLOCK):
            yield self._embeddings[start : start + BLOCK]
        for start in range(0, len(self._several), BLOCK // 8):
            people = self._several[start : start + BLOCK // 8]
            rows, starts = self._rows_of(people)
            faces = self._embeddings[rows].astype(float)
            yield _means(faces, self._quality[rows], starts).astype(np.float32)

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
        return self._index.nbytes + sum(
            value.nbytes for value in vars(self).values() if isinstance(value, np.ndarray)
        )

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
        total = len(self._embeddings) + len(self._several)
        while True:
            people, apart = self._measure(query, np.unique(self._whose(entries)))
            if len(people) >= top or asked >= total:
                break
            asked = min(4 * asked, total)
            (entries,) = self._index.near(query[None], asked)
        order = np.lexsort((people, apart))[:top]
        return people[order], apart[order]

    def _whose(self, entries: Array) -> Array:
        """The persons that entries of the index belong to."""
        faces = len(self._embeddings)
        is_face = entries < faces
        means = self._several[entries[~is_face] - faces]
        return np.concatenate([self._of_row[entries[is_face]], means])

    def _measure(self, query: Array, people: Array) -> tuple[Array, Array]:
        """Those of some persons who have faces now, and their distances."""
        with self._lock:
            rows, starts = self._rows_of(people)
            alive = self._alive[rows]
            left = np.add.reduceat(alive.astype(int), starts) if len(people) else starts
            rows, there = rows[alive], left > 0
            left, people = left[there], people[there]
            if not len(people):
                return people, np.empty(0)
            starts = np.cumsum(left) - left
            faces, quality = self._embeddings[rows], self._quality[rows]
        return people, _distances(np.asarray(query, float), faces, quality, starts)

    def remove(self, sequence: Array) -> None:
        """Take out faces by their numbers, at once and with their bytes; unknown ones are ignored.

        The mean of a person who has faces left is theirs alone from then on.
        """
        wanted = np.unique(np.asarray(sequence, np.int64))
        at = np.searchsorted(self._sequence, wanted)
        inside = at < len(self._sequence)
        rows, wanted = at[inside], wanted[inside]
        rows = rows[self._sequence[rows] == wanted]
        with self._lock:
            rows = rows[self._alive[rows]]
            self._alive[rows] = False
            self._embeddings[rows] = 0.0
            self._living -= len(rows)
            for row in rows:
                self._index.replace(int(row), None)
            for person in np.unique(self._of_row[rows]):
                self._mean_anew(int(person))

    def _mean_anew(self, person: int) -> None:
        """After faces of a person were taken out; the lock is held."""
        rows = self._order[self._start[person] : self._start[person + 1]]
        rows = rows[self._alive[rows]]
        self._people -= not len(rows)
        self._tries += (tries(len(rows)) if len(rows) else 0) - tries(int(self._left[person]))
        self._left[person] = len(rows)
        place = int(np.searchsorted(self._several, person))
        if place == len(self._several) or self._several[place] != person:
            return
        mean = None
        if len(rows) > 1:
            faces, starts = self._embeddings[rows].astype(float), np.array([0])
            mean = _means(faces, self._quality[rows], starts)[0].astype(np.float32)
        self._index.replace(len(self._embeddings) + place, mean)
