from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mien.describe.gaze import CENTRE_CM, EYES, IRIS_RADIUS_CM, Gaze
from mien.describe.mesh import Mesh
from mien.describe.pose import INDICES, MODEL, Pose, rotation_from
from mien.errors import UsageError
from mien.faces import Faces
from tests.describe import portraits
from tests.describe.portraits import Portrait

SCALE = 20.0  # pixels a centimetre
NOTHING = np.zeros((8, 8, 3), np.uint8)


def direction(yaw: float, pitch: float) -> NDArray[Any]:
    y, p = np.deg2rad([yaw, pitch])
    return np.array([np.sin(y) * np.cos(p), -np.sin(p), -np.cos(y) * np.cos(p)])


def looking_head(gaze: tuple[float, float], pose: tuple[float, float, float]) -> Faces:
    """A head of the canonical shape, in parallel projection, that looks there with open eyes."""
    rotation = rotation_from(*pose)
    mesh = np.zeros((478, 3))
    mesh[INDICES] = SCALE * MODEL @ rotation.T + 500
    for eye in EYES:
        middle = mesh[list(eye.opening.corners)].mean(axis=0)
        centre = middle + SCALE * rotation @ CENTRE_CM
        mesh[eye.iris] = centre + SCALE * IRIS_RADIUS_CM * direction(*gaze)
        up = SCALE * 0.5 * rotation @ [0.0, -1.0, 0.0]
        mesh[list(eye.opening.upper)], mesh[list(eye.opening.lower)] = middle + up, middle - up
    box = np.array([[400, 400, 600, 600]])
    return Faces(box, np.ones(1), mesh=mesh[None], pose_deg=np.array([pose]))


def gaze_of(rgb: NDArray[Any], faces: Faces) -> NDArray[Any]:
    if faces.pose_deg is None:
        faces = Pose.load().describe(rgb, faces)
    found = Gaze.load().describe(rgb, faces)
    assert found.gaze_deg is not None
    return np.asarray(found.gaze_deg)


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.floats(-40, 40), st.floats(-30, 30)),
    st.tuples(st.floats(-35, 35), st.floats(-25, 25), st.floats(-179, 179)),
)
def test_eyes_made_to_look_there_give_it_back(
    gaze: tuple[float, float], pose: tuple[float, float, float]
) -> None:
    assert gaze_of(NOTHING, looking_head(gaze, pose))[0] == pytest.approx(gaze, abs=0.5)


def test_the_astronaut_looks_into_the_camera(astronaut: Portrait) -> None:
    assert np.abs(gaze_of(*astronaut)[0]).max() < 12


def test_portraits_look_into_the_camera(family: dict[str, Portrait]) -> None:
    gazes = np.concatenate([gaze_of(*portrait) for portrait in family.values()])
    assert np.isfinite(gazes).all()
    assert np.abs(np.median(gazes, axis=0)).max() < 5
    assert np.mean(np.hypot(*gazes.T) < 12) > 0.8


def test_a_mirrored_picture_flips_the_yaw(family: dict[str, Portrait], mesh_stage: Mesh) -> None:
    pairs = []
    for portrait in family.values():
        rgb, faces = portraits.mirrored(portrait)
        plain = Faces(faces.box_xyxy, faces.score, points=faces.points)
        pairs.append((gaze_of(*portrait)[0], gaze_of(rgb, mesh_stage.describe(rgb, plain))[0]))
    plain_yaw, mirrored_yaw = np.array([(a[0], b[0]) for a, b in pairs]).T
    assert np.median(np.abs(plain_yaw + mirrored_yaw)) < 6
    assert abs(np.median(plain_yaw + mirrored_yaw)) < 4  # no drift to one side


def test_a_blink_hides_the_gaze_and_says_so(carphone: dict[int, Portrait]) -> None:
    rgb, faces = carphone[0]
    mesh = np.array(faces.mesh)
    for eye in EYES:  # the lids shut
        mesh[:, list(eye.opening.upper)] = mesh[:, list(eye.opening.lower)]
    shut = Pose.load().describe(rgb, Faces(faces.box_xyxy, faces.score, mesh=mesh))
    found = Gaze.load().describe(rgb, shut)
    assert found.gaze_deg is not None
    assert np.isnan(found.gaze_deg).all()
    assert [problem.column for problem in found.problems] == ["gaze_deg"]
    assert np.isfinite(gaze_of(*carphone[0])).all()


def test_without_a_pose_it_says_what_to_run(astronaut: Portrait) -> None:
    with pytest.raises(UsageError, match="needs the column 'pose_deg'"):
        Gaze.load().describe(*astronaut)


def test_no_faces() -> None:
    empty = Faces.empty()
    columns = {"mesh": np.zeros((0, 478, 3)), "pose_deg": np.zeros((0, 3))}
    faces = Faces(empty.box_xyxy, empty.score, mesh=columns["mesh"], pose_deg=columns["pose_deg"])
    assert gaze_of(NOTHING, faces).shape == (0, 2)
