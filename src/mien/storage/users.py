"""Users: people who log in to the studio. Each belongs to an account, whose data they see."""

from __future__ import annotations

import unicodedata
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from mien.errors import (
    LastAdminError,
    NoSuchAccountError,
    NoSuchUserError,
    SignUpClosedError,
    UsageError,
    UserExistsError,
)
from mien.storage.database import Database
from mien.storage.passwords import check_password, hashed, is_outdated, is_right
from mien.storage.rows import moment, now
from mien.storage.tables import accounts, meta, sessions, users

LONGEST_NAME = 64
SIGN_UP = "sign_up"
"""In `meta`: "open" or "closed"."""


class Role(StrEnum):
    """What a user may do beside working with the data of the account."""

    MEMBER = "member"
    ADMIN = "admin"
    """Sees and changes users, sessions, who may sign up, and the audit log; nobody's pictures."""


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may log in.

    Attributes:
        name: as it was typed; compared without case and in Unicode's form NFKC.
        changed: when the password was last set.
        disabled: since when the user may not log in.
    """

    id: str
    account_id: str
    name: str
    role: Role
    created: datetime
    changed: datetime
    disabled: datetime | None

    @property
    def is_admin(self) -> bool:
        """Whether it is an admin."""
        return self.role is Role.ADMIN


class Users:
    """The users of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def may_sign_up(self) -> bool:
        """Whether an admin has left signing up open, as it is at first."""
        with self._database.read() as connection:
            found = connection.execute(select(meta.c.value).where(meta.c.name == SIGN_UP)).scalar()
        return found != "closed"

    def let_sign_up(self, is_open: bool) -> None:
        """Open or close signing up."""
        value = "open" if is_open else "closed"
        with self._database.write() as connection:
            _lock(connection)
            changed = connection.execute(
                update(meta).where(meta.c.name == SIGN_UP).values(value=value)
            )
            if not changed.rowcount:
                connection.execute(insert(meta).values(name=SIGN_UP, value=value))

    def sign_up(self, name: str, password: str, *, is_open: bool | None = None) -> User:
        """Make a user with an account of its own; the first of all users is an admin.

        Args:
            name: what to log in with.
            password: in plain; its hash is kept.
            is_open: whether anybody may sign up; without it, what `let_sign_up` said last.

        Raises:
            SignUpClosedError: signing up is closed.
            UserExistsError: the name is taken.
            UsageError: the name or the password cannot be.
        """
        if not (self.may_sign_up() if is_open is None else is_open):
            raise SignUpClosedError(
                "signing up is closed; ask whoever runs this service for a user"
            )
        return self._add(name, password, None, None)

    def add(self, name: str, password: str, *, account: str | None = None, role: Role) -> User:
        """Make a user, in an account (its id) or, without one, with an account of its own.

        Raises:
            NoSuchAccountError
            UserExistsError: the name is taken.
            UsageError: the name or the password cannot be.
        """
        return self._add(name, password, account, role)

    def check(self, name: str, password: str) -> User | None:
        """The user of this name and password, who is not disabled; else None.

        It takes as long for a name that nobody has.
        """
        row = self._row(users.c.folded == _folded(name)) if name.isprintable() else None
        if not is_right(password, None if row is None else row.password) or row is None:
            return None
        if row.disabled is not None:
            return None
        if is_outdated(row.password):
            with self._database.write() as connection:
                connection.execute(
                    update(users)
                    .where(users.c.id == row.id, users.c.password == row.password)
                    .values(password=hashed(password))
                )
        return _user(row)

    def set_password(self, id: str, password: str, *, keep: str | None = None) -> User:
        """Give a user a new password and end all sessions, but the one whose id is `keep`.

        Raises:
            NoSuchUserError
            UsageError: the password cannot be.
        """
        check_password(password, self.get(id).name)
        kept = hashed(password)
        with self._database.write() as connection:
            user = _one(connection, id)
            connection.execute(
                update(users).where(users.c.id == id).values(password=kept, changed=now())
            )
            _end_sessions(connection, id, keep)
        return user

    def set_role(self, id: str, role: Role) -> User:
        """Make a user an admin, or no longer. Raises NoSuchUserError, LastAdminError."""
        with self._database.write() as connection:
            _lock(connection)
            user = _one(connection, id)
            if role is not Role.ADMIN:
                _check_another_admin(connection, user)
            connection.execute(update(users).where(users.c.id == id).values(role=role.value))
        return self.get(id)

    def disable(self, id: str) -> User:
        """Let a user log in no more, and end the sessions. Raises NoSuchUserError, LastAdminError.

        API keys of the account go on to work.
        """
        with self._database.write() as connection:
            _lock(connection)
            _check_another_admin(connection, _one(connection, id))
            connection.execute(update(users).where(users.c.id == id).values(disabled=now()))
            _end_sessions(connection, id, None)
        return self.get(id)

    def enable(self, id: str) -> User:
        """Let a user log in again. Raises NoSuchUserError."""
        with self._database.write() as connection:
            _one(connection, id)
            connection.execute(update(users).where(users.c.id == id).values(disabled=None))
        return self.get(id)

    def remove(self, id: str) -> User:
        """Delete a user with the sessions; the account and what is in it stay.

        Raises:
            NoSuchUserError
            LastAdminError: others are left, and no admin among them.
        """
        with self._database.write() as connection:
            return remove_user(connection, id)

    def get(self, id: str) -> User:
        """The user of an id; raises NoSuchUserError."""
        with self._database.read() as connection:
            return _one(connection, id)

    def find(self, name: str) -> User:
        """The user of a name; raises NoSuchUserError."""
        row = self._row(users.c.folded == _folded(name))
        if row is None:
            raise NoSuchUserError(f"there is no user {name}", what=name)
        return _user(row)

    def all(self, *, account: str | None = None) -> list[User]:
        """All users, or those of an account, by name."""
        query = select(users).order_by(users.c.folded)
        if account is not None:
            query = query.where(users.c.account_id == account)
        with self._database.read() as connection:
            return [_user(row) for row in connection.execute(query)]

    def _add(self, name: str, password: str, account: str | None, role: Role | None) -> User:
        name = checked_name(name)
        check_password(password, name)
        if self._row(users.c.folded == _folded(name)) is not None:
            raise _taken(name)
        kept = hashed(password)
        with suppress(IntegrityError), self._database.write() as connection:
            _lock(connection)
            if role is None:
                count = connection.execute(select(func.count()).select_from(users)).scalar_one()
                role = Role.MEMBER if count else Role.ADMIN
            owner = account or _new_account(connection, name)
            if not connection.execute(select(accounts.c.id).where(accounts.c.id == owner)).first():
                raise NoSuchAccountError("there is no such account", what=owner)
            return _insert(connection, owner, name, role, kept)
        raise _taken(name)

    def _row(self, condition: Any) -> Any:
        with self._database.read() as connection:
            return connection.execute(select(users).where(condition)).one_or_none()


