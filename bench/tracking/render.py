"""Paint a scene: heads over textured backgrounds, with occluders, noise, blur and flicker.

Every frame is a pure function of (scene, identities, backgrounds, frame number).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.tracking.identities import Identity
from bench.tracking.scene import ASPECT, HEAD, Actor, Scene
from mien.timecode import Time

Array = NDArray[Any]


class Painter:
    """Paints the frames of one scene.

    Args:
        scene: what to paint.
        identities: the people; the scene's identity n is the nth of them.
        backgrounds: (H, W, 3) uint8 pictures without faces; by default procedural textures.
    """

    def __init__(
        self, scene: Scene, identities: Sequence[Identity], backgrounds: Sequence[Array] = ()
    ) -> None:
        self.scene = scene
        self._identities = identities
        size = scene.width, scene.height
        shots = len(scene.cuts) + 1
        self._grounds = [
            _cover(backgrounds[(scene.seed + n) % len(backgrounds)], size)
            if backgrounds
            else texture(*size, scene.seed + n)
            for n in range(shots)
        ]
        self._cloth = texture(*size, scene.seed + 1000)

    def frame(self, k: int) -> Array:
        """(height, width, 3) uint8 RGB: frame k."""
        scene = self.scene
        rng = np.random.default_rng([scene.seed, k])
        picture = self._grounds[int(np.searchsorted(scene.cuts, k, side="right"))].copy()
        here = [actor for actor in scene.actors if np.isfinite(actor.width[k])]
        for actor in sorted(here, key=lambda actor: -actor.depth):
            self._paste(picture, actor, k)
        for occluder in scene.occluders:
            x1, y1, x2, y2 = (max(0, round(v)) for v in occluder[k])
            picture[y1:y2, x1:x2] = self._cloth[y1:y2, x1:x2]
        gain = 1 + scene.flicker * rng.standard_normal()
        noisy = picture * np.float32(gain)
        noisy += scene.noise * rng.standard_normal(picture.shape, dtype=np.float32)
        return np.clip(noisy, 0, 255).astype(np.uint8)

    def _paste(self, picture: Array, actor: Actor, k: int) -> None:
        heads = self._identities[actor.identity].heads
        cut = heads[actor.picture[k] % len(heads)]
        width = actor.width[k] * HEAD
        cut = _shrunk(cut, width)
        side = int(np.ceil(np.hypot(width, width * ASPECT) + self._smear(actor, k))) + 2
        corner = np.floor(actor.centre[k] - side / 2)
        turn = cv2.getRotationMatrix2D(
            (cut.shape[1] / 2, cut.shape[0] / 2), -actor.roll_deg[k], width / cut.shape[1]
        )
        turn[0, :] *= actor.squeeze[k]
        middle = turn @ [cut.shape[1] / 2, cut.shape[0] / 2, 1]
        turn[:, 2] += actor.centre[k] - corner - middle
        patch = cv2.warpAffine(cut, turn, (side, side), flags=cv2.INTER_LINEAR)
        patch = self._blurred(patch, actor, k).astype(np.float32)
        patch[..., :3] *= actor.gain[k]
        _blend(picture, patch, int(corner[0]), int(corner[1]))

    def _motion(self, actor: Actor, k: int) -> Array:
        """Pixels moved while the shutter is open."""
        before = max(k - 1, 0)
        if not np.isfinite(actor.width[before]) or k in self.scene.cuts:
            return np.zeros(2)
        moved: Array = (actor.centre[k] - actor.centre[before]) * self.scene.shutter
        return moved

    def _smear(self, actor: Actor, k: int) -> float:
        return float(np.abs(self._motion(actor, k)).max())

    def _blurred(self, patch: Array, actor: Actor, k: int) -> Array:
        dx, dy = self._motion(actor, k)
        length = int(np.hypot(dx, dy))
        if length < 2:
            return patch
        kernel = np.zeros((2 * length + 1, 2 * length + 1), np.float32)
        end = round(length + dx / 2), round(length + dy / 2)
        start = round(length - dx / 2), round(length - dy / 2)
        cv2.line(kernel, start, end, 1.0)
        blurred: Array = cv2.filter2D(patch, -1, kernel / kernel.sum())
        return blurred


def texture(width: int, height: int, seed: int) -> Array:
    """(height, width, 3) uint8: coloured clouds of several sizes under hard-edged panels."""
    rng = np.random.default_rng([seed, 7])
    picture = np.zeros((height, width, 3), np.float32)
    for octave in range(1, 7):
        cells = 2**octave + 1
        grid = rng.uniform(-1, 1, (cells, cells, 3)).astype(np.float32)
        picture += cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC) / octave
    picture = picture * 38 + rng.uniform(70, 170, 3).astype(np.float32)
    for _ in range(14):
        corner = (rng.uniform(-0.1, 1, 2) * [width, height]).astype(int)
        far = corner + (rng.uniform(0.03, 0.3, 2) * [width, height]).astype(int)
        x, y = np.maximum(corner, 0)
        picture[y : max(far[1], 0), x : max(far[0], 0)] *= rng.uniform(0.5, 1.4)
    return np.clip(picture, 0, 255).astype(np.uint8)


def _cover(picture: Array, size: tuple[int, int]) -> Array:
    """The picture scaled and cropped about its centre so that it fills the frame."""
    width, height = size
    scale = max(width / picture.shape[1], height / picture.shape[0])
    w, h = (int(np.ceil(n * scale)) for n in (picture.shape[1], picture.shape[0]))
    scaled = cv2.resize(picture, (w, h), interpolation=cv2.INTER_AREA)
    left, top = (w - width) // 2, (h - height) // 2
    return np.ascontiguousarray(scaled[top : top + height, left : left + width])


def _shrunk(cut: Array, width: float) -> Array:
    """Halved until at most twice as large as it will be shown, so that nothing aliases."""
    while cut.shape[1] >= 2 * width:
        cut = cv2.resize(cut, (cut.shape[1] // 2, cut.shape[0] // 2), interpolation=cv2.INTER_AREA)
    return cut


def _blend(picture: Array, patch: Array, left: int, top: int) -> None:
    """Lay a patch (colour multiplied by alpha) over the picture, in place."""
    height, width = picture.shape[:2]
    x1, y1 = max(left, 0), max(top, 0)
    x2, y2 = min(left + patch.shape[1], width), min(top + patch.shape[0], height)
    if x1 >= x2 or y1 >= y2:
        return
    part = patch[y1 - top : y2 - top, x1 - left : x2 - left]
    under = picture[y1:y2, x1:x2]
    mixed = part[..., :3] + under * (1 - part[..., 3:] / 255)
    picture[y1:y2, x1:x2] = np.clip(mixed, 0, 255).astype(np.uint8)


@dataclass
class Painted:
    """A painted frame, as video analysis takes it."""

    rgb: Array
    time: Time
    duration: int = 1
    is_key: bool = False

    def rgb_at(self, width: int, height: int) -> Array:
        """Scaled down."""
        return small(self.rgb, width, height)

    def forget(self) -> None:
        """The pixels stay: painting them again would cost more than it saves."""


def small(rgb: Array, width: int, height: int) -> Array:
    """A picture scaled down to (height, width)."""
    return np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA))
