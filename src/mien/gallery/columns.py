"""Faces of a collection in memory: each with its number, its person, its vector and its quality."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mien.gallery.records import SIZE
from mien.gallery.rows import Rows

Array = NDArray[Any]

BLOCK = 16_384  # rows at a time while an index is built: a bound on memory


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


@dataclass(frozen=True, slots=True, eq=False)
class Some:
    """`Faces` that are known to be well formed."""

    sequence: Array
    persons: Array
    embeddings: Array
    quality: Array

    @property
    def owners(self) -> Array:
        """(n,) int64, the person of each; the face itself where it stands alone."""
        return np.where(self.persons < 0, self.sequence, self.persons)


class Columns:
    """The faces in the order of their numbers, and which are still there.

    Attributes:
        sequence: (n,) int64, the number of each face; rising.
        embeddings: (n, 128) float32; zeros where a face was taken out.
        quality: (n,) float32.
        alive: (n,) bool.
    """

    def __init__(self, sequence: Rows, embeddings: Rows, quality: Rows, alive: Rows) -> None:
        self._rows = (sequence, embeddings, quality, alive)
        self.sequence, self.embeddings, self.quality, self.alive = (
            each.array for each in self._rows
        )

    @classmethod
    def read(cls, count: int, chunks: Iterable[Faces]) -> tuple[Columns, Array]:
        """Columns of at most so many faces, and (n,) the person of each.

        Raises:
            ValueError: a face is not well formed, or more come than announced.
        """
        sequence, whose = np.empty(count, np.int64), np.empty(count, np.int64)
        embeddings, quality = np.empty((count, SIZE), np.float32), np.empty(count, np.float32)
        rows, last = 0, -1
        for chunk in chunks:
            some = checked(chunk, after=last)
            part = slice(rows, rows + len(some.sequence))
            if part.stop > count:
                raise ValueError(f"{count} faces were announced and more came")
            sequence[part], whose[part] = some.sequence, some.owners
            embeddings[part], quality[part] = some.embeddings, some.quality
            rows, last = part.stop, int(sequence[part.stop - 1]) if part.stop else last
        columns = (sequence[:rows], embeddings[:rows], quality[:rows], np.ones(rows, bool))
        return cls(*(Rows(each) for each in columns)), whose[:rows]

    @property
    def last(self) -> int:
        """The number of the newest face that was ever here; -1 for none."""
        return int(self.sequence[-1]) if len(self.sequence) else -1

    @property
    def nbytes(self) -> int:
        """Memory that it holds, in bytes."""
        return sum(each.nbytes for each in self._rows)

    def grown(self, more: Some) -> Columns:
        """These faces and more; see `Rows.grown`."""
        alive = np.ones(len(more.sequence), bool)
        columns = (more.sequence, more.embeddings, more.quality, alive)
        return Columns(*(rows.grown(new) for rows, new in zip(self._rows, columns, strict=True)))

    def find(self, sequence: Array) -> Array:
        """The rows of faces by their numbers; unknown ones are left out."""
        wanted = np.unique(np.asarray(sequence, np.int64))
        at = np.searchsorted(self.sequence, wanted)
        inside = at < len(self.sequence)
        rows, wanted = at[inside], wanted[inside]
        found: Array = rows[self.sequence[rows] == wanted]
        return found

    def some(self, rows: Array, persons: Array) -> Some:
        """Faces of these rows, who belong to these persons."""
        return Some(self.sequence[rows], persons, self.embeddings[rows], self.quality[rows])


def checked(chunk: Faces, *, after: int) -> Some:
    """Faces whose numbers come after one; raises ValueError where they are not well formed."""
    count = len(chunk.sequence)
    if chunk.embeddings.shape != (count, SIZE):
        shape = chunk.embeddings.shape
        raise ValueError(f"embeddings must have shape (n, {SIZE}), got {shape}")
    if not (np.isfinite(chunk.embeddings).all() and np.isfinite(chunk.quality).all()):
        raise ValueError("embeddings and qualities must be finite")
    if (np.diff(chunk.sequence, prepend=np.int64(after)) <= 0).any():
        raise ValueError("faces must come in rising order of their numbers")
    return Some(chunk.sequence, chunk.persons, chunk.embeddings, chunk.quality)


def joined(chunks: Iterable[Faces], *, after: int) -> Some:
    """All faces of some chunks, which come after a number; raises ValueError as `checked`."""
    parts = [
        Some(*(np.empty(0, np.int64),) * 2, np.empty((0, SIZE), np.float32), np.empty(0, "f4"))
    ]
    for chunk in chunks:
        parts.append(checked(chunk, after=after))
        after = int(chunk.sequence[-1]) if len(chunk.sequence) else after
    return Some(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("sequence", "persons", "embeddings", "quality")
        )
    )
