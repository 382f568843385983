"""The order in which tasks are taken, the state of a job by those of its tasks, what is swept."""

from __future__ import annotations

import os
import time

import pytest

from mien.errors import (
    InUseError,
    NameTakenError,
    NoSuchAssetError,
    NoSuchAssetFileError,
    NoSuchJobError,
    OffsetError,
    UsageError,
)
from mien.jobs import NewTask, Queue, State
from mien.jobs.perform import perform_next
from mien.jobs.settle import sweep
from mien.storage import Storage
from mien.storage.job_rows import job_state
from tests.jobs.made import PROCESSORS

Q, S, P, F, E, C, G = (
    *(State.Queued, State.Scheduled, State.Processing, State.Finished),
    *(State.Error, State.Canceled, State.Canceling),
)


@pytest.fixture
def queue(storage: Storage, account: str) -> Queue:
    return Queue(storage, account, processors=PROCESSORS)


@pytest.mark.parametrize(
    ("before", "tasks", "after"),
    [
        (Q, [Q, Q], Q),
        (Q, [S, Q], S),
        (S, [P, Q], P),
        (P, [S, Q], P),  # the worker of the first ended
        (Q, [F, Q], P),
        (P, [E, P], P),
        (P, [F, F], F),
        (P, [F, E], E),
        (G, [E, C], E),
        (G, [F, C], C),
        (P, [P, G], G),
        (G, [P, C], G),
    ],
)
def test_the_state_of_a_job_follows_from_its_tasks(
    before: State, tasks: list[State], after: State
) -> None:
    assert job_state(before, tasks) is after


def asset_of(queue: Queue, data: bytes = b"data") -> str:
    asset = queue.assets.create("in")
    queue.assets.put(asset.id, "foo.mp4", [data], len(data))
    return asset.id


def test_a_job_with_several_tasks_ends_with_the_last(storage: Storage, queue: Queue) -> None:
    asset = asset_of(queue)
    tasks = [NewTask("a", "copy", "", (asset,)), NewTask("b", "copy", "fail", (asset,))]
    job = queue.submit("two", tasks)
    perform_next(storage, PROCESSORS)
    assert queue.get(job.id).state is P
    assert queue.get(job.id).progress == 50
    perform_next(storage, PROCESSORS)
    after = queue.get(job.id)
    assert [task.state for task in after.tasks] == [F, E]
    assert after.state is E
    assert len(queue.assets.page()) == 2, "what the first task made is there"


def test_tasks_are_taken_by_priority_then_in_order_and_suspects_last(
    storage: Storage, queue: Queue
) -> None:
    asset = asset_of(queue)
    jobs = [
        queue.submit("j", [NewTask("t", "copy", "", (asset,))], priority=priority)
        for priority in (0, -1, 1, 0)
    ]
    ids = [job.tasks[0].id for job in jobs]
    assert storage.jobs.waiting() == [ids[2], ids[0], ids[3], ids[1]]
    for _ in range(3):
        storage.jobs.begin(ids[0])
    assert storage.jobs.waiting() == [ids[2], ids[3], ids[0], ids[1]]


def test_a_result_of_the_past_is_not_written(storage: Storage, queue: Queue) -> None:
    job = queue.submit("j", [NewTask("t", "copy", "", (asset_of(queue),))])
    id = job.tasks[0].id
    first = storage.jobs.begin(id)
    second = storage.jobs.begin(id)
    assert first is not None
    assert second is not None
    assert not storage.jobs.finish(first[0], [])
    assert storage.jobs.should_stop(first[0])
    assert storage.jobs.finish(second[0], [])
    assert not storage.jobs.fail(second[0], None)  # type: ignore[arg-type]  # it is over
    assert storage.jobs.begin(id) is None


def test_bytes_that_no_row_knows_go_when_they_are_old(storage: Storage, queue: Queue) -> None:
    known = queue.assets.get(asset_of(queue)).files[0].id
    orphans = ("aa000000-old", "bb000000-new")
    for orphan in orphans:
        with storage.blobs.append(orphan, 0) as file:
            file.write(b"x")
    past = time.time() - 7200
    for id in (known, orphans[0]):
        os.utime(storage.blobs.path(id), (past, past))
    sweep(storage)
    there = {path.name for path in (storage.place.data / "blobs").glob("*/*")}
    assert there == {known, orphans[1]}


