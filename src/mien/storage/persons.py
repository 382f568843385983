"""The persons of a group."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from mien.errors import LimitReachedError, NoSuchPersonError
from mien.storage.collections import change, for_change, found, given
from mien.storage.database import Database
from mien.storage.keyring import Keyring
from mien.storage.rows import PersonRow, now
from mien.storage.tables import AnyRow, faces, persons

BATCH = 500  # numbers in one query: databases bound the length of a list


class Persons:
    """The persons of all groups of one database; each has a data key of their own."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    def create(
        self,
        account_id: str,
        kind: str,
        collection: str,
        *,
        name: str,
        user_data: str | None,
        limit: int,
    ) -> str:
        """Add a person; their id.

        Raises:
            NoSuchCollectionError, TrainingRunningError, LimitReachedError
        """
        key, _ = self._keyring.new()  # on disk before the row that needs it
        person_id = str(uuid.uuid4())
        with self._database.write() as connection:
            row = for_change(connection, account_id, kind, collection)
            if row.persons >= limit:
                raise LimitReachedError(
                    f"the plan allows {limit} persons in a {kind}", kind=kind, what=collection
                )
            connection.execute(
                insert(persons).values(
                    account_id=account_id,
                    collection=row.pk,
                    id=person_id,
                    name=name,
                    user_data=user_data,
                    key=key,
                    created=now(),
                )
            )
            change(connection, row.pk, persons=row.persons + 1)
        return person_id

    def find(self, account_id: str, kind: str, collection: str, person: str) -> PersonRow:
        """A person; raises NoSuchCollectionError, NoSuchPersonError."""
        with self._database.read() as connection:
            pk = found(connection, account_id, kind, collection).pk
            row = person_of(connection, pk, kind, person)
            return _with_faces(connection, [row])[0]

    def page(
        self, account_id: str, kind: str, collection: str, start: str, top: int
    ) -> list[PersonRow]:
        """Persons by id, those after `start`; raises NoSuchCollectionError."""
        with self._database.read() as connection:
            pk = found(connection, account_id, kind, collection).pk
            rows = connection.execute(
                select(persons)
                .where(persons.c.collection == pk, persons.c.id > start)
                .order_by(persons.c.id)
                .limit(top)
            ).all()
            return _with_faces(connection, rows)

    def update(
        self,
        account_id: str,
        kind: str,
        collection: str,
        person: str,
        *,
        name: str | None,
        user_data: str | None,
    ) -> None:
        """Change what is not None.

        Raises:
            NoSuchCollectionError, NoSuchPersonError, TrainingRunningError
        """
        changes = given(name=name, user_data=user_data)
        with self._database.write() as connection:
            pk = for_change(connection, account_id, kind, collection).pk
            row = person_of(connection, pk, kind, person)
            if changes:
                connection.execute(update(persons).where(persons.c.pk == row.pk).values(**changes))

    def ids(self, numbers: Iterable[int]) -> dict[int, str]:
        """The ids of persons by their numbers; those that were deleted are left out."""
        with self._database.read() as connection:
            return ids_of(connection, persons, numbers)


def person_of(connection: Connection, collection: int, kind: str, person: str) -> AnyRow:
    """The row of a person; raises NoSuchPersonError."""
    row = connection.execute(
        select(persons).where(persons.c.collection == collection, persons.c.id == person)
    ).one_or_none()
    if row is None:
        raise NoSuchPersonError(f"there is no person {person} in it", kind=kind, what=person)
    return row


def ids_of(connection: Connection, table: Any, numbers: Iterable[int]) -> dict[int, str]:
    """Ids by number, of persons or faces."""
    asked = list(numbers)
    found: dict[int, str] = {}
    for first in range(0, len(asked), BATCH):
        some = asked[first : first + BATCH]
        rows = connection.execute(select(table.c.pk, table.c.id).where(table.c.pk.in_(some)))
        found.update((pk, id) for pk, id in rows)
    return found


def _with_faces(connection: Connection, rows: Sequence[AnyRow]) -> list[PersonRow]:
    face_ids: defaultdict[int, list[str]] = defaultdict(list)
    numbers = [row.pk for row in rows]
    for first in range(0, len(numbers), BATCH):
        query = (
            select(faces.c.person, faces.c.id)
            .where(faces.c.person.in_(numbers[first : first + BATCH]))
            .order_by(faces.c.pk)
        )
        for person, id in connection.execute(query):
            face_ids[person].append(id)
    return [
        PersonRow(row.pk, row.id, row.name, row.user_data, tuple(face_ids[row.pk])) for row in rows
    ]
