"""The storage's rows as the gallery's records."""

from __future__ import annotations

from mien.gallery.records import (
    Collection,
    Kind,
    Operation,
    Person,
    Receipt,
    Snapshot,
    State,
    StoredFace,
    Training,
)
from mien.storage import (
    CollectionRow,
    FaceRow,
    OperationRow,
    PersonRow,
    ReceiptRow,
    SnapshotRow,
    TrainingRow,
)


def collection(row: CollectionRow) -> Collection:
    """A collection as its row has it."""
    return Collection(
        Kind(row.kind), row.id, row.name, row.user_data, row.recognition_model, row.created
    )


def person(row: PersonRow) -> Person:
    """A person as the row has them."""
    return Person(row.id, row.name, row.user_data, row.face_ids)


def stored_face(row: FaceRow) -> StoredFace:
    """A stored face as its row has it."""
    return StoredFace(row.id, row.user_data, row.quality, row.created)


def receipt(row: ReceiptRow) -> Receipt:
    """A receipt as its row has it."""
    return Receipt(
        row.id,
        row.what,
        Kind(row.kind),
        row.collection,
        row.subject,
        row.persons,
        row.faces,
        row.keys,
        row.deleted,
    )


def snapshot(row: SnapshotRow) -> Snapshot:
    """A snapshot as its row has it."""
    return Snapshot(
        row.id,
        row.account_id,
        Kind(row.kind),
        row.apply_scope,
        row.user_data,
        row.created,
        row.updated,
    )


def operation(row: OperationRow) -> Operation:
    """An operation as its row has it."""
    applied = None
    if row.kind is not None and row.collection is not None:
        applied = (Kind(row.kind), row.collection)
    return Operation(
        row.id,
        State(row.status),
        row.created,
        row.last_action,
        row.snapshot,
        applied,
        row.message,
    )


def training(row: TrainingRow) -> Training:
    """A training as its row has it."""
    return Training(State(row.status), row.created, row.last_action, row.last_success, row.message)
