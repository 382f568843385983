"""Locks between processes that end with their holder: whoever has one is alive.

On SQLite a lock is `flock` on a file in the data folder, on PostgreSQL an advisory lock of a
session. The system, or the database, frees it when the process is gone, however it went.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from mien.errors import StorageError
from mien.storage.database import Database, explained


class Lock(Protocol):
    """A lock that is held until the block is left, or the process ends."""

    def is_held(self) -> bool:
        """Whether it is still held; one of a database is lost with the connection."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class Locks:
    """The locks of one database.

    Args:
        database: on PostgreSQL, holds them.
        folder: on SQLite, of their files; made when it is needed.
    """

    def __init__(self, database: Database, folder: Path) -> None:
        self._database, self._folder = database, folder

    def take(self, name: str) -> Lock | None:
        """The lock of a name (an id: it becomes a file's name); None while somebody has it.

        Raises:
            StorageError: the folder cannot be written, or the database fails.
        """
        if self._database.is_sqlite:
            return FileLock.take(self._folder, name)
        return SessionLock.take(self._database, name)

    def sweep(self) -> None:
        """Remove the files that those left who were killed."""
        for path in self._folder.glob("*.lock"):
            lock = FileLock.take(self._folder, path.stem)
            if lock is not None:
                with lock:
                    pass


class FileLock:
    """`flock` on a file, which is removed when the lock is let go."""

    def __init__(self, path: Path, handle: int) -> None:
        self._path, self._handle = path, handle

    @classmethod
    def take(cls, folder: Path, name: str) -> FileLock | None:
        """See `Locks.take`."""
        path = folder / f"{name}.lock"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
        except OSError as error:
            raise StorageError(f"cannot make the lock {path}: {error.strerror}") from error
        # The holder before may have removed the file between the opening and the lock.
        if _try_lock(handle) and _is_same(path, handle):
            return cls(path, handle)
        os.close(handle)
        return None

    def is_held(self) -> bool:
        """Yes: a process that has lost it is gone."""
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # Windows removes no open file; it stays, empty
            self._path.unlink()
        os.close(self._handle)


class SessionLock:
    """`pg_try_advisory_lock` on a connection of its own."""

    def __init__(self, connection: Connection, number: int) -> None:
        self._connection, self._number = connection, number
        self._using = threading.Lock()

    @classmethod
    def take(cls, database: Database, name: str) -> SessionLock | None:
        """See `Locks.take`."""
        digest = hashlib.sha256(f"mien {name}".encode()).digest()
        number = int.from_bytes(digest[:8], signed=True)
        try:
            connection = database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            query = text("SELECT pg_try_advisory_lock(:number)")
            if connection.execute(query, {"number": number}).scalar_one():
                return cls(connection, number)
            connection.close()
        except DBAPIError as error:
            raise explained(error, database.name) from error
        return None

    def is_held(self) -> bool:
        """Whether the connection lives; the database frees the lock with it."""
        try:
            with self._using:
                self._connection.execute(text("SELECT 1"))
        except DBAPIError:
            return False
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        query = text("SELECT pg_advisory_unlock(:number)")
        with self._using, self._connection:
            try:
                self._connection.execute(query, {"number": self._number})
            except DBAPIError:
                self._connection.invalidate()  # a closed connection holds no lock


def _is_same(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(handle))
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _try_lock(handle: int) -> bool:
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
