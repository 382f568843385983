"""Who is hidden once somebody has chosen: keeping needs an act, and nothing else lets a face go."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import given, settings
from numpy.typing import NDArray

from mien.redact.choices import Chosen, PlanOfChoices, chosen_of
from mien.redact.cover import covered
from mien.timecode import Time
from mien.timeline.edits import Anchor, Choose, Delete, Draw, Edit, Merge, Move, OfDrawing, replay
from mien.timeline.timeline import Timeline
from tests.redact.test_drawings import HERE, THERE, VIDEO, nobody_asks, walk
from tests.timeline.made import box, made, timelines

Array = NDArray[Any]

TENTH = Fraction(1, 10)
NOW = datetime(2026, 11, 22, tzinfo=UTC)
LEFT, RIGHT = 20.0, 400.0


def people(*more: Any, cuts: Any = ()) -> Timeline:
    """One to the left, 0, one to the right, 1, for four seconds; and rows of others."""
    rows = [box(k, 0, LEFT, 50, 60) for k in range(40)]
    rows += [box(k, 1, RIGHT, 50, 60) for k in range(40)]
    return replace(made([1] * 40, [*rows, *more], video=VIDEO), cuts=np.array(cuts, np.int64))


def anchor(x: float, frame: int = 20, side: float = 60) -> Anchor:
    return Anchor(Time(frame, TENTH), (x, 50, x + side, 50 + side))


def chosen(timeline: Timeline, *actions: Any, follow: Any = nobody_asks) -> Chosen:
    edits = [Edit(number, NOW, "ada", action) for number, action in enumerate(actions, 1)]
    return chosen_of(replay(timeline, edits), follow)


def ids(timeline: Timeline) -> set[int]:
    assert timeline.faces.track_id is not None
    return set(timeline.faces.track_id.tolist())


def test_everyone_is_hidden_by_default() -> None:
    found = chosen(people(box(5, -1, 200, 200, 40)))
    assert ids(found.hidden) == {-1, 0, 1}
    assert not len(found.kept.faces)


@given(timelines())
@settings(max_examples=25, deadline=None)
def test_without_edits_it_is_what_is_hidden_without_a_choice(timeline: Timeline) -> None:
    expected = covered(timeline)
    hidden = chosen_of(replay(timeline, []), nobody_asks).hidden
    order, other = (np.lexsort((*t.faces.box_xyxy.T, t.frame)) for t in (hidden, expected))
    np.testing.assert_array_equal(hidden.frame[order], expected.frame[other])
    np.testing.assert_array_equal(hidden.faces.box_xyxy[order], expected.faces.box_xyxy[other])


def test_who_is_kept_is_shown_and_nobody_else() -> None:
    found = chosen(people(), Choose(keep=(anchor(LEFT),)))
    assert ids(found.hidden) == {1}
    assert ids(found.kept) == {0}
    plan = PlanOfChoices(found, "ellipse")
    time = Time(7, TENTH)
    assert plan.masks(time, 1).id.tolist() == [1]
    assert np.allclose(plan.shown(time).mean(axis=0)[[0, 2]], [LEFT, LEFT + 60], atol=3)
    middle = Time(15, TENTH / 2)  # of the same frame
    np.testing.assert_array_equal(plan.shown(middle), plan.shown(time))
    assert not plan.is_empty


def test_the_last_choice_counts() -> None:
    keep, hide = Choose(keep=(anchor(LEFT),)), Choose(hide=(anchor(LEFT),))
    assert ids(chosen(people(), keep, hide).hidden) == {0, 1}


def test_two_that_were_merged_are_kept_or_hidden_together() -> None:
    both = Merge((anchor(LEFT), anchor(RIGHT, 30)))
    timeline = people()
    rows = (timeline.frame < 20) == (timeline.faces.box_xyxy[:, 0] < 200)
    apart = replace(timeline, frame=timeline.frame[rows], faces=timeline.faces[rows])
    found = chosen(apart, replace(both, people=(anchor(LEFT, 10), anchor(RIGHT, 30))),
                   Choose(keep=(anchor(LEFT, 10),)))  # fmt: skip
    assert not len(found.hidden.faces)


def test_a_stray_sighting_does_not_hide_who_is_kept() -> None:
    stray, elsewhere = box(9, -1, LEFT + 4, 52, 60), box(9, -1, 250, 200, 60)
    found = chosen(people(stray, elsewhere), Choose(keep=(anchor(LEFT),)))
    loose = found.hidden.faces.box_xyxy[found.hidden.faces.track_id == -1]
    assert len(loose)
    assert (loose[:, 0] > 200).all()


def test_somebody_hidden_in_front_of_who_is_kept_stays_hidden() -> None:
    """Even in the very same place."""
    passing = [box(k, 2, LEFT + 2, 50, 60) for k in range(15, 25)]
    found = chosen(people(*passing), Choose(keep=(anchor(LEFT, 5),)))
    assert 2 in ids(found.hidden)


def test_what_is_drawn_is_hidden_whole_as_an_ellipse_and_as_a_box() -> None:
    found = chosen(people(), Draw(Time(20, TENTH), HERE, tracked=False))
    (name,) = found.drawn
    for shape in ("ellipse", "box"):
        plan = PlanOfChoices(found, shape, margin=0)
        masks = plan.masks(Time(3, TENTH), 1)
        (outline,) = masks[masks.id == name].outlines(shape)
        corners = np.array([[HERE[0], HERE[1]], [HERE[2], HERE[3]], [HERE[0], HERE[3]]])
        for x, y in corners + 0.01 * np.sign([120, 125] - corners):
            assert outline.norm(np.array([x]), np.array([y]))[0, 0] <= 1


def test_what_is_followed_is_hidden_a_little_longer_than_it_is_seen() -> None:
    found = chosen(people(), Draw(Time(20, TENTH), HERE, tracked=True), follow=walk(18, 24))
    (name,) = found.drawn
    frames = found.hidden.frame[found.hidden.faces.track_id == name].tolist()
    assert frames == list(range(frames[0], frames[-1] + 1))
    assert 15 <= frames[0] < 18
    assert 24 < frames[-1] <= 30


def test_a_deleted_stretch_of_what_was_drawn_is_shown() -> None:
    drawing = OfDrawing(1, Time(20, TENTH))
    found = chosen(people(), Draw(Time(10, TENTH), HERE, tracked=False), Delete(drawing, "after"),
                   Delete(OfDrawing(1, Time(5, TENTH)), "frame"))  # fmt: skip
    (name,) = found.drawn
    frames = found.hidden.frame[found.hidden.faces.track_id == name].tolist()
    assert frames == [k for k in range(20) if k != 5]


def test_a_false_face_that_was_deleted_is_not_hidden() -> None:
    ghosts = [box(k, 7, 250, 200, 60) for k in range(10, 30)]
    there = Anchor(Time(20, TENTH), (250, 200, 310, 260))
    assert ids(chosen(people(*ghosts), Delete(there, "all")).hidden) == {0, 1}


def test_the_face_of_who_is_kept_may_be_moved_and_stays_visible() -> None:
    moved = Move(anchor(LEFT), THERE, tracked=True)
    found = chosen(people(), moved, Choose(keep=(anchor(LEFT, 5),)), follow=walk(18, 24))
    assert ids(found.hidden) == {1}
    assert found.drawn == {}
    hidden = chosen(people(), moved, follow=walk(18, 24))
    assert len(hidden.drawn) == 1


def test_nobody_at_all() -> None:
    found = chosen(made([1] * 5, [], video=VIDEO))
    plan = PlanOfChoices(found, "ellipse")
    assert plan.is_empty
    assert len(plan.shown(Time(0, TENTH))) == 0
