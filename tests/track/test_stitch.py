"""Pieces of one person become one id; people seen together never do."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.timecode import Time
from mien.track.stitch import SAME_PERSON, final_ids
from mien.track.tracklet import Tracklet, seen_together

Array = NDArray[Any]
PLACE = np.array([100.0, 100.0, 150.0, 160.0])


def at(seconds: float) -> Time:
    return Time(round(seconds * 90000), Fraction(1, 90000))


def person(number: int, off: float = 0.0, side: int = 0) -> Array:
    """(128,) an embedding `off` from the person's own; two people are 0.8 apart."""
    vector = np.zeros(128)
    vector[0] = 1.25
    vector[1 + number] = 0.8 / np.sqrt(2)
    vector[100 + side] = off
    return vector


def piece(
    number: int,
    *runs: tuple[float, float],
    look: Array | None = None,
    place: Array = PLACE,
    velocity: Sequence[float] = (0, 0),
    **more: Any,
) -> Tracklet:
    spans = tuple((at(first), at(last)) for first, last in runs)
    weight = more.pop("weight", 0.0 if look is None else 3.0)
    return Tracklet(number, spans, place, place, np.array(velocity), look, weight, **more)


ELSEWHERE = PLACE + 300


def test_one_person_who_comes_back_minutes_later_has_one_id() -> None:
    first = piece(7, (0, 5), look=person(1))
    other = piece(8, (1, 9), look=person(2), place=ELSEWHERE)
    again = piece(9, (300, 310), look=person(1, 0.3), place=ELSEWHERE)
    assert final_ids([again, other, first]) == {7: 0, 8: 1, 9: 0}
    assert final_ids([again, other, first], reid=False) == {7: 0, 8: 1, 9: 2}


def test_people_seen_together_stay_two_though_they_look_alike() -> None:
    twins = [piece(0, (0, 5), look=person(1)), piece(1, (4, 9), look=person(1, 0.01))]
    assert final_ids(twins) == {0: 0, 1: 1}


def test_a_piece_in_the_gap_of_another_may_be_the_same_person() -> None:
    broken = piece(0, (0, 2), (5, 9), look=person(1))
    between = piece(1, (3, 4), look=person(1, 0.1), place=ELSEWHERE)
    assert final_ids([broken, between]) == {0: 0, 1: 0}


def test_what_is_forbidden_to_one_member_is_forbidden_to_the_group() -> None:
    a, b = piece(0, (0, 1), look=person(1)), piece(1, (2, 3), look=person(1, 0.05))
    rival = piece(2, (2.5, 4), look=person(1, 0.2), place=ELSEWHERE)
    assert final_ids([a, b, rival]) == {0: 0, 1: 0, 2: 1}


def test_the_weighted_mean_decides_not_the_nearest_member() -> None:
    """Single linkage would chain 0 to 3 over 1 and 2."""
    chain = []
    for n, along in enumerate([0, 0.8, 1.7, 2.55]):
        look = person(1)
        look[50] = along * SAME_PERSON
        chain.append(piece(n, (10 * n, 10 * n + 1), look=look, place=PLACE + 200 * n))
    ids = final_ids(chain)
    assert ids[0] == ids[1]
    assert ids[2] == ids[3]
    assert ids[0] != ids[2]


def test_a_blurred_piece_does_not_pull_a_sharp_one_away() -> None:
    sharp = piece(0, (0, 1), look=person(1), weight=10.0)
    blurred = piece(1, (2, 3), look=person(1, 0.45, side=0), weight=0.1, place=ELSEWHERE)
    third = piece(2, (4, 5), look=person(1, 0.45, side=1), weight=10.0)
    assert len(set(final_ids([sharp, blurred, third]).values())) == 1


@pytest.mark.parametrize(
    ("change", "joined"),
    [
        ({}, True),
        ({"place": PLACE + 40}, False),  # too far from where it was heading
        ({"look": person(2)}, False),  # another face at the same place
        ({"look": person(1, 0.55)}, True),  # the same face, badly seen
        ({"look": None}, True),  # not looked at
    ],
)
def test_a_short_gap_is_bridged_by_place(change: dict[str, Any], joined: bool) -> None:
    before = piece(0, (0, 1), look=person(1))
    after = piece(1, (1.2, 2), **{"look": person(1), **change})
    ids = final_ids([before, after], reid=False)
    assert (ids[0] == ids[1]) is joined


