"""A head as its mesh shows it: where it is, how it is turned, and where its skin lies.

Head coordinates are centimetres on MediaPipe's canonical face: x to the image's right, y down, z
away from the viewer; the eyes are at y = -2.6, the tip of the nose at (0, 0.5, -7.6). Places on
the skin are given on the average face unrolled from a cylinder around its axis: (u, v), where u is
`RADIUS` times the angle from the middle, and v is y.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from mien.describe.pose import INDICES, MODEL

Floats = NDArray[np.float64]

POINTS = 468
RADIUS, AXIS_Z = 8.0, 1.0
SKULL = (np.array([0.0, -4.5, 3.0]), np.array([7.9, 9.0, 9.2]))
"""Middle and half axes of the ellipsoid that hats and hair lie on."""
MEAN_FACE = Path(__file__).with_name("mean_face.csv")
"""(468, 3) mean of the meshes of the set in head coordinates, made even on both sides."""


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """One head in a picture.

    Attributes:
        mesh: (468, 3) its mesh in pixels, z on their scale.
        turn: (3, 3) rotation from head coordinates to the picture.
        scale: pixels to a centimetre.
        origin: (3,) where the origin of head coordinates is, in pixels.
        skin: (468, 3) the mesh in head coordinates.
    """

    mesh: Floats
    turn: Floats
    scale: float
    origin: Floats
    skin: Floats

    @classmethod
    def of(cls, mesh: NDArray[np.floating]) -> Head:
        """The head of a mesh (468 or 478, 3) in pixels.

        Raises:
            ValueError: the mesh is not finite.
        """
        points = np.asarray(mesh[:POINTS], np.float64)
        if not np.isfinite(points).all():
            raise ValueError("the face has no mesh")
        scale, turn, origin = rigid(MODEL, points[INDICES])
        return cls(points, turn, scale, origin, (points - origin) @ turn / scale)

    def seen(self, points: Floats) -> Floats:
        """(..., 3) pixels and depth of points given in head coordinates."""
        placed: Floats = self.scale * points @ self.turn.T + self.origin
        return placed

    def on_skin(self, uv: Floats) -> Floats:
        """(..., 3) head coordinates of places on the skin; the nearest one, if off the face."""
        corners, weights = _weights(uv.reshape(-1, 2))
        found: Floats = np.einsum("nk,nkc->nc", weights, self.skin[corners])
        return found.reshape(*uv.shape[:-1], 3)

    def on_skull(self, azimuth: Floats, y: Floats, grow: float | Floats = 1.0) -> Floats:
        """(..., 3) head coordinates of places on the skull with its hair.

        Args:
            azimuth: angle from the front, positive to the image's right.
            y: height; below the skull's middle it is an upright cylinder.
            grow: 1 for close to the hair of a short-haired head, more for farther out.
        """
        middle, axes = SKULL
        wide = float(np.clip(np.ptp(self.skin[[127, 356], 0]) / 14.7, 0.85, 1.15))
        rise = np.clip((middle[1] - y) / (axes[1] * np.asarray(grow)), 0, 1)
        ring = np.asarray(grow) * np.sqrt(1 - rise**2)
        return np.stack([wide * axes[0] * ring * np.sin(azimuth), np.broadcast_to(y, ring.shape),
                         middle[2] - axes[2] * ring * np.cos(azimuth)], axis=-1)  # fmt: skip

    def outline(self, bits: int = 4) -> NDArray[np.int32]:
        """(k, 1, 2) hull of head and ears in the picture, in parts of 2^bits of a pixel."""
        round_ = self.on_skull(np.linspace(-np.pi, np.pi, 25), np.full(25, -3.0), 0.96)
        low = round_ * [0.85, 1, 0.85] + np.array([0, 9.5, 0])
        points = np.concatenate([self.mesh, self.seen(round_), self.seen(low)])[:, :2]
        hull = cv2.convexHull(((points - 0.5) * 2**bits).round().astype(np.int32))
        return np.asarray(hull, np.int32)

    @property
    def angles(self) -> tuple[float, float, float]:
        """Yaw, pitch and roll in degrees: looking to the image's right, up, leaning clockwise."""
        ahead, right = -self.turn[:, 2], self.turn[:, 0]
        yaw = np.arctan2(ahead[0], -ahead[2])
        pitch = np.arcsin(np.clip(-ahead[1], -1, 1))
        return tuple(np.rad2deg([yaw, pitch, np.arctan2(right[1], right[0])]).tolist())


def rigid(source: Floats, target: Floats) -> tuple[float, Floats, Floats]:
    """Scale, rotation and shift that best take points (n, 3) to others (Umeyama, 1991)."""
    from_mean, to_mean = source.mean(axis=0), target.mean(axis=0)
    u, size, vt = np.linalg.svd((target - to_mean).T @ (source - from_mean))
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    turn = u * sign @ vt
    scale = float((size * sign).sum() / np.sum((source - from_mean) ** 2))
    return scale, turn, to_mean - scale * turn @ from_mean


@lru_cache(maxsize=1)
def mean_face() -> Floats:
    """(468, 3) the average face in head coordinates."""
    return np.loadtxt(MEAN_FACE, delimiter=",")


def unrolled(points: Floats) -> Floats:
    """(..., 2) places (u, v) of points in head coordinates."""
    angle = np.arctan2(points[..., 0], AXIS_Z - points[..., 2])
    return np.stack([RADIUS * angle, points[..., 1]], axis=-1)


@lru_cache(maxsize=1)
def surface() -> Delaunay:
    """The triangles of the unrolled average face."""
    return Delaunay(unrolled(mean_face()))


def _weights(uv: Floats) -> tuple[NDArray[np.int64], Floats]:
    """The corners (n, 3) of the triangle each place is in, and their weights (n, 3)."""
    tri = surface()
    found = tri.find_simplex(uv)
    for _ in range(60):  # off the face: towards its middle until on it
        off = found < 0
        if not off.any():
            break
        uv = np.where(off[:, None], 0.97 * uv, uv)
        found = tri.find_simplex(uv)
    affine = tri.transform[found]
    two = np.einsum("nij,nj->ni", affine[:, :2], uv - affine[:, 2])
    weights = np.column_stack([two, 1 - two.sum(axis=1)])
    return np.asarray(tri.simplices[found], np.int64), weights
