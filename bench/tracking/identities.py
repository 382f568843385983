"""The people of the scenes: cut-outs of real heads, with feathered edges."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.detection.corpus import pictures, read
from bench.tracking.scene import ASPECT, HEAD

Array = NDArray[Any]

Take = tuple[str, int]

CAST: tuple[tuple[Take, ...], ...] = (
    (("hopper", 0),),
    (("astronaut", 0),),
    (("obama", 0), ("obama-speech", 0), ("obama-blue-room", 0)),
    (("biden", 0),),
    (("henner", 0),),
    (("guido", 0),),
    (("maher", 0),),
    (("giunchedi", 0),),
    (("teacup-man", 0),),
    (("portrait-man", 0),),
    (("hillside-man", 0),),
    (("five-friends", 0),),
    (("five-friends", 1),),
    (("five-friends", 3),),
    (("five-friends", 4),),
    (("sofa-family", 1),),
    (("sofa-family", 2),),
    (("sofa-family", 3),),
    (("pair-grey", 1),),
    (("three-children", 0),),
    (("three-children", 2),),
    (("face-noface-10", 0), ("face-noface-31", 0)),
    (("woman-moods-29", 0), ("woman-moods-147", 0), ("woman-moods-265", 0)),
    (("collage", 7),),
)
"""The pictures of each person: the name of a labelled picture, and which of its faces."""


@dataclass(frozen=True)
class Identity:
    """One person.

    Attributes:
        name: where the pictures are from.
        heads: cut-outs, one a picture, (height, width, 4) uint8 RGBA, colour multiplied by alpha;
            the face box is the middle 1 / HEAD of either side.
    """

    name: str
    heads: tuple[Array, ...]


def head(rgb: Array, box_xyxy: Array) -> Array:
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


@cache
def people() -> tuple[Identity, ...]:
    """The cast: heads out of the labelled pictures of the detection corpus.

    Raises:
        ModelError: a picture cannot be fetched.
    """
    known = {picture.name: picture for picture in pictures()}
    return tuple(
        Identity(
            f"{takes[0][0]}-{takes[0][1]}",
            tuple(head(read(known[name]), known[name].truth.faces[face]) for name, face in takes),
        )
        for takes in CAST
    )


def _feathered_ellipse(width: int, height: int, feather: float = 0.12) -> Array:
    y, x = np.mgrid[:height, :width]
    radius = np.hypot((x + 0.5) / width * 2 - 1, (y + 0.5) / height * 2 - 1)
    alpha: Array = np.clip((1 - radius) / feather, 0, 1).astype(np.float32)
    return alpha
