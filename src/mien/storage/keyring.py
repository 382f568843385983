"""The keys, in a folder of their own outside the data folder: without it the templates are noise.

`master.key` holds 32 random bytes, made at the first start. `keyring.sqlite` holds the data keys,
each wrapped by the master key: one a person, one a face of a face list, one for all faceIds that
expire in the same hour. Destroying a data key is what deletes: no backup of the data folder opens
what it sealed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import sqlite3
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mien.errors import KeysError, NewerDatabaseError, StorageError
from mien.storage.sealing import KEY, opened, seal

MASTER = "master.key"
KEYRING = "keyring.sqlite"
FORMAT = 1
BUSY_S = 30.0

POOL = 32
"""Data keys made at a time: their commit is shared by as many enrolments."""

POOL_S = 600.0
"""A key that was made is used within this time, or never: see `Storage.sweep`."""

CACHE = 4096
"""Unwrapped keys that are kept in memory at most."""

HOUR_S = 3600

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS keys (
    number INTEGER PRIMARY KEY,
    wrapped BLOB NOT NULL,
    created REAL NOT NULL,
    hour INTEGER UNIQUE
);
"""
_HAVE_ALL = "SELECT number, wrapped FROM keys WHERE number IN (SELECT value FROM json_each(?))"


def keys_root(keys: Path | None = None) -> Path:
    """The folder in which each database has its folder of keys.

    `keys`, or $MIEN_KEYS, or ~/.config/mien/keys.
    """
    if keys is not None:
        return keys
    if chosen := os.environ.get("MIEN_KEYS"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "mien" / "keys"


class Keyring:
    """The data keys of one database; safe to use from many threads and processes."""

    def __init__(self, folder: Path, instance: str) -> None:
        self.folder = folder
        self._master = _read_master(folder)
        self._lock = threading.RLock()
        self._pool: list[tuple[int, bytes, float]] = []
        self._hours: dict[int, tuple[int, bytes]] = {}
        self._cache: OrderedDict[int, bytes] = OrderedDict()
        self._connection = _connect(folder / KEYRING)
        try:
            self._check(instance)
        except BaseException:
            self._connection.close()
            raise

    @property
    def check(self) -> str:
        """A value by which the database knows its master key; it tells nothing of the key."""
        return hmac.new(self._master, b"mien master key", hashlib.sha256).hexdigest()

    def derived(self, purpose: str) -> bytes:
        """64 bytes for another purpose than templates, always the same: HMAC-SHA512, keyed with
        the master key."""
        return hmac.new(self._master, f"mien {purpose}".encode(), hashlib.sha512).digest()

    def new(self) -> tuple[int, bytes]:
        """A data key of its own: its number, which is never used again, and the key."""
        with self._lock:
            while self._pool and self._pool[-1][2] < time.monotonic() - POOL_S:
                self._pool.pop()
            if not self._pool:
                made = time.monotonic()
                with self._writing() as connection:
                    rows = [self._insert(connection, None) for _ in range(POOL)]
                self._pool = [(number, key, made) for number, key in reversed(rows)]
            number, key, _ = self._pool.pop()
            return number, key

    def several(self, count: int) -> list[tuple[int, bytes]]:
        """Many data keys at once, for a copy of a collection."""
        with self._lock, self._writing() as connection:
            return [self._insert(connection, None) for _ in range(count)]

    def of_hour(self, expires_s: float) -> tuple[int, bytes]:
        """The data key of what expires within the same hour; it lives until that hour is over."""
        hour = int(expires_s // HOUR_S)
        with self._lock:
            if hour not in self._hours:
                with self._writing() as connection:
                    self._hours[hour] = self._insert_hour(connection, hour)
            return self._hours[hour]

    def get(self, number: int) -> bytes | None:
        """A data key; None when it was destroyed."""
        with self._lock:
            if number in self._cache:
                self._cache.move_to_end(number)
                return self._cache[number]
        found = self.many([number]).get(number)
        if found is not None:
            with self._lock:
                self._cache[number] = found
                while len(self._cache) > CACHE:
                    self._cache.popitem(last=False)
        return found

    def many(self, numbers: Iterable[int]) -> dict[int, bytes]:
        """Data keys by number; those that were destroyed are left out. Nothing is cached."""
        with self._lock, _explained(self.folder):
            asked = json.dumps(list(numbers))
            rows = self._connection.execute(_HAVE_ALL, (asked,)).fetchall()
        return {number: self._unwrapped(number, wrapped) for number, wrapped in rows}

    def destroy(self, numbers: Iterable[int]) -> None:
        """Overwrite data keys; what they sealed can never be opened again."""
        gone = list(numbers)
        with self._lock:
            with self._writing() as connection:
                connection.execute(
                    "DELETE FROM keys WHERE number IN (SELECT value FROM json_each(?))",
                    (json.dumps(gone),),
                )
            for number in gone:
                self._cache.pop(number, None)

    def destroy_hours(self, now_s: float) -> None:
        """Destroy the keys of the hours that are over."""
        hour = int(now_s // HOUR_S)
        with self._lock:
            over = self._read("SELECT number FROM keys WHERE hour < ?", hour)
            if over:
                self.destroy(over)
            self._hours = {at: key for at, key in self._hours.items() if at >= hour}

    def made_before(self, moment_s: float) -> list[int]:
        """The numbers of the keys of persons and faces that were made before a moment."""
        return self._read("SELECT number FROM keys WHERE hour IS NULL AND created < ?", moment_s)

    def close(self) -> None:
        """Close the file and forget the keys."""
        with self._lock:
            self._connection.close()
            self._pool.clear()
            self._hours.clear()
            self._cache.clear()

    def _read(self, query: str, value: float) -> list[int]:
        with self._lock, _explained(self.folder):
            return [row[0] for row in self._connection.execute(query, (value,))]

    def _insert(self, connection: sqlite3.Connection, hour: int | None) -> tuple[int, bytes]:
        key = os.urandom(KEY)
        while True:
            number = _number()
            wrapped = seal(self._master, key, _label(number))
            row = connection.execute(
                "INSERT OR IGNORE INTO keys (number, wrapped, created, hour) VALUES (?, ?, ?, ?)",
                (number, wrapped, time.time(), hour),
            )
            if row.rowcount:
                return number, key

    def _insert_hour(self, connection: sqlite3.Connection, hour: int) -> tuple[int, bytes]:
        row = connection.execute(
            "SELECT number, wrapped FROM keys WHERE hour = ?", (hour,)
        ).fetchone()
        if row is None:
            return self._insert(connection, hour)
        return row[0], self._unwrapped(*row)

    def _unwrapped(self, number: int, wrapped: bytes) -> bytes:
        try:
            return opened(self._master, wrapped, _label(number))
        except StorageError as error:
            raise KeysError(
                f"{self.folder / MASTER} does not open {KEYRING} beside it: restore both from the "
                "same backup"
            ) from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with _explained(self.folder):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _check(self, instance: str) -> None:
        with _explained(self.folder):
            found = dict(self._connection.execute("SELECT name, value FROM meta").fetchall())
        if int(found.get("format", 0)) > FORMAT:
            raise NewerDatabaseError(
                f"the keys in {self.folder} were made by a later version of mien; update mien"
            )
        if found.get("instance") != instance:
            raise KeysError(
                f"the keys in {self.folder} belong to another database; name the folder of this "
                "one's keys (--keys or MIEN_KEYS)"
            )


def make_keys(folder: Path, instance: str) -> None:
    """Make the master key and an empty keyring; what is there already is left as it is.

    Raises:
        KeysError: the folder cannot be made or written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_master(folder)
        (folder / KEYRING).touch(mode=0o600)
    except OSError as error:
        raise KeysError(f"cannot make the keys in {folder}: {error.strerror}") from error
    with _explained(folder):
        connection = sqlite3.connect(folder / KEYRING, timeout=BUSY_S)
        try:
            connection.executescript(_SCHEMA)
            values = (("format", str(FORMAT)), ("instance", instance))
            connection.executemany("INSERT OR IGNORE INTO meta VALUES (?, ?)", values)
            connection.commit()
        finally:
            connection.close()


def _write_master(folder: Path) -> None:
    """Write the key beside, then link it into place: whole or not there, and never replaced."""
    beside = folder / f".{MASTER}.{os.urandom(8).hex()}.part"
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, os.urandom(KEY))
        os.fsync(handle)
        os.close(handle)
        with suppress(FileExistsError):
            os.link(beside, folder / MASTER)
    finally:
        beside.unlink()
    directory = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _read_master(folder: Path) -> bytes:
    path = folder / MASTER
    try:
        mode = path.stat().st_mode
        master = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise KeysError(
            f"there is no {path}: without it the stored templates cannot be opened; restore the "
            "folder from a backup, or name it (--keys or MIEN_KEYS)"
        ) from error
    except OSError as error:
        raise KeysError(f"cannot read {path}: {error.strerror}") from error
    if mode & 0o077:
        raise KeysError(f"{path} can be read by other users; run: chmod 600 {path}")
    if len(master) != KEY:
        raise KeysError(
            f"{path} holds {len(master)} bytes instead of {KEY}; restore it from a backup"
        )
    return master


def _connect(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise KeysError(
            f"there is no {path}: without it the stored templates cannot be opened; restore the "
            "folder from a backup"
        )
    with _explained(path.parent):
        connection = sqlite3.connect(
            path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode=DELETE")  # a log would keep what was deleted
        connection.execute("PRAGMA synchronous=EXTRA")
        connection.execute("PRAGMA secure_delete=ON")
        return connection


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        said = str(error)
        if "locked" in said:
            raise KeysError(f"the keys in {folder} are held by another process; stop it") from error
        if "full" in said or "readonly" in said:
            raise KeysError(f"the keys in {folder} cannot be written: {said}") from error
        raise KeysError(
            f"the keys in {folder} cannot be used: {said}; restore the folder"
        ) from error


def _number() -> int:
    """Milliseconds and 21 random bits: rising, so that keys made together lie together, and not
    given again even when an older copy of the keyring is put back.
    """
    return (time.time_ns() // 1_000_000 << 21) | (int.from_bytes(os.urandom(3)) >> 3)


def _label(number: int) -> bytes:
    return f"data key {number}".encode()
