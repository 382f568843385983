from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mien.describe.attributes import SCORES
from mien.errors import UsageError
from mien.faces import Faces, Problem
from mien.report.face_api import (
    ATTRIBUTES,
    columns_for,
    detect_entries,
    parse_attributes,
    write_photo_document,
)


@pytest.fixture
def faces() -> Faces:
    """A small face and a larger one that reaches past the left and lower edges of 200 x 100."""
    emotion = np.zeros((2, 8))
    emotion[:, 1] = 1
    named = {"Smiling": 0.98765, "No_Beard": 0.25, "Mustache": 0.456, "Sunglasses": 0.9}
    named |= {"Wearing_Hat": 0.75, "Gray_Hair": 0.812, "Mouth_Occluded": 0.7}
    scores = [named.get(name, 0.014) for name in SCORES]
    return Faces(
        np.array([[10.4, 20.6, 30.4, 50.6], [-8, 40, 80, 130.0]]),
        np.array([0.9, 0.8]),
        age=np.array([31.26, np.nan]),
        gender=np.array([0.5, 0.49]),
        pose_deg=np.array([[1.04, -0.04, 3], [np.nan] * 3]),
        emotion=emotion,
        agreement=np.array([0.8764, np.nan]),
        quality=np.array([[0.2, 0.5, 0.1], [0.8, 0.9, 0.75]]),
        attributes=np.array([scores, [np.nan] * len(SCORES)]),
    )


def test_the_largest_face_comes_first_in_whole_pixels_of_the_picture(faces: Faces) -> None:
    entries = detect_entries(faces, width=200, height=100)
    assert entries == [
        {"faceRectangle": {"top": 40, "left": 0, "width": 80, "height": 60}},
        {"faceRectangle": {"top": 21, "left": 10, "width": 20, "height": 30}},
    ]


def test_names_units_and_roundings(faces: Faces) -> None:
    entry = detect_entries(faces, width=200, height=100, attributes=ATTRIBUTES)[1]
    assert entry["faceAttributes"] == {
        "age": 31.3,
        "gender": "female",
        "headPose": {"pitch": 0.0, "roll": 3.0, "yaw": 1.0},
        "emotion": {
            **dict.fromkeys(["anger", "contempt", "disgust", "fear"], 0.0),
            "happiness": 1.0,
            **dict.fromkeys(["neutral", "sadness", "surprise"], 0.0),
        },
        "smile": 0.988,
        "facialHair": {"moustache": 0.46, "beard": 0.75, "sideburns": 0.01},
        "glasses": "Sunglasses",
        "hair": {
            "hairColor": [
                {"color": "gray", "confidence": 0.81},
                {"color": "black", "confidence": 0.01},
                {"color": "blond", "confidence": 0.01},
                {"color": "brown", "confidence": 0.01},
            ],
        },
        "makeup": {"eyeMakeup": False, "lipMakeup": False},
        "occlusion": {"foreheadOccluded": False, "eyeOccluded": True, "mouthOccluded": True},
        "accessories": [
            {"type": "glasses", "confidence": 0.9},
            {"type": "headWear", "confidence": 0.75},
        ],
        "blur": {"blurLevel": "Low", "value": 0.2},
        "exposure": {"exposureLevel": "GoodExposure", "value": 0.5},
        "noise": {"noiseLevel": "Low", "value": 0.1},
        "mask": {"type": "otherMaskOrOcclusion"},
        "qualityForRecognition": "Medium",
    }
    assert "-0.0" not in json.dumps(entry)
    assert list(entry["faceAttributes"]["emotion"]) == sorted(entry["faceAttributes"]["emotion"])


def test_what_failed_for_a_face_is_left_out_of_it(faces: Faces) -> None:
    attributes = detect_entries(faces, width=200, height=100, attributes=ATTRIBUTES)[0]
    assert set(attributes["faceAttributes"]) == {"gender", "emotion", "blur", "exposure", "noise"}
    assert attributes["faceAttributes"]["gender"] == "male"
    assert attributes["faceAttributes"]["blur"]["blurLevel"] == "High"
    assert attributes["faceAttributes"]["exposure"]["exposureLevel"] == "OverExposure"


