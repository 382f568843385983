"""Clips whose exposure is known: a real face painted into every frame, hidden in most of them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.media import read_image
from mien.media.planes import Plane
from mien.models import file_of
from mien.redact.effects import Look, hide
from mien.redact.masks import Masks
from tests.clips import write_clip
from tests.detect.scenes import ASTRONAUT, ASTRONAUT_POINTS

Rgb = NDArray[Any]

LEFT, TOP, SIDE = 120, 30, 220
"""The astronaut's head in her picture."""


def head(side: int = 96) -> Rgb:
    """The astronaut's head."""
    part = read_image(file_of("sample-astronaut"))[TOP : TOP + SIDE, LEFT : LEFT + SIDE]
    return np.asarray(cv2.resize(part, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def box_at(x: int, y: int, side: int = 96) -> Rgb:
    """(4,) the box of her face, when the head is put there."""
    corner = np.array([LEFT, TOP, LEFT, TOP])
    return np.array((ASTRONAUT - corner) * side / SIDE + [x, y, x, y], float)


def points_at(x: int, y: int, side: int = 96) -> Rgb:
    """(5, 2) her eyes, nose and corners of the mouth."""
    return np.array((np.array(ASTRONAUT_POINTS) - [LEFT, TOP]) * side / SIDE + [x, y], float)


def room(seed: int, width: int = 320, height: int = 240) -> Rgb:
    """A textured background."""
    grain = np.random.default_rng(seed).integers(60, 200, (height // 20, width // 20, 3), np.uint8)
    return np.asarray(cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def painted(background: Rgb, *places: tuple[int, int], side: int = 96) -> Rgb:
    """With the head at these (x, y)."""
    picture = background.copy()
    for x, y in places:
        picture[y : y + side, x : x + side] = head(side)
    return picture


def masks(*boxes: Rgb, margin: float = 1.3) -> Masks:
    """Ellipses around faces."""
    edges = np.array(boxes, float).reshape(-1, 4)
    centre, half = (edges[:, :2] + edges[:, 2:]) / 2, (edges[:, 2:] - edges[:, :2]) / 2
    return Masks(centre, half * margin, np.zeros(len(edges)), np.zeros(len(edges)))


def hidden(rgb: Rgb, *boxes: Rgb, effect: Any = "blur", strength: Any = "med") -> Rgb:
    """A copy with an effect on these faces."""
    copy = rgb.copy()
    planes = [Plane(copy[..., k], 0, 255) for k in range(3)]
    hide(planes, rgb.shape[1], rgb.shape[0], masks(*boxes), Look(effect, strength))
    return copy


def pair(
    folder: Path, frames: int, exposed: Collection[int], *, rate: int = 5, group: int = 12
) -> tuple[Path, Path]:
    """A video of one head that drifts to the right, and the same with her face hidden in all frames
    but those `exposed`; key frames of the output lie elsewhere than those of the source."""
    ground, before, after = room(1), [], []
    for number in range(frames):
        x, y = 20 + number % 150, 70
        before.append(painted(ground, (x, y)))
        shown = before[-1]
        after.append(shown if number in exposed else hidden(shown, box_at(x, y)))
    options = {"sc_threshold": "0", "crf": "20"}
    source = write_clip(
        folder / "clip.mp4", before, rate=rate, options={"g": str(group), **options}
    )
    output = write_clip(
        folder / "clip_redacted.mp4", after, rate=rate, options={"g": str(group + 7), **options}
    )
    return source, output
