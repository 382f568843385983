"""CenterFace: faces as the peaks of a heat map, with sizes and five points read off beside them.

Xu et al., "CenterFace: Joint Face Detection and Alignment Using Face as Point", 2020.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.detect.boxes import suppress
from mien.detect.letterbox import Placed, place
from mien.faces import Faces
from mien.models import Session, open_session
from mien.picture import check_rgb

Array = NDArray[Any]

MULTIPLE = 32
"""Height and width of the input must be multiples of the network's deepest stride."""
STRIDE = 4
"""Pixels of the input a cell of the maps."""
SCORE = 0.5
IOU = 0.3
"""Candidates that overlap more are one face; both are the values of the authors' own code."""


class CenterFace:
    """The accurate detector. It holds no state between calls and may be used by many threads."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @classmethod
    def load(cls, *, threads: int | None = None) -> CenterFace:
        """Load the network, fetching it first where it is not in the store.

        Raises:
            ModelError: it cannot be had.
        """
        return cls(open_session("centerface", threads=threads))

    def detect(
        self, rgb: Array, *, score: float = SCORE, scale: float = 1.0, margin: int = 0
    ) -> Faces:
        """Faces of a picture, the most certain first; boxes and points in its pixels.

        Args:
            rgb: (H, W, 3) uint8 of any size; time and memory grow with H x W x scale².
            score: leave out faces below.
            scale: look at the picture scaled by this.
            margin: pixels of black around the scaled picture, for faces that fill it.

        Raises:
            ValueError: it is no such array.
        """
        check_rgb(rgb)
        where = place(rgb, scale, margin=margin, multiple=MULTIPLE)
        return self.detect_placed([rgb], [where], score=score)[0]

    def detect_placed(
        self, pictures: Sequence[Array], places: Sequence[Placed], *, score: float = SCORE
    ) -> list[Faces]:
        """The faces of each of several pictures, found in one run; boxes in pixels of each.

        Args:
            pictures: n pictures (H, W, 3) uint8 of any sizes.
            places: where each lies in its input; all inputs have one size, in multiples of 32.
            score: leave out faces below.

        Raises:
            ValueError: the inputs differ in size, or their sides are no such multiples.
        """
        pairs = list(zip(places, pictures, strict=True))
        maps = self._session.run(planes(np.stack([where.input(rgb) for where, rgb in pairs])))
        found = (decode(*of_one, score=score) for of_one in zip(*maps, strict=True))
        return [where.undo(faces) for where, faces in zip(places, found, strict=True)]


def planes(pictures: Array) -> Array:
    """(n, 3, H, W) float32 0..255, without mean or scale, of (n, H, W, 3) uint8.

    Raises:
        ValueError: height or width is not a multiple of 32.
    """
    count, height, width = pictures.shape[:3]
    if height % MULTIPLE or width % MULTIPLE:
        raise ValueError(f"sides must be multiples of {MULTIPLE}, not {width} x {height}")
    out = np.empty((count, 3, height, width), np.float32)
    for picture, into in zip(pictures, out, strict=True):
        for colour, plane in zip(cv2.split(picture), into, strict=True):
            plane[:] = colour
    return out


def decode(heat: Array, size: Array, offset: Array, points: Array, *, score: float) -> Faces:
    """Faces in pixels of the input from the four maps of one picture.

    Args:
        heat: (1, h, w) 0..1.
        size: (2, h, w) log of height and width in cells.
        offset: (2, h, w) of the centre in its cell, y and x.
        points: (10, h, w) five pairs y, x in parts of the box from its upper left corner.
    """
    y, x = np.nonzero(heat[0] >= score)
    cells = np.stack([x, y], axis=1)
    wh = np.exp(size[::-1, y, x].T) * STRIDE
    corner = (cells + offset[::-1, y, x].T + 0.5) * STRIDE - wh / 2
    marks = points[:, y, x].T.reshape(-1, 5, 2)[..., ::-1] * wh[:, None] + corner[:, None]
    boxes, scores = np.concatenate([corner, corner + wh], axis=1), heat[0, y, x]
    kept = suppress(boxes, scores, iou=IOU)
    return Faces(boxes[kept], scores[kept], points=marks[kept])
