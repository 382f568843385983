"""The end of an account: all that carries it goes, rows, data keys, files; a receipt says what.

Who begins marks the account in the transaction in which its last user goes. Whoever marks it, or
the next sweep if that one dies, deletes what is left, in steps that may be repeated.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from mien.errors import NoSuchAccountError
from mien.storage.assets import Assets
from mien.storage.collections import DELETING
from mien.storage.database import Database
from mien.storage.deletion import Deletion
from mien.storage.locks import Locks
from mien.storage.rows import moment, now
from mien.storage.tables import (
    accounts,
    api_keys,
    asset_files,
    assets,
    collections,
    jobs,
    metadata,
    operations,
    snapshots,
    users,
)
from mien.storage.users import User, remove_user

REMOVED = "removed"
"""The plan of an account that is being deleted: no key opens it, nobody can log in to it."""
TRIES = 5
"""A request that began before the end may still write; then it is swept once more."""


@dataclass(frozen=True, slots=True)
class AccountReceipt:
    """That an account was deleted.

    Attributes:
        id: also in the audit log, and nowhere else.
        collections: lists, groups and snapshots.
        keys: data keys that were destroyed; without them no backup of the data opens a template.
        files: of assets, results of jobs among them.
        bytes: of those files.
    """

    id: str
    deleted: datetime
    collections: int = 0
    persons: int = 0
    faces: int = 0
    keys: int = 0
    assets: int = 0
    files: int = 0
    bytes: int = 0
    jobs: int = 0


class Removal:
    """Deletes accounts."""

    def __init__(
        self, database: Database, deletion: Deletion, assets: Assets, locks: Locks
    ) -> None:
        self._database, self._deletion = database, deletion
        self._assets, self._locks = assets, locks

    def user(self, id: str) -> tuple[User, AccountReceipt | None]:
        """Delete a user, and with the last one of an account all that is in it.

        Returns:
            The user; and the receipt, or None if others share the account, which then stays.

        Raises:
            NoSuchUserError
            LastAdminError: other users are left, and no admin among them.
        """
        with self._database.write() as connection:
            user = remove_user(connection, id)
            shared = connection.execute(
                select(users.c.id).where(users.c.account_id == user.account_id)
            ).first()
            if not shared:
                _mark(connection, user.account_id)
        return user, None if shared else self.finish(user.account_id)

    def finish(self, account_id: str) -> AccountReceipt:
        """Delete what is left of a marked account; raises NoSuchAccountError when another process
        does so just now."""
        lock = self._locks.take(account_id)
        if lock is None:
            raise NoSuchAccountError("the account is being deleted already", what=account_id)
        with lock:
            receipt = AccountReceipt(str(uuid.uuid4()), moment(now()))
            for _ in range(TRIES):
                receipt = self._jobs_and_assets(account_id, receipt)
                receipt = self._faces(account_id, receipt)
                if self._rest(account_id):
                    break
        self._database.truncate_log()
        return replace(receipt, deleted=moment(now()))

    def sweep(self) -> None:
        """Complete what a process that died left undone."""
        with self._database.read() as connection:
            query = select(accounts.c.id).where(accounts.c.plan == REMOVED)
            marked = list(connection.execute(query).scalars())
        for id in marked:
            try:
                self.finish(id)
            except NoSuchAccountError:
                continue  # whoever began it is at it

    def _jobs_and_assets(self, account_id: str, receipt: AccountReceipt) -> AccountReceipt:
        with self._database.write() as connection:
            mine = jobs.c.account_id == account_id
            count = connection.execute(select(func.count()).select_from(jobs).where(mine))
            receipt = replace(receipt, jobs=receipt.jobs + count.scalar_one())
            _delete_rows(connection, account_id, ("job_events", "tasks", "jobs"))
            size = select(func.count(), func.coalesce(func.sum(asset_files.c.received), 0))
            files, total = connection.execute(
                size.where(asset_files.c.account_id == account_id)
            ).one()
            query = select(assets.c.origin, assets.c.id).where(assets.c.account_id == account_id)
            found = [(row[0], row[1]) for row in connection.execute(query)]
        for origin, id in found:
            self._assets.delete(account_id, origin, id)
        return replace(
            receipt,
            assets=receipt.assets + len(found),
            files=receipt.files + files,
            bytes=receipt.bytes + int(total),
        )

    def _faces(self, account_id: str, receipt: AccountReceipt) -> AccountReceipt:
        with self._database.write() as connection:
            for table in (snapshots, operations):
                connection.execute(delete(table).where(table.c.account_id == account_id))
            query = select(collections.c.pk, collections.c.kind, collections.c.id)
            found = connection.execute(query.where(collections.c.account_id == account_id)).all()
            for pk, kind, id in found:
                if kind != DELETING:
                    self._deletion.condemn(connection, pk, "collection", kind, id)
        for pk, _, _ in found:
            gone = self._deletion.finish(pk)
            receipt = replace(
                receipt,
                collections=receipt.collections + 1,
                persons=receipt.persons + gone.persons,
                faces=receipt.faces + gone.faces,
                keys=receipt.keys + gone.keys,
            )
        return receipt

    def _rest(self, account_id: str) -> bool:
        """Delete all rows that carry the account, and the account; False if somebody has written
        meanwhile what must be deleted in its own way."""
        try:
            with self._database.write() as connection:
                names = [
                    table.name
                    for table in reversed(metadata.sorted_tables)
                    if "account_id" in table.c and table.name not in OWN_WAY
                ]
                _delete_rows(connection, account_id, names)
                connection.execute(delete(accounts).where(accounts.c.id == account_id))
        except IntegrityError:
            return False
        return True


OWN_WAY = frozenset({"audit", "collections", "faces", "persons", "assets", "asset_files"})
"""Tables whose rows stay, or have data keys or bytes that go with them."""


def _mark(connection: Connection, account_id: str) -> None:
    values = {"plan": REMOVED, "name": f"removed {uuid.uuid4()}"}
    connection.execute(update(accounts).where(accounts.c.id == account_id).values(values))
    connection.execute(
        update(api_keys)
        .where(api_keys.c.account_id == account_id, api_keys.c.revoked.is_(None))
        .values(revoked=now())
    )


def _delete_rows(
    connection: Connection, account_id: str, names: tuple[str, ...] | list[str]
) -> None:
    for name in names:
        table = metadata.tables[name]
        connection.execute(delete(table).where(table.c.account_id == account_id))
