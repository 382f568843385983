"""Copies a collection, sealed anew under data keys of its own, in small transactions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection, insert, select, update

from mien.errors import ConflictError
from mien.storage.collections import DELETING, change
from mien.storage.database import Database
from mien.storage.faces import last_of, ordered
from mien.storage.keyring import Keyring
from mien.storage.rows import now
from mien.storage.sealing import opened, owner, seal
from mien.storage.tables import AnyRow, collections, faces, operations, persons

DIED = "the server stopped before the copy was whole; start it again"

STEP = 500
"""Rows that are copied in one transaction."""

Step = Callable[[Connection, AnyRow, AnyRow, int], int | None]
"""(connection, source, target, position) → the next position, None when nothing is left."""


def copy(
    database: Database,
    keyring: Keyring,
    operation: str,
    source: int,
    target: int,
    stopped: Callable[[], bool],
) -> None:
    """Copy persons and faces of `source` into the empty collection `target`.

    Faces keep their order, so that what was trained in the source is trained in the copy. Faces
    that are added on the way are not copied.

    Raises:
        ConflictError: the source or the target was deleted on the way, or `stopped` says so.
    """
    copier = _Copier(keyring)
    for step in (copier.persons, copier.trained_faces, copier.mark_trained, copier.faces):
        _steps(database, operation, source, target, step, stopped)


def _steps(
    database: Database,
    operation: str,
    source: int,
    target: int,
    step: Step,
    stopped: Callable[[], bool],
) -> None:
    """Take steps until nothing is left.

    The source is held during a step: what is deleted there is either not copied yet, or deleted in
    the copy of a snapshot too.
    """
    position: int | None = 0
    while position is not None:
        if stopped():
            raise ConflictError(DIED)
        with database.write() as connection:
            rows = [_held(connection, pk) for pk in (source, target)]
            position = step(connection, rows[0], rows[1], position)
            connection.execute(
                update(operations).where(operations.c.id == operation).values(last_action=now())
            )


def _held(connection: Connection, pk: int) -> AnyRow:
    row = connection.execute(
        select(collections)
        .where(collections.c.pk == pk, collections.c.kind != DELETING)
        .with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        raise ConflictError("what was being copied has been deleted")
    return row


class _Copier:
    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._copied = 0  # the sequence of the last face of the source that was copied
        self._last: int | None = None  # that of its last face when the copy began

    def persons(
        self, connection: Connection, source: AnyRow, target: AnyRow, after: int
    ) -> int | None:
        if self._last is None:
            self._last = last_of(connection, source.pk)
        rows = connection.execute(
            select(persons)
            .where(persons.c.collection == source.pk, persons.c.pk > after)
            .order_by(persons.c.pk)
            .limit(STEP)
        ).all()
        if not rows:
            return None
        fresh = self._keyring.several(len(rows))
        connection.execute(
            insert(persons),
            [
                {
                    "account_id": target.account_id,
                    "collection": target.pk,
                    "id": row.id,
                    "name": row.name,
                    "user_data": row.user_data,
                    "key": number,
                    "created": now(),
                }
                for row, (number, _) in zip(rows, fresh, strict=True)
            ],
        )
        change(connection, target.pk, persons=target.persons + len(rows))
        return int(rows[-1].pk)

    def trained_faces(
        self, connection: Connection, source: AnyRow, target: AnyRow, _after: int
    ) -> int | None:
        assert self._last is not None
        return self._some(connection, source, target, min(source.trained or 0, self._last))

    def mark_trained(
        self, connection: Connection, source: AnyRow, target: AnyRow, _after: int
    ) -> None:
        if source.trained is not None:
            change(
                connection,
                target.pk,
                trained=last_of(connection, target.pk),
                training_status="succeeded",
                training_created=source.training_created,
                training_action=source.training_success,
                training_success=source.training_success,
            )

    def faces(
        self, connection: Connection, source: AnyRow, target: AnyRow, _after: int
    ) -> int | None:
        assert self._last is not None
        return self._some(connection, source, target, self._last)

    def _some(
        self, connection: Connection, source: AnyRow, target: AnyRow, up_to: int
    ) -> int | None:
        rows = ordered(connection, source.pk, self._copied, up_to, STEP)
        if not rows:
            return None
        keys = self._keyring.many({row.key for row in rows})
        rows_left = [row for row in rows if row.key in keys]
        if rows_left:
            self._insert(connection, target, rows_left, source.account_id, keys)
        self._copied = int(rows[-1].pk)
        return self._copied

    def _insert(
        self,
        connection: Connection,
        target: AnyRow,
        rows: Sequence[AnyRow],
        account_id: str,
        keys: dict[int, bytes],
    ) -> None:
        owners = _persons(connection, target.pk, {row.person_id for row in rows} - {None})
        new = self._keyring.many({number for _, number in owners.values()})
        alone = iter(self._keyring.several(sum(row.person is None for row in rows)))
        made = []
        for row in rows:
            if row.person is None:
                person, (number, key) = None, next(alone)
            else:
                person, number = owners[row.person_id]
                key = new[number]
            plain = opened(keys[row.key], row.sealed, owner(account_id, row.person_id, row.id))
            made.append(
                {
                    "account_id": target.account_id,
                    "collection": target.pk,
                    "person": person,
                    "id": row.id,
                    "user_data": row.user_data,
                    "sealed": seal(key, plain, owner(target.account_id, row.person_id, row.id)),
                    "quality": row.quality,
                    "key": number,
                    "created": now(),
                }
            )
        connection.execute(insert(faces), made)
        change(connection, target.pk, faces=target.faces + len(made))


def _persons(connection: Connection, collection: int, ids: set[str]) -> dict[str, tuple[int, int]]:
    """Number and key of persons of a collection by id."""
    rows = connection.execute(
        select(persons.c.id, persons.c.pk, persons.c.key).where(
            persons.c.collection == collection, persons.c.id.in_(ids)
        )
    )
    return {row.id: (row.pk, row.key) for row in rows}
