"""The form of a comparison: two faces, each a picture and a box in it."""

from __future__ import annotations

import math
from typing import NamedTuple

from mien.server.bodies import refused
from mien.server.inference import Box
from mien.server.multipart import Field, FormError, FormReader, boundary_of

MOST_TEXT = 200
"""Bytes of a field that is no file."""

FARTHEST = 1e5
"""Pixels from the corner of a picture at which an edge of a box may lie."""

FILES, BOXES = ("first", "second"), ("firstBox", "secondBox")


class Pair(NamedTuple):
    """Two faces to compare.

    Attributes:
        pictures: the files; the second is empty where both faces are in the first.
        boxes: where they are, xyxy in pixels of the picture as displayed.
    """

    pictures: tuple[bytes, bytes]
    boxes: tuple[Box, Box]


def read_pair(content_type: str | None, body: bytes) -> Pair:
    """The two faces of a form; raises Refusal 400."""
    parts: dict[str, bytearray] = {}
    name = ""
    try:
        reader = FormReader(boundary_of(content_type))
        for event in reader.feed(body):
            if isinstance(event, Field):
                name = event.name
                parts[name] = bytearray()
            else:
                parts[name] += event
        reader.close()
    except FormError as error:
        raise refused(f"The form cannot be read: {error}.") from None
    first, second = (bytes(parts.get(name, b"")) for name in FILES)
    if not first:
        raise refused("The form has no picture in its field 'first'.")
    one, other = (_box(name, bytes(parts.get(name, b""))) for name in BOXES)
    return Pair((first, second), (one, other))


def _box(name: str, text: bytes) -> Box:
    """A box written "x1,y1,x2,y2"; raises Refusal 400."""
    try:
        left, top, right, bottom = (float(part) for part in text[:MOST_TEXT].split(b","))
    except ValueError:
        left = top = right = bottom = math.nan
    within = all(abs(edge) <= FARTHEST for edge in (left, top, right, bottom))
    if not within or right - left < 1 or bottom - top < 1:
        raise refused(f"The field '{name}' is no box; give x1,y1,x2,y2 in pixels.")
    return left, top, right, bottom
