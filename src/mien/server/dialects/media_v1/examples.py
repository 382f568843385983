"""Examples for the page of operations."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

ASSET_ID = "6a0c2bc1-5c0f-4cbb-8d6d-6b2e3f0a9d11"
FILE_ID = "0e1b5f0a-3f77-4a2e-9c3d-2f8f4f0f6a77"
JOB_ID = "c1f2f4d0-9a5e-4a0b-8a77-3a1c2f9d5b42"
OUTPUT_ID = "2d9d6f5e-7b0a-4a53-b1a6-0d5a1c8e7f10"
TASK_ID = "f0a4d6a2-1f3d-4e0c-9b11-6c7d8e9fa012"
PROCESSOR = "Azure Media Face Detector"
WHEN = "2026-01-31T12:00:00Z"

FILE: Json = {
    "id": FILE_ID,
    "assetId": ASSET_ID,
    "name": "foo.mp4",
    "size": 1048576,
    "received": 524288,
    "isPrimary": False,
    "created": WHEN,
}
TASK: Json = {
    "id": TASK_ID,
    "name": "My Face Detection Task",
    "processor": "mb:mpid:UUID:9d5c2a9e-0b0e-5d7c-8a42-1f2a3b4c5d6e",
    "configuration": '{"version":"1.0"}',
    "inputAssets": [ASSET_ID],
    "outputAsset": OUTPUT_ID,
    "state": "Processing",
    "stateNumber": 2,
    "progress": 45.5,
    "startTime": WHEN,
    "endTime": None,
    "runningDuration": None,
    "errorDetails": [],
}

EDIT: Json = {
    "kind": "name",
    "person": {"time": {"pts": 3003, "timeBase": "1/30000"}, "box": [412, 96.5, 508, 221]},
    "name": "Ada",
}

BODIES: dict[str, Json] = {
    "NewEdits": {"expected": 4, "edits": [EDIT]},
    "NewAsset": {"name": "My Face Detection Input Asset"},
    "NewFile": {"name": "foo.mp4", "size": 1048576},
    "NewJob": {
        "name": "My Face Detection Job",
        "tasks": [
            {
                "name": "My Face Detection Task",
                "processor": PROCESSOR,
                "configuration": '{"version":"1.0"}',
                "inputAssets": [ASSET_ID],
                "outputAssetName": "My Face Detection Output Asset",
            }
        ],
        "notification": {"url": "https://example.com/told", "target": 2},
    },
}
ANSWERS: dict[str, Json] = {
    "ProcessorAnswer": {
        "id": TASK["processor"],
        "name": PROCESSOR,
        "version": "1.0",
        "description": "Faces of a video and their expressions, as JSON.",
    },
    "AssetAnswer": {"id": ASSET_ID, "name": "My asset", "created": WHEN, "files": [FILE]},
    "FileAnswer": FILE,
    "EditAnswer": {"number": 5, "at": WHEN, "user": "my key", **EDIT},
    "JobAnswer": {
        "id": JOB_ID,
        "name": "My Face Detection Job",
        "state": "Processing",
        "stateNumber": 2,
        "priority": 0,
        "progress": 45.5,
        "created": WHEN,
        "lastModified": WHEN,
        "startTime": WHEN,
        "endTime": None,
        "notification": None,
        "tasks": [TASK],
    },
    "EventAnswer": {
        "id": 17,
        "jobId": JOB_ID,
        "taskId": TASK_ID,
        "code": "Processing",
        "message": "",
        "timeStamp": WHEN,
        "previousState": "Scheduled",
        "currentState": "Processing",
    },
    "SigningKeyAnswer": {"signingKey": "b64…=="},
}
ERRORS: dict[int, Json] = {
    404: {"error": {"code": "JobNotFound", "message": f"There is no job {JOB_ID}."}},
    409: {"error": {"code": "InUse", "message": "The job is not over; cancel it first."}},
    416: {"error": {"code": "RangeNotSatisfiable", "message": "The file has 10 bytes."}},
    426: {"error": {"code": "UpgradeRequired", "message": "Speak WebSocket here."}},
    507: {"error": {"code": "InsufficientStorage", "message": "A file cannot be kept: disk full."}},
}
