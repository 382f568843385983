from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mien.errors import UsageError
from mien.timeline.edits import (
    ACTION_SCHEMA,
    EDIT_SCHEMA,
    EFFECTS,
    MASKS,
    STRENGTHS,
    Anchor,
    Choose,
    Edit,
    SetEffect,
    Split,
    action_of,
    document_of,
    edit_of,
)
from tests.timeline.edited import crowds, logs

ACTIONS = jsonschema.Draft202012Validator(ACTION_SCHEMA)
EDITS = jsonschema.Draft202012Validator(EDIT_SCHEMA)
TIME = {"pts": 3003, "timeBase": "1/30000"}
PERSON = {"time": TIME, "box": [10, 20.5, 110, 140]}
NAME = {"kind": "name", "person": PERSON, "name": "Ada"}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_what_is_written_is_read_back(data: st.DataObject) -> None:
    for edit in data.draw(logs(data.draw(crowds()))):
        written = json.loads(json.dumps(document_of(edit)))
        EDITS.validate(written)
        assert edit_of(written) == edit
        alone = json.loads(json.dumps(document_of(edit.action)))
        ACTIONS.validate(alone)
        assert action_of(alone) == edit.action


def test_what_may_be_left_out() -> None:
    for document, wanted in (
        ({"kind": "effect", "effect": "blur"}, SetEffect("blur")),
        ({"kind": "choose", "keep": [PERSON]}, Choose(keep=(anchor_of(PERSON),))),
    ):
        ACTIONS.validate(document)
        assert action_of(document) == wanted
    with pytest.raises(UsageError, match="name whom to hide or keep"):
        action_of({"kind": "choose"})


def anchor_of(person: dict[str, Any]) -> Anchor:
    """The anchor of some JSON, by the reader of another kind."""
    made = action_of({"kind": "split", "person": person})
    assert isinstance(made, Split)
    return made.person


def with_(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {**document, **changes}


WRONG: list[Any] = [
    None,
    [],
    "name",
    {},
    {"kind": "fly"},
    {"kind": ["name"]},
    {"kind": {}},
    {"kind": "name"},
    with_(NAME, name=None),
    with_(NAME, name=5),
    with_(NAME, name="x" * 257),
    with_(NAME, extra=1),
    with_(NAME, person=None),
    with_(NAME, person=[]),
    with_(NAME, person=with_(PERSON, id=3)),
    with_(NAME, person=with_(PERSON, box=[1, 2, 3])),
    with_(NAME, person=with_(PERSON, box=[1, 2, 3, "4"])),
    with_(NAME, person=with_(PERSON, box=[1, 2, 3, True])),
    with_(NAME, person=with_(PERSON, box="1234")),
    with_(NAME, person=with_(PERSON, time=0.1)),
    with_(NAME, person=with_(PERSON, time=with_(TIME, pts=-1))),
    with_(NAME, person=with_(PERSON, time=with_(TIME, pts=1.5))),
    with_(NAME, person=with_(PERSON, time=with_(TIME, pts=True))),
    with_(NAME, person=with_(PERSON, time=with_(TIME, pts=1 << 62))),
    with_(NAME, person=with_(PERSON, time=with_(TIME, pts=10**400))),
    *(
        with_(NAME, person=with_(PERSON, time=with_(TIME, timeBase=base)))
        for base in (
            1,
            "",
            "1",
            "1/0",
            "-1/25",
            "1/-25",
            "1.5/25",
            "a/b",
            "1" * 11 + "/1",
        )
    ),
    {"kind": "merge", "people": [PERSON]},
    {"kind": "merge", "people": PERSON},
    {"kind": "merge", "people": [PERSON] * 10_001},
    {"kind": "choose", "hide": [None]},
    {"kind": "draw", "time": TIME, "box": [1, 2, 3, 4], "tracked": 1},
    {"kind": "delete", "what": PERSON, "reach": "everywhere"},
    {"kind": "delete", "what": {"edit": 0, "time": TIME}, "reach": "all"},
    {"kind": "delete", "what": {"edit": 1, "time": TIME, "box": [1, 2, 3, 4]}, "reach": "all"},
    {"kind": "effect", "effect": "vanish"},
    {"kind": "effect", "effect": "blur", "margin": 2},
    {"kind": "effect", "effect": "blur", "margin": "0.5"},
    {"kind": "undo", "edit": "1"},
    {"kind": "undo", "edit": 0},
    {"kind": "undo", "edit": 1.0},
]

BEYOND_THE_SCHEMA: list[Any] = [
    with_(NAME, person=with_(PERSON, time=with_(TIME, timeBase="1/25\n"))),
    with_(NAME, name="a\nb"),
    with_(NAME, name="a\0"),
    with_(NAME, name="\ud800"),
    with_(NAME, person=with_(PERSON, box=[100, 0, 10, 10])),
    with_(NAME, person=with_(PERSON, box=[1, 1, 1, 1])),
    with_(NAME, person=with_(PERSON, box=[1, 2, 3, math.nan])),
    with_(NAME, person=with_(PERSON, box=[1, 2, 3, math.inf])),
    with_(NAME, person=with_(PERSON, box=[1, 2, 3, 1e300])),
    with_(NAME, person=with_(PERSON, time=with_(TIME, timeBase="0/1"))),
    with_(NAME, person=with_(PERSON, time=with_(TIME, timeBase="1/4294967296"))),
]


@pytest.mark.parametrize("document", WRONG, ids=lambda document: str(document)[:60])
def test_what_breaks_the_rules_is_refused_by_schema_and_reader(document: Any) -> None:
    with pytest.raises(UsageError):
        action_of(document)
    # a whole number may be written 1.0 for the schema, and not for the reader
    assert not ACTIONS.is_valid(document) or document == {"kind": "undo", "edit": 1.0}


@pytest.mark.parametrize("document", BEYOND_THE_SCHEMA, ids=lambda document: ascii(document)[:60])
def test_what_no_schema_can_say_is_refused_by_the_reader(document: Any) -> None:
    with pytest.raises(UsageError):
        action_of(document)


def test_the_sentence_says_where_it_is_wrong() -> None:
    with pytest.raises(UsageError, match="the edit 'name': 'person' lacks 'box'"):
        action_of(with_(NAME, person={"time": TIME}))
    with pytest.raises(UsageError, match="one of name, merge"):
        action_of({"kind": "fly"})


def test_an_edit_needs_its_head() -> None:
    head = {"number": 1, "at": "2026-01-31T12:00:00+00:00", "user": "ada"}
    made = edit_of({**head, **NAME})
    assert made == Edit(1, datetime(2026, 1, 31, 12, tzinfo=UTC), "ada", action_of(NAME))
    for wrong in (
        None,
        NAME,
        {**head, **NAME, "number": "1"},
        {**head, **NAME, "number": 0},
        {**head, **NAME, "at": "yesterday"},
        {**head, **NAME, "at": None},
        {**head, **NAME, "user": None},
        {**head, "kind": "fly"},
    ):
        with pytest.raises(UsageError):
            edit_of(wrong)


def test_effects_are_those_of_redaction() -> None:
    from mien.redact import effects, plan

    assert (EFFECTS, STRENGTHS, MASKS) == (effects.EFFECTS, effects.STRENGTHS, effects.SHAPES)
    assert SetEffect("blur").margin == plan.MARGIN
