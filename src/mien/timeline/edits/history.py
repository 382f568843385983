"""Which edits of a log hold, and which one undo and redo would take back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mien.errors import UsageError
from mien.timeline.edits.edit import Action, Delete, Edit, Move, OfDrawing, Undo


class History(NamedTuple):
    """The edits that an `Undo` would name next; None where there is nothing to do."""

    undo: int | None
    redo: int | None


def check_log(edits: Iterable[Edit]) -> None:
    """Check that numbers rise, and that edits name only edits that came before.

    Raises:
        UsageError: they do not.
    """
    last = 0
    for edit in edits:
        if edit.number <= last:
            raise UsageError(f"the edit {edit.number} comes after the edit {last}")
        last = edit.number
        check_action(edit.number, edit.action)


def check_action(number: int, action: Action) -> None:
    """Check that what is to have this number names only edits before it; raises UsageError."""
    named = named_by(action)
    if named is not None and named >= number:
        raise UsageError(f"the edit {number} names the edit {named}, which does not come before it")


def named_by(action: Action) -> int | None:
    """The number of the edit that an action names, if it names one."""
    if isinstance(action, Undo):
        return action.edit
    if isinstance(action, Move | Delete) and isinstance(action.what, OfDrawing):
        return action.what.edit
    return None


def in_force(edits: Sequence[Edit]) -> list[Edit]:
    """The edits that no edit in force takes back; undos among them."""
    back: set[int] = set()
    holding = []
    for edit in reversed(edits):  # an undo can only be taken back by what comes after it
        if edit.number in back:
            continue
        holding.append(edit)
        if isinstance(edit.action, Undo):
            back.add(edit.action.edit)
    return holding[::-1]


def history_of(edits: Sequence[Edit]) -> History:
    """What undo and redo would take back: the last edit that holds, and the last undo that holds
    and that no other edit came after."""
    undos = {edit.number for edit in edits if isinstance(edit.action, Undo)}
    done = [edit.number for edit in edits if edit.number not in undos]
    holding = in_force(edits)
    last = max((edit.number for edit in holding if edit.number not in undos), default=None)
    redo = max(
        (
            edit.number
            for edit in holding
            if isinstance(edit.action, Undo)
            and edit.action.edit not in undos
            and edit.number > max(done, default=0)
        ),
        default=None,
    )
    return History(last, redo)
