from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mien.errors import UsageError
from mien.faces import EMOTIONS
from mien.timecode import Time
from mien.timeline.clock import clock_of
from mien.timeline.overview import AWAY, UNREAD, Presence, lanes, presences, windows_at
from mien.timeline.timeline import Timeline
from mien.timeline.windows import window_over
from tests.timeline.made import box, facts, made, steady, timelines

HAPPY, SAD = (np.eye(8)[EMOTIONS.index(name)] for name in ("happiness", "sadness"))
UNKNOWN = np.full(8, np.nan)


def test_who_is_there_and_how_long() -> None:
    base = Fraction(1, 1000)
    rows = [box(0, 4), box(1, 4), box(3, 4), box(3, 1), box(2, -1)]
    timeline = made([40, 40, 100, 30], rows, video=facts(25, base))
    assert presences(timeline) == [
        Presence(1, Time(180, base), Time(210, base), Time(30, base), 1),
        Presence(4, Time(0, base), Time(210, base), Time(110, base), 3),
    ]
    assert presences(made([])) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(timelines(), st.data())
def test_windows_are_those_of_the_document(timeline: Timeline, data: st.DataObject) -> None:
    if not timeline.frame_count:
        return
    clock = clock_of(timeline)
    first, end = int(clock.ticks[0]), int(clock.ticks[-1])
    edge = st.integers(first, end - 1)
    starts = data.draw(st.lists(edge, min_size=1, max_size=6))
    stops = [data.draw(st.integers(start + 1, end)) for start in starts]
    found = windows_at(timeline, clock, np.array(starts), np.array(stops))
    for index, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        wanted = window_over(timeline, clock, start, stop)
        assert found.mean[index] == pytest.approx(wanted.mean, abs=1e-6)
        assert found.distribution[index] == pytest.approx(wanted.distribution, abs=1e-6)


def test_windows_count_who_is_in_view() -> None:
    rows = [box(0, 0), box(0, 1, x=500), box(1, 0), box(2, 0)]
    emotion = np.array([HAPPY, SAD, HAPPY, UNKNOWN])
    timeline = steady(4, rows, emotion=emotion)
    clock = clock_of(timeline)
    starts = clock.ticks[[0, 0, 2]]
    stops = clock.ticks[[1, 2, 4]]
    found = windows_at(timeline, clock, starts, stops)
    assert found.faces.tolist() == pytest.approx([2, 1.5, 0])
    assert found.mean[1] == pytest.approx(2 / 3 * HAPPY + 1 / 3 * SAD)
    assert not found.mean[2].any()


def test_windows_of_a_timeline_without_emotion_or_faces() -> None:
    timeline = steady(4, [box(0, 0)])
    clock = clock_of(timeline)
    with pytest.raises(UsageError, match="no emotion"):
        windows_at(timeline, clock, clock.ticks[:1], clock.ticks[1:2])
    empty = steady(4)
    found = windows_at(empty, clock_of(empty), clock.ticks[:1], clock.ticks[1:2])
    assert not found.mean.any()


def test_lanes_show_the_strongest_expression_of_each_slice() -> None:
    rows = [box(frame, 3) for frame in range(6)] + [box(frame, 7, x=500) for frame in (6, 7)]
    emotion = np.array([HAPPY, HAPPY, 0.6 * SAD + 0.4 * HAPPY, UNKNOWN, UNKNOWN, UNKNOWN, SAD, SAD])
    found = lanes(steady(8, rows, emotion=emotion), 4)
    happy, sad = EMOTIONS.index("happiness"), EMOTIONS.index("sadness")
    assert found.ids.tolist() == [3, 7]
    assert found.top.tolist() == [
        [happy, sad, UNREAD, AWAY],
        [AWAY, AWAY, AWAY, sad],
        [happy, sad, UNREAD, sad],
    ]
    assert found.strength[0].tolist() == pytest.approx([1, 0.6, 0, 0])


def test_lanes_without_emotion_people_or_frames() -> None:
    assert lanes(steady(4, [box(0, 0)]), 2).top.tolist() == [[UNREAD, AWAY]] * 2
    for empty in (steady(4), steady(4, [box(0, -1)]), made([])):
        assert lanes(empty, 5).top.tolist() == [[AWAY] * 5]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(timelines(), st.integers(1, 50))
def test_everybody_in_view_has_a_lane(timeline: Timeline, slices: int) -> None:
    found = lanes(timeline, slices)
    assert found.ids.tolist() == [*timeline.tracks()]
    assert (found.top[:-1] > AWAY).any(axis=1).all()
    assert ((found.top[-1] > AWAY) == (found.top[:-1] > AWAY).any(axis=0)).all()
    assert found.top.max(initial=AWAY) <= UNREAD
