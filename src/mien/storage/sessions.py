"""Sessions: who is logged in, and where. Of a session's token only the SHA-256 is kept."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from mien.storage.database import Database
from mien.storage.rows import moment, now, stamp
from mien.storage.tables import accounts, sessions, users
from mien.storage.users import Role, User

SECOND = 1_000_000
HOUR_S, DAY_S = 3600, 86_400

IDLE_S, LASTS_S = 8 * HOUR_S, DAY_S
"""A session ends when it was not used for so long, and after so long in any case."""
REMEMBERED_IDLE_S, REMEMBERED_S = 14 * DAY_S, 90 * DAY_S
"""The same for who wants to be remembered."""

TOUCH_S = 60
"""That a session is used is written down at most so often."""

LONGEST_AGENT = 200


@dataclass(frozen=True, slots=True)
class Session:
    """One browser in which a user is logged in.

    Attributes:
        id: names it to people; no secret.
        name: of the user.
        plan: of the account.
        created: when the user logged in.
        seen: when it was last used, by the minute.
        expires: when it ends in any case.
        remembered: whether the user wanted to be remembered.
        agent: what the browser called itself.
        address: where the user logged in from.
    """

    id: str
    user_id: str
    account_id: str
    name: str
    role: Role
    plan: str
    created: datetime
    seen: datetime
    expires: datetime
    remembered: bool
    agent: str
    address: str


class Sessions:
    """The sessions of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, user: User, *, remember: bool, agent: str, address: str) -> str | None:
        """Log a user in, whose name and password were checked just now.

        Returns:
            The token, which is kept nowhere; None if the user has been disabled, deleted or given
            another password since.
        """
        token, stamp_now = secrets.token_urlsafe(32), now()
        idle, lasts = (REMEMBERED_IDLE_S, REMEMBERED_S) if remember else (IDLE_S, LASTS_S)
        condition = (
            users.c.id == user.id,
            users.c.changed == stamp(user.changed),
            users.c.disabled.is_(None),
        )
        with self._database.write() as connection:
            row = connection.execute(select(users).where(*condition).with_for_update()).first()
            if row is None:
                return None
            connection.execute(
                insert(sessions).values(
                    id=str(uuid.uuid4()),
                    account_id=row.account_id,
                    user=row.id,
                    digest=_digest(token),
                    created=stamp_now,
                    seen=stamp_now,
                    idle=idle * SECOND,
                    expires=stamp_now + lasts * SECOND,
                    agent=_printable(agent)[:LONGEST_AGENT],
                    address=address,
                )
            )
        return token

    def find(self, token: str) -> Session | None:
        """The session of a token, if it has not ended; notes that it is used."""
        query = _joined().where(sessions.c.digest == _digest(token), users.c.disabled.is_(None))
        stamp_now = now()
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None or stamp_now >= min(row.expires, row.seen + row.idle):
            return None
        if stamp_now - row.seen > TOUCH_S * SECOND:
            with self._database.write() as connection:
                connection.execute(
                    update(sessions).where(sessions.c.id == row.id).values(seen=stamp_now)
                )
        return _session(row)

    def end(self, id: str, *, user: str | None = None) -> bool:
        """End a session, if it is of this user where one is named; whether there was one."""
        query = delete(sessions).where(sessions.c.id == id)
        if user is not None:
            query = query.where(sessions.c.user == user)
        with self._database.write() as connection:
            return bool(connection.execute(query).rowcount)

    def end_all(self, user: str, *, keep: str | None = None) -> int:
        """End the sessions of a user, but for the one whose id is `keep`; how many."""
        query = delete(sessions).where(sessions.c.user == user)
        if keep is not None:
            query = query.where(sessions.c.id != keep)
        with self._database.write() as connection:
            return int(connection.execute(query).rowcount)

    def all(self, *, user: str | None = None) -> list[Session]:
        """The sessions that have not ended, of a user or of all; the last used first."""
        query = _joined().order_by(sessions.c.seen.desc(), sessions.c.id)
        if user is not None:
            query = query.where(sessions.c.user == user)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        stamp_now = now()
        return [_session(row) for row in rows if stamp_now < min(row.expires, row.seen + row.idle)]

    def sweep(self) -> int:
        """Delete what has ended by itself; how many."""
        stamp_now = now()
        query = delete(sessions).where(
            (sessions.c.expires <= stamp_now) | (sessions.c.seen + sessions.c.idle <= stamp_now)
        )
        with self._database.write() as connection:
            return int(connection.execute(query).rowcount)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def _printable(text: str) -> str:
    return "".join(each for each in text if each.isprintable())


def _joined() -> Any:
    columns = (users.c.name, users.c.role, accounts.c.plan)
    return (
        select(sessions, *columns)
        .join(users, sessions.c.user == users.c.id)
        .join(accounts, users.c.account_id == accounts.c.id)
    )


def _session(row: Any) -> Session:
    return Session(
        row.id,
        row.user,
        row.account_id,
        row.name,
        Role(row.role),
        row.plan,
        moment(row.created),
        moment(row.seen),
        moment(row.expires),
        row.idle > IDLE_S * SECOND,
        row.agent,
        row.address,
    )
