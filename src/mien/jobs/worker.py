"""A process that does tasks, one after the other, and parts of others' when there is none; a `Pool`
starts it.

    python -m mien.jobs.worker          # settings as a line of JSON on standard input

It ends when its standard input does, which is when whoever started it is gone; and when the task it
is at is canceled or no longer its own. It ends at once, in the middle of whatever it does: all that
is kept is kept so that a death at any moment does no harm. Each line on standard output is an entry
for the log.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mien.errors import StorageError
from mien.jobs.helping import Helping
from mien.jobs.perform import perform_next
from mien.jobs.work import Processor
from mien.storage import Place, Storage
from mien.storage.locks import Lock
from mien.storage.media_records import Task

IDLE_S = 1.0
"""How long a worker without work waits until it looks again by itself."""

MOST_IDLE_S = 300.0
"""After so long without work it ends, and gives back the memory that its models hold."""

LOOK_S = 0.5
"""How often it looks whether its task is canceled."""

NICENESS = 15
"""Added to its priority: what answers a request goes first. It counts among the processes of one
session only, where Linux groups them (sched(7), autogroup), so a worker stays in that of its pool.
"""

log = logging.getLogger(__name__)


class Lines(logging.Handler):
    """Writes records to standard output, for the pool to put into the log."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        entry: dict[str, Any] = {
            "name": record.name,
            "level": record.levelno,
            "message": record.getMessage(),
            "fields": getattr(record, "fields", {}),
        }
        if record.exc_info:
            entry["fault"] = logging.Formatter().formatException(record.exc_info)
        sys.stdout.write(json.dumps(entry, default=str) + "\n")
        sys.stdout.flush()


class Watcher:
    """Ends the process when the task that it is at, or helps with, is canceled, gone, or taken up
    anew; and when its lock is lost."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._at: tuple[Task, Lock] | None = None
        self._guard = threading.Lock()

    def __call__(self, task: Task | None, lock: Lock | None) -> None:
        """Say which task the process is at."""
        with self._guard:
            self._at = None if task is None or lock is None else (task, lock)

    def run(self) -> None:
        """Look now and then; never returns."""
        while True:
            time.sleep(LOOK_S)
            with self._guard:  # while it is held, the task cannot end
                if self._at is not None and self._must_end(*self._at):
                    os._exit(0)

    def _must_end(self, task: Task, lock: Lock) -> bool:
        try:
            return self._storage.jobs.should_stop(task) or not lock.is_held()
        except StorageError:
            return False  # the database is away for a moment; the lock tells more, next time


def run(settings: Mapping[str, Any]) -> None:
    """Do tasks until there are none for a while, or the process ends."""
    place = Place(
        Path(settings["data"]),
        settings["url"],
        None if settings["keys"] is None else Path(settings["keys"]),
    )
    called = threading.Event()
    threading.Thread(target=_listen, args=(called,), daemon=True).start()
    processors = _found(settings["processors"])
    with place.open() as storage:
        watcher, helping = Watcher(storage), Helping(storage)
        threading.Thread(target=watcher.run, daemon=True).start()
        worked = time.monotonic()
        while time.monotonic() - worked < MOST_IDLE_S:
            try:
                busy = perform_next(storage, processors, watcher) or helping.help(watcher)
            except StorageError as error:
                log.warning("the storage does not answer", extra={"fields": {"reason": str(error)}})
                busy = False
            if busy:
                worked = time.monotonic()
            else:
                called.wait(IDLE_S)
                called.clear()


def _listen(called: threading.Event) -> None:
    """Wait for calls; their end is the end of this process."""
    while sys.stdin.readline():
        called.set()
    os._exit(0)


def _found(name: str) -> Sequence[Processor]:
    module, _, attribute = name.partition(":")
    found: Sequence[Processor] = getattr(importlib.import_module(module), attribute)
    return found


def _be_modest() -> None:
    """Take a low priority; that of threads is bound by MIEN_THREADS, which the pool sets."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    import cv2

    cv2.setNumThreads(1)


def main() -> None:
    """Run as the pool says."""
    logging.getLogger("mien").addHandler(Lines())
    logging.getLogger("mien").setLevel(logging.INFO)
    _be_modest()
    try:
        run(json.loads(sys.stdin.readline()))
    except Exception:
        log.exception("a worker of jobs failed")
        sys.stdout.flush()
        os._exit(1)


if __name__ == "__main__":
    main()
