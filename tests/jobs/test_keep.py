"""How long a job, what it worked on and what it made are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from mien.errors import (
    NoSuchAssetError,
    NoSuchJobError,
    NoSuchProcessorError,
    OutputError,
    UsageError,
)
from mien.jobs import Job, NewTask, Queue, State
from mien.jobs.perform import perform_next
from mien.jobs.settle import sweep
from mien.storage import Storage
from tests.jobs.made import PROCESSORS


@pytest.fixture
def queue(storage: Storage, account: str) -> Queue:
    return Queue(storage, account, origin="brief", processors=PROCESSORS)


def submitted(queue: Queue, configuration: str, keep_s: float | None) -> Job:
    asset = queue.assets.create("in")
    queue.assets.put(asset.id, "foo.mp4", [b"data"], 4)
    return queue.submit("job", [NewTask("t", "copy", configuration, (asset.id,))], keep_s=keep_s)


def is_there(queue: Queue, asset: str) -> bool:
    try:
        queue.assets.get(asset)
    except NoSuchAssetError:
        return False
    return True


def test_what_was_worked_on_goes_at_the_end_and_the_rest_later(
    storage: Storage, queue: Queue
) -> None:
    job = submitted(queue, "", 3600)
    (task,) = job.tasks
    sweep(storage)
    assert is_there(queue, task.inputs[0])
    (file,) = queue.assets.get(task.inputs[0]).files
    perform_next(storage, PROCESSORS)
    sweep(storage)
    assert not is_there(queue, task.inputs[0])
    assert not queue.assets.path(file).exists()
    assert queue.get(job.id).state is State.Finished
    (made,) = queue.assets.get(task.output).files
    assert queue.assets.path(made).read_bytes() == b"data!"


@pytest.mark.parametrize("configuration", ["", "fail"])
def test_when_the_time_is_over_nothing_is_left(
    configuration: str, storage: Storage, queue: Queue
) -> None:
    job = submitted(queue, configuration, 0)
    (task,) = job.tasks
    sweep(storage)
    assert queue.get(job.id).state is State.Queued  # it counts from the end
    perform_next(storage, PROCESSORS)
    sweep(storage)
    with pytest.raises(NoSuchJobError):
        queue.get(job.id)
    assert not is_there(queue, task.inputs[0])
    assert not is_there(queue, task.output)
    assert queue.assets.page() == []


def test_a_canceled_job_counts_as_over(storage: Storage, queue: Queue) -> None:
    job = submitted(queue, "", 0)
    queue.cancel(job.id)
    sweep(storage)
    assert queue.page() == []
    assert queue.assets.page() == []


def test_without_a_time_all_stays(storage: Storage, queue: Queue) -> None:
    job = submitted(queue, "", None)
    perform_next(storage, PROCESSORS)
    sweep(storage)
    (task,) = queue.get(job.id).tasks
    assert is_there(queue, task.inputs[0])
    assert is_there(queue, task.output)


def test_an_input_that_another_job_needs_stays_until_that_is_over(
    storage: Storage, queue: Queue
) -> None:
    first = submitted(queue, "", 3600)
    shared = first.tasks[0].inputs
    second = queue.submit("job", [NewTask("t", "copy", "", shared)])
    perform_next(storage, PROCESSORS)
    sweep(storage)
    assert is_there(queue, shared[0])
    perform_next(storage, PROCESSORS)
    assert queue.get(second.id).state is State.Finished
    sweep(storage)
    assert not is_there(queue, shared[0])


def test_nothing_is_left_of_a_file_that_cannot_be_kept(storage: Storage, queue: Queue) -> None:
    def breaks() -> Iterator[bytes]:
        yield b"some"
        raise OutputError("the disk is full")

    def submit(chunks: Iterable[bytes], processor: str = "copy") -> Job:
        return queue.submit_file(
            "job", "a.mp4", chunks, 8, processor=processor, configuration="", keep_s=60
        )

    for chunks, wrong in ((breaks(), OutputError), ([b"short"], UsageError)):
        with pytest.raises(wrong):
            submit(chunks)
    with pytest.raises(NoSuchProcessorError):
        submit([b"12345678"], "paint")
    assert queue.assets.page() == []
    assert [*(storage.place.data / "blobs").glob("*/*")] == []
    job = submit([b"12345678"])
    perform_next(storage, PROCESSORS)
    sweep(storage)
    assert not is_there(queue, job.tasks[0].inputs[0])
    assert queue.get(job.id).state is State.Finished
