"""What one frame tells of a face: does it look at the camera, are its eyes shut, how far is it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.describe.columns import column
from mien.errors import UsageError
from mien.faces import Faces

Array = NDArray[Any]

GAZE_DEG = 15.0
"""Eyes within this of the camera look at it. Portraits that do are 13° off at most."""

HEAD_DEG = 45.0
"""Whoever turns the head further away does not look, whatever the eyes seem to do: the far eye is
a guess by then."""

HEAD_ALONE_DEG = 20.0
"""Where the eyes cannot be read, a head within this of the camera counts as looking."""

SHUT = 0.2
"""An eye at most so far open (`Faces.openness`) is shut: height to width of the lids 0.11, just
below the 0.12 from which the iris can be read."""

IRIS_CM = 1.17
"""Width of the visible iris, nearly the same in all people: 11.7 mm, give or take 0.5 mm, as
MediaPipe takes it."""

IRISES = ((468, 469, 470, 471, 472), (473, 474, 475, 476, 477))
"""Centre, right, top, left, bottom in the mesh."""


def looking(faces: Faces) -> Array:
    """(n,) 1 where a face looks at the camera, 0 where it does not, NaN where that is not known.

    The gaze must lie within `GAZE_DEG` of the camera and the head within `HEAD_DEG`; where there
    is no gaze (shut eyes have none), the head within `HEAD_ALONE_DEG`.

    Raises:
        UsageError: the columns `pose_deg` and `gaze_deg` are not there.
    """
    head = off_axis(column(faces, "pose_deg")[:, :2])
    gaze = off_axis(column(faces, "gaze_deg"))
    alone = head <= HEAD_ALONE_DEG
    both = (gaze <= GAZE_DEG) & (head <= HEAD_DEG)
    looks = np.where(np.isfinite(gaze), both, alone).astype(float)
    return np.asarray(np.where(np.isfinite(head), looks, np.nan))


def off_axis(yaw_pitch_deg: Array) -> Array:
    """(n,) degrees between the camera and directions of (n, 2) yaw and pitch in degrees."""
    yaw, pitch = np.deg2rad(np.asarray(yaw_pitch_deg, float)).T
    return np.asarray(np.rad2deg(np.arccos(np.clip(np.cos(yaw) * np.cos(pitch), -1.0, 1.0))))


def shut(faces: Faces) -> Array:
    """(n,) 1 where both eyes are shut, 0 where one is open, NaN where that is not known.

    Raises:
        UsageError: the column `openness` is not there.
    """
    eyes = column(faces, "openness")[:, :2].astype(float)
    return np.asarray(np.where(np.isfinite(eyes).all(axis=1), eyes.max(axis=1) <= SHUT, np.nan))


def distance_cm(faces: Faces, *, width: int, height: int, focal: float = 1.0) -> Array:
    """(n,) centimetres from the camera to the eyes, from the size of the irises.

    As MediaPipe does it (Vakunov and Lagun, "MediaPipe Iris: Real-time Iris Tracking and Depth
    Estimation", 2020): everybody's iris is as wide, so its width in pixels tells how far it is. Of
    an iris the mean of width and height is taken, of the two distances the mean. NaN for a face
    without a mesh.

    Args:
        faces: with the column `mesh`.
        width: of the picture in pixels, as displayed.
        height: likewise.
        focal: focal length of the camera in units of the picture's longer side. 1 is assumed for
            a camera that is not known: a field of view of 53° along that side. The distance is
            proportional to it.

    Raises:
        UsageError: the column `mesh` is not there, or `focal` is not above 0.
    """
    if not focal > 0:
        raise UsageError(f"the focal length must be above 0, got {focal}")
    mesh = column(faces, "mesh")[:, :, :2].astype(float)
    pixels = focal * max(width, height)
    middle = np.array([width / 2, height / 2])
    both = [_to_iris(mesh[:, iris], pixels, middle) for iris in IRISES]
    return np.asarray(np.mean(both, axis=0))


def _to_iris(points: Array, focal: float, middle: Array) -> Array:
    """(n,) centimetres to an iris of (n, 5, 2) points in pixels."""
    centre, right, top, left, bottom = np.moveaxis(points, 1, 0)
    across = np.linalg.norm(right - left, axis=1)
    down = np.linalg.norm(bottom - top, axis=1)
    diameter = (across + down) / 2
    ray = np.hypot(focal, np.linalg.norm(centre - middle, axis=1))
    far = np.full(len(points), np.nan)
    np.divide(IRIS_CM * ray, diameter, out=far, where=diameter > 0)
    return far
