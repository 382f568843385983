"""Cuts are found to the frame; motion, flashes and noise are no cuts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bench.tracking.render import texture
from mien.track.cuts import CutDetector

Array = NDArray[Any]


def found(frames: list[Array]) -> list[int]:
    """The frames that a fresh detector calls cuts."""
    detector = CutDetector()
    small = [cv2.resize(f, CutDetector.SIZE_WH, interpolation=cv2.INTER_AREA) for f in frames]
    return [k for k, frame in enumerate(small) if detector.update(frame)]


def pan(seed: int, frames: int = 12, step: int = 8) -> list[Array]:
    """A camera that turns over a still scene, 2 % of the width a frame."""
    wide = texture(640, 216, seed)
    return [wide[:, step * k : step * k + 384] for k in range(frames)]


@pytest.mark.parametrize("seed", range(8))
def test_a_cut_between_two_moving_shots_is_found_on_its_frame(seed: int) -> None:
    assert found(pan(seed) + pan(seed + 50) + pan(seed + 90)) == [12, 24]


def flash(shot: list[Array]) -> list[Array]:
    return [*shot[:5], *(cv2.convertScaleAbs(f, alpha=1.6, beta=60) for f in shot[5:7]), *shot[7:]]


def white_flash(shot: list[Array]) -> list[Array]:
    return [*shot[:5], np.full_like(shot[0], 255), *shot[5:]]


def noise(shot: list[Array]) -> list[Array]:
    rng = np.random.default_rng(1)
    return [np.clip(f + rng.normal(0, 40, f.shape), 0, 255).astype(np.uint8) for f in shot]


def fade_out_and_in(shot: list[Array]) -> list[Array]:
    factor = np.abs(np.linspace(-1, 1, len(shot)))
    return [(f * a).astype(np.uint8) for f, a in zip(shot, factor, strict=True)]


def passer_by(shot: list[Array]) -> list[Array]:
    out = [f.copy() for f in shot]
    for k, frame in enumerate(out):
        frame[:, max(40 * k - 120, 0) : 40 * k] = 20
    return out


def whip_pan(shot: list[Array]) -> list[Array]:
    return pan(3, frames=12, step=20)


@pytest.mark.parametrize(
    "change", [flash, white_flash, noise, fade_out_and_in, passer_by, whip_pan]
)
@pytest.mark.parametrize("seed", range(3))
def test_what_is_no_cut(change: Callable[[list[Array]], list[Array]], seed: int) -> None:
    assert found(change(pan(seed))) == []


def test_a_cut_through_black_is_found_when_the_picture_is_back() -> None:
    black = [np.zeros((216, 384, 3), np.uint8)] * 3
    assert found(pan(1) + black + pan(60)) == [15]


def test_still_and_blank_videos_have_no_cut() -> None:
    assert found([texture(384, 216, 4)] * 5) == []
    assert found([np.full((216, 384, 3), 127, np.uint8)] * 5) == []


@pytest.mark.parametrize(
    "picture",
    [np.zeros((36, 63, 3), np.uint8), np.zeros((36, 64, 3)), np.zeros((36, 64), np.uint8)],
)
def test_another_shape_or_type_is_refused(picture: Array) -> None:
    with pytest.raises(ValueError, match="is needed"):
        CutDetector().update(picture)


def test_the_cuts_of_a_real_clip() -> None:
    from mien.media import open_video
    from mien.models import file_of

    detector = CutDetector()
    with open_video(file_of("sample-bikes")) as video:
        small = (frame.rgb_at(*CutDetector.SIZE_WH) for frame in video.frames())
        cuts = [k for k, picture in enumerate(small) if detector.update(picture)]
    assert cuts == [30, 76, 137, 187, 242]  # checked by eye
