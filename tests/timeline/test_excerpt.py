"""Parts of documents, in whole fragments, as they were written."""

from __future__ import annotations

import io
import json
import re
from fractions import Fraction
from typing import Any

import pytest

from mien.errors import ConfigurationError
from mien.timeline import excerpt as module
from mien.timeline.excerpt import excerpt

HEAD = {
    "version": 1,
    "timescale": 30000,
    "offset": 0,
    "framerate": 29.97,
    "width": 1280,
    "height": 720,
}


def document(count: int = 5, *, events: int = 2, **style: Any) -> bytes:
    """Fragments of 2.002 s."""
    face = {"id": 0, "x": 0.5, "y": 0.18, "width": 0.08, "height": 0.15}
    fragments = [
        {"start": n * 60060, "duration": 60060, "interval": 1001, "events": [[face]] * events}
        for n in range(count)
    ]
    return json.dumps({**HEAD, "fragments": fragments}, **style).encode()


def starts(data: bytes, start: str, stop: str | None) -> list[int]:
    text = "".join(excerpt(io.BytesIO(data), Fraction(start), (stop and Fraction(stop)) or None))
    found = json.loads(text)
    assert {name: found[name] for name in HEAD} == HEAD
    whole = {each["start"]: each for each in json.loads(data)["fragments"]}
    assert all(each == whole[each["start"]] for each in found["fragments"])
    return [each["start"] // 60060 for each in found["fragments"]]


@pytest.mark.parametrize("style", [{}, {"indent": 2}, {"separators": (",", ":")}])
@pytest.mark.parametrize(
    ("start", "stop", "numbers"),
    [
        ("0", None, [0, 1, 2, 3, 4]),
        ("0", "0.001", [0]),
        ("0", "2.002", [0]),
        ("2.001", "2.002", [0]),
        ("2.002", "2.003", [1]),
        ("3", "5", [1, 2]),
        ("8.5", None, [4]),
        ("100", None, []),
    ],
)
def test_fragments_that_lie_in_the_range_are_given(
    style: dict[str, Any], start: str, stop: str | None, numbers: list[int]
) -> None:
    assert starts(document(**style), start, stop) == numbers


def test_the_whole_range_is_the_document_as_it_was_written() -> None:
    data = document(3, separators=(",", ":"))
    text = "".join(excerpt(io.BytesIO(data), Fraction(0)))
    assert re.sub(r"\s", "", text) == data.decode()


def test_fragments_longer_than_what_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIECE", 7)
    assert starts(document(3), "2.5", "3") == [1]
    long = document(2, events=5000)
    monkeypatch.setattr(module, "PIECE", 1000)
    assert starts(long, "2.5", None) == [1]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no fragments"),
        (b"[1, 2]", "no fragments"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b'{"fragments": []}', "timescale"),
        (b'{"timescale": 0, "fragments": []}', "timescale"),
        (b'{"timescale": "30", "fragments": []}', "timescale"),
        (b'{"timescale": 30 "fragments": []}', "head"),
        (b'{"timescale": 30, "fragments": [', "middle"),
        (b'{"timescale": 30, "fragments": [{"start": 0', "cannot be read"),
        (b'{"timescale": 30, "fragments": [{"start": 0}]}', "no times"),
        (b'{"timescale": 30, "fragments": [3]}', "something else"),
        (b'{"timescale": 30, "fragments": [' + b"[" * 100_000, "cannot be read"),
    ],
)
def test_what_is_no_document_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        list(excerpt(io.BytesIO(data), Fraction(0)))


def test_a_fragment_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FRAGMENT", 1000)
    monkeypatch.setattr(module, "PIECE", 100)
    data = b'{"timescale": 30, "fragments": [{"start": 0, "x": "' + b"x" * 100_000
    with pytest.raises(ConfigurationError, match="cannot be read"):
        list(excerpt(io.BytesIO(data), Fraction(0)))
