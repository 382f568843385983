"""Galleries: collections that begin with their first face and end with their last.

Its persons are subjects, found by the name that a caller gave them. All that one call changes is
changed in one transaction: no gallery is ever seen without a subject, nor a subject without a face.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from mien.errors import (
    ConflictError,
    ExistsError,
    IncompatibleModelsError,
    LimitReachedError,
    NoSuchCollectionError,
)
from mien.storage.collections import by_pk, change, check_free, for_change, found, insert_collection
from mien.storage.database import Database
from mien.storage.deletion import Deletion, delete_face, delete_person
from mien.storage.faces import count_of, face_of, key_of
from mien.storage.keyring import Keyring
from mien.storage.persons import BATCH, person_of
from mien.storage.rows import ReceiptRow, TemplateLike, moment, now
from mien.storage.sealing import owner, seal_template
from mien.storage.tables import AnyRow, faces, persons

NAMES = uuid.UUID("6d69656e-0000-5000-8000-7375626a6563")
"""The namespace (RFC 9562, version 5) in which a subject's name makes the id: a name is one row,
found by the index of ids, whoever enrols it at the same moment."""

ATTEMPTS = 10  # at making a gallery that others make, and remove, as well


@dataclass(frozen=True, slots=True)
class Room:
    """How much an account may store: galleries, subjects of one, faces of one of these."""

    galleries: int
    subjects: int
    faces: int


@dataclass(frozen=True, slots=True)
class SubjectRow:
    """A subject: the name, and when the first face was enrolled."""

    name: str
    enrolled: datetime


@dataclass(frozen=True, slots=True)
class EnrolledRow:
    """A face of a subject: its id, 20 hexadecimal digits, and when it was enrolled."""

    id: str
    enrolled: datetime


def subject_id(name: str) -> str:
    """The id of the person who has this name in a gallery."""
    return str(uuid.uuid5(NAMES, name))


class Subjects:
    """The galleries of one database; `kind` is that of their collections."""

    def __init__(self, database: Database, keyring: Keyring, deletion: Deletion) -> None:
        self._database, self._keyring, self._deletion = database, keyring, deletion

    def enrol(
        self,
        account_id: str,
        kind: str,
        gallery: str,
        subject: str,
        templates: Sequence[TemplateLike],
        room: Room,
    ) -> list[EnrolledRow]:
        """Store faces of a subject, all or none; the gallery and the subject are made if need be.

        Raises:
            LimitReachedError: there is no room.
            IncompatibleModelsError: a face is of another recognition model than the gallery.
            ConflictError: other processes made the gallery at the same moment, again and again.
        """
        for _ in range(ATTEMPTS):
            try:
                with self._database.write() as connection:
                    model = templates[0].recognition_model
                    row = _opened(connection, account_id, kind, gallery, model, room)
                    at = now()
                    person = self._person(connection, row, subject, room, at)
                    return self._added(connection, row, person, templates, room, at)
            except (IntegrityError, ExistsError):  # another was quicker to make it
                continue
        raise ConflictError(f"the gallery {gallery} is being made; try again", what=gallery)

    def find(self, account_id: str, kind: str, gallery: str, subject: str) -> int:
        """The number of a subject; raises NoSuchCollectionError, NoSuchPersonError."""
        with self._database.read() as connection:
            pk = found(connection, account_id, kind, gallery).pk
            return int(person_of(connection, pk, kind, subject_id(subject)).pk)

    def names(self, account_id: str, kind: str, gallery: str) -> list[str]:
        """The names of all subjects, in the order in which they were first enrolled.

        Raises:
            NoSuchCollectionError
        """
        with self._database.read() as connection:
            pk = found(connection, account_id, kind, gallery).pk
            query = select(persons.c.name).where(persons.c.collection == pk).order_by(persons.c.pk)
            return list(connection.execute(query).scalars())

    def faces(self, account_id: str, kind: str, gallery: str, subject: str) -> list[EnrolledRow]:
        """The faces of a subject, oldest first; raises NoSuchCollectionError, NoSuchPersonError."""
        number = self.find(account_id, kind, gallery, subject)
        query = select(faces.c.id, faces.c.created).where(faces.c.person == number)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(faces.c.pk))
            return [EnrolledRow(row.id, moment(row.created)) for row in rows]

    def by_number(self, numbers: Iterable[int]) -> dict[int, SubjectRow]:
        """Subjects by their numbers; those that are gone are left out."""
        asked, rows = list(numbers), dict[int, SubjectRow]()
        query = select(persons.c.pk, persons.c.name, persons.c.created)
        with self._database.read() as connection:
            for first in range(0, len(asked), BATCH):
                some = query.where(persons.c.pk.in_(asked[first : first + BATCH]))
                rows |= {
                    row.pk: SubjectRow(row.name, moment(row.created))
                    for row in connection.execute(some)
                }
        return rows

    def remove(
        self, account_id: str, kind: str, gallery: str, subject: str, face: str | None = None
    ) -> list[ReceiptRow]:
        """Delete a subject, or one of their faces; whoever has none left goes, too, and so does
        a gallery without subjects.

        Returns:
            The receipts: of the face or the subject, and of the gallery if it is gone.

        Raises:
            NoSuchCollectionError, NoSuchPersonError
            NoSuchStoredFaceError: the subject has no such face.
        """
        with self._database.write() as connection:
            row = for_change(connection, account_id, kind, gallery)
            person = person_of(connection, row.pk, kind, subject_id(subject))
            if face is not None:
                face_of(connection, row.pk, kind, face, person.id)
            if face is None or count_of(connection, person.pk) == 1:
                receipt, keys = delete_person(connection, row, person.id)
            else:
                receipt, keys = delete_face(connection, row, face)
            empty = not by_pk(connection, row.pk).persons
            if empty:
                self._deletion.condemn(connection, row.pk, "collection", kind, gallery)
        self._deletion.destroy(keys)
        return [receipt, self._deletion.finish(row.pk)] if empty else [receipt]

    def _person(
        self, connection: Connection, row: AnyRow, name: str, room: Room, at: int
    ) -> AnyRow:
        """The row of a subject, new if need be."""
        whose = select(persons).where(
            persons.c.collection == row.pk, persons.c.id == subject_id(name)
        )
        known = connection.execute(whose).one_or_none()
        if known is not None:
            return known
        if row.persons >= room.subjects:
            raise LimitReachedError(
                f"the plan allows {room.subjects} subjects in a gallery",
                kind=row.kind,
                what=row.id,
            )
        key, _ = self._keyring.new()  # on disk before the row that needs it
        connection.execute(
            insert(persons).values(
                account_id=row.account_id,
                collection=row.pk,
                id=subject_id(name),
                name=name,
                key=key,
                created=at,
            )
        )
        change(connection, row.pk, persons=row.persons + 1)
        return connection.execute(whose).one()

    def _added(
        self,
        connection: Connection,
        row: AnyRow,
        person: AnyRow,
        templates: Sequence[TemplateLike],
        room: Room,
        at: int,
    ) -> list[EnrolledRow]:
        if count_of(connection, person.pk) + len(templates) > room.faces:
            raise LimitReachedError(
                f"the plan allows {room.faces} faces of a subject", kind=row.kind, what=person.name
            )
        key, rows = key_of(self._keyring, person.key, person.name), []
        for template in templates:
            if template.recognition_model != row.recognition_model:
                raise IncompatibleModelsError(
                    f"the face is of {template.recognition_model}, the gallery of "
                    f"{row.recognition_model}",
                    kind=row.kind,
                    what=row.id,
                )
            id = secrets.token_hex(10)
            whose = owner(row.account_id, person.id, id)
            rows.append(
                {
                    "account_id": row.account_id,
                    "collection": row.pk,
                    "person": person.pk,
                    "id": id,
                    "sealed": seal_template(key, template.embedding, whose),
                    "quality": template.quality,
                    "key": person.key,
                    "created": at,
                }
            )
        connection.execute(insert(faces), rows)
        change(connection, row.pk, faces=row.faces + len(rows))
        return [EnrolledRow(str(each["id"]), moment(at)) for each in rows]


def _opened(
    connection: Connection, account_id: str, kind: str, gallery: str, model: str, room: Room
) -> AnyRow:
    """The row of a gallery, new if need be, held until the transaction is over."""
    try:
        return for_change(connection, account_id, kind, gallery)
    except NoSuchCollectionError:
        check_free(connection, account_id, kind, gallery, room.galleries)
        pk = insert_collection(
            connection,
            account_id=account_id,
            kind=kind,
            id=gallery,
            name=gallery,
            user_data=None,
            recognition_model=model,
        )
        return by_pk(connection, pk)
