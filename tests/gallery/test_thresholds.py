"""The threshold by size of group."""

from __future__ import annotations

import numpy as np
import pytest

from mien.describe.embedding import MATCH_THRESHOLD
from mien.gallery.thresholds import (
    GROUP_THRESHOLDS,
    MOST_TRIES,
    identify_threshold,
    tries,
)


def test_it_falls_as_the_group_grows() -> None:
    sizes = sorted({int(size) for size in np.geomspace(1, 10**8, 400)})
    found = [identify_threshold(size) for size in sizes]
    assert (np.diff(found) <= 0).all()
    assert (np.diff([far for far in found if far < MATCH_THRESHOLD]) < 0).all()
    assert min(found) > 0


def test_it_is_the_table_at_the_table() -> None:
    for size, at in GROUP_THRESHOLDS.items():
        assert identify_threshold(size) == pytest.approx(min(at, MATCH_THRESHOLD))
    assert 10 in GROUP_THRESHOLDS
    assert 10**6 in GROUP_THRESHOLDS


@pytest.mark.parametrize("size", [0, 1, 2, 5])
def test_a_small_group_asks_no_less_than_verification(size: int) -> None:
    assert identify_threshold(size) <= MATCH_THRESHOLD
    assert identify_threshold(size) >= GROUP_THRESHOLDS[10]


def test_a_group_of_less_than_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="tries"):
        identify_threshold(-1)


def test_a_person_counts_by_faces_up_to_a_limit() -> None:
    assert [tries(faces) for faces in (1, 2, 3, 7, 8, 9, 248)] == [1, 4, 5, 9, 10, 10, 10]
    assert tries(248) == MOST_TRIES
