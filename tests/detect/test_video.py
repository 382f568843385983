"""Detection in video: the crops between two whole frames must see what the whole frame would."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.detect import BlazeFace, ImageDetector
from mien.detect.video import CAUTIOUS_EVERY, CROP, EVERY, ROOM, VideoDetector, around, cut
from mien.errors import UsageError
from mien.faces import Faces
from mien.media import open_video
from mien.models import file_of
from tests.detect.scenes import bust, iou, plain, texture

Array = NDArray[Any]


@pytest.fixture
def detector() -> VideoDetector:
    return VideoDetector.load("balanced")


def scene(astronaut: Array, size: float, left: float, top: float = 40) -> tuple[Array, Array]:
    """A frame of 640x360 with her bust at a place, and the box of her face."""
    picture, box = bust(astronaut, size)
    frame = plain(360, 640, 120)
    x, y = round(left), round(top)
    inside = picture[: max(0, 360 - y), : max(0, 640 - x)]
    frame[y : y + inside.shape[0], x : x + inside.shape[1]] = inside
    return frame, box + np.array([x, y, x, y])


def test_a_real_clip_is_seen_on_every_frame_for_a_fraction_of_the_work(
    detector: VideoDetector,
) -> None:
    with open_video(file_of("sample-carphone")) as video:
        found = [detector.detect(frame.rgb) for frame in video.frames()]
    assert [len(faces) for faces in found] == [1] * 120
    assert 120 / EVERY["balanced"] <= detector.whole_frames <= 15
    middles = np.array([(f.box_xyxy[0, :2] + f.box_xyxy[0, 2:]) / 2 for f in found])
    assert np.abs(np.diff(middles, axis=0)).max() < 12  # no jump; the face is 65 pixels wide


@pytest.mark.parametrize("speed", [0.1, 0.25, 0.5])
def test_a_face_is_followed_up_to_half_its_width_a_frame(
    detector: VideoDetector, astronaut: Array, speed: float
) -> None:
    size, left = 48.0, 20.0
    for number in range(9):
        frame, truth = scene(astronaut, size, left + number * speed * size)
        faces = detector.detect(frame)
        assert len(faces) == 1, number
        assert iou(truth, faces.box_xyxy).max() > 0.5, number


def test_the_crops_agree_with_the_whole_frame(detector: VideoDetector, astronaut: Array) -> None:
    for number in range(12):
        frame, _ = scene(astronaut, 90, 60 + 2 * number)
        near = detector.detect(frame)
        whole = VideoDetector.load("balanced").detect(frame)
        assert iou(near.box_xyxy, whole.box_xyxy).max() > 0.85, number
        assert near.points is not None
        assert whole.points is not None
        assert np.abs(near.points - whole.points).max() < 9, number
    assert detector.whole_frames == 1


def test_a_face_that_has_gone_is_gone_at_once(detector: VideoDetector, astronaut: Array) -> None:
    assert len(detector.detect(scene(astronaut, 60, 100)[0])) == 1
    assert len(detector.detect(scene(astronaut, 60, 101)[0])) == 1
    assert len(detector.detect(plain(360, 640, 120))) == 0


def test_a_new_face_is_seen_at_the_next_whole_frame(
    detector: VideoDetector, astronaut: Array
) -> None:
    for _ in range(3):
        assert len(detector.detect(texture(360, 640, 3))) == 0
    frame, _ = scene(astronaut, 60, 100)
    counts = [len(detector.detect(frame)) for _ in range(EVERY["balanced"])]
    assert counts[0] == 0
    assert counts[-1] == 1
    assert len(VideoDetector.load("balanced").detect(frame)) == 1
    assert len(detector.detect(frame, whole=True)) == 1


def test_two_faces_that_meet_are_never_two_boxes_on_one(
    detector: VideoDetector, astronaut: Array
) -> None:
    for gap in (160, 100, 60, 30, 10, 0):
        frame, _ = scene(astronaut, 60, 100 + gap)
        front, _ = bust(astronaut, 60)
        frame[40 : 40 + len(front), 100 : 100 + len(front)] = front
        boxes = detector.detect(frame).box_xyxy
        overlaps = iou(boxes, boxes) - np.eye(len(boxes))
        assert overlaps.max(initial=0) < 0.4, gap
    assert len(boxes) == 1


def test_what_it_says_depends_on_nothing_but_the_frames(astronaut: Array) -> None:
    frames = [scene(astronaut, 70, 50 + 3 * number)[0] for number in range(6)]
    first, second = (
        [VideoDetector.detect(one, frame).box_xyxy for frame in frames]
        for one in (VideoDetector.load("fast"), VideoDetector.load("fast"))
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_there_is_no_profile_of_any_other_name() -> None:
    with pytest.raises(UsageError, match="best"):
        VideoDetector.load("best")


def test_a_square_stays_while_its_face_does() -> None:
    faces = Faces(np.array([[100, 100, 140, 150.0]]), np.ones(1))
    (square,) = around(faces, np.zeros((0, 3), int))
    assert square[2] == np.ceil(50 * ROOM)
    assert around(faces.shifted(5, 0), square[None]).tolist() == [square.tolist()]
    moved = around(faces.shifted(30, 0), square[None])
    assert moved.tolist() == around(faces.shifted(30, 0), np.zeros((0, 3), int)).tolist()
    assert moved.tolist() != [square.tolist()]
    grown = Faces(np.array([[80, 75, 160, 175.0]]), np.ones(1))
    assert around(grown, square[None]).tolist() != [square.tolist()]


@pytest.mark.parametrize("corner", [(-20, -30), (30, 25), (-200, 0), (90, 10)])
def test_a_square_past_the_edge_is_black_there(corner: tuple[int, int]) -> None:
    rgb = np.random.default_rng(1).integers(1, 255, (60, 80, 3), np.uint8)
    padded = np.zeros((60 + 2 * CROP + 400, 80 + 2 * CROP + 400, 3), np.uint8)
    padded[300:360, 300:380] = rgb
    left, top = corner
    want = padded[300 + top : 300 + top + CROP, 300 + left : 300 + left + CROP]
    assert np.array_equal(cut(rgb, left, top, CROP), want)


@pytest.mark.parametrize("size", [64, 100])
def test_a_sentinel_notices_who_comes_in_between_two_looks(
    blazeface: BlazeFace, astronaut: Array, size: int
) -> None:
    """One is there from the beginning, the other from the fourth frame on."""
    images = ImageDetector.load("balanced")
    first, _ = scene(astronaut, 60, 60)
    second, _ = scene(astronaut, size, 360)
    both = np.hstack([first[:, :320], second[:, 320:]])
    found = {}
    for cautious in (False, True):
        detector = VideoDetector.of(images, "balanced", blazeface if cautious else None)
        frames = [first] * 3 + [both] * 6
        found[cautious] = [len(detector.detect(frame)) for frame in frames]
    assert found[False] == [1] * 9
    assert found[True] == [1] * 3 + [2] * 6


def test_a_sentinel_is_not_alarmed_by_who_is_known(blazeface: BlazeFace, astronaut: Array) -> None:
    detector = VideoDetector.of(ImageDetector.load("balanced"), "balanced", blazeface)
    for number in range(9):
        detector.detect(scene(astronaut, 90, 60 + 3 * number)[0])
    assert detector.whole_frames == 1


class Claims:
    """A fast network that sees faces where it is told to."""

    def __init__(self) -> None:
        self.boxes: list[list[float]] = []

    def detect(self, rgb: Array, *, score: float) -> Faces:
        return Faces(np.array(self.boxes).reshape(-1, 4), np.full(len(self.boxes), score))


def test_a_false_alarm_is_not_repeated_until_the_next_look_that_is_due(astronaut: Array) -> None:
    network = Claims()
    detector = VideoDetector.of(ImageDetector.load("balanced"), "balanced", network)  # type: ignore[arg-type]
    empty, looks = plain(360, 640, 120), []
    for number in range(14):
        network.boxes = [[400 + number, 100, 460 + number, 160]] if number else []
        before = detector.whole_frames
        assert len(detector.detect(empty)) == 0
        looks.append(detector.whole_frames - before)
    assert looks == [1, 1] + [0] * 9 + [1, 1, 0]  # the first, an alarm; due, the alarm again


def test_another_place_alarms_at_once(astronaut: Array) -> None:
    network = Claims()
    detector = VideoDetector.of(ImageDetector.load("balanced"), "balanced", network)  # type: ignore[arg-type]
    empty = plain(360, 640, 120)
    there, box = scene(astronaut, 80, 300)
    detector.detect(empty)
    network.boxes = [[20, 20, 90, 90]]
    detector.detect(empty)
    network.boxes.append(box.tolist())
    assert len(detector.detect(there)) == 1
    assert detector.whole_frames == 3


def test_the_cautious_make_do_without_one_that_is_lost_for_a_few_frames(
    blazeface: BlazeFace, astronaut: Array
) -> None:
    """One of two is covered for a frame, just after a look at the whole: that is the tracker's to
    bridge. When it shows again the sentinel sees it. Who is not cautious looks at the whole at
    once."""
    images = ImageDetector.load("balanced")
    first, _ = scene(astronaut, 60, 60)
    second, _ = scene(astronaut, 64, 360)
    both = np.hstack([first[:, :320], second[:, 320:]])
    for sentinel, looks in ((None, [1, 0, 1, 0]), (blazeface, [1, 0, 0, 1])):
        detector = VideoDetector.of(images, "balanced", sentinel)
        seen = []
        for frame in (both, both, first, both):
            before = detector.whole_frames
            detector.detect(frame)
            seen.append(detector.whole_frames - before)
        assert seen == looks, sentinel


def test_caution_looks_at_the_whole_frame_more_often(
    blazeface: BlazeFace, astronaut: Array
) -> None:
    detector = VideoDetector.of(ImageDetector.load("balanced"), "balanced", blazeface)
    for _ in range(2 * CAUTIOUS_EVERY + 1):
        detector.detect(scene(astronaut, 90, 60)[0])
    assert detector.whole_frames == 3
