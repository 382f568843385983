"""Moments of doubt on timelines whose truth is known."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

from mien.redact.doubt import REASONS, WEIGHTS, Doubt, doubts_of
from mien.redact.drawings import Laid
from mien.timecode import Time
from mien.timeline.edits import Check, Drawing, Key
from mien.timeline.timeline import Timeline
from tests.timeline.made import box, facts, made, timelines

Array = NDArray[Any]

RATE, SIDE = 20, 60
VIDEO = facts(RATE, Fraction(1, RATE), size=(640, 360))
LONG = 200


def video(rows: Any, *, scores: dict[int, float] | None = None, cuts: Any = ()) -> Timeline:
    """Ten seconds. `scores` by frame."""
    timeline = made([1] * LONG, list(rows), video=VIDEO)
    score = np.array(timeline.faces.score)
    for frame, value in (scores or {}).items():
        score[timeline.frame == frame] = value
    faces = replace(timeline.faces, score=score)
    return replace(timeline, faces=faces, cuts=np.array(cuts, np.int64))


def stays(name: int, frames: Any, x: float = 290, y: float = 150) -> list[Any]:
    return [box(frame, name, x, y, SIDE) for frame in frames]


def at(frame: int) -> Time:
    return Time(frame, Fraction(1, RATE))


def reasons(doubts: list[Doubt]) -> list[str]:
    return [doubt.reason for doubt in doubts]


def test_somebody_in_view_from_end_to_end_is_no_doubt() -> None:
    assert doubts_of(video(stays(0, range(LONG)))) == []


def test_somebody_who_comes_in_over_the_edge_is_none_either() -> None:
    walk = [box(k, 0, 4 * (k - 50), 150, SIDE) for k in range(50, 150)]
    assert reasons(doubts_of(video(walk))) == ["vanishes"]


def test_a_face_that_comes_up_in_the_middle_of_the_picture() -> None:
    doubts = doubts_of(video(stays(3, range(60, LONG))))
    assert reasons(doubts) == ["appears"]
    assert (doubts[0].start, doubts[0].time, doubts[0].person) == (at(50), at(60), 3)
    assert doubts[0].box == (290, 150, 350, 210)


def test_a_face_that_goes_out_of_view_in_the_middle_of_the_picture() -> None:
    doubts = doubts_of(video(stays(3, range(100))))
    assert reasons(doubts) == ["vanishes"]
    assert (doubts[0].start, doubts[0].stop) == (at(99), at(110))


def test_cuts_explain_comings_and_goings() -> None:
    assert doubts_of(video(stays(3, range(60, 140)), cuts=[60, 140])) == []


@pytest.mark.parametrize(
    ("hole", "there", "reason"),
    [
        (range(100, 103), 290, None),
        (range(100, 120), 290, "bridged"),
        (range(100, 120), 450, "bridged"),
        (range(60, 140), 290, "bridged"),
        (range(60, 140), 450, "away"),
    ],
    ids=["short", "a second", "moved", "turned away", "gone and back"],
)
def test_a_hole_between_sightings(hole: range, there: float, reason: str | None) -> None:
    rows = stays(0, range(hole.start)) + stays(0, range(hole.stop, LONG), there)
    doubts = doubts_of(video(rows))
    assert reasons(doubts) == ([] if reason is None else [reason])
    if reason is not None:
        assert (doubts[0].start, doubts[0].stop) == (at(hole.start), at(hole.stop))
        assert doubts[0].weight <= WEIGHTS[doubts[0].reason]


def test_predicted_rows_are_no_sightings() -> None:
    unseen = dict.fromkeys(range(100, 120), float("nan"))
    assert reasons(doubts_of(video(stays(0, range(LONG)), scores=unseen))) == ["bridged"]


def test_a_longer_hole_weighs_more() -> None:
    def weight(frames: int) -> float:
        rows = stays(0, range(100)) + stays(0, range(100 + frames, LONG))
        return doubts_of(video(rows))[0].weight

    assert weight(10) < weight(20) < weight(40)


def test_weak_sightings_are_told_once_and_by_the_weakest() -> None:
    weak = dict.fromkeys(range(80, 110), 0.35) | {95: 0.22}
    doubts = doubts_of(video(stays(0, range(LONG)), scores=weak))
    assert reasons(doubts) == ["faint"]
    assert (doubts[0].start, doubts[0].stop, doubts[0].time) == (at(80), at(110), at(95))


def test_two_who_meet() -> None:
    left = [box(k, 0, 60 + 2 * k, 150, SIDE) for k in range(LONG)]
    right = [box(k, 1, 460 - 2 * k, 150, SIDE) for k in range(LONG)]
    doubts = doubts_of(video(left + right))
    assert reasons(doubts) == ["close"]
    assert (doubts[0].person, doubts[0].other) == (0, 1)
    assert doubts[0].time == at(100)
    crossed = doubts_of(video(left + right), choices={1: "keep"})
    assert reasons(crossed) == ["close"]
    assert crossed[0].weight > 2 * doubts[0].weight
    assert doubts_of(video(left + right), choices={0: "keep", 1: "keep"}) == []


def test_where_somebody_kept_was_not_seen_is_no_doubt() -> None:
    rows = stays(0, range(60)) + stays(0, range(140, LONG), 450)
    assert doubts_of(video(rows), choices={0: "keep"}) == []


def test_what_was_seen_for_a_moment() -> None:
    owned = video(stays(4, range(100, 105), 0))
    assert reasons(doubts_of(owned)) == ["brief"]
    loose = stays(-1, (100, 102)) + stays(-1, (101, 150), 500)
    doubts = doubts_of(video(loose))
    assert reasons(doubts) == ["brief"] * 3
    assert {doubt.person for doubt in doubts} == {None}
    assert sorted(doubt.start for doubt in doubts) == [at(100), at(101), at(150)]


def _laid(confidence: dict[int, float], lost: tuple[int, ...] = ()) -> Laid:
    key = Key(at(10), (10, 10, 50, 50), True)
    frame = np.arange(10, 60)
    sure = np.array([confidence.get(k, 0.9) for k in frame.tolist()])
    return Laid(Drawing(5, None, (key,)), frame, np.tile(key.box, (50, 1)), sure, lost)


def test_what_was_drawn_and_hardly_followed() -> None:
    doubts = doubts_of(video([]), drawn=[_laid({30: 0.3, 31: 0.1, 32: 0.35}, lost=(59,))])
    assert reasons(doubts) == ["lost", "drawn"]
    assert (doubts[1].start, doubts[1].stop, doubts[1].time) == (at(30), at(33), at(31))
    assert {doubt.drawing for doubt in doubts} == {5}
    assert doubts_of(video([]), drawn=[_laid({})]) == []


def test_the_most_doubtful_comes_first() -> None:
    rows = [*stays(0, range(60)), *stays(0, range(140, LONG), 450), *stays(-1, [3], 20)]
    weights = [doubt.weight for doubt in doubts_of(video(rows))]
    assert weights == sorted(weights, reverse=True)
    assert reasons(doubts_of(video(rows)))[0] == "away"


def test_somebody_has_looked_at_it() -> None:
    (doubt,) = doubts_of(video(stays(3, range(60, LONG))))
    seen = Check(at(60), doubt.box, "appears")
    assert doubt.is_checked([seen])
    for other in (
        replace(seen, reason="vanishes"),
        replace(seen, time=at(70)),
        replace(seen, box=(0, 0, 20, 20)),
    ):
        assert not doubt.is_checked([other])


@given(timelines())
@settings(max_examples=40, deadline=None)
def test_any_timeline_has_its_moments_in_order(timeline: Timeline) -> None:
    doubts = doubts_of(timeline)
    assert doubts == doubts_of(timeline)
    for doubt in doubts:
        assert doubt.reason in REASONS
        assert 0 < doubt.weight <= 1
        assert doubt.start <= doubt.time < doubt.stop
        assert np.isfinite(doubt.box).all()
    if timeline.frame_count:
        assert len(doubts_of(timeline, choices=dict.fromkeys(range(10_000), "keep"))) <= len(doubts)


def test_no_video_at_all() -> None:
    assert doubts_of(made([], [], video=VIDEO)) == []
