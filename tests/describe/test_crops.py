from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.describe import crops

ANGLES = st.floats(-180, 180)
SIDES = st.floats(5, 500)


def picture(height: int = 40, width: int = 60) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)


@settings(deadline=None)
@given(st.floats(-300, 300), st.floats(-300, 300), SIDES, ANGLES)
def test_the_inverse_takes_points_back(x: float, y: float, side: float, roll: float) -> None:
    matrix = crops.square(np.array([10.0, -20.0]), side, roll, 64)
    there = crops.apply(matrix, np.array([[x, y]]))
    assert crops.apply(crops.inverse(matrix), there) == pytest.approx(np.array([[x, y]]), abs=1e-6)


@settings(deadline=None)
@given(ANGLES, st.floats(0.1, 10), st.floats(-50, 50), st.floats(-50, 50))
def test_similarity_finds_the_motion(roll: float, scale: float, x: float, y: float) -> None:
    source = np.array([[0.0, 0.0], [4.0, 1.0], [1.0, 5.0], [7.0, 7.0]])
    angle = np.deg2rad(roll)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = crops.similarity(source, source @ turn.T + [x, y])
    assert matrix == pytest.approx(np.column_stack([turn, [x, y]]), abs=1e-6)


def test_a_square_turned_clockwise_stands_upright_in_the_crop() -> None:
    matrix = crops.square(np.array([50.0, 50.0]), 20, 90, 100)
    # turned clockwise by a quarter, the top of a face points to the right of the picture
    assert crops.apply(matrix, np.array([60.0, 50.0])) == pytest.approx([50, 0], abs=1e-9)


def test_a_crop_at_the_pictures_scale_is_the_picture() -> None:
    rgb = picture()
    crop = crops.cut(rgb, crops.square(np.array([20.0, 15.0]), 16, 0, 16), 16)
    assert np.array_equal(crop, rgb[7:23, 12:28])


def test_a_quarter_turn_moves_no_pixel_aside() -> None:
    rgb = picture(40, 40)
    crop = crops.cut(rgb, crops.square(np.array([20.0, 20.0]), 40, 90, 40), 40)
    assert np.array_equal(crop, np.rot90(rgb, 1))


@pytest.mark.parametrize("factor", [2, 3, 8, 13])
def test_shrinking_keeps_the_middle_of_a_spot_and_does_not_alias(factor: int) -> None:
    rgb = np.zeros((20 * factor, 20 * factor, 3), np.uint8)
    rgb[6 * factor : 7 * factor, 12 * factor : 13 * factor] = 200
    side = 20.0 * factor
    crop = crops.cut(rgb, crops.square(np.full(2, side / 2), side, 0, 20), 20)[..., 0].astype(float)
    y, x = np.mgrid[:20, :20] + 0.5
    assert (crop * x).sum() / crop.sum() == pytest.approx(12.5, abs=0.02)
    assert (crop * y).sum() / crop.sum() == pytest.approx(6.5, abs=0.02)
    checks = (np.indices((20 * factor, 20 * factor)).sum(axis=0) % 2 * 255).astype(np.uint8)
    grey = crops.cut(np.dstack([checks] * 3), crops.square(np.full(2, side / 2), side, 0, 20), 20)
    assert np.ptp(grey[2:-2, 2:-2].astype(int)) <= (0 if factor % 2 == 0 else 60)


@pytest.mark.parametrize("centre", [(-500.0, 10.0), (10.0, 900.0), (1e6, 1e6)])
@pytest.mark.parametrize("side", [4.0, 40.0, 4000.0])
def test_a_crop_outside_the_picture_is_black_or_shows_its_part(
    centre: tuple[float, float], side: float
) -> None:
    crop = crops.cut(picture(), crops.square(np.array(centre), side, 30, 32), 32)
    assert crop.shape == (32, 32, 3)
    if side < 100:
        assert not crop.any()


def test_a_panorama_wider_than_opencv_warps() -> None:
    rgb = np.zeros((8, 40_000, 3), np.uint8)
    rgb[2:6, 38_000:38_004] = 200
    near = crops.cut(rgb, crops.square(np.array([38_002.0, 4.0]), 8, 0, 8), 8)
    assert np.array_equal(near, rgb[:, 37_998:38_006])
    assert crops.cut(rgb, crops.square(np.array([20_000.0, 4.0]), 40_000, 0, 64), 64).shape[0] == 64


@pytest.mark.parametrize("centre", [(-500.0, 10.0), (10.0, 900.0), (30.0, 20.0)])
def test_edges_go_on_where_asked_for(centre: tuple[float, float]) -> None:
    flat = np.full((40, 60, 3), 77, np.uint8)
    matrix = crops.square(np.array(centre), 200, 30, 32)
    assert (crops.cut(flat, matrix, 32, border=cv2.BORDER_REPLICATE) == 77).all()


@pytest.mark.parametrize("x", range(-40, 90, 7))
def test_only_the_part_seen_is_used_and_nothing_else_changes(x: int) -> None:
    rgb = picture()
    matrix = crops.square(np.array([x + 0.3, 17.2]), 31, 25, 48)
    to_index = matrix.copy()
    to_index[:, 2] += matrix[:, :2].sum(axis=1) / 2 - 0.5
    whole = cv2.warpAffine(rgb, to_index, (48, 48), flags=cv2.INTER_LINEAR)
    assert np.abs(crops.cut(rgb, matrix, 48).astype(int) - whole).max() <= 1
