"""Stored faces: sealed on the way in, opened in chunks on the way to an index."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, insert, select, update

from mien.errors import (
    IncompatibleModelsError,
    LimitReachedError,
    LostKeyError,
    NoSuchStoredFaceError,
    StorageError,
)
from mien.storage.collections import by_pk, change, for_change, found
from mien.storage.database import Database
from mien.storage.keyring import Keyring
from mien.storage.persons import ids_of, person_of
from mien.storage.rows import FaceChunk, FaceRow, TemplateLike, moment, now
from mien.storage.sealing import opened, owner, seal_template
from mien.storage.tables import AnyRow, deleted_faces, faces, persons

SIZE = 128
CHUNK = 8192


class Faces:
    """The stored faces of one database."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    def add(
        self,
        account_id: str,
        kind: str,
        collection: str,
        template: TemplateLike,
        *,
        person: str | None,
        user_data: str | None,
        limit: int,
    ) -> str:
        """Store a face of a person (`limit` is that of the person) or of a list; its id.

        Raises:
            NoSuchCollectionError, NoSuchPersonError, TrainingRunningError, LimitReachedError,
            IncompatibleModelsError
        """
        face_id = str(uuid.uuid4())
        fresh = self._keyring.new() if person is None else None
        with self._database.write() as connection:
            row = for_change(connection, account_id, kind, collection)
            if template.recognition_model != row.recognition_model:
                raise IncompatibleModelsError(
                    f"the face is of {template.recognition_model}, the {kind} of "
                    f"{row.recognition_model}",
                    kind=kind,
                    what=collection,
                )
            if fresh is None:
                assert person is not None
                of = person_of(connection, row.pk, kind, person)
                owned, number, key = of.pk, of.key, key_of(self._keyring, of.key, person)
                count = count_of(connection, of.pk)
            else:
                owned, (number, key), count = None, fresh, row.faces
            if count >= limit:
                what = collection if person is None else person
                raise LimitReachedError(f"the plan allows {limit} faces", kind=kind, what=what)
            connection.execute(
                insert(faces).values(
                    account_id=account_id,
                    collection=row.pk,
                    person=owned,
                    id=face_id,
                    user_data=user_data,
                    sealed=seal_template(
                        key, template.embedding, owner(account_id, person, face_id)
                    ),
                    quality=template.quality,
                    key=number,
                    created=now(),
                )
            )
            change(connection, row.pk, faces=row.faces + 1)
        return face_id

    def find(
        self, account_id: str, kind: str, collection: str, face: str, *, person: str | None
    ) -> FaceRow:
        """A stored face.

        Raises:
            NoSuchCollectionError, NoSuchPersonError, NoSuchStoredFaceError
        """
        with self._database.read() as connection:
            pk = found(connection, account_id, kind, collection).pk
            row = face_of(connection, pk, kind, face, person)
            return _face_row(row)

    def page(
        self,
        account_id: str,
        kind: str,
        collection: str,
        start: str,
        top: int,
        *,
        person: str | None = None,
    ) -> list[FaceRow]:
        """Faces by id, those after `start`, of a person if one is named.

        Raises:
            NoSuchCollectionError, NoSuchPersonError
        """
        columns = (faces.c.pk, faces.c.id, faces.c.user_data, faces.c.quality, faces.c.created)
        query = select(*columns).where(faces.c.id > start).order_by(faces.c.id).limit(top)
        with self._database.read() as connection:
            pk = found(connection, account_id, kind, collection).pk
            if person is not None:
                query = query.where(faces.c.person == person_of(connection, pk, kind, person).pk)
            rows = connection.execute(query.where(faces.c.collection == pk))
            return [_face_row(row) for row in rows]

    def update(
        self,
        account_id: str,
        kind: str,
        collection: str,
        face: str,
        *,
        person: str | None,
        user_data: str | None,
    ) -> None:
        """Change the user data; raises what `find` does, and TrainingRunningError."""
        with self._database.write() as connection:
            pk = for_change(connection, account_id, kind, collection).pk
            row = face_of(connection, pk, kind, face, person)
            if user_data is not None:
                connection.execute(
                    update(faces).where(faces.c.pk == row.pk).values(user_data=user_data)
                )

    def chunks(
        self,
        collection: int,
        *,
        after: int = 0,
        up_to: int | None = None,
        size: int = CHUNK,
    ) -> Iterator[FaceChunk]:
        """The faces of a collection in the order in which they were stored, opened, in chunks.

        Args:
            collection: its number.
            after, up_to: the sequence is greater than `after` and at most `up_to`.
        """
        owner_account = self._account(collection)
        while True:
            with self._database.read() as connection:
                rows = ordered(connection, collection, after, up_to, size)
            if not rows:
                return
            yield self._opened(rows, owner_account)
            if len(rows) < size:
                return
            after = rows[-1].pk

    def of_person(self, person: int) -> FaceChunk:
        """All faces of a person, by the number of the person."""
        with self._database.read() as connection:
            rows = connection.execute(_OPENABLE.where(faces.c.person == person)).all()
            account = connection.execute(
                select(persons.c.account_id).where(persons.c.pk == person)
            ).scalar()
        return self._opened(rows, account or "")

    def ids(self, numbers: Iterable[int]) -> dict[int, str]:
        """The ids of faces by their numbers; those that were deleted are left out."""
        with self._database.read() as connection:
            return ids_of(connection, faces, numbers)

    def labels(self, numbers: Iterable[int]) -> dict[int, tuple[str, str | None]]:
        """The ids and user data of faces by their numbers; those that were deleted are left out."""
        query = select(faces.c.pk, faces.c.id, faces.c.user_data)
        with self._database.read() as connection:
            rows = connection.execute(query.where(faces.c.pk.in_(list(numbers))))
            return {row.pk: (row.id, row.user_data) for row in rows}

    def last(self, collection: int) -> int:
        """The sequence of the newest face of a collection; 0 when it has none."""
        with self._database.read() as connection:
            return last_of(connection, collection)

    def deleted(self, collection: int, *, after: int = 0) -> tuple[int, NDArray[Any]]:
        """What an index must forget: (number of the last deletion, sequences (n,) int64).

        A collection's `deletions` is that number: while it has not changed, nothing was deleted.
        """
        with self._database.read() as connection:
            rows = connection.execute(
                select(deleted_faces.c.pk, deleted_faces.c.face)
                .where(deleted_faces.c.collection == collection, deleted_faces.c.pk > after)
                .order_by(deleted_faces.c.pk)
            ).all()
        return (rows[-1][0] if rows else after), np.array([row[1] for row in rows], np.int64)

    def _account(self, collection: int) -> str:
        with self._database.read() as connection:
            return str(by_pk(connection, collection).account_id)

    def _opened(self, rows: Sequence[AnyRow], account_id: str) -> FaceChunk:
        keys = self._keyring.many({row.key for row in rows})
        kept = [row for row in rows if row.key in keys]
        plain = b"".join(_plain(keys[row.key], row, account_id) for row in kept)
        embeddings = np.frombuffer(plain, "<f4").reshape(-1, SIZE).astype(np.float32)
        return FaceChunk(
            sequence=np.array([row.pk for row in kept], np.int64),
            persons=np.array([-1 if row.person is None else row.person for row in kept], np.int64),
            embeddings=embeddings,
            quality=np.array([row.quality for row in kept], np.float32),
            lost=len(rows) - len(kept),
        )


