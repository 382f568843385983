"""What a plain face of the set already has on, by its scores and by its pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.attributes.occluders.light import LUMA

NO_GLASSES, GLASSES = -3.0, 2.0
NO_HAT = -4.5
NO_FRINGE = -4.5
SOME_HAIR = -3.0
"""Logits below or above which the set's scores are believed."""
CLEAR_LENSES = 0.85
"""Lightness of the eyes to that of the cheeks above which nothing dark is before them."""
HAIR = ("Black_Hair", "Brown_Hair", "Blond_Hair", "Gray_Hair")


@dataclass(frozen=True, slots=True)
class Base:
    """What is known of a face before anything is put on.

    Attributes:
        glasses: whether it has glasses: 0, 1, or NaN.
        hat: whether it has headwear.
        forehead: whether its forehead is covered by its own hair or a hat.
        dark: whether it may have dark glasses: 0 if the eyes are too light for that, else NaN.
        bald: whether it may have too little hair to fall over anything.
        hair: which colour of hair it has, as CelebA names it.
    """

    glasses: float
    hat: float
    forehead: float
    dark: float
    bald: bool
    hair: str


def base_of(
    rgb: NDArray[np.uint8], parts: Mapping[str, NDArray[np.bool_]], logits: Mapping[str, float]
) -> Base:
    """What a face has on before anything is put on it.

    Args:
        rgb: (s, s, 3) its picture.
        parts: (s, s) masks of the parts of the face.
        logits: its scores by name of attribute.
    """
    glasses = logits["Eyeglasses"]
    hat = 0.0 if logits["Wearing_Hat"] < NO_HAT else np.nan
    bare = hat == 0 and logits["Bangs"] < NO_FRINGE and _skin_share(rgb, parts) > 0.8
    return Base(
        glasses=0.0 if glasses < NO_GLASSES else 1.0 if glasses > GLASSES else np.nan,
        hat=hat,
        forehead=0.0 if bare else np.nan,
        dark=0.0 if _eyes_light(rgb, parts) > CLEAR_LENSES else np.nan,
        bald=logits["Bald"] > SOME_HAIR,
        hair=max(HAIR, key=lambda name: logits[name]),
    )


def _skin_share(rgb: NDArray[np.uint8], parts: Mapping[str, NDArray[np.bool_]]) -> float:
    """Share of the forehead that looks like the cheeks do."""
    forehead, cheeks = (rgb[parts[name]].astype(float) for name in ("forehead", "cheeks"))
    if len(forehead) == 0 or len(cheeks) == 0:
        return 0.0
    middle = np.median(cheeks, axis=0)
    light = (forehead @ LUMA) / max(float(middle @ LUMA), 1.0)
    hue = np.abs(forehead / np.maximum(forehead.sum(axis=1, keepdims=True), 1)
                 - middle / max(float(middle.sum()), 1.0)).max(axis=1)  # fmt: skip
    return float(((light > 0.62) & (hue < 0.07)).mean())


def _eyes_light(rgb: NDArray[np.uint8], parts: Mapping[str, NDArray[np.bool_]]) -> float:
    """How light the darker one of the eyes in sight is, to the cheeks."""
    cheeks = rgb[parts["cheeks"]] @ LUMA
    eyes = [rgb[parts[name]] @ LUMA for name in ("left eye", "right eye")]
    seen = [eye for eye in eyes if len(eye) > 0]
    if len(cheeks) == 0 or not seen:
        return 0.0
    largest = max(len(eye) for eye in seen)
    light = [float(np.percentile(eye, 60)) for eye in seen if len(eye) > 0.4 * largest]
    return min(light) / max(float(np.median(cheeks)), 1.0)
