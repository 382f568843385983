from __future__ import annotations

import math

import numpy as np
import pytest

from mien.server.rectangles import largest_first, rectangles


def test_a_square_has_the_shorter_side_and_stands_low_in_the_box() -> None:
    # A face of the published answers: detection_02 gave the box, detection_01 the square.
    (square,) = rectangles(np.array([[96, 101, 314, 408]]), 1000, 800, square=True)
    left, top, right, bottom = square
    assert (right - left, bottom - top) == (218, 218)
    assert abs(top - 166) <= 2
    assert left == 96


@pytest.mark.parametrize(
    "box",
    [[-20, -30, 80, 120], [930, 700, 1040, 850], [-50, -50, 1100, 900], [1.4, 20.6, 60.5, 99]],
)
def test_rectangles_are_whole_and_inside_of_the_picture(box: list[float]) -> None:
    for square in (True, False):
        (found,) = rectangles(np.array([box]), 1000, 800, square=square)
        left, top, right, bottom = found
        assert (found == np.round(found)).all()
        assert 0 <= left < right <= 1000
        assert 0 <= top < bottom <= 800
        assert not square or right - left == bottom - top


def test_rectangles_that_are_too_small_or_too_large_are_left_out() -> None:
    sides = np.array([[36, 36], [35, 90], [90, 35.9], [4096, 50], [4097, 50], [40, 40], [40, 40]])
    boxes = np.hstack([np.zeros((7, 2)), sides])
    assert largest_first(boxes, most=64, least_side=36, greatest_side=4096).tolist() == [3, 5, 6, 0]
    assert largest_first(boxes, most=2, least_side=36).tolist() == [4, 3]
    assert largest_first(boxes, most=0, least_side=0).tolist() == []
    assert largest_first(boxes.astype(int), most=1, least_side=0).tolist() == [4]
    assert largest_first(np.zeros((0, 4)), most=9, least_side=math.inf).tolist() == []
