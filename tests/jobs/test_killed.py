"""kill -9 of workers at random points: no job is lost, and none is done twice.

The oracle is this process: it knows what was submitted, and what of it each output must hold.
"""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress

from mien.jobs import Job, NewTask, Pool, Queue, State
from mien.jobs.settle import sweep
from tests.jobs.made import PROCESSORS
from tests.stores import Place

MADE = "tests.jobs.made:PROCESSORS"


def submit_all(queue: Queue, count: int, rng: random.Random) -> dict[str, tuple[Job, bytes]]:
    jobs = {}
    for number in range(count):
        data = f"input {number} ".encode() * rng.randrange(1, 2000)
        asset = queue.assets.create(f"in {number}")
        queue.assets.put(asset.id, f"{number}.mp4", [data], len(data))
        configuration = f"wait {rng.random() / 2}"
        job = queue.submit(f"{number}", [NewTask("t", "Copy", configuration, (asset.id,))])
        jobs[job.id] = job, data
    return jobs


def check_all(queue: Queue, jobs: dict[str, tuple[Job, bytes]]) -> None:
    """Every job is Finished once, and has its own output; there is no other."""
    assert {job.id for job in queue.page()} == set(jobs)
    outputs = set()
    for id, (_, data) in jobs.items():
        job = queue.get(id)
        assert job.state is State.Finished, job.tasks[0].errors
        events = [each for each in queue.history(id) if each.task is not None]
        assert [each.state for each in events].count(State.Finished) == 1
        outputs.add(job.tasks[0].output)
        asset = queue.assets.get(job.tasks[0].output)
        assert queue.assets.path(asset.files[0]).read_bytes() == data + b"!"
    assert len(outputs) == len(jobs)
    assert len(queue.assets.page()) == 2 * len(jobs)


def test_no_job_is_lost_or_done_twice_when_workers_are_killed(place: Place) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails
    rng = random.Random(seed)
    with place.open() as storage:
        account = storage.accounts.create("a").id
        queue = Queue(storage, account, processors=PROCESSORS)
        jobs = submit_all(queue, 20, rng)
        with Pool(storage, 2, processors=MADE) as pool:
            kills = 0
            while kills < 4 and storage.jobs.waiting():
                time.sleep(rng.random())
                with suppress(IndexError, ProcessLookupError):
                    os.kill(rng.choice(pool.pids), signal.SIGKILL)
                    kills += 1
            assert kills, "all was done before anybody could be killed"
            for id in jobs:
                queue.wait(id, timeout_s=120)
        check_all(queue, jobs)
        sweep(storage)  # what was left by one who was killed between the end and the tidying up
        blobs = {path.name for path in (place.data / "blobs").glob("*/*")}
        known = {file.id for asset in queue.assets.page() for file in asset.files}
        assert known <= blobs
        assert [*(place.data / "work").glob("*")] == []
