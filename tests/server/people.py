"""Pictures of two people, made from the samples of mien: a woman (the astronaut) and a man."""

from __future__ import annotations

from functools import cache
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from mien.models import file_of

Bgr = NDArray[Any]


@cache
def woman(variant: int = 0) -> bytes:
    """A JPEG of the woman; the variants differ in size, light and side."""
    picture = _astronaut()
    if variant == 1:
        picture = np.ascontiguousarray(picture[:, ::-1])
    if variant == 2:
        picture = cv2.convertScaleAbs(picture, alpha=0.75, beta=10)
    if variant == 3:
        picture = cv2.resize(picture, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA)
    return jpeg(picture)


@cache
def man(variant: int = 0) -> bytes:
    """A JPEG of the man; the variants are moments of a clip."""
    return jpeg(_carphone()[(0, 30, 60, 90)[variant]])


@cache
def both() -> bytes:
    """A JPEG with the woman on the left and the man, smaller, on the right."""
    left = _astronaut()[:400, :400]
    right = cv2.resize(_carphone()[0], (480, 400), interpolation=cv2.INTER_CUBIC)
    return jpeg(np.hstack([left, right]))


@cache
def nobody() -> bytes:
    """A JPEG without a face: soft noise."""
    noise = np.random.default_rng(1).integers(0, 255, (30, 40, 3), np.uint8)
    return jpeg(cv2.resize(noise, (640, 480), interpolation=cv2.INTER_CUBIC))


def jpeg(picture: Bgr) -> bytes:
    """The bytes of a JPEG."""
    return encoded(picture, ".jpg")


def encoded(picture: Bgr, ending: str) -> bytes:
    """The bytes of a file of this kind."""
    done, data = cv2.imencode(ending, picture)
    assert done
    return data.tobytes()


@cache
def _astronaut() -> Bgr:
    picture = cv2.imread(str(file_of("sample-astronaut")))
    assert picture is not None
    return picture[:480, :480]


@cache
def _carphone() -> dict[int, Bgr]:
    """Moments of the clip, three times as large: the face is then 150 pixels wide."""
    with av.open(str(file_of("sample-carphone"))) as container:
        wanted = {0, 30, 60, 90}
        return {
            index: cv2.resize(
                frame.to_ndarray(format="bgr24"), None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC
            )
            for index, frame in enumerate(container.decode(video=0))
            if index in wanted
        }
