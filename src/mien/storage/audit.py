"""The audit log: who changed what about users, sessions and keys, and who tried to log in.

It says nothing of pictures, and nothing of what people typed for a name that nobody has.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, insert, select, update

from mien.storage.database import Database
from mien.storage.rows import moment, now
from mien.storage.tables import audit
from mien.storage.users import User

KEPT_DAYS = 365
DAY = 86_400 * 1_000_000


class Action(StrEnum):
    """What was done."""

    SIGNED_UP = "signed up"
    LOGGED_IN = "logged in"
    REFUSED = "log-in refused"
    LOGGED_OUT = "logged out"
    PASSWORD_CHANGED = "password changed"
    SESSION_ENDED = "session ended"
    SESSIONS_ENDED = "sessions ended"
    KEY_CREATED = "key created"
    KEY_ROTATED = "key rotated"
    KEY_REVOKED = "key revoked"
    USER_ADDED = "user added"
    USER_DISABLED = "user disabled"
    USER_ENABLED = "user enabled"
    USER_REMOVED = "user removed"
    ROLE_CHANGED = "role changed"
    SIGN_UP_OPENED = "sign-up opened"
    SIGN_UP_CLOSED = "sign-up closed"
    ACCOUNT_DELETED = "account deleted"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log.

    Attributes:
        number: rises.
        name: of the user who did it, as it was then; empty for the operator's shell, for names
            that nobody has, and for users who were deleted.
        subject: what it was done to: the name of a user or key, a receipt.
        address: where it was done from; empty for the operator's shell.
    """

    number: int
    at: datetime
    name: str
    action: str
    subject: str
    address: str


class Audit:
    """The audit log of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(
        self, action: Action, user: User | None = None, *, subject: str = "", address: str = ""
    ) -> None:
        """Add a line. `user` is who did it; without one, the operator's shell or a stranger."""
        values = {
            "at": now(),
            "account_id": None if user is None else user.account_id,
            "user": None if user is None else user.id,
            "name": "" if user is None else user.name,
            "action": action.value,
            "subject": subject,
            "address": address,
        }
        with self._database.write() as connection:
            connection.execute(insert(audit).values(values))

    def page(self, *, before: int | None = None, top: int = 100) -> list[Entry]:
        """The newest lines, or the newest of those before a line."""
        query = select(audit).order_by(audit.c.pk.desc()).limit(top)
        if before is not None:
            query = query.where(audit.c.pk < before)
        with self._database.read() as connection:
            return [
                Entry(row.pk, moment(row.at), row.name, row.action, row.subject, row.address)
                for row in connection.execute(query)
            ]

    def forget(self, user: User) -> None:
        """Take a user's name and addresses out: what was done, and when, stays."""
        with self._database.write() as connection:
            connection.execute(
                update(audit).where(audit.c.user == user.id).values(name="", address="")
            )
            connection.execute(update(audit).where(audit.c.subject == user.name).values(subject=""))

    def sweep(self) -> int:
        """Delete what is older than `KEPT_DAYS`; how many lines."""
        with self._database.write() as connection:
            query = delete(audit).where(audit.c.at < now() - KEPT_DAYS * DAY)
            return int(connection.execute(query).rowcount)
