"""The log, done again on an analysis of the video: this one or another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from mien.timecode import Time
from mien.timeline.edits.edit import (
    Action,
    Anchor,
    Box,
    Check,
    Choice,
    Choose,
    Delete,
    Draw,
    Edit,
    Merge,
    Move,
    Name,
    OfDrawing,
    SetEffect,
    Split,
)
from mien.timeline.edits.history import check_log, in_force
from mien.timeline.edits.state import People
from mien.timeline.timeline import Timeline


class Key(NamedTuple):
    """Where a drawn box is at a moment, and whether it is followed from there, both ways."""

    time: Time
    box: Box
    tracked: bool


class Gone(NamedTuple):
    """When a drawn box is not there: from `start` to `stop`, both among it; None: without end."""

    start: Time | None
    stop: Time | None


@dataclass(frozen=True, slots=True)
class Drawing:
    """A box that was drawn by hand, or a face's box that was moved and is followed from there.

    Attributes:
        edit: the number of the edit that made it, by which others name it.
        person: whose face it is, an id of the edited timeline; None for what was drawn.
        keys: in order of time, one a moment.
        gone: when it is not there.
    """

    edit: int
    person: int | None
    keys: tuple[Key, ...]
    gone: tuple[Gone, ...] = ()

    def is_gone(self, time: Time) -> bool:
        """Whether it was deleted from the frame at this time."""
        return any(_holds(span, time) for span in self.gone)


class Remark(NamedTuple):
    """What there is to say of an edit."""

    edit: int
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Edited:
    """An analysis with all edits done.

    Attributes:
        timeline: faces under their ids after merges and splits, boxes where they were moved to,
            without those that were deleted.
        names: by id, of those who have one.
        choices: by id, of those who were chosen. Whoever was not is to be hidden.
        boxes: drawn by hand; they are in no timeline.
        effect: as it was last set; None where it was not.
        checked: moments of doubt that somebody has looked at.
        unplaced: edits, or parts of them, that this analysis has no place for, and why.
        notes: edits that were done, and not quite as one may think.
    """

    timeline: Timeline
    names: Mapping[int, str]
    choices: Mapping[int, Choice]
    boxes: tuple[Drawing, ...]
    effect: SetEffect | None
    checked: tuple[Check, ...]
    unplaced: tuple[Remark, ...]
    notes: tuple[Remark, ...]


def replay(timeline: Timeline, edits: Iterable[Edit]) -> Edited:
    """Do all edits that hold, in their order.

    An anchor is the face whose box lies over the anchor's by at least `state.LEAST_OVERLAP`, in
    the frame of its time or the nearest within `state.REACH_S` that has one; ids do not count. The
    result depends on nothing but the arguments.

    Raises:
        UsageError: the numbers of the log do not rise, or an edit names a later one.
    """
    log = tuple(edits)
    check_log(log)
    numbers = {edit.number for edit in log}
    work = _Replay(timeline)
    for edit in in_force(log):
        work.do(edit.number, edit.action, numbers)
    return work.edited()


class _Replay:
    def __init__(self, timeline: Timeline) -> None:
        self._people = People(timeline)
        self._names: dict[int, str] = {}
        self._choices: dict[int, Choice] = {}
        self._boxes: dict[int, Drawing] = {}
        self._effect: SetEffect | None = None
        self._checked: list[Check] = []
        self._unplaced: list[Remark] = []
        self._notes: list[Remark] = []
        self._number = 0

    def do(self, number: int, action: Action, numbers: set[int]) -> None:
        """Do one action."""
        self._number = number
        match action:
            case Name():
                self._name(action)
            case Merge():
                self._merge(action)
            case Split():
                self._split(action)
            case Choose():
                self._choose(action)
            case Draw():
                self._draw(action)
            case Move():
                self._move(action)
            case Delete():
                self._delete(action)
            case SetEffect():
                self._effect = action
            case Check():
                self._checked.append(action)
            case _:  # an undo; what it takes back is not here
                if action.edit not in numbers:
                    self._lose(f"there is no edit {action.edit} to take back")

    def edited(self) -> Edited:
        """What came of it."""
        there = self._people.rows.keys()
        return Edited(
            self._people.timeline(),
            {id: self._names[id] for id in sorted(self._names) if id in there},
            {id: self._choices[id] for id in sorted(self._choices) if id in there},
            tuple(self._boxes[number] for number in sorted(self._boxes)),
            self._effect,
            tuple(self._checked),
            tuple(self._unplaced),
            tuple(self._notes),
        )

    def _lose(self, reason: str) -> None:
        self._unplaced.append(Remark(self._number, reason))

    def _note(self, reason: str) -> None:
        self._notes.append(Remark(self._number, reason))

    def _person(self, anchor: Anchor) -> int | None:
        """The id of the face at an anchor; None, and told, where nobody is."""
        row = self._people.find(anchor)
        if row is None:
            self._lose(f"nobody is in that place at {anchor.time}")
            return None
        return self._people.id(row)

    def _persons(self, anchors: Iterable[Anchor]) -> list[int]:
        """The ids of those who are found, each once, in order."""
        found = [self._person(anchor) for anchor in anchors]
        return list(dict.fromkeys(id for id in found if id is not None))

    def _name(self, action: Name) -> None:
        id = self._person(action.person)
        if id is None:
            return
        self._names.pop(id, None)
        if action.name:
            self._names[id] = action.name

    def _merge(self, action: Merge) -> None:
        ids = self._persons(action.people)
        if len(ids) < 2:
            if ids:
                self._note("they are one person already")
            return
        names = [self._names.pop(id) for id in ids if id in self._names]
        chosen = {self._choices.pop(id, None) for id in ids}
        twice = self._people.merge(ids)
        if names:
            self._names[ids[0]] = names[0]
        if len(chosen) == 1 and (choice := chosen.pop()) is not None:
            self._choices[ids[0]] = choice  # of several choices none holds, and hiding is safe
        if twice:
            self._note(
                f"in {twice} frames they are both in view; there the less certain box is nobody's"
            )

    def _split(self, action: Split) -> None:
        id = self._person(action.person)
        if id is not None and not self._people.split(id, action.person.time):
            self._note(f"the person is not there both before and after {action.person.time}")

    def _choose(self, action: Choose) -> None:
        self._choices |= dict.fromkeys(self._persons(action.hide), "hide")
        self._choices |= dict.fromkeys(self._persons(action.keep), "keep")

    def _draw(self, action: Draw) -> None:
        if self._people.is_within(action.time):
            key = Key(action.time, action.box, action.tracked)
            self._boxes[self._number] = Drawing(self._number, None, (key,))
        else:
            self._lose(f"the video has no frame at {action.time}")

    def _move(self, action: Move) -> None:
        if isinstance(action.what, OfDrawing):
            self._redraw(action.what, action)
            return
        row = self._people.find(action.what, anybody=True)
        if row is None:
            self._lose(f"no face is in that place at {action.what.time}")
            return
        self._people.move(row, action.box)
        if action.tracked:
            id, key = self._people.id(row), Key(action.what.time, action.box, True)
            self._boxes[self._number] = Drawing(self._number, None if id < 0 else id, (key,))

    def _redraw(self, what: OfDrawing, action: Move) -> None:
        drawing = self._drawing(what)
        if drawing is not None:
            keys = [key for key in drawing.keys if key.time != what.time]
            keys.append(Key(what.time, action.box, action.tracked))
            gone = tuple(span for span in drawing.gone if not _holds(span, what.time))
            self._boxes[what.edit] = replace(drawing, keys=tuple(sorted(keys)), gone=gone)

    def _delete(self, action: Delete) -> None:
        if isinstance(action.what, OfDrawing):
            self._erase(action.what, action)
            return
        row = self._people.find(action.what, anybody=True)
        if row is None:
            self._lose(f"no face is in that place at {action.what.time}")
        else:
            self._people.delete(row, action.reach)

    def _erase(self, what: OfDrawing, action: Delete) -> None:
        drawing = self._drawing(what)
        if drawing is None:
            return
        if action.reach == "all":
            del self._boxes[what.edit]
            return
        start = None if action.reach == "before" else what.time
        stop = None if action.reach == "after" else what.time
        self._boxes[what.edit] = replace(drawing, gone=(*drawing.gone, Gone(start, stop)))

    def _drawing(self, what: OfDrawing) -> Drawing | None:
        if what.edit not in self._boxes:
            self._lose(f"the box of the edit {what.edit} is not there")
        elif not self._people.is_within(what.time):
            self._lose(f"the video has no frame at {what.time}")
        else:
            return self._boxes[what.edit]
        return None


def _holds(span: Gone, time: Time) -> bool:
    after = span.start is None or span.start <= time
    return after and (span.stop is None or time <= span.stop)
