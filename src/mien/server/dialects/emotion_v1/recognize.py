"""Recognize: the expressions of the faces of a picture, or of its rectangles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from starlette.responses import JSONResponse, Response

from mien.errors import MediaError
from mien.faces import EMOTIONS, Array
from mien.server.bodies import refused
from mien.server.call import Call
from mien.server.dialects.emotion_v1.bodies import UNREADABLE, FileUrl
from mien.server.dialects.emotion_v1.parameters import FACE_RECTANGLES
from mien.server.inference import Seen, Wants
from mien.server.parameters import Rectangle
from mien.server.pictures import read_picture, refusal_of_picture
from mien.server.rectangles import largest_first, rectangles

MOST_BYTES = 4 * 2**20
MOST_FACES = 64
LEAST_SIDE, GREATEST_SIDE = 36, 4096
"""Of the faces that are looked for, in pixels."""
IN_ORDER = sorted(range(len(EMOTIONS)), key=EMOTIONS.__getitem__)
"""The columns of `Faces.emotion` in the order of the answer: the alphabet's."""

WANTS = Wants(frozenset({"emotion"}))


async def recognize(call: Call) -> Response:
    """The expression of each face, the largest rectangle first."""
    call.services.policy.require_attributes(["emotion"])
    given = FACE_RECTANGLES.read(call.query)
    most = min(MOST_BYTES, call.services.settings.limits.image_bytes)
    picture = await read_picture(call, most=most, body=FileUrl, unreadable=UNREADABLE)
    wants = replace(WANTS, boxes=tuple(_box(each) for each in given)) if given else WANTS
    try:
        seen = await call.services.analyst.faces(picture.data, wants, gone=call.gone)
    except MediaError as error:
        raise refusal_of_picture(error, from_url=picture.from_url) from error
    return JSONResponse(entries_within(seen, given) if given else entries(seen))


def entries(seen: Seen) -> list[dict[str, Any]]:
    """What is told of the faces that were found; one whose expression cannot be judged is not."""
    boxes = rectangles(seen.faces.box_xyxy, seen.width, seen.height, square=True)
    rows = largest_first(boxes, most=MOST_FACES, least_side=LEAST_SIDE, greatest_side=GREATEST_SIDE)
    return _entries(seen, boxes, rows)


def entries_within(seen: Seen, given: Sequence[Rectangle]) -> list[dict[str, Any]]:
    """What is told of the rectangles that were given; raises Refusal 400 if one is outside."""
    boxes = np.array([_box(each) for each in given])
    if (boxes[:, 2:] > [seen.width, seen.height]).any():
        raise refused(f"'{FACE_RECTANGLES.name}' is out of range: one reaches out of the image.")
    return _entries(seen, boxes, largest_first(boxes, most=len(boxes), least_side=0))


def _entries(seen: Seen, boxes: Array, rows: Array) -> list[dict[str, Any]]:
    emotion = seen.faces.emotion
    if emotion is None:
        raise ValueError("the expression stage has not run")
    read = [int(row) for row in rows if np.isfinite(emotion[row]).all()]
    return [{"faceRectangle": _shown(boxes[row]), "scores": _scores(emotion[row])} for row in read]


def _shown(box: Array) -> dict[str, int]:
    left, top, right, bottom = (int(value) for value in box)
    return {"left": left, "top": top, "width": right - left, "height": bottom - top}


def _scores(row: Array) -> dict[str, float]:
    """Every digit that a score has, and none more: the shortest that gives the float32 back."""
    return {EMOTIONS[column]: float(str(row[column])) for column in IN_ORDER}


def _box(rectangle: Rectangle) -> tuple[float, float, float, float]:
    left, top, width, height = rectangle
    return left, top, left + width, top + height
