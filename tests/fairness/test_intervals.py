"""Intervals against published values."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mien.fairness.intervals import effective_trials, mean_interval, wilson


@pytest.mark.parametrize(
    ("events", "trials", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_as_newcombe_gives_it(events: int, trials: int, low: float, high: float) -> None:
    """Newcombe, Statistics in Medicine 17, 1998, table I, method 3."""
    assert wilson(events, trials) == pytest.approx((low, high), abs=5e-5)


def test_wilson_at_the_ends() -> None:
    assert wilson(0, 5)[0] == 0.0
    assert wilson(5, 5)[1] == 1.0
    assert wilson(5, 5)[0] == pytest.approx(1 - wilson(0, 5)[1])
    assert all(math.isnan(edge) for edge in wilson(0, 0))


def test_mean_by_student() -> None:
    assert mean_interval(np.array([0.0, 1.0])) == pytest.approx((-5.8531, 6.8531), abs=1e-4)
    assert mean_interval(np.full(9, 3.0)) == (3.0, 3.0)
    assert all(math.isnan(edge) for edge in mean_interval(np.array([4.0])))
    low, high = mean_interval(np.random.default_rng(1).normal(10, 2, 10_000))
    assert high - low == pytest.approx(2 * 1.96 * 2 / 100, rel=0.03)


class TestEffectiveTrials:
    def test_persons_of_one_pair_each_are_as_many_trials(self) -> None:
        """Independent trials: the jackknife's variance is p (1 - p) / (n - 1)."""
        events = np.array([1] * 20 + [0] * 80)
        assert effective_trials(events, np.ones(100, int), 20, 100) == pytest.approx(99, rel=1e-9)

    def test_pairs_of_a_person_that_all_agree_are_worth_one_trial(self) -> None:
        events = np.array([10] * 20 + [0] * 80)
        pairs = np.full(100, 10)
        assert effective_trials(events, pairs, 200, 1000) == pytest.approx(99, rel=1e-9)

    @pytest.mark.parametrize("wrong", [0, 1000])
    def test_nothing_or_everything_is_worth_the_persons(self, wrong: int) -> None:
        events = np.full(100, wrong // 100)
        assert effective_trials(events, np.full(100, 10), wrong, 1000) == 100

    def test_few_pairs_are_never_worth_more_than_they_are(self) -> None:
        assert effective_trials(np.array([0, 0]), np.array([1, 1]), 0, 1) == 1
        assert effective_trials(np.zeros(0, int), np.zeros(0, int), 0, 0) == 0

    def test_one_person_alone_is_one_trial(self) -> None:
        assert effective_trials(np.array([3]), np.array([45]), 3, 45) == 1

    def test_persons_without_pairs_do_not_count(self) -> None:
        events, pairs = np.array([1] * 20 + [0] * 80), np.ones(100, int)
        with_others = effective_trials(np.append(events, [0] * 50), np.append(pairs, [0] * 50),
                                       20, 100)  # fmt: skip
        assert with_others == effective_trials(events, pairs, 20, 100)

    def test_one_person_who_is_taken_for_everyone(self) -> None:
        """All events have one person in them: a hundred pairs say little more than one person."""
        n = 100
        events, pairs = np.ones(n, int), np.full(n, n - 1)
        events[0] = n - 1
        total = n * (n - 1) // 2
        assert effective_trials(events, pairs, n - 1, total) < n
