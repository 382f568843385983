"""Nearest vectors by Euclidean distance: exact while they are few, by inverted lists beyond.

Both kinds only propose rows; who asks measures the distances to the proposed rows itself, so that
an approximation can miss a row and never misplace one. Why these two: docs/decisions/0004.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mien.errors import UsageError
from mien.gallery.rows import Rows

Array = NDArray[Any]
Blocks = Callable[[], Iterator[Array]]
"""Gives all vectors in order, (k, d) float32 at a time, again each time it is called."""

EXACT_UP_TO = 20_000
"""Rows that are searched exactly: a query takes under a millisecond for each 10,000."""

LISTS_PER_ROOT = 4  # lists for each square root of the number of rows
POINTS_PER_LIST = 40  # rows of the sample that the lists are made from
ROUNDS = 10  # of k-means
LISTS_LOOKED_AT = 0.2  # share of the lists, for the nearest few
SPARE = 8  # rows looked at, on average, for each that is asked for

ROUNDING = 1e-5  # of squared distances in float32, relative to the squared norms


class Index(Protocol):
    """Rows of vectors, numbered from 0."""

    @property
    def nbytes(self) -> int:
        """Memory that grows with the rows, in bytes."""
        ...

    def near(self, queries: Array, count: int) -> list[Array]:
        """For each of (m, d) queries numbers of rows, in any order, with the `count` nearest among
        them (or, of inverted lists, most of them); fewer than `count` when there are no more."""
        ...

    def replace(self, row: int, vector: Array | None) -> None:
        """Put another vector in place of a row's, or none. Safe while others search."""
        ...

    @property
    def room(self) -> int:
        """How many more rows it can get before it must be built anew."""
        ...

    def grown(self, vectors: Array) -> Index:
        """One with more rows (k, d) behind the last, at most `room`.

        Others may go on to search this one; its rows are shared. Only the newest may grow.
        """
        ...


def build(rows: int, blocks: Blocks, *, threads: int = 1) -> Index:
    """An index of all vectors that `blocks` gives.

    Args:
        rows: how many there are.
        blocks: read once if they are few, twice if they are many.
        threads: for the clustering of many.

    Raises:
        UsageError: they are many and faiss is not installed.
    """
    return Exact(rows, blocks) if rows <= EXACT_UP_TO else Inverted(rows, blocks, threads=threads)


class Exact:
    """Compares with every row, as one product of matrices."""

    def __init__(self, rows: int, blocks: Blocks) -> None:
        vectors = np.concatenate([*blocks(), np.empty((0, 128), np.float32)])
        if len(vectors) != rows:
            raise ValueError(f"{rows} rows were announced and {len(vectors)} came")
        self._vectors, self._squares = Rows(vectors), Rows(_squares(vectors))

    def __len__(self) -> int:
        """How many rows it has."""
        return len(self._squares.array)

    @property
    def nbytes(self) -> int:
        """See `Index`."""
        return self._vectors.nbytes + self._squares.nbytes

    @property
    def room(self) -> int:
        """See `Index`."""
        return EXACT_UP_TO - len(self)

    def grown(self, vectors: Array) -> Exact:
        """See `Index`."""
        made = copy(self)
        made._vectors = self._vectors.grown(vectors)
        made._squares = self._squares.grown(_squares(vectors))
        return made

    def near(self, queries: Array, count: int) -> list[Array]:
        """See `Index`. Rows that rounding may have put behind the last are among them, too."""
        queries = np.asarray(queries, np.float32)
        if not len(self):
            return [np.empty(0, np.int64) for _ in queries]
        # |q - x|² without |q|², which is the same for all rows
        apart = self._squares.array[:, None] - 2 * (self._vectors.array @ queries.T)
        pairs = zip(apart.T, queries, strict=True)
        return [self._nearest(column, query, count) for column, query in pairs]

    def _nearest(self, apart: Array, query: Array, count: int) -> Array:
        there = np.isfinite(apart)
        if count >= np.count_nonzero(there):
            return np.flatnonzero(there)
        last = np.partition(apart, count - 1)[count - 1]
        slack = ROUNDING * (float(query @ query) + float(self._squares.array[there].max()))
        return np.flatnonzero(apart <= last + slack)

    def replace(self, row: int, vector: Array | None) -> None:
        """See `Index`."""
        vectors, squares = self._vectors.array, self._squares.array
        if vector is None:
            squares[row] = np.inf
            vectors[row] = 0.0
        else:
            vectors[row] = vector
            squares[row] = vector @ vector


