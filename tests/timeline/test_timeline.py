from __future__ import annotations

import gc
import os
import tempfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import numpy as np
import pytest

from mien.errors import OutputError, UsageError
from mien.faces import Faces, Problem
from mien.timecode import Time
from mien.timeline.timeline import Timeline, TimelineBuilder, VideoFacts, mapped_ids
from tests.timeline.made import box, facts, made, steady

TICK = Fraction(1, 30000)


def faces_of(*ids: int, **columns: Any) -> Faces:
    boxes = np.array([[10 * i, 10, 10 * i + 50, 60] for i in ids], float).reshape(-1, 4)
    return Faces(boxes, np.full(len(ids), 0.5), track_id=np.array(ids, int), **columns)


def added(*frames: Faces, keep: tuple[str, ...] = ()) -> TimelineBuilder:
    builder = TimelineBuilder(facts(), keep)
    for index, faces in enumerate(frames):
        builder.add(Time(index * 1001, TICK), 1001, faces)
    return builder


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pts": [0, 1001, 1001]}, "must rise"),
        ({"pts": [0, 1001]}, "2 pts and 3 durations"),
        ({"pts": [[0], [1], [2]]}, "one axis"),
        ({"durations": [1001, 0, 1001]}, "above zero"),
        ({"frame": [0, 3]}, "not one of the 3"),
        ({"frame": [-1, 0]}, "not one of the 3"),
        ({"frame": [1, 0]}, "sorted"),
        ({"frame": [0]}, "1 frame numbers for 2 faces"),
    ],
)
def test_an_impossible_timeline_cannot_exist(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(steady(3, [box(0, 1), box(2, 1)]), **change)


@pytest.mark.parametrize("field", ["width", "height", "rate", "time_base"])
def test_facts_are_above_zero(field: str) -> None:
    with pytest.raises(ValueError, match=f"{field} must be above zero, got 0"):
        replace(facts(), **{field: Fraction(0)})  # type: ignore[arg-type]


def test_faces_of_a_frame_with_their_problems() -> None:
    timeline = steady(3, [box(0, 7), box(2, 7), box(2, 8)])
    troubled = timeline.faces.with_problems([Problem(2, "age", "blurred"), Problem(0, "mesh", "?")])
    timeline = replace(timeline, faces=troubled)
    assert timeline.at(0).problems == (Problem(0, "mesh", "?"),)
    assert len(timeline.at(1)) == 0
    last = timeline.at(2)
    assert last.track_id is not None
    assert last.track_id.tolist() == [7, 8]
    assert last.problems == (Problem(1, "age", "blurred"),)
    for outside in (-1, 3):
        with pytest.raises(IndexError, match="no frame"):
            timeline.at(outside)


def test_spans_follow_the_next_frame_and_not_what_the_container_states() -> None:
    timeline = Timeline(
        facts(), np.array([0, 1001, 9009]), np.full(3, 1001), np.empty(0), Faces.empty()
    )
    assert timeline.spans.tolist() == [1001, 8008, 1001]
    assert timeline.duration == Time(10010, TICK)
    assert timeline.time(2) == Time(9009, TICK)
    assert timeline.seconds == pytest.approx([0, 0.033366667, 0.3003])


def test_between_takes_the_frames_that_start_in_the_span() -> None:
    timeline = steady(10, [box(i, i) for i in range(10)])
    part = timeline.between(Time(2002, TICK), Fraction(5005, 30000))
    assert part.pts.tolist() == [2002, 3003, 4004]
    assert part.frame.tolist() == [0, 1, 2]
    assert part.faces.track_id is not None
    assert part.faces.track_id.tolist() == [2, 3, 4]
    assert timeline.between(0.1, 100.0).pts[0] == 3003
    assert timeline.between(5, 6).frame_count == 0
    assert timeline.between(0.2, 0.1).frame_count == 0


def test_tracks_and_relabelling() -> None:
    timeline = steady(3, [box(0, 9), box(0, -1), box(1, 4), box(2, 9)])
    assert {name: rows.tolist() for name, rows in timeline.tracks().items()} == {4: [2], 9: [0, 3]}
    other = timeline.relabelled({9: 1, -1: 5})
    assert other.faces.track_id is not None
    assert other.faces.track_id.tolist() == [1, -1, -1, 1]
    assert len(other.faces) == 4
    assert steady(2).tracks() == {}


def test_ids_are_mapped_and_unknown_ones_are_not_confirmed() -> None:
    ids = np.array([3, -1, 1_000_000, 8])
    assert mapped_ids(ids, {8: 0, 1_000_000: 1, -1: 7}).tolist() == [-1, -1, 1, 0]
    assert mapped_ids(ids, {}).tolist() == [-1] * 4


def test_a_builder_keeps_what_it_was_given() -> None:
    emotion = np.full((2, 8), 1 / 8)
    frames = [
        faces_of(5, 6).with_problems([Problem(1, "age", "turned away")]),
        Faces.empty(),
        faces_of(6, 5, emotion=emotion).with_problems([Problem(0, "age", "turned away")]),
    ]
    with added(*frames) as builder:
        timeline = builder.finish({6: 0, 5: 1})
    assert timeline.pts.tolist() == [0, 1001, 2002]
    assert timeline.durations.tolist() == [1001] * 3
    assert timeline.frame.tolist() == [0, 0, 2, 2]
    assert timeline.faces.problems == (
        Problem(1, "age", "turned away"),
        Problem(2, "age", "turned away"),
    )
    assert timeline.faces.track_id is not None
    assert timeline.faces.track_id.tolist() == [1, 0, 0, 1]
    assert timeline.faces.emotion is not None
    assert np.isnan(timeline.faces.emotion[:2]).all()  # the stage did not run for frame 0
    assert np.allclose(timeline.faces.emotion[2:], 1 / 8)
    assert np.array_equal(timeline.at(0).box_xyxy, frames[0].box_xyxy)


def test_a_column_that_stops_and_ids_that_start_late() -> None:
    boxes = np.ones((1, 4))
    frames = [Faces(boxes, np.ones(1), age=np.array([30.0])), Faces(boxes, np.ones(1)), faces_of(4)]
    with added(*frames) as builder:
        faces = builder.finish().faces
    assert faces.age is not None
    assert faces.track_id is not None
    assert faces.age.tolist() == pytest.approx([30, np.nan, np.nan], nan_ok=True)
    assert faces.track_id.tolist() == [-1, -1, 4]


def test_large_columns_only_when_asked() -> None:
    faces = faces_of(1, mesh=np.ones((1, 478, 3)), embedding=np.ones((1, 128)))
    with added(faces) as plain, added(faces, keep=("embedding",)) as keeping:
        assert plain.finish().faces.columns.keys() == {"box_xyxy", "score", "track_id"}
        kept = keeping.finish().faces
    assert kept.mesh is None
    assert kept.embedding is not None
    assert kept.embedding.shape == (1, 128)
    with pytest.raises(UsageError, match="no column 'hair'"):
        TimelineBuilder(facts(), ["hair"])


def test_a_stage_that_ran_on_no_face_at_all_has_run() -> None:
    with added(replace(Faces.empty(), emotion=np.empty((0, 8)))) as builder:
        timeline = builder.finish({})
    assert timeline.faces.emotion is not None
    assert timeline.faces.emotion.shape == (0, 8)


def test_no_frame_at_all() -> None:
    with TimelineBuilder(facts()) as builder:
        timeline = builder.finish({})
    assert timeline.frame_count == len(timeline.faces) == 0
    assert timeline.duration == Time(0, TICK)


def test_many_rows_pass_through_the_files_unharmed() -> None:
    rng = np.random.default_rng(1)
    parts = [faces_of(*range(n), points=rng.random((n, 5, 2))) for n in rng.integers(0, 60, 400)]
    with added(*parts) as builder:
        timeline = builder.finish()
    whole = Faces.concat(parts)
    for name, column in whole.columns.items():
        assert np.array_equal(timeline.faces.columns[name], column), name
    assert np.array_equal(np.bincount(timeline.frame, minlength=400), [len(p) for p in parts])


@pytest.mark.parametrize(
    ("time", "duration", "message"),
    [
        (Time(0, TICK), 1001, "is not after"),
        (Time(1, Fraction(1, 7)), 1001, "no whole number of ticks"),
        (Time(1001, TICK), 0, "duration of 0 ticks"),
        (Time(2**62, TICK), 1001, "too far to be counted"),
        (Time(1001, TICK), 2**62, "too far to be counted"),
    ],
)
def test_times_that_make_no_sense(time: Time, duration: int, message: str) -> None:
    with added(faces_of(1)) as builder:
        with pytest.raises(ValueError, match=message):
            builder.add(time, duration, Faces.empty())
        assert builder.finish().frame_count == 1  # the frame was refused as a whole


def test_times_on_another_base_are_taken_when_they_are_exact() -> None:
    with TimelineBuilder(facts(25, Fraction(1, 50))) as builder:
        builder.add(Time(1, Fraction(1, 25)), 2, Faces.empty())
        assert builder.finish().pts.tolist() == [2]


def test_a_frame_that_half_fits_closes_the_builder() -> None:
    with added(faces_of(1, embedding=np.ones((1, 4))), keep=("embedding",)) as builder:
        with pytest.raises(ValueError, match="embedding: rows of shape"):
            builder.add(Time(1001, TICK), 1001, faces_of(1, embedding=np.ones((1, 5))))
        with pytest.raises(ValueError, match="finished or closed"):
            builder.finish()


def test_a_finished_builder_is_over() -> None:
    builder = added(faces_of(1))
    builder.finish()
    builder.close()
    with pytest.raises(ValueError, match="finished or closed"):
        builder.add(Time(1001, TICK), 1001, faces_of(1))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_nothing_is_left_behind_and_the_timeline_outlives_all(folder: Path) -> None:
    with added(faces_of(1)):
        assert list(folder.iterdir()) == []  # not even while it runs: a kill leaves nothing
    with added(faces_of(*range(9))) as builder:
        timeline = builder.finish()
    del builder
    gc.collect()
    assert timeline.faces.box_xyxy[8].tolist() == [80, 10, 130, 60]
    assert list(folder.iterdir()) == []


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts files through /proc")
def test_files_are_closed() -> None:
    gc.collect()
    before = open_files()
    for _ in range(3):
        with added(faces_of(1)) as builder:
            assert open_files() > before
            builder.finish()
    gc.collect()
    assert open_files() == before


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize("when", ["add", "finish"])
def test_a_full_disk_is_one_sentence(when: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: Any) -> IO[bytes]:
        return open("/dev/full", "wb", buffering=0)

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    with TimelineBuilder(facts(), ["mesh"], folder="/big") as builder:
        many = faces_of(*range(60), mesh=np.zeros((60, 478, 3)))
        if when == "add":
            with pytest.raises(OutputError, match="/big, is on a full disk; set TMPDIR"):
                builder.add(Time(0, TICK), 1001, many)
        else:
            builder.add(Time(0, TICK), 1001, faces_of(1))
            with pytest.raises(OutputError, match="/big, is on a full disk; set TMPDIR"):
                builder.finish()


def test_a_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    with (
        TimelineBuilder(facts(), folder=tmp_path / "none") as builder,
        pytest.raises(OutputError, match="none, does not exist; set TMPDIR"),
    ):
        builder.add(Time(0, TICK), 1001, Faces.empty())


def test_rows_of_a_range_of_frames() -> None:
    timeline = made([10, 20, 30], [box(0, 1), box(1, 1), box(1, 2)], VideoFacts(9, 9, TICK, TICK))
    assert timeline.rows(1, 2) == slice(1, 3)
    assert timeline.rows(0, 0) == slice(0, 0)
    assert timeline.rows(2, 3) == slice(3, 3)


def test_cuts_are_kept_by_a_part_of_the_video() -> None:
    builder = TimelineBuilder(facts())
    for frame in range(6):
        builder.add(Time(frame * 1001, facts().time_base), 1001, Faces.empty())
    cuts = [Time(4 * 1001, facts().time_base), Time(2 * 1001, facts().time_base)]
    timeline = builder.finish(cuts=cuts)
    assert timeline.cuts.tolist() == [2, 4]
    part = timeline.between(timeline.time(2), 10)
    assert part.cuts.tolist() == [2]


@pytest.mark.parametrize("cuts", [[0], [3], [2, 1], [1, 1], [-1]])
def test_impossible_cuts_are_refused(cuts: list[int]) -> None:
    none = np.empty(0, np.int64)
    with pytest.raises(ValueError, match="cuts must rise"):
        Timeline(facts(), np.arange(3), np.ones(3), none, Faces.empty(), np.array(cuts))
