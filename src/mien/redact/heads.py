"""From the box of a face to the ellipse that hides the head."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.faces import Faces
from mien.redact.masks import Masks

Array = NDArray[Any]

ROUND = 1.15
"""The ellipse reaches so far beyond the middles of the sides of the box, for its corners' sake:
with a margin of 15 % its area is 1.37 times that of the box."""

ROLL_LIMIT = 30.0
"""Degrees from which an upright box does not tell the sides of the head in it."""

EDGE = 2
"""Pixels to the edge of the picture from which on an eye is seen."""

NARROWEST = 0.77
"""Least width of a head to its height, which a face seen from the front has. Boxes of faces in
profile end before the ear."""

AXES = 0.8, 1.2
"""Bounds of an axis of a turned head, in half sides of its box."""


def masks_of(faces: Faces, margin: float, width: int, height: int) -> Masks:
    """The mask of each face: an ellipse around its box, turned as the line between the eyes is.

    Args:
        faces: n faces.
        margin: how far the mask reaches beyond the box, in shares of its half sides.
        width, height: of the picture. Where eyes lie that are outside of it is a guess.
    """
    box = faces.box_xyxy.astype(np.float64)
    half = np.maximum((box[:, 2:] - box[:, :2]) / 2, 0.5)
    angle = _roll(faces, width, height)
    axes = _axes(half, np.radians(angle))
    axes = np.maximum(axes, NARROWEST * axes[:, ::-1])
    ids = np.full(len(faces), -1) if faces.track_id is None else faces.track_id
    return Masks((box[:, :2] + box[:, 2:]) / 2, axes * ROUND * (1 + margin), angle, ids)


def _roll(faces: Faces, width: int, height: int) -> Array:
    """(n,) degrees, −45 to 45: the upright box does not tell a head from one that lies on it."""
    if faces.points is None:
        return np.zeros(len(faces))
    across = (faces.points[:, 1] - faces.points[:, 0]).astype(np.float64)
    eyes = faces.points[:, :2]
    known = ((eyes >= EDGE) & (eyes <= np.array([width, height]) - EDGE)).all(axis=(1, 2))
    known &= (across != 0).any(axis=1)
    angle = np.degrees(np.arctan2(across[:, 1], across[:, 0]))
    return np.where(known, (angle + 45) % 90 - 45, 0.0)


def _axes(half: Array, roll: Array) -> Array:
    """(n, 2) half axes of the turned ellipse that an upright box with these half sides holds:
    a² cos² + b² sin² is the square of its half width, a² sin² + b² cos² that of its half height."""
    square, cos, sin = half**2, np.cos(roll) ** 2, np.sin(roll) ** 2
    clear = np.abs(np.degrees(roll)) < ROLL_LIMIT
    scale = np.where(clear, cos - sin, 1)
    crossed = square[:, ::-1]
    turned = (square * cos[:, None] - crossed * sin[:, None]) / scale[:, None]
    axes = np.sqrt(np.clip(turned, (AXES[0] * half) ** 2, (AXES[1] * half) ** 2))
    either = np.broadcast_to(half.max(axis=1, initial=0)[:, None], half.shape)
    chosen: Array = np.where(clear[:, None], axes, either)
    return chosen
