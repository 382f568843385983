"""The clock of a document: whole ticks in which every frame of a video begins and ends exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import floor, lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.errors import UnsupportedMediaError
from mien.timecode import SLOWEST, parse_rate
from mien.timeline.timeline import Timeline

Array = NDArray[Any]
FRAGMENT_SECONDS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Clock:
    """Ticks of 1/`timescale` s. Of the m frames, frame i is shown from ticks[i] to ticks[i + 1].

    `frame_ticks` is the duration of every frame but the last, which may have one of its own; it
    is None where the rate varies.
    """

    timescale: int
    rate: Fraction
    ticks: Array  # (m + 1,) int64, rising
    frame_ticks: int | None

    def runs(self) -> Iterator[tuple[int, int]]:
        """Frames [first, last) in the chunks a document is cut into.

        Within a chunk all frames last equally long, and a chunk has the whole number of frames
        that is nearest to two seconds; the last of a run may have fewer.
        """
        spans = np.diff(self.ticks)
        changes = np.flatnonzero(np.diff(spans)) + 1
        edges = [0, *changes.tolist(), len(spans)]
        for first, last in pairwise(edges):
            if first == last:
                continue
            size = nearest(Fraction(FRAGMENT_SECONDS * self.timescale, int(spans[first])))
            for start in range(first, last, size):
                yield start, min(start + size, last)


def clock_of(timeline: Timeline) -> Clock:
    """The coarsest clock that is exact for a video.

    At a constant rate the timescale is what the frame's duration asks for: 30000 at 29.97, 24000
    at 23.976, 25 at 25. A container whose ticks are too coarse for its rate (milliseconds, in WMV
    or Matroska, for 29.97) rounds its time stamps; where all of them are within one such tick of
    the stated rate, the rate is taken for the truth. Where the rate varies, the clock is the
    container's own.

    Raises:
        UnsupportedMediaError: time stamps beyond 64 bits.
    """
    rate, base = timeline.video.rate, timeline.video.time_base
    if not timeline.frame_count:
        return Clock(rate.numerator, rate, np.zeros(1, np.int64), rate.denominator)
    first, end = int(timeline.pts[0]), int(timeline.pts[-1]) + int(timeline.durations[-1])
    step = _constant_step(timeline)
    if step is None:
        _check_range(end * base.numerator)
        return Clock(base.denominator, rate, np.append(timeline.pts, end) * base.numerator, None)
    last = Fraction(int(timeline.durations[-1]))
    if abs(last - step) < 1:
        last = step
    seconds = [ticks * base for ticks in (step, last, Fraction(first))]
    timescale = lcm(*(part.denominator for part in seconds))
    frame_ticks, last_ticks, start = (int(part * timescale) for part in seconds)
    end = start + (timeline.frame_count - 1) * frame_ticks + last_ticks
    _check_range(end)
    ticks = np.append(start + np.arange(timeline.frame_count) * frame_ticks, end)
    return Clock(timescale, 1 / seconds[0], ticks, frame_ticks)


def shown_framerate(rate: Fraction) -> float:
    """29.97, 23.976, 25.0: three decimals, or six digits below one frame a second."""
    shown = float(rate)
    return round(shown, 3) if shown >= 1 else float(f"{shown:.6g}")


def nearest(value: Fraction) -> int:
    """The nearest whole number, at least 1; halves go up."""
    return max(1, floor(value + Fraction(1, 2)))


def _constant_step(timeline: Timeline) -> Fraction | None:
    """Ticks of the container between frames, or None where they vary."""
    gaps = timeline.spans[:-1]
    if len(gaps) and (gaps == gaps[0]).all():
        return Fraction(int(gaps[0]))
    if timeline.video.rate < SLOWEST:
        return None
    step = 1 / (parse_rate(timeline.video.rate) * timeline.video.time_base)
    if not len(gaps):
        own = Fraction(int(timeline.durations[0]))
        return step if abs(own - step) < 1 else own
    # |pts − i × step| < 1, in whole numbers of any size
    elapsed = (timeline.pts - timeline.pts[0]).astype(object) * step.denominator
    ideal = np.arange(len(elapsed)).astype(object) * step.numerator
    return step if (abs(elapsed - ideal) < step.denominator).all() else None


def _check_range(tick: int) -> None:
    if tick >= 1 << 62:
        raise UnsupportedMediaError(f"the video ends at tick {tick}, too large to write exactly")
