"""Counters of a plan's windows; they survive a restart and are shared by all processes."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, insert, select, update

from mien.storage.database import Database
from mien.storage.tables import accounts, usage

MINUTE_S = 60
DAY_S = 86_400
MONTH_S = 30 * DAY_S


@dataclass(frozen=True, slots=True)
class Taken:
    """Whether a call was within the limit, how many there were, and when the window is over."""

    allowed: bool
    used: int
    resets_in_s: float


class Usage:
    """The counters of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(
        self, account_id: str, what: str, *, window_s: int, limit: int, count: int = 1
    ) -> Taken:
        """Count `count` calls of `what` ("images", "video"), unless that would pass the limit.

        A window begins with the first call after the last one was over. What is refused is not
        counted.
        """
        now = int(time.time())
        with self._database.write() as connection:
            start, used = _counter(connection, account_id, what, window_s, now)
            if now >= start + window_s:
                start, used = now, 0
            allowed = used + count <= limit
            if allowed:
                used += count
                connection.execute(
                    update(usage)
                    .where(*_key(account_id, what, window_s))
                    .values(start=start, count=used)
                )
        return Taken(allowed, used, max(0.0, start + window_s - time.time()))

    def used(self, account_id: str, what: str, *, window_s: int) -> int:
        """How many calls there were in the window that is open now."""
        with self._database.read() as connection:
            row = connection.execute(
                select(usage.c.start, usage.c.count).where(*_key(account_id, what, window_s))
            ).one_or_none()
        if row is None or time.time() >= row[0] + window_s:
            return 0
        return int(row[1])


def _key(account_id: str, what: str, window_s: int) -> tuple[ColumnElement[bool], ...]:
    return (usage.c.account_id == account_id, usage.c.what == what, usage.c.seconds == window_s)


def _counter(
    connection: Connection, account_id: str, what: str, window_s: int, now: int
) -> tuple[int, int]:
    """Start and count of a counter, locked until the transaction is over; made when not there."""
    # The account's row is locked, so that two processes do not make the same counter.
    connection.execute(
        select(accounts.c.id).where(accounts.c.id == account_id).with_for_update(key_share=True)
    )
    row = connection.execute(
        select(usage.c.start, usage.c.count).where(*_key(account_id, what, window_s))
    ).one_or_none()
    if row is not None:
        return int(row[0]), int(row[1])
    connection.execute(
        insert(usage).values(account_id=account_id, what=what, seconds=window_s, start=now, count=0)
    )
    return now, 0
