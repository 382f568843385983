"""Parts of a task that others have, done by workers that have nothing else to do.

Who has a task offers its next segments (`mien.engines.kept`). So one long video uses all places of
the pool while there is no other work; what comes then waits for the segment that is under way.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from mien.engines.kept import Helper, offered
from mien.errors import StorageError
from mien.jobs.settle import work_folder
from mien.storage import Storage
from mien.storage.locks import Lock
from mien.storage.media_records import Task

log = logging.getLogger(__name__)
Watch = Callable[[Task | None, Lock | None], None]


def parts_folder(storage: Storage, task: str) -> Path:
    """Where the finished parts of a task are, and those on offer."""
    return work_folder(storage, task) / "parts"


def hold_part(storage: Storage, task: str, part: str) -> Lock | None:
    """The lock of a part of a task; None while somebody has it."""
    return storage.locks.take(f"{task}-{part[:32]}")


def useful_workers(storage: Storage, most: int) -> int:
    """How many workers have something to do now: at least one for each task that is not over, and
    so many as parts of it are on offer; `most` at most."""
    count = 0
    for id in storage.jobs.waiting():
        count += max(1, offered(parts_folder(storage, id)))
        if count >= most:
            return most
    return count


class Helping:
    """Helps with the tasks of one storage, a part at a time."""

    def __init__(self, storage: Storage) -> None:
        self._storage, self._helper = storage, Helper()

    def help(self, watch: Watch = lambda task, lock: None) -> bool:
        """Do a part of a task that another has; False if none is on offer.

        Args:
            watch: told of the task and of the part's lock; then, with None, of the end.

        Raises:
            StorageError: the database fails.
        """
        return any(self._help(task, watch) for task in self._storage.jobs.processing())

    def _help(self, task: Task, watch: Watch) -> bool:
        def hold(part: str) -> AbstractContextManager[None] | None:
            lock = hold_part(self._storage, task.id, part)
            return None if lock is None else _watched(watch, task, lock)

        try:
            return self._helper.help(parts_folder(self._storage, task.id), hold)
        except StorageError:
            raise
        except Exception as error:  # whoever has the task meets it too, and tells of it
            fields = {"task": task.id, "reason": str(error)}
            log.info("a part was left to whose task it is", extra={"fields": fields})
            return True


@contextmanager
def _watched(watch: Watch, task: Task, lock: Lock) -> Iterator[None]:
    """Hold a lock, and have it watched for as long."""
    with lock:
        watch(task, lock)
        try:
            yield
        finally:
            watch(None, None)
