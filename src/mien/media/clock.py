"""From a container's time stamps to exact times: the first shown frame at 0, strictly increasing.

The rules, in order:

1. A frame without a time stamp comes one nominal frame after the one before it, and so does one
   whose time is further from the first than any clip is long.
2. Containers that count milliseconds (WMV, MKV, WebM, FLV) round 1001/30000 s to 33 or 34 ms. If
   the nominal rate is a whole number or one of n × 1000/1001, a time within one such tick of a
   whole number of nominal frames is taken to be that number, exactly; the time base gets finer for
   it. Other times, of a variable rate, stay as they are.
3. A time that jumps back by a second or more starts a new count: it, and all after it, continue one
   nominal frame after the last.
4. A time that is not after the last one otherwise becomes the last one plus one tick.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd

FINEST = Fraction(1, 10_000_000)
"""Rule 2 is left out where it would need ticks shorter than this."""

TICKS_PER_FRAME = 4
"""Rule 2 is left out where a nominal frame is shorter than this many ticks of the container, so
that two frames can never be taken for the same one."""

JUMP_S = 1
"""How far back a time must jump, in seconds, to start a new count (rule 3)."""

LONGEST_S = 1 << 28
"""Eight and a half years (rule 1). In the finest ticks that MP4 can state, 2⁻³² s, this is 2⁶⁰: all
times stay within 64 bits."""


class Clock:
    """Turns time stamps, in the order of display, into ticks of `time_base`."""

    def __init__(self, container_base: Fraction, rate: Fraction, *, rounded: bool = False) -> None:
        """`rounded`: the container rounds times to its ticks, so that rule 2 applies."""
        self._longest = int(LONGEST_S / container_base)
        self._snaps = rounded and _snaps(container_base, rate)
        self.time_base = _common(container_base, 1 / rate) if self._snaps else container_base
        self._scale = round(container_base / self.time_base)  # of ours in one of the container's
        self._step = max(1, round(1 / rate / self.time_base))
        self._origin: int | None = None
        self._last = 0

    def at(self, pts: int | None) -> int:
        """Ticks of the next frame."""
        if self._origin is None:
            self._origin = pts or 0
            return 0
        if pts is None or not self._is_sane(pts - self._origin):
            now = self._last + self._step
        else:
            now = self._on_grid(pts - self._origin)
            if (self._last - now) * self.time_base >= JUMP_S:
                now = self._last + self._step
                self._origin = pts - now // self._scale
        self._last = max(now, self._last + 1)
        return self._last

    def of(self, pts: int) -> int:
        """Ticks of a time in the count of the first frame, whatever came since."""
        return self._on_grid(pts - (self._origin or 0))

    def length(self, ticks: int) -> int:
        """Of a frame with this duration in ticks of the container; 0 or less: a nominal frame."""
        stated = ticks > 0 and self._is_sane(ticks)
        return max(1, self._on_grid(ticks)) if stated else self._step

    def _is_sane(self, ticks: int) -> bool:
        return abs(ticks) < self._longest

    def _on_grid(self, ticks: int) -> int:
        now = ticks * self._scale
        if self._snaps:
            exact = round(Fraction(now, self._step)) * self._step
            return exact if abs(exact - now) <= self._scale else now
        return now


def _snaps(base: Fraction, rate: Fraction) -> bool:
    frame = 1 / rate
    return (
        rate.denominator in (1, 1001)
        and frame >= TICKS_PER_FRAME * base
        and _common(base, frame) >= FINEST
    )


def _common(a: Fraction, b: Fraction) -> Fraction:
    """The longest time of which both are whole multiples."""
    top = gcd(a.numerator * b.denominator, b.numerator * a.denominator)
    return Fraction(top, a.denominator * b.denominator)
