"""Pictures for the studio's tests, and a film for the browser's camera."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mien.media import read_image
from tests.server import people

Array = NDArray[Any]

TURNED = 6
"""Of Exif: to be shown, the picture is turned to the right."""


def pixels(data: bytes) -> Array:
    """(h, w, 3) RGB of a file."""
    return np.asarray(read_image(data))


def file(picture: Array, form: str, **options: Any) -> bytes:
    """The file of an RGB picture, as Pillow writes it."""
    target = io.BytesIO()
    Image.fromarray(picture).save(target, form, **options)
    return target.getvalue()


@cache
def crowd() -> bytes:
    """A JPEG with the woman twelve times."""
    head = pixels(people.woman())[20:220, 120:320]
    return file(np.tile(head, (3, 4, 1)), "JPEG", quality=92)


@cache
def turned(form: str = "JPEG") -> bytes:
    """The woman, lying on her side in the file, which says how to turn it."""
    lying = np.ascontiguousarray(np.rot90(pixels(people.woman())))
    exif = Image.Exif()
    exif[0x0112] = TURNED
    return file(lying, form, exif=exif)


def film(path: Path, picture: Array, *, seconds: float = 1.0, rate: int = 25) -> Path:
    """A film (YUV4MPEG2) of one RGB picture, for Chromium's camera, which repeats it."""
    height, width = (side - side % 2 for side in picture.shape[:2])
    yuv = cv2.cvtColor(np.ascontiguousarray(picture[:height, :width]), cv2.COLOR_RGB2YUV_I420)
    head = f"YUV4MPEG2 W{width} H{height} F{rate}:1 Ip A1:1 C420jpeg\n".encode()
    path.write_bytes(head + (b"FRAME\n" + yuv.tobytes()) * round(seconds * rate))
    return path
