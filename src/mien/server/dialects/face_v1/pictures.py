"""Pictures of requests, and their faces as the API has them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mien.errors import MediaError
from mien.faces import Array, Faces
from mien.gallery import Template
from mien.server import pictures
from mien.server.bodies import refused
from mien.server.dialects.face_v1 import errors
from mien.server.dialects.face_v1.call import Call
from mien.server.dialects.face_v1.parameters import DETECTION_MODELS
from mien.server.errors import Refusal
from mien.server.inference import Seen, Wants
from mien.server.parameters import Rectangle
from mien.server.pictures import Picture
from mien.server.rectangles import largest_first, rectangles

LEAST_BYTES = 1024
LEAST_SIDE, LEAST_SIDE_WITHIN = 36, (1920, 1080)
"""The smallest face in a picture of this size, long side first; in pixels. In a larger picture it
is larger."""
MOST_FACES = 100
SAME_FACE = 0.5
"""Intersection over union from which a target rectangle means the face of another rectangle."""


@dataclass(frozen=True, slots=True)
class Found:
    """The faces of a picture that the API tells of, the largest rectangle first.

    Attributes:
        faces: their boxes are the rectangles of the answer.
        fitness: as `Seen.fitness`, for these faces.
    """

    faces: Faces
    width: int
    height: int
    fitness: Array | None

    def template(self, row: int, recognition_model: str) -> Template | None:
        """What is kept of a face; None where it has no embedding."""
        embedding = self.faces.embedding
        if embedding is None or self.fitness is None or not np.isfinite(embedding[row]).all():
            return None
        return Template(embedding[row], float(self.fitness[row]), recognition_model)


async def read_picture(call: Call) -> Picture:
    """The picture in the body of a request, or the one whose URL it gives.

    Raises:
        Refusal: 400, 408, 413, 415.
    """
    most = call.services.settings.limits.image_bytes
    return await pictures.read_picture(
        call, least=LEAST_BYTES, most=most, unreadable=errors.BAD_JSON
    )


async def look(call: Call, picture: Picture, wants: Wants, *, square: bool) -> Found:
    """The faces of a picture; in squares or in boxes.

    Raises:
        Refusal: 400, 408, 503.
    """
    try:
        seen = await call.services.analyst.faces(picture.data, wants, gone=call.gone)
    except MediaError as error:
        raise pictures.refusal_of_picture(error, from_url=picture.from_url) from error
    return as_told(seen, square=square)


def as_told(seen: Seen, *, square: bool) -> Found:
    """The faces that are large enough, at most `MOST_FACES`, the largest rectangle first."""
    boxes = rectangles(seen.faces.box_xyxy, seen.width, seen.height, square=square)
    order = largest_first(boxes, most=MOST_FACES, least_side=least_side(seen.width, seen.height))
    faces = replace(seen.faces, box_xyxy=boxes)[order]
    fitness = None if seen.fitness is None else seen.fitness[order]
    return Found(faces, seen.width, seen.height, fitness)


def least_side(width: int, height: int) -> float:
    """The side of the smallest face that is told of in a picture of this size."""
    long, short = LEAST_SIDE_WITHIN
    return LEAST_SIDE * max(1.0, max(width, height) / long, min(width, height) / short)


def meant(found: Found, target: Rectangle | None) -> int:
    """The row of the one face of a picture, or of the one in the target rectangle.

    A face is in the rectangle if its middle is. Of several, the one whose own rectangle it is as
    good as (`SAME_FACE`) is meant.

    Raises:
        Refusal: 400, the rectangle reaches out of the picture, or there is no face or several.
    """
    rows = np.arange(len(found.faces))
    if target is not None:
        if target.left + target.width > found.width or target.top + target.height > found.height:
            raise refused("'targetFace' is out of range: it reaches out of the image.")
        rows = _inside(found.faces.box_xyxy, target)
    if not len(rows):
        raise Refusal(400, "InvalidImage", "No face detected in the image.")
    if len(rows) > 1:
        raise Refusal(400, "InvalidImage", "There is more than 1 face in the image.")
    return int(rows[0])


def wants_for(columns: frozenset[str], model: str, *, recognition: bool) -> Wants:
    """What to look for with a detection model; `recognition` where faces are to be kept."""
    if recognition:
        columns |= {"embedding"}
    return Wants(columns, accurate=model != DETECTION_MODELS[0], recognition=recognition)


def _inside(boxes: Array, target: Rectangle) -> Array:
    low = np.array([target.left, target.top], float)
    high = low + np.array([target.width, target.height])
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    rows = np.flatnonzero(((middle >= low) & (middle < high)).all(axis=1))
    if len(rows) > 1:
        shared = np.minimum(boxes[rows, 2:], high) - np.maximum(boxes[rows, :2], low)
        both = np.clip(shared, 0, None).prod(axis=1)
        area = (boxes[rows, 2:] - boxes[rows, :2]).prod(axis=1) + (high - low).prod()
        same = both / (area - both) >= SAME_FACE
        rows = rows[same] if same.any() else rows
    return rows
