"""The error map: what the gallery raises, as the wire's status, code and message."""

from __future__ import annotations

from dataclasses import dataclass

from mien.errors import (
    ConflictError,
    EmptyCollectionError,
    ExistsError,
    GalleryError,
    IncompatibleModelsError,
    LimitReachedError,
    NoSuchCollectionError,
    NoSuchFaceError,
    NoSuchOperationError,
    NoSuchPersonError,
    NoSuchSnapshotError,
    NoSuchStoredFaceError,
    NotTrainedError,
    TrainingRunningError,
)
from mien.gallery.records import Kind
from mien.server.dialects.face_v1.names import BY_KIND, Noun
from mien.server.errors import Refusal
from mien.server.pictures import sentence

BAD_JSON = "JSON parsing error. Bad or unrecognizable request JSON body."


@dataclass(frozen=True, slots=True)
class Context:
    """How an operation tells of what is not there.

    Attributes:
        missing: the status for a list, group or faceId that is not there: 400 where it is named in
            the body of a search, else 404.
        face: the message for a faceId that is not there.
    """

    missing: int = 404
    face: str = "Face is not found."


def refusal_of(error: GalleryError, context: Context) -> Refusal:
    """The refusal of a gallery's error; raises the error itself if the map has none for it."""
    noun = None if error.kind is None else BY_KIND[Kind(error.kind)]
    if isinstance(error, NoSuchFaceError):
        return Refusal(context.missing, "FaceNotFound", context.face)
    if isinstance(error, NoSuchPersonError):
        return Refusal(404, "PersonNotFound", "Person is not found.")
    if isinstance(error, NoSuchStoredFaceError):
        return Refusal(404, "PersistedFaceNotFound", "Persisted face is not found.")
    if isinstance(error, NoSuchSnapshotError):
        return Refusal(404, "SnapshotNotFound", "Snapshot is not found.")
    if isinstance(error, NoSuchOperationError):
        return Refusal(404, "OperationNotFound", "Operation is not found.")
    if isinstance(error, IncompatibleModelsError):
        return Refusal(400, "BadArgument", "'recognitionModel' is incompatible.")
    if isinstance(error, LimitReachedError):
        return Refusal(403, "QuotaExceeded", sentence(str(error)))
    if isinstance(error, ConflictError):
        return Refusal(
            409,
            "ConcurrentOperationConflict",
            "There is a conflict operation on this resource, please try again later.",
        )
    if noun is not None and (found := _of_collection(error, noun, context)) is not None:
        return found
    raise error


def _of_collection(error: GalleryError, noun: Noun, context: Context) -> Refusal | None:
    if isinstance(error, NoSuchCollectionError):
        return Refusal(context.missing, f"{noun.code}NotFound", f"{noun.text} is not found.")
    if isinstance(error, ExistsError):
        return Refusal(409, f"{noun.code}Exists", f"{noun.text} '{error.what}' already exists.")
    if isinstance(error, NotTrainedError):
        message = f"{noun.text} {'not' if noun.kind.has_persons else 'is not'} trained."
        return Refusal(context.missing, f"{noun.code}NotTrained", message)
    if isinstance(error, TrainingRunningError):
        state = "is under training" if noun.kind.has_persons else "training is not finished"
        message = f"{noun.text} {state}."
        return Refusal(409, f"{noun.code}TrainingNotFinished", message)
    if isinstance(error, EmptyCollectionError):
        return Refusal(400, f"{noun.code}NotReady", f"{noun.text} is empty.")
    return None


def bad_id(noun: Noun) -> Refusal:
    """Of a path whose id cannot be one: there is no such list or group."""
    return Refusal(404, f"{noun.code}NotFound", f"{noun.text} ID is invalid.")
