"""How well a face shows: the weight of a picture among several of one person."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.describe.columns import column
from mien.faces import Faces

Array = NDArray[Any]

NEEDS = ("mesh", "pose_deg", "embedding", "quality")
"""The columns that `fitness` reads."""


class Bounds(NamedTuple):
    """What a grade asks for: the shorter side of the box in pixels, blur, exposure from and to,
    noise, and the larger of yaw and pitch."""

    side: float
    blur: float
    exposure: tuple[float, float]
    noise: float
    turn_deg: float


GRADES = {
    "High": Bounds(32, 0.5, (0.12, 0.7), 0.3, 24),
    "Medium": Bounds(20, 0.75, (0.05, 0.8), 0.4, 40),
}
"""The best first. Made worse in one of these ways up to its bound, nine in ten pictures of LFW
still match another of the person (High), or three in four (Medium): docs/concepts/quality.md."""

ENOUGH = 100.0
"""Pixels along the side of a face (the square root of its box) from which size counts no more."""


def fitness(faces: Faces) -> Array:
    """(n,) 0..1 of each face: size, sharpness and how far it is turned to the camera, multiplied.

    1 is a sharp face of 100 pixels or more, seen from the front. It orders and weighs pictures of
    one person; it is no probability. NaN for a face without an embedding.
    """
    known = np.isfinite(column(faces, "embedding")).all(axis=1)
    return np.asarray(np.where(known, np.nan_to_num(visibility(faces)), np.nan), np.float32)


def visibility(faces: Faces) -> Array:
    """(n,) the same whether or not a face has an embedding; NaN without a pose or a quality.

    Raises:
        UsageError: the columns `pose_deg` and `quality` are not there.
    """
    pose, quality = column(faces, "pose_deg"), column(faces, "quality")
    size = np.sqrt(faces.size_wh.clip(min=0).prod(axis=1)) / ENOUGH
    turned = np.cos(np.deg2rad(pose[:, 0])) * np.cos(np.deg2rad(pose[:, 1]))
    return np.asarray(size.clip(max=1) * (1 - quality[:, 0]) * turned.clip(min=0), np.float32)


def recognition_quality(size_wh: Array, pose_deg: Array, quality: Array) -> str:
    """How fit a face is for recognition, in the words of Face API: "Low", "Medium" or "High".

    It is the best grade of `GRADES` whose bounds all hold, else "Low".

    Args:
        size_wh: (2,) width and height of its box in pixels.
        pose_deg: (3,) yaw, pitch, roll.
        quality: (3,) blur, exposure, noise.
    """
    side, turn = float(size_wh.min()), float(np.abs(pose_deg[:2]).max())
    blur, exposure, noise = quality.tolist()
    for name, bounds in GRADES.items():
        low, high = bounds.exposure
        bright = low <= exposure <= high
        calm = blur <= bounds.blur and noise <= bounds.noise and turn <= bounds.turn_deg
        if side >= bounds.side and bright and calm:
            return name
    return "Low"
