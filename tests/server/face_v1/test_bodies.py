from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from mien.server.bodies import INVALID, read
from mien.server.dialects.face_v1 import bodies as b
from mien.server.errors import Refusal
from mien.server.pictures import ImageUrl

FACE = "c5c24a82-6845-4031-9d5d-978df9175426"
GROUP_ID = (
    "Person group ID is invalid. Valid format should be a string composed by numbers, English "
    "letters in lower case, '-', '_', and no longer than 64 characters."
)
CANDIDATES = "The argument maxNumOfCandidatesReturned is not valid."


def test_ids_are_compared_in_lower_case_and_null_counts_as_absent() -> None:
    body = read(b.VerifyBody, {"faceId1": FACE.upper(), "faceId2": FACE, "personId": None})
    assert (body.face_id1, body.face_id2, body.person_id) == (FACE, FACE, None)


def test_keys_that_the_api_has_not_are_passed_over() -> None:
    assert read(b.Changes, {"name": "a", "other": {"x": 1}}).name == "a"


@pytest.mark.parametrize(
    ("model", "value", "message"),
    [
        (b.VerifyBody, {"faceId1": "x", "faceId2": FACE}, "Face ID is invalid."),
        (b.VerifyBody, {"faceId1": FACE + "\n", "faceId2": FACE}, "Face ID is invalid."),
        (b.VerifyBody, {"faceId": FACE, "personId": "me"}, "Person ID is invalid."),
        (b.VerifyBody, {"personGroupId": "Family"}, GROUP_ID),
        (b.VerifyBody, {"largePersonGroupId": "a" * 65}, "Large p" + GROUP_ID[1:]),
        (b.IdentifyBody, {"faceIds": [FACE], "personGroupId": ""}, GROUP_ID),
        (
            b.IdentifyBody,
            {"faceIds": [FACE] * 11},
            "The length of faceIds is not in a valid range. Out of range [1, 10].",
        ),
        (
            b.IdentifyBody,
            {"faceIds": [FACE], "maxNumOfCandidatesReturned": 101},
            f"{CANDIDATES} Range is [1,100]",
        ),
        (
            b.IdentifyBody,
            {"faceIds": [FACE], "confidenceThreshold": 1.01},
            "The argument confidenceThreshold is not valid. Range is [0, 1]",
        ),
        (b.FindSimilarBody, {"faceId": FACE, "maxNumOfCandidatesReturned": 0}, CANDIDATES),
        (b.FindSimilarBody, {"faceId": FACE, "maxNumOfCandidatesReturned": 10**300}, CANDIDATES),
        (
            b.GroupBody,
            {"faceIds": [FACE]},
            "The length of faceIds is not in a valid range. Out of range [2, 1000].",
        ),
        (b.GroupBody, {"faceIds": [FACE, "7"]}, "Face ID is invalid."),
        (b.Meta, {"name": ""}, "'name' is invalid. It has from 1 to 128 characters."),
        (b.Meta, {"name": "a" * 129}, "'name' is invalid. It has from 1 to 128 characters."),
        (
            b.Meta,
            {"name": "a", "userData": "a" * 16385},
            "'userData' is too long. It has at most 16384 characters.",
        ),
        (b.Meta, {"name": "a", "recognitionModel": "r"}, "'recognitionModel' is invalid."),
        (
            b.FaceChanges,
            {"userData": "a" * 1025},
            "'userData' is too long. It has at most 1024 characters.",
        ),
    ],
)
def test_a_field_is_refused_with_its_own_sentence(
    model: type[BaseModel], value: dict[str, Any], message: str
) -> None:
    with pytest.raises(Refusal) as refused:
        read(model, value)
    error = refused.value
    assert (error.status, error.code, error.message) == (400, "BadArgument", message)


@pytest.mark.parametrize(
    ("model", "value"),
    [
        (ImageUrl, {}),
        (ImageUrl, {"url": None}),
        (ImageUrl, {"url": 7}),
        (ImageUrl, ["url"]),
        (ImageUrl, None),
        (ImageUrl, "url"),
        (b.Meta, {}),
        (b.Meta, {"name": None}),
        (b.Meta, {"name": 1}),
        (b.Meta, {"name": "a", "userData": {}}),
        (b.IdentifyBody, {"faceIds": FACE}),
        (b.IdentifyBody, {"faceIds": None}),
        (b.IdentifyBody, {"faceIds": [FACE], "maxNumOfCandidatesReturned": "1"}),
        (b.IdentifyBody, {"faceIds": [FACE], "maxNumOfCandidatesReturned": 1.5}),
        (b.IdentifyBody, {"faceIds": [FACE], "maxNumOfCandidatesReturned": True}),
        (b.IdentifyBody, {"faceIds": [FACE], "confidenceThreshold": "0.5"}),
        (b.IdentifyBody, {"faceIds": [FACE], "confidenceThreshold": True}),
        (b.GroupBody, {"faceIds": [FACE, None]}),
        (b.GroupBody, {"faceIds": {"0": FACE}}),
        (b.NewSnapshot, {"type": "Person", "objectId": "a", "applyScope": ["x"]}),
        (b.NewSnapshot, {"type": "FaceList", "objectId": "a", "applyScope": []}),
        (b.NewSnapshot, {"type": "FaceList", "objectId": "a"}),
        (b.SnapshotTarget, {"objectId": "a", "mode": "Merge"}),
    ],
)
def test_a_wrong_type_or_a_missing_field_is_an_invalid_body(
    model: type[BaseModel], value: object
) -> None:
    with pytest.raises(Refusal) as refused:
        read(model, value)
    error = refused.value
    assert (error.status, error.code, error.message) == (400, "BadArgument", INVALID)
