"""Exact time: integer ticks and a rational time base. Float seconds appear only at the edge."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import total_ordering

from mien.errors import UsageError

NTSC_TOLERANCE = Fraction(1, 2000)
"""Relative distance within which a rate is taken for n × 1000/1001: 2997/100 is 1e-6 away from
30000/1001, while the nearest plain integer rate (30) is 1e-3 away."""


SLOWEST = Fraction(1, 1_000_000)
"""Frames a second: no clip is slower than one frame in eleven days."""


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Time:
    """A moment: `pts` ticks of `time_base` seconds each. Compares and hashes by value."""

    pts: int
    time_base: Fraction

    def __post_init__(self) -> None:
        if self.time_base <= 0:
            raise ValueError(f"time_base must be positive, got {self.time_base}")

    @property
    def exact(self) -> Fraction:
        """Seconds as a fraction."""
        return self.pts * self.time_base

    @property
    def seconds(self) -> float:
        """Seconds as a float, for people and plots only."""
        return float(self.exact)

    def rescaled(self, time_base: Fraction) -> Time:
        """The nearest moment on another time base (halves away from zero, as FFmpeg rounds)."""
        ticks = self.exact / time_base
        whole = int(abs(ticks) + Fraction(1, 2))
        return Time(whole if ticks >= 0 else -whole, time_base)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Time) and self.exact == other.exact

    def __lt__(self, other: Time) -> bool:
        return self.exact < other.exact

    def __hash__(self) -> int:
        return hash(self.exact)

    def __str__(self) -> str:
        return format_seconds(self.exact)


def parse_rate(value: str | float | Fraction) -> Fraction:
    """The frame rate a number stands for: 29.97, "2997/100" and "30000/1001" are all 30000/1001.

    Rates within `NTSC_TOLERANCE` of n × 1000/1001 (n a whole multiple of 6, and not nearer to a
    whole number) are snapped to it; others are taken as they are.

    Raises:
        UsageError: the value is no positive number.
    """
    try:
        rate = Fraction(str(value)) if isinstance(value, float) else Fraction(value)
    except (ValueError, ZeroDivisionError) as error:
        raise UsageError(f"'{value}' is not a frame rate; write 25, 29.97 or 30000/1001") from error
    if rate < SLOWEST:
        raise UsageError(f"a frame rate must be above zero, got '{value}'")
    nominal = round(rate * 1001 / 1000)
    ntsc = Fraction(nominal * 1000, 1001)
    if (
        nominal
        and nominal % 6 == 0
        and _near(rate, ntsc)
        and abs(rate - round(rate)) > abs(rate - ntsc)
    ):
        return ntsc
    return rate.limit_denominator(1_000_000)


def _near(a: Fraction, b: Fraction) -> bool:
    return abs(a - b) <= b * NTSC_TOLERANCE


def format_seconds(seconds: Fraction | float) -> str:
    """`H:MM:SS.mmm`, the form used in messages and captions (the hours always shown)."""
    sign = "-" if seconds < 0 else ""
    milliseconds = round(abs(Fraction(seconds)) * 1000)
    whole, milliseconds = divmod(milliseconds, 1000)
    minutes, whole = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{hours}:{minutes:02d}:{whole:02d}.{milliseconds:03d}"
