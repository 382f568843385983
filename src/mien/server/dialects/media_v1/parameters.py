"""Parameters of the query, as the table of operations shows them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from mien.server.bodies import refused
from mien.server.parameters import Number, Query, Schema, Text

START = Text("start", 64, "Only what comes after this id.")
TOP = Number("top", 1, 1000, 1000, "So many at most.")


@dataclass(frozen=True, slots=True)
class Seconds:
    """A time in seconds, 0 or more, in decimals."""

    name: str
    about: str

    def read(self, query: Query) -> Fraction | None:
        """The time, or None; raises Refusal 400."""
        values = query.get(self.name.lower(), ())
        if not values or not values[-1]:
            return None
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", values[-1]):
            raise refused(f"'{self.name}' is invalid. It is a number of seconds, such as 12.5.")
        return Fraction(values[-1])

    def schema(self) -> Schema:
        return {"type": "number", "minimum": 0}


FROM = Seconds("from", "Seconds: fragments that end before are left out.")
TO = Seconds("to", "Seconds: fragments that begin then or later are left out.")
SINCE = Number("since", 0, 999_999_999, 0, "Only what comes after this edit.")
AFTER = Number("after", 0, 999_999_999, 0, "Only what comes after this event.")
OFFSET = Number(
    "Upload-Offset", 0, 999_999_999_999_999_999, 0, "The number of the first byte that is sent."
)
RANGE = Text("Range", 1024, "The bytes that are wanted, such as bytes=0-999 (RFC 9110, 14.2).")
