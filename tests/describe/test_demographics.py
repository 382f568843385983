from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.describe.demographics import YEARS, Demographics
from mien.errors import UsageError
from mien.faces import Faces
from tests.describe.portraits import Portrait

MALE = {"Dad", "Son", "Man"}
AGES = {  # what a person would say, in years
    "Dad": (25, 45),
    "Mom": (22, 40),
    "Daughter": (2, 12),
    "Son": (4, 13),
    "Lady": (42, 68),
    "Man": (55, 80),
}


@pytest.fixture(scope="module")
def stage() -> Demographics:
    return Demographics.load(threads=1)


def described(
    stage: Demographics, rgb: NDArray[Any], faces: Faces
) -> tuple[NDArray[Any], NDArray[Any]]:
    found = stage.describe(rgb, faces)
    assert found.age is not None
    assert found.gender is not None
    return np.asarray(found.age), np.asarray(found.gender)


def test_the_astronaut(stage: Demographics, astronaut: Portrait) -> None:
    age, gender = described(stage, *astronaut)
    assert 25 < age[0] < 45  # she was 36
    assert gender[0] > 0.9


def test_the_man_in_the_car(stage: Demographics, carphone: dict[int, Portrait]) -> None:
    for portrait in carphone.values():
        age, gender = described(stage, *portrait)
        assert 20 < age[0] < 60
        assert gender[0] < 0.2


def test_the_family(stage: Demographics, family: dict[str, Portrait]) -> None:
    wrong = []
    for name, portrait in family.items():
        person = name.split("-")[1].rstrip("0123456789")
        age, gender = described(stage, *portrait)
        low, high = AGES[person]
        assert low <= age[0] <= high, name
        if (gender[0] >= 0.5) == (person in MALE):
            wrong.append(name)
    assert wrong in ([], ["Family1-Daughter3"])  # a small girl whose head leans far


def test_the_81_classes() -> None:
    assert YEARS.shape == (81,)
    assert YEARS[[0, 1, 80]].tolist() == [0.25, 1, 80]


def test_many_faces_give_what_each_gives_alone(stage: Demographics, astronaut: Portrait) -> None:
    rgb, faces = astronaut
    age, gender = described(stage, rgb, faces[np.zeros(35, int)])
    alone = described(stage, rgb, faces)
    assert np.abs(age - alone[0]).max() < 1e-2
    assert np.abs(gender - alone[1]).max() < 1e-4


def test_a_face_without_mesh_has_the_reason(stage: Demographics) -> None:
    faces = Faces(np.array([[0, 0, 9, 9]]), np.ones(1), mesh=np.full((1, 478, 3), np.nan))
    found = stage.describe(np.zeros((9, 9, 3), np.uint8), faces)
    assert np.isnan(np.asarray(found.age)).all()
    assert np.isnan(np.asarray(found.gender)).all()
    assert [problem.column for problem in found.problems] == ["age", "gender"]


def test_no_faces(stage: Demographics, astronaut: Portrait) -> None:
    age, gender = described(stage, astronaut.rgb, astronaut.faces[[]])
    assert age.shape == gender.shape == (0,)


def test_without_the_mesh_stage_it_says_what_to_run(stage: Demographics) -> None:
    with pytest.raises(UsageError, match="needs the column 'mesh'"):
        stage.describe(np.zeros((9, 9, 3), np.uint8), Faces.empty())
