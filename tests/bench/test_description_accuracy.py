"""The pure parts of bench.description, and the figures that one face can show."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from bench import description_accuracy
from bench.description import angles, eyes, grades, identity, mesh
from bench.description.material import SITTERS, Face, Portrait, Sitter, row_of, span, table
from bench.detection.corpus import pictures
from bench.tracking.identities import CAST
from mien.describe.landmarks import LANDMARKS
from mien.describe.mesh import MESH_MARGIN, SIZE, Mesh
from mien.describe.pose import INDICES, MODEL, angles_of, rotation_from
from mien.faces import Faces
from tests.describe import portraits

Array = NDArray[Any]


@pytest.fixture(scope="module")
def face() -> Face:
    rgb, faces = portraits.astronaut()
    found = Mesh.load(threads=1).describe(rgb, faces)
    return Face("astronaut", rgb, Faces(faces.box_xyxy, faces.score, faces.points, mesh=found.mesh))


def test_every_sitter_is_a_labelled_face_and_named_once() -> None:
    labelled = {picture.name: len(picture.truth.faces) for picture in pictures()}
    assert all(sitter.face < labelled[sitter.picture] for sitter in SITTERS)
    assert len({sitter.name for sitter in SITTERS}) == len(SITTERS) == 27


@pytest.mark.parametrize(
    ("picture", "person"),
    [("family1-dad2", "family1-dad"), ("family1-dad3", "family1-dad"), ("obama", "obama-0")],
)
def test_pictures_of_one_person_of_the_family_have_one_name(picture: str, person: str) -> None:
    assert Sitter(picture, 0, female=False).person == person


def test_everyone_whose_identity_is_measured_is_labelled() -> None:
    names = {f"{name}-{row}" for takes in CAST for name, row in takes}
    assert set(identity.UNSURE) <= names


def test_a_table_and_a_span() -> None:
    assert table(("a", 1), [("b", 2.5)]) == ["| a | 1 |", "| --- | --- |", "| b | 2.5 |"]
    assert span(np.array([3.14159, -1.0]), 1) == "-1.0 to 3.1"


@pytest.mark.parametrize(
    ("boxes", "row"),
    [
        ([], None),
        ([[0, 0, 10, 10], [100, 100, 140, 150]], 1),
        ([[100, 100, 140, 124]], None),  # less than half of it
        ([[100, 100, 140, 126]], 0),
    ],
)
def test_the_detection_of_a_label(boxes: list[list[float]], row: int | None) -> None:
    found = Faces(np.array(boxes, float).reshape(-1, 4), np.ones(len(boxes)))
    assert row_of(np.array([100.0, 100, 140, 150]), found) == row


def test_eyes_on_a_line_turned_clockwise(face: Face) -> None:
    turned = mesh.with_eye_line(face.detected, 90).points
    plain = face.detected.points
    assert turned is not None
    assert plain is not None
    across, down = plain[0, 1] - plain[0, 0]
    assert turned[0, 1] - turned[0, 0] == pytest.approx([-down, across], abs=1e-3)
    assert turned[0, :2].mean(axis=0) == pytest.approx(plain[0, :2].mean(axis=0), abs=1e-3)


def test_the_record_of_a_mirror_image(face: Face) -> None:
    other = mesh.mirrored(face.detected, 512)
    assert other.box_xyxy[0].tolist() == [512 - 270, 58, 512 - 182, 178]
    assert other.points is not None
    assert other.points[0, :2].tolist() == [[512 - 247, 105], [512 - 203, 102]]


def test_random_boxes_lie_in_the_picture() -> None:
    boxes = mesh.random_boxes(np.random.default_rng(1), (300, 500))
    assert boxes.shape == (mesh.BOXES_A_PICTURE, 4)
    assert boxes.min() >= 0
    assert (boxes[:, 2:] <= (500, 300)).all()
    assert (boxes[:, 2] - boxes[:, 0] >= 24).all()


def test_a_large_face_has_its_mesh_and_a_dot_has_none(face: Face) -> None:
    stage = Mesh.load(threads=1)
    near = mesh.error_at(stage, face, 96)
    assert near is not None
    assert 0 < near < 0.05
    assert mesh.error_at(stage, face, 4) is None


def test_the_shift_is_that_of_the_points_to_the_right(face: Face) -> None:
    stage = Mesh.load(threads=1)
    plain = mesh.shift_of(stage, face)
    aside = np.array(face.faces.mesh)
    side = MESH_MARGIN * np.ptp(aside[0, :468, :2], axis=0).max()
    aside[..., 0] += 2 * side / SIZE  # two pixels of the crop in one of the two pictures
    moved = Face(
        "", face.rgb, Faces(face.faces.box_xyxy, np.ones(1), face.faces.points, mesh=aside)
    )
    shifted = mesh.shift_of(stage, moved)
    assert plain is not None
    assert shifted is not None
    assert abs(plain) < 0.5
    assert shifted - plain == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("pose", [(0.0, 0.0, 0.0), (30.0, -10.0, 5.0), (-25.0, 15.0, -40.0)])
def test_landmarks_of_a_known_head_give_its_pose(pose: tuple[float, float, float]) -> None:
    turned = (MODEL @ rotation_from(*pose).T)[:, :2] * 20 + 300
    places = {name: tuple(turned[INDICES.index(LANDMARKS[name][0])]) for name in angles.RIGID}
    assert angles_of(angles.rotation_of_landmarks(places)) == pytest.approx(pose, abs=1.5)


def test_face_api_has_the_same_signs() -> None:
    for face in angles.PUBLISHED:
        solved = angles_of(angles.rotation_of_landmarks(face.places))
        for given, found in zip(face.pose_deg, solved, strict=True):
            assert np.sign(given) == np.sign(found) or abs(given) < 3


def test_the_width_of_the_nose() -> None:
    places = {
        "noseLeftAlarOutTip": (0.0, 0.0),
        "noseRightAlarOutTip": (3.0, 4.0),
        "eyeLeftInner": (0.0, 9.0),
        "eyeRightInner": (10.0, 9.0),
    }
    assert angles.nose_width(places) == 0.5


def test_a_photo_turned_about_its_face(face: Face) -> None:
    rgb, faces = angles.turned_photo(face.rgb, face.detected, 90)
    assert rgb.shape[0] == rgb.shape[1] == 240
    assert faces.box_xyxy[0].tolist() == [60, 60, 180, 180]
    assert faces.points is not None
    left, right = faces.points[0, :2]
    assert right - left == pytest.approx([-3, 44], abs=1e-3)  # (44, 3) a quarter clockwise
    region = np.pad(face.rgb[:238, 106:346], ((2, 0), (0, 0), (0, 0)))  # about (226, 118)
    assert np.array_equal(rgb[5:-5, 5:-5], np.rot90(region, -1)[5:-5, 5:-5])


def test_pairs_of_one_person_and_of_two() -> None:
    blank = Faces.empty()
    people = [
        identity.Known(person, Face(name, np.zeros((1, 1, 3), np.uint8), blank))
        for person, name in (("a", "a1"), ("a", "a2"), ("b", "b1"))
    ]
    same, other = identity.pairs(people, np.array([[0.0, 0], [3, 4], [0, 1]]))
    assert same == [(5.0, "a1", "a2")]
    assert [names for _, *names in other] == [["a1", "b1"], ["a2", "b1"]]
    assert identity.row_of("set", "chip", people, same, other)[2:] == (
        "5.00 to 5.00 (1 pairs)",
        "1.00 to 4.24 (2)",
        "0",
    )


def test_only_the_corners_of_the_eyes_are_jittered(face: Face) -> None:
    points = face.mesh[:468]
    moved = eyes.jittered(np.random.default_rng(0), points)
    changed = np.flatnonzero((moved != points).any(axis=1))
    assert changed.tolist() == [33, 133, 263, 362]
    assert np.array_equal(moved[:, 2], points[:, 2])


def test_grades_of_one_face(face: Face) -> None:
    lines = list(grades.report([Portrait(SITTERS[0], face)]))
    highest = next(line for line in lines if line.startswith("| highest"))
    values = [float(cell) for cell in highest.split("|")[2:-1]]
    assert len(values) == len(grades.BLURS)
    assert (np.diff(values) > 0).all()


def test_what_spoils_a_picture(face: Face) -> None:
    assert grades.blurred(face, 0.0) is face.rgb
    assert grades.lit(np.full((1, 1, 3), 100, np.uint8), 3.0).max() == 255
    grey = np.full((200, 200, 3), 128, np.uint8)
    noise = grades.noisy(grey, 10).astype(float)
    assert noise.std() == pytest.approx(10, abs=0.3)
    assert (noise[..., 0] == noise[..., 2]).all()


def test_the_command_knows_its_parts() -> None:
    result = CliRunner().invoke(description_accuracy.main, ["--part", "everything"])
    assert result.exit_code == 2
    assert all(part in result.output for part in description_accuracy.PARTS)
