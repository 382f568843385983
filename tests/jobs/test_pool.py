"""Workers as processes: bounded, started anew, ended by a cancel; and what they had goes on."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mien.errors import UsageError
from mien.jobs import Job, NewTask, Pool, Queue, State
from mien.jobs.settle import sweep
from mien.storage import Storage
from tests.jobs.made import PROCESSORS
from tests.stores import Place

MADE = "tests.jobs.made:PROCESSORS"


@pytest.fixture
def storage(sqlite_place: Place) -> Iterator[Storage]:
    """On SQLite; `test_killed` has both databases."""
    with sqlite_place.open() as opened:
        yield opened


@pytest.fixture
def queue(storage: Storage, account: str) -> Queue:
    return Queue(storage, account, processors=PROCESSORS)


def submitted(queue: Queue, processor: str, configuration: str, data: bytes = b"data") -> Job:
    asset = queue.assets.create("in")
    queue.assets.put(asset.id, "foo.mp4", [data], len(data))
    return queue.submit("job", [NewTask("task", processor, configuration, (asset.id,))])


def until(what: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.02)


def lines(log: Path) -> list[tuple[int, int]]:
    """The parts that were worked on, and the processes that did."""
    found = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
    return [(int(number), int(pid)) for number, pid in found]


def counted(queue: Queue, job: Job, upto: int) -> None:
    """The job is done, and its sum is right."""
    done = queue.wait(job.id, timeout_s=120)
    assert done.state is State.Finished, done.tasks[0].errors
    (file,) = queue.assets.get(done.tasks[0].output).files
    assert queue.assets.path(file).read_text() == str(sum(range(upto)))


@pytest.mark.skipif(sys.platform != "linux", reason="priorities are Linux's")
def test_workers_give_way_to_the_service(storage: Storage, queue: Queue) -> None:
    """A priority counts within a session where Linux groups processes by it."""
    job = submitted(queue, "Copy", "wait 1")
    with Pool(storage, 1, processors=MADE) as pool:
        until(lambda: queue.get(job.id).state is State.Processing)
        (pid,) = pool.pids
        threads = [int(thread) for thread in os.listdir(f"/proc/{pid}/task")]
        assert min(os.getpriority(os.PRIO_PROCESS, thread) for thread in threads) >= 15
        assert os.getsid(pid) == os.getsid(0)
        assert os.getpgid(pid) != os.getpgid(0), "Ctrl-C would reach it"


def test_one_task_uses_all_workers_that_have_nothing_to_do(
    storage: Storage, queue: Queue, tmp_path: Path
) -> None:
    log = tmp_path / "parts.log"
    job = submitted(queue, "Count", str(tmp_path / "parts"), b"60")
    with Pool(storage, 2, processors=MADE):
        counted(queue, job, 60)
    assert sorted(number for number, _ in lines(log)) == [*range(60)], "each part once"
    assert len({pid for _, pid in lines(log)}) == 2
    sweep(storage)
    assert [*(storage.place.data / "work").glob("*")] == []
    assert [*(storage.place.data / "locks").glob("*")] == []


def test_whoever_dies_of_those_at_a_task_it_goes_on(
    storage: Storage, queue: Queue, tmp_path: Path
) -> None:
    log = tmp_path / "parts.log"
    job = submitted(queue, "Count", str(tmp_path / "parts"), b"80")
    with Pool(storage, 2, processors=MADE) as pool:
        for _ in range(2):
            until(lambda: len({pid for _, pid in lines(log)} & {*pool.pids}) == 2)
            os.kill(pool.pids[-1], signal.SIGKILL)
        counted(queue, job, 80)
    worked_on = [number for number, _ in lines(log)]
    assert sorted(set(worked_on)) == [*range(80)]
    assert len(worked_on) <= 80 + 4, "only what was under way is done again, at either worker"


def test_a_cancel_ends_those_who_help(storage: Storage, queue: Queue, tmp_path: Path) -> None:
    log = tmp_path / "parts.log"
    job = submitted(queue, "Count", str(tmp_path / "parts"), b"6000")
    with Pool(storage, 2, processors=MADE):
        until(lambda: len({pid for _, pid in lines(log)}) == 2)
        queue.cancel(job.id)
        assert queue.wait(job.id, timeout_s=60).state is State.Canceled
        until(lambda: not (storage.place.data / "work" / job.tasks[0].id).exists())
        time.sleep(1.5)  # a helper sees it within half a second
        before = log.read_text()
        time.sleep(0.5)
        assert log.read_text() == before
        assert not (storage.place.data / "work" / job.tasks[0].id).exists()


def test_a_task_that_comes_goes_before_help(storage: Storage, queue: Queue, tmp_path: Path) -> None:
    long = submitted(queue, "Count", str(tmp_path / "parts"), b"6000")
    log = tmp_path / "parts.log"
    with Pool(storage, 2, processors=MADE):
        until(lambda: len({pid for _, pid in lines(log)}) == 2)
        assert queue.wait(submitted(queue, "Copy", "").id, timeout_s=60).state is State.Finished
        assert queue.get(long.id).state is State.Processing
        queue.cancel(long.id)
        queue.wait(long.id, timeout_s=60)


def test_jobs_are_done_by_at_most_so_many_workers(storage: Storage, queue: Queue) -> None:
    with Pool(storage, 2, processors=MADE) as pool:
        jobs = [submitted(queue, "Copy", "") for _ in range(6)]
        done = [queue.wait(job.id, timeout_s=60) for job in jobs]
        assert len(pool.pids) <= 2
    assert {job.state for job in done} == {State.Finished}
    assert pool.pids == []


def test_a_task_goes_on_from_its_last_part_after_kill_9(
    storage: Storage, queue: Queue, tmp_path: Path
) -> None:
    log = tmp_path / "parts.log"
    job = submitted(queue, "Count", str(tmp_path / "parts"), b"20")
    with Pool(storage, 1, processors=MADE) as pool:
        until(lambda: len(lines(log)) >= 5)
        os.kill(pool.pids[0], signal.SIGKILL)
        done = queue.wait(job.id, timeout_s=60)
    assert done.state is State.Finished
    asset = queue.assets.get(done.tasks[0].output)
    assert queue.assets.path(asset.files[0]).read_text() == str(sum(range(20)))
    worked_on = [number for number, _ in lines(log)]
    assert sorted(set(worked_on)) == [*range(20)]
    assert len(worked_on) <= 21, "only the part that was under way is done again"
    assert done.tasks[0].claim == 2


def test_a_cancel_ends_the_worker_and_the_next_task_is_done(storage: Storage, queue: Queue) -> None:
    with Pool(storage, 1, processors=MADE):
        long = submitted(queue, "Copy", "wait 600")
        until(lambda: queue.get(long.id).state is State.Processing)
        begun = time.monotonic()
        assert queue.cancel(long.id).state is State.Canceling
        assert queue.wait(long.id, timeout_s=60).state is State.Canceled
        took = time.monotonic() - begun
        assert queue.wait(submitted(queue, "Copy", "").id, timeout_s=60).state is State.Finished
    assert took < 5
    assert not (storage.place.data / "work" / long.tasks[0].id).exists()


def test_what_the_pool_had_when_it_closed_goes_on_with_the_next(
    storage: Storage, queue: Queue
) -> None:
    job = submitted(queue, "Copy", "wait 2")
    with Pool(storage, 1, processors=MADE):
        until(lambda: queue.get(job.id).state is State.Processing)
    assert queue.get(job.id).state is State.Processing
    with Pool(storage, 1, processors=MADE):
        assert queue.wait(job.id, timeout_s=60).state is State.Finished


def test_a_task_that_ends_its_worker_does_not_hold_up_the_others(
    storage: Storage, queue: Queue
) -> None:
    bad = submitted(queue, "Copy", "die")
    good = [submitted(queue, "Copy", "") for _ in range(3)]
    with Pool(storage, 2, processors=MADE):
        assert [queue.wait(job.id, timeout_s=60).state for job in good] == [State.Finished] * 3
        after = queue.wait(bad.id, timeout_s=120)
    assert after.state is State.Error
    assert after.tasks[0].errors[0].code == "ErrorProcessingTask"


def test_a_pool_has_no_fewer_than_no_workers(storage: Storage) -> None:
    with pytest.raises(UsageError, match="at least 0"):
        Pool(storage, -1)
