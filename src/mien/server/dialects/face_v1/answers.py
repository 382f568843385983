"""What the API answers in JSON, as its OpenAPI page shows it, and how records become it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from mien.faces import Array
from mien.gallery.advice import Advice
from mien.gallery.records import (
    Candidate,
    Collection,
    Operation,
    Person,
    Receipt,
    Snapshot,
    StoredFace,
    Training,
)
from mien.server.dialects.face_v1.names import BY_KIND

Json = dict[str, Any]


class Answer(BaseModel):
    """A JSON object of an answer."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid")


class FaceRectangle(Answer):
    """Whole pixels of the upright picture."""

    top: int
    left: int
    width: int
    height: int


class DetectedFace(Answer):
    """A face of a picture."""

    face_id: str | None = None
    recognition_model: str | None = None
    face_rectangle: FaceRectangle
    face_landmarks: dict[str, dict[str, float]] | None = None
    face_attributes: dict[str, Any] | None = None


class VerifyResult(Answer):
    """Whether they are one person; so from a confidence of 0.5."""

    is_identical: bool
    confidence: float


class PersonCandidate(Answer):
    """A person that a face may be."""

    person_id: str
    confidence: float


class IdentifyResult(Answer):
    """The persons that one face may be, best first."""

    face_id: str
    candidates: list[PersonCandidate]


class SimilarFace(Answer):
    """A face that looks like the one asked for."""

    face_id: str | None = None
    persisted_face_id: str | None = None
    confidence: float


class GroupResult(Answer):
    """Faces by person, the largest group first; in messyGroup those like no other."""

    groups: list[list[str]]
    messy_group: list[str]


class PersistedFace(Answer):
    """A stored face."""

    persisted_face_id: str
    user_data: str | None = None


class PersistedFaceId(Answer):
    """The id of a face that was just stored."""

    persisted_face_id: str


class PersonIdAnswer(Answer):
    """The id of a person that was just added."""

    person_id: str


class PersonAnswer(Answer):
    """A person of a group."""

    person_id: str
    name: str
    user_data: str | None = None
    persisted_face_ids: list[str]


class CollectionAnswer(Answer):
    """A list or group; it has the one of the four ids that fits."""

    face_list_id: str | None = None
    large_face_list_id: str | None = None
    person_group_id: str | None = None
    large_person_group_id: str | None = None
    name: str
    user_data: str | None = None
    recognition_model: str | None = None
    persisted_faces: list[PersistedFace] | None = None


class AdviceItem(Answer):
    """One thing to know before a face is kept. `code` is one of `mien.gallery.advice.Code`."""

    code: str
    serious: bool
    message: str
    value: float | None = None
    person_id: str | None = None
    persisted_face_id: str | None = None
    face_id: str | None = None
    name: str | None = None
    confidence: float | None = None


class FaceAdvice(Answer):
    """A face of a picture, and what to know before it is kept."""

    face_id: str | None = None
    face_rectangle: FaceRectangle
    quality_for_recognition: str | None = None
    advice: list[AdviceItem]


class TogetherAdvice(Answer):
    """A face, and what to know of it beside others before they are kept."""

    face_id: str
    advice: list[AdviceItem]


class TrainingAnswer(Answer):
    """How far a training is."""

    status: str
    created_date_time: str
    last_action_date_time: str | None
    last_successful_training_date_time: str | None
    message: str | None


class SnapshotAnswer(Answer):
    """A copy of a list or group."""

    id: str
    account: str
    type: str
    apply_scope: list[str]
    user_data: str | None = None
    created_time: str
    last_update_time: str


class OperationAnswer(Answer):
    """How far a copying is."""

    status: str
    created_time: str
    last_action_time: str | None = None
    resource_location: str | None = None
    message: str | None = None


class ReceiptAnswer(Answer):
    """That something was deleted."""

    receipt_id: str
    what: str
    type: str
    collection_id: str
    id: str
    persons: int
    faces: int
    keys: int
    deleted_time: str


def time(moment: datetime) -> str:
    """ISO 8601 in UTC with seven digits of a second, as the service wrote it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}0Z"


def _maybe(moment: datetime | None) -> str | None:
    return None if moment is None else time(moment)


def collection(found: Collection, *, model: bool) -> Json:
    """A list or group; with its recognition model where that is asked for."""
    answer = {
        BY_KIND[found.kind].id_field: found.id,
        "name": found.name,
        "userData": found.user_data,
    }
    return answer | ({"recognitionModel": found.recognition_model} if model else {})


def persisted_face(found: StoredFace) -> Json:
    return {"persistedFaceId": found.id, "userData": found.user_data}


def person(found: Person) -> Json:
    return {
        "personId": found.id,
        "name": found.name,
        "userData": found.user_data,
        "persistedFaceIds": list(found.face_ids),
    }


def candidate(found: Candidate, field: str) -> Json:
    """A candidate under this name of its id; five decimals of confidence."""
    return {field: found.id, "confidence": confidence(found.confidence)}


def confidence(value: float) -> float:
    """Five decimals, cut and not rounded, so that 0.499999 stays below the same-person point."""
    return int(float(value) * 100_000 + 1e-9) / 100_000


def rectangle(box_xyxy: Array) -> Json:
    """A box of whole numbers."""
    left, top, right, bottom = (int(edge) for edge in box_xyxy)
    return {"top": top, "left": left, "width": right - left, "height": bottom - top}


def advice(found: Advice, whose: str) -> Json:
    """One piece of advice, with the id under this name; what it has no value for is left out."""
    told = {
        "value": None if found.value is None else round(found.value, 3),
        whose: found.id,
        "name": found.name,
        "confidence": None if found.confidence is None else confidence(found.confidence),
    }
    given = {name: value for name, value in told.items() if value is not None}
    return {"code": str(found.code), "serious": found.is_serious, "message": found.text, **given}


def training(found: Training) -> Json:
    return {
        "status": str(found.status),
        "createdDateTime": time(found.created),
        "lastActionDateTime": _maybe(found.last_action),
        "lastSuccessfulTrainingDateTime": _maybe(found.last_success),
        "message": found.message,
    }


def snapshot(found: Snapshot) -> Json:
    return {
        "id": found.id,
        "account": found.account,
        "type": str(found.kind),
        "applyScope": list(found.apply_scope),
        "userData": found.user_data,
        "createdTime": time(found.created),
        "lastUpdateTime": time(found.updated),
    }


def operation(found: Operation) -> Json:
    """`resourceLocation` is the path, below the prefix, of what was made."""
    location = None
    if found.snapshot is not None:
        location = f"/snapshots/{found.snapshot}"
    elif found.applied is not None:
        kind, id = found.applied
        location = f"/{BY_KIND[kind].path}/{id}"
    answer = {
        "status": str(found.status),
        "createdTime": time(found.created),
        "lastActionTime": time(found.last_action),
    }
    answer |= {} if location is None else {"resourceLocation": location}
    return answer | ({} if found.message is None else {"message": found.message})


def receipt(found: Receipt) -> Json:
    return {
        "receiptId": found.id,
        "what": found.what,
        "type": str(found.kind),
        "collectionId": found.collection,
        "id": found.subject,
        "persons": found.persons,
        "faces": found.faces,
        "keys": found.keys,
        "deletedTime": time(found.deleted),
    }
