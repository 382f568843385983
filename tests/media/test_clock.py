from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.media.clock import Clock

MS = Fraction(1, 1000)
NTSC = Fraction(30000, 1001)


def ticks(clock: Clock, pts: list[int | None]) -> list[int]:
    return [clock.at(value) for value in pts]


@pytest.mark.parametrize(
    ("pts", "want"),
    [
        ([0, 512, 1024], [0, 512, 1024]),
        ([7200, 7712, 8224], [0, 512, 1024]),  # the first is at 0
        ([-1024, -512, 0], [0, 512, 1024]),
        ([0, 512, 2560, 3072], [0, 512, 2560, 3072]),  # a gap stays
        ([0, None, None, 1536], [0, 512, 1024, 1536]),  # rule 1
        ([None, None, None], [0, 512, 1024]),
        ([0, 512, 512, 1024], [0, 512, 513, 1024]),  # rule 4
        ([0, 512, 400, 1024], [0, 512, 513, 1024]),
        ([0, 512, 512, 512, 514], [0, 512, 513, 514, 515]),
        ([90000, 90512, 0, 512, 1536], [0, 512, 1024, 1536, 2560]),  # rule 3
        (
            [0, 2**62, 1024, -(2**62), 2048],
            [0, 512, 1024, 1536, 2048],
        ),  # rule 1: no clip is so long
        ([-(2**63), 512, 2**63 - 1, 512], [0, 512, 1024, 1536]),
    ],
)
def test_rules(pts: list[int | None], want: list[int]) -> None:
    assert ticks(Clock(Fraction(1, 12800), Fraction(25)), pts) == want


@pytest.mark.parametrize("rate", [NTSC, Fraction(24000, 1001), Fraction(30), Fraction(60)])
def test_rounded_milliseconds_become_exact(rate: Fraction) -> None:
    clock = Clock(MS, rate, rounded=True)
    pts: list[int | None] = [round(i / rate * 1000) for i in range(2000)]
    assert [tick * clock.time_base for tick in ticks(clock, pts)] == [i / rate for i in range(2000)]


def test_variable_rates_in_milliseconds_stay_as_they_are() -> None:
    clock = Clock(MS, NTSC, rounded=True)
    pts: list[int | None] = [0, 33, 67, 85, 112, 133, 250]
    seconds = [float(tick * clock.time_base) for tick in ticks(clock, pts)]
    frame = 1.001 / 30
    grid = [0, frame, 2 * frame, 0.085, 0.112, 4 * frame, 0.250]
    assert seconds == pytest.approx(grid, abs=1e-12)


@pytest.mark.parametrize(
    ("rate", "rounded"),
    [
        (NTSC, False),  # the container does not round
        (Fraction(2763, 100), True),  # no rate that anything is recorded at
        (Fraction(300), True),  # frames too short to be told apart
    ],
)
def test_when_the_time_base_stays(rate: Fraction, rounded: bool) -> None:
    assert Clock(MS, rate, rounded=rounded).time_base == MS


def test_length_of_the_last_frame() -> None:
    clock = Clock(MS, NTSC, rounded=True)
    assert clock.length(33) == clock.length(34) == clock.length(0) == 1001
    assert clock.length(250) == 250 * 30
    assert Clock(MS, Fraction(25)).length(0) == 40
    assert Clock(MS, Fraction(25)).length(2**62) == 40


@given(
    pts=st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), min_size=1),
    base=st.sampled_from([MS, Fraction(1, 90000), Fraction(1, 25), Fraction(1, 2**32 - 1)]),
    rate=st.sampled_from([Fraction(25), NTSC, Fraction(1), Fraction(120)]),
    rounded=st.booleans(),
)
def test_times_start_at_zero_and_always_increase(
    pts: list[int | None], base: Fraction, rate: Fraction, rounded: bool
) -> None:
    got = ticks(Clock(base, rate, rounded=rounded), pts)
    assert got[0] == 0
    assert all(a < b for a, b in pairwise(got))
    assert got[-1] < 2**62
