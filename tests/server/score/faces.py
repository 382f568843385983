"""Images for /score, cut as the clients of the container cut them."""

from __future__ import annotations

from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.server import people

Gray = NDArray[Any]


@cache
def smile() -> Gray:
    """(64, 64) gray values of the woman's face."""
    picture = cv2.imdecode(np.frombuffer(people.woman(), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    blue, green, red = cv2.split(np.asarray(picture[75:175, 175:275], np.uint8))
    gray = red // 4 + green // 2 + blue // 4  # as the Go client does
    return np.asarray(cv2.resize(gray, (64, 64), interpolation=cv2.INTER_LINEAR))


def flat() -> Gray:
    """A gray plane, which shows no face."""
    return np.full((64, 64), 128, np.uint8)


def body(*images: Gray) -> dict[str, Any]:
    """The body of a request."""
    return {"data": [[image.tolist()] for image in images]}
