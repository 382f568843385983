"""Following both ways in time: late looks, frames passed over, short absences."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bench.tracking.render import Painted
from mien.detect.cascade import ImageDetector
from mien.detect.video import EVERY, VideoDetector
from mien.faces import Faces
from mien.media import read_image
from mien.models import file_of
from mien.pipeline.follow import Follower, Step, between, slow, with_last
from mien.timecode import Time
from mien.track.tracker import OnlineTracker
from tests.detect.scenes import bust, iou

Array = NDArray[Any]
SIZE = 60  # of the face in pixels


class Stage:
    """Paints her head at places on a textured ground, and knows where the face is."""

    def __init__(self, astronaut: Array) -> None:
        self.head, self.box = bust(astronaut, SIZE)
        grain = np.random.default_rng(2).integers(0, 256, (9, 16, 3), np.uint8)
        self.ground = np.asarray(cv2.resize(grain, (480, 270), interpolation=cv2.INTER_CUBIC))

    def paint(self, place: tuple[int, int] | None) -> Array:
        picture = self.ground.copy()
        if place is not None:
            x, y = place
            picture[y : y + len(self.head), x : x + len(self.head)] = self.head
        return picture

    def truth(self, place: tuple[int, int]) -> Array:
        box: Array = self.box + np.array([*place, *place])
        return box

    def frames(self, places: Iterable[tuple[int, int] | None]) -> list[Painted]:
        return [
            Painted(self.paint(place), Time(number, Fraction(1, 25)))
            for number, place in enumerate(places)
        ]


@pytest.fixture(scope="module")
def stage() -> Stage:
    return Stage(read_image(file_of("sample-astronaut")))


@pytest.fixture(scope="module")
def images() -> ImageDetector:
    return ImageDetector.load("balanced", threads=1)


def nobody(rgb: Array, faces: Faces) -> Faces:
    """No embeddings: every row failed."""
    return replace(faces, embedding=np.full((len(faces), 128), np.nan))


def follow(
    images: ImageDetector,
    frames: Iterable[Painted],
    *,
    stride: int = 1,
    held: int = 30,
    cautious: bool = False,
) -> tuple[list[Step], OnlineTracker]:
    tracker = OnlineTracker(part=True)
    detector = VideoDetector.of(images, "balanced")
    follower = Follower(detector, tracker, nobody, stride=stride, held=held, cautious=cautious)
    return list(follower.follow(frames)), tracker


def test_a_face_that_comes_between_two_looks_is_followed_back_to_its_first_frame(
    images: ImageDetector, stage: Stage
) -> None:
    """It shows from frame 5 on; the whole frame is looked at again at frame 30."""
    places = [None] * 5 + [(60 + 4 * k, 30 + k) for k in range(35)]
    steps, tracker = follow(images, stage.frames(places))
    assert [len(step.faces) for step in steps] == [0] * 5 + [1] * 35
    for step, place in zip(steps, places, strict=True):
        if place is not None:
            assert iou(step.faces.box_xyxy, stage.truth(place)[None])[0, 0] > 0.6
    ids = {int(n) for step in steps for n in np.asarray(step.faces.track_id).tolist()}
    assert ids == {0}
    (piece,) = tracker.tracklets()
    assert piece.start == Time(5, Fraction(1, 25))
    assert piece.confirmed


def test_a_face_that_comes_shortly_before_the_end_is_found(
    images: ImageDetector, stage: Stage
) -> None:
    places = [None] * 7 + [(60, 30)] * 3
    steps, tracker = follow(images, stage.frames(places))
    assert [len(step.faces) for step in steps] == [0] * 7 + [1] * 3
    (piece,) = tracker.tracklets()
    assert not piece.confirmed  # the driver joins it with what follows, or leaves it out


def test_a_new_face_is_not_followed_back_beyond_a_cut(images: ImageDetector, stage: Stage) -> None:
    frames = stage.frames([(60, 30)] * 30)
    for frame in frames[:12]:
        frame.rgb = np.ascontiguousarray(255 - frame.rgb[::-1, ::-1])
    steps, _ = follow(images, frames)
    assert [step.cut for step in steps].index(True) == 12
    assert [len(step.faces) for step in steps] == [0] * 12 + [1] * 18


def test_held_frames_bound_how_far_back_is_looked(images: ImageDetector, stage: Stage) -> None:
    places = [None] * 2 + [(60, 30)] * 38
    steps, _ = follow(images, stage.frames(places), held=4)
    first = [len(step.faces) for step in steps].index(1)
    assert first == EVERY["balanced"] - 4
    assert all(len(step.faces) == 1 for step in steps[first:])


def test_caution_follows_a_face_that_can_hardly_be_seen(
    images: ImageDetector, stage: Stage
) -> None:
    """It fades until it has all but gone."""
    frames = stage.frames([(60, 30)] * 60)
    for number, frame in enumerate(frames[20:], 20):
        share = max(0.0, 1 - (number - 20) / 40)
        frame.rgb = (share * frame.rgb + (1 - share) * stage.ground).astype(np.uint8)
    last = {}
    for cautious in (False, True):
        steps, _ = follow(images, frames, cautious=cautious)
        seen = [number for number, step in enumerate(steps) if len(step.faces)]
        assert seen == list(range(len(seen)))
        for number in seen:
            truth = stage.truth((60, 30))
            assert iou(steps[number].faces.box_xyxy, truth[None])[0, 0] > 0.4
        last[cautious] = seen[-1]
    assert last[True] >= last[False] + 2


def test_slow_faces_are_passed_over_and_lie_between(images: ImageDetector, stage: Stage) -> None:
    places = [(60 + k, 30) for k in range(24)]
    steps, tracker = follow(images, stage.frames(places), stride=2)
    passed = [bool(np.isnan(step.faces.score).any()) for step in steps]
    assert 8 <= sum(passed) <= 12
    assert not passed[0]
    assert not passed[-1]
    for step, place in zip(steps, places, strict=True):
        assert len(step.faces) == 1
        assert np.asarray(step.faces.track_id).tolist() == [0]
        assert iou(step.faces.box_xyxy, stage.truth(place)[None])[0, 0] > 0.6
    middles = np.array([step.faces.box_xyxy[0, [0, 2]].mean() for step in steps])
    assert np.abs(np.diff(middles)).max() < 4  # as smooth as the face
    (piece,) = tracker.tracklets()
    assert len(piece.runs) == 1


def test_fast_faces_are_looked_at_in_every_frame(images: ImageDetector, stage: Stage) -> None:
    places = [(20 + 18 * k, 30) for k in range(18)]
    steps, _ = follow(images, stage.frames(places), stride=2)
    late = steps[3:]  # until its speed is known
    assert not any(np.isnan(step.faces.score).any() for step in late)
    for step, place in zip(steps, places, strict=True):
        assert iou(step.faces.box_xyxy, stage.truth(place)[None]).max(initial=0) > 0.5


def test_a_face_that_stops_being_slow_is_looked_for_where_it_was_passed_over(
    images: ImageDetector, stage: Stage
) -> None:
    still = [(60, 30)] * 9
    places = still + [(60 + 25 * k, 30) for k in range(1, 6)]
    steps, _ = follow(images, stage.frames(places), stride=2)
    for step, place in zip(steps, places, strict=True):
        assert iou(step.faces.box_xyxy, stage.truth(place)[None]).max(initial=0) > 0.5


def test_a_short_absence_is_bridged_out_of_sight(images: ImageDetector, stage: Stage) -> None:
    """Hidden for a third of a second while it goes on."""
    places: list[tuple[int, int] | None] = [(60 + 3 * k, 30) for k in range(40)]
    shown = [place if not 15 <= k < 23 else None for k, place in enumerate(places)]
    steps, tracker = follow(images, stage.frames(shown))
    assert [len(step.faces) for step in steps] == [1] * 15 + [0] * 8 + [1] * 17
    assert [len(step.hidden) for step in steps] == [0] * 15 + [1] * 8 + [0] * 17
    for step, place in zip(steps[15:23], places[15:23], strict=True):
        assert place is not None
        assert np.isnan(step.hidden.score).all()
        assert np.asarray(step.hidden.track_id).tolist() == [0]
        assert iou(step.hidden.box_xyxy, stage.truth(place)[None])[0, 0] > 0.5
    (piece,) = tracker.tracklets()
    assert len(piece.runs) == 1


def test_a_longer_absence_is_not_bridged(images: ImageDetector, stage: Stage) -> None:
    shown = [(60, 30) if not 10 <= k < 25 else None for k in range(40)]  # 0.6 s
    steps, _ = follow(images, stage.frames(shown))
    assert not any(len(step.hidden) for step in steps)


def test_frames_are_let_go_of(images: ImageDetector, stage: Stage) -> None:
    """Also those in which somebody was last seen."""
    shown = [(60, 30) if k % 8 < 4 else None for k in range(60)]
    frames = stage.frames(shown)
    alive = [weakref.ref(frame) for frame in frames]
    frames.reverse()

    def given() -> Iterator[Painted]:
        while frames:
            yield frames.pop()

    detector, tracker = VideoDetector.of(images, "balanced"), OnlineTracker(part=True)
    for number, _ in enumerate(Follower(detector, tracker, nobody, held=5).follow(given())):
        gone = [ref() is None for ref in alive[:number]]
        assert sum(gone) >= number - 1


def test_no_frames(images: ImageDetector) -> None:
    assert follow(images, [])[0] == []


def two(xs: list[float], ids: list[int]) -> Faces:
    boxes = np.array([[x, 10, x + 40, 60] for x in xs]).reshape(-1, 4)
    return Faces(boxes, np.full(len(xs), 0.9), track_id=np.array(ids))


def test_between() -> None:
    faces = between(two([0, 100, 300], [4, 7, -1]), two([110, 8, 300], [7, 4, -1]), 0.25)
    assert np.asarray(faces.track_id).tolist() == [4, 7]
    assert faces.box_xyxy[:, 0].tolist() == [2, 102.5]
    assert np.isnan(faces.score).all()
    assert len(between(Faces.empty(), two([1], [3]), 0.5)) == 0


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        ([0, 100], [2, 98], True),
        ([0, 100], [2, 130], False),
        ([0], [0, 100], False),
        ([], [], True),
    ],
)
def test_slow(before: list[float], now: list[float], expected: bool) -> None:
    ids = list(range(5))
    assert slow(two(before, ids[: len(before)]), two(now, ids[: len(now)])) is expected


def test_the_last_is_known() -> None:
    frames: list[Any] = [0, 1, 2]
    assert list(with_last([])) == []
    assert [last for _, last in with_last(frames)] == [False, False, True]
    assert [frame for frame, _ in with_last(frames)] == frames
