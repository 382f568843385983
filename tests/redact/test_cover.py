"""Boxes without holes: pads, bridges, growth, cuts; and the ellipses around them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mien.faces import Faces
from mien.redact.cover import covered
from mien.redact.heads import masks_of
from mien.timeline.timeline import Timeline, VideoFacts
from tests.timeline.made import box, facts, made, timelines

Array = NDArray[Any]
FIFTY = facts(50, Fraction(1, 50))
"""Pads of 12.5 frames become 12, and 25 frames are half a second."""


def at_fifty(frames: int, rows: list[Any], cuts: list[int] | None = None) -> Timeline:
    return replace(made([1] * frames, rows, video=FIFTY), cuts=np.array(cuts or [], np.int64))


def frames_of(timeline: Timeline, name: int) -> list[int]:
    assert timeline.faces.track_id is not None
    frames: list[int] = timeline.frame[timeline.faces.track_id == name].tolist()
    return frames


def box_at(timeline: Timeline, frame: int, name: int) -> Array:
    faces = timeline.at(frame)
    assert faces.track_id is not None
    (row,) = np.flatnonzero(faces.track_id == name)
    found: Array = faces.box_xyxy[row].astype(float)
    return found


def test_a_face_is_hidden_a_quarter_second_before_and_half_a_second_after() -> None:
    whole = covered(at_fifty(200, [box(frame, 3) for frame in range(60, 70)]))
    assert frames_of(whole, 3) == list(range(48, 95))


def test_one_that_was_not_confirmed_is_padded_by_a_quarter_second_at_both_ends() -> None:
    whole = covered(at_fifty(200, [box(frame, -1) for frame in (60, 65)]))
    assert frames_of(whole, -1) == list(range(48, 78))


def test_two_unconfirmed_faces_far_apart_are_two() -> None:
    rows = [box(60, -1), box(60, -1, x=900), box(61, -1, x=905)]
    whole = covered(at_fifty(100, rows))
    assert len(whole.at(60)) == 2
    assert sorted(whole.at(55).box_xyxy[:, 0] > 500) == [False, True]


def test_a_mask_stops_at_the_ends_of_the_video_and_at_cuts() -> None:
    rows = [box(frame, 0) for frame in range(5, 30)] + [box(frame, 1) for frame in range(32, 60)]
    whole = covered(at_fifty(62, rows, cuts=[32]))
    assert frames_of(whole, 0) == list(range(32))
    assert frames_of(whole, 1) == list(range(32, 62))


def test_the_same_person_before_and_after_a_cut_is_not_bridged_across_it() -> None:
    rows = [box(10, 0), box(150, 0, x=900)]
    whole = covered(at_fifty(300, rows, cuts=[70]))
    left = [frame for frame in frames_of(whole, 0) if box_at(whole, frame, 0)[0] < 500]
    assert left == list(range(36))
    assert min(set(frames_of(whole, 0)) - set(left)) == 138


def test_on_the_way_between_two_sightings_the_mask_moves_and_grows() -> None:
    whole = covered(at_fifty(200, [box(20, 0), box(60, 0, x=300)]))
    assert set(range(20, 61)) <= set(frames_of(whole, 0))
    middle = box_at(whole, 40, 0)
    assert (middle[0] + middle[2]) / 2 == pytest.approx(100 + 64 + 100, abs=2)
    # 0.4 s from either sighting: 0.8 a second of growth; and 5 pixels to each neighbour's box
    assert middle[2] - middle[0] == pytest.approx(128 * 1.32 + 10, abs=3)


def test_somebody_who_turned_away_stays_hidden() -> None:
    rows = [*[box(frame, 0) for frame in range(10)], box(800, 0, x=140)]
    assert frames_of(covered(at_fifty(900, rows)), 0) == list(range(826))


def test_somebody_who_walked_off_and_came_back_elsewhere_is_not_hidden_all_the_way() -> None:
    rows = [*[box(frame, 0) for frame in range(10)], box(800, 0, x=900)]
    hidden = frames_of(covered(at_fifty(900, rows)), 0)
    assert hidden == [*range(35), *range(788, 826)]


def test_a_lost_mask_covers_where_the_face_was_and_where_it_was_heading() -> None:
    rows = [box(frame, 0, x=100 + 4 * frame) for frame in range(50, 60)]  # 200 pixels a second
    whole = covered(at_fifty(200, rows))
    last, held = box_at(whole, 59, 0), box_at(whole, 79, 0)  # 0.4 s later
    assert held[0] <= last[0] + 4
    assert held[2] >= last[2] + 0.4 * 200 - 1
    first, before = box_at(whole, 50, 0), box_at(whole, 40, 0)  # 0.2 s before
    assert before[0] <= first[0] - 0.2 * 200 + 1
    assert before[2] >= first[2] - 4


def test_a_heading_that_cannot_be_is_not_followed() -> None:
    rows = [box(50, 0, x=100), box(51, 0, x=900)]  # as when two tracks were mixed up
    held = box_at(covered(at_fifty(200, rows)), 70, 0)
    assert held[2] < 1500


def test_what_is_new_says_so() -> None:
    whole = covered(at_fifty(100, [box(40, 2), box(44, 2)]))
    seen = np.isfinite(whole.faces.score)
    assert whole.frame[seen].tolist() == [40, 44]


def test_no_face_no_mask() -> None:
    whole = covered(at_fifty(10, []))
    assert len(whole.faces) == 0
    assert len(masks_of(whole.at(3), 0.15, 1280, 720)) == 0


def test_without_ids_every_sighting_is_hidden() -> None:
    timeline = at_fifty(400, [box(200, 0)])
    plain = replace(timeline, faces=timeline.faces.without(["track_id"]))
    assert frames_of(covered(plain), -1) == list(range(188, 213))


@settings(max_examples=60, deadline=None)
@given(timelines(), st.data())
def test_every_sighting_stays_inside_its_mask(timeline: Timeline, data: st.DataObject) -> None:
    count = timeline.frame_count
    cuts = data.draw(st.sets(st.integers(1, count - 1), max_size=4)) if count > 1 else set()
    timeline = replace(timeline, cuts=np.array(sorted(cuts), np.int64))
    whole = covered(timeline)
    assert np.array_equal(whole.pts, timeline.pts)
    before, after = timeline.faces, whole.faces
    if not len(before):
        assert not len(after)
        return
    assert before.track_id is not None
    assert after.track_id is not None
    named = after.track_id >= 0
    places = np.stack([whole.frame[named], after.track_id[named]], axis=1)
    assert len(np.unique(places, axis=0)) == len(places)
    for row in range(0, len(before), max(1, len(before) // 50)):
        there = (whole.frame == timeline.frame[row]) & (after.track_id == before.track_id[row])
        low = after.box_xyxy[there, :2] <= before.box_xyxy[row, :2] + 0.01
        high = after.box_xyxy[there, 2:] >= before.box_xyxy[row, 2:] - 0.01
        assert (low & high).all(axis=1).any()


def face(angle: float, *, width: float = 80, height: float = 104) -> Faces:
    """An elliptic head turned clockwise by an angle, with the upright box that holds it."""
    turn = np.radians(angle)
    a, b = width / 2, height / 2
    half = np.sqrt([(a * np.cos(turn)) ** 2 + (b * np.sin(turn)) ** 2,
                    (a * np.sin(turn)) ** 2 + (b * np.cos(turn)) ** 2])  # fmt: skip
    eye = 18 * np.array([np.cos(turn), np.sin(turn)])
    points = np.full((1, 5, 2), np.nan)
    points[0, :2] = np.array([200, 150]) + np.stack([-eye, eye])
    corners = [200 - half[0], 150 - half[1], 200 + half[0], 150 + half[1]]
    return Faces(np.array([corners]), np.ones(1), points=points)


@pytest.mark.parametrize("angle", [0, 10, -20, 28])
def test_the_ellipse_is_turned_with_the_head(angle: float) -> None:
    mask = masks_of(face(angle), 0.0, 1280, 720)
    assert mask.angle_deg[0] == pytest.approx(angle, abs=0.1)
    assert mask.half_wh[0] == pytest.approx([40 * 1.15, 52 * 1.15], rel=0.01)


@pytest.mark.parametrize("angle", [0, 15, 40, 45, -70, 90, 180, -135])
def test_the_ellipse_holds_the_head_however_it_lies(angle: float) -> None:
    mask = masks_of(face(angle), 0.0, 1280, 720)
    around = np.linspace(0, 2 * np.pi, 90)
    turn = np.radians(angle)
    rim = np.stack([40 * np.cos(around), 52 * np.sin(around)])
    x, y = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ rim
    tilt = np.radians(mask.angle_deg[0])
    along = (x * np.cos(tilt) + y * np.sin(tilt)) / mask.half_wh[0, 0]
    across = (-x * np.sin(tilt) + y * np.cos(tilt)) / mask.half_wh[0, 1]
    assert (along**2 + across**2 <= 1).all()


def test_a_head_in_profile_is_as_wide_as_one_seen_from_the_front() -> None:
    mask = masks_of(face(0, width=50, height=104), 0.0, 1280, 720)
    assert mask.half_wh[0] == pytest.approx([0.77 * 52 * 1.15, 52 * 1.15], rel=0.01)


def test_the_margin_is_a_share_of_the_half_sides() -> None:
    small, large = masks_of(face(0), 0.0, 1280, 720), masks_of(face(0), 0.5, 1280, 720)
    assert large.half_wh == pytest.approx(small.half_wh * 1.5)


def test_the_mask_is_hardly_larger_than_the_face() -> None:
    mask = masks_of(face(0), 0.15, 1280, 720)
    assert np.pi * mask.half_wh[0].prod() / (80 * 104) == pytest.approx(1.37, abs=0.01)


def test_eyes_outside_the_picture_turn_nothing() -> None:
    assert masks_of(face(20), 0.0, 400, 300).angle_deg[0] == pytest.approx(20, abs=0.1)
    assert masks_of(face(20), 0.0, 217, 300).angle_deg[0] == 0


def test_two_that_change_places_are_both_hidden_in_the_frame_in_between() -> None:
    rows = []
    for frame in range(40, 60):
        left, right = (100, 300) if frame < 50 else (300, 100)
        rows += [box(frame, 0, x=left if frame != 50 else 300), box(frame, 1, x=right)]
    rows = [row if row[:2] != (50, 1) else box(50, 1, x=300) for row in rows]  # both on one
    whole = covered(at_fifty(100, rows))
    both = np.array([box_at(whole, 50, name) for name in (0, 1)])
    assert both[:, 0].min() <= 100
    assert both[:, 2].max() >= 428


def test_whoever_is_seen_soon_after_a_cut_was_there_from_the_cut_on() -> None:
    rows = [box(frame, 0) for frame in (48, 52)]
    assert frames_of(covered(at_fifty(200, rows, cuts=[20, 80])), 0) == list(range(20, 80))


def test_a_box_without_eyes_is_upright() -> None:
    faces = Faces(np.array([[0, 0, 10, 20], [0, 0, 0, 0]]), np.ones(2))
    masks = masks_of(faces, 0.0, 1280, 720)
    assert masks.angle_deg.tolist() == [0, 0]
    assert (masks.half_wh > 0).all()


def test_a_long_video_with_a_crowd_is_done_in_no_time() -> None:
    rows = [box(frame, name, x=20 * name) for frame in range(0, 2000, 2) for name in range(40)]
    video = VideoFacts(1920, 1080, Fraction(50), Fraction(1, 50))
    whole = covered(replace(made([1] * 2000, rows, video=video)))
    assert len(whole.faces) == 40 * 2000
