"""The gallery of one account: what it stores, what it deletes, and who looks like whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from mien.gallery import from_rows, matching
from mien.gallery.checks import check_person, check_persons
from mien.gallery.records import (
    STANDARD,
    Candidate,
    Collection,
    Grouping,
    Kind,
    Limits,
    Operation,
    Person,
    Receipt,
    Snapshot,
    StoredFace,
    Template,
    Training,
    Verdict,
)

if TYPE_CHECKING:
    from mien.gallery.trainer import Trainer
    from mien.storage import CollectionRow, Storage


class Gallery:
    """Everything one account has; it sees no row of another.

    Safe to use from many threads; every method is synchronous and has its effect on disk before it
    returns. Ids of collections are used as they are given: case matters. In an update, None leaves
    a value as it was. A listing is in the order of ids, byte by byte, and `start` is exclusive.

    Args:
        storage: an open storage.
        account_id: the account of the key that the caller showed.
        trainer: trains and searches collections; one for all galleries of a storage.
        limits: how much the account may store.
    """

    def __init__(
        self, storage: Storage, account_id: str, trainer: Trainer, *, limits: Limits = STANDARD
    ) -> None:
        self._storage = storage
        self._account = account_id
        self._trainer = trainer
        self._matcher = matching.Matcher(storage, trainer)
        self._limits = limits

    # faceIds

    def remember(self, templates: Sequence[Template], ttl_s: int) -> list[str]:
        """Keep templates for `ttl_s` seconds; the new faceIds, in order."""
        return self._storage.transients.remember(self._account, templates, ttl_s)

    def recall(self, face_ids: Sequence[str]) -> list[Template]:
        """The templates of faceIds, in order.

        Raises:
            NoSuchFaceError: one never was, or has expired; `what` is that one.
        """
        rows = self._storage.transients.recall(self._account, face_ids)
        return [Template(row.embedding, row.quality, row.recognition_model) for row in rows]

    # collections

    def create(
        self,
        kind: Kind,
        id: str,
        *,
        name: str,
        user_data: str | None = None,
        recognition_model: str = "recognition_01",
    ) -> Collection:
        """Make a collection.

        Raises:
            ExistsError: the id is taken in this kind.
            LimitReachedError: the plan allows no more of this kind.
        """
        row = self._storage.collections.create(
            self._account,
            kind,
            id,
            name=name,
            user_data=user_data,
            recognition_model=recognition_model,
            limit=self._limits.collections(kind),
        )
        return from_rows.collection(row)

    def get(self, kind: Kind, id: str) -> Collection:
        """A collection; raises NoSuchCollectionError."""
        return from_rows.collection(self._collection(kind, id))

    def update(
        self, kind: Kind, id: str, *, name: str | None = None, user_data: str | None = None
    ) -> None:
        """Change name or user data; raises NoSuchCollectionError, TrainingRunningError."""
        self._storage.collections.update(self._account, kind, id, name=name, user_data=user_data)

    def delete(self, kind: Kind, id: str) -> Receipt:
        """Delete a collection with all its persons and faces, and destroy their data keys.

        Raises:
            NoSuchCollectionError, TrainingRunningError
        """
        with self._forgetting(kind, id):
            return from_rows.receipt(self._storage.deletion.collection(self._account, kind, id))

    def list(self, kind: Kind, start: str = "", top: int = 1000) -> Sequence[Collection]:
        """The collections of a kind with ids after `start`, at most `top`."""
        rows = self._storage.collections.page(self._account, kind, start, top)
        return [from_rows.collection(row) for row in rows]

    # persons

    def add_person(self, kind: Kind, id: str, *, name: str, user_data: str | None = None) -> str:
        """Add a person to a group; their id.

        Raises:
            NoSuchCollectionError, LimitReachedError, TrainingRunningError
        """
        check_persons(kind)
        return self._storage.persons.create(
            self._account,
            kind,
            id,
            name=name,
            user_data=user_data,
            limit=self._limits.members(kind),
        )

    def person(self, kind: Kind, id: str, person: str) -> Person:
        """A person; raises NoSuchCollectionError, NoSuchPersonError."""
        return from_rows.person(self._storage.persons.find(self._account, kind, id, person))

    def update_person(
        self,
        kind: Kind,
        id: str,
        person: str,
        *,
        name: str | None = None,
        user_data: str | None = None,
    ) -> None:
        """Change name or user data.

        Raises:
            NoSuchCollectionError, NoSuchPersonError, TrainingRunningError
        """
        self._storage.persons.update(
            self._account, kind, id, person, name=name, user_data=user_data
        )

    def delete_person(self, kind: Kind, id: str, person: str) -> Receipt:
        """Delete a person with all faces, and destroy the data key.

        Raises:
            NoSuchCollectionError, NoSuchPersonError, TrainingRunningError
        """
        with self._forgetting(kind, id):
            return from_rows.receipt(self._storage.deletion.person(self._account, kind, id, person))

    def persons(self, kind: Kind, id: str, start: str = "", top: int = 1000) -> Sequence[Person]:
        """The persons of a group with ids after `start`, at most `top`."""
        rows = self._storage.persons.page(self._account, kind, id, start, top)
        return [from_rows.person(row) for row in rows]

    # stored faces

    def add_face(
        self,
        kind: Kind,
        id: str,
        template: Template,
        *,
        person: str | None = None,
        user_data: str | None = None,
    ) -> str:
        """Store a face of a person of a group, or of a list (then `person` is None); its id.

        Raises:
            NoSuchCollectionError, NoSuchPersonError, LimitReachedError, TrainingRunningError
            IncompatibleModelsError: the template's recognition model is not the collection's.
        """
        check_person(kind, person)
        limit = self._limits.faces_per_person if person else self._limits.members(kind)
        return self._storage.faces.add(
            self._account, kind, id, template, person=person, user_data=user_data, limit=limit
        )

    def face(self, kind: Kind, id: str, face_id: str, *, person: str | None = None) -> StoredFace:
        """A stored face; raises NoSuchCollectionError, NoSuchPersonError, NoSuchStoredFaceError."""
        check_person(kind, person)
        row = self._storage.faces.find(self._account, kind, id, face_id, person=person)
        return from_rows.stored_face(row)

    def update_face(
        self,
        kind: Kind,
        id: str,
        face_id: str,
        *,
        person: str | None = None,
        user_data: str | None = None,
    ) -> None:
        """Change user data; raises what `face` does, and TrainingRunningError."""
        check_person(kind, person)
        self._storage.faces.update(
            self._account, kind, id, face_id, person=person, user_data=user_data
        )

    def delete_face(
        self, kind: Kind, id: str, face_id: str, *, person: str | None = None
    ) -> Receipt:
        """Delete a stored face; raises what `face` does, and TrainingRunningError."""
        check_person(kind, person)
        with self._forgetting(kind, id):
            row = self._storage.deletion.face(self._account, kind, id, face_id, person=person)
        return from_rows.receipt(row)

    def faces(
        self, kind: Kind, id: str, start: str = "", top: int = 1000, *, person: str | None = None
    ) -> Sequence[StoredFace]:
        """Faces with ids after `start`, at most `top`; of one person if one is named."""
        rows = self._storage.faces.page(self._account, kind, id, start, top, person=person)
        return [from_rows.stored_face(row) for row in rows]

    # training and search

    def train(self, kind: Kind, id: str) -> None:
        """Start the training of a collection in the background.

        Raises:
            NoSuchCollectionError, TrainingRunningError
        """
        self._trainer.train(self._collection(kind, id))

    def training(self, kind: Kind, id: str) -> Training:
        """How far the training is; raises NoSuchCollectionError, NotTrainedError."""
        return self._trainer.training(self._collection(kind, id))

    def verify(self, face_id_a: str, face_id_b: str) -> Verdict:
        """Whether two faceIds are one person; raises NoSuchFaceError, IncompatibleModelsError."""
        a, b = self.recall([face_id_a, face_id_b])
        return matching.verify(a, b)

    def verify_person(self, face_id: str, kind: Kind, id: str, person: str) -> Verdict:
        """Whether a faceId is that person of a group.

        Raises:
            NoSuchFaceError, NoSuchCollectionError, NoSuchPersonError, IncompatibleModelsError
            NoSuchStoredFaceError: the person has no faces.
        """
        (template,) = self.recall([face_id])
        return self._matcher.person(template, self._collection(kind, id), person)

    def identify(
        self,
        face_ids: Sequence[str],
        kind: Kind,
        id: str,
        *,
        candidates: int = 1,
        threshold: float | None = None,
    ) -> Sequence[Sequence[Candidate]]:
        """The persons of a trained group that each faceId may be, best first.

        `threshold` is the least confidence; without one it grows with the size of the group.

        Raises:
            NoSuchFaceError, NoSuchCollectionError, NotTrainedError, TrainingRunningError,
            IncompatibleModelsError
        """
        row, templates = self._collection(kind, id), self.recall(face_ids)
        return self._matcher.identify(templates, row, candidates, threshold)

    def similar(
        self,
        face_id: str,
        *,
        face_ids: Sequence[str] | None = None,
        collection: tuple[Kind, str] | None = None,
        mode: Literal["matchPerson", "matchFace"] = "matchPerson",
        top: int = 20,
    ) -> Sequence[Candidate]:
        """The faces among `face_ids`, or of a list, that look most like a faceId, best first.

        `matchPerson` gives those that pass for the same person, `matchFace` the nearest whatever
        their confidence.

        Raises:
            NoSuchFaceError, NoSuchCollectionError, NotTrainedError, TrainingRunningError,
            EmptyCollectionError, IncompatibleModelsError
        """
        (template,) = self.recall([face_id])
        if collection is None:
            others = dict(zip(face_ids or (), self.recall(face_ids or ()), strict=True))
            return matching.similar_among(template, others, mode=mode, top=top)
        return self._matcher.similar(template, self._collection(*collection), mode, top)

    def group(self, face_ids: Sequence[str]) -> Grouping:
        """Put faceIds together by person; raises NoSuchFaceError, IncompatibleModelsError."""
        return matching.group(dict(zip(face_ids, self.recall(face_ids), strict=True)))

    # snapshots

    def take_snapshot(
        self, kind: Kind, id: str, *, apply_scope: Sequence[str], user_data: str | None = None
    ) -> Operation:
        """Start to copy a collection for the accounts in `apply_scope`.

        Raises:
            NoSuchCollectionError, TrainingRunningError
        """
        row = self._storage.snapshots.take(
            self._account, kind, id, apply_scope=apply_scope, user_data=user_data
        )
        self._storage.copy_in_background(self._account, row.id)
        return from_rows.operation(row)

    def snapshots(
        self, kind: Kind | None = None, apply_scope: Sequence[str] | None = None
    ) -> Sequence[Snapshot]:
        """The snapshots this account took or may apply, of one kind, for one of some accounts."""
        rows = self._storage.snapshots.visible(self._account, kind)
        wanted = None if apply_scope is None else set(apply_scope)
        return [
            from_rows.snapshot(row)
            for row in rows
            if wanted is None or wanted.intersection(row.apply_scope)
        ]

    def snapshot(self, id: str) -> Snapshot:
        """A snapshot this account took or may apply; raises NoSuchSnapshotError."""
        return from_rows.snapshot(self._storage.snapshots.get(self._account, id))

    def update_snapshot(
        self, id: str, *, apply_scope: Sequence[str] | None = None, user_data: str | None = None
    ) -> None:
        """Change a snapshot this account took; raises NoSuchSnapshotError."""
        self._storage.snapshots.update(
            self._account, id, apply_scope=apply_scope, user_data=user_data
        )

    def delete_snapshot(self, id: str) -> Receipt:
        """Delete a snapshot this account took, and destroy its data keys.

        Raises:
            NoSuchSnapshotError
        """
        return from_rows.receipt(self._storage.snapshots.delete(self._account, id))

    def apply_snapshot(self, id: str, collection: str) -> Operation:
        """Start to make a collection of that id from a snapshot that may be applied here.

        Raises:
            NoSuchSnapshotError
            ExistsError: the id is taken in that kind.
            LimitReachedError: the plan allows no more of that kind.
        """
        kind = self.snapshot(id).kind
        row = self._storage.snapshots.apply(
            self._account, id, collection, limit=self._limits.collections(kind)
        )
        self._storage.copy_in_background(self._account, row.id)
        return from_rows.operation(row)

    def operation(self, id: str) -> Operation:
        """How far the taking or applying of a snapshot is; raises NoSuchOperationError."""
        return from_rows.operation(self._storage.snapshots.operation(self._account, id))

    # receipts

    def receipt(self, id: str) -> Receipt:
        """The receipt of a deletion; raises NoSuchReceiptError."""
        return from_rows.receipt(self._storage.deletion.receipt(self._account, id))

    def receipts(self, start: str = "", top: int = 1000) -> Sequence[Receipt]:
        """The receipts with ids after `start`, at most `top`."""
        rows = self._storage.deletion.receipts(self._account, start, top)
        return [from_rows.receipt(row) for row in rows]

    def _collection(self, kind: Kind, id: str) -> CollectionRow:
        return self._storage.collections.find(self._account, kind, id)

    @contextmanager
    def _forgetting(self, kind: Kind, id: str) -> Iterator[None]:
        """What is deleted within leaves the index, too."""
        pk = self._collection(kind, id).pk
        yield
        self._trainer.forget(pk)
