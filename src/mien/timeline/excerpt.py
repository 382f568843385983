"""A part of a Media Analytics document: the fragments of a time range, each as it was written.

Read in one pass, a fragment at a time, so that the length of the document does not matter.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import IO, Any

from mien.errors import ConfigurationError

MOST_HEAD = 1 << 16
MOST_FRAGMENT = 1 << 26
"""Characters: of what stands before the fragments, and of one of them."""
PIECE = 1 << 18

_OPENING = re.compile(r'"fragments"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")


def excerpt(file: IO[bytes], start: Fraction, stop: Fraction | None = None) -> Iterator[str]:
    """Yield, in pieces, the document with only those fragments that lie at least in part in
    start ≤ time < stop.

    Args:
        file: an open document, whose fragments come after all else of its head.
        start, stop: in seconds; without `stop` to the end.

    Raises:
        ConfigurationError: it is no such document. What was yielded until then is good.
    """
    text = _Text(file)
    head, timescale = _head(text)
    yield head
    separator = "\n"
    for fragment, written in _fragments(text):
        first, length = fragment.get("start"), fragment.get("duration")
        if not isinstance(first, int) or not isinstance(length, int):
            raise ConfigurationError("a fragment of the document has no times")
        begins, ends = Fraction(first, timescale), Fraction(first + length, timescale)
        if (stop is None or begins < stop) and ends > start:
            yield separator + written
            separator = ",\n"
    yield "\n]\n}\n"


class _Text:
    """The text of a file from a place on; more of it is read when it is asked for."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._decoder = file, codecs.getincrementaldecoder("utf-8-sig")()
        self.text, self.place = "", 0

    def more(self) -> bool:
        """Read as much again as is there; False at the end."""
        rest = self.text[self.place :]
        data = self._file.read(max(PIECE, len(rest)))
        try:
            self.text, self.place = rest + self._decoder.decode(data, final=not data), 0
        except UnicodeDecodeError as error:
            raise ConfigurationError(f"the document is not text in UTF-8: {error}") from error
        return bool(data)


def _head(text: _Text) -> tuple[str, int]:
    """What stands before the first fragment, and the ticks a second that it names."""
    while (opening := _OPENING.search(text.text)) is None:
        if len(text.text) > MOST_HEAD or not text.more():
            raise ConfigurationError("this is no Media Analytics document: it has no fragments")
    head = text.text[: opening.end()]
    try:
        told = json.loads(head + "]}")
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"the head of the document cannot be read: {error}") from error
    timescale = told.get("timescale")
    if not isinstance(timescale, int) or timescale < 1:
        raise ConfigurationError("the document names no timescale before its fragments")
    text.place = opening.end()
    return head, timescale


def _fragments(text: _Text) -> Iterator[tuple[dict[str, Any], str]]:
    """Each fragment, and as it was written."""
    decoder = json.JSONDecoder()
    while True:
        place = _skipped(text)
        if text.text[place] == "]":
            return
        try:
            fragment, end = decoder.raw_decode(text.text, place)
        except (json.JSONDecodeError, RecursionError) as error:
            if len(text.text) - place > MOST_FRAGMENT or not text.more():
                raise ConfigurationError(f"a fragment cannot be read: {error}") from error
            continue
        if not isinstance(fragment, dict):
            raise ConfigurationError("the document has something else among its fragments")
        yield fragment, text.text[place:end]
        text.place = end


def _skipped(text: _Text) -> int:
    """Where the next fragment, or the end of them, begins."""
    while True:
        found = _BETWEEN.match(text.text, text.place)
        assert found is not None  # it matches nothing, too
        text.place = found.end()
        if text.place < len(text.text):
            return text.place
        if not text.more():
            raise ConfigurationError("the document ends in the middle of its fragments")
