"""Measures of faces: exact numbers from known tables."""

from __future__ import annotations

import math
from typing import Any

import pytest

from mien.fairness.groups import DIMENSIONS, places
from mien.fairness.intervals import wilson
from mien.fairness.labels import Age
from mien.fairness.looking import Seen
from mien.fairness.measures import FEW, Measure, Slice, measure_faces
from mien.fairness.questions import FACE_MEASURES
from tests.fairness.made import face, report, seen, times

BY_NAME = {how.name: how for how in FACE_MEASURES}


def measured(name: str, faces: list[Seen]) -> Measure:
    return measure_faces(BY_NAME[name], faces)


def counts(measure: Measure, dimension: str) -> dict[str, tuple[int | None, int]]:
    """Events and trials of each group."""
    return {
        one.group: (one.events, one.trials) for one in measure.slices if one.dimension == dimension
    }


GENDERS = [
    *times(40, gender="female", female=0.9),
    *times(10, gender="female", female=0.4999),
    *times(57, gender="male", female=0.1),
    *times(3, gender="male", female=0.5),
    *times(7, gender="other", female=0.9),
    *times(5, female=0.9),
    *times(2, gender="male"),
    *[seen(found=False, gender="male", yaw=50.0) for _ in range(4)],
]
"""Of 50 women 10 are taken for men, of 60 men 3 for women; two are found and not described, four
are not found."""


class TestGender:
    def test_errors_by_gender(self) -> None:
        measure = measured("gender_error", GENDERS)
        assert (measure.whole.events, measure.whole.trials) == (13, 110)
        assert measure.whole.value == 13 / 110
        assert (measure.whole.low, measure.whole.high) == wilson(13, 110)
        assert counts(measure, "gender") == {"female": (10, 50), "male": (3, 60)}
        assert measure.undescribed == 2

    def test_by_what_is_the_same_for_all(self) -> None:
        measure = measured("gender_error", GENDERS)
        assert counts(measure, "pose") == {"under 15°": (13, 110)}
        assert counts(measure, "skin_tone") == {"light": (13, 110)}
        assert counts(measure, "age") == {}

    def test_recall(self) -> None:
        measure = measured("detection_recall", GENDERS)
        assert (measure.whole.events, measure.whole.trials) == (124, 128)
        assert counts(measure, "gender") == {
            "female": (50, 50),
            "male": (62, 66),
            "other": (7, 7),
            "not known": (5, 5),
        }
        assert counts(measure, "pose") == {"under 15°": (124, 124), "45° and more": (0, 4)}
        assert counts(measure, "skin_tone") == {"light": (124, 124), "not known": (0, 4)}


class TestGroups:
    @pytest.mark.parametrize(
        ("name", "told", "place"),
        [
            *(("gender", {"gender": gender}, at) for at, gender in
              enumerate(("female", "male", "other"))),
            ("age", {"labelled_age": Age(0, 0)}, 0),
            ("age", {"labelled_age": Age(29.5, 29.5)}, 2),
            ("age", {"labelled_age": Age(30, 40)}, 3),
            ("age", {"labelled_age": Age(95, 95)}, 7),
            ("age", {"labelled_age": Age(70, math.inf)}, 7),
            ("skin_tone", {"skin": 60.0}, 0),
            ("skin_tone", {"skin": -31.0}, 5),
            ("skin_tone", {"skin": 60.0, "skin_tone": "brown"}, 4),
            ("skin_tone", {"skin": math.nan, "skin_tone": "tan"}, 3),
            ("pose", {"yaw": 14.9}, 0),
            ("pose", {"yaw": -15.0}, 1),
            ("pose", {"yaw": 44.0}, 2),
            ("pose", {"yaw": -80.0}, 3),
            ("blur", {"blur": 0.24}, 0),
            ("blur", {"blur": 0.25}, 1),
            ("blur", {"blur": 0.9}, 2),
        ],
    )  # fmt: skip
    def test_where_a_face_goes(self, name: str, told: dict[str, Any], place: int) -> None:
        (dimension,) = [one for one in DIMENSIONS if one.name == name]
        assert places(dimension, [seen(**told)]).tolist() == [place]

    def test_what_is_not_known_goes_nowhere(self) -> None:
        assert [places(one, [seen()]).tolist() for one in DIMENSIONS] == [[-1]] * 5

    def test_a_dimension_of_which_nothing_is_known_is_not_there(self) -> None:
        measure = measured("detection_recall", [seen() for _ in range(3)])
        assert [(one.dimension, one.group, one.trials) for one in measure.slices] == [
            ("all", "all", 3)
        ]


