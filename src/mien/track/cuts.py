"""Finds the first frame of each new shot from a small copy of the picture.

Two measures of how far a frame is from the one before: what is left of the brightness pattern
after the best small shift (so that pans and moving people do not count; normalised correlation,
which does not see a flash or a change of exposure), and the distance of the colour histograms. A
cut changes both.
"""

from __future__ import annotations

from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

PATTERN = 0.3
"""Least share of the pattern that a cut changes. Of unrelated pairs of photos one in ninety stays
below; fast traffic that fills the picture reaches 0.4."""

CHANGE = 0.8
"""Least sum of both measures at a cut; either is 0 for equal pictures and about 0.85 for unrelated
ones."""

RESTLESS = 1.5
"""A cut stands out from the changes just before it by this factor."""

MEMORY = 0.8
"""Share of the mean recent change that is kept at each frame."""

BLANK = 0.3
"""Standard deviation of the root brightness (0 to 16) below which a frame shows nothing to compare:
black, or washed out by a flash."""


class CutDetector:
    """Tells of each frame, in order, whether a new shot begins with it.

    A blank frame is never the first of a shot: the next one that shows something is compared with
    the last one that did.

    Attributes:
        opening: (36, 64, 3) the first frame that showed something.
    """

    SIZE_WH: ClassVar[tuple[int, int]] = (64, 36)
    """Size at which frames are compared."""

    _SHIFT = 5, 3  # pixels of that size, right and down

    def __init__(self) -> None:
        self.opening: Array | None = None
        self._before: tuple[Array, Array] | None = None
        self._recent = 0.0

    def update(self, rgb: Array) -> bool:
        """Whether this frame begins a new shot; the first frame of a video does not.

        Args:
            rgb: (36, 64, 3) uint8, the whole frame scaled to `SIZE_WH`.

        Raises:
            ValueError: the picture has another shape or type.
        """
        width, height = self.SIZE_WH
        if rgb.shape != (height, width, 3) or rgb.dtype != np.uint8:
            raise ValueError(
                f"a picture of shape {(height, width, 3)}, uint8, is needed; "
                f"got {rgb.shape}, {rgb.dtype}"
            )
        brightness = np.sqrt(rgb.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32))
        if brightness.std() < BLANK:
            return False
        before, self._before = self._before, (brightness, _histogram(rgb))
        if before is None:
            self.opening = rgb
            return False
        pattern = self._pattern_change(before[0], brightness)
        change = pattern + float(np.abs(before[1] - self._before[1]).sum()) / 2
        cut = pattern > PATTERN and change > max(CHANGE, RESTLESS * self._recent)
        self._recent = 0.0 if cut else MEMORY * self._recent + (1 - MEMORY) * change
        return cut

    def _pattern_change(self, before: Array, now: Array) -> float:
        """1 − normalised correlation at the best shift: 0 alike, 1 unrelated, 2 a negative."""
        right, down = self._SHIFT
        middle = np.ascontiguousarray(before[down:-down, right:-right])
        return 1 - float(cv2.matchTemplate(now, middle, cv2.TM_CCOEFF_NORMED).max())


def _histogram(rgb: Array) -> Array:
    """(512,) share of the pixels in each of 8 × 8 × 8 colours."""
    cell = (rgb >> 5).reshape(-1, 3).astype(np.int64) @ [64, 8, 1]
    return np.bincount(cell, minlength=512) / len(cell)
