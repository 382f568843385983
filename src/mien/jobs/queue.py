"""Assets and jobs of one account, as those see them who submit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from mien.errors import InUseError, MienError, UsageError
from mien.jobs.edits import EditLogs
from mien.jobs.names import check_file_name, check_name
from mien.jobs.processors import PROCESSORS, find_processor
from mien.jobs.settle import settle
from mien.jobs.work import Processor
from mien.storage import Storage
from mien.storage.assets import Receiver
from mien.storage.media_records import Asset, AssetFile, Event, Job, NewTask, Notify

MEDIA = "media"
MOST_TASKS = 50
LONGEST_CONFIGURATION = 1 << 16
PRIORITIES = (-1, 0, 1)
TOP = 1000


class Assets:
    """The assets of one account and origin (the API that keeps them: no other sees them).

    All names are checked: see `mien.jobs.names`. `edits` are what people changed in the analyses of
    their videos.
    """

    def __init__(self, storage: Storage, account_id: str, origin: str = MEDIA) -> None:
        self._storage, self._owner = storage, (account_id, origin)
        self.edits = EditLogs(storage, account_id, origin)

    def create(self, name: str = "", *, expires_s: float | None = None) -> Asset:
        """Make an empty asset; with `expires_s` it is deleted after so many seconds."""
        return self._storage.assets.create(*self._owner, check_name(name), expires_s=expires_s)

    def get(self, id: str) -> Asset:
        """An asset with its files; raises NoSuchAssetError."""
        return self._storage.assets.get(*self._owner, id)

    def page(self, *, after: str = "", top: int = TOP) -> list[Asset]:
        """Assets in the order of their ids, those after an id."""
        return self._storage.assets.page(*self._owner, after=after, top=top)

    def delete(self, id: str) -> None:
        """Delete an asset with its files.

        Raises:
            NoSuchAssetError: there is none.
            InUseError: a task that is not over works with it.
        """
        self.get(id)
        self._check_unused(id)
        self._storage.assets.delete(*self._owner, id)

    def add_file(self, asset: str, name: str, size: int, *, primary: bool = False) -> AssetFile:
        """Announce a file; its bytes come with `receive`.

        Args:
            asset: the id of the asset.
            name: what it is called; one that is no plain file's name is refused.
            size: in bytes.
            primary: whether it is the one that a task works on; without a primary file that is
                the first that is no JSON, text or picture.

        Raises:
            NoSuchAssetError, NameTakenError
            UsageError: the name or the size cannot be.
        """
        if size < 0:
            raise UsageError(f"the size of a file cannot be {size} bytes")
        name = check_file_name(name)
        return self._storage.assets.add_file(*self._owner, asset, name, size, primary=primary)

    @contextmanager
    def receive(self, asset: str, file: str, offset: int) -> Iterator[Receiver]:
        """Go on with the bytes of a file, from where the last upload stopped.

        The receiver's `write` takes them; what it took is kept when the block is left, also when
        it is left by an error, and `AssetFile.received` says where to go on.

        Raises:
            NoSuchAssetError, NoSuchAssetFileError
            OffsetError: it does not go on from there; `offset` says from where.
            InUseError: somebody else is sending the file.
            OutputError: the disk is full.
        """
        known = self.file(asset, file)
        with self._storage.assets.receive(known, offset) as receiver:
            yield receiver

    def put(
        self, asset: str, name: str, chunks: Iterable[bytes], size: int, *, primary: bool = False
    ) -> AssetFile:
        """Add a file with all of its bytes. Raises as `add_file` and `receive`, and UsageError if
        there are more bytes, or fewer, than announced."""
        file = self.add_file(asset, name, size, primary=primary)
        with self.receive(asset, file.id, 0) as receiver:
            for chunk in chunks:
                if receiver.offset + len(chunk) > size:
                    raise UsageError(f"{name} has more than the {size} bytes that were announced")
                receiver.write(chunk)
        if receiver.offset != size:
            raise UsageError(f"{name} has {receiver.offset} bytes, and {size} were announced")
        return self.file(asset, file.id)

    def file(self, asset: str, id: str) -> AssetFile:
        """A file of an asset; raises NoSuchAssetError, NoSuchAssetFileError."""
        return self._storage.assets.file(*self._owner, asset, id)

    def path(self, file: AssetFile) -> Path:
        """Where the bytes of a file lie, to be read and never changed."""
        return self._storage.blobs.path(file.id)

    def delete_file(self, asset: str, id: str) -> None:
        """Delete a file. Raises NoSuchAssetError, NoSuchAssetFileError, InUseError."""
        self.file(asset, id)
        self._check_unused(asset)
        self._storage.assets.delete_file(*self._owner, asset, id)

    def _check_unused(self, asset: str) -> None:
        if self._storage.jobs.uses(asset):
            raise InUseError("a job that is not over works with the asset; cancel it", what=asset)


class Queue:
    """The jobs of one account and origin.

    Args:
        storage: an open one.
        account_id: whose jobs.
        origin: the API that keeps them; another sees neither these jobs nor their assets.
        processors: what tasks may name.
        wake: called when there is new work, such as `Pool.wake`; a pool looks by itself once a
            second.
    """

    def __init__(
        self,
        storage: Storage,
        account_id: str,
        *,
        origin: str = MEDIA,
        processors: Sequence[Processor] = PROCESSORS,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._storage, self._owner = storage, (account_id, origin)
        self._processors, self._wake = processors, wake
        self.assets = Assets(storage, account_id, origin)

    def submit(
        self,
        name: str,
        tasks: Sequence[NewTask],
        *,
        priority: int = 0,
        notify: Notify | None = None,
        keep_s: float | None = None,
    ) -> Job:
        """Submit a job. What a configuration says is read when its task is worked on: a wrong one
        ends the task with the code ErrorParsingConfiguration, as the service had it.

        Args:
            name: for people.
            tasks: each names a processor, by id or name, and the ids of its input assets.
            priority: 1 goes before 0, and that before -1.
            notify: where to tell of its states by HTTP.
            keep_s: so long after it is over the job is deleted, with the assets it made. Those it
                worked on are deleted once it is over. Without it, all stay.

        Raises:
            UsageError: no task or too many, no input, or a value that cannot be.
            NoSuchProcessorError, NoSuchAssetError
        """
        if priority not in PRIORITIES:
            raise UsageError(f"the priority must be -1, 0 or 1, not {priority}")
        work = self.check(tasks)
        job = self._storage.jobs.submit(
            *self._owner,
            check_name(name),
            work,
            priority=priority,
            notify=notify,
            keep_s=keep_s,
        )
        self._wake()
        return job

    def submit_file(
        self,
        name: str,
        file: str,
        chunks: Iterable[bytes],
        size: int,
        *,
        processor: str,
        configuration: str,
        keep_s: float,
    ) -> Job:
        """Submit a job of one task on one file, whose bytes come along; it is deleted once the job
        is over. Nothing is left of it if it cannot be kept.

        Raises:
            As `submit` and `Assets.put`.
        """
        asset = self.assets.create(expires_s=keep_s)
        try:
            self.assets.put(asset.id, file, chunks, size, primary=True)
            task = NewTask(name, processor, configuration, (asset.id,))
            return self.submit(name, [task], keep_s=keep_s)
        except BaseException:
            with suppress(MienError):  # what was wrong first is told
                self.assets.delete(asset.id)
            raise

    def check(self, tasks: Sequence[NewTask]) -> list[NewTask]:
        """The tasks as `submit` keeps them, with the ids of their processors; raises as it does."""
        if not 1 <= len(tasks) <= MOST_TASKS:
            raise UsageError(f"a job has from 1 to {MOST_TASKS} tasks, not {len(tasks)}")
        return [self._checked(task) for task in tasks]

    def get(self, id: str) -> Job:
        """A job; raises NoSuchJobError."""
        return self._storage.jobs.get(*self._owner, id)

    def page(self, *, after: str = "", top: int = TOP) -> list[Job]:
        """Jobs in the order of their ids, those after an id."""
        return self._storage.jobs.page(*self._owner, after=after, top=top)

    def of_asset(self, asset: str) -> list[Job]:
        """The jobs with a task that works with an asset, or has, the newest last."""
        return self._storage.jobs.of_asset(*self._owner, asset)

    def history(self, id: str, *, after: int = 0) -> list[Event]:
        """What became of a job and its tasks so far, after an event; raises NoSuchJobError."""
        return self._storage.jobs.events(*self._owner, id, after=after)

    def cancel(self, id: str) -> Job:
        """Have a job canceled. What nobody works on is Canceled at once, the rest is Canceling
        until its worker has let go.

        Raises:
            NoSuchJobError: there is none.
            InUseError: it is over.
        """
        self._storage.jobs.cancel(*self._owner, id)
        settle(self._storage)
        return self.get(id)

    def delete(self, id: str) -> None:
        """Delete a job that is over; the assets it made stay.

        Raises:
            NoSuchJobError: there is none.
            InUseError: it is not over.
        """
        self._storage.jobs.delete(*self._owner, id)

    def wait(self, id: str, *, timeout_s: float = float("inf"), every_s: float = 0.1) -> Job:
        """Wait until a job is over; raises NoSuchJobError, and TimeoutError after `timeout_s`."""
        until = time.monotonic() + timeout_s
        while not (job := self.get(id)).state.is_final:
            if time.monotonic() > until:
                raise TimeoutError(f"the job {id} was not over after {timeout_s:g} seconds")
            time.sleep(every_s)
        return job

    def _checked(self, task: NewTask) -> NewTask:
        processor = find_processor(task.processor, self._processors)
        if len(task.configuration) > LONGEST_CONFIGURATION:
            raise UsageError(f"a configuration has at most {LONGEST_CONFIGURATION} characters")
        if not task.inputs:
            raise UsageError(f"the task {task.name!r} has no input asset; name one")
        for asset in task.inputs:
            self.assets.get(asset)
        return NewTask(
            check_name(task.name),
            processor.id,
            task.configuration,
            tuple(task.inputs),
            check_name(task.output_name),
        )
