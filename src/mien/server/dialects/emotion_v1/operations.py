"""The table of operations, and what its OpenAPI page shows beside them."""

from __future__ import annotations

from mien.server.dialects.emotion_v1 import answers
from mien.server.dialects.emotion_v1.bodies import FileUrl
from mien.server.dialects.emotion_v1.parameters import FACE_RECTANGLES
from mien.server.dialects.emotion_v1.recognize import recognize
from mien.server.openapi import Page
from mien.server.operations import Operation

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
)

PAGE = Page(
    title="Emotion API v1.0",
    about="Azure's Emotion API v1.0, answered by mien on your own machines.",
    bodies={"FileUrl": {"url": "https://example.com/photo.jpg"}},
    answers={
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
