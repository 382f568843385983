"""What the API answers in JSON, as its OpenAPI page shows it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """A JSON object of an answer. What no model backs, or the policy excludes, is not there."""

    model_config = ConfigDict(extra="forbid")


class ErrorDetail(Answer):
    """What went wrong, and the code of it."""

    Message: str
    ErrCode: int


class Errors(Answer):
    """Why there is no other answer; the status of HTTP is 200 in most cases."""

    Errors: list[ErrorDetail]


class Gender(Answer):
    """A perceived presentation."""

    type: Literal["M", "F"]


class Attributes(Answer):
    """What is told of a face's looks. Ethnicity is not."""

    lips: Literal["Together", "Apart"] | None = None
    gender: Gender | None = None
    age: int | None = None
    glasses: Literal["None", "Eye", "Sun"] | None = None


class Rectangle(Answer):
    """Whole pixels of the upright picture."""

    topLeftX: int
    topLeftY: int
    width: int
    height: int


class DetectedFace(Rectangle):
    """A face; left and right are the person's own. `face_id` counts the faces of the picture."""

    chinTipX: int | None = None
    chinTipY: int | None = None
    leftEyeCenterX: int | None = None
    leftEyeCenterY: int | None = None
    rightEyeCenterX: int | None = None
    rightEyeCenterY: int | None = None
    yaw: int | None = None
    pitch: int | None = None
    roll: int | None = None
    confidence: float
    quality: float | None = None
    face_id: int
    attributes: Attributes


class DetectedImage(Answer):
    """A picture and its faces."""

    status: Literal["Complete"]
    width: int
    height: int
    file: str | None = None
    faces: list[DetectedFace]


class Detected(Answer):
    """The faces of the picture, the largest first."""

    images: list[DetectedImage]


class EnrolledTransaction(Rectangle):
    """A face that is now stored."""

    status: Literal["success"]
    gallery_name: str
    subject_id: str
    timestamp: str
    confidence: float
    quality: float | None = None
    face_id: int


class EnrolledImage(Answer):
    """A face that is now stored, and its looks."""

    attributes: Attributes
    transaction: EnrolledTransaction


class EnrollAnswer(Answer):
    """What was stored; `face_id` names the first face from now on."""

    face_id: str
    images: list[EnrolledImage]


class VerifiedTransaction(Rectangle):
    """A face compared with a subject. `confidence` tells; the status is always this."""

    status: Literal["success"]
    gallery_name: str
    subject_id: str
    confidence: float
    quality: float | None = None


class VerifiedImage(Answer):
    """A face compared with a subject."""

    transaction: VerifiedTransaction


class VerifyAnswer(Answer):
    """The one face of the picture, compared."""

    images: list[VerifiedImage]


class Candidate(Answer):
    """A subject whom a face may be, and when they were first enrolled."""

    subject_id: str
    confidence: float
    enrollment_timestamp: str


class RecognizedTransaction(Rectangle):
    """A face, and the best of its candidates if it has any."""

    status: Literal["success", "failure"]
    message: str | None = None
    gallery_name: str
    subject_id: str | None = None
    confidence: float | None = None
    quality: float | None = None
    face_id: int


class RecognizedImage(Answer):
    """A face and its candidates, the best first."""

    transaction: RecognizedTransaction
    candidates: list[Candidate] | None = None


class RecognizeAnswer(Answer):
    """The faces of the picture, the largest first."""

    images: list[RecognizedImage]


class GalleryList(Answer):
    """The names of all galleries."""

    status: Literal["Complete"]
    gallery_ids: list[str]


class SubjectList(Answer):
    """The names of a gallery's subjects."""

    status: Literal["Complete"]
    subject_ids: list[str]


class StoredFace(Answer):
    """A stored face, and when it was enrolled: milliseconds since 1970, as a text."""

    face_id: str
    enrollment_timestamp: str


class FaceList(Answer):
    """The faces of a subject."""

    status: Literal["Complete"]
    face_ids: list[StoredFace]


class Removed(Answer):
    """That something was deleted."""

    status: Literal["Complete"]
    message: str


class MediaError(Answer):
    """What went wrong with a media call."""

    code: int
    message: str


class MediaStatus(Answer):
    """How far a media object is: 2 is processed, 3 is an error, 5 (a text) is deleted."""

    id: str
    status_code: int | Literal["5"]
    status_message: str


class MediaInfo(Answer):
    """The file that was analysed; in analytics it is called `filename`."""

    file: str | None = None
    filename: str | None = None
    length: int
    mime_type: str
    type: Literal["video", "image"]


class Tracking(Answer):
    """Attention in percent of the time in view, dwell in seconds, and how often somebody looked."""

    attention: float | None = None
    blink: Literal["Yes", "No"] | None = None
    dwell: float
    glances: int


class Emotions(Answer):
    """Percent of each; what is missing to 100 is neutral and contempt."""

    anger: float
    disgust: float
    fear: float
    joy: float
    sadness: float
    surprise: float


class Person(Answer):
    """Somebody in a frame."""

    appearance: dict[str, Literal["Yes", "No"]]
    demographics: dict[str, str]
    distance: float | None = None
    emotions: Emotions | None = None
    end_time: str
    face: dict[Literal["x", "y", "width", "height"], int]
    landmarks: list[dict[str, dict[str, int]]] | None = None
    person_id: str
    pose: dict[Literal["yaw", "pitch", "roll"], float] | None = None
    start_time: str
    tracking: Tracking | None = None


class Frame(Answer):
    """Who is in a frame; its time in milliseconds."""

    people: list[Person]
    time: int


class Media(Answer):
    """A media object, frame by frame."""

    frames: list[Frame]
    id: str
    length: int
    media_info: MediaInfo
    status_code: Literal[4]
    status_message: Literal["Complete"]


class EmotionScore(Answer):
    """Percent, together 100."""

    negative: float
    neutral: float
    positive: float


class Impression(Answer):
    """Somebody from first to last; 0 where a number stands for a word and nothing is known."""

    appearance: dict[Literal["glasses"], Literal[0, 1, 2]]
    average_emotion: Emotions | None = None
    demographics: dict[Literal["age_group", "gender"], Any]
    duration: float
    emotion_score: EmotionScore | None = None
    id: str
    tracking: Tracking | None = None


class Analytics(Answer):
    """A media object in sum."""

    id: str
    impressions: list[Impression]
    media_info: MediaInfo
