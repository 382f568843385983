"""A clip in which nobody is seen for two seconds, and then a woman who smiles."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.clips import write_clip
from tests.server import people

WIDTH, HEIGHT, RATE = 320, 240, "30000/1001"
NOBODY, WOMAN = 60, 60
"""Frames."""


@cache
def smiling() -> bytes:
    """An MP4 file."""
    with TemporaryDirectory() as folder:
        return write_clip(Path(folder) / "smile.mp4", _frames(), rate=RATE).read_bytes()


def _frames() -> Iterator[NDArray[Any]]:
    photo = cv2.imdecode(np.frombuffer(people.woman(), np.uint8), cv2.IMREAD_COLOR)
    assert photo is not None
    small = cv2.resize(photo[:360], (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    shown = np.ascontiguousarray(small[..., ::-1])
    yield from [np.full_like(shown, 90)] * NOBODY
    yield from [shown] * WOMAN
