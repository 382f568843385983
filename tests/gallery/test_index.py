"""Both kinds of index against a plain search."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mien.gallery.index import Blocks, Exact, Inverted

Array = NDArray[Any]


def blocks(vectors: Array, size: int = 300) -> Blocks:
    def read() -> Iterator[Array]:
        for start in range(0, len(vectors), size):
            yield vectors[start : start + size]

    return read


def cloud(count: int, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    return rng.normal(scale=0.1, size=(count, 128)).astype(np.float32)


def nearest(vectors: Array, query: Array, count: int) -> set[int]:
    apart = np.linalg.norm(vectors.astype(float) - query, axis=1)
    return set(np.argsort(apart, kind="stable")[:count].tolist())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 60), st.integers(1, 80), st.integers(0, 2**31), st.booleans())
def test_exact_has_the_nearest_among_its_rows(
    rows: int, count: int, seed: int, coarse: bool
) -> None:
    vectors = cloud(rows, seed)
    if coarse:  # many at one distance
        vectors = np.round(vectors, 1)
    queries = cloud(3, seed + 1)
    for query, found in zip(
        queries, Exact(rows, blocks(vectors)).near(queries, count), strict=True
    ):
        assert nearest(vectors, query, count) <= set(found.tolist())
        assert coarse or len(found) <= min(count, rows) + 3  # rounding may let some more in


def test_exact_gives_all_rows_at_the_last_distance() -> None:
    vectors = np.repeat(cloud(2), 5, axis=0)
    (found,) = Exact(10, blocks(vectors)).near(vectors[:1], 2)
    assert found.tolist() == [0, 1, 2, 3, 4]


@pytest.fixture(scope="module")
def vectors() -> Array:
    """Faces of 1,000 people, three each, as near as faces of a person are."""
    centres = np.repeat(cloud(1000), 3, axis=0)
    return centres + 0.3 * cloud(3000, seed=1)


def test_inverted_lists_find_nearly_all(vectors: Array) -> None:
    index = Inverted(len(vectors), blocks(vectors))
    queries = cloud(1000)[:200] + 0.3 * cloud(200, seed=2)
    found = index.near(queries, 16)
    hits = [
        len(nearest(vectors, query, 1) & set(rows.tolist()))
        for query, rows in zip(queries, found, strict=True)
    ]
    assert np.mean(hits) >= 0.97


def test_inverted_lists_give_everything_when_everything_is_asked_for(vectors: Array) -> None:
    (found,) = Inverted(len(vectors), blocks(vectors)).near(vectors[:1], len(vectors))
    assert sorted(found.tolist()) == list(range(len(vectors)))


@pytest.mark.parametrize("kind", [Exact, Inverted])
def test_a_replaced_row_is_found_where_it_is_now(
    kind: type[Exact] | type[Inverted], vectors: Array
) -> None:
    index = kind(len(vectors), blocks(vectors))
    index.replace(42, None)
    (found,) = index.near(vectors[42:43], 16)
    assert 42 not in found
    assert 43 in found  # of the same person
    moved = vectors[42] + 0.01
    index.replace(42, moved)
    (found,) = index.near(moved[None], 4)
    assert 42 in found


@pytest.mark.parametrize("kind", [Exact, Inverted])
def test_a_wrong_number_of_rows_is_refused(
    kind: type[Exact] | type[Inverted], vectors: Array
) -> None:
    with pytest.raises(ValueError, match="announced"):
        kind(len(vectors) + 1, blocks(vectors))


def test_the_memory_of_inverted_lists_is_a_third_of_the_vectors(vectors: Array) -> None:
    assert Inverted(len(vectors), blocks(vectors)).nbytes < vectors.nbytes / 3
