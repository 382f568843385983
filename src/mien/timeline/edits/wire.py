"""Edits as JSON, with its schema (JSON Schema 2020-12)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

from mien.errors import UsageError
from mien.timecode import Time
from mien.timeline.edits.edit import (
    EFFECTS,
    LARGEST,
    LONGEST_TEXT,
    MASKS,
    MOST_PEOPLE,
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

Json = dict[str, Any]
BASE = r"[0-9]{1,10}/[1-9][0-9]{0,9}"


class _Kind(NamedTuple):
    """How a value is read, described, and written."""

    read: Callable[[Any], Any]
    schema: Json
    write: Callable[[Any], Any] = lambda value: value


def _plain(kinds: type | tuple[type, ...], what: str, schema: Json) -> _Kind:
    """A value that is the same in JSON."""

    def read(value: Any) -> Any:
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
            raise UsageError(f"must be {what}")
        return value

    return _Kind(read, schema)


def _word(words: tuple[str, ...]) -> _Kind:
    return _plain(str, f"one of {', '.join(words)}", {"enum": [*words]})


def _object(value: Any, required: set[str], optional: frozenset[str] = frozenset()) -> Json:
    if not isinstance(value, Mapping):
        raise UsageError("must be an object")
    if unknown := sorted(map(str, value.keys() - required - optional)):
        raise UsageError(f"has '{unknown[0][:40]}', which it does not know")
    if missing := sorted(required - value.keys()):
        raise UsageError(f"lacks '{missing[0]}'")
    return dict(value)


def _read_time(value: Any) -> Time:
    given = _object(value, {"pts", "timeBase"})
    pts, base = _COUNT.read(given["pts"]), _TEXT.read(given["timeBase"])
    if not re.fullmatch(BASE, base) or not (fraction := Fraction(base)):
        raise UsageError("has a timeBase that is no fraction of a second, such as 1/30000")
    return Time(pts, fraction)


def time_document(time: Time) -> Json:
    """A time, as edits have it: ticks, and the base they count in."""
    base = time.time_base
    return {"pts": time.pts, "timeBase": f"{base.numerator}/{base.denominator}"}


def _read_box(value: Any) -> tuple[float, ...]:
    if not isinstance(value, list) or len(value) != 4:
        raise UsageError("has a box that is not four numbers: left, top, right, bottom")
    return tuple(_NUMBER.read(each) for each in value)


def _read_anchor(value: Any) -> Anchor:
    given = _object(value, {"time", "box"})
    left, top, right, bottom = _read_box(given["box"])
    return Anchor(_read_time(given["time"]), (left, top, right, bottom))


def _write_anchor(anchor: Anchor) -> Json:
    return {"time": time_document(anchor.time), "box": [*anchor.box]}


def _read_target(value: Any) -> Anchor | OfDrawing:
    if not (isinstance(value, Mapping) and "edit" in value):
        return _read_anchor(value)
    given = _object(value, {"edit", "time"})
    return OfDrawing(_COUNT.read(given["edit"]), _read_time(given["time"]))


def _write_target(target: Anchor | OfDrawing) -> Json:
    if isinstance(target, Anchor):
        return _write_anchor(target)
    return {"edit": target.edit, "time": time_document(target.time)}


def _anchors(least: int) -> _Kind:
    def read(value: Any) -> tuple[Anchor, ...]:
        if not isinstance(value, list) or len(value) > MOST_PEOPLE:
            raise UsageError(f"must be a list of at most {MOST_PEOPLE}")
        return tuple(map(_read_anchor, value))

    schema = {"type": "array", "items": _ANCHOR.schema, "minItems": least, "maxItems": MOST_PEOPLE}
    return _Kind(read, schema, lambda anchors: [*map(_write_anchor, anchors)])


def _closed(properties: Json) -> Json:
    names = sorted(properties)
    return {
        "type": "object",
        "properties": properties,
        "required": names,
        "additionalProperties": False,
    }


_COUNT = _plain(
    int, "a whole number", {"type": "integer", "minimum": 0, "exclusiveMaximum": LARGEST}
)
_NUMBER = _plain((int, float), "a number", {"type": "number"})
_TEXT = _plain(str, "a text", {"type": "string", "maxLength": LONGEST_TEXT})
_FLAG = _plain(bool, "true or false", {"type": "boolean"})
_SHARE = _plain((int, float), "a number", {"type": "number", "minimum": 0, "maximum": 1})
_EDIT_NUMBER = _COUNT._replace(schema={**_COUNT.schema, "minimum": 1})
_TIME = _Kind(
    _read_time,
    _closed({"pts": _COUNT.schema, "timeBase": {"type": "string", "pattern": f"^{BASE}$"}}),
    time_document,
)
_BOX = _Kind(
    _read_box,
    {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4},
    list,
)
_ANCHOR = _Kind(_read_anchor, _closed({"time": _TIME.schema, "box": _BOX.schema}), _write_anchor)
_TARGET = _Kind(
    _read_target,
    {"oneOf": [_ANCHOR.schema, _closed({"edit": _EDIT_NUMBER.schema, "time": _TIME.schema})]},
    _write_target,
)

ACTIONS: dict[str, tuple[type, dict[str, _Kind]]] = {
    "name": (Name, {"person": _ANCHOR, "name": _TEXT}),
    "merge": (Merge, {"people": _anchors(2)}),
    "split": (Split, {"person": _ANCHOR}),
    "choose": (Choose, {"hide": _anchors(0), "keep": _anchors(0)}),
    "draw": (Draw, {"time": _TIME, "box": _BOX, "tracked": _FLAG}),
    "move": (Move, {"what": _TARGET, "box": _BOX, "tracked": _FLAG}),
    "delete": (Delete, {"what": _TARGET, "reach": _word(REACHES)}),
    "effect": (
        SetEffect,
        {
            "effect": _word(EFFECTS),
            "strength": _word(STRENGTHS),
            "mask": _word(MASKS),
            "margin": _SHARE,
            "feather": _SHARE,
        },
    ),
    "check": (Check, {"time": _TIME, "box": _BOX, "reason": _TEXT}),
    "undo": (Undo, {"edit": _EDIT_NUMBER}),
}
"""The word in `kind`, and the fields beside it."""


def action_of(document: Any) -> Action:
    """The action that a JSON value stands for; see `ACTION_SCHEMA`.

    Raises:
        UsageError: it breaks the rules; the message says which.
    """
    kind = document.get("kind") if isinstance(document, Mapping) else None
    if not isinstance(kind, str) or kind not in ACTIONS:
        raise UsageError(f"an edit has a 'kind', one of {', '.join(ACTIONS)}")
    cls, kinds = ACTIONS[kind]
    optional = frozenset(_optional(cls))
    try:
        given = _object(document, {"kind", *kinds} - optional, optional)
        return _made(cls, kinds, given)
    except UsageError as error:
        raise UsageError(f"the edit '{kind}': {error}") from error


def _made(cls: type, kinds: Mapping[str, _Kind], given: Json) -> Action:
    values = {}
    for name, kind in kinds.items():
        if name in given:
            try:
                values[name] = kind.read(given[name])
            except UsageError as error:
                raise UsageError(f"'{name}' {error}") from error
    action: Action = cls(**values)
    return action


def _optional(cls: type) -> list[str]:
    return [each.name for each in fields(cls) if each.default is not MISSING]


def document_of(action: Action | Edit) -> Json:
    """The JSON of an action, or of an edit: then with number, at and user."""
    if isinstance(action, Edit):
        head = {"number": action.number, "at": action.at.isoformat(), "user": action.user}
        return {**head, **document_of(action.action)}
    word, kinds = next((w, k) for w, (cls, k) in ACTIONS.items() if cls is type(action))
    return {
        "kind": word,
        **{name: kind.write(getattr(action, name)) for name, kind in kinds.items()},
    }


def edit_of(document: Any) -> Edit:
    """The edit that a JSON value stands for; see `EDIT_SCHEMA`. Raises UsageError."""
    if not isinstance(document, Mapping):
        raise UsageError("an edit is an object")
    rest = dict(document)
    number, user = (rest.pop(name, None) for name in ("number", "user"))
    try:
        at = datetime.fromisoformat(_TEXT.read(rest.pop("at", None)))
        return Edit(_COUNT.read(number), at, _TEXT.read(user), action_of(rest))
    except ValueError as error:  # also of a UsageError
        raise UsageError(f"an edit has number, at, user and an action: {error}") from error


def _schema(kind: str, head: Json) -> Json:
    cls, kinds = ACTIONS[kind]
    properties = {**head, "kind": {"const": kind}, **{n: k.schema for n, k in kinds.items()}}
    closed = _closed(properties)
    closed["required"] = [name for name in properties if name not in _optional(cls)]
    return closed


_HEAD: Json = {
    "number": _EDIT_NUMBER.schema,
    "at": {"type": "string", "format": "date-time"},
    "user": {"type": "string"},
}
ACTION_SCHEMA: Json = {"oneOf": [_schema(kind, {}) for kind in ACTIONS]}
"""What is sent to have something done."""

EDIT_SCHEMA: Json = {"oneOf": [_schema(kind, _HEAD) for kind in ACTIONS]}
"""What is in the log."""
