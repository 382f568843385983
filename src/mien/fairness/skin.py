"""The tone of skin in a picture: the individual typology angle of forehead and cheeks.

ITA = arctan((L* − 50) / b*) in degrees, in CIELAB (Chardon, Cretois and Hourseau, "Skin colour
typology and suntanning pathways", International Journal of Cosmetic Science 13, 1991). Six groups
as in Del Bino and Bernerd, "Variations in skin colour and the biological consequences of
ultraviolet radiation exposure", British Journal of Dermatology 169 (suppl. 3), 2013.

Both measured skin with instruments. A photo shows skin in the light that fell on it: of one person
the angle moves by tens of degrees with exposure and white balance. It sorts pictures, not people.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.picture import check_rgb

Array = NDArray[Any]

TONES = ("very light", "light", "intermediate", "tan", "brown", "dark")
LIMITS = (55.0, 41.0, 28.0, 10.0, -30.0)
"""A tone begins above its limit; the last, dark, has none."""

PATCHES = (
    (104, 69, 108, 151, 337, 299, 333, 297, 338, 10, 109, 67),
    (118, 101, 36, 205, 50),
    (347, 330, 266, 425, 280),
)
"""Corners on the mesh: forehead, left and right cheek. Chosen by eye on portraits."""

LEAST_PIXELS = 12
"""A patch of fewer says nothing."""
LEAST_CHROMA = 3.0
"""C*ab from which there is colour. Skin has 10 and more; grey pictures 0, after JPEG under 2."""


def ita(lab: Array) -> Array:
    """The individual typology angle, degrees, of colours (..., 3) in CIELAB.

    NaN where b* is not above 0: skin is yellower than grey, so the light was coloured.
    """
    lightness, yellow = lab[..., 0], lab[..., 2]
    with np.errstate(invalid="ignore", divide="ignore"):
        angle = np.degrees(np.arctan((lightness - 50) / yellow))
    return np.where(yellow > 0, angle, np.nan)


def tone_of(angle: float) -> str | None:
    """The group of an angle; None for NaN."""
    if math.isnan(angle):
        return None
    return TONES[sum(angle <= limit for limit in LIMITS)]


def skin_angle(rgb: Array, mesh: Array) -> float:
    """The angle, degrees, of a face in a picture; NaN where it cannot be measured.

    Of each patch the median colour, and of the patches the middle angle (of two, the mean): so one
    that is hidden by hair, a beard or a highlight does not count.

    Args:
        rgb: (H, W, 3) uint8, sRGB.
        mesh: (478, 3) of the face. A row of NaN gives NaN, and so does a grey picture.

    Raises:
        UsageError: it is no picture.
    """
    check_rgb(rgb)
    if not np.isfinite(mesh).all():
        return math.nan
    colours = [colour for patch in PATCHES if (colour := _colour(rgb, mesh, patch)) is not None]
    if not colours:
        return math.nan
    lab = np.array(colours)
    angles = ita(lab[np.hypot(lab[:, 1], lab[:, 2]) >= LEAST_CHROMA])
    angles = angles[np.isfinite(angles)]
    return float(np.median(angles)) if len(angles) else math.nan


def _colour(rgb: Array, mesh: Array, patch: tuple[int, ...]) -> Array | None:
    """(3,) median L*, a*, b* of a patch's pixels; None where too few lie in the picture."""
    corners = mesh[list(patch), :2].astype(float) - 0.5  # OpenCV's first pixel is at (0, 0)
    height, width = rgb.shape[:2]
    left, top = np.clip(np.floor(corners.min(axis=0)), 0, (width, height)).astype(int)
    right, bottom = np.clip(np.ceil(corners.max(axis=0)) + 1, 0, (width, height)).astype(int)
    if right <= left or bottom <= top:
        return None
    mask = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillPoly(mask, [np.round(corners - (left, top)).astype(np.int32)], 1)
    pixels = rgb[top:bottom, left:right][mask.astype(bool)]
    if len(pixels) < LEAST_PIXELS:
        return None
    unit = np.ascontiguousarray(pixels[None], np.float32) / 255
    return np.asarray(np.median(cv2.cvtColor(unit, cv2.COLOR_RGB2LAB)[0], axis=0))
