from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mien import analyze_image
from mien.attention import distance_cm, looking, shut
from mien.attention.looks import GAZE_DEG, HEAD_ALONE_DEG, HEAD_DEG, IRIS_CM, IRISES, off_axis
from mien.errors import UsageError
from mien.media import read_image
from tests.attention.people import faces

NAN = float("nan")


@pytest.mark.parametrize(
    ("head", "gaze", "looks"),
    [
        ((0, 0), (0, 0), 1),
        ((0, 0), (GAZE_DEG - 0.1, 0), 1),
        ((0, 0), (0, -GAZE_DEG + 0.1), 1),
        ((0, 0), (GAZE_DEG + 0.1, 0), 0),
        ((0, 0), (11, 11), 0),  # 15.5 degrees, though neither is above 15
        ((HEAD_DEG - 0.1, 0), (0, 0), 1),  # looks out of the corner of the eyes
        ((HEAD_DEG + 0.1, 0), (0, 0), 0),
        ((HEAD_ALONE_DEG - 0.1, 0), (NAN, NAN), 1),  # shut eyes
        ((0, HEAD_ALONE_DEG + 0.1), (NAN, NAN), 0),
        ((NAN, NAN), (0, 0), NAN),
        ((NAN, NAN), (NAN, NAN), NAN),
    ],
)
def test_who_looks(head: tuple[float, float], gaze: tuple[float, float], looks: float) -> None:
    found = looking(faces(pose_deg=np.array([[*head, 30.0]]), gaze_deg=np.array([gaze])))
    np.testing.assert_array_equal(found, [looks])


def test_the_angle_off_the_axis() -> None:
    found = off_axis(np.array([[0, 0], [30, 0], [0, -30], [60, 60], [180, 0]]))
    np.testing.assert_allclose(found, [0, 30, 30, np.rad2deg(np.arccos(0.25)), 180], atol=1e-6)


@pytest.mark.parametrize(
    ("left", "right", "closed"),
    [(0, 0, 1), (0.19, 0.1, 1), (0.21, 0, 0), (0, 0.7, 0), (0.8, 0.8, 0), (NAN, 0, NAN)],
)
def test_whose_eyes_are_shut(left: float, right: float, closed: float) -> None:
    found = shut(faces(openness=np.array([[left, right, 0.5]])))
    np.testing.assert_array_equal(found, [closed])


def eyes_at(centimetres: float, *, aside: float = 0.0, focal: float = 640.0) -> np.ndarray:
    """(478, 3): irises as a camera of this focal length in pixels sees them, 640x360."""
    mesh = np.zeros((478, 3))
    ray = np.hypot(focal, aside)
    radius = IRIS_CM * ray / centimetres / 2
    for centre, right, top, left, bottom in IRISES:
        mesh[centre, :2] = 320 + aside, 180
        mesh[right, :2] = 320 + aside + radius, 180
        mesh[left, :2] = 320 + aside - radius, 180
        mesh[top, :2] = 320 + aside, 180 - radius
        mesh[bottom, :2] = 320 + aside, 180 + radius
    return mesh


def test_the_distance_from_the_size_of_the_irises() -> None:
    mesh = np.stack([eyes_at(40), eyes_at(250), eyes_at(90, aside=300), np.full((478, 3), NAN)])
    found = distance_cm(faces(mesh=mesh), width=640, height=360)
    np.testing.assert_allclose(found, [40, 250, 90, NAN], rtol=1e-5)
    twice = distance_cm(faces(mesh=mesh[:1]), width=640, height=360, focal=2)
    np.testing.assert_allclose(twice, [80], rtol=1e-5)


def test_an_iris_without_size_has_no_distance() -> None:
    mesh = np.zeros((1, 478, 3))
    assert np.isnan(distance_cm(faces(mesh=mesh), width=640, height=360)).all()


def test_no_face_is_no_distance() -> None:
    nobody = faces(mesh=np.zeros((0, 478, 3)))
    assert distance_cm(nobody, width=640, height=360).shape == (0,)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(UsageError, match="'pose_deg'"):
        looking(faces(gaze_deg=np.zeros((1, 2))))
    with pytest.raises(UsageError, match="'gaze_deg'"):
        looking(faces(pose_deg=np.zeros((1, 3))))
    with pytest.raises(UsageError, match="'openness'"):
        shut(faces(age=np.zeros(1)))
    with pytest.raises(UsageError, match="'mesh'"):
        distance_cm(faces(age=np.zeros(1)), width=640, height=360)
    with pytest.raises(UsageError, match="above 0"):
        distance_cm(faces(mesh=np.zeros((1, 478, 3))), width=640, height=360, focal=0)


def test_a_photo_of_half_the_size_shows_the_same_distance(shared_media: Path) -> None:
    """Nothing but the share of the picture counts, so that the size of the file does not."""
    rgb = read_image(shared_media / "Family2-Lady1.jpg")
    found = analyze_image(shared_media / "Family2-Lady1.jpg", columns=["mesh"], threads=1)
    height, width = rgb.shape[:2]
    far = distance_cm(found, width=width, height=height)
    half = distance_cm(found.scaled(0.5, 0.5), width=width // 2, height=height // 2)
    np.testing.assert_allclose(half, far, rtol=1e-3)
    assert 30 < far[0] < 60  # head and shoulders fill the height of the picture
