"""Every error mien raises on purpose. Each is also the fitting builtin, so either can be caught.

    MienError
    ├── UsageError (ValueError)               an option or argument that makes no sense; exit code 2
    │   └── ConfigurationError                a preset or configuration file that breaks its rules
    ├── InputError (OSError)                  the input cannot be opened
    │   ├── InputNotFoundError (FileNotFoundError)
    │   └── InputPermissionError (PermissionError)
    ├── MediaError (ValueError)               opened, and no picture or video we can use
    │   ├── UnsupportedMediaError             a kind of file, codec or layout mien does not read
    │   ├── CorruptMediaError                 broken from the start: nothing could be decoded
    │   ├── MediaTooLargeError                over a byte or pixel limit, refused before decoding
    │   ├── NoVideoError                      a media file without a video stream
    │   ├── DecodeError                       broken in the middle; `time_s` says where
    │   └── MismatchError                     two that must show the same frames, and do not
    ├── OutputError (OSError)                 the output cannot be written
    ├── EngineError (RuntimeError)            a worker that did a part of the work is gone
    ├── ModelError (RuntimeError)
    │   ├── UnknownModelError (LookupError)   no entry of that name in the catalogue
    │   ├── ModelMissingError                 not in the store, and it may not be fetched now
    │   ├── ModelFetchError (OSError)         fetching it failed
    │   ├── ModelIntegrityError               its bytes do not match the catalogue's hash
    │   └── ProviderError                     an inference provider that was asked for is not there
    ├── StorageError (RuntimeError)           the database or the keys cannot be used
    │   ├── NewerDatabaseError                made by a later version of mien
    │   ├── KeysError                         keys missing, unreadable or of another database
    │   └── LostKeyError                      one sealed template whose data key is destroyed
    ├── GalleryError                          what was asked of the gallery cannot be done
    │   ├── NotFoundError (LookupError)
    │   │   ├── NoSuchAccountError            no account or API key of that name
    │   │   ├── NoSuchCollectionError         no face list or person group of that kind and id
    │   │   ├── NoSuchPersonError
    │   │   ├── NoSuchFaceError               a faceId that never was, or has expired
    │   │   ├── NoSuchStoredFaceError         a persisted face
    │   │   ├── NoSuchSnapshotError
    │   │   ├── NoSuchOperationError
    │   │   └── NoSuchReceiptError
    │   ├── ExistsError (ValueError)          an id or name that is taken
    │   ├── LimitReachedError (ValueError)    the plan allows no more
    │   ├── NotTrainedError (RuntimeError)    search in a collection that was never trained
    │   ├── EmptyCollectionError (RuntimeError)     search in a collection without faces
    │   ├── TrainingRunningError (RuntimeError)     refused until the training is over
    │   ├── IncompatibleModelsError (ValueError)    templates of different recognition models
    │   └── ConflictError (RuntimeError)      two changed the same thing at the same time
    ├── JobsError                             what was asked of jobs and assets cannot be done
    │   ├── NoSuchAssetError (LookupError)
    │   ├── NoSuchAssetFileError (LookupError)
    │   ├── NoSuchJobError (LookupError)
    │   ├── NoSuchProcessorError (LookupError)
    │   ├── NameTakenError (ValueError)       the asset has a file of that name
    │   ├── InUseError (RuntimeError)         a job that is not over, or what such a job works with
    │   ├── OffsetError (ValueError)          an upload that does not go on where it stopped
    │   ├── EditsMovedOnError (RuntimeError)  a log of edits that others have added to meanwhile
    │   └── LogFullError (RuntimeError)       a log of edits that takes no more
    ├── UsersError                            what was asked of users cannot be done
    │   ├── NoSuchUserError (LookupError)
    │   ├── UserExistsError (ValueError)      the name is taken
    │   ├── SignUpClosedError (RuntimeError)  nobody may sign up
    │   └── LastAdminError (RuntimeError)     others would be left without an admin
    └── ServiceError (RuntimeError)           a service that `mien.client` speaks to says no

Messages are one sentence that says what was wrong and, where there is one, the next step.
"""

from __future__ import annotations


class MienError(Exception):
    """Base of every error mien raises on purpose."""

    exit_code = 1


class UsageError(MienError, ValueError):
    """An option or argument that makes no sense."""

    exit_code = 2


class ConfigurationError(UsageError):
    """A preset or configuration file that breaks its rules."""


class InputError(MienError, OSError):
    """The input cannot be opened."""


class InputNotFoundError(InputError, FileNotFoundError):
    """There is no such input."""


class InputPermissionError(InputError, PermissionError):
    """The input may not be read by this user."""


class MediaError(MienError, ValueError):
    """The input was opened and is no picture or video mien can use."""


class UnsupportedMediaError(MediaError):
    """A kind of file, codec or layout mien does not read."""


class CorruptMediaError(MediaError):
    """Broken from the start: nothing could be decoded."""


class MediaTooLargeError(MediaError):
    """Over a byte or pixel limit, and refused before decoding."""


class NoVideoError(MediaError):
    """A media file without a video stream."""


