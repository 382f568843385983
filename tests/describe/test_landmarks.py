from __future__ import annotations

import numpy as np
import pytest

from mien.describe.landmarks import LANDMARKS, landmarks27
from tests.describe.portraits import Portrait

# Read off the astronaut's portrait by eye, pixels; her eyes are 43 pixels apart.
SEEN = {
    "pupilLeft": (203.8, 101.3),
    "pupilRight": (246.5, 103.5),
    "noseTip": (223.5, 128.0),
    "mouthLeft": (202.0, 139.5),
    "mouthRight": (246.0, 141.0),
    "eyeLeftOuter": (192.5, 101.0),
    "eyeLeftTop": (203.5, 97.0),
    "eyeLeftBottom": (203.5, 105.0),
    "eyeLeftInner": (214.5, 103.5),
    "eyebrowLeftInner": (213.5, 92.0),
    "eyeRightInner": (237.0, 105.0),
    "eyeRightTop": (246.5, 99.5),
    "eyeRightBottom": (246.5, 107.0),
    "eyeRightOuter": (259.0, 104.5),
    "upperLipTop": (223.5, 139.8),
    "upperLipBottom": (223.5, 143.5),
    "underLipTop": (223.0, 150.0),
    "underLipBottom": (223.0, 156.5),
}
NAMES = [  # in the order of Face API v1.0
    "pupilLeft",
    "pupilRight",
    "noseTip",
    "mouthLeft",
    "mouthRight",
    "eyebrowLeftOuter",
    "eyebrowLeftInner",
    "eyeLeftOuter",
    "eyeLeftTop",
    "eyeLeftBottom",
    "eyeLeftInner",
    "eyebrowRightInner",
    "eyebrowRightOuter",
    "eyeRightInner",
    "eyeRightTop",
    "eyeRightBottom",
    "eyeRightOuter",
    "noseRootLeft",
    "noseRootRight",
    "noseLeftAlarTop",
    "noseRightAlarTop",
    "noseLeftAlarOutTip",
    "noseRightAlarOutTip",
    "upperLipTop",
    "upperLipBottom",
    "underLipTop",
    "underLipBottom",
]


@pytest.fixture
def found(astronaut: Portrait) -> dict[str, tuple[float, float]]:
    assert astronaut.faces.mesh is not None
    return landmarks27(astronaut.faces.mesh[0])


def test_the_27_names_in_the_order_of_face_api(found: dict[str, tuple[float, float]]) -> None:
    assert list(found) == NAMES


@pytest.mark.parametrize("name", SEEN)
def test_a_landmark_lies_where_it_is_seen(name: str, found: dict[str, tuple[float, float]]) -> None:
    off = np.hypot(found[name][0] - SEEN[name][0], found[name][1] - SEEN[name][1])
    assert off < 0.07 * 43


def test_left_landmarks_are_left_of_their_right_ones(
    found: dict[str, tuple[float, float]],
) -> None:
    for name in NAMES:
        if "Left" in name:
            assert found[name][0] < found[name.replace("Left", "Right")][0], name


def test_each_side_takes_the_mirrored_points() -> None:
    for name, points in LANDMARKS.items():
        if "Left" in name:
            assert len(points) == len(LANDMARKS[name.replace("Left", "Right")])


def test_order_down_the_face(found: dict[str, tuple[float, float]]) -> None:
    down = ["eyebrowLeftInner", "eyeLeftTop", "pupilLeft", "eyeLeftBottom", "noseLeftAlarTop"]
    down += ["noseLeftAlarOutTip", "upperLipTop", "upperLipBottom", "underLipTop", "underLipBottom"]
    heights = [found[name][1] for name in down]
    assert heights == sorted(heights)
    assert found["noseRootLeft"][0] > found["eyeLeftInner"][0]
    assert found["noseLeftAlarOutTip"][0] < found["noseLeftAlarTop"][0]


def test_a_row_of_nan_gives_nan() -> None:
    assert np.isnan(list(landmarks27(np.full((478, 3), np.nan)).values())).all()
