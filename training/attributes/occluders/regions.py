"""Parts of a face in a picture, how much of each is hidden, and what then is known of the face."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from training.attributes.occluders.head import Head

Floats = NDArray[np.float64]

POLYGONS: dict[str, tuple[int, ...]] = {
    "forehead": (54, 103, 67, 109, 10, 338, 297, 332, 284, 300, 293, 334, 296, 336, 9, 107, 66,
                 105, 63, 70),
    "left eye": (130, 247, 30, 29, 27, 28, 56, 190, 243, 112, 26, 22, 23, 24, 110, 25),
    "right eye": (359, 467, 260, 259, 257, 258, 286, 414, 463, 341, 256, 252, 253, 254, 339, 255),
    "brows": (70, 63, 105, 66, 107, 336, 296, 334, 293, 300, 276, 283, 282, 295, 285, 55, 65, 52,
              53, 46),
    "nose": (5, 48, 64, 98, 2, 327, 294, 278),
    "mouth": (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91,
              146),
    "upper lip": (98, 97, 2, 326, 327, 391, 410, 270, 269, 267, 0, 37, 39, 40, 186, 165),
    "chin": (204, 194, 201, 200, 421, 418, 424, 379, 378, 400, 377, 152, 148, 176, 149, 150),
    "cheeks": (116, 117, 118, 205, 212, 214, 192, 213, 147, 123),
    "sides": (234, 227, 137, 177, 215, 58, 132, 93),
}  # fmt: skip
"""Mesh points around each part; eyes are left and right in the image, as everywhere."""
TWINS = {"cheeks": (345, 346, 347, 425, 432, 434, 416, 433, 376, 352),
         "sides": (454, 447, 366, 401, 435, 288, 361, 323)}  # fmt: skip

SEEN_THROUGH, OPAQUE = 0.3, 0.7
"""A pixel is seen for sure below the first opacity of what covers it, hidden for sure from the
second on."""
CLEAR, COVERED = 0.15, 0.6
"""Shares of a part: covered, if as much is hidden for sure; clear, if no more is perhaps hidden."""
FAR_EYE = 0.4
"""An eye smaller than this share of the other is turned away: nothing is said of it."""


def parts_of(head: Head, side: int) -> dict[str, NDArray[np.bool_]]:
    """(side, side) masks of the parts of a head whose mesh is in the picture's pixels."""
    masks = {}
    for name, polygon in POLYGONS.items():
        mask = np.zeros((side, side), np.uint8)
        for points in (polygon, TWINS.get(name, ())):
            if points:
                _fill(mask, head.mesh[list(points), :2])
        masks[name] = mask > 0
    hair = np.zeros((side, side), np.uint8)
    azimuth = np.linspace(-1.0, 1.0, 9)
    rows = [head.on_skull(way * azimuth, np.full(9, y), 1.0) for way, y in ((1, -9.2), (-1, -12.6))]
    _fill(hair, head.seen(np.concatenate(rows))[:, :2])
    return {**masks, "hair": hair > 0}


def _fill(mask: NDArray[np.uint8], points: Floats) -> None:
    cv2.fillPoly(mask, [((points - 0.5) * 16).round().astype(np.int32)], 1, cv2.LINE_8, 4)


def hidden_shares(
    parts: Mapping[str, NDArray[np.bool_]], opacity: Floats
) -> dict[str, tuple[float, float]]:
    """Of each part, the share that is hidden for sure, and that which perhaps is.

    Args:
        opacity: (side, side) of all that covers the picture, 0..1.
    """
    found = {}
    for name, mask in parts.items():
        inside = opacity[mask]
        if inside.size == 0:  # outside of the picture
            found[name] = (0.0, 1.0)
            continue
        found[name] = (float((inside >= OPAQUE).mean()), float((inside >= SEEN_THROUGH).mean()))
    return found


def verdict(share: tuple[float, float]) -> float:
    """1 for a part that is covered, 0 for one that is clear, NaN between."""
    if share[0] >= COVERED:
        return 1.0
    return 0.0 if share[1] <= CLEAR else np.nan


def eyes_verdict(
    parts: Mapping[str, NDArray[np.bool_]], shares: Mapping[str, tuple[float, float]]
) -> float:
    """1 if at least one eye is covered, 0 if both are clear; an eye turned away does not count."""
    sizes = {name: int(parts[name].sum()) for name in ("left eye", "right eye")}
    near = [name for name, size in sizes.items() if size >= FAR_EYE * max(sizes.values())]
    verdicts = [verdict(shares[name]) for name in near]
    if 1.0 in verdicts:
        return 1.0
    return 0.0 if all(value == 0.0 for value in verdicts) else np.nan


NEEDS: dict[str, tuple[str, ...]] = {
    "5_o_Clock_Shadow": ("upper lip", "chin", "cheeks"),
    "Arched_Eyebrows": ("brows",),
    "Attractive": ("forehead", "left eye", "right eye", "nose", "mouth", "chin", "hair"),
    "Bags_Under_Eyes": ("left eye", "right eye"),
    "Bald": ("hair",),
    "Bangs": ("forehead", "hair"),
    "Big_Lips": ("mouth",),
    "Big_Nose": ("nose",),
    "Black_Hair": ("hair",),
    "Blond_Hair": ("hair",),
    "Brown_Hair": ("hair",),
    "Gray_Hair": ("hair",),
    "Bushy_Eyebrows": ("brows",),
    "Chubby": ("cheeks", "chin"),
    "Double_Chin": ("chin",),
    "Eyeglasses": ("left eye", "right eye"),
    "Goatee": ("chin", "upper lip"),
    "Heavy_Makeup": ("left eye", "right eye", "mouth"),
    "High_Cheekbones": ("cheeks",),
    "Mouth_Slightly_Open": ("mouth",),
    "Mustache": ("upper lip",),
    "Narrow_Eyes": ("left eye", "right eye"),
    "No_Beard": ("chin", "upper lip", "sides"),
    "Oval_Face": ("cheeks", "chin"),
    "Pointy_Nose": ("nose",),
    "Receding_Hairline": ("hair", "forehead"),
    "Rosy_Cheeks": ("cheeks",),
    "Sideburns": ("sides",),
    "Smiling": ("mouth",),
    "Straight_Hair": ("hair",),
    "Wavy_Hair": ("hair",),
    "Wearing_Lipstick": ("mouth",),
}
"""What must be in sight for a CelebA attribute to be told; the others are told from the whole."""


def not_told(shares: Mapping[str, tuple[float, float]]) -> set[str]:
    """The CelebA attributes that cannot be told any more, since a part they need is hidden."""
    return {name for name, parts in NEEDS.items() if any(shares[part][1] > CLEAR for part in parts)}
