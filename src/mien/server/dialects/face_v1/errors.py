"""The error map: what the gallery and the decoder raise, as the wire's status, code and message."""

from __future__ import annotations

from dataclasses import dataclass

from mien.errors import (
    ConflictError,
    EmptyCollectionError,
    ExistsError,
    GalleryError,
    IncompatibleModelsError,
    LimitReachedError,
    MediaError,
    MediaTooLargeError,
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

TOO_SMALL = (
    "Image size is too small. The valid image file size should be larger than or equal to 1KB."
)
BAD_JSON = "JSON parsing error. Bad or unrecognizable request JSON body."
UNDECODABLE = "Decoding error, image format unsupported."
NOT_AN_IMAGE = (
    "Invalid image format or URL. Supported formats include JPEG, PNG, GIF(the first frame) "
    "and BMP."
)
DOWNLOAD_FAILED = "Failed to download image from the specified URL. Remote server error returned."


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
        return Refusal(403, "QuotaExceeded", _sentence(str(error)))
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


def refusal_of_picture(error: MediaError, *, from_url: bool) -> Refusal:
    """The refusal of a picture that cannot be decoded."""
    if isinstance(error, MediaTooLargeError):
        return Refusal(400, "InvalidImageSize", _sentence(f"Image size is too big: {error}"))
    return not_a_picture(from_url=from_url)


def too_big(most: int) -> Refusal:
    """Of a file with more bytes than this."""
    limit = f"{most // 2**20}MB" if most % 2**20 == 0 else f"{most} bytes"
    return Refusal(
        400,
        "InvalidImageSize",
        f"Image size is too big. The valid image file size should be no larger than {limit}.",
    )


def not_a_picture(*, from_url: bool) -> Refusal:
    """Of bytes that are no picture of a kind that the API takes."""
    if from_url:
        return Refusal(400, "InvalidURL", NOT_AN_IMAGE)
    return Refusal(400, "InvalidImage", UNDECODABLE)


def bad_id(noun: Noun) -> Refusal:
    """Of a path whose id cannot be one: there is no such list or group."""
    return Refusal(404, f"{noun.code}NotFound", f"{noun.text} ID is invalid.")


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
