"""The face mesh: 468 points of the face, and 10 of the irises, from MediaPipe's two networks.

Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs", 2019;
Ablavatski et al., "Real-time Pupil Tracking from Monocular Video for Digital Puppetry", 2020.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.describe import crops
from mien.describe.iris import Iris
from mien.faces import Faces, Problem
from mien.models import Session, open_session

Array = NDArray[Any]

SIZE = 192
BOX_MARGIN = 1.3  # side of the first crop to the longer side of the box
MESH_MARGIN = 1.5  # side of the next ones to that of the mesh, as in MediaPipe's graph
PRESENT = 0.0  # logit of 0.5, the threshold of MediaPipe's own graph
SURE = 15.0  # upright faces give 13 to 61; the same ones turned by a quarter or half, at most 11
TURNS_DEG = (45.0, 90.0, 135.0, 180.0, -135.0, -90.0, -45.0)
"""Tried when the first crop was not sure, and taken where one is; a small or blurred face, of
which the network is never sure, stays as the detector saw it."""
SETTLED_DEG, SETTLED_SHARE = 10.0, 0.06
"""A crop that turned and grew less than this from the one before is the last. A crop too large
makes the network draw the face too large, by about half as much; so the crops have to settle."""
PASSES = 4
BIAS = (0.75, 0.5)
"""Crop pixels by which the network's points lie too far left and up. Left: measured on faces and
their mirror images (docs/concepts/description.md). Up cannot be measured so; half a pixel is what
networks have that count pixels from the centre of the first."""

LEFT_CORNERS, RIGHT_CORNERS = (33, 133), (362, 263)  # of the eyes, left and right in the image
LEFT_IRIS, RIGHT_IRIS = 468, 473
NOSE_TIP, MOUTH_LEFT, MOUTH_RIGHT = 1, 61, 291


class Roi(NamedTuple):
    """A square of the picture turned upright with a face."""

    centre: Array  # (2,)
    side: float
    roll_deg: float


class Mesh:
    """Fits the mesh; fills `mesh` and takes the five points from it.

    Points 0 to 467 are MediaPipe's face mesh; 468 to 472 are centre, right, top, left and bottom of
    the iris that is on the left in the image, 473 to 477 those of the other. Both lids come from
    the iris network. z is on the scale of x, smaller nearer to the camera; an iris has the mean z
    of the corners of its eye.

    A face in whose crop the network sees no face gets a row of NaN and a `Problem`.
    """

    needs: tuple[str, ...] = ()
    fills = ("mesh", "points")

    def __init__(self, face: Session, iris: Iris | None) -> None:
        self._face = face
        self._iris = iris

    @classmethod
    def load(cls, *, threads: int | None = None) -> Mesh:
        """Open both networks; raises what `mien.models.open_session` does."""
        return cls(open_session("face-mesh", threads=threads), Iris.load(threads=threads))

    def plain(self) -> Mesh:
        """The same without irises, which are NaN: `points` are left as they were, the lids are
        those of the mesh network. Nothing else differs."""
        return Mesh(self._face, None)

    def describe(self, rgb: Array, faces: Faces) -> Faces:
        """The same faces with `mesh` and `points`, a face at a time, two passes each or more."""
        mesh = np.full((len(faces), 478, 3), np.nan, np.float32)
        points = np.full((len(faces), 5, 2), np.nan, np.float32)
        if faces.points is not None:
            points[:] = faces.points
        problems = []
        for row in range(len(faces)):
            fitted = self._fit(rgb, faces.box_xyxy[row].astype(float), points[row].astype(float))
            if fitted is None:
                problems.append(Problem(row, "mesh", "no face is seen in the crop around the box"))
                continue
            if self._iris is None:
                mesh[row, : len(fitted)] = fitted
                continue
            mesh[row] = self._iris.refine(rgb, fitted)
            points[row] = five_points(mesh[row])
        return replace(faces, mesh=mesh, points=points).with_problems(problems)

    def _fit(self, rgb: Array, box: Array, points: Array) -> Array | None:
        """(468, 3) points in the picture, or None when the network sees no face."""
        start = first_roi(box, points)
        if start is None:
            return None
        roi, (mesh, presence) = start, self._pass(rgb, start)
        for turn in TURNS_DEG if presence < SURE else ():
            turned = start._replace(roll_deg=start.roll_deg + turn)
            other, seen = self._pass(rgb, turned)
            if seen > max(presence, SURE):
                roi, mesh, presence = turned, other, seen
        for _ in range(PASSES - 1):
            if presence <= PRESENT:
                return None
            before, roi = roi, next_roi(mesh)
            if roi.side < 1:
                return None
            mesh, presence = self._pass(rgb, roi)
            if _settled(before, roi):
                break
        return mesh if presence > PRESENT else None

    def _pass(self, rgb: Array, roi: Roi) -> tuple[Array, float]:
        matrix = crops.square(roi.centre, roi.side, roi.roll_deg, SIZE)
        crop = crops.cut(rgb, matrix, SIZE)
        found, presence = self._face.run(crop[None].astype(np.float32) / 255)
        found = found.reshape(468, 3).astype(float)
        xy = crops.apply(crops.inverse(matrix), found[:, :2] + BIAS)
        return np.column_stack([xy, found[:, 2] / crops.scale_of(matrix)]), float(presence.item())


def five_points(mesh: Array) -> Array:
    """(5, 2) left eye, right eye (iris centres), nose tip, mouth corners of one mesh (478, 3)."""
    picked: Array = mesh[[LEFT_IRIS, RIGHT_IRIS, NOSE_TIP, MOUTH_LEFT, MOUTH_RIGHT], :2]
    return picked


def first_roi(box: Array, points: Array) -> Roi | None:
    """Where to look first: around the box, level with the eyes when they are known."""
    sides = box[2:] - box[:2]
    if not np.isfinite(box).all() or sides.min() <= 0:
        return None
    across = points[1] - points[0]
    roll = np.rad2deg(np.arctan2(across[1], across[0])) if np.isfinite(across).all() else 0.0
    return Roi((box[:2] + box[2:]) / 2, BOX_MARGIN * float(sides.max()), float(roll))


def next_roi(mesh: Array) -> Roi:
    """Where to look again: around the mesh found, level with its eyes."""
    xy = mesh[:, :2]
    across = xy[list(RIGHT_CORNERS)].mean(axis=0) - xy[list(LEFT_CORNERS)].mean(axis=0)
    low, high = xy.min(axis=0), xy.max(axis=0)
    roll = np.rad2deg(np.arctan2(across[1], across[0]))
    return Roi((low + high) / 2, MESH_MARGIN * float((high - low).max()), float(roll))


def _settled(before: Roi, after: Roi) -> bool:
    turned = (after.roll_deg - before.roll_deg + 180) % 360 - 180
    return abs(turned) < SETTLED_DEG and abs(after.side / before.side - 1) < SETTLED_SHARE