def test_groups_of_the_users_own() -> None:
    faces = [
        *times(3, gender="male", female=0.0, group="north"),
        *times(2, gender="male", female=1.0, group="east"),
        *times(1, gender="male", female=0.0),
    ]
    measure = measured("gender_error", faces)
    assert counts(measure, "group") == {"east": (2, 2), "north": (0, 3), "not known": (0, 1)}
    assert counts(measured("gender_error", faces[-1:]), "group") == {}


class TestSmile:
    FACES = (
        *times(30, labelled_smile=True, smile=0.5),
        *times(10, labelled_smile=True, smile=0.49),
        *times(57, labelled_smile=False, smile=0.0),
        *times(3, labelled_smile=False, smile=1.0),
        *times(4, labelled_smile=True),
        *times(6, smile=1.0),
    )

    @pytest.mark.parametrize(
        ("name", "events", "trials", "undescribed"),
        [
            ("smile_error", 13, 100, 4),
            ("smile_missed", 10, 40, 4),
            ("smile_invented", 3, 60, 0),
        ],
    )
    def test_both_ways(self, name: str, events: int, trials: int, undescribed: int) -> None:
        measure = measured(name, list(self.FACES))
        assert (measure.whole.events, measure.whole.trials) == (events, trials)
        assert measure.undescribed == undescribed


class TestGlasses:
    FACES = (
        *times(20, labelled_glasses="none", glasses="NoGlasses"),
        *times(1, labelled_glasses="none", glasses="Sunglasses"),
        *times(8, labelled_glasses="reading", glasses="ReadingGlasses"),
        *times(2, labelled_glasses="reading", glasses="NoGlasses"),
        *times(3, labelled_glasses="sunglasses", glasses="ReadingGlasses"),
        *times(4, labelled_glasses="goggles", glasses="SwimmingGoggles"),
        *times(5, labelled_glasses="some", glasses="Sunglasses"),
        *times(6, labelled_glasses="some", glasses="NoGlasses"),
        *times(7, labelled_glasses="none"),
    )

    @pytest.mark.parametrize(
        ("name", "events", "trials"),
        [
            ("glasses_error", 9, 49),
            ("glasses_missed", 8, 28),
            ("glasses_invented", 1, 21),
            ("glasses_kind_error", 6, 38),
        ],
    )
    def test_any_and_kind(self, name: str, events: int, trials: int) -> None:
        whole = measured(name, list(self.FACES)).whole
        assert (whole.events, whole.trials) == (events, trials)


def test_emotion() -> None:
    faces = [
        *times(3, labelled_emotion="anger", emotion="anger"),
        *times(2, labelled_emotion="anger", emotion="disgust"),
        *times(1, labelled_emotion="neutral"),
        *times(1, emotion="anger"),
    ]
    measure = measured("emotion_error", faces)
    assert (measure.whole.events, measure.whole.trials, measure.undescribed) == (2, 5, 1)


