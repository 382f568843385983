"""A photo with its faces hidden."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.detect.cascade import ImageDetector, united
from mien.faces import Faces
from mien.media.planes import Plane
from mien.picture import check_rgb
from mien.redact.effects import Look, check_safe, hide
from mien.redact.heads import masks_of
from mien.redact.plan import MARGIN

Array = NDArray[Any]


class PhotoRedactor:
    """Hides everyone in photos, with detectors that are opened once.

    Args:
        look: how to hide.
        margin: how far a mask reaches beyond the face, in shares of its half sides.
        paranoid: look a second time, with two networks, and hide what either finds.
        unsafe: allow an effect that can be seen through.

    Raises:
        UsageError: such an effect, without it.
        ModelError: a model cannot be had.
    """

    def __init__(
        self,
        look: Look,
        *,
        margin: float = MARGIN,
        paranoid: bool = False,
        unsafe: bool = False,
    ) -> None:
        check_safe(look, unsafe=unsafe)
        self._look, self._margin = look, margin
        names = ("accurate", "paranoid") if paranoid else ("accurate",)
        self._detectors = [ImageDetector.load(name) for name in names]

    def redacted(self, rgb: Array) -> tuple[Array, Faces]:
        """A copy of the photo with its faces hidden, and the faces.

        Args:
            rgb: (H, W, 3) uint8.

        Raises:
            UsageError: it is no picture.
        """
        check_rgb(rgb)
        faces = self._detectors[0].detect(rgb)
        for other in self._detectors[1:]:
            faces = united(faces, other.detect(rgb))
        copy = np.array(rgb, order="C")
        hide_in_photo(copy, faces, self._look, self._margin)
        return copy, faces


def hide_in_photo(rgb: Array, faces: Faces, look: Look, margin: float = MARGIN) -> None:
    """Hide these faces in a photo (H, W, 3) uint8, in place."""
    planes = [Plane(rgb[..., colour], black=0, top=255) for colour in range(3)]
    height, width = rgb.shape[:2]
    hide(planes, width, height, masks_of(faces, margin, width, height), look)
