"""Face lists and person groups."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from mien.errors import (
    ExistsError,
    LimitReachedError,
    NoSuchCollectionError,
    TrainingRunningError,
)
from mien.storage.database import Database
from mien.storage.rows import CollectionRow, moment, now
from mien.storage.tables import AnyRow, collections

SNAPSHOT, COPYING, DELETING = "snapshot", "copying", "deleting"
"""Kinds of collections that no caller sees: the copy of a snapshot, one that is being made, one
that is being deleted."""

HIDDEN = (SNAPSHOT, COPYING, DELETING)

STALE_S = 60.0
"""A training or copy of which nothing was heard for so long has died with its process."""


class Collections:
    """The collections of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        account_id: str,
        kind: str,
        id: str,
        *,
        name: str,
        user_data: str | None,
        recognition_model: str,
        limit: int,
    ) -> CollectionRow:
        """Make a collection; raises ExistsError, LimitReachedError."""
        try:
            with self._database.write() as connection:
                check_free(connection, account_id, kind, id, limit)
                pk = insert_collection(
                    connection,
                    account_id=account_id,
                    kind=kind,
                    id=id,
                    name=name,
                    user_data=user_data,
                    recognition_model=recognition_model,
                )
                return collection_row(by_pk(connection, pk))
        except IntegrityError as error:  # another process was quicker
            raise ExistsError(f"there is a {kind} {id} already", kind=kind, what=id) from error

    def find(self, account_id: str, kind: str, id: str) -> CollectionRow:
        """A collection; raises NoSuchCollectionError."""
        with self._database.read() as connection:
            return collection_row(found(connection, account_id, kind, id))

    def get(self, pk: int) -> CollectionRow | None:
        """The collection of a number, unless it is gone."""
        with self._database.read() as connection:
            row = connection.execute(
                select(collections).where(collections.c.pk == pk, collections.c.kind != DELETING)
            ).one_or_none()
        return None if row is None else collection_row(row)

    def page(self, account_id: str, kind: str, start: str, top: int) -> list[CollectionRow]:
        """Collections of a kind, by id, those after `start`."""
        query = (
            select(collections)
            .where(
                collections.c.account_id == account_id,
                collections.c.kind == kind,
                collections.c.id > start,
            )
            .order_by(collections.c.id)
            .limit(top)
        )
        with self._database.read() as connection:
            return [collection_row(row) for row in connection.execute(query)]

    def update(
        self, account_id: str, kind: str, id: str, *, name: str | None, user_data: str | None
    ) -> None:
        """Change what is not None; raises NoSuchCollectionError, TrainingRunningError."""
        changes = given(name=name, user_data=user_data)
        with self._database.write() as connection:
            row = for_change(connection, account_id, kind, id)
            change(connection, row.pk, **changes)

    def all_trained(self) -> list[CollectionRow]:
        """Every collection that was trained, of all accounts, for an index that starts."""
        query = select(collections).where(
            collections.c.trained.is_not(None), collections.c.kind.not_in(HIDDEN)
        )
        with self._database.read() as connection:
            return [collection_row(row) for row in connection.execute(query)]


def insert_collection(connection: Connection, **values: Any) -> int:
    """Add an empty collection; its number."""
    result = connection.execute(
        insert(collections).values(created=now(), persons=0, faces=0, deletions=0, **values)
    )
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def check_free(connection: Connection, account_id: str, kind: str, id: str, limit: int) -> None:
    """Raises ExistsError when the id is taken, LimitReachedError when there are too many."""
    mine = (collections.c.account_id == account_id, collections.c.kind == kind)
    if connection.execute(select(collections.c.pk).where(*mine, collections.c.id == id)).first():
        raise ExistsError(f"there is a {kind} {id} already", kind=kind, what=id)
    query = select(func.count()).select_from(select(collections.c.pk).where(*mine).subquery())
    if int(connection.execute(query).scalar_one()) >= limit:
        raise LimitReachedError(f"the plan allows {limit} of kind {kind}", kind=kind, what=id)


def found(connection: Connection, account_id: str, kind: str, id: str) -> AnyRow:
    """The row of a collection; raises NoSuchCollectionError."""
    return _found(connection, select(collections), account_id, kind, id)


def for_change(connection: Connection, account_id: str, kind: str, id: str) -> AnyRow:
    """The row of a collection, held until the transaction is over.

    Raises:
        NoSuchCollectionError, TrainingRunningError
    """
    query = select(collections).with_for_update(key_share=True)
    row = _found(connection, query, account_id, kind, id)
    if is_training(row):
        raise TrainingRunningError(f"the {kind} {id} is being trained", kind=kind, what=id)
    return row


def by_pk(connection: Connection, pk: int) -> AnyRow:
    """The row of a number that is there."""
    return connection.execute(select(collections).where(collections.c.pk == pk)).one()


def change(connection: Connection, pk: int, **values: Any) -> None:
    """Set columns of a collection."""
    if values:
        connection.execute(update(collections).where(collections.c.pk == pk).values(**values))


def is_training(row: AnyRow) -> bool:
    """Whether a training of it is going on, in any process."""
    return row.training_status == "running" and not is_stale(row.training_beat)


def is_stale(beat: int) -> bool:
    """Whether nothing was heard of a job since so long that it must be dead."""
    return time.time() - beat / 1e6 > STALE_S


def given(**values: Any) -> dict[str, Any]:
    """Those that are not None."""
    return {name: value for name, value in values.items() if value is not None}


def collection_row(row: AnyRow) -> CollectionRow:
    """The record of a row."""
    return CollectionRow(
        pk=row.pk,
        account_id=row.account_id,
        kind=row.kind,
        id=row.id,
        name=row.name,
        user_data=row.user_data,
        recognition_model=row.recognition_model,
        created=moment(row.created),
        persons=row.persons,
        faces=row.faces,
        trained=row.trained,
        deletions=row.deletions,
    )


def _found(connection: Connection, query: Any, account_id: str, kind: str, id: str) -> AnyRow:
    row: AnyRow | None = connection.execute(
        query.where(
            collections.c.account_id == account_id,
            collections.c.kind == kind,
            collections.c.id == id,
        )
    ).one_or_none()
    if row is None or kind in HIDDEN:
        raise NoSuchCollectionError(f"there is no {kind} {id}", kind=kind, what=id)
    return row