class TestAge:
    FACES = (
        face(labelled_age=Age(30, 40), age=30.0),
        face(labelled_age=Age(30, 40), age=39.9),
        face(labelled_age=Age(30, 40), age=40.0),
        face(labelled_age=Age(30, 40), age=25.0),
        face(labelled_age=Age(30, 40), age=50.0),
        face(labelled_age=Age(8, 8), age=12.0),
        face(labelled_age=Age(70, math.inf), age=79.0),
        face(labelled_age=Age(70, math.inf), age=59.0),
        face(labelled_age=Age(33, 33)),
        seen(found=False, labelled_age=Age(33, 33)),
    )

    def test_decades(self) -> None:
        """Off by: 0, 0, 1, -1, 2, 1, 0, -2."""
        near, far = (
            measured(name, list(self.FACES)) for name in ("age_decade_error", "age_far_error")
        )
        assert (near.whole.events, near.whole.trials, near.undescribed) == (5, 8, 1)
        assert (far.whole.events, far.whole.trials) == (2, 8)
        assert counts(near, "age") == {
            "0–9": (1, 1),
            "30–39": (3, 5),
            "70 and over": (1, 2),
        }

    def test_years(self) -> None:
        """From 35, 35, 35, 35, 35 and 8: -5, 4.9, 5, -10, 15, 4; "70+" has no middle."""
        error, bias = (
            measured(name, list(self.FACES)).whole for name in ("age_error_years", "age_bias_years")
        )
        assert (error.trials, error.events) == (6, None)
        assert error.value == pytest.approx(43.9 / 6)
        assert bias.value == pytest.approx(13.9 / 6)
        assert bias.low < 0 < bias.high

    def test_a_mean_error_is_not_below_nothing(self) -> None:
        faces = [face(labelled_age=Age(30, 30), age=years) for years in (30.0, 31.0)]
        error, bias = (
            measured(name, faces).whole for name in ("age_error_years", "age_bias_years")
        )
        assert error.low == 0
        assert bias.low == pytest.approx(-5.85, abs=0.01)


class TestFew:
    def test_fewer_than_thirty(self) -> None:
        assert FEW == 30
        assert Slice("age", "0–9", 29, 0, 0, 1, 0).few
        assert not Slice("age", "0–9", 30, 0, 0, 1, 0).few

    def test_many_pairs_of_few_persons(self) -> None:
        assert Slice("age", "0–9", 1000, 0, 0, 1, 0, persons=29).few
        assert not Slice("age", "0–9", 1000, 0, 0, 1, 0, persons=30).few


class TestDifferences:
    @staticmethod
    def of(women_wrong: int, men_wrong: int, n: int = 100) -> list[tuple[str, str, str, str]]:
        faces = [
            *times(women_wrong, gender="female", female=0.0),
            *times(n - women_wrong, gender="female", female=1.0),
            *times(men_wrong, gender="male", female=1.0),
            *times(n - men_wrong, gender="male", female=0.0),
        ]
        return [
            (one.measure.name, one.dimension, one.highest.group, one.lowest.group)
            for one in report(faces).differences
        ]

    def test_intervals_apart(self) -> None:
        assert self.of(20, 3) == [("gender_error", "gender", "female", "male")]
        assert self.of(3, 20) == [("gender_error", "gender", "male", "female")]

    def test_intervals_that_overlap(self) -> None:
        assert self.of(12, 8) == []

    def test_any_two_groups_not_only_those_of_the_extreme_values(self) -> None:
        """50 % of 30 says less than 45 % of 1,000; the latter is apart from 38 % of 1,000."""
        faces = [
            face(labelled_age=Age(decade, decade), age=float(decade + 10 * (at < wrong)))
            for decade, wrong, n in ((20, 15, 30), (30, 450, 1000), (40, 380, 1000))
            for at in range(n)
        ]
        (found,) = [
            one for one in report(faces).differences if one.measure.name == "age_decade_error"
        ]
        assert (found.highest.group, found.lowest.group) == ("30–39", "40–49")

    def test_groups_of_few_are_not_compared(self) -> None:
        assert self.of(29, 0, n=29) == []
        assert self.of(30, 0, n=30) == [("gender_error", "gender", "female", "male")]

    def test_the_unknown_are_no_group(self) -> None:
        faces = [
            *times(50, gender="female", female=1.0),
            *[seen(found=False) for _ in range(50)],
        ]
        assert report(faces).differences == ()
