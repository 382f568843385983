"""Deletion for good: the rows first, then the data keys, then what the log still holds.

Each deletion writes the numbers of the keys into `doomed_keys` in the transaction that deletes the
rows. A process that dies between the two leaves them there, and the next sweep destroys them.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, union_all, update

from mien.errors import NoSuchReceiptError
from mien.storage.collections import DELETING, by_pk, change, for_change, is_stale
from mien.storage.database import Database
from mien.storage.faces import face_of
from mien.storage.keyring import POOL_S, Keyring
from mien.storage.persons import BATCH, person_of
from mien.storage.rows import ReceiptRow, moment, now
from mien.storage.tables import (
    AnyRow,
    collections,
    deleted_faces,
    doomed_keys,
    faces,
    persons,
    receipts,
    snapshots,
)

CHUNK = 2000
"""Rows of a large collection that are deleted in one transaction: others write in between."""

ORPHAN_S = 6 * POOL_S
"""A key without a row is swept when it is older than this, by the newest row of the database."""


class Deletion:
    """Deletes persons, faces, collections; writes receipts."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    def person(self, account_id: str, kind: str, collection: str, person: str) -> ReceiptRow:
        """Delete a person with all faces, here and in the snapshots taken of the group.

        Raises:
            NoSuchCollectionError, NoSuchPersonError, TrainingRunningError
        """
        with self._database.write() as connection:
            row = for_change(connection, account_id, kind, collection)
            person_of(connection, row.pk, kind, person)
            receipt, keys = delete_person(connection, row, person)
        self.destroy(keys)
        return receipt

    def face(
        self, account_id: str, kind: str, collection: str, face: str, *, person: str | None
    ) -> ReceiptRow:
        """Delete a stored face, here and in the snapshots taken of the collection.

        The data key of a person stays while the person does; that of a face of a list is destroyed.

        Raises:
            NoSuchCollectionError, NoSuchPersonError, NoSuchStoredFaceError, TrainingRunningError
        """
        with self._database.write() as connection:
            row = for_change(connection, account_id, kind, collection)
            face_of(connection, row.pk, kind, face, person)
            receipt, keys = delete_face(connection, row, face)
        self.destroy(keys)
        return receipt

    def collection(self, account_id: str, kind: str, id: str) -> ReceiptRow:
        """Delete a collection with all persons and faces; its snapshots stay until they expire.

        The id is free and nothing is found any more from the first of several transactions on.

        Raises:
            NoSuchCollectionError, TrainingRunningError
        """
        with self._database.write() as connection:
            row = for_change(connection, account_id, kind, id)
            _condemn(connection, row.pk, "collection", kind, id)
        return self.finish(row.pk)

    def condemn(self, connection: Connection, pk: int, what: str, kind: str, id: str) -> None:
        """Condemn a hidden collection within a transaction; call `finish` after it."""
        _condemn(connection, pk, what, kind, id)

    def finish(self, pk: int) -> ReceiptRow:
        """Delete all rows of a condemned collection and their keys, and complete its receipt."""
        while True:
            with self._database.write() as connection:
                keys = _delete_some(connection, pk)
                receipt_id = str(
                    connection.execute(
                        select(collections.c.id).where(collections.c.pk == pk)
                    ).scalar_one()
                )
                if keys is None:
                    connection.execute(
                        delete(deleted_faces).where(deleted_faces.c.collection == pk)
                    )
                    connection.execute(delete(collections).where(collections.c.pk == pk))
                    connection.execute(
                        update(receipts)
                        .where(receipts.c.id == receipt_id, receipts.c.deleted.is_(None))
                        .values(deleted=now())
                    )
            if keys is None:
                break
            self.destroy(keys, log=False)
        self._database.truncate_log()
        with self._database.read() as connection:
            row = connection.execute(select(receipts).where(receipts.c.id == receipt_id)).one()
        return _receipt_row(row)

    def sweep(self) -> None:
        """Complete what a process that died left undone."""
        with self._database.read() as connection:
            doomed = list(connection.execute(select(doomed_keys.c.key)).scalars())
            condemned = connection.execute(
                select(collections.c.pk, collections.c.training_beat).where(
                    collections.c.kind == DELETING
                )
            ).all()
        if doomed:
            self.destroy(doomed)
        for pk, beat in condemned:
            if beat is None or is_stale(beat):
                self.finish(pk)

    def receipt(self, account_id: str, id: str) -> ReceiptRow:
        """A receipt; raises NoSuchReceiptError."""
        with self._database.read() as connection:
            row = connection.execute(_receipts(account_id).where(receipts.c.id == id)).one_or_none()
        if row is None:
            raise NoSuchReceiptError(f"there is no receipt {id}", what=id)
        return _receipt_row(row)

    def receipts(self, account_id: str, start: str, top: int) -> list[ReceiptRow]:
        """Receipts by id, those after `start`."""
        query = _receipts(account_id).where(receipts.c.id > start)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(receipts.c.id).limit(top))
            return [_receipt_row(row) for row in rows]

    def destroy_orphans(self) -> None:
        """Destroy the keys of enrolments that never came to a row.

        By the clock of the newest row and not by ours: an old copy of the database, opened beside
        the keys of a newer one, must not cost the newer one its keys.
        """
        with self._database.read() as connection:
            newest = connection.execute(
                select(func.max(persons.c.created)).union_all(select(func.max(faces.c.created)))
            ).scalars()
            last = max((stamp for stamp in newest if stamp is not None), default=0)
            used = union_all(select(persons.c.key), select(faces.c.key), select(doomed_keys.c.key))
            orphans = set(self._keyring.made_before(last / 1e6 - ORPHAN_S))
            if orphans:
                orphans.difference_update(connection.execute(used).scalars())
        if orphans:
            self._keyring.destroy(orphans)

    def destroy(self, keys: Sequence[int], *, log: bool = True) -> None:
        """Destroy keys whose rows are gone, then cross them off; then empty the log."""
        if keys:
            self._keyring.destroy(keys)
            with self._database.write() as connection:
                for first in range(0, len(keys), BATCH):
                    some = keys[first : first + BATCH]
                    connection.execute(delete(doomed_keys).where(doomed_keys.c.key.in_(some)))
        if log:
            self._database.truncate_log()


