from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mien.attention import age_group, emotion_score, impressions, landmarks48
from mien.attention.landmarks import LANDMARKS
from mien.describe.attributes import SCORES
from mien.faces import EMOTIONS
from tests.attention.people import AWAY, LOOKS, watched


def expression(**shares: float) -> np.ndarray:
    """(8,) shares by name, the others 0."""
    return np.array([shares.get(name, 0.0) for name in EMOTIONS])


def scores(**values: float) -> np.ndarray:
    """(26,) scores of attributes by name, the others 0."""
    return np.array([values.get(name, 0.0) for name in SCORES])


def test_an_impression_is_the_mean_of_a_visit() -> None:
    """In view in frames 0, 1 and 6 of ten a second: 0.3 s of 0.7."""
    timeline = watched(
        [LOOKS, AWAY, LOOKS],
        frames=[0, 1, 6],
        emotion=np.stack(
            [expression(happiness=1), expression(sadness=0.5, neutral=0.5), np.full(8, np.nan)]
        ),
        age=[20, 30, 40],
        gender=[0.2, np.nan, 0.4],
        attributes=np.stack([scores(Eyeglasses=0.9), scores(Sunglasses=0.6), scores()]),
    )
    (found,) = impressions(timeline)
    assert found.person == 0
    assert found.duration_s == pytest.approx(0.7)
    assert found.dwell_s == pytest.approx(0.3)
    assert found.attention == pytest.approx(200 / 3)
    assert found.glances == 2
    assert found.age == pytest.approx(30)
    assert found.gender == pytest.approx(0.3)
    assert found.glasses == pytest.approx(0.5)
    expected = expression(happiness=0.5, sadness=0.25, neutral=0.25)
    np.testing.assert_allclose(found.emotion, expected, atol=1e-6)


def test_frames_weigh_as_long_as_they_are_shown() -> None:
    timeline = watched([LOOKS, LOOKS], age=[20, 60])
    timeline = replace(timeline, pts=np.array([0, 3]), durations=np.array([3, 1]))
    (found,) = impressions(timeline)
    assert found.age == pytest.approx(30)


def test_what_was_not_measured_is_not_a_number() -> None:
    (found,) = impressions(watched([AWAY]))
    assert np.isnan(found.emotion).all()
    assert np.isnan([found.age, found.gender, found.glasses]).all()
    assert (found.attention, found.glances) == (0, 0)


def test_everybody_has_one_in_the_order_of_ids() -> None:
    found = impressions(watched([LOOKS] * 3, frames=[0, 0, 0], ids=[7, -1, 2]))
    assert [each.person for each in found] == [2, 7]


def test_nobody_is_no_impression() -> None:
    assert impressions(watched([], count=2)) == []


@pytest.mark.parametrize(
    ("years", "group"),
    [
        (0, "Child"),
        (17.9, "Child"),
        (18, "Young Adult"),
        (34.9, "Young Adult"),
        (35, "Adult"),
        (64.9, "Adult"),
        (65, "Senior"),
        (101, "Senior"),
        (float("nan"), None),
    ],
)
def test_groups_of_age(years: float, group: str | None) -> None:
    assert age_group(years) == group


def test_how_pleasant_an_expression_is() -> None:
    mixed = expression(happiness=0.3, neutral=0.2, surprise=0.1, sadness=0.15, contempt=0.25)
    assert emotion_score(mixed) == pytest.approx((40, 30, 30))
    for name in ("sadness", "anger", "disgust", "fear", "contempt"):
        assert emotion_score(expression(**{name: 1.0})) == (100, 0, 0)
    assert emotion_score(expression(surprise=1)) == (0, 100, 0)
    rounded = emotion_score(expression(happiness=0.6, sadness=0.3).astype(np.float32))
    assert rounded == pytest.approx((100 / 3, 0, 200 / 3), abs=1e-4)
    assert emotion_score(np.full(8, np.nan)) is None


def test_the_landmarks_are_48_means_of_the_mesh() -> None:
    mesh = np.stack([np.arange(478), 1000 + np.arange(478), np.zeros(478)], axis=1).astype(float)
    found = landmarks48(mesh)
    assert len(found) == len(LANDMARKS) == 48
    assert found["noseTipBottom"] == pytest.approx((2, 1002))
    assert found["leftEyeBrowOuterLeft"] == pytest.approx((58, 1058))
    assert found["noseBridge"] == pytest.approx((196, 1196))
    assert np.isnan(landmarks48(np.full((478, 3), np.nan))["noseBody"]).all()


def test_the_landmarks_are_mirrored_in_pairs() -> None:
    """Each point of the left half has its mirror image of the mesh in the right half."""
    mirror = {46: 276, 53: 283, 52: 282, 65: 295, 55: 285, 70: 300, 63: 293, 105: 334, 66: 296}
    mirror |= {107: 336, 33: 263, 160: 387, 158: 385, 133: 362, 153: 380, 144: 373, 98: 327}
    mirror |= {97: 326, 61: 291, 40: 270, 37: 267, 91: 321, 84: 314, 78: 308, 81: 311, 178: 402}
    middle = {6, 197, 195, 5, 4, 2, 0, 17, 13}
    used = sorted(sorted(points) for points in LANDMARKS.values() if not set(points) <= middle)
    left = [points for points in used if set(points) <= mirror.keys()]
    right = sorted(sorted(mirror[point] for point in points) for points in left)
    assert len(left) == len(right) == 20
    assert sorted([*left, *right]) == used
