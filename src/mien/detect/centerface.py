"""CenterFace: faces as the peaks of a heat map, with sizes and five points read off beside them.

Xu et al., "CenterFace: Joint Face Detection and Alignment Using Face as Point", 2020.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.detect.boxes import suppress
from mien.detect.letterbox import Fit, check_rgb, fit, resize
from mien.faces import Faces
from mien.models import Session, open_session

Array = NDArray[Any]

MULTIPLE = 32
"""Height and width of the input must be multiples of the network's deepest stride."""
STRIDE = 4
"""Pixels of the input a cell of the maps."""
SCORE = 0.5
IOU = 0.3
"""Candidates that overlap more are one face; value of the authors' reference code."""


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

    def detect(self, rgb: Array, *, score: float = SCORE, scale: float = 1.0) -> Faces:
        """Faces of a picture, the most certain first; boxes and points in its pixels.

        Args:
            rgb: (H, W, 3) uint8 of any size; the time it takes grows with H x W x scale².
            score: leave out faces below.
            scale: look at the picture scaled by this.

        Raises:
            ValueError: it is no such array.
        """
        check_rgb(rgb)
        return self.detect_placed(rgb, fit(rgb, scale), score=score)

    def detect_placed(self, rgb: Array, place: Fit, *, score: float = SCORE) -> Faces:
        """The same with the picture at a given place of the input, black around it."""
        maps = self._session.run(blob(rgb, place))
        return place.undo(decode(*maps, score=score))


def blob(rgb: Array, place: Fit) -> Array:
    """(1, 3, h, w) float32 0..255, without mean or scale; h and w multiples of 32."""
    bottom, right = place.top + place.height, place.left + place.width
    room = [-(-size // MULTIPLE) * MULTIPLE for size in (bottom + place.top, right + place.left)]
    planes = np.zeros((1, 3, *room), np.float32)
    small = resize(rgb, place.width, place.height)
    for plane, colour in zip(planes[0], cv2.split(small), strict=True):
        plane[place.top : bottom, place.left : right] = colour
    return planes


def decode(heat: Array, size: Array, offset: Array, points: Array, *, score: float) -> Faces:
    """Faces in pixels of the input from the four maps of one picture.

    Args:
        heat: (1, 1, h, w) 0..1.
        size: (1, 2, h, w) log of height and width in cells.
        offset: (1, 2, h, w) of the centre in its cell, y and x.
        points: (1, 10, h, w) five pairs y, x in parts of the box from its upper left corner.
    """
    y, x = np.nonzero(heat[0, 0] >= score)
    cells = np.stack([x, y], axis=1)
    wh = np.exp(size[0, ::-1, y, x]) * STRIDE
    corner = (cells + offset[0, ::-1, y, x] + 0.5) * STRIDE - wh / 2
    marks = points[0, :, y, x].reshape(-1, 5, 2)[..., ::-1] * wh[:, None] + corner[:, None]
    boxes, scores = np.concatenate([corner, corner + wh], axis=1), heat[0, 0, y, x]
    kept = suppress(boxes, scores, iou=IOU)
    return Faces(boxes[kept], scores[kept], points=marks[kept])