def delete_person(connection: Connection, row: AnyRow, person: str) -> tuple[ReceiptRow, list[int]]:
    """Delete a person who is there from a collection and its snapshots, within a transaction.

    Returns:
        The receipt, and the keys to `Deletion.destroy` once the transaction is over.
    """
    keys: list[int] = []
    for pk in [row.pk, *_copies(connection, row.pk)]:
        keys += _delete_person(connection, pk, person)
    counts = {"persons": 1, "faces": row.faces - by_pk(connection, row.pk).faces}
    return _receipt(connection, row, "person", person, len(keys), **counts), keys


def delete_face(connection: Connection, row: AnyRow, face: str) -> tuple[ReceiptRow, list[int]]:
    """Delete a face that is there; otherwise as `delete_person`."""
    keys: list[int] = []
    for pk in [row.pk, *_copies(connection, row.pk)]:
        keys += _delete_face(connection, pk, face)
    return _receipt(connection, row, "face", face, len(keys), persons=0, faces=1), keys


def _copies(connection: Connection, source: int) -> list[int]:
    """The hidden collections of the snapshots that were taken of one, also unfinished ones."""
    query = select(snapshots.c.collection).where(snapshots.c.source == source)
    return list(connection.execute(query).scalars())


def _delete_person(connection: Connection, collection: int, person: str) -> list[int]:
    """Delete a person and their faces, if they are there; the keys, which are doomed."""
    row = connection.execute(
        select(persons.c.pk, persons.c.key).where(
            persons.c.collection == collection, persons.c.id == person
        )
    ).one_or_none()
    if row is None:
        return []
    numbers = list(connection.execute(select(faces.c.pk).where(faces.c.person == row.pk)).scalars())
    connection.execute(delete(faces).where(faces.c.person == row.pk))
    connection.execute(delete(persons).where(persons.c.pk == row.pk))
    _count_out(connection, collection, numbers, 1)
    _doom(connection, [row.key])
    return [int(row.key)]


