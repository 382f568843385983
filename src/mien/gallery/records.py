"""What the gallery takes and gives back: collections, persons, templates, verdicts, receipts.

All records are frozen. Ids of faces, persons, snapshots, operations and receipts are lower-case
GUID strings (of a gallery's faces, 20 hexadecimal digits); times are aware datetimes in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIZE = 128
"""Length of an embedding."""


class Kind(StrEnum):
    """The kinds of collection. An id is unique in its account and kind."""

    FACE_LIST = "FaceList"
    LARGE_FACE_LIST = "LargeFaceList"
    PERSON_GROUP = "PersonGroup"
    LARGE_PERSON_GROUP = "LargePersonGroup"
    GALLERY = "Gallery"
    """Begins with its first face and ends with its last; see `mien.gallery.named`."""

    @property
    def has_persons(self) -> bool:
        """Whether its faces belong to persons; the faces of the other kinds stand alone."""
        return self in (Kind.PERSON_GROUP, Kind.LARGE_PERSON_GROUP, Kind.GALLERY)

    @property
    def is_trained(self) -> bool:
        """Whether it is searched only after training; the others are searched as they are."""
        return self not in (Kind.FACE_LIST, Kind.GALLERY)


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """What is kept of a face: no picture, only this.

    Attributes:
        embedding: (128,) float32, as the network gives it; finite. Made read-only at birth.
        quality: 0..1, how well the face shows; weighs the faces of one person.
        recognition_model: the name under which it was made ("recognition_04").
    """

    embedding: NDArray[Any]
    quality: float
    recognition_model: str

    def __post_init__(self) -> None:
        vector = np.array(self.embedding, dtype=np.float32)
        if vector.shape != (SIZE,):
            raise ValueError(f"an embedding must have shape ({SIZE},), got {vector.shape}")
        if not np.isfinite(vector).all():
            raise ValueError("an embedding must be finite; a face without one cannot be stored")
        if not 0.0 <= self.quality <= 1.0:
            raise ValueError(f"quality must be in 0..1, got {self.quality}")
        vector.setflags(write=False)
        object.__setattr__(self, "embedding", vector)


@dataclass(frozen=True, slots=True)
class Collection:
    """A face list or person group: what the caller gave it when it was made."""

    kind: Kind
    id: str
    name: str
    user_data: str | None
    recognition_model: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """A person of a group, with the ids of the faces stored for them, oldest first."""

    id: str
    name: str
    user_data: str | None
    face_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredFace:
    """A face that stays until it is deleted.

    Attributes:
        quality: of the template it was stored as.
        created: when it was stored.
    """

    id: str
    user_data: str | None
    quality: float
    created: datetime


class State(StrEnum):
    """How far a training or an operation is."""

    NOT_STARTED = "notstarted"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Training:
    """The training of a collection: its state and when it was asked for, last changed, last done.

    `message` says why, where it failed.
    """

    status: State
    created: datetime
    last_action: datetime | None
    last_success: datetime | None
    message: str | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether two faces, or a face and a person, are the same; 0.5 is the same-person point."""

    is_same: bool
    confidence: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """One that looks alike: the id of a person or a face, and how sure, 0..1."""

    id: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Grouping:
    """Faces put together by person, the largest group first; `messy` are those like no other."""

    groups: tuple[tuple[str, ...], ...]
    messy: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A copy of a collection, kept for 48 hours, for the accounts in `apply_scope` to take over.

    Attributes:
        account: the account that took it.
        kind: what it is a copy of.
        apply_scope: ids of the accounts that may apply it.
    """

    id: str
    account: str
    kind: Kind
    apply_scope: tuple[str, ...]
    user_data: str | None
    created: datetime
    updated: datetime


@dataclass(frozen=True, slots=True)
class Operation:
    """A copy that is being made in the background.

    Once it has succeeded, one of the two is set: `snapshot` is the id of the snapshot that was
    taken, `applied` the kind and id of the collection that was made from one.
    """

    id: str
    status: State
    created: datetime
    last_action: datetime
    snapshot: str | None
    applied: tuple[Kind, str] | None
    message: str | None


@dataclass(frozen=True, slots=True)
class Receipt:
    """That something was deleted: what, when, and how much went with it.

    Attributes:
        what: "collection", "person", "face" or "snapshot".
        kind: the kind of the collection it was in.
        collection: the id of that collection; of the snapshot itself where `what` is "snapshot".
        subject: the id of what was deleted.
        persons, faces: how many of each are gone.
        keys: how many data keys were destroyed. What a key sealed cannot be read any more, also not
            from a backup of the data folder.
    """

    id: str
    what: str
    kind: Kind
    collection: str
    subject: str
    persons: int
    faces: int
    keys: int
    deleted: datetime


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an account may store."""

    face_lists: int = 64
    faces_per_face_list: int = 1_000
    large_face_lists: int = 1_000_000
    faces_per_large_face_list: int = 1_000_000
    person_groups: int = 1_000_000
    persons_per_group: int = 10_000
    large_person_groups: int = 1_000_000
    persons_per_large_group: int = 1_000_000
    galleries: int = 1_000_000
    subjects_per_gallery: int = 1_000_000
    faces_per_person: int = 248

    def collections(self, kind: Kind) -> int:
        """How many collections of a kind."""
        return {
            Kind.FACE_LIST: self.face_lists,
            Kind.LARGE_FACE_LIST: self.large_face_lists,
            Kind.PERSON_GROUP: self.person_groups,
            Kind.LARGE_PERSON_GROUP: self.large_person_groups,
            Kind.GALLERY: self.galleries,
        }[kind]

    def members(self, kind: Kind) -> int:
        """How many persons in a group, or faces in a list."""
        return {
            Kind.FACE_LIST: self.faces_per_face_list,
            Kind.LARGE_FACE_LIST: self.faces_per_large_face_list,
            Kind.PERSON_GROUP: self.persons_per_group,
            Kind.LARGE_PERSON_GROUP: self.persons_per_large_group,
            Kind.GALLERY: self.subjects_per_gallery,
        }[kind]


STANDARD = Limits()
FREE = Limits(
    large_face_lists=64,
    faces_per_large_face_list=1_000,
    person_groups=1_000,
    persons_per_group=1_000,
    large_person_groups=1_000,
    persons_per_large_group=1_000,
    galleries=1_000,
    subjects_per_gallery=1_000,
)
LIMITS = {"none": STANDARD, "free": FREE, "basic": STANDARD, "standard": STANDARD}
"""Limits by plan; the numbers are those of Face API v1.0's S0 and F0. Galleries have those of
large person groups."""
