"""Examples for the OpenAPI page: ids, bodies, answers and errors."""

from __future__ import annotations

from typing import Any

from mien.server.dialects.face_v1.names import GUID_PATTERN, ID_LENGTH, ID_PATTERN
from mien.server.errors import Refusal
from mien.server.openapi import AZURE_ERRORS, Id, azure_error

Json = dict[str, Any]

FACE_A = "c5c24a82-6845-4031-9d5d-978df9175426"
FACE_B = "65d083d4-9447-47d1-af30-b626144bf0fb"
PERSON = "25985303-c537-4467-b41d-bdb45cd95ca1"
PERSISTED = "015839fb-fbd9-4f79-ace9-7675fc2f1dd9"
SNAPSHOT = "e58b3f08-1e8b-4165-81df-aa9858f233dc"
OPERATION = "1b6c6ca8-95a1-4d0e-8b0f-4d21c8a1a7e7"
ACCOUNT = "8a0e5a4c-1f0c-4a42-9d3c-6a2f6a3e6a60"
TIME = "2026-11-21T10:20:30.1234560Z"

COLLECTION_SCHEMA = {"type": "string", "pattern": ID_PATTERN, "maxLength": ID_LENGTH}
GUID_SCHEMA = {"type": "string", "format": "uuid", "pattern": GUID_PATTERN}

COLLECTIONS = ("faceListId", "largeFaceListId", "personGroupId", "largePersonGroupId")
GUIDS = {
    "personId": PERSON,
    "persistedFaceId": PERSISTED,
    "snapshotId": SNAPSHOT,
    "operationId": OPERATION,
}
IDS: dict[str, Id] = {
    **{name: Id(COLLECTION_SCHEMA, "family") for name in COLLECTIONS},
    **{name: Id(GUID_SCHEMA, example) for name, example in GUIDS.items()},
}

BODIES: dict[str, Json] = {
    "ImageUrl": {"url": "https://example.com/photo.jpg"},
    "FindSimilarBody": {"faceId": FACE_A, "faceListId": "family", "mode": "matchPerson"},
    "GroupBody": {"faceIds": [FACE_A, FACE_B]},
    "TogetherBody": {"faceIds": [FACE_A, FACE_B]},
    "TogetherOfPersonBody": {"faceIds": [FACE_A, FACE_B], "personId": PERSON},
    "IdentifyBody": {
        "faceIds": [FACE_A],
        "personGroupId": "family",
        "maxNumOfCandidatesReturned": 1,
        "confidenceThreshold": 0.5,
    },
    "VerifyBody": {"faceId1": FACE_A, "faceId2": FACE_B},
    "Meta": {"name": "The family", "userData": "any", "recognitionModel": "recognition_04"},
    "Changes": {"name": "The whole family"},
    "NewPerson": {"name": "Anna", "userData": "any"},
    "FaceChanges": {"userData": "any"},
    "NewSnapshot": {"type": "PersonGroup", "objectId": "family", "applyScope": [ACCOUNT]},
    "SnapshotChanges": {"applyScope": [ACCOUNT]},
    "SnapshotTarget": {"objectId": "family-copy", "mode": "CreateNew"},
}

ANSWERS: dict[str, Json] = {
    "DetectedFace": {
        "faceId": FACE_A,
        "faceRectangle": {"top": 54, "left": 394, "width": 78, "height": 78},
        "faceAttributes": {"headPose": {"pitch": 1.6, "roll": 2.1, "yaw": 3.0}},
    },
    "SimilarFace": {"persistedFaceId": PERSISTED, "confidence": 0.82},
    "GroupResult": {"groups": [[FACE_A, FACE_B]], "messyGroup": []},
    "IdentifyResult": {
        "faceId": FACE_A,
        "candidates": [{"personId": PERSON, "confidence": 0.92}],
    },
    "VerifyResult": {"isIdentical": True, "confidence": 0.9},
    "CollectionAnswer": {"personGroupId": "family", "name": "The family", "userData": None},
    "PersonIdAnswer": {"personId": PERSON},
    "PersonAnswer": {
        "personId": PERSON,
        "name": "Anna",
        "userData": None,
        "persistedFaceIds": [PERSISTED],
    },
    "PersistedFaceId": {"persistedFaceId": PERSISTED},
    "PersistedFace": {"persistedFaceId": PERSISTED, "userData": None},
    "FaceAdvice": {
        "faceRectangle": {"top": 54, "left": 394, "width": 78, "height": 78},
        "qualityForRecognition": "High",
        "advice": [
            {
                "code": "looksLike",
                "serious": True,
                "message": "It looks like Anna.",
                "personId": PERSON,
                "name": "Anna",
                "confidence": 0.71,
            }
        ],
    },
    "TogetherAdvice": {
        "faceId": FACE_B,
        "advice": [
            {
                "code": "samePicture",
                "serious": True,
                "message": "This picture is among these already.",
                "faceId": FACE_A,
                "confidence": 0.97,
            }
        ],
    },
    "TrainingAnswer": {
        "status": "succeeded",
        "createdDateTime": TIME,
        "lastActionDateTime": TIME,
        "lastSuccessfulTrainingDateTime": TIME,
        "message": None,
    },
    "SnapshotAnswer": {
        "id": SNAPSHOT,
        "account": ACCOUNT,
        "type": "PersonGroup",
        "applyScope": [ACCOUNT],
        "userData": None,
        "createdTime": TIME,
        "lastUpdateTime": TIME,
    },
    "OperationAnswer": {
        "status": "succeeded",
        "createdTime": TIME,
        "lastActionTime": TIME,
        "resourceLocation": f"/snapshots/{SNAPSHOT}",
    },
}


ERRORS: dict[int, Json] = {
    **AZURE_ERRORS,
    404: azure_error(Refusal(404, "PersonGroupNotFound", "Person group is not found.")),
    409: azure_error(
        Refusal(409, "PersonGroupTrainingNotFinished", "Person group is under training.")
    ),
}
