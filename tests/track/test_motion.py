"""The filter follows real time, not frame counts, and knows how little it knows."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.track.motion import Motion

Array = NDArray[Any]


def box(x: float, y: float = 100.0, width: float = 50.0) -> Array:
    return np.array([[x - width / 2, y - width, x + width / 2, y + width]])


def followed(times: list[float], speed: float = 300.0) -> Motion:
    """A face at an even speed, seen at these times."""
    motion = Motion()
    motion.add(box(speed * times[0]))
    for before, now in pairwise(times):
        motion.predict(now - before)
        motion.update(np.array([0]), box(speed * now), np.array([True]))
    return motion


@pytest.mark.parametrize(
    "times",
    [
        np.arange(0, 1, 1 / 30).tolist(),
        np.arange(0, 1, 1 / 10).tolist(),
        np.cumsum([0.01, 0.08, 0.02, 0.15, 0.04] * 4).tolist(),  # a variable rate
    ],
)
def test_the_speed_is_learned_at_any_frame_rate(times: list[float]) -> None:
    motion = followed(times)
    assert motion.velocity[0] == pytest.approx([300, 0], abs=15)
    motion.predict(0.5)
    assert motion.centre[0, 0] == pytest.approx(300 * (times[-1] + 0.5), abs=10)


def test_two_steps_are_as_one() -> None:
    once, twice = followed([0, 0.1, 0.2]), followed([0, 0.1, 0.2])
    once.predict(0.4)
    twice.predict(0.1)
    twice.predict(0.3)
    assert once.centre == pytest.approx(twice.centre)
    assert once.variance == pytest.approx(twice.variance)


def test_the_likelihood_falls_with_distance_size_and_absence() -> None:
    motion = followed(np.arange(0, 1, 1 / 30).tolist(), speed=0)
    motion.predict(1 / 30)
    (here, beside, larger) = motion.cost(np.concatenate([box(0), box(30), box(0, width=90)]))[0]
    assert here < 1 < beside
    assert here < larger
    motion.predict(0.5)
    (later, later_beside) = motion.cost(np.concatenate([box(0), box(30)]))[0]
    assert later > here + 3  # a track unseen for long claims less
    assert later_beside - later < (beside - here) / 3  # and cares less where


def test_a_face_near_the_camera_may_move_more_pixels() -> None:
    motion = Motion()
    motion.add(np.concatenate([box(0, width=40), box(0, width=400)]))
    motion.predict(1 / 30)
    small, large = motion.cost(box(40, width=40))[0, 0], motion.cost(box(400, width=400))[1, 0]
    assert small == pytest.approx(large)


def test_a_sudden_turn_opens_the_filter() -> None:
    motion = followed(np.arange(0, 1, 1 / 30).tolist(), speed=600)
    turn = motion.centre[0, 0]
    for step in range(1, 5):
        motion.predict(1 / 30)
        motion.update(np.array([0]), box(turn - 20 * step), np.array([True]))
    assert motion.velocity[0, 0] < -300


def test_an_unsure_sighting_moves_the_track_less() -> None:
    moved = []
    for sure in (True, False):
        motion = followed(np.arange(0, 1, 1 / 30).tolist(), speed=0)
        motion.update(np.array([0]), box(10), np.array([sure]))
        moved.append(motion.centre[0, 0])
    assert 0 < moved[1] < moved[0] < 10


def test_rows_are_kept_aligned() -> None:
    motion = Motion()
    motion.add(np.concatenate([box(0), box(100), box(200)]))
    motion.copy(2, 0)
    motion.keep(np.array([True, False, True]))
    assert len(motion) == 2
    assert motion.box_xyxy == pytest.approx(np.concatenate([box(200), box(200)]))
