"""The online tracker, on small made-up scenes. (Whole scenarios: test_scenarios.py.)"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mien.errors import UsageError
from mien.faces import Faces
from mien.timecode import Time
from mien.track.settings import TrackerSettings
from mien.track.stitch import final_ids
from mien.track.tracker import OnlineTracker

Array = NDArray[Any]


def at(seconds: float) -> Time:
    return Time(round(seconds * 90000), Fraction(1, 90000))


def detections(*faces: tuple[float, float, float], width: float = 60) -> Faces:
    """Faces at (x, y, score)."""
    rows = np.array(faces, float).reshape(-1, 3)
    half = np.array([width / 2, width * 0.65])
    return Faces(np.concatenate([rows[:, :2] - half, rows[:, :2] + half], axis=1), rows[:, 2])


@dataclass
class Looks:
    """An embedding stage that tells people by their height in the picture, 100 pixels each."""

    asked: list[int] = field(default_factory=list)
    fails: bool = False

    def __call__(self, faces: Faces) -> Faces:
        self.asked.append(len(faces))
        embedding = np.zeros((len(faces), 128), np.float32)
        embedding[:, 0] = 1.25
        row = (faces.box_xyxy[:, [1, 3]].mean(axis=1) // 100).astype(int)
        embedding[np.arange(len(faces)), 1 + row] = 0.57
        if self.fails:
            embedding[:] = np.nan
        return replace(faces, embedding=embedding)


def run(
    tracker: OnlineTracker, frames: Sequence[Faces], *, rate: float = 30, **more: Any
) -> list[list[int]]:
    """The provisional ids of each frame."""
    ids = []
    for k, faces in enumerate(frames):
        tracked = tracker.update(faces, time=at(k / rate), **more)
        assert tracked.track_id is not None
        ids.append(tracked.track_id.tolist())
    return ids


def test_two_faces_keep_their_ids_though_the_rows_change_places() -> None:
    tracker = OnlineTracker()
    frames = [
        detections((100 + 4 * k, 100, 0.9), (500 - 4 * k, 300, 0.9))[[0, 1] if k % 2 else [1, 0]]
        for k in range(30)
    ]
    ids = run(tracker, frames)
    first, second = ids[1]
    assert first != second
    assert ids == [[first, second] if k % 2 else [second, first] for k in range(30)]
    assert sorted(tracker.finish().items()) == [(0, 0), (1, 1)]


def test_the_other_columns_and_the_problems_pass_through() -> None:
    faces = replace(detections((100, 100, 0.9)), age=np.array([40.0]), points=np.zeros((1, 5, 2)))
    out = OnlineTracker().update(faces, time=at(0))
    assert out.columns.keys() == {*faces.columns, "track_id"}
    assert (out.box_xyxy == faces.box_xyxy).all()


def test_a_face_seen_twice_is_not_confirmed_and_three_times_is() -> None:
    for seen, expected in ((2, {}), (3, {0: 0})):
        tracker = OnlineTracker()
        run(tracker, [detections((100, 100, 0.9))] * seen + [Faces.empty()] * 10)
        assert tracker.finish() == expected


@pytest.mark.parametrize("frames", [1, 2])
def test_a_face_in_every_frame_of_a_video_too_short_is_confirmed(frames: int) -> None:
    tracker = OnlineTracker()
    run(tracker, [detections((100, 100, 0.9))] * frames)
    assert tracker.finish() == {0: 0}


def test_unsure_faces_alone_are_never_confirmed() -> None:
    tracker = OnlineTracker()
    run(tracker, [detections((100, 100, 0.4))] * 40)
    assert tracker.finish() == {}


def test_a_face_belongs_to_its_track_from_the_first_unsure_sighting() -> None:
    tracker = OnlineTracker()
    scores = [0.3] * 5 + [0.9] * 5 + [0.3] * 5
    ids = run(tracker, [detections((100 + k, 100, s)) for k, s in enumerate(scores)])
    assert ids == [[0]] * 15
    assert tracker.finish() == {0: 0}


def test_what_lies_below_the_low_score_or_on_a_matched_face_has_no_id() -> None:
    frame = detections((100, 100, 0.9), (106, 102, 0.8), (400, 100, 0.1))
    assert run(OnlineTracker(), [frame] * 5) == [[0, -1, -1]] * 5


def test_a_short_absence_is_coasted_through_along_the_way() -> None:
    tracker = OnlineTracker()
    frames = [detections((100 + 6 * k, 100, 0.9)) for k in range(50)]
    frames[20:30] = [Faces.empty()] * 10
    ids = run(tracker, frames)
    assert {n for row in ids for n in row} == {0}


def test_where_an_unseen_face_is_thought_to_be() -> None:
    tracker = OnlineTracker()
    frames = [detections((100 + 6 * k, 100, 0.9)) for k in range(20)]
    run(tracker, frames)
    assert len(tracker.predicted()) == 0
    assert not tracker.in_doubt
    tracker.update(Faces.empty(), time=at(25 / 30))
    thought = tracker.predicted()
    assert thought.track_id is not None
    assert thought.track_id.tolist() == [0]
    expected = detections((100 + 6 * 25, 100, 0.9))
    assert thought.box_xyxy == pytest.approx(expected.box_xyxy, abs=6)
    assert tracker.in_doubt


def test_after_a_long_absence_the_id_is_new_until_the_pieces_are_joined() -> None:
    tracker = OnlineTracker()
    here = [detections((100, 150, 0.9))] * 30
    run(tracker, [*here, *[Faces.empty()] * 90, *here], embed=Looks())
    assert [(t.id, len(t.runs)) for t in tracker.tracklets()] == [(0, 1), (1, 1)]
    assert tracker.finish() == {0: 0, 1: 0}


def test_without_reid_the_new_id_stays() -> None:
    tracker = OnlineTracker(reid=False)
    here = [detections((100, 150, 0.9))] * 30
    run(tracker, [*here, *[Faces.empty()] * 90, *here], embed=Looks())
    assert tracker.finish() == {0: 0, 1: 1}


def test_a_cut_ends_every_track() -> None:
    tracker = OnlineTracker(reid=False)
    ids = [
        tracker.update(detections((100, 100, 0.9)), time=at(k / 30), cut=k == 10).track_id
        for k in range(20)
    ]
    assert [int(n[0]) for n in ids if n is not None] == [0] * 10 + [1] * 10
    assert tracker.cuts == [at(10 / 30)]
    assert tracker.finish() == {0: 0, 1: 1}


def followed_apart(frames: list[Faces], seam: int) -> dict[int, int]:
    """Final ids of two parts; those of the second count from 100."""
    first, second = OnlineTracker(part=True), OnlineTracker(part=True)
    for k, faces in enumerate(frames):
        (first if k < seam else second).update(faces, time=at(k / 30))
    later = [piece.renumbered(100) for piece in second.tracklets()]
    return final_ids(first.tracklets() + later, reid=False)


@pytest.mark.parametrize("seam", [1, 2, 30, 58, 59])
def test_parts_of_a_video_followed_apart_are_joined_at_their_seam(seam: int) -> None:
    """Also where a face is seen in one part too rarely to be believed."""
    frames = [detections((100 + 4 * k, 150, 0.9), (500 - k, 250, 0.9)) for k in range(60)]
    whole = OnlineTracker()
    run(whole, frames)
    assert whole.finish() == {0: 0, 1: 1}
    assert followed_apart(frames, seam) == {0: 0, 1: 1, 100: 0, 101: 1}


def test_what_is_seen_too_rarely_at_a_seam_and_not_beyond_it_is_left_out() -> None:
    steady = [detections((100, 150, 0.9)) for _ in range(60)]
    steady[28] = steady[29] = detections((100, 150, 0.9), (500, 250, 0.9))
    assert followed_apart(steady, 30) == {0: 0, 100: 0}


def test_a_track_that_is_found_in_earlier_frames_begins_there() -> None:
    tracker = OnlineTracker()
    for k in range(10, 20):
        tracker.update(detections((100, 100, 0.9)), time=at(k / 30))
    tracker.reach_back(0, at(7 / 30), np.array([90.0, 95, 130, 145]))
    (piece,) = tracker.tracklets()
    assert piece.runs == ((at(7 / 30), at(19 / 30)),)
    assert piece.first_box.tolist() == [90, 95, 130, 145]


def test_a_gap_that_was_closed_counts_as_seen() -> None:
    tracker = OnlineTracker()
    for k in range(20):
        seen = [] if 8 <= k < 12 else [(100, 100, 0.9)]
        tracker.update(detections(*seen), time=at(k / 30))
    assert tracker.names(0) == {0}
    (piece,) = tracker.tracklets()
    assert piece.runs == ((at(0), at(7 / 30)), (at(12 / 30), at(19 / 30)))
    tracker = OnlineTracker()
    for k in range(20):
        seen = [] if 8 <= k < 12 else [(100, 100, 0.9)]
        tracker.update(detections(*seen), time=at(k / 30))
        if k == 12:
            tracker.close_gap(0)
    (piece,) = tracker.tracklets()
    assert piece.runs == ((at(0), at(19 / 30)),)


def test_two_people_who_swap_places_unseen_are_told_by_their_faces() -> None:
    """Both vanish for 0.4 s and come back where the other was heading."""

    def frame(k: int) -> Faces:
        x = 6 * k
        return detections((200 + x, 190, 0.9), (560 - x, 210, 0.9))

    swapped = [frame(30), *[Faces.empty()] * 12, *[frame(k) for k in range(43, 55)]]
    tracker = OnlineTracker()
    ids = run(tracker, [*(frame(k) for k in range(31)), *swapped[1:]], embed=Looks())
    assert ids[-1] == ids[0]


def test_embeddings_are_asked_for_a_few_times_a_track() -> None:
    looks = Looks()
    frames = [detections((100 + k, 150, 0.9), (500, 350, 0.9)) for k in range(300)]
    run(OnlineTracker(), frames, embed=looks)
    assert sum(looks.asked) <= 2 * 14  # ten seconds of two people: three at once, then one a second


def test_a_column_that_is_there_is_used_and_nothing_is_asked() -> None:
    looks = Looks()
    frame = looks(detections((100, 150, 0.9)))
    looks.asked.clear()
    tracker = OnlineTracker()
    run(tracker, [frame] * 5, embed=looks)
    assert looks.asked == []
    assert tracker.tracklets()[0].embedding is not None


def test_embeddings_that_fail_leave_the_track_to_its_motion() -> None:
    looks = Looks(fails=True)
    tracker = OnlineTracker()
    ids = run(tracker, [detections((100 + k, 150, 0.9)) for k in range(90)], embed=looks)
    assert ids == [[0]] * 90
    assert 1 <= sum(looks.asked) <= 4  # and not again in every frame
    (tracklet,) = tracker.tracklets()
    assert tracklet.embedding is None


def test_a_track_that_changed_its_face_is_split() -> None:
    tracker = OnlineTracker()
    before = [Looks()(detections((100, 150, 0.9)))] * 60
    other = Looks()(detections((100, 250, 0.9))).embedding
    after = [replace(faces, embedding=other) for faces in before]
    ids = run(tracker, before + after)
    assert ids[59] == [0]
    assert ids[-1] != [0]
    assert len(set(tracker.finish().values())) == 2


def test_a_face_coming_out_from_behind_something_gets_its_track_back() -> None:
    tracker, looks = OnlineTracker(reid=False), Looks()
    frames = [detections((100, 150, 0.9))] * 30 + [Faces.empty()] * 24
    frames += [detections((160, 150, 0.3))] * 4 + [detections((160, 150, 0.9))] * 10
    ids = run(tracker, frames, embed=looks)
    assert ids[-1] == [0]
    assert set(tracker.finish().values()) == {0}  # also the half-hidden sightings in between


@pytest.mark.parametrize("times", [[0, 0.001, 5, 5.04, 5.08, 5.12], [0, 0, 0, 0.04, 0.04, 30]])
def test_uneven_times_and_long_gaps(times: list[float]) -> None:
    tracker = OnlineTracker()
    for time in times:
        tracker.update(detections((100, 100, 0.9)), time=at(time))
    assert set(tracker.finish().values()) >= {0}


def test_a_slow_frame_rate_is_followed() -> None:
    """Five frames a second, a third of a face a frame, one frame missed."""
    frames = [detections((100 + 20 * k, 100, 0.9)) for k in range(15)]
    frames[7] = Faces.empty()
    assert {n for row in run(OnlineTracker(), frames, rate=5) for n in row} == {0}


def test_time_does_not_run_backwards() -> None:
    tracker = OnlineTracker()
    tracker.update(Faces.empty(), time=at(1))
    with pytest.raises(UsageError, match="in order"):
        tracker.update(Faces.empty(), time=at(0.9))


@pytest.mark.parametrize("change", [lambda f: f, lambda f: Looks()(f)[[0, 0]]])
def test_an_embedding_stage_that_breaks_its_word_is_an_error(change: Any) -> None:
    with pytest.raises(ValueError, match="embed"):
        run(OnlineTracker(), [detections((100, 100, 0.9))] * 5, embed=change)


def test_boxes_that_are_no_numbers_have_no_id() -> None:
    faces = detections((100, 100, 0.9), (300, 100, 0.9))
    boxes = faces.box_xyxy.copy()
    boxes[0, 2] = np.nan
    assert run(OnlineTracker(), [replace(faces, box_xyxy=boxes)] * 5) == [[-1, 0]] * 5


places = st.tuples(st.floats(-50, 700), st.floats(-50, 400), st.sampled_from([0.1, 0.3, 0.6, 0.95]))
videos = st.lists(st.lists(places, max_size=5), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(videos, st.randoms(use_true_random=False), st.booleans())
def test_whatever_comes_in(
    video: list[list[tuple[float, float, float]]], random: Any, known: bool
) -> None:
    """No id twice in a frame; every id of a frame is old or new, never one that has ended and
    been given to another; the order of the rows does not matter; the final ids are 0, 1, 2 …"""
    straight, mixed = OnlineTracker(), OnlineTracker()
    embed = Looks() if known else None
    for k, faces in enumerate(video):
        frame = detections(*{(round(x), round(y)): (x, y, s) for x, y, s in faces}.values())
        order = random.sample(range(len(frame)), len(frame))
        cut = k % 5 == 4
        ids = straight.update(frame, time=at(k / 10), embed=embed, cut=cut).track_id
        other = mixed.update(frame[order], time=at(k / 10), embed=embed, cut=cut).track_id
        assert ids is not None
        assert other is not None
        given = ids[ids >= 0].tolist()
        assert len(set(given)) == len(given)
        assert ids[order].tolist() == other.tolist()
        assert (ids[frame.score < TrackerSettings().low_score] == -1).all()
    final = straight.finish()
    assert final == mixed.finish()
    assert sorted(set(final.values())) == list(range(len(set(final.values()))))


def test_a_stream_without_an_end_is_followed_without_a_past() -> None:
    tracker = OnlineTracker(reid=False)
    ids = []
    for frame in range(400):
        there = frame % 20 < 10  # away for longer than a track is kept alive
        faces = detections((100, 100, 0.9)) if there else detections()
        found = tracker.update(faces, time=at(frame * 0.3), cut=frame == 205)
        assert found.track_id is not None
        ids += found.track_id.tolist()
        tracker.forget()
    assert len(set(ids)) == 21  # 20 visits, of which one has a cut in it
    assert tracker.cuts == []
    assert tracker.confirmed == frozenset()
    assert tracker.tracklets() == []


def test_the_live_tracks_that_are_confirmed_are_told() -> None:
    tracker = OnlineTracker()
    for frame in range(5):
        faces = detections((100, 100, 0.9), *([(400, 100, 0.9)] if frame >= 3 else []))
        found = tracker.update(faces, time=at(frame / 25))
        assert found.track_id is not None
        first = int(found.track_id[0])
        assert tracker.confirmed == ({first} if frame >= 2 else frozenset())
