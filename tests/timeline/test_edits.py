from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mien.errors import UsageError
from mien.faces import Faces
from mien.timecode import Time
from mien.timeline.edits import (
    Action,
    Anchor,
    Check,
    Choose,
    Delete,
    Draw,
    Drawing,
    Edit,
    History,
    Key,
    Merge,
    Move,
    Name,
    OfDrawing,
    SetEffect,
    Split,
    Undo,
    history_of,
    in_force,
    replay,
)
from mien.timeline.edits.edit import Reach
from mien.timeline.timeline import Timeline
from tests.timeline.edited import WHEN, actions, anchor, at, crowds, log, logs, people, told
from tests.timeline.made import box, made, steady

some = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])

WALK = [box(frame, 3, x=100) for frame in range(10)] + [
    box(frame, 7, x=600) for frame in range(5, 20)
]
FIRST = Anchor(at(0), (100, 100, 228, 228))
SECOND = Anchor(at(10), (600, 100, 728, 228))
DRAWN = (10.0, 10.0, 50.0, 50.0)


def walk() -> Timeline:
    """Ids 3 (frames 0 to 9) and 7 (frames 5 to 19)."""
    return steady(20, WALK)


def frames_of(timeline: Timeline) -> dict[int, list[int]]:
    """The frames of each id."""
    return {id: timeline.frame[rows].tolist() for id, rows in timeline.tracks().items()}


@st.composite
def told_logs(draw: st.DrawFn) -> tuple[Timeline, list[Edit]]:
    timeline = draw(crowds())
    return timeline, draw(logs(timeline))


# ---------------------------------------------------------------- what holds for any log


@some
@given(told_logs())
def test_replay_is_deterministic_and_leaves_the_analysis_alone(
    case: tuple[Timeline, list[Edit]],
) -> None:
    timeline, edits = case
    before = told(replay(timeline, []))
    assert told(replay(timeline, edits)) == told(replay(timeline, edits))
    assert told(replay(timeline, [])) == before


@some
@given(told_logs(), st.data())
def test_undo_is_the_identity_and_its_undo_is_a_redo(
    case: tuple[Timeline, list[Edit]], data: st.DataObject
) -> None:
    timeline, edits = case
    number = len(edits) + 1
    done = Edit(number, WHEN, "ada", data.draw(actions(replay(timeline, edits), edits)))
    undone = Edit(number + 1, WHEN, "ada", Undo(number))
    redone = Edit(number + 2, WHEN, "ada", Undo(number + 1))
    assert told(replay(timeline, [*edits, done, undone])) == told(replay(timeline, edits))
    again = replay(timeline, [*edits, done, undone, redone])
    assert told(again) == told(replay(timeline, [*edits, done]))


@some
@given(told_logs(), st.randoms(use_true_random=False))
def test_other_ids_give_the_same_people(case: tuple[Timeline, list[Edit]], random: Random) -> None:
    timeline, edits = case
    ids = [*timeline.tracks()]
    others = [number * 3 + 1 for number in range(len(ids))]
    random.shuffle(others)
    numbered = timeline.relabelled(dict(zip(ids, others, strict=True)))
    one, other = replay(timeline, edits), replay(numbered, edits)
    assert people(one) == people(other)
    assert one.timeline.faces.box_xyxy.tolist() == other.timeline.faces.box_xyxy.tolist()
    assert (one.unplaced, one.notes) == (other.unplaced, other.notes)


@some
@given(told_logs())
def test_nobody_is_in_a_frame_twice(case: tuple[Timeline, list[Edit]]) -> None:
    timeline = replay(*case).timeline
    for rows in timeline.tracks().values():
        assert len(set(timeline.frame[rows].tolist())) == len(rows)


@some
@given(told_logs())
def test_all_undone_is_the_analysis_again(case: tuple[Timeline, list[Edit]]) -> None:
    timeline, edits = case
    while (last := history_of(edits).undo) is not None:
        edits = [*edits, Edit(len(edits) + 1, WHEN, "ada", Undo(last))]
    left = [edit for edit in in_force(edits) if not isinstance(edit.action, Undo)]
    assert left == []
    assert told(replay(timeline, edits)) == told(replay(timeline, []))


