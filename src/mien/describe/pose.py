"""Head pose, by solving for the camera that sees a rigid face as the mesh lies in the picture."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.describe.columns import column, usable_rows
from mien.faces import Faces, Problem

Array = NDArray[Any]

MIDLINE: dict[int, tuple[float, float, float]] = {
    10: (0.0, 8.261778, 4.481535),
    151: (0.0, 6.545390, 5.027311),
    168: (0.0, 3.271027, 5.236015),
    6: (0.0, 2.473255, 5.788627),
    197: (0.0, 1.728369, 6.316750),
    195: (0.0, 1.059413, 6.774605),
    5: (0.0, 0.365669, 7.242870),
    4: (0.0, -0.463170, 7.586580),
}
PAIRS: dict[tuple[int, int], tuple[float, float, float]] = {
    (33, 263): (-4.445859, 2.663991, 3.173422),
    (133, 362): (-1.856432, 2.585245, 3.757904),
    (198, 420): (-1.246815, 0.230297, 5.681036),
    (129, 358): (-1.785794, -0.978284, 4.850470),
    (121, 350): (-1.820731, 1.467954, 4.224124),
    (119, 348): (-3.300681, 0.861641, 3.872784),
    (117, 346): (-5.258659, 0.945811, 2.974312),
    (143, 372): (-6.407571, 2.236021, 1.560843),
    (67, 297): (-3.523964, 8.005976, 3.729163),
    (54, 284): (-6.279331, 6.615427, 1.425850),
    (127, 356): (-7.743095, 2.364999, -2.005167),
}
"""Mesh points that expressions hardly move, and where they are on MediaPipe's canonical face
(face_geometry/data/canonical_face_model.obj, Apache-2.0): centimetres, x to the image's right,
y up, z to the viewer. The second of a pair is the first mirrored."""


def _model() -> tuple[list[int], Array]:
    points = dict(MIDLINE)
    for (left, right), (x, y, z) in PAIRS.items():
        points[left], points[right] = (x, y, z), (-x, y, z)
    # the camera's frame has y down and z away from the viewer
    return list(points), np.array(list(points.values())) * [1.0, -1.0, -1.0]


INDICES, MODEL = _model()
MODEL_SIZE = float(np.sqrt(np.mean((MODEL[:, :2] - MODEL[:, :2].mean(axis=0)) ** 2)))


FARTHEST_CM = 450.0
"""A head farther away looks no different, and the solver fails on heads that are mere dots."""


class Pose:
    """Fills `pose_deg` from the mesh: yaw, pitch, roll in degrees by the rule of the conventions.

    The camera is taken to look at the middle of the face, so that a face turned to the camera has
    no yaw or pitch wherever it is in the picture; its focal length is `focal` times the longer side
    of the picture.
    """

    needs = ("mesh",)
    fills = ("pose_deg",)

    def __init__(self, focal: float = 1.0) -> None:
        self.focal = focal

    @classmethod
    def load(cls, *, threads: int | None = None) -> Pose:
        """Nothing is loaded; `threads` is taken for the sake of one signature."""
        return cls()

    def describe(self, rgb: Array, faces: Faces) -> Faces:
        """The same faces with `pose_deg`. A face without a mesh gets NaN and a `Problem`."""
        mesh = column(faces, "mesh")
        rows, problems = usable_rows(faces, "mesh", "pose_deg")
        pose = np.full((len(faces), 3), np.nan, np.float32)
        focal = self.focal * max(rgb.shape[:2])
        for row in rows:
            rotation = rotation_of(mesh[row].astype(float), focal)
            if rotation is None:
                problems.append(Problem(row, "pose_deg", "no head pose fits the mesh of this face"))
                continue
            pose[row] = angles_of(rotation)
        return replace(faces, pose_deg=pose).with_problems(problems)


def rotation_of(mesh: Array, focal: float) -> Array | None:
    """(3, 3) rotation from the head's frame to the camera's (x right, y down, z away from it).

    Args:
        mesh: (478, 3) pixels; only x and y are used.
        focal: focal length in pixels.

    Returns:
        None when no camera sees the head so. Solver: Terzakis and Lourakis, "A Consistently Fast
        and Globally Optimal Solution to the Perspective-n-Point Problem", ECCV 2020.
    """
    centred = mesh[INDICES, :2] - mesh[INDICES, :2].mean(axis=0)
    size = float(np.sqrt(np.mean(centred**2)))
    if size < 1e-3:
        return None
    focal = min(focal, size / MODEL_SIZE * FARTHEST_CM)
    camera = np.diag([focal, focal, 1.0])
    found, turn, shift = cv2.solvePnP(MODEL, centred, camera, None, flags=cv2.SOLVEPNP_SQPNP)
    if not found or not np.isfinite(turn).all() or shift[2, 0] <= 0:
        return None
    return np.asarray(cv2.Rodrigues(turn)[0])


def angles_of(rotation: Array) -> tuple[float, float, float]:
    """Yaw, pitch, roll in degrees of a rotation from the head's frame to the camera's.

    The rotation is taken apart as Rz(roll) Ry(-yaw) Rx(-pitch): first the nod, then the turn, then
    the lean. So to turn the picture changes the roll alone.
    """
    yaw = np.arcsin(np.clip(rotation[2, 0], -1.0, 1.0))
    pitch = -np.arctan2(rotation[2, 1], rotation[2, 2])
    roll = np.arctan2(rotation[1, 0], rotation[0, 0])
    return float(np.rad2deg(yaw)), float(np.rad2deg(pitch)), float(np.rad2deg(roll))


def rotation_from(yaw: float, pitch: float, roll: float) -> Array:
    """(3, 3) rotation of these angles in degrees; `angles_of` undoes it."""
    y, p, r = np.deg2rad([-yaw, -pitch, roll])
    nod = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    turn = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    lean = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return np.asarray(lean @ turn @ nod)
