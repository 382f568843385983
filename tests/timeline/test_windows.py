from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from mien.errors import ConfigurationError, UnsupportedMediaError, UsageError
from mien.faces import EMOTIONS
from mien.timeline.clock import Clock, clock_of
from mien.timeline.timeline import Timeline
from mien.timeline.windows import Slicing, check_lengths, summed, window_over
from tests.timeline.made import NTSC, box, document_of, facts, made, steady, text_of

HAPPY = np.eye(8)[EMOTIONS.index("happiness")]
SAD = np.eye(8)[EMOTIONS.index("sadness")]
UNREAD = np.full(8, np.nan)


def clock(rate: Fraction, frames: int) -> Clock:
    return clock_of(made([rate.denominator] * frames, video=facts(rate)))


def test_sums_of_known_faces() -> None:
    mixed = 0.6 * HAPPY + 0.4 * SAD
    window = summed(np.array([HAPPY, mixed, SAD, SAD, SAD]), np.ones(5))
    assert window.distribution == pytest.approx(0.4 * HAPPY + 0.6 * SAD)
    assert window.mean == pytest.approx(0.32 * HAPPY + 0.68 * SAD)


def test_sums_are_zero_without_a_face_that_was_read() -> None:
    for scores in (np.empty((0, 8)), UNREAD[np.newaxis]):
        window = summed(scores, np.ones(len(scores)))
        assert not window.distribution.any()
        assert not window.mean.any()
    assert summed(np.array([UNREAD, SAD]), np.ones(2)).mean == pytest.approx(SAD)


def test_the_first_of_equal_top_scores_wins() -> None:
    assert summed(np.full((1, 8), 1 / 8), np.ones(1)).distribution.tolist() == [1, *[0] * 7]


@pytest.mark.parametrize(
    ("rate", "window_ms", "interval_ms", "frames", "reach"),
    [
        (NTSC, 500, 500, 15, (0, 0)),  # 14.985 frames: the documented 15015 ticks
        (Fraction(24000, 1001), 2000, 500, 12, (18, 18)),  # 12012 ticks, 48 frames
        (NTSC, 987, 342, 10, (10, 10)),  # the documented example: 10.25 and 29.58 frames
        (NTSC, 1000, 500, 15, (7, 8)),
        (Fraction(25), 500, 250, 6, (3, 4)),  # 6.25 and 12.5 frames; a half goes up
        (Fraction(1), 250, 250, 1, (0, 0)),  # never less than a frame
    ],
)
def test_lengths_in_whole_frames(
    rate: Fraction, window_ms: int, interval_ms: int, frames: int, reach: tuple[int, int]
) -> None:
    made_clock = clock(rate, 100)
    tick = made_clock.frame_ticks
    assert tick is not None
    slicing = Slicing.on(made_clock, window_ms, interval_ms)
    assert slicing == Slicing(frames * tick, reach[0] * tick, reach[1] * tick)


@pytest.mark.parametrize(
    ("frames", "interval_ms", "chunks"),
    [
        (120, 500, [(0, 15, 4), (60, 15, 4)]),
        (80, 500, [(0, 15, 4), (60, 15, 1), (75, 5, 1)]),  # a rest of five frames
        (7, 500, [(0, 7, 1)]),
        (60, 1000, [(0, 30, 2)]),
        (63, 700, [(0, 21, 3)]),  # 2.1 s is nearest to two
    ],
)
def test_chunks_cover_the_video(
    frames: int, interval_ms: int, chunks: list[tuple[int, int, int]]
) -> None:
    made_clock = clock(NTSC, frames)
    found = list(Slicing.on(made_clock, 1000, interval_ms).chunks(made_clock))
    assert found == [(start * 1001, interval * 1001, count) for start, interval, count in chunks]


def scored(*rows: np.ndarray) -> Timeline:
    """One face a frame, with these scores."""
    return steady(len(rows), [box(i, 1) for i in range(len(rows))], emotion=np.array(rows))


def test_a_window_sees_its_own_frames_and_ends_at_the_ends_of_the_video() -> None:
    timeline = scored(HAPPY, HAPPY, SAD, SAD)
    ticks = clock_of(timeline)

    def mean(first: int, last: int) -> np.ndarray:
        return window_over(timeline, ticks, first * 1001, last * 1001).mean

    assert mean(0, 2) == pytest.approx(HAPPY)
    assert mean(2, 4) == pytest.approx(SAD)
    assert mean(1, 3) == pytest.approx((HAPPY + SAD) / 2)
    assert mean(-50, 3) == pytest.approx((2 * HAPPY + SAD) / 3)
    assert mean(3, 50) == pytest.approx(SAD)


def test_at_a_variable_rate_a_face_counts_for_as_long_as_it_is_seen() -> None:
    timeline = made(
        [10, 30, 10, 50],
        [box(i, 1) for i in range(4)],
        facts(25, Fraction(1, 100)),
        np.array([HAPPY, SAD, HAPPY, HAPPY]),
    )
    ticks = clock_of(timeline)
    assert window_over(timeline, ticks, 0, 100).mean == pytest.approx(0.7 * HAPPY + 0.3 * SAD)
    # the middle of the second frame, in which no frame begins
    assert window_over(timeline, ticks, 20, 30).distribution == pytest.approx(SAD)
    assert window_over(timeline, ticks, 30, 50).mean == pytest.approx((HAPPY + SAD) / 2)


def test_faces_that_no_document_holds_do_not_count() -> None:
    rows = [box(0, 1), box(0, -1), box(0, 2, side=10), box(0, 3, x=5000), box(0, 4)]
    timeline = steady(1, rows, emotion=np.array([HAPPY, SAD, SAD, SAD, UNREAD]))
    assert window_over(timeline, clock_of(timeline), 0, 1001).mean == pytest.approx(HAPPY)


def test_without_the_emotion_column_it_is_said() -> None:
    timeline = steady(1, [box(0, 1)])
    with pytest.raises(UsageError, match="analyse with the column 'emotion'"):
        window_over(timeline, clock_of(timeline), 0, 1001)


@pytest.mark.parametrize(
    "lengths", [(250, 250), (500, 500), (2000, 1000), (1000, 1000), (251, 250)]
)
def test_lengths_within_the_limits(lengths: tuple[int, int]) -> None:
    check_lengths(*lengths)


@pytest.mark.parametrize(
    ("window", "interval", "message"),
    [
        (249, 249, "WindowMs must be 250 to 2000 milliseconds, got 249"),
        (2001, 500, "WindowMs must be 250 to 2000 milliseconds, got 2001"),
        (500, 249, "IntervalMs must be 250 to 1000 milliseconds, got 249"),
        (2000, 1001, "IntervalMs must be 250 to 1000 milliseconds, got 1001"),
        (500, 501, r"IntervalMs \(501\) is above aggregateEmotionWindowMs \(500\)"),
    ],
)
def test_lengths_outside_the_limits(window: int, interval: int, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        check_lengths(window, interval)


def test_a_video_of_few_frames_and_many_years_is_refused() -> None:
    """Its document would be larger than the disk, in a result for every half second."""
    apart = made([1001] * 20 + [10**12] + [1001] * 20)
    with pytest.raises(UnsupportedMediaError, match=r"41 frames .* 9259:15:34\.\d+, too far apart"):
        text_of(apart, mode="aggregateEmotion")
    assert len(text_of(apart, mode="faces")) < 1000
    lapse = made([60 * 30000, 60 * 30000 + 1] * 10)  # a frame a minute
    assert len(document_of(lapse, mode="aggregateEmotion")["fragments"]) == 20 * 60 / 2 + 1
