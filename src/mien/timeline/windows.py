"""Expressions of everybody in view, summed over windows of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.errors import ConfigurationError, UnsupportedMediaError, UsageError
from mien.faces import EMOTIONS
from mien.timecode import format_seconds
from mien.timeline.clock import FRAGMENT_SECONDS, Clock, nearest
from mien.timeline.detectable import detectable
from mien.timeline.timeline import Timeline

Array = NDArray[Any]

WINDOW_MS = (250, 2000)
INTERVAL_MS = (250, 1000)
DEFAULT_MS = 500

SPARE_SLICES, SLICES_PER_FRAME = 10_000, 250
"""More slices than that, and for each frame, are refused: a frame a minute, a result every 250 ms,
is not."""


class Chunk(NamedTuple):
    """So many slices of `interval` ticks each, from `start` on."""

    start: int
    interval: int
    slices: int


class Window(NamedTuple):
    """What was seen in one window; zeros where no face was."""

    distribution: Array  # (8,) share of the faces whose top expression is that one
    mean: Array  # (8,) mean score


@dataclass(frozen=True, slots=True)
class Slicing:
    """How a video is cut into slices, and how far each slice's window reaches past it, in ticks."""

    interval: int
    before: int
    after: int

    @classmethod
    def on(cls, clock: Clock, window_ms: int, interval_ms: int) -> Slicing:
        """Lengths in whole frames, nearest to those asked; at a variable rate in whole ticks.

        The window lies around the middle of its slice, so that its result does not lag; an odd
        frame falls behind.

        Raises:
            UnsupportedMediaError: the frames are so far apart that results in between would be
                nearly all there is, as where time stamps are broken.
        """
        unit = clock.frame_ticks or 1
        window, interval = (
            nearest(Fraction(length * clock.timescale, 1000 * unit))
            for length in (window_ms, interval_ms)
        )
        span, frames = int(clock.ticks[-1] - clock.ticks[0]), len(clock.ticks) - 1
        if span // (interval * unit) > SPARE_SLICES + SLICES_PER_FRAME * frames:
            length = format_seconds(Fraction(span, clock.timescale))
            raise UnsupportedMediaError(
                f"the {frames} frames of the video cover {length}, too far apart for a result "
                f"every {interval_ms} ms; write it anew if its times are wrong, or use another mode"
            )
        before = (window - interval) // 2
        return cls(interval * unit, before * unit, (window - interval - before) * unit)

    def chunks(self, clock: Clock) -> Iterator[Chunk]:
        """The whole video in chunks of as many slices as are nearest to two seconds.

        What is left at the end and is shorter than a slice is a chunk of one short slice.
        """
        start, end = int(clock.ticks[0]), int(clock.ticks[-1])
        size = nearest(Fraction(FRAGMENT_SECONDS * clock.timescale, self.interval))
        whole, rest = divmod(end - start, self.interval)
        for first in range(0, whole, size):
            yield Chunk(start + first * self.interval, self.interval, min(size, whole - first))
        if rest:
            yield Chunk(end - rest, rest, 1)


def check_lengths(window_ms: int, interval_ms: int) -> None:
    """Refuse lengths outside the limits of the service.

    Raises:
        ConfigurationError: window not in 250..2000 ms, interval not in 250..1000 ms, or the
            interval above the window.
    """
    for name, value, (low, high) in (
        ("aggregateEmotionWindowMs", window_ms, WINDOW_MS),
        ("aggregateEmotionIntervalMs", interval_ms, INTERVAL_MS),
    ):
        if not low <= value <= high:
            raise ConfigurationError(f"{name} must be {low} to {high} milliseconds, got {value}")
    if interval_ms > window_ms:
        raise ConfigurationError(
            f"aggregateEmotionIntervalMs ({interval_ms}) is above aggregateEmotionWindowMs "
            f"({window_ms}); make the window at least as long"
        )


def window_over(timeline: Timeline, clock: Clock, start: int, stop: int) -> Window:
    """The window from tick `start` to `stop`, as far as the video reaches.

    Every face counts for as long as its frame is shown in the window, which is a plain mean over
    the faces where all frames last equally long. Faces that a document would not hold do not
    count, nor do those whose expression could not be read.

    Raises:
        UsageError: the timeline has faces, and no emotion.
    """
    first = max(0, int(np.searchsorted(clock.ticks, start, "right")) - 1)
    last = int(np.searchsorted(clock.ticks[:-1], stop, "left"))
    found = detectable(timeline, first, last)
    if not len(found.row):
        return summed(np.empty((0, len(EMOTIONS))), np.empty(0))
    shown = np.minimum(clock.ticks[found.frame + 1], stop) - np.maximum(
        clock.ticks[found.frame], start
    )
    return summed(emotion_of(timeline)[found.row], shown)


def summed(scores: Array, weights: Array) -> Window:
    """Sum up k faces: (k, 8) scores that add up to 1, and (k,) weights above zero.

    Rows of NaN (not read) are left out. Of equal top scores the first in order wins.
    """
    read = np.isfinite(scores).all(axis=1)
    scores, weights = scores[read].astype(np.float64), weights[read].astype(np.float64)
    if not len(scores):
        return Window(np.zeros(len(EMOTIONS)), np.zeros(len(EMOTIONS)))
    share = weights / weights.sum()
    distribution = np.bincount(scores.argmax(axis=1), share, len(EMOTIONS))
    return Window(distribution, share @ scores)


def emotion_of(timeline: Timeline) -> Array:
    """The emotion column.

    Raises:
        UsageError: it is not there.
    """
    if timeline.faces.emotion is None:
        raise UsageError("this timeline holds no emotion; analyse with the column 'emotion'")
    return timeline.faces.emotion
