from __future__ import annotations

import pytest

from mien.server.errors import Refusal
from mien.server.json_body import DEPTH, check_media_type, parse_json


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"url": "x"}', {"url": "x"}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),  # a byte order mark
        ('{"name": "Zoë \\ud83d\\ude00"}'.encode(), {"name": "Zoë 😀"}),
        (b'{"a": null, "b": [1, 2.5, true]}', {"a": None, "b": [1, 2.5, True]}),
        (b'{"a": 123456789012345678901234567890}', {"a": 123456789012345678901234567890}),
        (b"[" * DEPTH + b"]" * DEPTH, None),
    ],
)
def test_json_that_is_read(body: bytes, value: object) -> None:
    found = parse_json(body)
    assert value is None or found == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": 1} {"a": 2}',
        b'{"a": 1, "a": 2}',  # a key that stands twice
        b'{"a": {"b": 1, "b": 1}}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": ' + b"9" * 400 + b"}",  # beyond a double
        b'{"a": ' + b"9" * 10_000 + b"}",
        b'{"a": "\\ud800"}',  # half a surrogate pair
        b'{"a": ["\\u0000"]}',
        b'{"a": "\xff"}',  # no UTF-8
        '{"a": 1}'.encode("utf-16"),
        b"[" * 34 + b"]" * 34,
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    ],
)
def test_json_that_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        parse_json(body, message="No.")
    assert (refused.value.status, refused.value.code) == (400, "BadArgument")
    assert refused.value.message == "No."


@pytest.mark.parametrize(
    "header",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON ;x=y",
        "application/json;",
    ],
)
def test_a_media_type_with_parameters_in_any_case(header: str) -> None:
    assert check_media_type(header, "application/json") == "application/json"


@pytest.mark.parametrize("header", [None, "", "text/json", "application/octet-stream", "json"])
def test_another_media_type_is_415(header: str | None) -> None:
    with pytest.raises(Refusal) as refused:
        check_media_type(header, "application/json")
    error = refused.value
    assert (error.status, error.code, error.message) == (415, "BadArgument", "Invalid Media Type.")


def test_texts_that_cannot_be_stored_are_read_where_they_may_be() -> None:
    assert parse_json(b'["a\\u0000", "\\ud800"]', storable=False) == ["a\0", "\ud800"]
    with pytest.raises(Refusal):
        parse_json(b"[" * (DEPTH + 2) + b"]" * (DEPTH + 2), storable=False)
