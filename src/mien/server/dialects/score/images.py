"""The images of a request: n x 1 x 64 x 64 gray values in JSON."""

from __future__ import annotations

import numpy as np
from pydantic import BaseModel, ConfigDict

from mien.faces import Array
from mien.server.errors import Refusal
from mien.server.json_body import parse_json

SIDE = 64
WHITE = 255
FORM = (
    '"data" must have the shape n x 1 x 64 x 64: a list of images, each a list with one plane of '
    "64 rows of 64 gray values."
)
NUMBERS = {int, float}
"""Types of gray values; a truth value is none."""
Plane = list[list[float]]


class Images(BaseModel):
    """Gray images of faces, cut tightly: n x 1 x 64 x 64 values from 0 to 255."""

    model_config = ConfigDict(extra="ignore")
    data: list[list[Plane]]


def read_images(body: bytes) -> Array:
    """(n, 64, 64) uint8 images of a JSON body.

    Raises:
        Refusal: 400, it is no JSON, or has another shape, or values that are no gray.
    """
    value = parse_json(body, message="The body is no JSON.")
    data = value.get("data") if isinstance(value, dict) else None
    if not isinstance(data, list) or not data or not all(_is_image(each) for each in data):
        raise _refused(FORM)
    images = np.array(data, float)[:, 0]
    if images.min() < 0 or images.max() > WHITE:
        raise _refused(f'A value of "data" lies outside of 0 to {WHITE}.')
    shares = (images.max(axis=(1, 2)) <= 1) & (images % 1 != 0).any(axis=(1, 2))
    if shares.any():
        raise _refused(
            f"The values of image {int(shares.argmax())} are shares of 1; send gray values from 0 "
            f"to {WHITE} as they are."
        )
    gray: Array = np.rint(images).astype(np.uint8)
    return gray


def _is_image(image: object) -> bool:
    return isinstance(image, list) and len(image) == 1 and _is_plane(image[0])


def _is_plane(plane: object) -> bool:
    return isinstance(plane, list) and len(plane) == SIDE and all(_is_row(row) for row in plane)


def _is_row(row: object) -> bool:
    return isinstance(row, list) and len(row) == SIDE and {type(each) for each in row} <= NUMBERS


def _refused(message: str) -> Refusal:
    return Refusal(400, "BadArgument", message)