def test_landmarks_are_given_for_a_fitted_mesh_only(faces: Faces) -> None:
    mesh = np.full((2, 478, 3), np.nan)
    mesh[0] = 12.34
    entries = detect_entries(replace(faces, mesh=mesh), width=200, height=100)
    assert "faceLandmarks" not in entries[0]
    assert len(entries[1]["faceLandmarks"]) == 27
    assert entries[1]["faceLandmarks"]["noseTip"] == {"x": 12.3, "y": 12.3}


def document(faces: Faces, attributes: list[str]) -> list[dict[str, Any]]:
    target = io.StringIO()
    write_photo_document(faces, target, name="a", width=200, height=100, attributes=attributes)
    found: list[dict[str, Any]] = json.loads(target.getvalue())["faces"]
    return found


def test_agreement_stands_beside_the_fields_of_face_api(faces: Faces) -> None:
    large, small = document(faces, ["emotion"])
    assert small["agreement"] == 0.876
    assert "agreement" not in large  # it failed for that face
    assert "agreement" not in small["faceAttributes"]
    assert "agreement" not in document(faces, ["age"])[1]


def test_a_document_says_why_an_attribute_is_not_given(faces: Faces) -> None:
    told = faces.with_problems([Problem(1, "age", "too small"), Problem(1, "gaze_deg", "shut")])
    large, small = document(told, ["age", "gender"])
    assert large["problems"] == {"age": "too small"}  # gaze was not asked for
    assert "problems" not in small


def test_a_document_says_why_a_part_of_an_attribute_is_not_given(faces: Faces) -> None:
    assert faces.attributes is not None
    scores = faces.attributes.copy()
    scores[0, [SCORES.index(name) for name in ("Smiling", "Mustache", "No_Beard")]] = np.nan
    told = replace(faces, attributes=scores).with_problems(
        [Problem(0, "attributes", "something covers the mouth"), Problem(1, "attributes", "small")]
    )
    large, small = document(told, ["smile", "facialHair", "glasses"])
    assert "faceAttributes" not in large
    assert large["problems"] == dict.fromkeys(["smile", "facialHair", "glasses"], "small")
    assert small["faceAttributes"] == {"facialHair": {"sideburns": 0.01}, "glasses": "Sunglasses"}
    covered = "something covers the mouth"
    assert small["problems"] == {"smile": covered, "facialHair": covered}


def test_a_stage_that_did_not_run_is_a_mistake_of_the_caller(faces: Faces) -> None:
    with pytest.raises(ValueError, match="did not run"):
        detect_entries(replace(faces, age=None), width=9, height=9, attributes=["age"])


def test_no_face_is_an_empty_list() -> None:
    target = io.StringIO()
    write_photo_document(Faces.empty(), target, name="ä.png", width=3, height=2)
    document = {"source": "ä.png", "width": 3, "height": 2, "faces": []}
    assert json.loads(target.getvalue()) == document


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("all", tuple(ATTRIBUTES)),
        (" ALL ", tuple(ATTRIBUTES)),
        ("age, HeadPose,age", ("age", "headPose")),
        ("", ()),
    ],
)
def test_lists_of_attributes(text: str, names: tuple[str, ...]) -> None:
    assert parse_attributes(text) == names


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("age,ethnicity", "'ethnicity' is no attribute"), ("age,charm", "'charm' is no attribute")],
)
def test_attributes_that_cannot_be_given(text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        parse_attributes(text)


def test_the_columns_that_attributes_are_read_from() -> None:
    assert columns_for(["blur", "noise", "age"]) == ("quality", "age")
    assert columns_for(["smile", "mask"]) == ("attributes",)
    assert columns_for(["qualityForRecognition"]) == ("pose_deg", "quality")
