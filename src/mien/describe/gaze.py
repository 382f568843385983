"""Where the eyes look, from the irises and the head pose, by a model of the eyeball."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.describe.columns import column, usable_rows
from mien.describe.openness import OPENINGS, Opening, aspect
from mien.describe.pose import INDICES, MODEL, rotation_from
from mien.faces import Faces, Problem

Array = NDArray[Any]

IRIS_RADIUS_CM = 1.05
"""From the point an eyeball turns about to the centre of its iris, as in life."""

CENTRE_CM = np.array([0.0, -0.22, 0.65])
"""From the middle of an eye's corners to the point the eyeball turns about, in the head's frame.
Its height was chosen so that the median pitch of portraits that look at the camera is 0."""

SEEN = 0.12
"""Height to width of the lids, below which they hide the iris."""


class EyeModel(NamedTuple):
    """One eye in the mesh."""

    opening: Opening
    iris: int


EYES = (EyeModel(OPENINGS[0], 468), EyeModel(OPENINGS[1], 473))


class Gaze:
    """Fills `gaze_deg` (n, 2): yaw and pitch in degrees in the camera's frame; (0, 0) looks at it.

    Each eyeball's centre is put behind the middle of the eye's corners, in the head's frame; the
    iris lies on a sphere about it. The head is seen in parallel projection, at the scale at which
    its rigid points fit. The two eyes' directions are averaged, the more the wider an eye is seen.
    """

    needs = ("mesh", "pose_deg")
    fills = ("gaze_deg",)

    @classmethod
    def load(cls, *, threads: int | None = None) -> Gaze:
        """Nothing is loaded; `threads` is taken for the sake of one signature."""
        return cls()

    def describe(self, rgb: Array, faces: Faces) -> Faces:
        """The same faces with `gaze_deg`. A face without a pose gets NaN and a `Problem`."""
        mesh, pose = column(faces, "mesh"), column(faces, "pose_deg")
        rows, problems = usable_rows(faces, "pose_deg", "gaze_deg")
        gaze = np.full((len(faces), 2), np.nan, np.float32)
        for row in rows:
            yaw, pitch, roll = pose[row].tolist()
            direction = gaze_of(mesh[row].astype(float), rotation_from(yaw, pitch, roll))
            if direction is None:
                reason = "both eyes are shut, or their irises were not found"
                problems.append(Problem(row, "gaze_deg", reason))
                continue
            x, y, z = direction
            gaze[row] = np.rad2deg([np.arctan2(x, -z), np.arcsin(-y)])
        return replace(faces, gaze_deg=gaze).with_problems(problems)


def gaze_of(mesh: Array, rotation: Array) -> Array | None:
    """(3,) unit vector of the gaze in the camera's frame (x right, y down, z away from it).

    Args:
        mesh: (478, 3) pixels of the picture.
        rotation: (3, 3) from the head's frame to the camera's.

    Returns:
        None when no eye is open with its iris on the eyeball.
    """
    scale = _pixels_a_cm(mesh, rotation)
    total, weight = np.zeros(3), 0.0
    for eye in EYES:
        corners = mesh[list(eye.opening.corners), :2]
        centre = corners.mean(axis=0) + scale * (rotation @ CENTRE_CM)[:2]
        aside = (mesh[eye.iris, :2] - centre) / (scale * IRIS_RADIUS_CM)
        length = float(np.hypot(*aside))
        if length >= 1 or aspect(mesh[None], eye.opening)[0] < SEEN:
            continue
        seen = float(np.sum((corners[1] - corners[0]) ** 2))
        total += seen * np.array([*aside, -np.sqrt(1 - length**2)])
        weight += seen
    return total / np.linalg.norm(total) if weight > 0 else None


def _pixels_a_cm(mesh: Array, rotation: Array) -> float:
    """Scale of the parallel projection that fits the rigid points best."""
    seen = mesh[INDICES, :2] - mesh[INDICES, :2].mean(axis=0)
    turned = (MODEL @ rotation.T)[:, :2]
    turned -= turned.mean(axis=0)
    return float(np.sum(seen * turned) / np.sum(turned**2))
