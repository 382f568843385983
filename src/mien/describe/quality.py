"""Blur, exposure and noise of a face, graded as Face API v1.0 grades them.

All three are measurements on the face, not opinions of a network. Their definitions, and how they
were checked: docs/concepts/quality.md.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.describe import crops
from mien.describe.columns import column, usable_rows
from mien.describe.embedding import MESH_POINTS, TEMPLATE
from mien.faces import Faces

Array = NDArray[Any]

SIZE = 96
PADDING = 0.2
FINE, COARSE = (0.7, 1.4), (3.0, 8.0)
"""Bands of detail: the difference of two Gaussian blurs of these widths, pixels of the chip."""
FINE_KEPT = 0.1
"""Share of the fine detail that is never put down to noise, whose estimate may be too high."""

BLUR_SCALE = ((-3.0, 1.0), (-2.2, 0.75), (-1.4, 0.25), (-0.6, 0.0))
"""Ratio of the bands → blur. What sharp and blurred faces come to: docs/concepts/quality.md."""
NOISE_SCALE = ((0.0, 0.0), (8.0, 0.3), (24.0, 0.7), (48.0, 1.0))
"""Standard deviation in grey levels of 255 → noise."""

WINDOW = 256  # pixels; of a larger face, noise is measured on the middle
BLOCK = 8  # wavelet coefficients along a side of a block
CALM_SHARE = 30  # per cent of the blocks taken to be free of texture
GRAIN = 20.0  # deviation of the noise that shows what a chip keeps of it
GAUSSIAN_MAD = 0.6745 * 0.93
"""Median absolute value of a standard normal variable, times how far the calmest blocks of pure
noise fall short of it."""


class Quality:
    """Fills `quality` (n, 3): blur, exposure and noise, each 0..1."""

    needs = ("mesh",)
    fills = ("quality",)

    @classmethod
    def load(cls, *, threads: int | None = None) -> Quality:
        """Nothing is loaded; `threads` is taken for the sake of one signature."""
        return cls()

    def describe(self, rgb: Array, faces: Faces) -> Faces:
        """The same faces with `quality`. A face without a mesh gets NaN and a `Problem`."""
        mesh = column(faces, "mesh")
        rows, problems = usable_rows(faces, "mesh", "quality")
        quality = np.full((len(faces), 3), np.nan, np.float32)
        for row in rows:
            quality[row] = measure(rgb, mesh[row, :, :2].astype(float))
        return replace(faces, quality=quality).with_problems(problems)


def blur_level(value: float) -> str:
    """Low under 0.25, Medium under 0.75, else High."""
    return "Low" if value < 0.25 else "Medium" if value < 0.75 else "High"


def exposure_level(value: float) -> str:
    """UnderExposure under 0.25, GoodExposure under 0.75, else OverExposure."""
    return "UnderExposure" if value < 0.25 else "GoodExposure" if value < 0.75 else "OverExposure"


def noise_level(value: float) -> str:
    """Low under 0.3, Medium under 0.7, else High."""
    return "Low" if value < 0.3 else "Medium" if value < 0.7 else "High"


def measure(rgb: Array, xy: Array) -> tuple[float, float, float]:
    """Blur, exposure and noise, each 0..1, of the face whose mesh is at xy (478, 2)."""
    target = (TEMPLATE + PADDING) / (1 + 2 * PADDING) * SIZE
    matrix = crops.similarity(xy[list(MESH_POINTS)], target)
    cut = crops.cut(rgb, matrix, SIZE, border=cv2.BORDER_REPLICATE)
    chip = cv2.cvtColor(cut, cv2.COLOR_RGB2GRAY).astype(np.float32)
    noise = noise_deviation(rgb, xy)
    octave = float(np.clip(np.log2(crops.scale_of(matrix)), -3, 4))
    fine = blur_ratio(chip, noise**2 * _fine_gain(round(octave * 4) / 4))
    return _graded(fine, BLUR_SCALE), exposure(chip), _graded(noise, NOISE_SCALE)


def blur_ratio(chip: Array, noise: float) -> float:
    """Natural logarithm of the contrast in fine detail over that in coarse detail.

    Args:
        chip: (SIZE, SIZE) grey levels of an aligned face.
        noise: mean square of the noise in its fine band, which is taken off.
    """
    fine, coarse = (float(np.mean(_band(chip, band)[FACE] ** 2)) for band in (FINE, COARSE))
    bare = max(fine - noise, FINE_KEPT * fine, 1e-3)
    return 0.5 * float(np.log(bare / max(coarse, 1e-3)))


def exposure(chip: Array) -> float:
    """Mean of the dark, middle and light grey of the face (5, 50, 95 % of its pixels), 0..1.

    The whites of the eyes and highlights keep dark skin, well lit, from counting as underexposed;
    eyes, brows and mouth keep light skin from counting as overexposed.
    """
    return float(np.percentile(chip[FACE], (5, 50, 95)).mean() / 255)


def noise_deviation(rgb: Array, xy: Array) -> float:
    """Standard deviation of the noise in the face, grey levels of 255, at the picture's own scale.

    Diagonal Haar coefficients (Donoho and Johnstone, Biometrika 81, 1994) do not see edges along
    rows or columns; of their deviations in small blocks, a low percentile is that of bare skin.
    """
    height, width = rgb.shape[:2]
    middle = xy[:468].mean(axis=0)
    half = min(WINDOW / 2, 0.35 * float(np.ptp(xy[:468], axis=0).min()))
    left, top = np.clip(np.floor(middle - half).astype(int), 0, (width, height))
    right, bottom = np.clip(np.ceil(middle + half).astype(int), 0, (width, height))
    columns, rows = (right - left) // 2 * 2, (bottom - top) // 2 * 2
    if columns < 2 or rows < 2:
        return 0.0
    part = np.ascontiguousarray(rgb[top : top + rows, left : left + columns])
    grey = cv2.cvtColor(part, cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail = np.abs(grey[::2, ::2] - grey[1::2, ::2] - grey[::2, 1::2] + grey[1::2, 1::2]) / 2
    return float(np.percentile(_blocks(detail), CALM_SHARE)) / GAUSSIAN_MAD


def _graded(value: float, scale: tuple[tuple[float, float], ...]) -> float:
    """The value on a scale of straight lines between (value, grade)."""
    at, grades = np.array(scale).T
    return float(np.interp(value, at, grades))


def _blocks(detail: Array) -> Array:
    """Median of each whole block of coefficients; of all, where there is no whole block."""
    rows, columns = detail.shape[0] // BLOCK, detail.shape[1] // BLOCK
    if rows < 1 or columns < 1:
        return np.asarray([np.median(detail)])
    whole = detail[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK)
    return np.asarray(np.median(whole, axis=(1, 3)))


def _band(chip: Array, widths: tuple[float, float]) -> Array:
    narrow, wide = (cv2.GaussianBlur(chip, (0, 0), width) for width in widths)
    return np.asarray(narrow - wide)


@lru_cache(maxsize=64)
def _fine_gain(octave: float) -> float:
    """Mean square of the fine band in a chip cut from white noise of variance 1.

    Args:
        octave: logarithm to base 2 of the chip's scale, chip pixels to one of the picture.
    """
    side = max(2, round(SIZE / 2**octave))
    grain = np.random.default_rng(0).normal(128, GRAIN, (side, side, 1)).round()
    picture = np.repeat(np.clip(grain, 0, 255).astype(np.uint8), 3, axis=2)
    chip = crops.cut(picture, crops.square(np.full(2, side / 2), side, 0, SIZE), SIZE)
    band = _band(chip[..., 0].astype(np.float32), FINE)
    return float(np.mean(band[FACE] ** 2)) / GRAIN**2


def _face_mask() -> Array:
    """(SIZE, SIZE) bool: the ellipse of the chip that holds brows, eyes, nose, mouth and cheeks."""
    y, x = (np.mgrid[:SIZE, :SIZE] + 0.5) / SIZE - 0.5
    return np.asarray((x / 0.42) ** 2 + (y / 0.46) ** 2 < 1)


FACE = _face_mask()