class Inverted:
    """Looks only at the rows that lie in the clusters nearest to the query.

    Rows are kept as 8 bits a number (Jégou et al. 2011 for inverted lists; scalar quantisation
    without residuals), 136 bytes each with the number of the row. Those that came later are
    compared one and all, since no list may grow while others search it.
    """

    def __init__(self, rows: int, blocks: Blocks, *, threads: int = 1) -> None:
        self._faiss = _faiss()
        self._faiss.omp_set_num_threads(threads)
        lists = round(LISTS_PER_ROOT * rows**0.5)
        step = max(1, rows // (lists * POINTS_PER_LIST))
        sample = np.concatenate([block[::step] for block in blocks()])
        dimension = sample.shape[1]
        coarse = self._faiss.IndexFlatL2(dimension)
        kind = self._faiss.ScalarQuantizer.QT_8bit
        measure = self._faiss.METRIC_L2
        made = self._faiss.IndexIVFScalarQuantizer(coarse, dimension, lists, kind, measure, False)
        made.cp.niter = ROUNDS
        made.cp.min_points_per_centroid = 1
        made.cp.max_points_per_centroid = 2 * POINTS_PER_LIST
        made.train(sample)
        del sample
        for block in blocks():
            made.add(block)
        if made.ntotal != rows:
            raise ValueError(f"{rows} rows were announced and {made.ntotal} came")
        made.make_direct_map()
        self._index, self._coarse = made, coarse  # the first does not own the second
        self._lists = lists
        self._later = Exact(0, lambda: iter(()))

    @property
    def nbytes(self) -> int:
        """See `Index`: the code of each row, its number and its place."""
        return int(self._index.ntotal * (self._index.code_size + 16)) + self._later.nbytes

    @property
    def room(self) -> int:
        """See `Index`."""
        return self._later.room

    def grown(self, vectors: Array) -> Inverted:
        """See `Index`."""
        made = copy(self)
        made._later = self._later.grown(vectors)
        return made

    def near(self, queries: Array, count: int) -> list[Array]:
        """See `Index`."""
        later = self._later.near(queries, count)
        both = zip(self._near_lists(queries, count), later, strict=True)
        return [np.append(found, rows + self._index.ntotal) for found, rows in both]

    def _near_lists(self, queries: Array, count: int) -> list[Array]:
        count = min(count, self._index.ntotal)
        self._faiss.omp_set_num_threads(1)  # of this thread: callers are threads already
        share = max(LISTS_LOOKED_AT, SPARE * count / self._index.ntotal)
        probes = min(self._lists, round(share * self._lists))
        settings = self._faiss.SearchParametersIVF(nprobe=probes)
        vectors = np.ascontiguousarray(queries, np.float32)
        _, rows = self._index.search(vectors, count, params=settings)
        return [found[found >= 0] for found in rows]

    def replace(self, row: int, vector: Array | None) -> None:
        """See `Index`. The row stays in its list, whose centre may not be the nearest any more.

        Zeros stand for the least number of each dimension: a corner far from any vector.
        """
        if row >= self._index.ntotal:
            self._later.replace(row - self._index.ntotal, vector)
            return
        place = self._index.direct_map.get(row)
        number, offset = place >> 32, place & 0xFFFFFFFF
        size = self._index.code_size
        length = self._index.invlists.list_size(number) * size
        codes = self._faiss.rev_swig_ptr(self._index.invlists.get_codes(number), length)
        code = np.zeros(size, np.uint8)
        if vector is not None:
            code = self._index.sq.compute_codes(np.asarray(vector, np.float32)[None])[0]
        codes[offset * size : (offset + 1) * size] = code


def _squares(vectors: Array) -> Array:
    squares: Array = np.einsum("nd,nd->n", vectors, vectors)
    return squares


def _faiss() -> Any:
    """The library, which only large collections need."""
    try:
        import faiss  # type: ignore[import-untyped, unused-ignore]
    except ImportError as error:
        raise UsageError(
            f"collections of more than {EXACT_UP_TO:,} faces need faiss: pip install 'mien[server]'"
        ) from error
    return faiss
