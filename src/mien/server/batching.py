"""Faces of requests that are worked on at the same time share the runs of a network.

More threads are at work than there are cores, and each holds one of the cores while it computes.
One that comes to a shared network puts its input down and lets its core go. When it gets a core
again, its input may have been run along with another's; else it runs all that was put down
meanwhile. So batches grow with the load, and nobody waits for one to fill.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.models import Session, SessionAround

Array = NDArray[Any]

MOST = 32
"""Rows of a shared run at most; a bound on memory."""


class Cores:
    """So many threads compute at a time; those that wait get their turn in the order they came."""

    def __init__(self, count: int) -> None:
        self._free, self._waiting = count, deque[threading.Event]()
        self._lock = threading.Lock()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold a core."""
        self.take()
        try:
            yield
        finally:
            self.release()

    def take(self) -> None:
        """Wait for a core."""
        with self._lock:
            if self._free:
                self._free -= 1
                return
            turn = threading.Event()
            self._waiting.append(turn)
        turn.wait()

    def release(self) -> None:
        """Give the core to whoever has waited longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1


class _Ask:
    """An input that was put down, and what came of it."""

    def __init__(self, arrays: tuple[Array, ...]) -> None:
        self.arrays, self.rows = arrays, len(arrays[0])
        self.answered = threading.Event()
        self.found: list[Array] = []
        self.error: BaseException | None = None


class SharedSession(SessionAround):
    """A session whose runs are shared by the threads that hold these cores; see the module.

    Its first dimension must be free. A run that fails fails for all who share it.
    """

    def __init__(self, session: Session, cores: Cores) -> None:
        super().__init__(session)
        self._cores = cores
        self._lock, self._asked = threading.Lock(), deque[_Ask]()

    def run(self, *arrays: Array) -> list[Array]:
        """See `Session.run`; the caller holds a core."""
        ask = _Ask(arrays)
        with self._lock:
            self._asked.append(ask)
        self._cores.release()
        self._cores.take()
        batch = self._batch(ask)
        if batch:
            self._run(batch)
        else:  # another has it, and may be at it still
            self._cores.release()
            ask.answered.wait()
            self._cores.take()
        if ask.error is not None:
            raise ask.error
        return ask.found

    def _batch(self, ask: _Ask) -> list[_Ask]:
        """What is to be run with this input, which is in it; nothing if another has taken it."""
        with self._lock:
            if ask not in self._asked:
                return []
            self._asked.remove(ask)
            batch, rows = [ask], ask.rows
            while self._asked and rows + self._asked[0].rows <= MOST:
                batch.append(self._asked.popleft())
                rows += batch[-1].rows
        return batch

    def _run(self, batch: list[_Ask]) -> None:
        try:
            inputs = [
                np.concatenate(parts) for parts in zip(*(a.arrays for a in batch), strict=True)
            ]
            found = self._session.run(*inputs)
            ends = np.cumsum([ask.rows for ask in batch])[:-1]
            parts = zip(*(np.split(each, ends) for each in found), strict=True)
            for ask, mine in zip(batch, parts, strict=True):
                ask.found = list(mine)
        except BaseException as error:
            for ask in batch:
                ask.error = error
        finally:
            for ask in batch:
                ask.answered.set()
