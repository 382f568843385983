"""What the tables give back, in columns where there are many."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class CollectionRow:
    """A collection, with what is counted and what was trained.

    Attributes:
        pk: its number; never used again.
        kind: the value of a `mien.gallery.Kind`.
        persons, faces: how many it has now.
        trained: the sequence up to which its faces were trained; None when they never were.
        deletions: the number of the last face deleted from it; see `Faces.deleted`.
    """

    pk: int
    account_id: str
    kind: str
    id: str
    name: str
    user_data: str | None
    recognition_model: str
    created: datetime
    persons: int
    faces: int
    trained: int | None
    deletions: int


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person of a collection and the ids of their faces, oldest first."""

    pk: int
    id: str
    name: str
    user_data: str | None
    face_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FaceRow:
    """A stored face, still sealed and so not part of it; `quality` is 0..1."""

    pk: int
    id: str
    user_data: str | None
    quality: float
    created: datetime


@dataclass(frozen=True, slots=True, eq=False)
class FaceChunk:
    """Some faces of a collection in the order in which they were stored, opened.

    Attributes:
        sequence: (n,) int64, rising; the number of each face, never used again.
        persons: (n,) int64, the number of the person each belongs to; -1 in a list.
        embeddings: (n, 128) float32.
        quality: (n,) float32, 0..1.
        lost: how many more could not be opened, since their data keys were destroyed.
    """

    sequence: NDArray[Any]
    persons: NDArray[Any]
    embeddings: NDArray[Any]
    quality: NDArray[Any]
    lost: int

    def __len__(self) -> int:
        return len(self.sequence)


class TemplateLike(Protocol):
    """What is sealed: an embedding (128,) float32, quality 0..1, the recognition model."""

    @property
    def embedding(self) -> NDArray[Any]: ...
    @property
    def quality(self) -> float: ...
    @property
    def recognition_model(self) -> str: ...


@dataclass(frozen=True, slots=True, eq=False)
class TemplateRow:
    """What was sealed, opened again."""

    embedding: NDArray[Any]
    quality: float
    recognition_model: str


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """The last training of a collection; `status` is a value of `mien.gallery.State`."""

    status: str
    created: datetime
    last_action: datetime
    last_success: datetime | None
    message: str | None


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """A snapshot; `collection` is the number of the hidden collection that holds the copy."""

    id: str
    account_id: str
    kind: str
    apply_scope: tuple[str, ...]
    user_data: str | None
    created: datetime
    updated: datetime
    collection: int


@dataclass(frozen=True, slots=True)
class OperationRow:
    """A copy that is being made; `status` is a value of `mien.gallery.State`."""

    id: str
    status: str
    created: datetime
    last_action: datetime
    snapshot: str | None
    kind: str | None
    collection: str | None
    message: str | None


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """That something was deleted; see `mien.gallery.Receipt`."""

    id: str
    what: str
    kind: str
    collection: str
    subject: str
    persons: int
    faces: int
    keys: int
    deleted: datetime


def stamp(moment: datetime) -> int:
    """A moment as whole microseconds since 1970."""
    return round(moment.timestamp() * 1_000_000)


def moment(stamp: int) -> datetime:
    """The moment of a stamp, in UTC."""
    return datetime.fromtimestamp(stamp / 1_000_000, UTC)


def now() -> int:
    """The stamp of this moment."""
    return time.time_ns() // 1000
