from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from mien.errors import UnsupportedMediaError
from mien.faces import Faces
from mien.timeline.clock import clock_of
from mien.timeline.timeline import Timeline, VideoFacts
from tests.timeline.made import NTSC, facts, made


def timeline(pts: list[int], last: int, rate: Fraction | int, base: Fraction) -> Timeline:
    durations = np.append(np.diff(pts), last)
    return Timeline(facts(rate, base), np.array(pts), durations, np.empty(0), Faces.empty())


@pytest.mark.parametrize(
    ("rate", "base", "timescale", "ticks"),
    [
        (NTSC, Fraction(1, 30000), 30000, 1001),
        (NTSC, Fraction(1, 90000), 30000, 1001),  # MPEG-TS
        (Fraction(24000, 1001), Fraction(1, 24000), 24000, 1001),
        (Fraction(25), Fraction(1, 12800), 25, 1),
        (Fraction(25), Fraction(1, 1000), 25, 1),  # WMV, Matroska: whole milliseconds
        (Fraction(25, 2), Fraction(1, 50), 25, 2),
        (Fraction(60000, 1001), Fraction(1, 60000), 60000, 1001),
    ],
)
def test_a_constant_rate_asks_for_its_own_timescale(
    rate: Fraction, base: Fraction, timescale: int, ticks: int
) -> None:
    step = int(1 / rate / base)
    clock = clock_of(timeline([i * step for i in range(9)], step, rate, base))
    assert (clock.timescale, clock.frame_ticks, clock.rate) == (timescale, ticks, rate)
    assert clock.ticks.tolist() == [i * ticks for i in range(10)]


@pytest.mark.parametrize("rate", [NTSC, Fraction(30), Fraction(24000, 1001), Fraction(2997, 100)])
@pytest.mark.parametrize("rounded", [round, int])
def test_time_stamps_rounded_to_milliseconds_are_seen_through(
    rate: Fraction, rounded: Callable[[Fraction], int]
) -> None:
    true = NTSC if rate == Fraction(2997, 100) else rate
    pts = [rounded(i / true * 1000) for i in range(3000)]
    clock = clock_of(timeline(pts, round(1000 / true), rate, Fraction(1, 1000)))
    assert clock.rate == true
    assert clock.timescale == true.numerator
    assert clock.ticks.tolist() == [i * true.denominator for i in range(3001)]


def test_jitter_of_more_than_a_tick_is_a_variable_rate() -> None:
    pts = [0, 33, 67, 101, 133]
    clock = clock_of(timeline(pts, 33, 30, Fraction(1, 1000)))
    assert clock.frame_ticks is None
    assert (clock.timescale, clock.ticks.tolist()) == (1000, [*pts, 166])


def test_the_spacing_counts_and_not_a_rate_that_the_stream_states_wrongly() -> None:
    clock = clock_of(timeline([0, 512, 1024], 512, Fraction(2999, 100), Fraction(1, 15360)))
    assert (clock.rate, clock.timescale) == (Fraction(30), 30)


def test_an_odd_last_frame_is_kept_exactly() -> None:
    clock = clock_of(timeline([0, 512, 1024], 1208, 24, Fraction(1, 12288)))
    assert clock.frame_ticks is not None
    spans = np.diff(clock.ticks)
    assert [Fraction(int(span), clock.timescale) for span in spans] == [
        Fraction(1, 24),
        Fraction(1, 24),
        Fraction(1208, 12288),
    ]
    assert list(clock.runs()) == [(0, 2), (2, 3)]


@pytest.mark.parametrize(("span", "rate"), [(33, Fraction(30)), (40, Fraction(25))])
def test_one_frame(span: int, rate: Fraction) -> None:
    clock = clock_of(timeline([0], span, 30, Fraction(1, 1000)))
    assert clock.rate == rate
    assert Fraction(int(clock.ticks[1]), clock.timescale) == 1 / rate


def test_a_rate_that_is_next_to_nothing() -> None:
    clock = clock_of(timeline([0, 5, 11], 5, Fraction(1, 10**9), Fraction(1, 25)))
    assert (clock.frame_ticks, clock.timescale) == (None, 25)


def test_no_frame() -> None:
    clock = clock_of(made([]))
    assert clock.timescale == 30000
    assert list(clock.runs()) == []


def test_a_part_of_a_video_keeps_its_times() -> None:
    whole = timeline([i * 1001 for i in range(99)], 1001, NTSC, Fraction(1, 30000))
    assert clock_of(whole.between(1, 2)).ticks[0] == 30 * 1001


def test_runs_end_where_the_frame_duration_changes() -> None:
    spans = [1, 1, 1, 2, 2, 1]
    clock = clock_of(made(spans, video=facts(2, Fraction(1, 2))))
    assert clock.frame_ticks is None
    assert list(clock.runs()) == [(0, 3), (3, 5), (5, 6)]


@pytest.mark.parametrize(
    ("rate", "frames"),
    [
        (NTSC, 60),
        (Fraction(24000, 1001), 48),
        (Fraction(25), 50),
        (Fraction(5, 4), 3),  # two and a half: up
        (Fraction(1, 10), 1),
    ],
)
def test_chunks_have_the_whole_number_of_frames_nearest_to_two_seconds(
    rate: Fraction, frames: int
) -> None:
    clock = clock_of(made([rate.denominator] * (2 * frames + 1), video=facts(rate)))
    whole = [(0, frames), (frames, 2 * frames), (2 * frames, 2 * frames + 1)]
    assert list(clock.runs()) == whole


@pytest.mark.parametrize("middle", [7, 1 << 61])
def test_times_beyond_64_bits_are_refused(middle: int) -> None:
    pts = [0, middle, (1 << 62) + 5]
    with pytest.raises(UnsupportedMediaError, match="too large to write exactly"):
        clock_of(
            Timeline(
                VideoFacts(8, 8, Fraction(25), Fraction(1001, 30000)),
                np.array(pts),
                np.ones(3),
                np.empty(0),
                Faces.empty(),
            )
        )
