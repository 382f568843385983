"""One open storage: the database, the keys beside it, and what is kept in them."""

from __future__ import annotations

import logging
import os
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from types import TracebackType

from sqlalchemy import Connection, insert, select, text

from mien.errors import KeysError, MienError, UsageError
from mien.storage.accounts import Accounts
from mien.storage.assets import Assets
from mien.storage.audit import Audit
from mien.storage.blobs import Blobs
from mien.storage.collections import Collections
from mien.storage.database import Database, open_database
from mien.storage.deletion import Deletion
from mien.storage.derived import Derived
from mien.storage.edits import Edits
from mien.storage.faces import Faces
from mien.storage.jobs import Jobs
from mien.storage.keyring import MASTER, Keyring, keys_root, make_keys
from mien.storage.locks import Locks
from mien.storage.migrations import migrate
from mien.storage.notifications import Notifications
from mien.storage.persons import Persons
from mien.storage.removal import Removal
from mien.storage.sessions import Sessions
from mien.storage.snapshots import Snapshots
from mien.storage.subjects import Subjects
from mien.storage.tables import meta
from mien.storage.trainings import Trainings
from mien.storage.transients import Transients
from mien.storage.usage import Usage
from mien.storage.users import Users

SWEEP_S = 60.0

MIGRATION_LOCK = 0x6D69656E
"""PostgreSQL's advisory lock under which tables and keys are made ("mien")."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a storage is, so that another process can open it; arguments as of `open_storage`."""

    data: Path
    url: str | None = None
    keys: Path | None = None

    def open(self) -> Storage:
        """Open it. Raises as `open_storage`."""
        return open_storage(self.data, self.url, self.keys)


class Storage:
    """What one data folder (or PostgreSQL database) and its keys hold.

    Safe to use from many threads, and from many processes at once. A context manager.
    """

    def __init__(self, database: Database, keyring: Keyring, place: Place) -> None:
        self._database = database
        self._keyring = keyring
        self.place = place
        self.accounts = Accounts(database)
        self.users = Users(database)
        self.sessions = Sessions(database)
        self.audit = Audit(database)
        self.usage = Usage(database)
        self.collections = Collections(database)
        self.persons = Persons(database, keyring)
        self.faces = Faces(database, keyring)
        self.transients = Transients(database, keyring)
        self.trainings = Trainings(database)
        self.deletion = Deletion(database, keyring)
        self.snapshots = Snapshots(database, keyring, self.deletion)
        self.subjects = Subjects(database, keyring, self.deletion)
        self.locks = Locks(database, place.data / "locks")
        self.blobs = Blobs(place.data / "blobs")
        self.derived = Derived(place.data / "derived")
        self.assets = Assets(database, self.blobs, self.locks, self.derived)
        self.edits = Edits(database)
        self.removal = Removal(database, self.deletion, self.assets, self.locks)
        self.jobs = Jobs(database)
        self.notifications = Notifications(database)
        self._closing = threading.Event()
        self._jobs: list[threading.Thread] = []

    def __enter__(self) -> Storage:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def keys_folder(self) -> Path:
        """The folder of the keys: without a backup of it, a backup of the data is worth nothing."""
        return self._keyring.folder

    def signing_key(self, account_id: str) -> bytes:
        """The 64 bytes with which messages to an account's own servers are signed."""
        return self._keyring.derived(f"webhooks of {account_id}")

    def sweep(self) -> None:
        """Delete what has expired, and complete what a process that died left undone."""
        self.transients.sweep()
        self.snapshots.sweep()
        self.sessions.sweep()
        self.audit.sweep()
        self.removal.sweep()
        self.deletion.sweep()
        self._database.truncate_log()  # also for deletions during which a reader was in the way

    def keep_swept(self, every_s: float = SWEEP_S) -> None:
        """Sweep now and then in the background until the storage is closed; a server calls this.

        The first round also destroys the data keys of enrolments that never came to a row.
        """
        self._start(lambda: self._keep_swept(every_s), "mien-sweep")

    def copy_in_background(self, account_id: str, operation: str) -> None:
        """Do the work of an operation that `snapshots.take` or `snapshots.apply` prepared."""

        def run() -> None:
            try:
                self.snapshots.run(account_id, operation, self._closing.is_set)
            except Exception:  # the operation says that it failed; the log says where
                log.exception("a snapshot could not be copied")

        self._start(run, "mien-copy")

    def ping(self) -> None:
        """Ask the database for an answer; raises StorageError."""
        with self._database.read() as connection:
            connection.execute(select(1))

    def close(self) -> None:
        """Stop the copies that are being made, and close database and keys."""
        self._closing.set()
        for job in self._jobs:
            job.join()
        self._keyring.close()
        self._database.close()

    def _keep_swept(self, every_s: float) -> None:
        rounds = chain([self.deletion.destroy_orphans], repeat(self.sweep))
        for sweep in rounds:
            try:
                sweep()
            except MienError:  # the database is busy or away: the next round may find it
                log.warning("what has expired could not be swept", exc_info=True)
            if self._closing.wait(every_s):
                return

    def _start(self, job: Callable[[], None], name: str) -> None:
        thread = threading.Thread(target=job, name=name, daemon=True)
        self._jobs = [job for job in self._jobs if job.is_alive()] + [thread]
        thread.start()