class DecodeError(MediaError):
    """Broken in the middle; what came before is good.

    `time_s` is the presentation time, in seconds, of the last good frame (None when unknown).
    `partial` is what was made of the good part, where the one who raises has made something of it.
    """

    def __init__(
        self, message: str, *, time_s: float | None = None, partial: object | None = None
    ) -> None:
        super().__init__(message)
        self.time_s = time_s
        self.partial = partial


class MismatchError(MediaError):
    """Two pictures or videos that must show the same frames, and do not."""


class OutputError(MienError, OSError):
    """The output cannot be written."""


class EngineError(MienError, RuntimeError):
    """A worker that did a part of the work is gone."""


class ModelError(MienError, RuntimeError):
    """A model cannot be used."""


class UnknownModelError(ModelError, LookupError):
    """No entry of that name in the catalogue."""


class ModelMissingError(ModelError):
    """The model is not in the store, and it may not be fetched now."""


class ModelFetchError(ModelError, OSError):
    """Fetching the model failed."""


class ModelIntegrityError(ModelError):
    """The bytes of the model do not match the catalogue's hash."""


class ProviderError(ModelError):
    """An inference provider that was asked for is not there."""


class StorageError(MienError, RuntimeError):
    """The database or the keys cannot be used."""


class NewerDatabaseError(StorageError):
    """The database was made by a later version of mien."""


class KeysError(StorageError):
    """The keys are missing, unreadable, open to others, or those of another database."""


class LostKeyError(StorageError):
    """A sealed template whose data key was destroyed: what it held was deleted."""


class GalleryError(MienError):
    """What was asked of the gallery cannot be done.

    `kind` is the kind of collection it is about (a `mien.gallery.Kind`), where there is one; `what`
    is the id or name that was asked for.
    """

    def __init__(self, message: str, *, kind: str | None = None, what: str | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.what = what


class NotFoundError(GalleryError, LookupError):
    """There is nothing of that id in this account."""


class NoSuchAccountError(NotFoundError):
    """No account or API key of that name."""


class NoSuchCollectionError(NotFoundError):
    """No face list or person group of that kind and id."""


class NoSuchPersonError(NotFoundError):
    """No such person in the group."""


class NoSuchFaceError(NotFoundError):
    """A faceId that never was, or has expired."""


class NoSuchStoredFaceError(NotFoundError):
    """No such persisted face."""


class NoSuchSnapshotError(NotFoundError):
    """No such snapshot, or it has expired."""


class NoSuchOperationError(NotFoundError):
    """No such operation."""


class NoSuchReceiptError(NotFoundError):
    """No such receipt."""


class ExistsError(GalleryError, ValueError):
    """The id or name is taken."""


class LimitReachedError(GalleryError, ValueError):
    """The plan allows no more of these."""


class NotTrainedError(GalleryError, RuntimeError):
    """The collection was never trained."""


class EmptyCollectionError(GalleryError, RuntimeError):
    """The collection has no faces."""


class TrainingRunningError(GalleryError, RuntimeError):
    """The collection is being trained; try again when that is over."""


class IncompatibleModelsError(GalleryError, ValueError):
    """Templates of different recognition models cannot be compared."""


class ConflictError(GalleryError, RuntimeError):
    """Something else changed the same thing at the same time."""


class JobsError(MienError):
    """What was asked of jobs and assets cannot be done; `what` is the id or name asked for."""

    def __init__(self, message: str, *, what: str | None = None) -> None:
        super().__init__(message)
        self.what = what


class NoSuchAssetError(JobsError, LookupError):
    """No asset of that id in this account."""


class NoSuchAssetFileError(JobsError, LookupError):
    """No file of that id in the asset."""


class NoSuchJobError(JobsError, LookupError):
    """No job of that id in this account."""


class NoSuchProcessorError(JobsError, LookupError):
    """No media processor of that name or id."""


class NameTakenError(JobsError, ValueError):
    """The asset has a file of that name."""


class InUseError(JobsError, RuntimeError):
    """A job that is not over, or something that such a job works with."""


class OffsetError(JobsError, ValueError):
    """An upload that does not go on where it stopped; `offset` says where that is."""

    def __init__(self, message: str, *, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


class EditsMovedOnError(JobsError, RuntimeError):
    """The log of edits is longer than was thought; `last` is the number of its last edit."""

    def __init__(self, message: str, *, last: int) -> None:
        super().__init__(message)
        self.last = last


class LogFullError(JobsError, RuntimeError):
    """The log of edits takes no more."""


class UsersError(MienError):
    """What was asked of users and their sessions cannot be done; `what` is the id or name."""

    def __init__(self, message: str, *, what: str | None = None) -> None:
        super().__init__(message)
        self.what = what


class NoSuchUserError(UsersError, LookupError):
    """No user of that id or name."""


class UserExistsError(UsersError, ValueError):
    """A user has the name already."""


class SignUpClosedError(UsersError, RuntimeError):
    """Nobody may sign up; the operator makes users."""


class LastAdminError(UsersError, RuntimeError):
    """Others would be left, and no admin among them."""


class ServiceError(MienError, RuntimeError):
    """A service that `mien.client` speaks to refused, or could not be reached.

    `status` is that of HTTP (None when there was no answer), `code` the word in the answer.
    """

    def __init__(self, message: str, *, status: int | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
