from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.detect import BlazeFace
from mien.detect.blazeface import decode
from tests.detect.scenes import (
    ASTRONAUT,
    ASTRONAUT_POINTS,
    gradient,
    iou,
    mirrored,
    noise,
    plain,
    texture,
)

Array = NDArray[Any]


def test_decoding_follows_the_anchors() -> None:
    values, logits = np.zeros((2304, 16), np.float32), np.full((2304, 1), -50, np.float32)
    row = 10 * 48 + 20  # its anchor is at x = 20.5 * 4, y = 10.5 * 4
    values[row, :4] = 2, -2, 30, 40
    values[row, 4:10] = -7, -8, 7, -8, 0, 1
    logits[row] = 2.0
    faces = decode(values, logits, score=0.5)
    np.testing.assert_allclose(faces.box_xyxy, [[69, 20, 99, 60]])
    np.testing.assert_allclose(faces.score, [1 / (1 + np.exp(-2.0))], rtol=1e-6)
    assert faces.points is not None
    np.testing.assert_allclose(faces.points[0, :3], [[75, 34], [89, 34], [82, 43]])
    assert np.isnan(faces.points[0, 3:]).all()


def test_huge_logits_do_not_overflow() -> None:
    logits = np.full((2304, 1), -1e30, np.float32)
    logits[0] = 1e30
    faces = decode(np.ones((2304, 16), np.float32), logits, score=0.5)
    np.testing.assert_array_equal(faces.score, [1.0])


def test_a_face_and_its_points(blazeface: BlazeFace, astronaut: Array) -> None:
    faces = blazeface.detect(astronaut)
    assert len(faces) == 1
    assert faces.score[0] > 0.85
    assert iou(faces.box_xyxy, np.array([ASTRONAUT]))[0, 0] > 0.7
    assert faces.points is not None
    away = np.linalg.norm(faces.points[0, :3] - np.array(ASTRONAUT_POINTS[:3]), axis=1)
    assert away.max() < 8, away
    assert np.isnan(faces.points[0, 3:]).all()


@pytest.mark.parametrize(("left", "top"), [(0, 0), (388, 0), (0, 200)])
def test_boxes_are_in_pixels_of_the_picture_given(
    blazeface: BlazeFace, astronaut: Array, left: int, top: int
) -> None:
    picture = plain(512 + top, 512 + left)
    picture[top:, left:] = astronaut
    faces = blazeface.detect(picture)
    assert len(faces) == 1
    expected = np.array([ASTRONAUT]) + np.array([left, top, left, top])
    assert iou(faces.box_xyxy, expected)[0, 0] > 0.65


def test_a_mirror_swaps_the_eyes(blazeface: BlazeFace, astronaut: Array) -> None:
    faces = blazeface.detect(astronaut)
    other = blazeface.detect(np.ascontiguousarray(astronaut[:, ::-1]))
    assert faces.points is not None
    assert other.points is not None
    boxes, points = mirrored(other.box_xyxy, other.points, 512)
    assert iou(boxes, faces.box_xyxy)[0, 0] > 0.85
    assert np.abs(points[0, :3] - faces.points[0, :3]).max() < 6


@pytest.mark.parametrize(
    "picture",
    [plain(1, 1), plain(2000, 3), noise(300, 400, 1), texture(300, 400, 2), gradient(200, 200)],
    ids=["1x1", "thread", "noise", "texture", "gradient"],
)
def test_no_face_where_there_is_none(blazeface: BlazeFace, picture: Array) -> None:
    assert len(blazeface.detect(picture)) == 0


def test_two_calls_agree(blazeface: BlazeFace, astronaut: Array) -> None:
    first, second = blazeface.detect(astronaut), blazeface.detect(astronaut)
    np.testing.assert_array_equal(first.box_xyxy, second.box_xyxy)
    np.testing.assert_array_equal(first.score, second.score)


def test_what_is_no_picture_is_refused(blazeface: BlazeFace) -> None:
    with pytest.raises(ValueError, match=r"\(H, W, 3\)"):
        blazeface.detect(np.zeros((4, 4), np.uint8))
