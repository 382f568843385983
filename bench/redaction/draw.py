"""Pictures of faces that were exposed, to find out why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.redaction.scoring import Hidden, Tally
from bench.redaction.truth import INNER, Clip, Shown
from mien.media import open_video
from mien.media.writer import write_image
from mien.redact.masks import Masks

Array = NDArray[Any]

MASK, FACE, INSIDE, EXPOSED = (255, 220, 0), (0, 220, 0), (0, 220, 220), (255, 0, 0)

SHARP = 4
"""Bits of a pixel that OpenCV draws to."""


def draw_exposures(clip: Clip, path: Path, hidden: Hidden, tally: Tally, folder: Path) -> None:
    """Write a picture of each frame with an exposed face: the faces, those exposed in red, and the
    masks in yellow."""
    at: dict[int, set[int]] = {}
    for exposure in tally.exposures:
        at.setdefault(exposure.frame, set()).add(exposure.track)
    if not at:
        return
    folder.mkdir(parents=True, exist_ok=True)
    with open_video(path) as video:
        for frame in video.frames():
            if frame.index in at:
                drawn = drawing(frame.rgb, clip.shown(frame.index), hidden(frame.index),
                                at[frame.index])  # fmt: skip
                write_image(folder / f"{clip.name}-{frame.index:04d}.png", drawn)


def drawing(rgb: Array, shown: Shown, masks: Masks, exposed: set[int]) -> Array:
    """(H, W, 3) a picture with the ellipses of faces and masks on it."""
    picture = rgb.copy()
    for row in range(len(shown)):
        colour = EXPOSED if int(shown.track[row]) in exposed else FACE
        place = shown.centre_xy[row], shown.half_wh[row], float(shown.angle_deg[row])
        _ellipse(picture, *place, colour)
        _ellipse(picture, place[0], place[1] * INNER, place[2], INSIDE)
    for centre, half, angle in zip(masks.centre_xy, masks.half_wh, masks.angle_deg, strict=True):
        _ellipse(picture, centre, half, float(angle), MASK)
    return picture


def _ellipse(
    picture: Array, centre: Array, half: Array, angle: float, colour: tuple[int, int, int]
) -> None:
    x, y = np.round((centre - 0.5) * 2**SHARP).astype(int).tolist()
    a, b = np.round(half * 2**SHARP).astype(int).tolist()
    cv2.ellipse(picture, (x, y), (a, b), angle, 0, 360, colour, 1, cv2.LINE_AA, SHARP)
