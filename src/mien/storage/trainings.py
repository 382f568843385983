"""How far the training of each collection is; a training that died is told from one that runs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from mien.errors import TrainingRunningError
from mien.storage.collections import DELETING, change, is_training
from mien.storage.database import Database
from mien.storage.faces import last_of
from mien.storage.rows import TrainingRow, moment, now
from mien.storage.tables import AnyRow, collections

DIED = "the server stopped while this was trained; train it again"


class Trainings:
    """The trainings of one database. One who trains calls `beat` at least every 30 seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, collection: int) -> int:
        """Mark a collection as being trained; the sequence up to which it is to be trained.

        From here on until `succeed` or `fail` nothing in it can be changed.

        Raises:
            TrainingRunningError: it is being trained already, in whichever process.
            LookupError: it is gone.
        """
        with self._database.write() as connection:
            row = _locked(connection, collection)
            if row is None:
                raise LookupError(f"collection {collection} is gone")
            if is_training(row):
                raise TrainingRunningError(
                    f"the {row.kind} {row.id} is being trained", kind=row.kind, what=row.id
                )
            at = now()
            change(
                connection,
                collection,
                training_status="running",
                training_created=at,
                training_action=at,
                training_message=None,
                training_beat=at,
            )
            return last_of(connection, collection)

    def beat(self, collection: int) -> None:
        """Say that the training goes on."""
        with self._database.write() as connection:
            change(connection, collection, training_beat=now())

    def succeed(self, collection: int, sequence: int) -> None:
        """Mark it as trained up to a sequence."""
        at = now()
        self._finish(
            collection,
            training_status="succeeded",
            training_action=at,
            training_success=at,
            trained=sequence,
        )

    def fail(self, collection: int, message: str) -> None:
        """Mark the training as failed; what was trained before goes on to be searched."""
        self._finish(
            collection, training_status="failed", training_action=now(), training_message=message
        )

    def get(self, collection: int) -> TrainingRow | None:
        """The last training; None when there never was one."""
        with self._database.read() as connection:
            row = connection.execute(
                select(collections).where(collections.c.pk == collection)
            ).one_or_none()
        if row is None or row.training_status is None:
            return None
        died = row.training_status == "running" and not is_training(row)
        success = row.training_success
        return TrainingRow(
            status="failed" if died else row.training_status,
            created=moment(row.training_created),
            last_action=moment(row.training_beat if died else row.training_action),
            last_success=None if success is None else moment(success),
            message=DIED if died else row.training_message,
        )

    def _finish(self, collection: int, **values: Any) -> None:
        with self._database.write() as connection:
            row = _locked(connection, collection)
            if row is not None and row.training_status == "running":
                change(connection, collection, **values)


def _locked(connection: Connection, collection: int) -> AnyRow | None:
    return connection.execute(
        select(collections)
        .where(collections.c.pk == collection, collections.c.kind != DELETING)
        .with_for_update(key_share=True)
    ).one_or_none()
