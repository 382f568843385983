"""Follows one box that somebody drew, whatever is in it, from frame to frame.

A correlation filter is learnt from what lies in and around the box, and looked for in the next
frame at three sizes: Danelljan et al., Discriminative Scale Space Tracking, PAMI 39 (2017), with
gradients by direction as in its histograms, and sizes searched as by Li and Zhu, A Scale Adaptive
Kernel Correlation Filter Tracker, ECCV workshops (2014). It needs no weights, and the same frames
give the same boxes. How it was chosen: `python -m bench.redaction.follow`.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

Array = NDArray[Any]

SIDE = 80
"""Samples along a side of the window that is looked at."""

ROOM = 2.5
"""Side of the window, in sides of the box."""

DIRECTIONS = 6
"""Into which gradients are sorted, over half a turn."""

SPREAD = 2.0
"""Standard deviation, in samples, of the answer that is taught."""

REGULAR = 1e-2
"""Weight of the filter's own size (λ)."""

RATE = 0.025
"""How much of what was learnt is replaced at each frame."""

SIZES = (0.95, 1.0, 1.05)
"""Factors by which the box may grow in a frame."""

STAYS = 0.985
"""The answer at another size counts so much less."""

HASTE = 0.5
"""Share of the last move that is expected again."""

SURE = 0.3
"""Confidence from which a frame is learnt from."""

_STAYS = np.where(np.array(SIZES) == 1, 1, STAYS)
_HANN = np.outer(np.hanning(SIDE + 2)[1:-1], np.hanning(SIDE + 2)[1:-1]).astype(np.float32)
_AXIS = np.arange(SIDE) - SIDE // 2
_ANSWER = np.exp(-0.5 * (_AXIS[:, None] ** 2 + _AXIS**2) / SPREAD**2).astype(np.float32)
_TAUGHT = np.conj(fft.rfft2(_ANSWER))


class Seen(NamedTuple):
    """Where the box is in a frame.

    Attributes:
        box: (4,) float64 xyxy, pixels of the picture that was given.
        confidence: 0..1, how much what is there looks like what was followed so far.
    """

    box: Array
    confidence: float


class _Answer(NamedTuple):
    peak: float
    x: float  # samples from the middle of the window
    y: float


class BoxTracker:
    """Follows a box through gray pictures of one size.

    Args:
        gray: (h, w) uint8, the picture in which the box was drawn.
        box: (4,) xyxy in it, with an area; it may reach past the edge.
    """

    def __init__(self, gray: Array, box: Array) -> None:
        low, high = np.asarray(box[:2], np.float64), np.asarray(box[2:], np.float64)
        self._centre, self._half = (low + high) / 2, (high - low) / 2
        self._speed = np.zeros(2)
        self._filter, self._power = self._lesson(gray)

    def update(self, gray: Array) -> Seen:
        """Find the box in the next picture."""
        begin = self._centre + HASTE * self._speed
        answers = [self._asked(gray, begin, size) for size in SIZES]
        worth = [
            a.peak * (1 if size == 1 else STAYS) for a, size in zip(answers, SIZES, strict=True)
        ]
        best = int(np.argmax(worth))
        found, size = answers[best], SIZES[best]
        step = np.array([found.x, found.y]) * self._half * (2 * ROOM / SIDE) * size
        centre = begin + step
        confidence = float(np.clip(found.peak, 0, 1))
        if confidence >= SURE:
            self._speed = centre - self._centre
            self._centre, self._half = centre, self._half * size
            self._learn(gray)
        else:
            self._centre, self._speed = centre, self._speed * HASTE
        return Seen(
            np.concatenate([self._centre - self._half, self._centre + self._half]), confidence
        )

    def _asked(self, gray: Array, centre: Array, size: float) -> _Answer:
        seen = _features(_window(gray, centre, self._half * size))
        answer = fft.irfft2(
            (np.conj(self._filter) * seen).sum(axis=0) / (self._power + REGULAR), (SIDE, SIDE)
        )
        row, column = np.unravel_index(int(answer.argmax()), answer.shape)
        y = row + _between(answer[(row - 1) % SIDE, column], answer[row, column],
                           answer[(row + 1) % SIDE, column])  # fmt: skip
        x = column + _between(answer[row, column - 1], answer[row, column],
                              answer[row, (column + 1) % SIDE])  # fmt: skip
        return _Answer(float(answer[row, column]), float(x - SIDE // 2), float(y - SIDE // 2))

    def _lesson(self, gray: Array) -> tuple[Array, Array]:
        seen = _features(_window(gray, self._centre, self._half))
        return _TAUGHT * seen, (seen.real**2 + seen.imag**2).sum(axis=0)

    def _learn(self, gray: Array) -> None:
        new, power = self._lesson(gray)
        self._filter += RATE * (new - self._filter)
        self._power += RATE * (power - self._power)


def _window(gray: Array, centre: Array, half: Array) -> Array:
    """(SIDE, SIDE) float32: the picture around the box; beyond its edge the edge goes on."""
    scale = half * (2 * ROOM / SIDE)
    first = centre - scale * (SIDE / 2) + scale / 2 - 0.5
    way = np.array([[scale[0], 0, first[0]], [0, scale[1], first[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    patch = cv2.warpAffine(gray, way, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return patch.astype(np.float32)


def _features(patch: Array) -> Array:
    """(1 + DIRECTIONS, SIDE, SIDE // 2 + 1) complex64: brightness, and gradients by direction."""
    across = cv2.Sobel(patch, cv2.CV_32F, 1, 0, ksize=1)
    down = cv2.Sobel(patch, cv2.CV_32F, 0, 1, ksize=1)
    length, angle = cv2.cartToPolar(across, down)
    steep: Array = np.sqrt(length)
    steep /= cv2.blur(steep, (SIDE // 8 + 1, SIDE // 8 + 1)) + 1
    place = angle * (DIRECTIONS / math.pi)
    channels = np.empty((1 + DIRECTIONS, SIDE, SIDE), np.float32)
    channels[0] = (patch - patch.mean()) / (patch.std() + 4)
    for direction in range(DIRECTIONS):
        apart = np.abs((place - direction + DIRECTIONS / 2) % DIRECTIONS - DIRECTIONS / 2)
        channels[1 + direction] = cv2.blur(steep * np.maximum(1 - apart, 0), (3, 3))
    spectra: Array = fft.rfft2(channels * _HANN, axes=(1, 2))
    return spectra


def _between(before: float, here: float, after: float) -> float:
    """Where the parabola through three answers has its top, -0.5..0.5 from the middle one."""
    bend = before - 2 * here + after
    return 0.0 if bend >= 0 else float(np.clip((before - after) / (2 * bend), -0.5, 0.5))
