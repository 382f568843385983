from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mien.errors import UsageError
from mien.timecode import Time, format_seconds, parse_rate


@pytest.mark.parametrize(
    ("value", "rate"),
    [
        ("29.97", Fraction(30000, 1001)),
        (29.97, Fraction(30000, 1001)),
        (Fraction(2997, 100), Fraction(30000, 1001)),
        ("30000/1001", Fraction(30000, 1001)),
        ("23.976", Fraction(24000, 1001)),
        (23.98, Fraction(24000, 1001)),
        (59.94, Fraction(60000, 1001)),
        ("119.88", Fraction(120000, 1001)),
        (25, Fraction(25)),
        ("30", Fraction(30)),  # not NTSC: a whole number is meant as it is
        (12.5, Fraction(25, 2)),
        (15, Fraction(15)),
        ("1/2", Fraction(1, 2)),
    ],
)
def test_parse_rate(value: str | float | Fraction, rate: Fraction) -> None:
    assert parse_rate(value) == rate


@pytest.mark.parametrize("value", ["", "fast", "0", "-25", "1/0", 1e-9, float("nan"), float("inf")])
def test_what_is_no_rate_is_refused(value: str | float) -> None:
    with pytest.raises(UsageError):
        parse_rate(value)


def test_moments_compare_by_value_across_time_bases() -> None:
    assert Time(1001, Fraction(1, 30000)) == Time(1, Fraction(1001, 30000))
    assert Time(1, Fraction(1, 25)) < Time(1, Fraction(1, 24))
    assert len({Time(2, Fraction(1, 50)), Time(1, Fraction(1, 25))}) == 1
    with pytest.raises(ValueError, match="positive"):
        Time(0, Fraction(0))


@pytest.mark.parametrize(("ticks", "rounded"), [(1, 1), (-1, -1), (3, 2), (-3, -2), (0, 0), (2, 1)])
def test_rescaling_rounds_halves_away_from_zero(ticks: int, rounded: int) -> None:
    assert Time(ticks, Fraction(1, 2)).rescaled(Fraction(1)).pts == rounded


@given(st.integers(-(10**12), 10**12), st.integers(1, 120_000), st.integers(1, 120_000))
def test_rescaling_is_never_off_by_more_than_half_a_tick(pts: int, a: int, b: int) -> None:
    moment = Time(pts, Fraction(1, a))
    assert abs(moment.rescaled(Fraction(1, b)).exact - moment.exact) <= Fraction(1, 2 * b)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00:00.000"),
        (Fraction(1001, 30000), "0:00:00.033"),
        (59.9996, "0:01:00.000"),  # rounding carries into the minutes
        (3725.5, "1:02:05.500"),
        (-1.25, "-0:00:01.250"),
    ],
)
def test_format_seconds(seconds: float | Fraction, text: str) -> None:
    assert format_seconds(seconds) == text
