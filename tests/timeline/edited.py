"""Logs of edits for tests, made as a person makes them: each on what the edits before it left."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from hypothesis import strategies as st

from mien.faces import Faces
from mien.timecode import Time
from mien.timeline.edits import (
    EFFECTS,
    REACHES,
    Action,
    Anchor,
    Check,
    Choose,
    Delete,
    Draw,
    Edit,
    Edited,
    Merge,
    Move,
    Name,
    OfDrawing,
    SetEffect,
    Split,
    Undo,
    replay,
)
from mien.timeline.timeline import Timeline
from tests.timeline.made import facts

WHEN = datetime(2026, 1, 31, 12, tzinfo=UTC)
SIDE = 64


def log(*actions: Action) -> list[Edit]:
    """The actions, numbered from 1."""
    return [Edit(i + 1, WHEN, "ada", action) for i, action in enumerate(actions)]


def anchor(timeline: Timeline, row: int) -> Anchor:
    """Where the face of a row is."""
    left, top, right, bottom = timeline.faces.box_xyxy[row].tolist()
    return Anchor(timeline.time(int(timeline.frame[row])), (left, top, right, bottom))


def told(edited: Edited) -> dict[str, Any]:
    """All that an `Edited` says, to be compared."""
    faces = edited.timeline.faces
    return {
        "ids": [] if faces.track_id is None else faces.track_id.tolist(),
        "boxes": faces.box_xyxy.tolist(),
        "frames": edited.timeline.frame.tolist(),
        "names": edited.names,
        "choices": edited.choices,
        "drawn": edited.boxes,
        "effect": edited.effect,
        "checked": edited.checked,
        "unplaced": edited.unplaced,
        "notes": edited.notes,
    }


def people(edited: Edited) -> set[tuple[tuple[int, ...], str | None, str | None]]:
    """Who there is, whatever their ids: rows, name and choice of each."""
    return {
        (tuple(rows.tolist()), edited.names.get(id), edited.choices.get(id))
        for id, rows in edited.timeline.tracks().items()
    }


@st.composite
def crowds(draw: st.DrawFn) -> Timeline:
    """Up to five people and unconfirmed faces, each at a place of their own, in some frames."""
    frames, places = draw(st.integers(1, 40)), draw(st.integers(1, 5))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shown = rng.random((frames, places)) < draw(st.sampled_from([0.3, 0.8, 1]))
    frame, place = np.nonzero(shown)
    changes = rng.random((frames, places)) < 0.05  # where the id of a place changes
    ids = (np.cumsum(changes, axis=0) * places + np.arange(places))[frame, place]
    ids[rng.random(len(ids)) < 0.1] = -1
    corner = np.stack([place * 200.0 + frame, np.full(len(frame), 100.0)], axis=1)
    score = rng.uniform(0.1, 1, len(frame))
    faces = Faces(np.hstack([corner, corner + SIDE]), score, track_id=ids)
    return Timeline(facts(), np.arange(frames) * 1001, np.full(frames, 1001), frame, faces)


@st.composite
def logs(draw: st.DrawFn, timeline: Timeline) -> list[Edit]:
    """Up to eight edits of a timeline."""
    edits: list[Edit] = []
    for number in range(1, draw(st.integers(0, 8)) + 1):
        action = draw(actions(replay(timeline, edits), edits))
        edits.append(Edit(number, WHEN, "ada", action))
    return edits


@st.composite
def actions(draw: st.DrawFn, now: Edited, edits: list[Edit]) -> Action:
    """What somebody could do who sees this."""
    timeline = now.timeline
    ids = timeline.faces.track_id
    assert ids is not None
    named = np.flatnonzero(ids >= 0).tolist()
    time = timeline.time(draw(st.integers(0, timeline.frame_count - 1)))
    place = (5.0, 5.0, 5.0 + draw(st.integers(1, 40)), 60.0)
    flag = draw(st.booleans())
    choices: list[Action] = [
        Draw(time, place, flag),
        SetEffect(draw(st.sampled_from(EFFECTS))),
        Check(time, place, "weak"),
    ]
    if edits:
        choices.append(Undo(draw(st.sampled_from([edit.number for edit in edits]))))
    if len(timeline.faces):
        face = anchor(timeline, draw(st.integers(0, len(timeline.faces) - 1)))
        choices.append(Move(face, (*place[:2], place[2] + 900, 400.0), flag))
        choices.append(Delete(face, draw(st.sampled_from(REACHES))))
    if named:
        one, two, three = (anchor(timeline, draw(st.sampled_from(named))) for _ in range(3))
        choices += [Merge((one, two, three)), Split(one), Split(two), Choose((one,), (two,))]
        choices.append(Name(one, draw(st.sampled_from(["", "Ada", "Grace"]))))
    if now.boxes:
        what = OfDrawing(draw(st.sampled_from(now.boxes)).edit, time)
        choices.append(Move(what, place, flag))
        choices.append(Delete(what, draw(st.sampled_from(REACHES))))
    return draw(st.sampled_from(choices))


def at(frame: int) -> Time:
    """When a frame of a steady clip is shown."""
    return Time(frame * 1001, facts().time_base)
