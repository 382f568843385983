"""Who is to be told of a job by HTTP: of which event next, and when to try again.

The history is the list of what is to be told; `notified` of a job is the last event that was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, update

from mien.storage.database import Database
from mien.storage.job_rows import event_of
from mien.storage.media_records import Event, State
from mien.storage.rows import now
from mien.storage.tables import accounts, job_events, jobs

ALL, FINAL = 2, 1
"""Of which states of a job: `Notify.target`."""

FIRST_S, LONGEST_S, TRIES = 5.0, 3600.0, 12
"""After a failure it is tried again after this time, then twice as long, up to the second; after
so many tries the event is passed over."""

_FINAL_STATES = tuple(int(state) for state in State if state.is_final)


@dataclass(frozen=True, slots=True)
class Notification:
    """An event of a job that is to be told."""

    account_id: str
    account: str
    job_name: str
    url: str
    tries: int
    event: Event


class Notifications:
    """What is to be told, in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, most: int) -> list[str]:
        """The ids of jobs of which something is to be told now."""
        query = select(jobs.c.id).where(jobs.c.notify_at <= now()).order_by(jobs.c.notify_at)
        with self._database.read() as connection:
            return list(connection.execute(query.limit(most)).scalars())

    def next(self, job: str) -> Notification | None:
        """What is to be told of a job, if it is still due; None, and nothing is due, if there is
        nothing."""
        with self._database.write() as connection:
            row = _held(connection, job)
            if row is None or row.notify_at is None or row.notify_at > now():
                return None
            event = _next_event(connection, row, row.notified)
            if event is None:
                _set(connection, job, notify_at=None)
                return None
            named = select(accounts.c.name).where(accounts.c.id == row.account_id)
            account = str(connection.execute(named).scalar_one())
        return Notification(
            row.account_id, account, row.name, row.notify_url, row.notify_tries, event
        )

    def told(self, event: Event) -> None:
        """Note that an event was told, or is passed over; the next one is due."""
        with self._database.write() as connection:
            row = _held(connection, event.job)
            if row is not None:
                more = _next_event(connection, row, event.number) is not None
                due = now() if more else None
                _set(connection, event.job, notified=event.number, notify_tries=0, notify_at=due)

    def failed(self, notification: Notification) -> bool:
        """Note that an event could not be told; whether it will be tried again."""
        tries = notification.tries + 1
        if tries >= TRIES:
            self.told(notification.event)
            return False
        wait = min(FIRST_S * 2 ** (tries - 1), LONGEST_S)
        with self._database.write() as connection:
            due = now() + round(wait * 1e6)
            _set(connection, notification.event.job, notify_tries=tries, notify_at=due)
        return True


def _held(connection: Connection, job: str) -> Any:
    """The row of a job, held so that no event comes in between; None if it is gone."""
    return connection.execute(select(jobs).where(jobs.c.id == job).with_for_update()).one_or_none()


def _next_event(connection: Connection, row: Any, after: int) -> Event | None:
    where: list[ColumnElement[bool]] = [
        job_events.c.job == row.id,
        job_events.c.task.is_(None),
        job_events.c.pk > after,
    ]
    if row.notify_target == FINAL:
        where.append(job_events.c.state.in_(_FINAL_STATES))
    query = select(job_events).where(*where).order_by(job_events.c.pk).limit(1)
    found = connection.execute(query).one_or_none()
    return None if found is None else event_of(found)


def _set(connection: Connection, job: str, **values: Any) -> None:
    connection.execute(update(jobs).where(jobs.c.id == job).values(**values))
