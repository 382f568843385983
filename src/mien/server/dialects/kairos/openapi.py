"""What the OpenAPI page shows of the API beside its operations."""

from __future__ import annotations

from typing import Any

from mien.server.dialects.kairos import answers
from mien.server.dialects.kairos.errors import STATUSES, TEXTS
from mien.server.openapi import Id, Page

Json = dict[str, Any]

TITLE = "Kairos"
STAMP = "1487012582681"
FACE = "5410001743ab64935982"
BOX = {"topLeftX": 390, "topLeftY": 706, "width": 781, "height": 780}
LOOKS = {"lips": "Together", "gender": {"type": "F"}, "age": 26, "glasses": "None"}
PICTURE = {"image": "https://example.com/elizabeth.jpg"}
GALLERY = {"gallery_name": "MyGallery"}
SUBJECT = {**GALLERY, "subject_id": "Elizabeth"}
FOUND = {"status": "success", **BOX, **SUBJECT, "confidence": 0.86944, "quality": 0.84705}

MEDIA = "e873eebce0d77bd6fed3b1b9"
INFO = {"length": 12, "mime_type": "video/mp4", "type": "video"}
EMOTIONS = {"anger": 1.2, "disgust": 0.1, "fear": 0.1, "joy": 62.2, "sadness": 0.1, "surprise": 3.4}
PERSON = {
    "appearance": {"glasses": "No"},
    "demographics": {"age_group": "Young Adult", "gender": "Male"},
    "distance": 61.2,
    "emotions": EMOTIONS,
    "end_time": "2026-Nov-21 17:47:35.363999",
    "face": {"height": 248, "width": 190, "x": 298, "y": 126},
    "person_id": "0",
    "pose": {"pitch": 0.9, "roll": -2.1, "yaw": -11.3},
    "start_time": "2026-Nov-21 17:47:35.280681",
    "tracking": {"attention": 100.0, "blink": "No", "dwell": 0.083, "glances": 1},
}

BODIES: dict[str, Json] = {
    "Detect": {**PICTURE, "selector": "ROLL"},
    "Enroll": {**PICTURE, **SUBJECT},
    "Verify": {**PICTURE, **SUBJECT},
    "Recognize": {**PICTURE, **GALLERY, "threshold": 0.6},
    "Gallery": GALLERY,
    "Subject": SUBJECT,
    "SubjectFace": {**SUBJECT, "face_id": FACE},
    "MediaSource": {"source": "https://example.com/shop.mp4", "timeout": 30, "landmarks": 0},
}

ANSWERS: dict[str, Json] = {
    "Detected": {
        "images": [
            {
                "status": "Complete",
                "width": 1536,
                "height": 2048,
                "file": "elizabeth.jpg",
                "faces": [{**BOX, "confidence": 0.99997, "face_id": 1, "attributes": LOOKS}],
            }
        ]
    },
    "EnrollAnswer": {
        "face_id": FACE,
        "images": [
            {
                "attributes": LOOKS,
                "transaction": {**FOUND, "timestamp": STAMP, "face_id": 1},
            }
        ],
    },
    "VerifyAnswer": {"images": [{"transaction": FOUND}]},
    "RecognizeAnswer": {
        "images": [
            {
                "transaction": {**FOUND, "face_id": 1},
                "candidates": [
                    {
                        "subject_id": "Elizabeth",
                        "confidence": 0.86944,
                        "enrollment_timestamp": STAMP,
                    }
                ],
            }
        ]
    },
    "GalleryList": {"status": "Complete", "gallery_ids": ["MyGallery"]},
    "SubjectList": {"status": "Complete", "subject_ids": ["Elizabeth", "Rachel"]},
    "FaceList": {
        "status": "Complete",
        "face_ids": [{"face_id": FACE, "enrollment_timestamp": STAMP}],
    },
    "Removed": {"status": "Complete", "message": "gallery MyGallery was removed"},
    "Media": {
        "frames": [{"people": [PERSON], "time": 83}],
        "id": MEDIA,
        "length": 12,
        "media_info": {"file": f"{MEDIA}.mp4", **INFO},
        "status_code": 4,
        "status_message": "Complete",
    },
    "MediaStatus": {"id": MEDIA, "status_code": "5", "status_message": "Deleted"},
    "Analytics": {
        "id": MEDIA,
        "impressions": [
            {
                "appearance": {"glasses": 1},
                "average_emotion": EMOTIONS,
                "demographics": {"age_group": "Young-Adult", "gender": 1},
                "duration": 2.4,
                "emotion_score": {"negative": 1.5, "neutral": 36.3, "positive": 62.2},
                "id": "0",
                "tracking": {"attention": 94.444, "dwell": 2.4, "glances": 1},
            }
        ],
        "media_info": {"filename": f"{MEDIA}.mp4", **INFO},
    },
}

ERRORS: dict[int, Json] = {
    status: {"Errors": [{"Message": TEXTS[number], "ErrCode": number}]}
    for number, status in STATUSES.items()
}

PAGE = Page(
    title=TITLE,
    about="The API of Kairos, answered by mien on your own machines. Most failures are HTTP 200 "
    "with `Errors` in the body.",
    ids={"id": Id({"type": "string", "pattern": "^[0-9a-f]{24}$"}, MEDIA)},
    bodies=BODIES,
    answers=ANSWERS,
    errors=ERRORS,
    error=answers.Errors,
    always=tuple(ERRORS),
    with_body=(),
    models=(answers.MediaStatus, answers.MediaError),
    instead=(answers.Errors, answers.MediaStatus, answers.MediaError),
    security={
        "app_id": {"type": "apiKey", "in": "header", "name": "app_id"},
        "app_key": {"type": "apiKey", "in": "header", "name": "app_key"},
    },
    together=True,
)
