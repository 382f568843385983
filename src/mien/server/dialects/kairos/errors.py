"""The error table: what went wrong, as the wire's code, status and text."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from mien.errors import (
    ConflictError,
    GalleryError,
    LimitReachedError,
    NoSuchCollectionError,
    NoSuchPersonError,
    NoSuchStoredFaceError,
)
from mien.server.errors import (
    BodyTooLargeError,
    KeyRefusedError,
    MethodRefusedError,
    OffError,
    QuotaError,
    RateError,
    Refusal,
    UnknownPathError,
)

TEXTS = {
    1000: "invalid characters found in parameters",
    1001: "invalid content type header was sent",
    1002: "one or more required parameters are missing",
    1003: "an invalid parameter was sent",
    1004: "remote url or file name is too long",
    3000: "you've exceeded the number of requests you can send",
    3001: "API temporarily unavailable",
    3002: "an invalid endpoint was used",
    3003: "invalid authentication parameters",
    5000: "an invalid image was sent, must be jpg or png format",
    5001: "an invalid image URL was sent",
    5002: "no faces found in the image",
    5003: "subject ID was not found",
    5004: "gallery name not found",
    5005: "face that was detected is corrupt and cannot be processed",
    5010: "too many faces in image",
    5011: "this feature is not available",
    5012: "no match found",
}
"""What each code says; where there is more to say, it follows after a colon."""

STATUSES = {3000: 429, 3001: 502, 3002: 404, 3003: 403}
"""Of HTTP; of all other codes it is 200."""

NO_SUCH_FACE = "subject id with face id was not found"


class KairosError(Refusal):
    """A refusal by its code.

    Args:
        number: of `TEXTS`.
        detail: what exactly; follows the text of the code.
        text: takes the place of that text.
    """

    def __init__(self, number: int, detail: str = "", *, text: str = "") -> None:
        said = text or TEXTS[number]
        message = f"{said}: {detail}" if detail else said
        super().__init__(STATUSES.get(number, 200), str(number), message)
        self.number = number


class MediaError(KairosError):
    """A refusal of the media calls, whose error body is flat."""


def refuse(refusal: Refusal) -> Response:
    """A refusal in the error body of the API."""
    known = refusal if isinstance(refusal, KairosError) else _known(refusal)
    body: dict[str, object] = {
        "Errors": [{"Message": known.message, "ErrCode": known.number}],
    }
    if isinstance(known, MediaError):
        body = {"code": known.number, "message": known.message}
    return JSONResponse(body, status_code=known.status, headers=refusal.headers)


def refusal_of(error: GalleryError) -> KairosError:
    """The refusal of a gallery's error; raises the error itself if the table has none for it."""
    if isinstance(error, NoSuchCollectionError):
        return KairosError(5004)
    if isinstance(error, NoSuchPersonError):
        return KairosError(5003)
    if isinstance(error, NoSuchStoredFaceError):
        return KairosError(5003, text=NO_SUCH_FACE)
    if isinstance(error, LimitReachedError):
        return KairosError(5011, str(error))
    if isinstance(error, ConflictError):
        return KairosError(3001, str(error))
    raise error


def _known(refusal: Refusal) -> KairosError:
    """A refusal of the service itself by its code; 3001 for a fault and for a matter of time."""
    if isinstance(refusal, KeyRefusedError):
        return KairosError(3003)
    if isinstance(refusal, OffError):
        return KairosError(3003, refusal.message)
    if isinstance(refusal, RateError | QuotaError):
        return KairosError(3000, refusal.message)
    if isinstance(refusal, UnknownPathError | MethodRefusedError):
        return KairosError(3002)
    if isinstance(refusal, BodyTooLargeError):
        return KairosError(5000, refusal.message)
    return KairosError(3001, refusal.message)
