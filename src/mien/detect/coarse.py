"""A quick look first: two small networks that agree save the full one.

CenterFace sees the picture at 384 pixels along its longer side, BlazeFace at 192. Where both are
sure of the same faces, and none is small, that is the answer. Any doubt (a weak candidate, a face
that only one saw, a small face, none at all) calls the full detector, and so does a picture so
large that its smaller faces would not show. Faces that fill the picture, which CenterFace misses
unless they are framed in black, are known to BlazeFace.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.detect.blazeface import BlazeFace
from mien.detect.boxes import overlaps
from mien.detect.cascade import ImageDetector, sizes
from mien.faces import Faces
from mien.picture import check_rgb

Array = NDArray[Any]

SIDE = 384
"""Pixels of the coarse look along the longer side."""
LONGEST = 720
"""A picture longer than this has its full look at once: of a face of 36 pixels too little would be
left to hint at it (docs/concepts/detection.md)."""
HINT = 0.1
"""A candidate that CenterFace scores so much, and no sure face, is a doubt."""
SURE = 0.6
"""CenterFace must score each face so much; see `mien.detect.cascade.SURE`."""
SMALL = 40.0
"""A face smaller than this, in pixels of the coarse look, hints at others that it cannot show."""
SAME = 0.3
"""Overlap from which the two networks mean the same face."""
SECOND_HINT = 0.4
"""A face that BlazeFace scores so much must be one of CenterFace's."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was found, and why the quick look was not enough (None: it was)."""

    faces: Faces
    doubt: str | None


class CoarseFirst:
    """Finds the faces of pictures, with a quick look where that is enough. No state."""

    def __init__(self, full: ImageDetector, second: BlazeFace) -> None:
        self.full, self._second = full, second

    def detect(self, rgb: Array) -> Faces:
        """All faces of a picture, as `ImageDetector.detect` gives them."""
        return self.look(rgb).faces

    def look(self, rgb: Array) -> Look:
        """All faces of a picture, and whether the full detector was needed.

        Args:
            rgb: (H, W, 3) uint8 of any size.

        Raises:
            ValueError: it is no such array.
        """
        check_rgb(rgb)
        faces, doubt = self._coarse(rgb)
        if doubt is None:
            return Look(faces[np.argsort(-faces.size_wh.prod(axis=1), kind="stable")], None)
        return Look(self.full.detect(rgb), doubt)

    def _coarse(self, rgb: Array) -> tuple[Faces, str | None]:
        longer = max(rgb.shape[:2])
        if longer > LONGEST:
            return Faces.empty(), "a large picture"
        scale = min(1.0, SIDE / longer)
        found = self.full.network.detect(rgb, score=HINT, scale=scale)
        if not len(found):
            return found, "no face"
        if (found.score < SURE).any():
            return found, "a weak candidate"
        if (sizes(found) * scale < SMALL).any():
            return found, "a small face"
        seconds = self._second.detect(rgb, score=SECOND_HINT)
        if not _agree(found, seconds):
            return found, "the networks disagree"
        return found, None


def _agree(faces: Faces, others: Faces) -> bool:
    """Whether each face of either is one of the other."""
    if len(faces) != len(others):
        return False
    return all(bool((overlaps(box, others.box_xyxy)[0] >= SAME).any()) for box in faces.box_xyxy)
