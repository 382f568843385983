"""Accounts and their API keys. A key is kept as a hash; it is shown once, when it is made."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from mien.errors import ExistsError, NoSuchAccountError, UsageError
from mien.storage.database import Database
from mien.storage.rows import moment, stamp
from mien.storage.tables import accounts, api_keys

DEFAULT = "default"
"""The account of keys that are made without naming one."""

PLANS = ("none", "free", "basic", "standard")
LIVE_KEYS = 2
"""Live keys of one account and name at most: the one in use and the one that takes its place."""

_LOOKUP = 8  # bytes of the digest by which a key is found; the rest is compared in constant time


@dataclass(frozen=True, slots=True)
class Account:
    """To whom keys, collections and counters belong."""

    id: str
    name: str
    plan: str
    created: datetime


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key without its secret. `scopes` are the dialects that it opens; empty = all."""

    id: str
    account_id: str
    name: str
    scopes: frozenset[str]
    created: datetime
    expires: datetime | None
    revoked: datetime | None

    @property
    def is_live(self) -> bool:
        """Whether it still opens anything."""
        now = datetime.now(UTC)
        return self.revoked is None and (self.expires is None or now < self.expires)


class Accounts:
    """Accounts and API keys of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, *, plan: str = "none") -> Account:
        """Make an account; raises ExistsError when the name is taken."""
        if plan not in PLANS:
            raise UsageError(f"there is no plan {plan!r}; choose one of {', '.join(PLANS)}")
        if not name:
            raise UsageError("an account needs a name")
        made = Account(str(uuid.uuid4()), name, plan, datetime.now(UTC))
        try:
            with self._database.write() as connection:
                _insert_account(connection, made)
        except IntegrityError as error:
            raise ExistsError(f"there is an account {name} already", what=name) from error
        return made

    def find(self, name: str) -> Account | None:
        """The account of a name."""
        return self._one(accounts.c.name == name)

    def get(self, id: str) -> Account | None:
        """The account of an id."""
        return self._one(accounts.c.id == id)

    def all(self) -> list[Account]:
        """All accounts, by name."""
        with self._database.read() as connection:
            rows = connection.execute(select(accounts).order_by(accounts.c.name))
            return [_account(row) for row in rows]

    def create_key(
        self,
        name: str,
        *,
        account: str | None = None,
        scopes: Iterable[str] = (),
        expires: datetime | None = None,
    ) -> tuple[ApiKey, str]:
        """Make an API key; it and its secret, which is kept nowhere.

        Args:
            account: the id of an account; without one the account "default", made when it is not
                there.

        Raises:
            NoSuchAccountError: no account of that id.
            ExistsError: a live key of that account has the name; rotate it, or revoke it first.
        """
        if not name:
            raise UsageError("a key needs a name")
        if expires is not None and expires <= datetime.now(UTC):
            raise UsageError(f"the key would expire at {expires.isoformat()}, which is past")
        if account is None:
            account = self._default().id
        with self._database.write() as connection:
            if not _lock(connection, account):
                raise NoSuchAccountError("there is no such account", what=account)
            if _live(connection, account, name):
                raise ExistsError(
                    f"there is a live key {name} already; rotate it, or revoke it first", what=name
                )
            return _insert_key(connection, account, name, frozenset(scopes), expires)

    def authenticate(self, secret: str) -> ApiKey | None:
        """The live key that has this secret."""
        digest = _digest(secret)
        with self._database.read() as connection:
            rows = connection.execute(
                select(api_keys).where(api_keys.c.lookup == digest[:_LOOKUP])
            ).all()
        for row in rows:
            if hmac.compare_digest(row.digest, digest):
                key = _api_key(row)
                return key if key.is_live else None
        return None

    def keys(self, *, account: str | None = None) -> list[ApiKey]:
        """The keys of an account, or of all, also those that are revoked; by name, oldest first."""
        query = select(api_keys).order_by(api_keys.c.name, api_keys.c.created)
        if account is not None:
            query = query.where(api_keys.c.account_id == account)
        with self._database.read() as connection:
            return [_api_key(row) for row in connection.execute(query)]

    def revoke(self, name: str, *, account: str | None = None) -> list[ApiKey]:
        """Revoke all live keys of a name, or the one whose id it is; those that were.

        Raises:
            NoSuchAccountError: there is no live key of that name or id.
        """
        with self._database.write() as connection:
            keys = _live(connection, account, name)
            if not keys:
                raise NoSuchAccountError(f"there is no live key {name}", what=name)
            return _revoked(connection, keys)

    def rotate(self, name: str, *, account: str | None = None) -> tuple[ApiKey, str]:
        """Make a second key of a name, with the scopes and expiry of the first.

        The first goes on to work, so that clients can be moved over; where there were two already,
        the older one is revoked.

        Raises:
            NoSuchAccountError: there is no live key of that name.
            ExistsError: keys of several accounts have the name; name the account.
        """
        with self._database.write() as connection:
            keys = _live(connection, account, name)
            if not keys:
                raise NoSuchAccountError(f"there is no live key {name}", what=name)
            if len({key.account_id for key in keys}) > 1:
                raise ExistsError(f"several accounts have a key {name}; name the account")
            _revoked(connection, keys[: len(keys) - (LIVE_KEYS - 1)])
            last = keys[-1]
            return _insert_key(connection, last.account_id, last.name, last.scopes, last.expires)

    def _default(self) -> Account:
        found = self.find(DEFAULT)
        if found is not None:
            return found
        with suppress(ExistsError):  # another process was quicker
            return self.create(DEFAULT)
        found = self.find(DEFAULT)
        assert found is not None
        return found

    def _one(self, condition: Any) -> Account | None:
        with self._database.read() as connection:
            row = connection.execute(select(accounts).where(condition)).one_or_none()
        return None if row is None else _account(row)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _insert_account(connection: Connection, made: Account) -> None:
    row = {"id": made.id, "name": made.name, "plan": made.plan, "created": stamp(made.created)}
    connection.execute(insert(accounts).values(row))


def _lock(connection: Connection, id: str) -> bool:
    """Hold the account until the transaction is over; False when there is none of that id."""
    query = select(accounts.c.id).where(accounts.c.id == id).with_for_update(key_share=True)
    return connection.execute(query).first() is not None


def _live(connection: Connection, account: str | None, name: str) -> list[ApiKey]:
    """The live keys of a name, or the one of that id, oldest first."""
    query = (
        select(api_keys)
        .where(or_(api_keys.c.name == name, api_keys.c.id == name), api_keys.c.revoked.is_(None))
        .order_by(api_keys.c.created)
        .with_for_update()
    )
    if account is not None:
        query = query.where(api_keys.c.account_id == account)
    keys = [_api_key(row) for row in connection.execute(query)]
    return [key for key in keys if key.is_live]


def _insert_key(
    connection: Connection,
    account_id: str,
    name: str,
    scopes: frozenset[str],
    expires: datetime | None,
) -> tuple[ApiKey, str]:
    secret = secrets.token_hex(32)
    digest = _digest(secret)
    key = ApiKey(str(uuid.uuid4()), account_id, name, scopes, datetime.now(UTC), expires, None)
    connection.execute(
        insert(api_keys).values(
            id=key.id,
            account_id=account_id,
            name=name,
            lookup=digest[:_LOOKUP],
            digest=digest,
            scopes=json.dumps(sorted(scopes)),
            created=stamp(key.created),
            expires=None if expires is None else stamp(expires),
        )
    )
    return key, secret


def _revoked(connection: Connection, keys: list[ApiKey]) -> list[ApiKey]:
    now = datetime.now(UTC)
    ids = [key.id for key in keys]
    connection.execute(update(api_keys).where(api_keys.c.id.in_(ids)).values(revoked=stamp(now)))
    return keys


def _account(row: Any) -> Account:
    return Account(row.id, row.name, row.plan, moment(row.created))


def _api_key(row: Any) -> ApiKey:
    return ApiKey(
        row.id,
        row.account_id,
        row.name,
        frozenset(json.loads(row.scopes)),
        moment(row.created),
        None if row.expires is None else moment(row.expires),
        None if row.revoked is None else moment(row.revoked),
    )
