from __future__ import annotations

import numpy as np
import pytest

from mien.describe.embedding import Embedding
from mien.describe.mesh import Mesh, five_points
from mien.faces import Faces
from tests.describe import portraits
from tests.describe.portraits import ASTRONAUT, Portrait

# Read off the picture by eye, pixels of the astronaut's portrait.
SEEN = {
    468: (203.8, 101.3),  # irises
    473: (246.5, 103.5),
    33: (192.5, 101.0),  # corners of the eyes
    133: (214.5, 103.5),
    362: (237.0, 105.0),
    263: (259.0, 104.5),
    61: (202.0, 139.5),  # corners of the mouth
    291: (246.0, 141.0),
    0: (223.5, 139.8),  # outer rims of the lips
    17: (223.0, 156.5),
    14: (223.0, 150.0),  # inner rim of the lower lip
}
EYES_APART = 43.0


def test_points_lie_where_they_are_seen(astronaut: Portrait) -> None:
    assert astronaut.faces.mesh is not None
    assert not astronaut.faces.problems
    for index, place in SEEN.items():
        off = np.linalg.norm(astronaut.faces.mesh[0, index, :2] - place)
        assert off < 0.06 * EYES_APART, (index, off)


def test_the_five_points_come_from_the_mesh(astronaut: Portrait) -> None:
    mesh, points = astronaut.faces.mesh, astronaut.faces.points
    assert mesh is not None
    assert points is not None
    assert np.array_equal(points[0], five_points(mesh[0]))
    assert points[0, 0, 0] < points[0, 1, 0]
    assert points[0, 3, 0] < points[0, 4, 0]


def test_the_iris_points_are_centre_right_top_left_bottom(astronaut: Portrait) -> None:
    assert astronaut.faces.mesh is not None
    for first in (468, 473):
        centre, right, top, left, bottom = astronaut.faces.mesh[0, first : first + 5, :2]
        assert right[0] - centre[0] > 2
        assert centre[0] - left[0] > 2
        assert centre[1] - top[1] > 2
        assert bottom[1] - centre[1] > 2


@pytest.mark.parametrize("known", [True, False], ids=["eyes known", "eyes unknown"])
@pytest.mark.parametrize("degrees", [45, 90, 135, 180, -90, -45])
def test_a_turned_face_has_the_same_mesh_turned(
    degrees: int, known: bool, astronaut: Portrait, mesh_stage: Mesh
) -> None:
    rgb, faces = portraits.turned(portraits.astronaut(), degrees)
    if not known:
        faces = Faces(faces.box_xyxy, faces.score)
    found = mesh_stage.describe(rgb, faces)
    assert not found.problems
    assert found.mesh is not None
    assert astronaut.faces.mesh is not None
    expected = portraits.turn_points(astronaut.faces.mesh[0, :, :2], rgb, degrees)
    off = np.linalg.norm(found.mesh[0, :, :2] - expected, axis=1)
    assert off.mean() < 0.03 * EYES_APART


def test_a_mirrored_face_has_the_mirrored_mesh(astronaut: Portrait, mesh_stage: Mesh) -> None:
    rgb, faces = portraits.mirrored(portraits.astronaut())
    found = mesh_stage.describe(rgb, faces)
    assert found.points is not None
    assert astronaut.faces.points is not None
    expected = portraits.mirrored(astronaut).faces.points
    assert expected is not None
    assert np.abs(found.points - expected).max() < 0.05 * EYES_APART


@pytest.mark.parametrize("factor", [0.25, 0.5, 3.0, 6.0])
def test_the_mesh_scales_with_the_picture(
    factor: float, astronaut: Portrait, mesh_stage: Mesh
) -> None:
    found = mesh_stage.describe(*portraits.scaled(portraits.astronaut(), factor))
    assert not found.problems
    assert found.mesh is not None
    assert astronaut.faces.mesh is not None
    off = np.linalg.norm(found.mesh[0] / factor - astronaut.faces.mesh[0], axis=1)
    assert off.mean() < (0.08 if factor < 0.5 else 0.03) * EYES_APART