def remove_user(connection: Connection, id: str) -> User:
    """Delete a user with the sessions, within a transaction; raises as `Users.remove`."""
    _lock(connection)
    user = _one(connection, id)
    _check_another_admin(connection, user)
    _end_sessions(connection, id, None)
    connection.execute(delete(users).where(users.c.id == id))
    return user


def checked_name(name: str) -> str:
    """A user's name as it is kept; raises UsageError if it cannot be one."""
    name = unicodedata.normalize("NFC", name).strip()
    if not name:
        raise UsageError("a user needs a name")
    if len(name) > LONGEST_NAME:
        raise UsageError(f"a user's name has at most {LONGEST_NAME} characters")
    if not name.isprintable():
        raise UsageError("a user's name has letters, digits, signs and blanks, nothing that hides")
    return name


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name.strip()).casefold())


def _taken(name: str) -> UserExistsError:
    return UserExistsError(f"there is a user {name} already; take another name", what=name)


def _lock(connection: Connection) -> None:
    """Have the users change one after the other until the transaction is over."""
    connection.execute(select(meta).where(meta.c.name == "instance").with_for_update())


def _new_account(connection: Connection, name: str) -> str:
    """An account of the user's name; where that is taken, of one that tells whose it is."""
    taken = connection.execute(select(accounts.c.id).where(accounts.c.name == name)).first()
    id = str(uuid.uuid4())
    name = f"{name} ({id[:8]})" if taken else name
    values = {"id": id, "name": name, "plan": "none", "created": now()}
    connection.execute(insert(accounts).values(values))
    return id


def _insert(connection: Connection, account: str, name: str, role: Role, kept: str) -> User:
    stamp = now()
    values = {
        "id": str(uuid.uuid4()),
        "account_id": account,
        "name": name,
        "folded": _folded(name),
        "role": role.value,
        "password": kept,
        "created": stamp,
        "changed": stamp,
    }
    connection.execute(insert(users).values(values))
    return _one(connection, values["id"])


def _one(connection: Connection, id: Any) -> User:
    row = connection.execute(select(users).where(users.c.id == id)).one_or_none()
    if row is None:
        raise NoSuchUserError("there is no such user", what=id)
    return _user(row)


def _check_another_admin(connection: Connection, user: User) -> None:
    """Raise LastAdminError if others would be left, and none of them an admin who may log in."""
    others = [
        (Role(row.role), row.disabled)
        for row in connection.execute(select(users).where(users.c.id != user.id))
    ]
    if user.is_admin and others and (Role.ADMIN, None) not in others:
        raise LastAdminError(f"the only admin is {user.name}; make somebody else one first")


def _end_sessions(connection: Connection, user: str, keep: str | None) -> None:
    query = delete(sessions).where(sessions.c.user == user)
    connection.execute(query if keep is None else query.where(sessions.c.id != keep))


def _user(row: Any) -> User:
    return User(
        row.id,
        row.account_id,
        row.name,
        Role(row.role),
        moment(row.created),
        moment(row.changed),
        None if row.disabled is None else moment(row.disabled),
    )
