"""The assignment is the cheapest there is, and knows when it is not clear."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from mien.track.association import assign, contested, solve

Array = NDArray[Any]
shapes = st.tuples(st.integers(1, 7), st.integers(1, 9))
numbers = st.one_of(st.floats(-20, 20), st.integers(-3, 3).map(float))
costs = shapes.flatmap(lambda shape: arrays(np.float64, shape, elements=numbers))


@given(costs)
def test_the_solver_agrees_with_scipy(cost: Array) -> None:
    if cost.shape[0] > cost.shape[1]:
        cost = cost.T
    chosen = solve(cost)
    assert len(set(chosen.tolist())) == len(cost)
    rows, columns = linear_sum_assignment(cost)
    assert cost[np.arange(len(cost)), chosen].sum() == pytest.approx(cost[rows, columns].sum())


@given(costs, st.floats(-5, 15))
def test_no_other_set_of_pairs_is_cheaper(cost: Array, limit: float) -> None:
    pairs = assign(np.where(cost > 15, np.inf, cost), limit)
    assert len({*pairs[:, 0]}) == len({*pairs[:, 1]}) == len(pairs)
    assert (cost[pairs[:, 0], pairs[:, 1]] < limit).all()
    rows = len(cost)
    either = np.concatenate([np.minimum(cost, limit), np.full((rows, rows), limit)], axis=1)
    best = either[linear_sum_assignment(either)].sum()
    total = cost[pairs[:, 0], pairs[:, 1]].sum() + limit * (rows - len(pairs))
    assert total == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_nothing_to_pair(shape: tuple[int, int]) -> None:
    assert assign(np.zeros(shape), 1).shape == (0, 2)
    assert contested(np.zeros(shape), 1, 1).tolist() == [False] * shape[1]


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        ([[0, 99], [99, 0]], [False, False]),  # each has its own
        ([[0, 5], [99, 0]], [True, True]),  # the first track may be either
        ([[0, 7], [99, 0]], [False, False]),  # the second choice is too far behind
        ([[0, 99], [3, 99]], [True, False]),  # two tracks want the first face
        ([[12, 13]], [False, False]),  # both over the limit
    ],
)
def test_what_is_contested(cost: list[list[float]], expected: list[bool]) -> None:
    assert contested(np.array(cost, float), 10, 6).tolist() == expected


def test_forbidden_pairs_are_never_made() -> None:
    cost = np.array([[np.inf, np.nan], [np.inf, 1.0]])
    assert assign(cost, 5).tolist() == [[1, 1]]
