"""Which tasks are helped with, by how many."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing, nullcontext
from pathlib import Path
from typing import cast

import pytest

from mien.engines.kept import AHEAD, KeepingEngine
from mien.jobs import Job, NewTask, Queue
from mien.jobs.helping import Helping, parts_folder, useful_workers
from mien.storage import Storage
from mien.storage.jobs import SUSPECT
from mien.storage.locks import Lock
from mien.storage.media_records import Task
from tests.jobs.made import PROCESSORS, Part


@pytest.fixture
def job(storage: Storage, account: str) -> Job:
    """A job with one task."""
    queue = Queue(storage, account, processors=PROCESSORS)
    asset = queue.assets.create("in")
    queue.assets.put(asset.id, "foo.mp4", [b"3"], 1)
    return queue.submit("job", [NewTask("t", "Count", "", (asset.id,))])


def begun(storage: Storage, job: Job) -> Task:
    """Its task, which a worker has begun with."""
    found = storage.jobs.begin(job.tasks[0].id)
    assert found is not None
    storage.jobs.process(found[0])
    return found[0]


def offers(storage: Storage, task: Task, log: Path) -> Generator[int]:
    """Parts of the task; those after the first are on offer."""
    engine = KeepingEngine(parts_folder(storage, task.id), hold=lambda part: nullcontext())
    results = cast(Generator[int], engine.map(Part(log), range(30)))
    assert next(results) == 0
    return results


def test_a_part_on_offer_is_done_under_its_lock(storage: Storage, job: Job, tmp_path: Path) -> None:
    told: list[tuple[str | None, bool]] = []

    def watch(task: Task | None, lock: Lock | None) -> None:
        held = lock is not None and lock.is_held()
        told.append((None if task is None else task.id, held))

    helping = Helping(storage)
    assert not helping.help(watch), "it is not begun"
    task = begun(storage, job)
    assert not helping.help(watch), "nothing is on offer"
    with closing(offers(storage, task, tmp_path / "log")):
        assert helping.help(watch)
        assert told == [(task.id, True), (None, False)]
    assert not helping.help(watch)


def test_so_many_workers_are_useful(storage: Storage, job: Job, tmp_path: Path) -> None:
    assert useful_workers(storage, 4) == 1
    with closing(offers(storage, begun(storage, job), tmp_path / "log")):
        assert useful_workers(storage, 4) == 4
        assert useful_workers(storage, 99) == AHEAD
    assert useful_workers(storage, 4) == 1


def test_nobody_helps_with_what_may_end_the_next_worker_too(
    storage: Storage, job: Job, tmp_path: Path
) -> None:
    helping, helped = Helping(storage), []
    for _ in range(SUSPECT + 2):  # and each time the worker ends
        with closing(offers(storage, begun(storage, job), tmp_path / "log")):
            helped.append(helping.help())
    assert helped == [True] * SUSPECT + [False] * 2


def test_nobody_helps_with_what_is_canceled(
    storage: Storage, account: str, job: Job, tmp_path: Path
) -> None:
    with closing(offers(storage, begun(storage, job), tmp_path / "log")):
        storage.jobs.cancel(account, "media", job.id)
        assert not Helping(storage).help()