def test_the_files_of_locks_of_the_dead_go(storage: Storage) -> None:
    folder = storage.place.data / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dead.lock").touch()
    held = storage.locks.take("alive")
    assert held is not None
    with held:
        storage.locks.sweep()
        assert storage.locks.take("alive") is None
    again = storage.locks.take("alive")
    assert again is not None
    with again:
        pass
    assert [*folder.glob("*.lock")] == []


def test_an_asset_whose_time_is_over_goes(storage: Storage, queue: Queue) -> None:
    stays, goes = queue.assets.create("a"), queue.assets.create("b", expires_s=0)
    queue.assets.put(goes.id, "a.mp4", [b"x"], 1)
    sweep(storage)
    assert [asset.id for asset in queue.assets.page()] == [stays.id]
    assert [*(storage.place.data / "blobs").glob("*/*")] == []


def send_half(queue: Queue, asset: str, file: str) -> None:
    with queue.assets.receive(asset, file, 0) as receiver:
        receiver.write(b"01234")
        raise ConnectionError("it broke")


def test_an_upload_goes_on_where_it_was_told_to_be(storage: Storage, queue: Queue) -> None:
    asset = queue.assets.create("a")
    file = queue.assets.add_file(asset.id, "a.bin", 10)
    with pytest.raises(ConnectionError):
        send_half(queue, asset.id, file.id)
    assert queue.assets.file(asset.id, file.id).received == 5
    with storage.blobs.append(file.id, 5) as stream:
        stream.write(b"of a process that died")
    with pytest.raises(OffsetError) as wrong, queue.assets.receive(asset.id, file.id, 3):
        pass
    assert wrong.value.offset == 5
    with queue.assets.receive(asset.id, file.id, 5) as receiver:
        with pytest.raises(InUseError), queue.assets.receive(asset.id, file.id, 5):
            pass
        receiver.write(b"56789")
    assert queue.assets.path(file).read_bytes() == b"0123456789"
    assert queue.assets.file(asset.id, file.id).is_whole


@pytest.mark.parametrize("chunks", [[b"xx"], [b"xxxx"], []])
def test_put_takes_just_the_bytes_that_were_announced(queue: Queue, chunks: list[bytes]) -> None:
    asset = queue.assets.create("a")
    with pytest.raises(UsageError, match="announced"):
        queue.assets.put(asset.id, "a.bin", chunks, 3)


def test_what_is_not_there_or_is_taken(queue: Queue) -> None:
    asset = queue.assets.get(asset_of(queue))
    with pytest.raises(NameTakenError):
        queue.assets.add_file(asset.id, "foo.mp4", 1)
    with pytest.raises(NoSuchAssetFileError):
        queue.assets.file(asset.id, asset.id)
    with pytest.raises(NoSuchAssetError):
        queue.assets.get("x")
    with pytest.raises(NoSuchJobError):
        queue.get("x")
    with pytest.raises(UsageError, match="no input asset"):
        queue.submit("j", [NewTask("t", "copy", "", ())])
    with pytest.raises(UsageError, match="from 1 to"):
        queue.submit("j", [])
    with pytest.raises(UsageError, match="priority"):
        queue.submit("j", [NewTask("t", "copy", "", (asset.id,))], priority=2)
    with pytest.raises(UsageError, match="configuration"):
        queue.submit("j", [NewTask("t", "copy", "x" * 70_000, (asset.id,))])


def test_an_input_that_was_not_sent_to_its_end_fails_the_task(
    storage: Storage, queue: Queue
) -> None:
    asset = queue.assets.create("a")
    queue.assets.add_file(asset.id, "foo.mp4", 10)
    empty = queue.assets.create("b")
    jobs = [queue.submit("j", [NewTask("t", "copy", "", (id,))]) for id in (asset.id, empty.id)]
    for job, said in zip(jobs, ("0 of 10 bytes", "no files"), strict=True):
        perform_next(storage, PROCESSORS)
        (error,) = queue.get(job.id).tasks[0].errors
        assert error.code == "ErrorDownloadingInputAssetMalformedContent"
        assert said in error.message
