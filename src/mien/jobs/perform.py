"""One task, from its claim to its end."""

from __future__ import annotations

import logging
import os
import shutil
import time
import uuid
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from mien.engines.kept import KeepingEngine
from mien.errors import JobsError, MienError, OutputError, StorageError
from mien.jobs.codes import FAULT, Code, TaskError, error_detail
from mien.jobs.helping import Watch, hold_part, parts_folder
from mien.jobs.processors import find_processor
from mien.jobs.settle import clear, work_folder
from mien.jobs.work import Input, Output, Processor, Work
from mien.storage import Storage
from mien.storage.media_records import ErrorDetail, State, Task

MOST_DEATHS = 5
"""A task that so many workers ended over in a row, without finishing a part of it, has failed."""

TOLD_EVERY_S = 1.0

log = logging.getLogger(__name__)


def perform_next(
    storage: Storage, processors: Sequence[Processor], watch: Watch = lambda task, lock: None
) -> bool:
    """Take the next task that nobody works on, and do it; False if there is none.

    Args:
        storage: an open one.
        processors: what tasks may name.
        watch: told of each task that is begun, and of its lock; then, with None, of its end.

    Raises:
        StorageError: the database fails. The task is taken up again by whoever looks next.
    """
    for id in storage.jobs.waiting():
        lock = storage.locks.take(id)
        if lock is None:
            continue
        with lock:
            begun = storage.jobs.begin(id)
            if begun is None:
                continue
            task, deaths = begun
            if task.state is State.Canceling:
                clear(storage, id)
                storage.jobs.canceled(id)
                continue
            watch(task, lock)
            try:
                _perform(storage, task, processors, deaths)
                if lock.is_held():
                    clear(storage, id)
            finally:
                watch(None, None)
            return True
    return False


def _perform(storage: Storage, task: Task, processors: Sequence[Processor], deaths: int) -> None:
    log.info("task begins", extra={"fields": {"task": task.id, "claim": task.claim}})
    try:
        if deaths >= MOST_DEATHS:
            message = f"{deaths} workers ended over this task, one after the other"
            raise TaskError(Code.PROCESSING, f"{message}; it may need more memory than there is")
        outputs = _made(storage, task, processors)
        _finish(storage, task, outputs)
    except StorageError:
        raise
    except Exception as error:
        _fail(storage, task, error)


def _made(storage: Storage, task: Task, processors: Sequence[Processor]) -> list[Output]:
    """Do the work of a task; what it makes lies in its folder."""
    processor = find_processor(task.processor, processors)
    folder = work_folder(storage, task.id)
    fresh = folder / "made"
    inputs = _inputs(storage, task)
    try:
        shutil.rmtree(fresh, ignore_errors=True)  # half made, by a worker that ended
        fresh.mkdir(parents=True)
    except OSError as error:
        raise OutputError(f"there is no place for the results: {error.strerror}") from error
    storage.jobs.process(task)
    work = Work(
        configuration=task.configuration,
        inputs=inputs,
        folder=fresh,
        engine=KeepingEngine(
            parts_folder(storage, task.id),
            on_part=lambda: storage.jobs.part_done(task),
            hold=partial(hold_part, storage, task.id),
        ),
        progress=_Teller(storage, task),
        tell=lambda message: storage.jobs.tell(task, message),
    )
    try:
        return processor.run(work)
    except StorageError:
        raise
    except MienError as error:
        raise _named(error, inputs, fresh) from error


def _inputs(storage: Storage, task: Task) -> list[Input]:
    """The files of the input assets.

    Raises:
        TaskError: an asset is gone, has no file, or one that is not whole.
    """
    found: list[Input] = []
    job = storage.jobs.origin_of(task)
    for id in task.inputs:
        try:
            asset = storage.assets.get(task.account_id, job, id)
        except JobsError as error:
            raise TaskError(Code.MALFORMED_INPUT, f"the input is gone: {error}") from error
        if not asset.files:
            raise TaskError(Code.MALFORMED_INPUT, "the input asset has no files; upload one")
        for file in asset.files:
            if not file.is_whole:
                raise TaskError(
                    Code.MALFORMED_INPUT,
                    f"of {file.name}, {file.received} of {file.size} bytes were uploaded; "
                    "complete it, then submit anew",
                )
            path = storage.blobs.path(file.id)
            if not path.is_file():
                raise TaskError(
                    Code.INPUT_SERVICE_FAILURE,
                    f"the bytes of {file.name} are missing; send it anew",
                )
            found.append(Input(file.name, path, file.is_primary))
    return found


def _named(error: MienError, inputs: Sequence[Input], folder: Path) -> TaskError:
    """The error in the words of the client: with its names of files, and no path of the service."""
    detail = error_detail(error)
    told = detail.message.replace(f"{folder}{os.sep}", "")
    for each in inputs:
        told = told.replace(str(each.path), each.name)
    return TaskError(Code(detail.code), told)


def _finish(storage: Storage, task: Task, outputs: Sequence[Output]) -> None:
    """Make the results visible, all at once; nothing of them is left if the task was canceled."""
    kept: list[tuple[str, str, int]] = []
    for output in outputs:
        id = str(uuid.uuid4())
        kept.append((id, output.name, storage.blobs.adopt(output.path, id)))
    if storage.jobs.finish(task, kept):
        log.info("task finished", extra={"fields": {"task": task.id, "files": len(kept)}})
        return
    for id, _, _ in kept:
        storage.blobs.delete(id)
    storage.jobs.canceled(task.id)


def _fail(storage: Storage, task: Task, error: Exception) -> None:
    detail = error_detail(error)
    if detail.message == FAULT:
        log.error("a task failed by a fault of mien itself", exc_info=error)
    else:
        fields = {"task": task.id, "code": detail.code, "reason": detail.message}
        log.info("task failed", extra={"fields": fields})
    if not storage.jobs.fail(task, ErrorDetail(detail.code, detail.message)):
        storage.jobs.canceled(task.id)


class _Teller:
    """Notes now and then how far a task is."""

    def __init__(self, storage: Storage, task: Task) -> None:
        self._storage, self._task = storage, task
        self._due = time.monotonic() + TOLD_EVERY_S

    def __call__(self, share: float) -> None:
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + TOLD_EVERY_S
            percent = 100.0 * min(max(share, 0.0), 0.99)  # 100 is for what is finished
            self._storage.jobs.progressed(self._task, round(percent, 1))
