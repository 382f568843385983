"""The log of edits over HTTP: added to by two, read since a number, refused by every rule."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from mien.client import MediaContext
from mien.errors import ServiceError
from mien.timeline.edits import EDIT_SCHEMA, edit_of
from tests.server.live import Live
from tests.server.media_v1.test_wire import Ask, caller, new_asset

TIME = {"pts": 3003, "timeBase": "1/30000"}
PERSON = {"time": TIME, "box": [10, 20.5, 110, 140]}
NAME = {"kind": "name", "person": PERSON, "name": "Ada <b>ß</b>"}
NOWHERE = "6a0c2bc1-5c0f-4cbb-8d6d-6b2e3f0a9d11"


@pytest.fixture(scope="module")
def call(live: Live, key: str) -> Ask:
    return caller(live, key)


@pytest.fixture
def path(call: Ask) -> str:
    return f"/assets/{new_asset(call)}/edits"


def added(*edits: Any, expected: int = 0) -> dict[str, Any]:
    return {"expected": expected, "edits": [*edits]}


def test_edits_are_added_and_read(call: Ask, path: str) -> None:
    assert call("GET", path).json == []
    first = call("POST", path, added(NAME, {"kind": "undo", "edit": 1}))
    assert first.status == 201
    second = call("POST", path, added({"kind": "undo", "edit": 2}, expected=2))
    every = call("GET", path).json
    assert every == [*first.json, *second.json]
    assert [edit["number"] for edit in every] == [1, 2, 3]
    assert every[0]["user"] == "key 0"
    for edit in every:
        jsonschema.Draft202012Validator(EDIT_SCHEMA).validate(edit)
        edit_of(edit)
    assert {**every[0], **NAME} == every[0]
    assert call("GET", f"{path}?since=2").json == second.json
    assert call("GET", f"{path}?since=9").json == []
    assert call("GET", f"{path}?since=-1").code == "BadArgument"


def test_of_two_windows_the_later_is_told(call: Ask, path: str) -> None:
    assert call("POST", path, added(NAME)).status == 201
    late = call("POST", path, added(NAME))
    assert (late.status, late.code) == (409, "EditsMovedOn")
    assert "number 1" in late.json["error"]["message"]
    assert len(call("GET", path).json) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"expected": 0},
        {"edits": [NAME]},
        added(),
        added(NAME, expected=-1),
        {"expected": "0", "edits": [NAME]},
        {"expected": 0, "edits": NAME},
        added(*[NAME] * 1001),
        added(None),
        added("name"),
        added({"kind": "fly"}),
        added(NAME, {**NAME, "name": "x" * 300}),
        added({**NAME, "name": "a\nb"}),
        added({"kind": "undo", "edit": 1}),
        added({"kind": "undo", "edit": 7}),
        added(NAME, {"kind": "delete", "what": {"edit": 2, "time": TIME}, "reach": "all"}),
    ],
    ids=lambda body: str(body)[:50],
)
def test_what_breaks_the_rules_is_refused_whole(call: Ask, path: str, body: Any) -> None:
    answer = call("POST", path, body)
    assert (answer.status, answer.code) == (400, "BadArgument")
    assert call("GET", path).json == []


def test_the_sentence_says_what_is_wrong(call: Ask, path: str) -> None:
    told = call("POST", path, added({**NAME, "person": {"time": TIME}})).json["error"]["message"]
    assert told == "The edit 'name': 'person' lacks 'box'."


def test_nobody_else_sees_or_writes_a_log(call: Ask, live: Live, path: str) -> None:
    call("POST", path, added(NAME))
    stranger = caller(live, live.key("edits stranger"))
    for where in (path, f"/assets/{NOWHERE}/edits", "/assets/nonsense/edits"):
        assert stranger("GET", where).code == "AssetNotFound"
        assert stranger("POST", where, added(NAME, expected=1)).code == "AssetNotFound"
    assert len(call("GET", path).json) == 1


def test_a_deleted_asset_has_no_log(call: Ask, path: str) -> None:
    call("POST", path, added(NAME))
    assert call("DELETE", path.removesuffix("/edits")).status == 204
    assert call("GET", path).code == "AssetNotFound"


def test_the_client_reads_and_adds(context: MediaContext) -> None:
    asset = context.assets.create("clip")
    made = asset.edits.append([NAME], expected=0)
    assert asset.edits.read() == made
    assert context.assets.get(asset.id).edits.read(since=1) == []
    with pytest.raises(ServiceError) as caught:
        asset.edits.append([NAME], expected=0)
    assert caught.value.code == "EditsMovedOn"
