"""Request bodies: their media type, and JSON read strictly."""

from __future__ import annotations

import json
import sys
from typing import Any, NoReturn

from mien.server.errors import Refusal

JSON = "application/json"
OCTETS = "application/octet-stream"
DEPTH = 32
"""How deep lists and objects may lie in each other; no request goes beyond five."""
LARGEST = sys.float_info.max


def media_type(header: str | None) -> str:
    """The media type of a Content-Type header in lower case, without its parameters."""
    return (header or "").partition(";")[0].strip().lower()


def check_media_type(header: str | None, *allowed: str) -> str:
    """The media type, where it is one of these.

    Raises:
        Refusal: 415, it is another or there is none.
    """
    found = media_type(header)
    if found not in allowed:
        raise Refusal(415, "BadArgument", "Invalid Media Type.")
    return found


def parse_json(
    body: bytes, *, message: str = "Request body is invalid.", storable: bool = True
) -> Any:
    """The value of a JSON text in UTF-8.

    More is refused than `json.loads` refuses: keys that stand twice in an object, NaN and Infinity,
    numbers beyond a double, nesting deeper than `DEPTH`, and where texts must be `storable`, half
    surrogate pairs and the character NUL.

    Raises:
        Refusal: 400 BadArgument with this message.
    """
    try:
        value = json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=_object,
            parse_constant=_no_constant,
        )
        _check(value, storable)
    except (ValueError, RecursionError):
        raise Refusal(400, "BadArgument", message) from None
    return value


def is_storable(text: str) -> bool:
    """Whether every database can keep a text: no NUL, no half surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _check(value: Any, storable: bool, depth: int = 0) -> None:
    """Raise ValueError where a value is none that is read. Numbers of long lists are quick."""
    kind = type(value)
    if kind is str:
        if storable and not is_storable(value):
            raise ValueError("a text that cannot be stored")
    elif kind is int or kind is float:
        if not -LARGEST <= value <= LARGEST:
            raise ValueError("beyond a double")
    elif kind is list or kind is dict:
        if depth > DEPTH:
            raise ValueError("too deep")
        for item in value if kind is list else value.values():
            _check(item, storable, depth + 1)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
