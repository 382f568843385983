"""Values between measurements: lines, ends, absences, failures; smoothing without lag."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.faces import Faces
from mien.timecode import Time
from mien.timeline.between import fill_between, interpolated, smoothed
from mien.timeline.timeline import Timeline, TimelineBuilder, VideoFacts

Array = NDArray[np.float64]
RATE = 30


def step(seconds: Array, onset: float) -> Array:
    """(k, 8) neutral before the onset, happy after it."""
    happy = (seconds >= onset).astype(float)
    values = np.zeros((len(seconds), 8))
    values[:, 0], values[:, 1] = 1 - happy, happy
    return values


def crossing(values: Array, seconds: Array) -> float:
    """When happiness rises above a half."""
    after = int(np.argmax(values[:, 1] >= 0.5))
    low, high = values[after - 1, 1], values[after, 1]
    share = (0.5 - low) / (high - low)
    return float(seconds[after - 1] + share * (seconds[after] - seconds[after - 1]))


def test_a_line_between_two_measurements() -> None:
    values = interpolated(np.array([[0.0], [1.0]]), np.array([1.0, 1.4]), np.array([1.1, 1.3]))
    assert values[:, 0] == pytest.approx([0.25, 0.75])


def test_the_nearest_holds_at_the_ends_and_for_a_quarter_of_a_second() -> None:
    at = np.array([1.0, 1.2, 4.0])
    wanted = np.array([0.6, 0.9, 1.3, 1.4, 1.5, 3.9, 4.2, 4.4])
    values = interpolated(np.array([[5.0], [6.0], [9.0]]), at, wanted)[:, 0]
    assert values == pytest.approx([np.nan, 5, 6, 6, np.nan, 9, 9, np.nan], nan_ok=True)


def test_one_measurement() -> None:
    values = interpolated(np.array([[3.0]]), np.array([1.0]), np.array([0.9, 1.0, 1.1, 2.0]))
    assert values[:, 0] == pytest.approx([3, 3, 3, np.nan], nan_ok=True)


def test_nothing_is_made_up_beside_a_failure() -> None:
    emotion = np.full((5, 8), np.nan, np.float32)
    emotion[0] = 0.125
    measured = np.array([True, False, True, False, True])
    emotion[4] = 0.125
    fill_between({"emotion": emotion}, np.arange(5), measured, np.arange(5) * 0.1, smooth=True)
    assert np.isfinite(emotion).all(axis=1).tolist() == [True, False, False, False, True]


def test_without_a_measurement_nothing_is_filled() -> None:
    age = np.full(3, np.nan, np.float32)
    fill_between({"age": age}, np.arange(3), np.zeros(3, bool), np.arange(3) / RATE, smooth=True)
    assert np.isnan(age).all()


@pytest.mark.parametrize("every", [1, 3, 6])
@pytest.mark.parametrize("onset", [1.0, 1.5167, 2.03])
def test_an_onset_is_neither_late_nor_early(every: int, onset: float) -> None:
    """Half a stride is what measuring now and then costs; smoothing adds nothing."""
    rows = np.arange(4 * RATE)
    seconds, measured = rows / RATE, rows % every == 0
    when = {}
    for smooth in (False, True):
        emotion = step(seconds, onset).astype(np.float32)
        emotion[~measured] = np.nan
        fill_between({"emotion": emotion}, rows, measured, seconds, smooth=smooth)
        assert np.abs(emotion.sum(axis=1) - 1).max() < 1e-5
        when[smooth] = crossing(emotion.astype(float), seconds)
    assert abs(when[False] - onset) <= (every + 1) / 2 / RATE
    assert abs(when[True] - when[False]) < 0.005


def test_smoothing_takes_two_thirds_of_the_noise() -> None:
    seconds = np.arange(100) / RATE
    noise = np.random.default_rng(0).normal(0, 0.1, (100, 1))
    assert smoothed(noise, seconds).std() < noise.std() / 3
    assert smoothed(np.ones((100, 1)), seconds) == pytest.approx(np.ones((100, 1)))


def test_smoothing_does_not_reach_over_an_absence() -> None:
    values = np.array([[0.0], [0.0], [1.0], [1.0]])
    assert smoothed(values, np.array([0, 0.1, 1.0, 1.1])) == pytest.approx(values)


def built(*, smooth: bool) -> Timeline:
    """Two people over 13 frames, measured in every third; one is out of sight in frame 4."""
    with TimelineBuilder(VideoFacts(100, 100, Fraction(RATE), Fraction(1, RATE))) as builder:
        for number in range(13):
            measured = number % 3 == 0
            flags = np.array([float(measured), np.nan if number == 4 else float(measured)])
            boxes = np.tile([0.0, 0, 10, 10], (2, 1))
            faces = Faces(boxes, np.ones(2), track_id=np.array([7, 8]), measured=flags)
            if measured:
                faces = replace(faces, age=np.array([20.0 + number, 40 - number]))
            builder.add(Time(number, Fraction(1, RATE)), 1, faces)
        return builder.finish({7: 0, 8: 1}, smooth=smooth)


def test_a_timeline_gets_the_values_between() -> None:
    timeline = built(smooth=False)
    age, tracks = timeline.faces.age, timeline.tracks()
    assert age is not None
    assert age[tracks[0]] == pytest.approx(20 + np.arange(13.0))
    expected = 40 - np.arange(13.0)
    expected[4] = np.nan
    assert age[tracks[1]] == pytest.approx(expected, nan_ok=True)
    assert timeline.faces.measured is not None
    assert timeline.faces.measured[tracks[0]].tolist() == [float(n % 3 == 0) for n in range(13)]