@some
@given(st.integers(1, 30), st.integers(1, 30))
def test_a_merge_and_a_split_where_they_meet_give_the_same_people(one: int, other: int) -> None:
    frames = one + other
    rows = [box(frame, 4 if frame < one else 2) for frame in range(frames)]
    timeline = steady(frames, rows)
    merge = Merge((anchor(timeline, 0), anchor(timeline, frames - 1)))
    merged = replay(timeline, log(merge))
    assert frames_of(merged.timeline) == {4: [*range(frames)]}
    parted = replay(timeline, log(merge, Split(anchor(timeline, one))))
    assert people(parted) == people(replay(timeline, []))


# ---------------------------------------------------------------- each kind of edit


def test_a_name_is_given_changed_and_taken_away() -> None:
    named = log(Name(FIRST, "Ada"), Name(SECOND, "Grace"), Name(FIRST, "Lovelace"))
    assert replay(walk(), named).names == {3: "Lovelace", 7: "Grace"}
    assert replay(walk(), [*named, Edit(4, WHEN, "ada", Name(FIRST, ""))]).names == {7: "Grace"}


def test_merged_people_have_the_id_of_the_first_and_the_better_box_where_both_are() -> None:
    timeline = walk()
    score = np.full(25, 0.5)
    score[timeline.faces.track_id == 7] = 0.9
    score[(timeline.frame == 6) & (timeline.faces.track_id == 7)] = np.nan
    timeline = replace(timeline, faces=replace(timeline.faces, score=score))
    edited = replay(timeline, log(Merge((SECOND, FIRST))))
    ids = edited.timeline.faces.track_id
    assert ids is not None
    assert frames_of(edited.timeline) == {7: [*range(20)]}
    nobody = timeline.faces.track_id[ids < 0]  # type: ignore[index]
    assert nobody.tolist() == [3, 7, 3, 3, 3]
    assert [note.edit for note in edited.notes] == [1]
    assert "5 frames" in edited.notes[0].reason


def test_what_was_said_of_people_holds_for_the_merged_one() -> None:
    both = Merge((FIRST, SECOND))
    assert replay(walk(), log(Name(SECOND, "Grace"), both)).names == {3: "Grace"}
    assert replay(walk(), log(Name(SECOND, "B"), Name(FIRST, "A"), both)).names == {3: "A"}
    assert replay(walk(), log(Choose(keep=(FIRST, SECOND)), both)).choices == {3: "keep"}
    for chosen in (Choose((FIRST,), (SECOND,)), Choose(keep=(FIRST,))):
        assert replay(walk(), log(chosen, both)).choices == {}, "keeping one is not keeping both"


def test_a_split_begins_a_person_of_whom_nothing_was_said() -> None:
    edited = replay(walk(), log(Name(SECOND, "Grace"), Choose(keep=(SECOND,)), Split(SECOND)))
    assert frames_of(edited.timeline)[7] == [*range(5, 10)]
    assert frames_of(edited.timeline)[8] == [*range(10, 20)]
    assert (edited.names, edited.choices) == ({7: "Grace"}, {7: "keep"})
    later = replay(walk(), log(Split(SECOND), Name(SECOND, "Hedy")))
    assert later.names == {8: "Hedy"}


def test_a_split_where_somebody_begins_is_told() -> None:
    edited = replay(walk(), log(Split(FIRST)))
    assert [note.edit for note in edited.notes] == [1]
    assert frames_of(edited.timeline) == frames_of(walk())


def test_the_last_choice_holds() -> None:
    edits = log(Choose(hide=(FIRST,), keep=(SECOND,)), Choose(keep=(FIRST,)))
    assert replay(walk(), edits).choices == {3: "keep", 7: "keep"}
    assert replay(walk(), [*edits, Edit(3, WHEN, "ada", Undo(2))]).choices == {3: "hide", 7: "keep"}


