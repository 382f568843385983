from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.describe.mesh import Mesh
from mien.describe.openness import OPENINGS, Openness
from mien.errors import UsageError
from mien.faces import Faces
from tests.describe import portraits
from tests.describe.portraits import Portrait


def openness_of(rgb: NDArray[Any], faces: Faces) -> NDArray[Any]:
    found = Openness.load().describe(rgb, faces)
    assert found.openness is not None
    return np.asarray(found.openness)


@pytest.mark.parametrize(
    ("aspect", "eye", "mouth"),
    [
        (0.0, 0, 0),
        (0.02, 0, 0),
        (0.05, 0, 0.0385),
        (0.2, 0.5, 0.2308),
        (0.35, 1, 0.4231),
        (1.2, 1, 1),
    ],
)
def test_height_to_width_is_mapped_on_a_straight_line(
    aspect: float, eye: float, mouth: float
) -> None:
    mesh = np.zeros((1, 478, 3))
    for opening in OPENINGS:
        left, right = opening.corners
        mesh[0, right, :2] = (6, 8)  # ten pixels long, on a slant
        middle = np.array([3, 4])
        across = np.array([-0.8, 0.6]) * 5 * aspect
        mesh[0, list(opening.upper), :2] = middle - across
        mesh[0, list(opening.lower), :2] = middle + across
        assert left != right
    faces = Faces(np.array([[0, 0, 9, 9]]), np.ones(1), mesh=mesh)
    found = openness_of(np.zeros((9, 9, 3), np.uint8), faces)[0]
    assert found == pytest.approx([eye, eye, mouth], abs=1e-3)


def test_open_eyes_and_a_smile(astronaut: Portrait) -> None:
    left, right, mouth = openness_of(*astronaut)[0]
    assert min(left, right) > 0.7
    assert 0.1 < mouth < 0.4


def test_a_blink_and_an_open_mouth(carphone: dict[int, Portrait]) -> None:
    found = {index: openness_of(*portrait)[0] for index, portrait in carphone.items()}
    assert found[42][:2].max() < 0.5  # half way through a blink
    assert min(found[0][:2].min(), found[60][:2].min()) > 0.7
    assert found[60][2] > 0.5
    assert found[90][2] < 0.25


def test_shut_eyes(shared_media: Path, mesh_stage: Mesh) -> None:
    pictures = portraits.frames(shared_media / "single_face.mp4", set(portraits.SINGLE_FACE))
    found = {}
    for index, label in portraits.SINGLE_FACE.items():
        faces = mesh_stage.describe(pictures[index], portraits.labelled(label))
        found[index] = openness_of(pictures[index], faces)[0]
    assert found[27][:2].max() < 0.15
    assert found[0][:2].min() > 0.6
    assert found[0][2] < 0.1  # his mouth is closed at first


def test_left_and_right_are_as_seen(astronaut: Portrait) -> None:
    mesh = np.array(astronaut.faces.mesh)
    left = OPENINGS[0]
    mesh[:, list(left.upper)] = mesh[:, list(left.lower)]  # shut the eye with the smaller x
    assert mesh[0, left.corners[0], 0] < mesh[0, OPENINGS[1].corners[0], 0]
    faces = Faces(astronaut.faces.box_xyxy, astronaut.faces.score, mesh=mesh)
    shut, other, _ = openness_of(astronaut.rgb, faces)[0]
    assert shut == 0
    assert other > 0.7


def test_a_face_without_mesh_has_the_reason() -> None:
    faces = Faces(np.array([[0, 0, 9, 9]]), np.ones(1), mesh=np.full((1, 478, 3), np.nan))
    found = Openness.load().describe(np.zeros((9, 9, 3), np.uint8), faces)
    assert np.isnan(np.asarray(found.openness)).all()
    assert [problem.column for problem in found.problems] == ["openness"]


def test_without_the_mesh_stage_it_says_what_to_run() -> None:
    with pytest.raises(UsageError, match="needs the column 'mesh'"):
        openness_of(np.zeros((9, 9, 3), np.uint8), Faces.empty())
