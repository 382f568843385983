"""The people of the scenes: cut-outs of real heads, with feathered edges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from bench.tracking.scene import ASPECT, HEAD
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Identity:
    """One person.

    Attributes:
        name: where the pictures are from.
        heads: cut-outs, each (height, width, 4) uint8 RGBA with the colour multiplied by alpha;
            the face box is the middle 1 / HEAD of either side.
    """

    name: str
    heads: tuple[Array, ...]


def head(rgb: Array, box_xyxy: Sequence[float]) -> Array:
    """Cut a head out of a picture.

    Args:
        rgb: (H, W, 3) uint8.
        box_xyxy: the face box in it; it is brought to the aspect of the scenes about its centre.

    Returns:
        (height, width, 4) uint8, colour multiplied by alpha.
    """
    x1, y1, x2, y2 = box_xyxy
    width = max(x2 - x1, (y2 - y1) / ASPECT) * HEAD
    out_w = max(32, round(min(width, 560)))
    out_h = round(out_w * ASPECT)
    scale = out_w / width
    to_cut = np.array(
        [
            [scale, 0, out_w / 2 - scale * (x1 + x2) / 2],
            [0, scale, out_h / 2 - scale * (y1 + y2) / 2],
        ]
    )
    cut = cv2.warpAffine(
        rgb, to_cut, (out_w, out_h), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    alpha = _feathered_ellipse(out_w, out_h)
    return np.dstack([cut * alpha[..., None], alpha * 255]).round().astype(np.uint8)


def people(faces: Iterable[tuple[str, Array, Sequence[float]]]) -> list[Identity]:
    """Gather (name, picture, face box) into identities, in the order of the names."""
    heads: dict[str, list[Array]] = {}
    for name, rgb, box in faces:
        heads.setdefault(name, []).append(head(rgb, box))
    return [Identity(name, tuple(cuts)) for name, cuts in sorted(heads.items())]


def _feathered_ellipse(width: int, height: int, feather: float = 0.12) -> Array:
    y, x = np.mgrid[:height, :width]
    radius = np.hypot((x + 0.5) / width * 2 - 1, (y + 0.5) / height * 2 - 1)
    alpha: Array = np.clip((1 - radius) / feather, 0, 1).astype(np.float32)
    return alpha
