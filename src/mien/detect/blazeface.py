"""BlazeFace full range: one network call on the whole picture in 192 x 192 pixels.

Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019; anchors
and scaling by MediaPipe's face_detection_full_range graph.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.detect.boxes import suppress
from mien.detect.letterbox import place
from mien.faces import Faces
from mien.models import Session, open_session
from mien.picture import check_rgb

Array = NDArray[Any]

SIDE = 192
"""Pixels a side of the input."""
HALF = np.float32(127.5)
"""Half the range of a pixel: the input is -1..1."""
GRID = 48
"""Anchors a side: one a cell, all of one size, in its middle."""
SCORE = 0.6
IOU = 0.3
"""MediaPipe's own values."""
LOGIT_LIMIT = 80.0
"""Logits are clipped to this, so that the sigmoid of a float32 cannot overflow."""


class BlazeFace:
    """The fast detector, for faces of about a tenth of the longer side or more. No state."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @classmethod
    def load(cls, *, threads: int | None = None) -> BlazeFace:
        """Load the network, fetching it first where it is not in the store.

        Raises:
            ModelError: it cannot be had.
        """
        return cls(open_session("blazeface-full-range", threads=threads))

    def detect(self, rgb: Array, *, score: float = SCORE) -> Faces:
        """Faces of a picture, the most certain first; boxes and points in its pixels.

        It knows no mouth corners: those points are NaN.

        Args:
            rgb: (H, W, 3) uint8 of any size.
            score: leave out faces below.

        Raises:
            ValueError: it is no such array.
        """
        check_rgb(rgb)
        where = place(rgb, SIDE / max(rgb.shape[:2]), room=SIDE)
        values, logits = self._session.run(where.input(rgb)[None] / HALF - 1)
        return where.undo(decode(values[0], logits[0], score=score))


def decode(values: Array, logits: Array, *, score: float) -> Faces:
    """Faces in pixels of the input.

    Args:
        values: (2304, 16) centre and size of the box, then x and y of six points (eyes, nose tip,
            middle of the mouth, tragions of the ears), all from the middle of the anchor.
        logits: (2304, 1).
    """
    scores = 1 / (1 + np.exp(-logits[:, 0].clip(-LOGIT_LIMIT, LOGIT_LIMIT)))
    rows = np.flatnonzero(scores >= score)
    anchors = (np.stack([rows % GRID, rows // GRID], axis=1) + 0.5) * (SIDE / GRID)
    centre, half = values[rows, :2] + anchors, values[rows, 2:4] / 2
    boxes, scores = np.concatenate([centre - half, centre + half], axis=1), scores[rows]
    points = np.full((len(rows), 5, 2), np.nan, np.float32)
    points[:, :3] = values[rows, 4:10].reshape(-1, 3, 2) + anchors[:, None]
    kept = suppress(boxes, scores, iou=IOU)
    return Faces(boxes[kept], scores[kept], points=points[kept])
