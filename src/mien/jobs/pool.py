"""Runs workers: a bounded number of processes, started anew when one ends."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import IO, Self

from mien.errors import MienError, UsageError
from mien.jobs.helping import useful_workers
from mien.jobs.settle import settle, sweep
from mien.models.threads import usable_cores
from mien.storage import Storage

SETTLE_S = 0.5
SWEEP_S = 600.0
PATIENCE_S = 5.0
BRIEF_S, LONGEST_PAUSE_S = 5.0, 30.0
"""A worker that ends sooner than this was not ended by its work: the next one waits, each time
twice as long, up to the second."""

BUILT_IN = "mien.jobs.processors:PROCESSORS"

log = logging.getLogger(__name__)


class Pool:
    """Worker processes beside this one, as long as the block lasts. Use one for each machine; those
    of several machines on one database share the work.

    A worker is started when there is a task for it, and ends after some minutes without one.

    Args:
        storage: where the jobs are; stays open for longer than the pool.
        workers: how many processes at most; by default one for each usable core. Each works with
            one thread and low priority. None are started with 0.
        processors: "module:name" of the processors, which workers import.

    Raises:
        UsageError: fewer than no workers.
    """

    def __init__(
        self, storage: Storage, workers: int | None = None, *, processors: str = BUILT_IN
    ) -> None:
        count = usable_cores() if workers is None else workers
        if count < 0:
            raise UsageError(f"a pool needs at least 0 workers, not {count}")
        self._storage = storage
        self._closing, self._called = threading.Event(), threading.Event()
        place = storage.place
        settings = {
            "data": str(place.data.absolute()),
            "url": place.url,
            "keys": None if place.keys is None else str(place.keys.absolute()),
            "processors": processors,
        }
        self._slots = [_Slot(json.dumps(settings), self._closing) for _ in range(count)]
        self._keeper = threading.Thread(target=self._keep, name="mien jobs", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start the workers."""
        self._keeper.start()
        for slot in self._slots:
            slot.thread.start()

    def wake(self) -> None:
        """Say that there is new work; without it, workers see that within a second."""
        self._called.set()
        for slot in self._slots:
            slot.wake()

    def close(self) -> None:
        """End the workers, at once. What they were at goes on when a pool starts again."""
        self._closing.set()
        self._called.set()
        for slot in self._slots:
            slot.end()
        for thread in (self._keeper, *(slot.thread for slot in self._slots)):
            if thread.ident is not None:
                thread.join(PATIENCE_S)
        for slot in self._slots:
            slot.kill()

    @property
    def pids(self) -> list[int]:
        """The process ids of the workers that run now."""
        return [slot.pid for slot in self._slots if slot.pid is not None]

    def _keep(self) -> None:
        """See that there are workers where there is work, make an end of canceled tasks, and
        remove what is left over, now and then."""
        due = time.monotonic()
        while not self._closing.is_set():
            self._called.clear()
            try:
                settle(self._storage)
                for slot in self._slots[: useful_workers(self._storage, len(self._slots))]:
                    slot.needed.set()
                if time.monotonic() >= due:
                    due = time.monotonic() + SWEEP_S
                    sweep(self._storage)
            except MienError:  # the database is busy or away: the next round may find it
                log.warning("jobs could not be swept", exc_info=True)
            self._called.wait(SETTLE_S)


class _Slot:
    """One worker after the other."""

    def __init__(self, settings: str, closing: threading.Event) -> None:
        self._settings, self._closing = settings, closing
        self._process: subprocess.Popen[str] | None = None
        self._guard = threading.Lock()
        self.needed = threading.Event()
        self.thread = threading.Thread(target=self._run, name="mien jobs worker", daemon=True)

    @property
    def pid(self) -> int | None:
        """Of the process that runs now."""
        process = self._process
        return None if process is None or process.poll() is not None else process.pid

    def wake(self) -> None:
        """Have the worker look for work."""
        self._say("\n")

    def end(self) -> None:
        """Have it end: its standard input does. The pool is closing."""
        self.needed.set()
        with self._guard:
            if self._process is not None and self._process.stdin is not None:
                with suppress(OSError):
                    self._process.stdin.close()

    def kill(self) -> None:
        """End it by force, if it has not ended when it was told to."""
        if self.thread.is_alive() and self._process is not None:
            self._process.kill()
            self.thread.join()

    def _say(self, line: str) -> None:
        with self._guard:
            process = self._process
            if process is None or process.stdin is None or process.stdin.closed:
                return
            with suppress(OSError):  # it has just ended; the next one looks by itself
                process.stdin.write(line)
                process.stdin.flush()

    def _run(self) -> None:
        pause = 0.0
        while not self._closing.wait(pause):
            self.needed.wait()
            begun = time.monotonic()
            process = self._started()
            if process is None:
                return
            assert process.stdout is not None
            _relay(process.stdout)
            code = _ended(process)
            self.needed.clear()
            if self._closing.is_set():
                return
            if code:
                log.warning("a worker of jobs ended", extra={"fields": {"exit_code": code}})
            brief = bool(code) and time.monotonic() - begun < BRIEF_S
            pause = min(max(1.0, 2 * pause), LONGEST_PAUSE_S) if brief else 0.0

    def _started(self) -> subprocess.Popen[str] | None:
        """A new worker; None if the pool is closing."""
        with self._guard:
            if self._closing.is_set():
                return None
            self._process = subprocess.Popen(
                [sys.executable, "-m", "mien.jobs.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                env={**os.environ, "MIEN_THREADS": "1", "OMP_NUM_THREADS": "1"},
                process_group=0,  # Ctrl-C is for the parent to handle; see NICENESS of the worker
            )
        self._say(self._settings + "\n")
        return self._process


def _relay(lines: IO[str]) -> None:
    """Put what a worker says into the log, until it has ended."""
    for line in lines:
        try:
            entry = json.loads(line)
            logger, level = logging.getLogger(entry["name"]), int(entry["level"])
        except (ValueError, KeyError, TypeError):  # a library wrote to standard output
            log.info("a worker of jobs says", extra={"fields": {"line": line.rstrip()[:500]}})
            continue
        fields = dict(entry.get("fields") or {})
        if "fault" in entry:
            fields["fault"] = entry["fault"]
        logger.log(level, "%s", entry["message"], extra={"fields": fields})


def _ended(process: subprocess.Popen[str]) -> int:
    """The exit code; a process that has closed its output and does not end is killed."""
    if process.stdout is not None:
        process.stdout.close()
    try:
        code = process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
    return code
