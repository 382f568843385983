"""The light of a picture, as the face in it shows it, and how sharp and noisy the picture is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from training.attributes.occluders.head import Head, surface

Floats = NDArray[np.float64]

LUMA = np.array([0.299, 0.587, 0.114])
SKIN = np.array([1.28, 0.93, 0.80])
"""Usual colour of skin to its luminance, from which the colour of the light is told."""
NO_SKIN = (
    33, 133, 159, 145, 362, 263, 386, 374, 70, 63, 105, 66, 107, 336, 296, 334, 293, 300,
    61, 291, 0, 17, 13, 14, 37, 267, 84, 314, 40, 270, 91, 321,
)  # fmt: skip
"""Mesh points on eyes, brows and lips; what lies around them is left out too."""
CHEEKS = (50, 280, 101, 330, 36, 266, 205, 425, 117, 346, 118, 347)


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """How things look in a picture.

    Attributes:
        towards: (3,) unit vector to the light, in the picture's axes (z away from the viewer).
        ambient: share of light that comes from all sides, 0..1.
        white: (3,) level of a white thing that faces the viewer, 0..255.
        skin: (3,) level of the face's skin.
        blur: width of the picture's blur in pixels of the picture.
        noise: deviation of the picture's noise, in levels.
    """

    towards: Floats
    ambient: float
    white: Floats
    skin: Floats
    blur: float
    noise: float

    def shade(self, normals: Floats) -> Floats:
        """(...,) how bright what has these normals (..., 3) is; 1 towards the viewer."""
        front = self.ambient + (1 - self.ambient) * max(-self.towards[2], 0.1)
        lit = self.ambient + (1 - self.ambient) * np.maximum(normals @ self.towards, 0)
        # what light comes from all sides comes least from below
        lit = lit * (1 - 0.10 * self.ambient * np.clip(normals[..., 1], -1, 1))
        return np.asarray(np.clip(lit / front, 0.12, 1.7))

    def gloss(self, normals: Floats, sharp: float) -> Floats:
        """(...,) mirrored light of a surface, 0..1, in a spot the smaller the sharper."""
        half = self.towards + np.array([0, 0, -1.0])
        half = half / np.linalg.norm(half)
        return np.asarray(np.maximum(normals @ half, 0) ** sharp)


def light_of(rgb: NDArray[np.uint8], head: Head) -> Light:
    """The light in a picture, by a face whose mesh is in the picture's pixels."""
    soft = cv2.GaussianBlur(rgb, (0, 0), 1.5).astype(np.float64)
    height, width = rgb.shape[:2]
    x = np.clip(head.mesh[:, 0].round().astype(int), 0, width - 1)
    y = np.clip(head.mesh[:, 1].round().astype(int), 0, height - 1)
    colours, normals = soft[y, x], normals_of(head)
    use = _skin_points() & (normals[:, 2] < -0.25)
    level = colours @ LUMA
    use &= np.abs(level - np.median(level[use])) < 2.2 * (np.std(level[use]) + 4)
    towards, ambient = _fit(level[use], normals[use])
    skin = np.median(colours[list(CHEEKS)], axis=0)
    cast = (skin / max(skin @ LUMA, 1) / SKIN) ** 0.5
    bright = np.percentile(rgb.astype(np.float64) @ LUMA, 97)
    white = np.clip(0.45 * bright + 0.75 * (skin @ LUMA), 110, 245)
    return Light(towards, ambient, np.clip(white * cast / (cast @ LUMA), 60, 255), skin,
                 _blur(rgb), _noise(rgb))  # fmt: skip


def normals_of(head: Head) -> Floats:
    """(468, 3) unit normals of the mesh in the picture's axes, out of the face."""
    corners = head.mesh[surface().simplices]
    flat = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    middle = head.turn @ np.array([0, 0, 1.0])  # away from the viewer in head coordinates
    flat = np.where((flat @ middle > 0)[:, None], -flat, flat)
    total = np.zeros_like(head.mesh)
    for corner in range(3):
        np.add.at(total, surface().simplices[:, corner], flat)
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9))


@lru_cache(maxsize=1)
def _skin_points() -> NDArray[np.bool_]:
    at = surface().points
    gap = np.linalg.norm(at[:, None] - at[list(NO_SKIN)][None], axis=2).min(axis=1)
    return np.asarray(gap > 0.7)


def _fit(level: Floats, normals: Floats) -> tuple[Floats, float]:
    """Direction of the light and share of ambient light that best make skin as bright as it is."""
    mean = max(float(level.mean()), 1.0)
    wanted = np.column_stack([np.ones(len(level)), normals])
    ridge = np.diag([1e-6, 8.0, 8.0, 8.0])  # skin is not of one colour: keep to weak slopes
    prior = np.array([0.72, 0.0, -0.12, -0.3])
    slope = np.linalg.solve(wanted.T @ wanted + ridge,
                            wanted.T @ (level / mean) + ridge @ prior)  # fmt: skip
    size = float(np.linalg.norm(slope[1:]))
    towards = slope[1:] / max(size, 1e-9)
    towards[2] = min(towards[2], -0.25)
    towards /= np.linalg.norm(towards)
    return towards, float(np.clip(slope[0] / max(slope[0] + size, 1e-9), 0.35, 0.85))


def _noise(rgb: NDArray[np.uint8]) -> float:
    """Noise by the median of the second differences (Immerkaer, 1996, with a median)."""
    gray = rgb.astype(np.float64) @ LUMA
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], float)
    spread = np.median(np.abs(cv2.filter2D(gray, -1, kernel)))
    return float(np.clip(spread / 0.6745 / 6, 0.3, 6))


def _blur(rgb: NDArray[np.uint8]) -> float:
    """Width of the blur by how much a little more of it takes from the strongest edges."""
    gray = rgb.astype(np.float64) @ LUMA

    def edge(picture: Floats) -> float:
        across = np.hypot(
            cv2.Sobel(picture, cv2.CV_64F, 1, 0), cv2.Sobel(picture, cv2.CV_64F, 0, 1)
        )
        return float(np.percentile(across, 99))

    share = np.clip(edge(cv2.GaussianBlur(gray, (0, 0), 1.0)) / max(edge(gray), 1e-6), 0.3, 0.97)
    # an edge of width s has a slope of 1 / s, and of 1 / hypot(s, 1) after the blur
    return float(np.clip(share / np.sqrt(1 - share**2), 0.35, 2.0))
