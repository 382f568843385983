"""The connection to SQLite or PostgreSQL: short transactions, durable once they are over."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, StatementError
from sqlalchemy.pool import QueuePool

from mien.errors import MienError, StorageError, UsageError

FILE = "mien.sqlite"
BUSY_S = 30.0
"""How long to wait for another process that writes."""

THREADS = 64
"""Connections at most; a server's threads are fewer."""

CHECKPOINT_BUSY_MS = 500
PRAGMAS = (
    "synchronous=FULL",  # a write that was acknowledged survives a loss of power
    "foreign_keys=ON",
    "secure_delete=ON",  # what is deleted is overwritten with zeros
    f"busy_timeout={int(BUSY_S * 1000)}",
    "cache_size=-16384",
    "temp_store=MEMORY",  # no copy of a row in a temporary file
)


class Database:
    """Transactions on one database; safe to use from many threads.

    SQLite has one writer at a time: a lock keeps the threads of this process in a queue, SQLite's
    own lock those of other processes. PostgreSQL needs no such lock; rows are locked there.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine = engine
        self.name = name
        self.is_sqlite = engine.dialect.name == "sqlite"
        self._writer: AbstractContextManager[Any] = (
            threading.Lock() if self.is_sqlite else nullcontext()
        )

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that reads; raises StorageError when the database fails."""
        with self._explained(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes: all of it is on disk when the block is left, or nothing.

        Raises:
            StorageError: the database fails, or another process holds it for too long.
        """
        with self._explained(), self._writer, self.engine.connect() as connection:
            connection = connection.execution_options(mien_writes=True)
            with connection.begin():
                yield connection

    def truncate_log(self) -> bool:
        """Move SQLite's write-ahead log into the database and empty it, so that it holds no page
        from before a deletion; False when readers were in the way for half a second.
        """
        if not self.is_sqlite:
            return True
        with self._explained(), self._writer:
            raw = self.engine.raw_connection()
            try:
                cursor = raw.cursor()
                cursor.execute(f"PRAGMA busy_timeout={CHECKPOINT_BUSY_MS}")
                busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                cursor.execute(f"PRAGMA busy_timeout={int(BUSY_S * 1000)}")
            finally:
                raw.close()
        return not busy

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise explained(error, self.name) from error
        except StatementError as error:
            if isinstance(error.orig, MienError):  # a value that a column refuses
                raise error.orig from None
            raise


def open_database(data: Path, url: str | None) -> Database:
    """Connect to the database at `url`, or to the SQLite file in the folder `data`.

    Raises:
        UsageError: a URL that names no PostgreSQL database.
        StorageError: the folder, the file or the server cannot be used.
    """
    if url is not None:
        parsed = _postgresql(url)
        return _checked(
            Database(_engine(parsed), parsed.render_as_string(hide_password=True)), retry=False
        )
    _make_folder(data)
    path = data / FILE
    _make_file(path)
    return _checked(Database(_engine(URL.create("sqlite", database=str(path))), str(path)))


def _postgresql(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UsageError(
            "the database URL cannot be read; write postgresql://user:password@host/name"
        ) from error
    if parsed.get_backend_name() != "postgresql":
        raise UsageError(
            f"mien keeps its data in SQLite or PostgreSQL, not in {parsed.get_backend_name()}; "
            "write postgresql://user:password@host/name, or leave the URL out"
        )
    return parsed.set(drivername="postgresql+psycopg")


def _engine(url: URL) -> Engine:
    try:
        engine = create_engine(
            url,
            poolclass=QueuePool,
            pool_size=8,
            max_overflow=THREADS - 8,
            pool_timeout=BUSY_S,
            pool_pre_ping=url.get_backend_name() == "postgresql",
            hide_parameters=True,  # an error names no user data
        )
    except ModuleNotFoundError as error:
        raise StorageError(
            "PostgreSQL needs a package that is not here: pip install 'mien[postgres]'"
        ) from error
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # `_begin` says when a transaction starts, not the driver
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("mien_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _make_folder(data: Path) -> None:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except FileExistsError as error:
        raise StorageError(f"{data} is a file; name a folder for the data") from error
    except OSError as error:
        raise StorageError(f"cannot make the data folder {data}: {error.strerror}") from error


def _make_file(path: Path) -> None:
    try:
        path.touch(mode=0o600)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}") from error


def _checked(database: Database, *, retry: bool = True) -> Database:
    """The database once it has answered; write-ahead logging is on, which stays with the file."""
    until = time.monotonic() + BUSY_S
    while True:
        try:
            with database.engine.connect() as connection:
                if database.is_sqlite:
                    connection.connection.cursor().execute("PRAGMA journal_mode=WAL")
                else:
                    connection.execute(text("SELECT 1"))
            return database
        except DBAPIError as error:
            # Another process may be switching the same new file; SQLite does not wait for that.
            if retry and "locked" in str(error.orig) and time.monotonic() < until:
                time.sleep(0.02)
                continue
            database.close()
            raise explained(error, database.name) from error


_REASONS = (
    ("malformed", "is broken: restore the data folder from a backup"),
    ("not a database", "is no database of mien: name another data folder, or restore a backup"),
    ("locked", "is held by another process that does not let go; stop that one"),
    ("full", "cannot be written: the disk is full"),
    ("readonly", "may not be written by this user"),
    ("unable to open", "cannot be opened: check that this user may read and write it"),
    ("disk i/o", "cannot be read or written: the disk answers with errors"),
    ("password authentication failed", "refuses the user or the password"),
    ("connection", "cannot be reached: check that the server runs and the URL is right"),
)


def explained(error: DBAPIError, name: str) -> Exception:
    """The sentence for a failure of the database; a fault of ours is handed on as it is."""
    if not isinstance(error, DatabaseError) or "IntegrityError" in type(error).__name__:
        return error
    said = str(error.orig).lower()
    for sign, sentence in _REASONS:
        if sign in said:
            return StorageError(f"the database {name} {sentence}")
    return StorageError(f"the database {name} fails: {str(error.orig).splitlines()[0]}")
