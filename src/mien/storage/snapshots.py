"""Snapshots: copies of collections for other accounts to take over, made in small steps.

A copy is a hidden collection with persons, faces and data keys of its own; ids of persons and faces
are kept, and so is what was trained. It becomes visible in one transaction when it is whole.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from mien.errors import (
    ConflictError,
    ExistsError,
    NoSuchOperationError,
    NoSuchSnapshotError,
)
from mien.storage.collections import (
    COPYING,
    DELETING,
    SNAPSHOT,
    STALE_S,
    change,
    check_free,
    for_change,
    insert_collection,
)
from mien.storage.copying import DIED, copy
from mien.storage.database import Database
from mien.storage.deletion import Deletion
from mien.storage.keyring import Keyring
from mien.storage.rows import OperationRow, ReceiptRow, SnapshotRow, moment, now
from mien.storage.tables import AnyRow, collections, operations, snapshots

LIFE_S = 48 * 3600


class Snapshots:
    """The snapshots and operations of one database."""

    def __init__(self, database: Database, keyring: Keyring, deletion: Deletion) -> None:
        self._database = database
        self._keyring = keyring
        self._deletion = deletion

    def take(
        self,
        account_id: str,
        kind: str,
        collection: str,
        *,
        apply_scope: Sequence[str],
        user_data: str | None,
    ) -> OperationRow:
        """Prepare a snapshot; `run` makes it. Raises NoSuchCollectionError, TrainingRunningError"""
        scope = json.dumps(list(apply_scope))
        id, at = str(uuid.uuid4()), now()
        with self._database.write() as connection:
            source = for_change(connection, account_id, kind, collection)
            pk = _empty_copy(connection, source, account_id, SNAPSHOT, id)
            connection.execute(
                insert(snapshots).values(
                    id=id,
                    account_id=account_id,
                    kind=kind,
                    apply_scope=scope,
                    user_data=user_data,
                    created=at,
                    updated=at,
                    expires=at + LIFE_S * 1_000_000,
                    ready=0,
                    source=source.pk,
                    collection=pk,
                )
            )
            return _begin(connection, account_id, pk, source=source.pk, snapshot=id)

    def apply(self, account_id: str, id: str, collection: str, *, limit: int) -> OperationRow:
        """Prepare a collection of that id from a snapshot; `run` makes it.

        Raises:
            NoSuchSnapshotError, ExistsError, LimitReachedError
        """
        snapshot = self.get(account_id, id)
        with self._database.write() as connection:
            check_free(connection, account_id, snapshot.kind, collection, limit)
            source = _collection(connection, snapshot.collection)
            if source is None:
                raise NoSuchSnapshotError(f"there is no snapshot {id}", what=id)
            pk = _empty_copy(connection, source, account_id, COPYING, str(uuid.uuid4()))
            return _begin(
                connection,
                account_id,
                pk,
                source=source.pk,
                kind=snapshot.kind,
                collection=collection,
            )

    def run(
        self, account_id: str, operation: str, stopped: Callable[[], bool] = lambda: False
    ) -> None:
        """Do the work of an operation. What fails on the way is kept as its message and raised,
        except what the caller can be told of: that the source is gone, the id taken since, or that
        `stopped` says so.
        """
        with self._database.read() as connection:
            row = connection.execute(
                select(operations).where(
                    operations.c.account_id == account_id, operations.c.id == operation
                )
            ).one()
        try:
            copy(self._database, self._keyring, row.id, row.source, row.copy, stopped)
            self._finish(row)
        except (ConflictError, ExistsError) as error:
            self._fail(row, str(error))
        except BaseException as error:
            self._fail(row, f"the copy failed: {error}")
            raise

    def get(self, account_id: str, id: str) -> SnapshotRow:
        """A snapshot the account took or may apply; raises NoSuchSnapshotError."""
        for snapshot in self._visible(account_id, snapshots.c.id == id):
            return snapshot
        raise NoSuchSnapshotError(f"there is no snapshot {id}, or it has expired", what=id)

    def visible(self, account_id: str, kind: str | None) -> list[SnapshotRow]:
        """The snapshots the account took or may apply, by id."""
        condition = snapshots.c.id != ""
        return self._visible(
            account_id, condition if kind is None else and_(condition, snapshots.c.kind == kind)
        )

    def update(
        self, account_id: str, id: str, *, apply_scope: Sequence[str] | None, user_data: str | None
    ) -> None:
        """Change what is not None of a snapshot the account took; raises NoSuchSnapshotError."""
        values: dict[str, Any] = {"updated": now()}
        if apply_scope is not None:
            values["apply_scope"] = json.dumps(list(apply_scope))
        if user_data is not None:
            values["user_data"] = user_data
        with self._database.write() as connection:
            changed = connection.execute(
                update(snapshots).where(*_own(account_id, id)).values(**values)
            ).rowcount
        if not changed:
            raise NoSuchSnapshotError(f"there is no snapshot {id}, or it has expired", what=id)

    def delete(self, account_id: str, id: str) -> ReceiptRow:
        """Delete a snapshot the account took; raises NoSuchSnapshotError."""
        with self._database.write() as connection:
            row = connection.execute(
                select(snapshots).where(*_own(account_id, id)).with_for_update()
            ).one_or_none()
            if row is None:
                raise NoSuchSnapshotError(f"there is no snapshot {id}, or it has expired", what=id)
            self._condemn(connection, row)
        return self._deletion.finish(row.collection)

    def operation(self, account_id: str, id: str) -> OperationRow:
        """An operation; raises NoSuchOperationError."""
        with self._database.read() as connection:
            row = connection.execute(
                select(operations).where(
                    operations.c.account_id == account_id, operations.c.id == id
                )
            ).one_or_none()
        if row is None:
            raise NoSuchOperationError(f"there is no operation {id}", what=id)
        return _operation_row(row)

    def sweep(self) -> None:
        """Delete snapshots that have expired and copies whose process died."""
        at = now()
        with self._database.read() as connection:
            expired = connection.execute(
                select(snapshots).where(snapshots.c.expires <= at, snapshots.c.ready == 1)
            ).all()
            dead = connection.execute(
                select(operations).where(
                    operations.c.status == "running",
                    operations.c.last_action < at - STALE_S * 1_000_000,
                )
            ).all()
        for row in expired:
            with self._database.write() as connection:
                self._condemn(connection, row)
            self._deletion.finish(row.collection)
        for row in dead:
            self._fail(row, DIED)

    def _visible(self, account_id: str, condition: Any) -> list[SnapshotRow]:
        rows = (
            select(snapshots)
            .where(
                condition,
                snapshots.c.ready == 1,
                snapshots.c.expires > now(),
                or_(
                    snapshots.c.account_id == account_id,
                    snapshots.c.apply_scope.contains(json.dumps(account_id), autoescape=True),
                ),
            )
            .order_by(snapshots.c.id)
        )
        with self._database.read() as connection:
            found = [_snapshot_row(row) for row in connection.execute(rows)]
        return [row for row in found if account_id in (row.account_id, *row.apply_scope)]

    def _finish(self, row: AnyRow) -> None:
        """Make the copy visible."""
        at = now()
        try:
            with self._database.write() as connection:
                if row.snapshot is None:
                    change(connection, row.copy, kind=row.kind, id=row.collection, created=at)
                else:
                    connection.execute(
                        update(snapshots)
                        .where(snapshots.c.id == row.snapshot)
                        .values(ready=1, created=at, updated=at, expires=at + LIFE_S * 1_000_000)
                    )
                _set(connection, row.id, status="succeeded", last_action=at)
        except IntegrityError as error:
            raise ExistsError(f"there is a {row.kind} {row.collection} already") from error

    def _fail(self, row: AnyRow, message: str) -> None:
        """Keep why an operation failed, and delete what it has copied."""
        with self._database.write() as connection:
            if not _is_running(connection, row.id):
                return  # another process said so already
            _set(connection, row.id, status="failed", last_action=now(), message=message)
            kind = row.kind or _kind(connection, row.snapshot)
            connection.execute(delete(snapshots).where(snapshots.c.id == row.snapshot))
            copied = _collection(connection, row.copy)
            if copied is not None:
                self._deletion.condemn(connection, row.copy, "snapshot", kind, copied.id)
        if copied is not None:
            self._deletion.finish(row.copy)

    def _condemn(self, connection: Connection, row: AnyRow) -> None:
        connection.execute(delete(snapshots).where(snapshots.c.id == row.id))
        self._deletion.condemn(connection, row.collection, "snapshot", row.kind, row.id)


def _own(account_id: str, id: str) -> tuple[Any, ...]:
    return (
        snapshots.c.account_id == account_id,
        snapshots.c.id == id,
        snapshots.c.ready == 1,
        snapshots.c.expires > now(),
    )


def _collection(connection: Connection, pk: int) -> AnyRow | None:
    return connection.execute(
        select(collections).where(collections.c.pk == pk, collections.c.kind != DELETING)
    ).one_or_none()


def _is_running(connection: Connection, operation: str) -> bool:
    query = select(operations.c.status).where(operations.c.id == operation).with_for_update()
    return bool(connection.execute(query).scalar_one() == "running")


def _kind(connection: Connection, snapshot: str) -> str:
    query = select(snapshots.c.kind).where(snapshots.c.id == snapshot)
    return str(connection.execute(query).scalar_one())


def _empty_copy(connection: Connection, source: AnyRow, account_id: str, kind: str, id: str) -> int:
    return insert_collection(
        connection,
        account_id=account_id,
        kind=kind,
        id=id,
        name=source.name,
        user_data=source.user_data,
        recognition_model=source.recognition_model,
    )


def _begin(connection: Connection, account_id: str, copy: int, **values: Any) -> OperationRow:
    id, at = str(uuid.uuid4()), now()
    connection.execute(
        insert(operations).values(
            id=id,
            account_id=account_id,
            status="running",
            created=at,
            last_action=at,
            copy=copy,
            **values,
        )
    )
    return _operation_row(connection.execute(select(operations).where(operations.c.id == id)).one())


def _set(connection: Connection, operation: str, **values: Any) -> None:
    connection.execute(update(operations).where(operations.c.id == operation).values(**values))


def _snapshot_row(row: AnyRow) -> SnapshotRow:
    return SnapshotRow(
        id=row.id,
        account_id=row.account_id,
        kind=row.kind,
        apply_scope=tuple(json.loads(row.apply_scope)),
        user_data=row.user_data,
        created=moment(row.created),
        updated=moment(row.updated),
        collection=row.collection,
    )


def _operation_row(row: AnyRow) -> OperationRow:
    return OperationRow(
        id=row.id,
        status=row.status,
        created=moment(row.created),
        last_action=moment(row.last_action),
        snapshot=row.snapshot,
        kind=row.kind,
        collection=row.collection,
        message=row.message,
    )
