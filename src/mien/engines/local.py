"""Work in processes of this machine."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar, cast

from mien.errors import EngineError, UsageError
from mien.models.threads import usable_cores

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 2
"""Results a worker that may wait for one before them, so that memory stays bounded."""

PATIENCE_S = 5.0
"""How long a worker that was told to stop may take before it is killed."""


class LocalEngine:
    """Runs work in processes of this machine, one item at a time in each.

    Processes are started afresh (spawned), so a script that uses it must be importable: what it
    runs stands under ``if __name__ == "__main__":``.

    Args:
        workers: processes; by default one for each usable core.

    Raises:
        UsageError: fewer than one worker.
    """

    def __init__(self, workers: int | None = None) -> None:
        self.workers = usable_cores() if workers is None else workers
        if self.workers < 1:
            raise UsageError(f"an engine needs at least one worker, got {workers}")

    def map(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """Yield the result for each item, in the order of the items; see `Engine.map`.

        Raises:
            EngineError: a worker died.
        """
        todo = enumerate(items)
        workers: list[_Worker] = []
        done: dict[int, _Outcome] = {}
        try:
            for task in islice(todo, self.workers):
                workers.append(_Worker(work))
                workers[-1].begin(*task)
            following = 0
            while busy := [worker for worker in workers if worker.number is not None]:
                for worker in _ready(busy):
                    number, outcome = worker.outcome()
                    done[number] = outcome
                while following in done:
                    yield done.pop(following).result()
                    following += 1
                room = AHEAD * self.workers - len(done)
                idle = [worker for worker in workers if worker.number is None]
                for worker, task in zip(idle[: max(room, 0)], todo, strict=False):
                    worker.begin(*task)
        finally:
            _stop(workers)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of an item: a value, or the error that was raised."""

    value: Any = None
    error: BaseException | None = None

    def result(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.value


class _Worker:
    """A process that does the work for one item after the other."""

    def __init__(self, work: Callable[[Any], Any]) -> None:
        context = get_context("spawn")
        self._ours, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(
            target=_serve, args=(theirs, work), name="mien worker", daemon=True
        )
        with _interrupts_held():
            self.process.start()
        theirs.close()
        self.number: int | None = None  # of the item it works on

    def begin(self, number: int, item: Any) -> None:
        self.number = number
        try:
            self._ours.send(item)
        except (BrokenPipeError, ConnectionResetError):
            return  # it died; `outcome` says so

    def outcome(self) -> tuple[int, _Outcome]:
        """The number of its item and what came of it, once it is `_ready`.

        Raises:
            EngineError: it died.
        """
        number, self.number = cast(int, self.number), None
        try:
            return number, cast(_Outcome, self._ours.recv())
        except (EOFError, ConnectionResetError):
            self.process.join()
            raise EngineError(f"a worker process {_ended(self.process.exitcode)}") from None

    @property
    def connection(self) -> Connection[Any, Any]:
        return self._ours

    def stop(self) -> None:
        self._ours.close()
        if self.number is not None:  # nobody waits for what it does
            self.process.terminate()


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back. A process that is started meanwhile never sees one: a terminal sends it to
    all, and only the parent handles it. (Windows has no such mask.)"""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # the first worker would start it, which lets Ctrl-C through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ready(workers: list[_Worker]) -> list[_Worker]:
    """Those that have a result, or died; at least one. (A dead one's pipe is at its end.)"""
    by_connection = {worker.connection: worker for worker in workers}
    return [by_connection[cast(Any, each)] for each in wait(list(by_connection))]


def _stop(workers: list[_Worker]) -> None:
    """End all workers and wait until they have ended."""
    for worker in workers:
        worker.stop()
    for worker in workers:
        worker.process.join(PATIENCE_S)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()
        worker.process.close()


def _serve(connection: Connection[Any, Any], work: Callable[[Any], Any]) -> None:
    """In the worker: do the work for item after item, until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    while True:
        try:
            item = connection.recv()
        except EOFError:
            return
        try:
            outcome = _Outcome(work(item))
        except Exception as error:
            error.add_note(f"in a worker process:\n{traceback.format_exc()}")
            outcome = _Outcome(error=error)
        try:
            connection.send(outcome)
        except (BrokenPipeError, ConnectionResetError):
            return  # the parent has ended


def _ended(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        name = signal.Signals(-exit_code).name
        return f"was ended from outside ({name}); if memory ran out, use fewer workers"
    return (
        f"ended (exit code {exit_code}); a script that starts workers does so under "
        'if __name__ == "__main__":'
    )
