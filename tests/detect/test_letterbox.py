from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mien.detect.letterbox import place
from mien.faces import Faces
from mien.picture import check_rgb
from tests.detect.scenes import plain

sides = st.integers(1, 300)


@settings(deadline=None)
@given(sides, sides, st.floats(0.05, 1.0), st.integers(0, 40))
def test_the_input_holds_the_picture_undistorted(
    width: int, height: int, scale: float, margin: int
) -> None:
    picture = plain(height, width, 200)
    where = place(picture, scale, margin=margin, multiple=32)
    room = where.input(picture)
    assert room.shape == (where.room_height, where.room_width, 3)
    assert where.room_width % 32 == where.room_height % 32 == 0
    # as few as hold it
    assert 0 <= where.room_width - (where.width + 2 * margin) < 32
    assert abs(where.width - width * scale) <= max(0.5, 1 - width * scale)
    assert abs(where.height - height * scale) <= max(0.5, 1 - height * scale)
    shown = np.argwhere(room.any(axis=2))
    assert shown.min(axis=0).tolist() == [margin, margin]
    assert shown.max(axis=0).tolist() == [margin + where.height - 1, margin + where.width - 1]
    assert (room[room > 0] == 200).all()


@settings(deadline=None)
@given(sides, sides, st.floats(0.05, 1.0), st.integers(0, 40))
def test_undo_brings_the_corners_back(width: int, height: int, scale: float, margin: int) -> None:
    where = place(plain(height, width), scale, margin=margin, multiple=32)
    box = [[margin, margin, margin + where.width, margin + where.height]]
    points = np.tile(np.array([[margin + where.width, margin]]), (1, 5, 1))
    back = where.undo(Faces(np.array(box), np.ones(1), points=points))
    np.testing.assert_allclose(back.box_xyxy, [[0, 0, width, height]], atol=1e-3)
    assert back.points is not None
    np.testing.assert_allclose(back.points[0], [[width, 0]] * 5, atol=1e-3)


def test_a_square_room_has_the_picture_in_its_middle() -> None:
    where = place(plain(100, 50), 1.0, room=192)
    assert (where.left, where.top, where.room_width, where.room_height) == (71, 46, 192, 192)


def test_an_input_of_the_right_size_is_not_copied() -> None:
    picture = plain(64, 96)
    assert np.shares_memory(place(picture, 1.0, multiple=32).input(picture), picture)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (np.zeros((4, 4, 3)), "uint8, not float64"),
        (np.zeros((4, 4), np.uint8), r"\(H, W, 3\), not \(4, 4\)"),
        (np.zeros((4, 4, 4), np.uint8), r"not \(4, 4, 4\)"),  # alpha
        (np.zeros((3, 4, 4), np.uint8), r"not \(3, 4, 4\)"),  # planes first
        (np.zeros((1, 4, 4, 3), np.uint8), r"not \(1, 4, 4, 3\)"),
        (np.zeros((0, 4, 3), np.uint8), r"not \(0, 4, 3\)"),
        ("picture.jpg", "not str"),
        (None, "not NoneType"),
    ],
)
def test_what_is_no_picture_is_refused(value: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        check_rgb(value)
