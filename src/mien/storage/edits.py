"""The logs of edits: rows that are added and never changed, until their asset is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from mien.errors import EditsMovedOnError, LogFullError
from mien.storage.assets import one
from mien.storage.database import Database
from mien.storage.rows import moment, now
from mien.storage.tables import edits

MOST_EDITS = 100_000
"""Of one asset."""


@dataclass(frozen=True, slots=True)
class EditRow:
    """An edit; `body` is its action as text."""

    number: int
    at: datetime
    user: str
    body: str


class Edits:
    """The logs of one database, one for each asset."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, account_id: str, origin: str, asset: str, *, since: int = 0) -> list[EditRow]:
        """The edits after a number, in order; raises NoSuchAssetError."""
        query = select(edits).where(edits.c.asset == asset, edits.c.number > since)
        with self._database.read() as connection:
            one(connection, account_id, origin, asset)
            rows = connection.execute(query.order_by(edits.c.number)).all()
        return [EditRow(row.number, moment(row.at), row.user, row.body) for row in rows]

    def append(
        self,
        account_id: str,
        origin: str,
        asset: str,
        bodies: Sequence[str],
        *,
        user: str,
        expected: int,
    ) -> list[EditRow]:
        """Add edits: all of them, under the numbers after `expected`, or none.

        Raises:
            NoSuchAssetError: there is no such asset.
            EditsMovedOnError: the last edit is not the one that was expected.
            LogFullError: there are too many.
        """
        with self._database.write() as connection:
            one(connection, account_id, origin, asset, hold=True)
            last = _last(connection, asset)
            if last != expected:
                raise EditsMovedOnError(
                    f"the last edit is number {last}, not {expected}; read what came since",
                    last=last,
                )
            if last + len(bodies) > MOST_EDITS:
                raise LogFullError(f"a video takes {MOST_EDITS} edits; export it, and begin anew")
            at = now()
            rows = [
                {
                    "account_id": account_id,
                    "asset": asset,
                    "number": last + 1 + index,
                    "at": at,
                    "user": user,
                    "body": body,
                }
                for index, body in enumerate(bodies)
            ]
            if rows:
                connection.execute(insert(edits), rows)
        return [EditRow(last + 1 + i, moment(at), user, body) for i, body in enumerate(bodies)]


def _last(connection: Connection, asset: str) -> int:
    query = select(func.max(edits.c.number)).where(edits.c.asset == asset)
    return int(connection.execute(query).scalar() or 0)
