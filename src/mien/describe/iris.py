"""The irises and lids of a face, from MediaPipe's iris network on a crop of each eye.

Ablavatski et al., "Real-time Pupil Tracking from Monocular Video for Digital Puppetry", 2020.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.describe import crops
from mien.models import Session, open_session

Array = NDArray[Any]

SIZE = 64
MARGIN = 2.7
"""Side of the crop to the distance of the eye's corners. MediaPipe's graph has 2.3; with crops
shifted, scaled and turned a little, the points move least at 2.7: docs/concepts/description.md."""


class Eye(NamedTuple):
    """Where one eye is in the mesh."""

    left: int  # its corner on the left in the image
    right: int
    lids: tuple[int, ...]  # the points that the network's contour points 0 to 15 stand for
    iris: int  # the first of the five
    mirrored: bool  # the network knows the eye on the left only


EYES = (
    Eye(33, 133, (33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173),
        468, False),
    Eye(362, 263, (263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398),
        473, True),
)  # fmt: skip
"""The eye on the left in the image, and the other."""

LIDS = [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15]
"""Of the network's contour, the lids; its corners (0, 8) lie less well than those of the mesh."""

MIRROR = np.array([[-1.0, 0.0, SIZE], [0.0, 1.0, 0.0]])
UNMIRRORED_IRIS = [0, 3, 2, 1, 4]


class Iris:
    """Adds the irises to a mesh and refines its lids."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @classmethod
    def load(cls, *, threads: int | None = None) -> Iris:
        """Open the network; raises what `mien.models.open_session` does."""
        return cls(open_session("iris", threads=threads))

    def refine(self, rgb: Array, mesh: Array) -> Array:
        """(478, 3) mesh with lids and irises placed, from one of the first 468 points."""
        full = np.concatenate([mesh, np.empty((10, 3))])
        matrices = [_crop_of(eye, mesh[:, :2]) for eye in EYES]
        crop = np.stack([crops.cut(rgb, matrix, SIZE) for matrix in matrices])
        contours, irises = self._session.run(crop.astype(np.float32) / 255)
        for eye, matrix, contour, iris in zip(EYES, matrices, contours, irises, strict=True):
            back = crops.inverse(matrix)
            lids = crops.apply(back, contour.reshape(71, 3)[LIDS, :2])
            full[[eye.lids[point] for point in LIDS], :2] = lids
            five = crops.apply(back, iris.reshape(5, 3)[:, :2])
            places = slice(eye.iris, eye.iris + 5)
            full[places, :2] = five[UNMIRRORED_IRIS] if eye.mirrored else five
            full[places, 2] = mesh[[eye.left, eye.right], 2].mean()
        return full


def _crop_of(eye: Eye, xy: Array) -> Array:
    across = xy[eye.right] - xy[eye.left]
    side = max(MARGIN * float(np.hypot(*across)), 1.0)
    roll = float(np.rad2deg(np.arctan2(across[1], across[0])))
    matrix = crops.square((xy[eye.left] + xy[eye.right]) / 2, side, roll, SIZE)
    if not eye.mirrored:
        return matrix
    turn = MIRROR[:, :2] @ matrix[:, :2]
    return np.column_stack([turn, crops.apply(MIRROR, matrix[:, 2])])
