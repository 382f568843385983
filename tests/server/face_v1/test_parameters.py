from __future__ import annotations

from collections.abc import Callable

import pytest

from mien.server.dialects.face_v1 import parameters as p
from mien.server.errors import Refusal
from mien.server.parameters import Query


@pytest.mark.parametrize(
    "text",
    ["age,emotion", "age+emotion", "age emotion", "age%2Cemotion", "age%2cemotion", "age%2Bemotion",
     " age , emotion ", ",age,,emotion,", "age,emotion,age", "age%20emotion"],
)  # fmt: skip
def test_lists_are_split_at_everything_that_clients_join_them_with(text: str) -> None:
    assert p.RETURN_ATTRIBUTES.read({"returnfaceattributes": [text]}) == ("age", "emotion")


def test_a_list_given_in_parts_is_one_list() -> None:
    assert p.RETURN_ATTRIBUTES.read({"returnfaceattributes": ["age", "emotion"]}) == (
        "age",
        "emotion",
    )


@pytest.mark.parametrize("query", [{}, {"top": [""]}, {"returnfaceid": [""], "top": []}])
def test_what_is_empty_counts_as_absent(query: dict[str, list[str]]) -> None:
    assert p.TOP.read(query) == 1000
    assert p.RETURN_FACE_ID.read(query) is True
    assert p.RETURN_ATTRIBUTES.read(query) == ()
    assert p.START.read(query) is None
    assert p.TARGET_FACE.read(query) is None
    assert p.DETECTION_MODEL.read(query) == "detection_01"


@pytest.mark.parametrize(("text", "value"), [("true", True), ("False", False), ("TRUE", True)])
def test_flags_in_any_case(text: str, value: bool) -> None:
    assert p.RETURN_FACE_ID.read({"returnfaceid": [text]}) is value


@pytest.mark.parametrize("text", ["10,20,30,40", "10 20 30 40", "10%2C20%2C30%2C40"])
def test_a_target_rectangle(text: str) -> None:
    assert p.TARGET_FACE.read({"targetface": [text]}) == (10, 20, 30, 40)


@pytest.mark.parametrize(
    ("read", "name", "text"),
    [
        (p.RETURN_FACE_ID.read, "returnfaceid", "yes"),
        (p.RETURN_FACE_ID.read, "returnfaceid", "1"),
        (p.TOP.read, "top", "0"),
        (p.TOP.read, "top", "1001"),
        (p.TOP.read, "top", "-1"),
        (p.TOP.read, "top", "1e2"),
        (p.TOP.read, "top", "٣"),  # a digit of another script
        (p.TOP.read, "top", "9" * 5000),
        (p.TIME_TO_LIVE.read, "faceidtimetolive", "59"),
        (p.TIME_TO_LIVE.read, "faceidtimetolive", "86401"),
        (p.START.read, "start", "a" * 65),
        (p.START.read, "start", "\0"),
        (p.FACE_USER_DATA.read, "userdata", "a" * 1025),
        (p.RECOGNITION_MODEL.read, "recognitionmodel", "recognition_05"),
        (p.DETECTION_MODEL.read, "detectionmodel", "Detection_01"),
        (p.TARGET_FACE.read, "targetface", "1,2,3"),
        (p.TARGET_FACE.read, "targetface", "1,2,3,4,5"),
        (p.TARGET_FACE.read, "targetface", "-1,2,3,4"),
        (p.TARGET_FACE.read, "targetface", "1.5,2,3,4"),
        (p.TARGET_FACE.read, "targetface", "1,2,0,4"),
        (p.TARGET_FACE.read, "targetface", "9999999999,2,3,4"),
    ],
)
def test_what_is_refused(read: Callable[[Query], object], name: str, text: str) -> None:
    with pytest.raises(Refusal) as refused:
        read({name: [text]})
    assert (refused.value.status, refused.value.code) == (400, "BadArgument")
