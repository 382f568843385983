"""The error map: what jobs and assets raise, as status, code and message."""

from __future__ import annotations

from mien.errors import (
    EditsMovedOnError,
    InUseError,
    JobsError,
    LogFullError,
    MienError,
    NameTakenError,
    NoSuchAssetError,
    NoSuchAssetFileError,
    NoSuchJobError,
    NoSuchProcessorError,
    OffsetError,
    OutputError,
    UsageError,
)
from mien.server.errors import Refusal

STATUSES: dict[type[MienError], tuple[int, str]] = {
    NoSuchAssetError: (404, "AssetNotFound"),
    NoSuchAssetFileError: (404, "FileNotFound"),
    NoSuchJobError: (404, "JobNotFound"),
    NoSuchProcessorError: (400, "ProcessorNotFound"),
    NameTakenError: (409, "FileExists"),
    InUseError: (409, "InUse"),
    OffsetError: (409, "OffsetMismatch"),
    EditsMovedOnError: (409, "EditsMovedOn"),
    LogFullError: (409, "LogFull"),
    OutputError: (507, "InsufficientStorage"),
    UsageError: (400, "BadArgument"),
}
MAPPED = (JobsError, OutputError, UsageError)
OFFSET = "Upload-Offset"


def refusal_of(error: MienError, *, in_body: bool = False) -> Refusal:
    """The refusal of an error; raises the error itself if the map has none for it.

    Args:
        error: one of `MAPPED`.
        in_body: whether what is not there was named in the body: then it is the body that is wrong.
    """
    for kind, (status, code) in STATUSES.items():
        if isinstance(error, kind):
            headers = {OFFSET: str(error.offset)} if isinstance(error, OffsetError) else {}
            status = 400 if in_body and status == 404 else status
            return Refusal(status, code, _sentence(str(error)), headers)
    raise error


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith(".") else f"{text}."
