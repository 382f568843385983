"""What the API answers in JSON, as its OpenAPI page shows it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Answer(BaseModel):
    """A JSON object of an answer."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")


class FaceRectangle(Answer):
    """Whole pixels of the upright picture."""

    left: int
    top: int
    width: int
    height: int


class OperationAnswer(Answer):
    """How far a video is.

    `processingResult` is a text that holds JSON, there once it has Succeeded; `message` says why it
    has Failed.
    """

    status: Literal["NotStarted", "Running", "Failed", "Succeeded"]
    progress: float
    created_date_time: str
    last_action_date_time: str
    resource_location: None
    message: str | None = None
    processing_result: str | None = None


class Scores(Answer):
    """How people would name the look of the face; about 1 in sum."""

    anger: float
    contempt: float
    disgust: float
    fear: float
    happiness: float
    neutral: float
    sadness: float
    surprise: float


class RecognizedFace(Answer):
    """A face of a picture, or a rectangle that was given."""

    face_rectangle: FaceRectangle
    scores: Scores
