"""What people change in an analysis: an append-only log of edits, replayed on any analysis.

    edits = [Edit(1, now, "ada", Name(Anchor(Time(0, base), (10, 10, 60, 70)), "Grace"))]
    edited = replay(timeline, edits)
    edited.names        # {0: "Grace"}

A face is named by its place, a moment and a box, and not by its id: another analysis of the same
video gives other ids, and the same faces. Nothing is ever taken out of the log; undo is an edit.
docs/concepts/edits.md has the rules.
"""

from mien.timeline.edits.edit import (
    CHOICES,
    EFFECTS,
    MASKS,
    REACHES,
    STRENGTHS,
    Action,
    Anchor,
    Check,
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
    Undo,
)
from mien.timeline.edits.history import History, check_action, check_log, history_of, in_force
from mien.timeline.edits.replay import Drawing, Edited, Key, Remark, replay
from mien.timeline.edits.wire import (
    ACTION_SCHEMA,
    EDIT_SCHEMA,
    action_of,
    document_of,
    edit_of,
    time_document,
)

__all__ = [
    "ACTION_SCHEMA",
    "CHOICES",
    "EDIT_SCHEMA",
    "EFFECTS",
    "MASKS",
    "REACHES",
    "STRENGTHS",
    "Action",
    "Anchor",
    "Check",
    "Choose",
    "Delete",
    "Draw",
    "Drawing",
    "Edit",
    "Edited",
    "History",
    "Key",
    "Merge",
    "Move",
    "Name",
    "OfDrawing",
    "Remark",
    "SetEffect",
    "Split",
    "Undo",
    "action_of",
    "check_action",
    "check_log",
    "document_of",
    "edit_of",
    "history_of",
    "in_force",
    "replay",
    "time_document",
]
