from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mien.detect import CenterFace
from mien.detect.centerface import decode, planes
from mien.detect.letterbox import place
from tests.detect.scenes import ASTRONAUT, ASTRONAUT_POINTS, iou, mirrored, noise, plain

Array = NDArray[Any]


def maps(*peaks: tuple[int, int, float, float, float]) -> tuple[Array, Array, Array, Array]:
    """The four maps with peaks at (row, column, score, height, width); points at the corners."""
    heat, size = np.zeros((1, 20, 30), np.float32), np.zeros((2, 20, 30), np.float32)
    offset, points = np.zeros((2, 20, 30), np.float32), np.zeros((10, 20, 30), np.float32)
    for row, column, score, height, width in peaks:
        heat[0, row, column] = score
        size[:, row, column] = np.log([height / 4, width / 4])
        offset[:, row, column] = 0.25, -0.5
        # y, x of the upper left, upper right, middle, lower left, lower right
        points[:, row, column] = [0, 0, 0, 1, 0.5, 0.5, 1, 0, 1, 1]
    return heat, size, offset, points


def test_decoding_follows_the_network() -> None:
    faces = decode(*maps((10, 5, 0.8, 40, 20)), score=0.5)
    # the centre is at x = (5 - 0.5 + 0.5) * 4, y = (10 + 0.25 + 0.5) * 4
    np.testing.assert_allclose(faces.box_xyxy, [[10, 23, 30, 63]], atol=1e-4)
    np.testing.assert_allclose(faces.score, [0.8])
    assert faces.points is not None
    expected = [[[10, 23], [30, 23], [20, 43], [10, 63], [30, 63]]]
    np.testing.assert_allclose(faces.points, expected, atol=1e-4)


def test_decoding_keeps_the_best_of_neighbours_in_order_of_score() -> None:
    peaks = [(4, 4, 0.6, 24, 24), (10, 15, 0.7, 24, 24), (10, 16, 0.9, 24, 24), (16, 4, 0.4, 9, 9)]
    faces = decode(*maps(*peaks), score=0.5)
    np.testing.assert_allclose(faces.score, [0.9, 0.6])


def test_decoding_nothing_keeps_the_shapes() -> None:
    faces = decode(*maps(), score=0.5)
    assert len(faces) == 0
    assert faces.points is not None
    assert faces.points.shape == (0, 5, 2)


def test_planes_are_the_colours_unscaled() -> None:
    picture = noise(32, 64, 0)
    out = planes(picture[None])
    assert out.dtype == np.float32
    np.testing.assert_array_equal(out[0], picture.transpose(2, 0, 1))


@pytest.mark.parametrize("shape", [(1, 31, 32, 3), (1, 32, 100, 3)])
def test_inputs_must_be_multiples_of_32(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="multiples of 32"):
        planes(np.zeros(shape, np.uint8))


def test_a_face_and_its_points(centerface: CenterFace, astronaut: Array) -> None:
    faces = centerface.detect(astronaut)
    assert len(faces) == 1
    assert faces.score[0] > 0.85
    assert iou(faces.box_xyxy, np.array([ASTRONAUT]))[0, 0] > 0.8
    assert faces.points is not None
    away = np.linalg.norm(faces.points[0] - np.array(ASTRONAUT_POINTS), axis=1)
    assert away.max() < 8, away  # the face is 94 pixels wide


@pytest.mark.parametrize("size", [(256, 256), (640, 400), (333, 517), (97, 1003)])
def test_boxes_are_in_pixels_of_the_picture_given(
    centerface: CenterFace, astronaut: Array, size: tuple[int, int]
) -> None:
    width, height = size
    factor = min(width, height) / 512
    side = round(512 * factor)
    picture = plain(height, width)
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    picture[:side, -side:] = cv2.resize(astronaut, (side, side), interpolation=how)
    expected = np.array([ASTRONAUT]) * factor + np.array([width - side, 0, width - side, 0])
    faces = centerface.detect(picture, score=0.3)
    assert len(faces) == 1
    assert iou(faces.box_xyxy, expected)[0, 0] > 0.6


def test_scale_changes_where_it_looks_not_where_faces_are(
    centerface: CenterFace, astronaut: Array
) -> None:
    whole = centerface.detect(astronaut)
    for scale, margin in ((0.75, 0), (0.5, 40), (0.33, 64)):
        faces = centerface.detect(astronaut, scale=scale, margin=margin)
        assert len(faces) == 1
        assert iou(faces.box_xyxy, whole.box_xyxy)[0, 0] > 0.8


def test_a_mirror_swaps_the_points(centerface: CenterFace, astronaut: Array) -> None:
    faces = centerface.detect(astronaut)
    other = centerface.detect(np.ascontiguousarray(astronaut[:, ::-1]))
    assert faces.points is not None
    assert other.points is not None
    boxes, points = mirrored(other.box_xyxy, other.points, 512)
    assert iou(boxes, faces.box_xyxy)[0, 0] > 0.85
    assert np.abs(points - faces.points).max() < 6
    assert faces.points[0, 0, 0] < faces.points[0, 1, 0]  # the left eye is the one at the left
    assert faces.points[0, 3, 0] < faces.points[0, 4, 0]


def test_a_batch_gives_what_single_calls_give(centerface: CenterFace, astronaut: Array) -> None:
    pictures = [astronaut, np.ascontiguousarray(astronaut[:, ::-1]), plain(512, 512)]
    places = [place(picture, 0.5, multiple=32) for picture in pictures]
    together = centerface.detect_placed(pictures, places)
    assert [len(faces) for faces in together] == [1, 1, 0]
    for picture, faces in zip(pictures, together, strict=True):
        alone = centerface.detect(picture, scale=0.5)
        np.testing.assert_allclose(faces.box_xyxy, alone.box_xyxy, atol=0.05)


def test_a_view_of_a_picture_is_a_picture(centerface: CenterFace, astronaut: Array) -> None:
    faces = centerface.detect(astronaut)
    view = np.dstack([astronaut, astronaut])[..., :3]
    assert not view.flags.c_contiguous
    np.testing.assert_array_equal(centerface.detect(view).box_xyxy, faces.box_xyxy)


def test_what_is_no_picture_is_refused(centerface: CenterFace) -> None:
    with pytest.raises(ValueError, match="uint8"):
        centerface.detect(np.zeros((4, 4, 3), np.float32))
