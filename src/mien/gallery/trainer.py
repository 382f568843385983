"""Training in the background, and the collections that are ready to be searched."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from numpy.typing import NDArray

from mien.errors import MienError, NoSuchCollectionError, NotTrainedError, TrainingRunningError
from mien.gallery import from_rows
from mien.gallery.persons import Persons
from mien.gallery.records import Kind, Training
from mien.storage import CollectionRow, FaceChunk, Storage

Array = NDArray[Any]

BEAT_S = 10.0  # between two signs of life of a training
MEMORY_BYTES = 2 * 10**9
STOPPED = "the server stopped while this was trained; train it again"

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Ready:
    """A collection in memory: its faces up to a sequence, less those of some deletions."""

    persons: Persons
    up_to: int
    deletions: int


class StoppedError(Exception):
    """The trainer was closed while a training ran."""


class Trainer:
    """Trains collections in the background and searches them; one for a storage in a process.

    An index is nothing but memory: it is made from the sealed faces, up to the one that was the
    last when the training began, and it is made again after a restart, or in another process that
    the same storage serves: when the trainer is entered as a context manager, or else by the first
    search. Each search first asks the storage for the newest face and the last deletion, whichever
    process they came from: only faces that are new are read then, and those that were deleted leave
    the index. Safe to use from many threads.

    Args:
        storage: an open storage, which outlives the trainer.
        search_while_training: serve the index of before while a collection is trained.
        threads: of one training.
        memory_bytes: of all indexes; those that were not searched for the longest time are dropped
            when they exceed it, and made again when they are searched. One is kept in any case.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        search_while_training: bool = False,
        threads: int = 1,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self._storage = storage
        self._search_while_training = search_while_training
        self._threads = threads
        self._memory_bytes = memory_bytes
        # by number; what is stored beyond what was trained, by minus the number
        self._ready: OrderedDict[int, Ready] = OrderedDict()
        self._lock = threading.Lock()  # of the two dictionaries
        self._turns: dict[int, threading.Lock] = {}  # who changes what is ready of a collection
        # two, so that a small group need not wait for a large one
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="mien-train")
        self._stopped = threading.Event()

    def __enter__(self) -> Trainer:
        """Begin to bring all trained collections into memory, in the background, while they fit."""
        self._pool.submit(self._load_all)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop training; a training that runs, or waits, is marked as failed."""
        self._stopped.set()
        self._pool.shutdown(wait=True)
        with self._lock:
            self._ready.clear()

    def train(self, row: CollectionRow) -> None:
        """Start to train a collection; its state says `running` when this returns.

        Raises:
            NoSuchCollectionError: it is gone.
            TrainingRunningError: it is being trained already.
        """
        try:
            up_to = self._storage.trainings.begin(row.pk)
        except LookupError as error:
            raise NoSuchCollectionError(
                f"there is no {row.kind} {row.id}", kind=row.kind, what=row.id
            ) from error
        over = threading.Event()
        beats = threading.Thread(target=self._beat, args=(row.pk, over), daemon=True)
        beats.start()  # from now on: it may have to wait for others
        try:
            self._pool.submit(self._train, row.pk, up_to, over, beats)
        except RuntimeError:  # the pool is shut down
            over.set()
            beats.join()
            self._storage.trainings.fail(row.pk, STOPPED)

    def training(self, row: CollectionRow) -> Training:
        """How far the training of a collection is; raises NotTrainedError without one."""
        found = self._storage.trainings.get(row.pk)
        if found is None:
            raise _not_trained(row)
        return from_rows.training(found)

    def forget(self, pk: int) -> None:
        """Drop from memory, in this process, what was deleted of a collection, or all if it is
        gone. A search never shows it in any case."""
        with self._lock:
            if not {pk, -pk} & self._ready.keys():
                return
        if self._storage.collections.get(pk) is None:
            with self._lock:
                for key in (pk, -pk):
                    self._ready.pop(key, None)
                self._turns.pop(pk, None)
            return
        with self._turn(pk):
            with self._lock:
                held = [self._ready[key] for key in (pk, -pk) if key in self._ready]
            for ready in held:
                self._forget_deleted(pk, ready)

    def search(self, row: CollectionRow, queries: Array, top: int) -> tuple[Array, Array, int]:
        """The nearest persons of a collection, as `Persons.search`, and how many tries strangers
        have in it.

        Raises:
            TrainingRunningError: it is being trained, and nothing may, or can, be searched.
            NotTrainedError: it was never trained with success.
        """
        persons = self.persons(row)
        numbers, apart = persons.search(queries, top)
        return numbers, apart, persons.tries

    def persons(self, row: CollectionRow) -> Persons:
        """What is searched of a collection now; raises what `search` does."""
        kind = Kind(row.kind)
        if kind.is_trained:
            self._check_trained(row)
        up_to = row.trained if kind.is_trained else self._storage.faces.last(row.pk)
        assert up_to is not None
        with self._lock:
            ready = self._ready.get(row.pk)
            if ready is not None:
                self._ready.move_to_end(row.pk)
        if ready is None or (ready.up_to, ready.deletions) != (up_to, row.deletions):
            with self._turn(row.pk):
                ready = self._brought_up_to(row.pk, up_to)
        return ready.persons

    def current(self, row: CollectionRow) -> Persons:
        """All that is stored in a collection now, trained or not; for what is not a search of it.

        Raises:
            NoSuchCollectionError: it is gone.
        """
        up_to = self._storage.faces.last(row.pk)
        key = row.pk if not Kind(row.kind).is_trained or row.trained == up_to else -row.pk
        with self._turn(row.pk):
            return self._brought_up_to(row.pk, up_to, key).persons

    def _check_trained(self, row: CollectionRow) -> None:
        training = self._storage.trainings.get(row.pk)
        running = training is not None and training.status == "running"
        if running and not (self._search_while_training and row.trained is not None):
            raise TrainingRunningError(
                f"the {row.kind} {row.id} is being trained; ask again when that is over",
                kind=row.kind,
                what=row.id,
            )
        if row.trained is None:
            raise _not_trained(row)

    def _turn(self, pk: int) -> threading.Lock:
        with self._lock:
            return self._turns.setdefault(pk, threading.Lock())

    def _brought_up_to(self, pk: int, up_to: int, key: int | None = None) -> Ready:
        """The index of faces up to a sequence, less all that is deleted; its turn is held.

        The one in memory may be newer than what was asked for, if a training ended meanwhile.
        """
        key = pk if key is None else key
        with self._lock:
            ready = self._ready.get(key)
        if ready is None or ready.up_to < up_to:
            row = self._row(pk)
            # one that would more than double is better read anew, a chunk at a time
            if ready is None or row.faces > 2 * len(ready.persons):
                ready = self._built(pk, up_to)
            else:
                more = self._chunks(pk, up_to, after=ready.up_to)
                ready = Ready(ready.persons.grown(more), up_to, ready.deletions)
            self._put(key, ready)
        self._forget_deleted(pk, ready)
        return ready

    def _row(self, pk: int) -> CollectionRow:
        row = self._storage.collections.get(pk)
        if row is None:
            raise NoSuchCollectionError("the collection was deleted meanwhile")
        return row

    def _built(self, pk: int, up_to: int) -> Ready:
        row = self._row(pk)
        persons = Persons(row.faces, self._chunks(pk, up_to), threads=self._threads)
        return Ready(persons, up_to, row.deletions)

    def _chunks(self, pk: int, up_to: int, *, after: int = 0) -> Iterator[FaceChunk]:
        for chunk in self._storage.faces.chunks(pk, after=after, up_to=up_to):
            if self._stopped.is_set():
                raise StoppedError(STOPPED)
            if chunk.lost:
                log.warning("%d faces of collection %d lost their data key", chunk.lost, pk)
            yield chunk

    def _forget_deleted(self, pk: int, ready: Ready) -> None:
        last, sequence = self._storage.faces.deleted(pk, after=ready.deletions)
        ready.persons.remove(sequence)
        if ready.persons.is_sparse:
            ready.persons = ready.persons.packed()
        ready.deletions = last

    def _put(self, key: int, ready: Ready) -> None:
        with self._lock:
            self._ready[key] = ready
            self._ready.move_to_end(key)
            total = sum(one.persons.nbytes for one in self._ready.values())
            while total > self._memory_bytes and len(self._ready) > 1:
                _, dropped = self._ready.popitem(last=False)
                total -= dropped.persons.nbytes

    def _load_all(self) -> None:
        for row in self._storage.collections.all_trained():
            with self._lock:
                total = sum(one.persons.nbytes for one in self._ready.values())
            if self._stopped.is_set() or total >= self._memory_bytes:
                return
            try:
                with self._turn(row.pk):
                    self._brought_up_to(row.pk, row.trained or 0)
            except (
                MienError,
                StoppedError,
                ValueError,
            ):  # it will be tried again when it is searched
                log.warning("the %s %s could not be loaded", row.kind, row.id, exc_info=True)

    def _train(self, pk: int, up_to: int, over: threading.Event, beats: threading.Thread) -> None:
        try:
            if self._stopped.is_set():
                raise StoppedError(STOPPED)
            ready = self._built(pk, up_to)
            with self._turn(pk):
                self._storage.trainings.succeed(pk, up_to)
                self._put(pk, ready)
                with self._lock:
                    self._ready.pop(-pk, None)
        except StoppedError:
            self._storage.trainings.fail(pk, STOPPED)
        except Exception as error:  # whoever asks for the state is told; the log says where
            log.exception("collection %d could not be trained", pk)
            self._storage.trainings.fail(pk, f"it could not be trained: {error}")
        finally:
            over.set()
            beats.join()  # nothing uses the storage once the trainer is closed

    def _beat(self, pk: int, over: threading.Event) -> None:
        while not over.wait(BEAT_S):
            try:
                self._storage.trainings.beat(pk)
            except MienError:  # busy or away; the next beat may reach it
                log.warning("a training could not show that it goes on", exc_info=True)


def _not_trained(row: CollectionRow) -> NotTrainedError:
    return NotTrainedError(
        f"the {row.kind} {row.id} was never trained; train it first", kind=row.kind, what=row.id
    )