def _face_row(row: AnyRow) -> FaceRow:
    return FaceRow(row.pk, row.id, row.user_data, row.quality, moment(row.created))


def _plain(key: bytes, row: AnyRow, account_id: str) -> bytes:
    try:
        return opened(key, row.sealed, owner(account_id, row.person_id, row.id))
    except StorageError as error:
        raise StorageError(f"the stored face {row.id} cannot be opened: {error}") from error


_OPENABLE = (
    select(
        faces.c.pk,
        faces.c.id,
        faces.c.person,
        persons.c.id.label("person_id"),
        faces.c.sealed,
        faces.c.quality,
        faces.c.key,
        faces.c.user_data,
    )
    .select_from(faces.outerjoin(persons, faces.c.person == persons.c.pk))
    .order_by(faces.c.pk)
)


def ordered(
    connection: Connection, collection: int, after: int, up_to: int | None, size: int
) -> Sequence[AnyRow]:
    """Faces of a collection with what opens them, in the order in which they were stored."""
    query = _OPENABLE.where(faces.c.collection == collection, faces.c.pk > after).limit(size)
    if up_to is not None:
        query = query.where(faces.c.pk <= up_to)
    return connection.execute(query).all()


def face_of(
    connection: Connection, collection: int, kind: str, face: str, person: str | None
) -> AnyRow:
    """The row of a face; raises NoSuchPersonError, NoSuchStoredFaceError."""
    query = select(faces).where(faces.c.collection == collection, faces.c.id == face)
    if person is not None:
        query = query.where(faces.c.person == person_of(connection, collection, kind, person).pk)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise NoSuchStoredFaceError(f"there is no stored face {face}", kind=kind, what=face)
    return row


def last_of(connection: Connection, collection: int) -> int:
    """The sequence of the newest face of a collection; 0 when it has none."""
    query = select(func.max(faces.c.pk)).where(faces.c.collection == collection)
    return int(connection.execute(query).scalar() or 0)


def count_of(connection: Connection, person: int) -> int:
    """How many faces a person has, by the number of the person."""
    query = select(func.count()).select_from(faces).where(faces.c.person == person)
    return int(connection.execute(query).scalar_one())


def key_of(keyring: Keyring, number: int, person: str) -> bytes:
    """The data key of a person; raises LostKeyError."""
    key = keyring.get(number)
    if key is None:
        raise LostKeyError(
            f"the data key of person {person} was destroyed: they were deleted after this copy "
            "of the database was made; delete them here too"
        )
    return key