def test_box_half_outside_the_picture(astronaut: Portrait, mesh_stage: Mesh) -> None:
    rgb = np.ascontiguousarray(portraits.astronaut().rgb[:, 215:])  # cuts the left eye away
    box, eyes = ASTRONAUT
    shifted = portraits.labelled(
        ((box[0] - 215, box[1], box[2] - 215, box[3]), (eyes[0] - 215, *eyes[1:2], 32, eyes[3]))
    )
    found = mesh_stage.describe(rgb, shifted)
    assert found.mesh is not None
    assert astronaut.faces.mesh is not None
    assert not found.problems
    right_eye = found.mesh[0, 473, :2] + (215, 0)
    assert np.linalg.norm(right_eye - astronaut.faces.mesh[0, 473, :2]) < 0.2 * EYES_APART


@pytest.mark.parametrize(
    "box",
    [
        (300, 300, 310, 310),  # ten pixels of background
        (300, 420, 500, 500),  # her arm
        (50, 50, 50, 80),  # no width
        (80, 50, 50, 80),  # inside out
        (-900, -900, -800, -800),  # outside the picture
        (1e9, 1e9, 2e9, 2e9),
        (np.nan, 0, 10, 10),
        (0, 0, np.inf, 10),
    ],
)
def test_where_no_face_is_the_row_is_nan_with_the_reason(
    box: tuple[float, ...], mesh_stage: Mesh
) -> None:
    rgb, faces = portraits.astronaut()
    boxes = np.array([box, faces.box_xyxy[0]])
    found = mesh_stage.describe(rgb, Faces(boxes, np.ones(2)))
    assert [(problem.row, problem.column) for problem in found.problems] == [(0, "mesh")]
    assert found.mesh is not None
    assert np.isnan(found.mesh[0]).all()
    assert np.isfinite(found.mesh[1]).all()


def test_points_of_a_failed_face_are_kept(mesh_stage: Mesh) -> None:
    rgb, _ = portraits.astronaut()
    found = mesh_stage.describe(
        rgb, portraits.labelled(((300, 300, 310, 310), (302, 303, 308, 303)))
    )
    assert found.problems
    assert found.points is not None
    assert found.points[0, :2].tolist() == [[302, 303], [308, 303]]


def test_ten_pixel_faces_are_found_or_refused_with_a_reason(mesh_stage: Mesh) -> None:
    for factor in (0.06, 0.08, 0.1):  # faces of 7 to 12 pixels
        found = mesh_stage.describe(*portraits.scaled(portraits.astronaut(), factor))
        assert found.mesh is not None
        assert np.isnan(found.mesh[0]).all() == bool(found.problems)


def test_without_irises_all_else_is_the_same(astronaut: Portrait, mesh_stage: Mesh) -> None:
    whole = mesh_stage.describe(astronaut.rgb, astronaut.faces)
    plain = mesh_stage.plain().describe(astronaut.rgb, astronaut.faces)
    assert whole.mesh is not None
    assert plain.mesh is not None
    assert np.isnan(plain.mesh[:, 468:]).all()
    given = astronaut.faces.points
    assert plain.points is not None
    assert given is not None
    assert np.array_equal(plain.points, given, equal_nan=True)
    same = (whole.mesh == plain.mesh).all(axis=(0, 2))
    assert np.isfinite(plain.mesh[:, :468]).all()
    assert same[:468].sum() >= 468 - 2 * 14  # the lids of both eyes
    embedding = Embedding.load()
    with_irises, without = (embedding.describe(astronaut.rgb, each) for each in (whole, plain))
    assert with_irises.embedding is not None
    assert without.embedding is not None
    assert np.isfinite(without.embedding).all()
    assert (with_irises.embedding == without.embedding).all()


def test_no_faces(mesh_stage: Mesh) -> None:
    rgb, _ = portraits.astronaut()
    found = mesh_stage.describe(rgb, Faces.empty())
    assert len(found) == 0
    assert found.mesh is not None
    assert found.points is not None


def test_the_smallest_picture(mesh_stage: Mesh) -> None:
    found = mesh_stage.describe(
        np.zeros((1, 1, 3), np.uint8), Faces(np.array([[0, 0, 1, 1]]), np.ones(1))
    )
    assert [problem.column for problem in found.problems] == ["mesh"]


def test_the_picture_and_the_record_given_are_left_as_they_were(mesh_stage: Mesh) -> None:
    rgb, faces = portraits.astronaut()
    before = rgb.copy()
    rgb.flags.writeable = False
    mesh_stage.describe(rgb, faces)
    assert np.array_equal(rgb, before)
    assert faces.mesh is None