def _delete_face(connection: Connection, collection: int, face: str) -> list[int]:
    """Delete a face, if it is there; its key, which is doomed, where it had one of its own."""
    row = connection.execute(
        select(faces.c.pk, faces.c.key, faces.c.person).where(
            faces.c.collection == collection, faces.c.id == face
        )
    ).one_or_none()
    if row is None:
        return []
    connection.execute(delete(faces).where(faces.c.pk == row.pk))
    _count_out(connection, collection, [row.pk], 0)
    if row.person is not None:
        return []
    _doom(connection, [row.key])
    return [int(row.key)]


def _count_out(
    connection: Connection, collection: int, numbers: Sequence[int], gone_persons: int
) -> None:
    row = by_pk(connection, collection)
    last = row.deletions
    for number in numbers:
        result = connection.execute(
            insert(deleted_faces).values(
                account_id=row.account_id, collection=collection, face=number
            )
        )
        assert result.inserted_primary_key is not None
        last = result.inserted_primary_key[0]
    change(
        connection,
        collection,
        persons=row.persons - gone_persons,
        faces=row.faces - len(numbers),
        deletions=last,
    )


def _doom(connection: Connection, keys: Sequence[int]) -> None:
    if keys:
        connection.execute(insert(doomed_keys), [{"key": key} for key in keys])


def _condemn(connection: Connection, pk: int, what: str, kind: str, id: str) -> None:
    """Hide a collection under the id of a receipt that is completed when all of it is gone."""
    row = by_pk(connection, pk)
    keys = row.persons if row.persons else row.faces
    receipt_id = str(uuid.uuid4())
    connection.execute(
        insert(receipts).values(
            id=receipt_id,
            account_id=row.account_id,
            what=what,
            kind=kind,
            collection=id,
            subject=id,
            persons=row.persons,
            faces=row.faces,
            keys=keys,
        )
    )
    change(connection, pk, kind=DELETING, id=receipt_id, trained=None, training_beat=now())


def _delete_some(connection: Connection, pk: int) -> list[int] | None:
    """Delete some rows of a condemned collection; the keys, or None when nothing is left."""
    rows = connection.execute(
        select(faces.c.pk, faces.c.key, faces.c.person).where(faces.c.collection == pk).limit(CHUNK)
    ).all()
    if rows:
        _delete_numbers(connection, faces, [row.pk for row in rows])
        keys = [row.key for row in rows if row.person is None]
    else:
        owners = connection.execute(
            select(persons.c.pk, persons.c.key).where(persons.c.collection == pk).limit(CHUNK)
        ).all()
        if not owners:
            return None
        _delete_numbers(connection, persons, [row.pk for row in owners])
        keys = [row.key for row in owners]
    _doom(connection, keys)
    change(connection, pk, training_beat=now())
    return keys


def _delete_numbers(connection: Connection, table: Any, numbers: Sequence[int]) -> None:
    for first in range(0, len(numbers), BATCH):
        some = numbers[first : first + BATCH]
        connection.execute(delete(table).where(table.c.pk.in_(some)))


def _receipt(
    connection: Connection, row: AnyRow, what: str, subject: str, keys: int, **counts: int
) -> ReceiptRow:
    id = str(uuid.uuid4())
    values = {
        "id": id,
        "account_id": row.account_id,
        "what": what,
        "kind": row.kind,
        "collection": row.id,
        "subject": subject,
        "keys": keys,
        "deleted": now(),
        **counts,
    }
    connection.execute(insert(receipts).values(values))
    return _receipt_row(connection.execute(select(receipts).where(receipts.c.id == id)).one())


def _receipts(account_id: str) -> Any:
    return select(receipts).where(
        receipts.c.account_id == account_id, receipts.c.deleted.is_not(None)
    )


def _receipt_row(row: Any) -> ReceiptRow:
    return ReceiptRow(
        row.id,
        row.what,
        row.kind,
        row.collection,
        row.subject,
        row.persons,
        row.faces,
        row.keys,
        moment(row.deleted),
    )
