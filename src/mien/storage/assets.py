"""Assets and their files: rows in the database, bytes in `blobs`."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from mien.errors import (
    InUseError,
    NameTakenError,
    NoSuchAssetError,
    NoSuchAssetFileError,
    OffsetError,
    OutputError,
)
from mien.storage.blobs import Blobs
from mien.storage.database import Database
from mien.storage.derived import Derived
from mien.storage.locks import Locks
from mien.storage.media_records import Asset, AssetFile
from mien.storage.rows import moment, now
from mien.storage.tables import asset_files, assets, edits

ORPHAN_S = 3600.0
"""A blob without a row that was written so long ago was left by a process that died."""


class Assets:
    """The assets of one database. Those of one account and origin (the API that made them) are
    seen by no other.
    """

    def __init__(self, database: Database, blobs: Blobs, locks: Locks, derived: Derived) -> None:
        self._database, self._blobs, self._locks = database, blobs, locks
        self._derived = derived

    def create(
        self, account_id: str, origin: str, name: str, *, expires_s: float | None = None
    ) -> Asset:
        """Make an empty asset; with `expires_s` it is deleted after so many seconds."""
        with self._database.write() as connection:
            id = insert_asset(connection, account_id, origin, name, expires_s=expires_s)
            return one(connection, account_id, origin, id)

    def get(self, account_id: str, origin: str, id: str) -> Asset:
        """An asset; raises NoSuchAssetError."""
        with self._database.read() as connection:
            return one(connection, account_id, origin, id)

    def page(self, account_id: str, origin: str, *, after: str, top: int) -> list[Asset]:
        """Assets by id, those after an id."""
        where = (assets.c.account_id == account_id, assets.c.origin == origin, assets.c.id > after)
        with self._database.read() as connection:
            query = select(assets).where(*where).order_by(assets.c.id).limit(top)
            rows = connection.execute(query).all()
            files = _files(connection, [row.id for row in rows])
        return [_asset(row, files.get(row.id, ())) for row in rows]

    def add_file(
        self, account_id: str, origin: str, asset: str, name: str, size: int, *, primary: bool
    ) -> AssetFile:
        """Announce a file of so many bytes.

        Raises:
            NoSuchAssetError, NameTakenError
        """
        try:
            with self._database.write() as connection:
                known = one(connection, account_id, origin, asset, hold=True)
                id = insert_file(connection, account_id, known.id, name, size, primary=primary)
                if not size:  # it is whole already
                    self._blobs.make(id)
                query = select(asset_files).where(asset_files.c.id == id)
                return _file(connection.execute(query).one())
        except IntegrityError as error:
            raise NameTakenError(
                f"the asset has a file {name} already; delete it, or choose another name", what=name
            ) from error

    def file(self, account_id: str, origin: str, asset: str, id: str) -> AssetFile:
        """A file of an asset; raises NoSuchAssetError, NoSuchAssetFileError."""
        found = self.get(account_id, origin, asset)
        for file in found.files:
            if file.id == id:
                return file
        raise NoSuchAssetFileError(f"the asset has no file {id}", what=id)

    @contextmanager
    def receive(self, file: AssetFile, offset: int) -> Iterator[Receiver]:
        """Go on with the bytes of a file.

        Raises:
            InUseError: somebody else is sending it.
            OffsetError: it does not go on from there.
            NoSuchAssetFileError: it was deleted meanwhile.
            OutputError: the disk is full.
        """
        lock = self._locks.take(f"upload-{file.id}")
        if lock is None:
            raise InUseError("another request is sending this file; wait until it is over")
        with lock:
            received = self._received(file.id)
            if offset != received:
                raise OffsetError(f"the upload goes on at byte {received}", offset=received)
            with self._blobs.append(file.id, offset) as stream:
                receiver = Receiver(self, stream, file.id, offset)
                try:
                    yield receiver
                finally:
                    receiver.note()

    def received(self, id: str, count: int) -> None:
        """Note how many bytes of a file are on disk; raises NoSuchAssetFileError."""
        with self._database.write() as connection:
            query = update(asset_files).where(asset_files.c.id == id).values(received=count)
            if not connection.execute(query).rowcount:
                raise NoSuchAssetFileError("the file was deleted while it was sent", what=id)

    def delete_file(self, account_id: str, origin: str, asset: str, id: str) -> None:
        """Delete a file; raises NoSuchAssetError, NoSuchAssetFileError."""
        self.file(account_id, origin, asset, id)
        with self._database.write() as connection:
            connection.execute(delete(asset_files).where(asset_files.c.id == id))
        self._blobs.delete(id)

    def delete(self, account_id: str, origin: str, id: str) -> None:
        """Delete an asset with its files, its edits and what was made of it to be shown; raises
        NoSuchAssetError."""
        with self._database.write() as connection:
            found = one(connection, account_id, origin, id, hold=True)
            connection.execute(delete(edits).where(edits.c.asset == id))
            connection.execute(delete(asset_files).where(asset_files.c.asset == id))
            connection.execute(delete(assets).where(assets.c.id == id))
        for file in found.files:
            self._blobs.delete(file.id)
        self._derived.delete(id)

    def expired(self) -> list[tuple[str, str, str]]:
        """Account, origin and id of the assets whose time is over."""
        query = select(assets.c.account_id, assets.c.origin, assets.c.id)
        with self._database.read() as connection:
            rows = connection.execute(query.where(assets.c.expires <= now())).all()
        return [(row[0], row[1], row[2]) for row in rows]

    def sweep_blobs(self) -> int:
        """Remove the bytes that no row knows and that are not fresh; how many files that were."""
        old = list(self._blobs.older_than(ORPHAN_S, time.time()))
        gone = 0
        for first in range(0, len(old), 500):
            batch = old[first : first + 500]
            query = select(asset_files.c.id).where(asset_files.c.id.in_(batch))
            with self._database.read() as connection:
                known = set(connection.execute(query).scalars())
            for id in set(batch) - known:
                self._blobs.delete(id)
                gone += 1
        return gone

    def sweep_derived(self) -> None:
        """Remove what was made of assets that are there no more."""
        for id in self._derived.assets():
            with self._database.read() as connection:
                known = connection.execute(select(assets.c.id).where(assets.c.id == id)).scalar()
            if known is None:
                self._derived.delete(id)

    def _received(self, id: str) -> int:
        query = select(asset_files.c.received).where(asset_files.c.id == id)
        with self._database.read() as connection:
            found = connection.execute(query).scalar()
        if found is None:
            raise NoSuchAssetFileError("the file was deleted meanwhile", what=id)
        return int(found)


class Receiver:
    """Writes the bytes of a file as they come, and notes now and then how many are on disk."""

    NOTE_BYTES = 32 << 20

    def __init__(self, files: Assets, stream: IO[bytes], id: str, offset: int) -> None:
        self._assets, self._stream, self._id = files, stream, id
        self.offset = self._noted = offset

    def write(self, data: bytes) -> None:
        """Take some bytes; raises OutputError when the disk is full."""
        with _told_of_disk():
            self._stream.write(data)
        self.offset += len(data)
        if self.offset - self._noted >= self.NOTE_BYTES:
            self.note()

    def note(self) -> None:
        """Have what was written on disk, and say so in the database."""
        with _told_of_disk():
            self._stream.flush()
            os.fsync(self._stream.fileno())
        if self.offset != self._noted:
            self._assets.received(self._id, self.offset)
            self._noted = self.offset


@contextmanager
def _told_of_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"a file cannot be kept: {error.strerror}") from error


def insert_asset(
    connection: Connection,
    account_id: str,
    origin: str,
    name: str,
    *,
    id: str | None = None,
    expires_s: float | None = None,
) -> str:
    """Add an asset; its id."""
    id, at = id or str(uuid.uuid4()), now()
    expires = None if expires_s is None else at + round(expires_s * 1e6)
    connection.execute(
        insert(assets).values(
            id=id, account_id=account_id, origin=origin, name=name, created=at, expires=expires
        )
    )
    return id


def insert_file(
    connection: Connection,
    account_id: str,
    asset: str,
    name: str,
    size: int,
    *,
    primary: bool = False,
    id: str | None = None,
) -> str:
    """Add a file to an asset; one with an id has its bytes already. Its id."""
    numbers = select(func.max(asset_files.c.number)).where(asset_files.c.asset == asset)
    number = 1 + (connection.execute(numbers).scalar() or 0)
    connection.execute(
        insert(asset_files).values(
            id=(made := id or str(uuid.uuid4())),
            account_id=account_id,
            asset=asset,
            number=number,
            name=name,
            size=size,
            received=0 if id is None else size,
            is_primary=int(primary),
            created=now(),
        )
    )
    return made


def one(
    connection: Connection, account_id: str, origin: str, id: str, *, hold: bool = False
) -> Asset:
    """An asset, whose row is held until the transaction is over if asked; raises
    NoSuchAssetError."""
    query = select(assets).where(
        assets.c.account_id == account_id, assets.c.origin == origin, assets.c.id == id
    )
    row = connection.execute(query.with_for_update() if hold else query).one_or_none()
    if row is None:
        raise NoSuchAssetError(f"there is no asset {id}", what=id)
    return _asset(row, _files(connection, [id]).get(id, ()))


def _files(connection: Connection, ids: Iterable[str]) -> dict[str, tuple[AssetFile, ...]]:
    query = select(asset_files).where(asset_files.c.asset.in_(list(ids)))
    found: dict[str, tuple[AssetFile, ...]] = {}
    for row in connection.execute(query.order_by(asset_files.c.number)):
        found[row.asset] = (*found.get(row.asset, ()), _file(row))
    return found


def _asset(row: Any, files: tuple[AssetFile, ...]) -> Asset:
    return Asset(row.id, row.name, moment(row.created), files)


def _file(row: Any) -> AssetFile:
    return AssetFile(
        row.id,
        row.asset,
        row.name,
        row.size,
        row.received,
        bool(row.is_primary),
        moment(row.created),
    )
