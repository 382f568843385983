"""A watch for somebody who comes in between two looks at the whole frame."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.detect.blazeface import BlazeFace
from mien.detect.boxes import overlaps
from mien.faces import Faces

Array = NDArray[Any]

SCORE = 0.4
"""From here on, what the fast network sees where no face is known is worth a look at the whole."""

KNOWN = 0.2
"""Overlap from which a box of the sentinel is of a known face; its boxes are larger."""

SAME_PLACE = 0.5
"""Overlap from which an alarm is one that was for nothing shortly before."""


class Sentinel:
    """Looks at frame after frame, small, with the fast network; use one for a video."""

    def __init__(self, network: BlazeFace) -> None:
        self._network = network
        self._alarms = self._false = np.zeros((0, 4), np.float32)

    def alarmed(self, rgb: Array, known: Faces) -> bool:
        """Whether there is something like a face that is not known, and that has not turned out to
        be none."""
        boxes = self._network.detect(rgb, score=SCORE).box_xyxy
        near_known = _near(boxes, known.box_xyxy, KNOWN)
        self._alarms = boxes[~near_known & ~_near(boxes, self._false, SAME_PLACE)]
        return len(self._alarms) > 0

    def answered(self, found: Faces) -> None:
        """Tell what the look at the whole frame found: what alarmed and is none of it was nothing,
        and does not alarm again where it is, until `forget`."""
        nothing = ~_near(self._alarms, found.box_xyxy, KNOWN)
        self._false = np.concatenate([self._false, self._alarms[nothing]])
        self._alarms = self._alarms[:0]

    def forget(self) -> None:
        """Let what alarmed for nothing alarm again."""
        self._false = self._false[:0]


def _near(boxes: Array, others: Array, least: float) -> Array:
    """(n,) whether a box overlaps one of the others by so much."""
    return np.array([(overlaps(box, others)[0] >= least).any() for box in boxes], bool)