@pytest.mark.parametrize(
    ("reach", "left"),
    [
        ("frame", [*range(5, 10), *range(11, 20)]),
        ("before", [*range(11, 20)]),
        ("after", [*range(5, 10)]),
        ("all", None),
    ],
)
def test_a_wrong_face_is_deleted_as_far_as_it_reaches(reach: Reach, left: list[int] | None) -> None:
    edited = replay(walk(), log(Name(SECOND, "Grace"), Delete(SECOND, reach)))
    assert frames_of(edited.timeline).get(7) == left
    assert frames_of(edited.timeline)[3] == [*range(10)]
    assert edited.names == ({} if left is None else {7: "Grace"})
    assert len(edited.timeline.faces) == 10 + len(left or [])


def test_an_unconfirmed_face_is_nobody_and_can_be_moved_and_deleted() -> None:
    timeline = steady(3, [box(frame, -1) for frame in range(3)])
    face = anchor(timeline, 1)
    assert [each.edit for each in replay(timeline, log(Name(face, "Ada"))).unplaced] == [1]
    assert replay(timeline, log(Delete(face, "all"))).timeline.frame.tolist() == [0, 2]
    moved = replay(timeline, log(Move(face, DRAWN, tracked=False)))
    assert moved.timeline.faces.box_xyxy[1].tolist() == [*DRAWN]


def test_a_moved_face_is_elsewhere_in_that_frame_and_followed_if_asked() -> None:
    edited = replay(walk(), log(Move(SECOND, DRAWN, tracked=False)))
    boxes = edited.timeline.at(10).box_xyxy.tolist()
    assert boxes == [[*DRAWN]]
    assert edited.timeline.at(11).box_xyxy.tolist() == [[600, 100, 728, 228]]
    assert edited.boxes == ()
    followed = replay(walk(), log(Move(SECOND, DRAWN, tracked=True)))
    assert followed.boxes == (Drawing(1, 7, (Key(at(10), DRAWN, True),)),)


def test_a_drawn_box_is_moved_and_deleted_over_time() -> None:
    other = (20.0, 20.0, 70.0, 70.0)
    draw = Draw(at(4), DRAWN, tracked=True)
    moved = log(
        draw, Move(OfDrawing(1, at(9)), other, True), Move(OfDrawing(1, at(2)), other, False)
    )
    (drawing,) = replay(walk(), moved).boxes
    assert drawing.keys == (
        Key(at(2), other, False),
        Key(at(4), DRAWN, True),
        Key(at(9), other, True),
    )
    over = [*moved, Edit(4, WHEN, "ada", Delete(OfDrawing(1, at(12)), "after"))]
    (drawing,) = replay(walk(), over).boxes
    assert [frame for frame in range(20) if drawing.is_gone(at(frame))] == [*range(12, 20)]
    back = [*over, Edit(5, WHEN, "ada", Move(OfDrawing(1, at(13)), other, True))]
    (drawing,) = replay(walk(), back).boxes
    assert not any(drawing.is_gone(at(frame)) for frame in range(20))
    assert replay(walk(), log(draw, Delete(OfDrawing(1, at(0)), "all"))).boxes == ()


def test_edits_of_a_box_that_is_not_there_are_told() -> None:
    move = Move(OfDrawing(1, at(9)), DRAWN, True)
    edited = replay(walk(), log(Draw(at(4), DRAWN, True), move, Undo(1)))
    assert [each.edit for each in edited.unplaced] == [2]
    beyond = replay(walk(), log(Draw(at(20), DRAWN, True)))
    assert [each.edit for each in beyond.unplaced] == [1]
    assert beyond.boxes == ()


def test_effect_and_looked_at_moments_are_kept() -> None:
    check = Check(at(3), DRAWN, "weak")
    edited = replay(walk(), log(SetEffect("pixelate"), check, SetEffect("black", margin=0.5)))
    assert edited.effect == SetEffect("black", margin=0.5)
    assert edited.checked == (check,)


# ---------------------------------------------------------------- another analysis


def test_a_face_is_found_where_another_analysis_has_it_a_little_elsewhere() -> None:
    other = steady(20, [box(frame, 0, x=590, y=110) for frame in range(20)])
    assert replay(other, log(Name(SECOND, "Grace"))).names == {0: "Grace"}
    missed = steady(20, [box(frame, 0, x=600) for frame in (0, 1, 15, 16)])
    assert replay(missed, log(Name(SECOND, "Grace"))).names == {0: "Grace"}


