"""Tasks done in this process: what becomes of them, and what is told."""

from __future__ import annotations

import pytest

from mien.errors import InUseError
from mien.jobs import Job, NewTask, Queue, State
from mien.jobs.perform import MOST_DEATHS, perform_next
from mien.storage import Storage
from tests.jobs.made import PROCESSORS


@pytest.fixture
def queue(storage: Storage, account: str) -> Queue:
    return Queue(storage, account, processors=PROCESSORS)


def submitted(queue: Queue, configuration: str = "", *, data: bytes = b"data") -> Job:
    """A job with one task on one file."""
    asset = queue.assets.create("in")
    queue.assets.put(asset.id, "foo.mp4", [data], len(data))
    return queue.submit("job", [NewTask("task", "copy", configuration, (asset.id,), "out")])


def states(queue: Queue, job: Job) -> list[State]:
    """Those that the job went through."""
    return [each.state for each in queue.history(job.id) if each.task is None]


def test_a_task_is_done_and_its_output_is_there(storage: Storage, queue: Queue) -> None:
    job = submitted(queue)
    assert perform_next(storage, PROCESSORS)
    assert not perform_next(storage, PROCESSORS)
    after = queue.get(job.id)
    assert after.state is State.Finished
    assert after.progress == 100
    asset = queue.assets.get(after.tasks[0].output)
    assert (asset.name, [file.name for file in asset.files]) == ("out", ["foo_copy.bin"])
    assert queue.assets.path(asset.files[0]).read_bytes() == b"data!"
    assert states(queue, job) == [State.Queued, State.Scheduled, State.Processing, State.Finished]
    assert not (storage.place.data / "work" / job.tasks[0].id).exists()


def test_what_fails_has_a_code_and_no_path_of_the_service(storage: Storage, queue: Queue) -> None:
    job = submitted(queue, "fail")
    perform_next(storage, PROCESSORS)
    after = queue.get(job.id)
    assert after.state is State.Error
    (error,) = after.tasks[0].errors
    assert error.code == "ErrorExecutingTaskMalformedContent"
    assert error.message == "foo.mp4 cannot be read"


def test_a_canceled_job_leaves_nothing(storage: Storage, queue: Queue) -> None:
    job = submitted(queue)
    assert queue.cancel(job.id).state is State.Canceled
    assert not perform_next(storage, PROCESSORS)
    assert states(queue, job) == [State.Queued, State.Canceling, State.Canceled]
    with pytest.raises(InUseError):
        queue.cancel(job.id)


def test_a_task_that_is_canceled_while_it_is_done_has_no_output(
    storage: Storage, queue: Queue
) -> None:
    job = submitted(queue)

    def watch(task: object, lock: object) -> None:
        if task is not None:
            assert queue.cancel(job.id).state is State.Canceling

    perform_next(storage, PROCESSORS, watch)
    assert queue.get(job.id).state is State.Canceled
    assert len(queue.assets.page()) == 1


def test_a_task_over_which_workers_end_again_and_again_has_failed(
    storage: Storage, queue: Queue
) -> None:
    job = submitted(queue)
    for _ in range(MOST_DEATHS):
        assert storage.jobs.begin(job.tasks[0].id) is not None  # and the worker ends
    assert perform_next(storage, PROCESSORS)
    (error,) = queue.get(job.id).tasks[0].errors
    assert error.code == "ErrorProcessingTask"


def test_nobody_takes_what_another_works_on(storage: Storage, queue: Queue) -> None:
    job = submitted(queue)
    lock = storage.locks.take(job.tasks[0].id)
    assert lock is not None
    with lock:
        assert not perform_next(storage, PROCESSORS)
    assert perform_next(storage, PROCESSORS)
