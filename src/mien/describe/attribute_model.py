"""What is seen of a face beside its expression: glasses, hats, beards, hair, makeup, and the like.

The network is mien's own (card: `mien models card attributes`). It reads an upright crop in colour
with the whole head in it, and says how likely each of its attributes is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.describe import crops as cropping
from mien.models import Session, entry, open_session

Array = NDArray[Any]

MODEL = "attributes"

SIDE = 112
"""Side of the network's input in pixels."""

BATCH = 8
"""Faces a run: more gains nothing on two cores and costs memory."""

TEMPLATE = np.array([[0.384, 0.570], [0.616, 0.570], [0.400, 0.817], [0.600, 0.817]])
"""Where the eyes and the corners of the mouth sit in a crop, in shares of its side: the median over
499 faces of lfw_attributes in which the face mesh was fitted, and over their mirror images."""

CORNERS = [0, 1, 3, 4]
"""The rows of `Faces.points` that `TEMPLATE` is about; the nose moves as a head turns."""

MAX_OVERSAMPLING = 8
"""Large faces are read at up to this many times the network's side, then averaged down."""


class AttributeModel:
    """The attribute network on crops of heads."""

    def __init__(self, session: Session, names: Sequence[str]) -> None:
        self._session = session
        self.names = tuple(names)
        """The attributes, in the order of the columns of `scores`."""

    @classmethod
    def load(cls, *, threads: int | None = None) -> AttributeModel:
        """Open the network; raises what `mien.models.open_session` does."""
        return cls(open_session(MODEL, threads=threads), entry(MODEL).labels)

    def scores(self, crops: Array | Sequence[Array]) -> Array:
        """(n, k) float32 in 0..1: how likely each attribute of `names` is.

        One half is as likely as not, by the labels that the network was calibrated on.

        Args:
            crops: (n, H, W, 3) RGB, uint8, of any size, framed as `crops_by_landmarks` does; or a
                sequence of n such pictures of different sizes.

        Raises:
            ValueError: a crop is no such picture.
        """
        small = [resized(np.asarray(crop)) for crop in crops]
        runs = [
            self._session.run(network_input(small[at : at + BATCH]))[0]
            for at in range(0, len(small), BATCH)
        ]
        return np.concatenate(runs) if runs else np.zeros((0, len(self.names)), np.float32)


def network_input(crops: Sequence[Array]) -> Array:
    """(n, 3, 112, 112) float32 of crops of that size."""
    return np.ascontiguousarray(np.stack(crops).transpose(0, 3, 1, 2), np.float32)


def resized(crop: Array) -> Array:
    """The crop at the network's side: averaged down, or enlarged, (112, 112, 3) uint8.

    Raises:
        ValueError: it is not (H, W, 3) of uint8.
    """
    if crop.ndim != 3 or crop.shape[2] != 3 or crop.dtype != np.uint8 or not crop.size:
        raise ValueError(
            "a crop must be non-empty uint8 RGB of shape (H, W, 3), "
            f"got {crop.dtype} of shape {crop.shape}"
        )
    if crop.shape == (SIDE, SIDE, 3):
        return crop
    method = cv2.INTER_AREA if min(crop.shape[:2]) > SIDE else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(crop, (SIDE, SIDE), interpolation=method))


def crops_by_landmarks(rgb: Array, points: Array) -> Array:
    """(n, 112, 112, 3) upright crops of the heads of n faces, framed as the network was taught.

    The framing is that of LFW deep-funneled (Huang et al., NIPS 2012), the pixels (35, 10) to
    (215, 190) of each picture: the head fills the crop from the hair to the chin. The picture
    repeats its border where a crop reaches past it. Large faces are read finer and averaged down,
    so that they do not alias.

    Args:
        rgb: (H, W, 3) uint8, the picture.
        points: (n, 5, 2) as in `Faces.points`; the tip of the nose is not used.

    Raises:
        UsageError: the picture is not an (H, W, 3) uint8 array with at least one pixel.
        ValueError: the points have another shape, a coordinate of an eye or mouth corner is not
            finite, or they all lie in one place.
    """
    points = np.asarray(points, float)
    if points.ndim != 3 or points.shape[1:] != (5, 2):
        raise ValueError(f"points must have shape (n, 5, 2), got {points.shape}")
    found = np.zeros((len(points), SIDE, SIDE, 3), np.uint8)
    for row, corners in enumerate(points[:, CORNERS]):
        if not np.isfinite(corners).all() or np.ptp(corners, axis=0).max() == 0:
            raise ValueError(f"the eyes and mouth corners of face {row} are not known")
        found[row] = _crop(rgb, corners)
    return found


def _crop(rgb: Array, corners: Array) -> Array:
    side = 1 / cropping.scale_of(cropping.similarity(corners, TEMPLATE))
    large = SIDE * int(np.clip(np.ceil(side / SIDE), 1, MAX_OVERSAMPLING))
    matrix = cropping.similarity(corners, TEMPLATE * large)
    return resized(cropping.cut(rgb, matrix, large, border=cv2.BORDER_REPLICATE))