@pytest.mark.parametrize(("cut", "joined"), [(1.0, True), (1.1, False), (1.2, False), (1.3, True)])
def test_no_gap_is_bridged_across_a_cut(cut: float, joined: bool) -> None:
    pieces = [piece(0, (0, 1)), piece(1, (1.2, 2))]
    ids = final_ids(pieces, cuts=[at(9), at(cut)])
    assert (ids[0] == ids[1]) is joined


def test_a_long_gap_is_not_bridged() -> None:
    assert len(set(final_ids([piece(0, (0, 1)), piece(1, (1.6, 2))]).values())) == 2


def test_a_bridge_follows_the_motion() -> None:
    before = piece(0, (0, 1), velocity=(500, 0))
    after = piece(1, (1.2, 2), place=PLACE + np.array([100, 0, 100, 0]))
    assert final_ids([before, after]) == {0: 0, 1: 0}


def test_one_end_is_continued_once() -> None:
    before = piece(0, (0, 1))
    rivals = [piece(1, (1.1, 1.2)), piece(2, (1.3, 3))]
    assert final_ids([before, *rivals]) == {0: 0, 1: 0, 2: 0}  # one after the other
    together = [piece(1, (1.1, 2)), piece(2, (1.1, 3))]
    assert sorted(final_ids([before, *together]).values()) == [0, 0, 1]


def test_ids_go_by_first_appearance_and_not_by_the_order_of_the_list() -> None:
    pieces = [piece(n, (50 - 10 * n, 55 - 10 * n), look=person(n)) for n in range(4)]
    expected = {3: 0, 2: 1, 1: 2, 0: 3}
    for order in itertools.permutations(pieces):
        assert final_ids(list(order)) == expected


def test_further_ids_of_a_piece_follow_it() -> None:
    assert final_ids([piece(4, (0, 1), also=(6, 9))]) == {4: 0, 6: 0, 9: 0}


def test_nothing_and_faces_without_an_embedding() -> None:
    assert final_ids([]) == {}
    nan = np.full(128, np.nan)
    pieces = [
        piece(0, (0, 1)),
        piece(1, (9, 10), place=ELSEWHERE),
        piece(2, (20, 21), look=nan, weight=1.0),
        piece(3, (30, 31), look=person(1)),
    ]
    assert final_ids(pieces) == {0: 0, 1: 1, 2: 2, 3: 3}


def test_hundreds_of_pieces_of_thirty_people() -> None:
    rng = np.random.default_rng(5)
    pieces, owner = [], {}
    for n in range(900):
        who = int(rng.integers(30))
        look = person(who) + rng.normal(0, 0.2 / np.sqrt(128), 128)
        pieces.append(piece(n, (10 * n, 10 * n + 1), look=look, place=PLACE + 60 * (n % 7)))
        owner[n] = who
    ids = final_ids(pieces)
    assert len(set(ids.values())) == 30
    assert len({(owner[n], final) for n, final in ids.items()}) == 30


@pytest.mark.parametrize(
    ("a", "b", "together"),
    [
        ([(0, 1)], [(1, 2)], True),  # the same frame
        ([(0, 1)], [(1.1, 2)], False),
        ([(0, 1), (4, 5)], [(2, 3), (6, 7)], False),
        ([(0, 1), (4, 5)], [(2, 4)], True),
        ([], [(0, 1)], False),
    ],
)
def test_seen_together(
    a: list[tuple[float, float]], b: list[tuple[float, float]], together: bool
) -> None:
    first, second = (tuple((at(x), at(y)) for x, y in runs) for runs in (a, b))
    assert seen_together(first, second) is seen_together(second, first) is together


def test_a_tracklet_travels_between_processes() -> None:
    there = piece(3, (0, 1), look=person(1), also=(4,))
    back = pickle.loads(pickle.dumps(there))
    assert (back.id, back.runs, back.also) == (3, there.runs, (4,))
    assert (back.embedding == there.embedding).all()
