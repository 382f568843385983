"""Clips of known colours: the matrix and range that a clip states are used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.media import Frame, open_video
from tests.clips import write_clip

COLORS = np.array(
    [
        [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]],
        [[0, 0, 0], [128, 128, 128], [220, 160, 130], [30, 60, 200]],
    ],
    np.uint8,
)
BT601, BT709, BT2020 = 5, 1, 9
LIMITED, FULL = 1, 2


def clip(folder: Path, size: tuple[int, int] = (320, 192), **how: Any) -> Frame:
    width, height = size
    chart = COLORS.repeat(height // 2, axis=0).repeat(width // 4, axis=1)
    path = write_clip(folder / "colors.mp4", [chart] * 2, options={"crf": "1"}, **how)
    with open_video(path) as video:
        return next(video.frames())


def means(rgb: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The mean colour in the middle of each of the 2 × 4 patches."""
    height, width = rgb.shape[0] // 2, rgb.shape[1] // 4
    cells = rgb.reshape(2, height, 4, width, 3)[:, height // 4 : -height // 4]
    got: NDArray[np.float64] = cells[:, :, :, width // 4 : -width // 4].mean(axis=(1, 3))
    return got


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv444p", "yuv420p10le", "yuv422p10le"])
@pytest.mark.parametrize(
    ("matrix", "range"),
    [(BT601, LIMITED), (BT709, LIMITED), (BT2020, LIMITED), (BT601, FULL), (BT709, FULL)],
)
def test_known_colours(tmp_path: Path, pix_fmt: str, matrix: int, range: int) -> None:
    frame = clip(tmp_path, pix_fmt=pix_fmt, color={"colorspace": matrix, "color_range": range})
    assert np.abs(means(frame.rgb) - COLORS).max() <= 3
    assert np.abs(means(frame.rgb_at(160, 96)) - COLORS).max() <= 5


@pytest.mark.parametrize(
    ("size", "written", "right"),
    [((640, 576), BT601, True), ((640, 576), BT709, False), ((640, 720), BT709, True)],
)
def test_a_clip_that_states_no_matrix(
    tmp_path: Path, size: tuple[int, int], written: int, right: bool
) -> None:
    """Large pictures count as BT.709, smaller ones as BT.601."""
    frame = clip(tmp_path, size, color={"colorspace": 2}, coded_as=written)
    error = np.abs(means(frame.rgb) - COLORS).max()
    assert (error <= 4) == right
    if not right:
        assert error > 15  # so the test can tell the matrices apart


def test_colours_stored_as_rgb(tmp_path: Path) -> None:
    chart = COLORS.repeat(24, axis=0).repeat(20, axis=1)
    path = write_clip(tmp_path / "rgb.mov", [chart] * 2, codec="png", pix_fmt="rgb24")
    with open_video(path) as video:
        frame = next(video.frames())
    assert (frame.rgb == chart).all()
    assert np.abs(means(frame.rgb_at(40, 24)) - COLORS).max() <= 2
