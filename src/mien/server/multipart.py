"""Bodies of multipart/form-data (RFC 7578), read as they come in: no part need fit into memory.

reader = FormReader(boundary_of(content_type))
for event in reader.feed(chunk):
    ...                       # a Field, then its bytes in pieces, then the next Field
reader.close()
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email import message_from_string
from email.message import Message
from typing import NamedTuple

MULTIPART = "multipart/form-data"
HEAD_BYTES = 8192
"""Of the head of a part; longer ones are refused."""
MOST_FIELDS = 100
MOST_BOUNDARY = 200
"""Characters; RFC 2046 allows 70."""


class FormError(ValueError):
    """The body is no form: its boundary, a head or its end is missing, or there is too much."""


class Field(NamedTuple):
    """The head of a part: the field's name, and the name of the file if it is one."""

    name: str
    filename: str | None


def boundary_of(content_type: str | None) -> bytes:
    """The boundary that a Content-Type header of a form names; raises FormError."""
    message = Message()
    message["content-type"] = (content_type or "").replace("\n", " ")
    boundary = message.get_boundary()
    if not boundary or len(boundary) > MOST_BOUNDARY:
        raise FormError("the Content-Type names no boundary")
    try:
        return boundary.encode("ascii")
    except UnicodeEncodeError:
        raise FormError("the boundary is not in ASCII") from None


class FormReader:
    """Takes a form apart. Feed it the body, and close it at the end."""

    def __init__(self, boundary: bytes) -> None:
        self._delimiter = b"\r\n--" + boundary
        self._buffer = bytearray(b"\r\n")  # before the first delimiter, which may begin the body
        self._state: Callable[[], Field | bytes | None] = self._preamble
        self._ended = False
        self._fields = 0

    def feed(self, chunk: bytes) -> Iterator[Field | bytes]:
        """The heads, and the bytes of the parts, that more of the body brings.

        Raises:
            FormError: a head is not well formed or too long, or there are too many parts.
        """
        if self._ended:  # what comes after the end is no part of the form
            return
        self._buffer += chunk
        while (event := self._state()) is not None:
            if event != b"":
                yield event

    def close(self) -> None:
        """Raise FormError if the end of the form has not come."""
        if not self._ended:
            raise FormError("the form breaks off before its end")

    def _preamble(self) -> bytes | None:
        """What stands before the first part is passed over."""
        return b"" if self._passed() else None

    def _data(self) -> bytes | None:
        """Bytes of a part; all but what might be the beginning of the delimiter."""
        at = self._buffer.find(self._delimiter)
        if at < 0:
            at = max(0, len(self._buffer) - len(self._delimiter) + 1)
            return self._taken(at) or None
        if at:
            return self._taken(at)
        self._passed()
        return b""

    def _passed(self) -> bool:
        """Go past the delimiter, if it is there."""
        at = self._buffer.find(self._delimiter)
        if at < 0:
            self._taken(max(0, len(self._buffer) - len(self._delimiter) + 1))
            return False
        self._taken(at + len(self._delimiter))
        self._state = self._after
        return True

    def _after(self) -> bytes | None:
        """After a delimiter: two hyphens end the form, a line break begins a part."""
        if len(self._buffer) < 2:
            return None
        if self._buffer.startswith(b"--"):
            self._ended = True
            self._state = self._nothing
            return None
        at = self._buffer.find(b"\r\n")
        padding = self._buffer[:at] if at >= 0 else self._buffer[:-1]
        if padding.strip(b" \t") or len(padding) > HEAD_BYTES:
            raise FormError("there is no line break after a boundary")
        if at < 0:
            return None
        self._taken(at + 2)
        self._state = self._head
        return b""

    def _head(self) -> Field | None:
        """The head of a part."""
        at = self._buffer.find(b"\r\n\r\n")
        if at > HEAD_BYTES or (at < 0 and len(self._buffer) > HEAD_BYTES + 4):
            raise FormError(f"the head of a part has more than {HEAD_BYTES} bytes")
        if at < 0:
            return None
        self._fields += 1
        if self._fields > MOST_FIELDS:
            raise FormError(f"there are more than {MOST_FIELDS} parts")
        self._state = self._data
        return _field(self._taken(at + 4))

    def _nothing(self) -> None:
        return None

    def _taken(self, count: int) -> bytes:
        """The first bytes of the buffer, which are gone from it."""
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken


def _field(head: bytes) -> Field:
    """What the Content-Disposition of a part says."""
    message = message_from_string(head.decode("utf-8", "replace"))  # as browsers and curl write it
    name = message.get_param("name", header="content-disposition")
    if message.get_content_disposition() != "form-data" or not isinstance(name, str):
        raise FormError("a part does not say which field it is")
    return Field(name, message.get_filename())