def data_folder(data: Path | None = None) -> Path:
    """The data folder: `data`, or $MIEN_DATA, or ~/.local/share/mien."""
    if data is not None:
        return data
    if chosen := os.environ.get("MIEN_DATA"):
        return Path(chosen)
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "mien"


def open_storage(data: Path, url: str | None = None, keys: Path | None = None) -> Storage:
    """Open what is stored; the first time, make it.

    Tables are brought up to date and keys are made in one transaction, so that two processes may
    open an empty folder at once.

    Args:
        data: the data folder, which is made when it is not there.
        url: a PostgreSQL database, instead of the SQLite file in the data folder.
        keys: the folder in which each database has its folder of keys; it lies outside the data
            folder. Without one: $MIEN_KEYS, or ~/.config/mien/keys.

    Raises:
        UsageError: a URL mien cannot use, or keys inside the data folder.
        StorageError: the database cannot be opened, or a later version of mien made it.
        KeysError: the keys are missing, unreadable, open to others, or those of another database.
    """
    root = keys_root(keys)
    _check_apart(data, root)
    database = open_database(data, url)
    try:
        with database.write() as connection:
            folder, instance = _prepare(connection, database, root)
            keyring = Keyring(folder, instance)
            try:
                _check_fits(connection, keyring)
            except BaseException:
                keyring.close()
                raise
    except BaseException:
        database.close()
        raise
    storage = Storage(database, keyring, Place(data, url, keys))
    try:
        storage.sweep()
    except BaseException:
        storage.close()
        raise
    return storage


def _check_apart(data: Path, root: Path) -> None:
    if root.resolve().is_relative_to(data.resolve()):
        raise UsageError(
            f"the keys {root} would lie in the data folder {data}, and be in every backup of it; "
            "name another folder (--keys or MIEN_KEYS)"
        )


def _prepare(connection: Connection, database: Database, root: Path) -> tuple[Path, str]:
    """Bring the tables up to date and, the first time, make the keys; their folder, the id."""
    if not database.is_sqlite:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
    migrate(connection, database.name)
    instance = _value(connection, "instance")
    if instance is None:
        instance = str(uuid.uuid4())
        connection.execute(insert(meta).values(name="instance", value=instance))
    folder = root / instance
    if _value(connection, "key_check") is None:
        make_keys(folder, instance)
    return folder, instance


def _check_fits(connection: Connection, keyring: Keyring) -> None:
    known = _value(connection, "key_check")
    if known is None:
        connection.execute(insert(meta).values(name="key_check", value=keyring.check))
    elif known != keyring.check:
        raise KeysError(
            f"{keyring.folder / MASTER} is not the master key of this database; restore the one "
            "that is"
        )


def _value(connection: Connection, name: str) -> str | None:
    found = connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar()
    return None if found is None else str(found)
