"""Following a box through pictures made on the spot, in which its place is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bench.tracking.render import texture
from mien.track.boxes import iou
from mien.track.drawn import SURE, BoxTracker

Array = NDArray[Any]
Path = Callable[[int], tuple[float, float, float]]

WIDTH, HEIGHT = 320, 180
GROUND = cv2.cvtColor(texture(WIDTH, HEIGHT, 5), cv2.COLOR_RGB2GRAY)
THING = cv2.cvtColor(texture(96, 96, 11), cv2.COLOR_RGB2GRAY)[::-1]

STILL: Path = lambda k: (160, 90, 40)  # noqa: E731
WALK: Path = lambda k: (60 + 2.5 * k, 80 + 10 * np.sin(k / 6), 40)  # noqa: E731
NEARER: Path = lambda k: (160 + k, 90, 24 * 1.02**k)  # noqa: E731
AWAY: Path = lambda k: (160 - k, 90, 64 / 1.02**k)  # noqa: E731
QUICK: Path = lambda k: (40 + 7 * k, 90, 40)  # noqa: E731


def box_of(path: Path, frame: int) -> Array:
    x, y, side = path(frame)
    return np.array([x - side / 2, y - side / 2, x + side / 2, y + side / 2])


def picture(path: Path, frame: int, *, light: float = 1.0) -> Array:
    x, y, side = path(frame)
    picture, scale = GROUND.copy(), side / len(THING)
    way = np.array([[scale, 0, x - side / 2 + scale / 2 - 0.5],
                    [0, scale, y - side / 2 + scale / 2 - 0.5]])  # fmt: skip
    size = WIDTH, HEIGHT
    thing = cv2.warpAffine(cv2.blur(THING, (3, 3)), way, size)
    inside = cv2.warpAffine(np.full_like(THING, 255), way, size)
    picture[inside > 127] = thing[inside > 127]
    lit: Array = np.clip(picture * light, 0, 255).astype(np.uint8)
    return lit


@pytest.mark.parametrize(
    ("path", "least"),
    [(STILL, 0.95), (WALK, 0.85), (NEARER, 0.75), (AWAY, 0.75), (QUICK, 0.8)],
    ids=["still", "walk", "nearer", "away", "quick"],
)
def test_what_moves_is_followed(path: Path, least: float) -> None:
    tracker = BoxTracker(picture(path, 0), box_of(path, 0))
    for frame in range(1, 36):
        seen = tracker.update(picture(path, frame))
        assert iou(seen.box[None], box_of(path, frame)[None])[0, 0] >= least, frame
        assert seen.confidence >= SURE


def test_light_that_changes_is_no_matter() -> None:
    tracker = BoxTracker(picture(WALK, 0), box_of(WALK, 0))
    for frame in range(1, 30):
        seen = tracker.update(picture(WALK, frame, light=0.5 + 0.5 * np.cos(frame / 4) ** 2))
        assert iou(seen.box[None], box_of(WALK, frame)[None])[0, 0] >= 0.8, frame


def test_what_is_gone_is_not_believed_to_be_there() -> None:
    tracker = BoxTracker(picture(STILL, 0), box_of(STILL, 0))
    for frame in range(1, 10):
        assert tracker.update(picture(STILL, frame)).confidence > 0.6
    assert [tracker.update(GROUND).confidence < SURE for _ in range(5)] == [True] * 5


def test_it_is_found_again_where_it_was_hidden_for_a_moment() -> None:
    tracker = BoxTracker(picture(STILL, 0), box_of(STILL, 0))
    for _ in range(6):
        tracker.update(GROUND)
    seen = tracker.update(picture(STILL, 7))
    assert iou(seen.box[None], box_of(STILL, 7)[None])[0, 0] >= 0.8
    assert seen.confidence >= SURE


def test_the_same_pictures_give_the_same_boxes() -> None:
    runs = []
    for _ in range(2):
        tracker = BoxTracker(picture(WALK, 0), box_of(WALK, 0))
        runs.append([tracker.update(picture(WALK, k)) for k in range(1, 15)])
    for one, other in zip(*runs, strict=True):
        np.testing.assert_array_equal(one.box, other.box)
        assert one.confidence == other.confidence


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_flat_picture_gives_finite_boxes(level: int) -> None:
    flat = np.full((HEIGHT, WIDTH), level, np.uint8)
    tracker = BoxTracker(flat, np.array([-5.0, -5, 3, 400]))
    for _ in range(3):
        seen = tracker.update(flat)
        assert np.isfinite(seen.box).all()
        assert 0 <= seen.confidence <= 1
