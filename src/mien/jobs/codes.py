"""The documented codes of a failed task, and which error of mien is which."""

from __future__ import annotations

from enum import StrEnum

from mien.errors import (
    ConfigurationError,
    EngineError,
    InputError,
    MediaError,
    MienError,
    ModelError,
    NoVideoError,
    OutputError,
    UnsupportedMediaError,
    UsageError,
)
from mien.storage.media_records import ErrorDetail


class Code(StrEnum):
    """The codes in `ErrorDetails` of a task, as Azure Media Services had them."""

    UNKNOWN = "Unknown"
    MALFORMED_INPUT = "ErrorDownloadingInputAssetMalformedContent"
    INPUT_SERVICE_FAILURE = "ErrorDownloadingInputAssetServiceFailure"
    CONFIGURATION = "ErrorParsingConfiguration"
    MALFORMED_CONTENT = "ErrorExecutingTaskMalformedContent"
    UNSUPPORTED_FORMAT = "ErrorExecutingTaskUnsupportedFormat"
    PROCESSING = "ErrorProcessingTask"
    OUTPUT = "ErrorUploadingOutputAsset"
    CANCELING = "ErrorCancelingTask"
    TRANSIENT = "TransientError"


class TaskError(MienError):
    """A task cannot be done, for a reason that has a code of its own."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code


_CODES: tuple[tuple[type[BaseException], Code], ...] = (
    (UnsupportedMediaError, Code.UNSUPPORTED_FORMAT),
    (NoVideoError, Code.UNSUPPORTED_FORMAT),
    (MediaError, Code.MALFORMED_CONTENT),
    (ConfigurationError, Code.MALFORMED_CONTENT),  # of edited annotations: a part of the input
    (UsageError, Code.CONFIGURATION),
    (InputError, Code.INPUT_SERVICE_FAILURE),
    (OutputError, Code.OUTPUT),
    (ModelError, Code.PROCESSING),
    (EngineError, Code.PROCESSING),
    (MemoryError, Code.PROCESSING),
)
FAULT = "this is a fault of mien itself; the log of the service says more"


def error_detail(error: BaseException) -> ErrorDetail:
    """What a client is told of an error that ended a task."""
    if isinstance(error, TaskError):
        return ErrorDetail(error.code, str(error))
    if isinstance(error, MemoryError):
        return ErrorDetail(Code.PROCESSING, "there is not enough memory for this task")
    for kind, code in _CODES:
        if isinstance(error, kind):
            return ErrorDetail(code, str(error))
    if isinstance(error, MienError):
        return ErrorDetail(Code.PROCESSING, str(error))
    return ErrorDetail(Code.UNKNOWN, FAULT)
