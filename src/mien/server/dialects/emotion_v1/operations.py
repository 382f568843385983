"""The table of operations, and what its OpenAPI page shows beside them."""

from __future__ import annotations

from mien.server.dialects.emotion_v1 import answers, video
from mien.server.dialects.emotion_v1.bodies import FileUrl
from mien.server.dialects.emotion_v1.parameters import FACE_RECTANGLES, OUTPUT_STYLE
from mien.server.dialects.emotion_v1.recognize import recognize
from mien.server.errors import Refusal
from mien.server.openapi import AZURE_ERRORS, Id, Page, azure_error
from mien.server.operations import Operation

OID = "1b6c6ca8-95a1-4d0e-8b0f-4d21c8a1a7e7"

OPERATIONS = (
    Operation(
        *("Emotion_Recognize", "POST", "/recognize", "Emotion"),
        "Read the expression of each face of a picture, or of the rectangles given.",
        recognize,
        query=(FACE_RECTANGLES,),
        body=FileUrl,
        octets=True,
        answer=list[answers.RecognizedFace],
        refusals=(400,),
    ),
    Operation(
        *("Emotion_RecognizeInVideo", "POST", "/recognizeInVideo", "Emotion"),
        "Take a video and begin to read the expressions in it.",
        video.recognize_in_video,
        query=(OUTPUT_STYLE,),
        body=FileUrl,
        octets=True,
        status=202,
        refusals=(400,),
        headers={"Operation-Location": "Where to ask how far it is: an absolute URL."},
    ),
    Operation(
        *("Emotion_Operation", "GET", "/operations/{oid}", "Emotion"),
        "How far a video is, and the result once it is there.",
        video.operation,
        answer=answers.OperationAnswer,
        refusals=(404,),
    ),
)
NO_OPERATION = Operation(
    *("Emotion_NoOperation", "GET", "/operations", "Emotion"),
    "Refused: the id of an operation is missing. It is on no page.",
    video.no_operation,
    refusals=(400,),
)

PAGE = Page(
    title="Emotion API v1.0",
    about="Azure's Emotion API v1.0, answered by mien on your own machines.",
    ids={"oid": Id({"type": "string", "format": "uuid"}, OID)},
    errors={
        **AZURE_ERRORS,
        404: azure_error(Refusal(404, "OperationNotFound", "Operation is not found.")),
    },
    bodies={"FileUrl": {"url": "https://example.com/photo.jpg"}},
    answers={
        "OperationAnswer": {
            "status": "Succeeded",
            "progress": 100.0,
            "createdDateTime": "2026-11-21T10:20:30.123Z",
            "lastActionDateTime": "2026-11-21T10:21:07.456Z",
            "resourceLocation": None,
            "processingResult": '{"version":1,"timescale":30000,"offset":0,"framerate":29.97,"wid'
            'th":1280,"height":720,"fragments":[{"start":0,"duration":60060}]}',
        },
        "RecognizedFace": {
            "faceRectangle": {"left": 68, "top": 97, "width": 97, "height": 97},
            "scores": {
                "anger": 0.0024418,
                "contempt": 0.0011022,
                "disgust": 0.0007263,
                "fear": 9.17e-05,
                "happiness": 0.9875571,
                "neutral": 0.0061231,
                "sadness": 0.0007004,
                "surprise": 0.0012575,
            },
        },
    },
)
