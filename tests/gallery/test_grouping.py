"""Faces put together by person."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.describe.embedding import MATCH_THRESHOLD
from mien.gallery.grouping import GROUPING_THRESHOLDS, grouped, grouping_threshold

Array = NDArray[Any]


def on_a_line(*places: float) -> Array:
    """Vectors at these places on a line: distances are differences."""
    vectors = np.zeros((len(places), 128))
    vectors[:, 0] = places
    return vectors


def test_the_largest_group_comes_first_then_the_first() -> None:
    vectors = on_a_line(5, 0, 5.1, 9, 0.1, 7, 0.2, 7.1, 20)
    assert grouped(vectors) == ([[1, 4, 6], [0, 2], [5, 7]], [3, 8])


@pytest.mark.parametrize(
    ("vectors", "wanted"),
    [
        (on_a_line(), ([], [])),
        (on_a_line(1), ([], [0])),
        (on_a_line(1, 1), ([[0, 1]], [])),
        (on_a_line(0, MATCH_THRESHOLD - 0.001), ([[0, 1]], [])),
        (on_a_line(0, MATCH_THRESHOLD + 0.001), ([], [0, 1])),
    ],
)
def test_none_one_and_two(vectors: Array, wanted: tuple[list[list[int]], list[int]]) -> None:
    assert grouped(vectors) == wanted


def test_one_face_between_two_people_does_not_join_them() -> None:
    """Every neighbour is near enough, the two ends are not."""
    groups, alone = grouped(on_a_line(0, 0.05, 0.1, 0.5, 0.9, 0.95, 1.0))
    assert [0, 1, 2, 3, 4, 5, 6] not in groups
    assert all(not {0, 6} <= set(group) for group in groups)
    assert sorted([*chain(*groups), *alone]) == list(range(7))


def test_every_face_is_in_one_place_whatever_the_order() -> None:
    rng = np.random.default_rng(0)
    whose = rng.integers(0, 30, 120)
    vectors = rng.normal(scale=0.08, size=(30, 128))[whose]
    vectors = vectors + rng.normal(scale=0.02, size=(120, 128))
    groups, alone = grouped(vectors)
    assert sorted([*chain(*groups), *alone]) == list(range(120))
    assert [len(group) for group in groups] == sorted(map(len, groups), reverse=True)
    order = rng.permutation(120)
    again, alone_again = grouped(vectors[order])
    assert {frozenset(group) for group in groups} == {
        frozenset(order[group].tolist()) for group in again
    }
    assert set(alone) == set(order[alone_again].tolist())
    assert {frozenset(whose[group].tolist()) for group in groups} == {
        frozenset([person]) for person in set(np.delete(whose, alone).tolist())
    }


def test_the_threshold_falls_with_the_number_of_faces() -> None:
    found = [grouping_threshold(count) for count in range(1, 1001)]
    assert (np.diff(found) <= 0).all()
    assert found[0] == MATCH_THRESHOLD
    assert found[-1] == GROUPING_THRESHOLDS[1000]


def test_a_vector_that_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        grouped(np.full((2, 128), np.nan))
