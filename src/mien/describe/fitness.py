"""How well a face shows: the weight of a picture among several of one person."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.describe.columns import column
from mien.faces import Faces

Array = NDArray[Any]

NEEDS = ("mesh", "pose_deg", "embedding", "quality")
"""The columns that `fitness` reads."""

ENOUGH = 100.0
"""Pixels along the side of a face (the square root of its box) from which size counts no more."""


def fitness(faces: Faces) -> Array:
    """(n,) 0..1 of each face: size, sharpness and how far it is turned to the camera, multiplied.

    1 is a sharp face of 100 pixels or more, seen from the front. It orders and weighs pictures of
    one person; it is no probability. NaN for a face without an embedding.
    """
    pose, quality = column(faces, "pose_deg"), column(faces, "quality")
    size = np.sqrt(faces.size_wh.clip(min=0).prod(axis=1)) / ENOUGH
    turned = np.cos(np.deg2rad(pose[:, 0])) * np.cos(np.deg2rad(pose[:, 1]))
    fit = size.clip(max=1) * (1 - quality[:, 0]) * turned.clip(min=0)
    known = np.isfinite(column(faces, "embedding")).all(axis=1)
    return np.asarray(np.where(known, np.nan_to_num(fit), np.nan), np.float32)
