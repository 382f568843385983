from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mien.describe.mesh import Mesh
from mien.describe.pose import INDICES, MODEL, Pose, angles_of, rotation_from
from mien.errors import UsageError
from mien.faces import Faces
from tests.describe import portraits
from tests.describe.portraits import Portrait

WIDTH, HEIGHT = 1280, 720
ANGLES = st.tuples(st.floats(-75, 75), st.floats(-50, 50), st.floats(-179, 179))


def seen_head(yaw: float, pitch: float, roll: float, *, distance_cm: float = 60.0) -> Faces:
    """A head of the canonical shape before a camera of focal length WIDTH that looks at it."""
    turned = MODEL @ rotation_from(yaw, pitch, roll).T
    turned -= turned.mean(axis=0)
    turned[:, 2] += distance_cm
    mesh = np.zeros((1, 478, 3))
    mesh[0, INDICES, :2] = WIDTH * turned[:, :2] / turned[:, 2:] + (900, 200)
    return Faces(np.array([[800, 100, 1000, 300]]), np.ones(1), mesh=mesh)


def pose_of(faces: Faces, width: int = WIDTH, height: int = HEIGHT) -> NDArray[Any]:
    found = Pose.load().describe(np.zeros((height, width, 3), np.uint8), faces)
    assert found.pose_deg is not None
    return np.asarray(found.pose_deg)


def wrapped(degrees: NDArray[Any] | float) -> NDArray[Any]:
    return np.asarray((np.asarray(degrees) + 180) % 360 - 180)


@settings(max_examples=60, deadline=None)
@given(ANGLES)
def test_a_projected_head_gives_its_angles_back(angles: tuple[float, float, float]) -> None:
    assert np.abs(wrapped(pose_of(seen_head(*angles))[0] - angles)).max() < 1


@settings(deadline=None)
@given(ANGLES)
def test_rotation_and_angles_undo_each_other(angles: tuple[float, float, float]) -> None:
    rotation = rotation_from(*angles)
    assert rotation @ rotation.T == pytest.approx(np.eye(3), abs=1e-9)
    assert angles_of(rotation) == pytest.approx(angles, abs=1e-6)


@pytest.mark.parametrize(
    ("angles", "axis", "goes_to"),
    [
        ((20, 0, 0), [0, 0, -1], [1, 0]),  # yaw > 0: the nose moves to larger x
        ((0, 20, 0), [0, 0, -1], [0, -1]),  # pitch > 0: it moves up
        ((0, 0, 20), [1, 0, 0], [1, 1]),  # roll > 0: the right eye sinks
    ],
)
def test_signs(angles: tuple[float, float, float], axis: list[int], goes_to: list[int]) -> None:
    moved = (rotation_from(*angles) @ axis)[:2]
    assert np.sign(np.round(moved, 6)).tolist() == goes_to


def test_faces_turned_to_the_camera_have_no_yaw_or_pitch_anywhere_in_the_picture() -> None:
    faces = seen_head(0, 0, 0)
    assert np.abs(pose_of(faces)).max() < 0.5
    shifted = np.asarray(faces.mesh).copy()
    shifted[..., 0] -= 850
    moved = Faces(faces.box_xyxy, faces.score, mesh=shifted)
    assert pose_of(moved) == pytest.approx(pose_of(faces), abs=1e-2)


def test_the_astronaut_looks_straight_ahead(astronaut: Portrait) -> None:
    rgb, faces = astronaut
    yaw, pitch, roll = pose_of(faces, rgb.shape[1], rgb.shape[0])[0]
    assert abs(yaw) < 6
    assert abs(pitch) < 6
    assert roll == pytest.approx(3, abs=2)  # the line through her pupils falls by 2.9 degrees


def test_a_mirrored_picture_flips_yaw_and_roll(
    carphone: dict[int, Portrait], mesh_stage: Mesh
) -> None:
    for rgb, faces in carphone.values():
        plain = pose_of(faces, 176, 144)[0]
        other = pose_of(mesh_stage.describe(*portraits.mirrored(Portrait(rgb, faces))), 176, 144)[0]
        assert abs(plain[2]) > 8  # he leans, so that a lost sign would show
        assert other == pytest.approx(plain * [-1, 1, -1], abs=5)


@pytest.mark.parametrize("degrees", [-90, -30, 20, 75, 150])
def test_a_turned_picture_changes_the_roll_alone(
    degrees: float, astronaut: Portrait, mesh_stage: Mesh
) -> None:
    plain = pose_of(astronaut.faces, 512, 512)[0]
    rgb, faces = portraits.turned(portraits.astronaut(), degrees)
    other = pose_of(mesh_stage.describe(rgb, faces), 512, 512)[0]
    assert abs(wrapped(other[2] - plain[2] - degrees)) < 2
    assert other[:2] == pytest.approx(plain[:2], abs=3)


def test_frontal_family_portraits_are_near_zero(family: dict[str, Portrait]) -> None:
    frontal = ["Family1-Mom2", "Family1-Daughter1", "Family1-Dad3", "Family2-Lady1"]
    for name in frontal:
        rgb, faces = family[name]
        assert np.abs(pose_of(faces, rgb.shape[1], rgb.shape[0])[0, :2]).max() < 8, name


def test_the_family_picture_of_a_woman_turned_to_her_left(family: dict[str, Portrait]) -> None:
    rgb, faces = family["Family2-Lady2"]
    assert 12 < pose_of(faces, rgb.shape[1], rgb.shape[0])[0, 0] < 32


@pytest.mark.parametrize("pixels", [4, 10, 36, 2000])
def test_angles_hold_for_dots_and_giants(pixels: float) -> None:
    faces = seen_head(30, -20, 10, distance_cm=300)
    mesh = np.asarray(faces.mesh, float)
    factor = pixels / np.ptp(mesh[0, INDICES, 0])
    resized = Faces(faces.box_xyxy, faces.score, mesh=mesh * factor)
    assert pose_of(resized, 7680, 4320)[0] == pytest.approx([30, -20, 10], abs=3)


def test_a_face_without_mesh_has_the_reason(astronaut: Portrait) -> None:
    mesh = np.concatenate([np.full((1, 478, 3), np.nan), np.asarray(astronaut.faces.mesh)])
    boxes = np.repeat(astronaut.faces.box_xyxy, 2, axis=0)
    found = Pose.load().describe(astronaut.rgb, Faces(boxes, np.ones(2), mesh=mesh))
    assert found.pose_deg is not None
    assert np.isnan(found.pose_deg[0]).all()
    assert np.isfinite(found.pose_deg[1]).all()
    assert [(problem.row, problem.column) for problem in found.problems] == [(0, "pose_deg")]


def test_a_mesh_of_one_point_is_refused_with_the_reason() -> None:
    faces = Faces(np.array([[0, 0, 9, 9]]), np.ones(1), mesh=np.zeros((1, 478, 3)))
    found = Pose.load().describe(np.zeros((9, 9, 3), np.uint8), faces)
    assert [problem.column for problem in found.problems] == ["pose_deg"]


def test_without_the_mesh_stage_it_says_what_to_run() -> None:
    with pytest.raises(UsageError, match="needs the column 'mesh'"):
        Pose.load().describe(np.zeros((9, 9, 3), np.uint8), Faces.empty())