def test_the_nearest_frame_and_there_the_largest_overlap_count() -> None:
    rows = [box(10, 0, x=640), box(10, 1, x=610), box(11, 2, x=600)]
    assert replay(steady(20, rows), log(Name(SECOND, "Grace"))).names == {1: "Grace"}


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [box(10, 0, x=665)],  # a third of the union
        [box(frame, 0, x=600) for frame in (26, 27)],  # 0.53 s later
    ],
)
def test_what_finds_no_face_is_told(
    rows: list[tuple[int, int, float, float, float, float]],
) -> None:
    for action in (
        Name(SECOND, "Grace"),
        Split(SECOND),
        Choose(keep=(SECOND,)),
        Move(SECOND, DRAWN, tracked=False),
        Delete(SECOND, "all"),
    ):
        edited = replay(steady(30, rows), log(action))
        assert [each.edit for each in edited.unplaced] == [1], action
        assert told(edited)["boxes"] == told(replay(steady(30, rows), []))["boxes"]


def test_of_a_merge_those_who_are_found_are_merged() -> None:
    nobody = Anchor(at(0), (900, 600, 950, 650))
    edited = replay(walk(), log(Merge((FIRST, nobody, SECOND))))
    assert frames_of(edited.timeline) == {3: [*range(20)]}
    assert [each.edit for each in edited.unplaced] == [1]
    alone = replay(walk(), log(Merge((FIRST, nobody))))
    assert frames_of(alone.timeline) == frames_of(walk())


def test_other_ticks_are_the_same_time() -> None:
    third = Anchor(Time(10 * 1001 * 3, Fraction(1, 90_000)), SECOND.box)
    assert replay(walk(), log(Name(third, "Grace"))).names == {7: "Grace"}
    far = Anchor(Time((1 << 62) - 1, Fraction(1, 1)), SECOND.box)
    assert [each.edit for each in replay(walk(), log(Name(far, "Grace"))).unplaced] == [1]


def test_timelines_without_ids_faces_or_frames() -> None:
    faces = Faces(np.array([[600.0, 100, 728, 228]]), np.ones(1))
    no_ids = Timeline(walk().video, np.arange(20) * 1001, np.full(20, 1001), np.array([10]), faces)
    edited = replay(no_ids, log(Name(SECOND, "Grace"), Delete(SECOND, "frame")))
    assert [each.edit for each in edited.unplaced] == [1]
    assert len(edited.timeline.faces) == 0
    for empty in (steady(20), made([])):
        assert len(replay(empty, log(Name(SECOND, "Grace"))).unplaced) == 1


# ---------------------------------------------------------------- the log itself


def test_undo_and_redo_go_back_and_forth() -> None:
    edits = log(Name(FIRST, "A"), Name(FIRST, "B"))
    assert history_of(edits) == (2, None)

    def add(action: Action) -> History:
        edits.append(Edit(len(edits) + 1, WHEN, "ada", action))
        return history_of(edits)

    assert add(Undo(2)) == (1, 3)
    assert add(Undo(1)) == (None, 4)
    assert add(Undo(4)) == (1, 3)  # redo of A
    assert add(Undo(3)) == (2, None)  # redo of B
    assert replay(walk(), edits).names == {3: "B"}
    assert add(Undo(2)) == (1, 7)
    assert add(Name(FIRST, "C")) == (8, None), "what was undone cannot be redone any more"
    assert history_of([]) == (None, None)


def test_a_log_out_of_order_is_refused() -> None:
    one, two = log(Name(FIRST, "A"), Name(FIRST, "B"))
    for wrong in (
        [two, one],
        [one, one],
        [Edit(1, WHEN, "ada", Undo(1))],
        [Edit(1, WHEN, "ada", Undo(9))],
        [Edit(1, WHEN, "ada", Delete(OfDrawing(2, at(0)), "all"))],
    ):
        with pytest.raises(UsageError):
            replay(walk(), wrong)


def test_an_undo_of_what_is_not_in_the_log_is_told() -> None:
    edited = replay(walk(), [Edit(5, WHEN, "ada", Undo(2))])
    assert [each.edit for each in edited.unplaced] == [5]
