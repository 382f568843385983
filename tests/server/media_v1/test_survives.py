"""Many jobs over HTTP while server and workers are killed at random points, and a very large file.

The oracle is this process: it knows what it was told is there, and what each job must have made.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mien.client import JobState, MediaContext, MediaServicesCredentials
from mien.errors import ServiceError
from mien.jobs.settle import sweep
from mien.storage import open_storage
from tests.clips import numbered, write_clip

START_S = 90.0
PRESETS = ('{"version":"1.0"}', '{"version":"1.0","options":{"mode":"aggregateEmotion"}}')


@dataclass
class Killable:
    """A service on a fixed port that can be killed and started again."""

    folder: Path
    workers: int = 2
    port: int = 0
    process: subprocess.Popen[str] | None = None
    killed: dict[str, int] = field(default_factory=lambda: {"server": 0, "worker": 0})

    def __post_init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def key(self) -> str:
        with open_storage(self.folder / "data", keys=self.folder / "keys") as storage:
            return storage.accounts.create_key("k")[1]

    def start(self) -> None:
        log = (self.folder / "log").open("a")
        options = ("--port", self.port, "--job-workers", self.workers)
        places = ("--data", self.folder / "data", "--keys", self.folder / "keys")
        with log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.server.media_v1.bare", *map(str, options + places)],
                stderr=log,
                stdout=log,
                text=True,
            )

    def worker_pids(self) -> list[int]:
        assert self.process is not None
        path = Path(f"/proc/{self.process.pid}/task")
        with suppress(OSError):
            return [
                int(pid)
                for task in path.iterdir()
                for pid in (task / "children").read_text().split()
            ]
        return []

    def kill_server(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.killed["server"] += 1

    def kill_worker(self, rng: random.Random) -> None:
        end = time.monotonic() + 10
        while not (pids := self.worker_pids()) and time.monotonic() < end:
            time.sleep(0.05)  # they are about to be started, or there is nothing left to do
        with suppress(IndexError, ProcessLookupError):
            os.kill(rng.choice(pids), signal.SIGKILL)
            self.killed["worker"] += 1

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)


def patiently(call: Any, *arguments: Any) -> Any:
    """Call again until the service answers. What is asked again must not be done twice."""
    end = time.monotonic() + START_S
    while True:
        try:
            return call(*arguments)
        except ServiceError as error:
            if error.status is not None or time.monotonic() > end:
                raise
            time.sleep(0.2)


def submit_all(context: MediaContext, clip: Path, count: int) -> dict[str, str]:
    """Jobs that were acknowledged, by id, with the name of the one file that each must make."""
    submitted = {}
    detector = context.media_processors.latest("Azure Media Face Detector")
    for number in range(count):
        asset = context.assets.create(f"in {number}")
        asset.files.create(f"clip{number}.mp4").upload(clip)
        job = context.jobs.create(f"job {number}")
        preset = PRESETS[number % len(PRESETS)]
        job.tasks.add_new("t", detector, preset).input_assets.append(asset)
        job.submit()
        assert job.id is not None
        submitted[job.id] = f"clip{number}_annotations.json"
    return submitted


def check_all(context: MediaContext, submitted: dict[str, str]) -> None:
    jobs = {job.id: job for job in context.jobs}
    assert jobs.keys() == submitted.keys(), "a job is lost, or there is one too many"
    documents = set()
    for id, name in submitted.items():
        job = jobs[id]
        assert job.state is JobState.Finished, job.tasks[0].error_details
        events = [each.code for each in job.historical_events if each.task_id is not None]
        assert events.count("Finished") == 1, "a task was finished twice"
        (asset,) = job.output_media_assets
        assert [file.name for file in asset.files] == [name]
        documents.add(asset.id)
    assert len(documents) == len(submitted)
    assert len(list(context.assets)) == 2 * len(submitted)


def survive(folder: Path, count: int, kills: int, seed: int, *, every_s: float = 6.0) -> None:
    print(f"seed {seed}")  # noqa: T201 - shown when the test fails
    rng = random.Random(seed)
    clip = write_clip(folder / "clip.mp4", numbered(30, 160, 96))
    service = Killable(folder)
    key = service.key()
    service.start()
    try:
        with MediaContext(service.url, MediaServicesCredentials("k", key)) as context:
            patiently(lambda: list(context.media_processors))
            submitted = submit_all(context, clip, count)
            for _ in range(kills):
                time.sleep(rng.random() * every_s)
                if rng.random() < 0.5:
                    service.kill_server()
                    service.start()
                else:
                    service.kill_worker(rng)
            end = time.monotonic() + 60 + 20 * count
            while not all(job.state.is_final for job in patiently(lambda: list(context.jobs))):
                assert time.monotonic() < end, "they are never over"
                time.sleep(1)
            check_all(context, submitted)
    finally:
        service.stop()
    print(service.killed, f"{count} jobs")  # noqa: T201
    with open_storage(folder / "data", keys=folder / "keys") as storage:
        sweep(storage)  # what was left by one who was killed between the end and the tidying up
    assert [*(folder / "data" / "work").glob("*")] == []
    assert [*(folder / "data" / "locks").glob("*")] == []


def test_jobs_survive_kills_of_server_and_workers(tmp_path: Path) -> None:
    survive(tmp_path, 6, 4, random.randrange(10**6), every_s=3.0)


@pytest.mark.long
def test_a_hundred_jobs_survive_kills_of_server_and_workers(tmp_path: Path) -> None:
    survive(tmp_path, 100, 30, random.randrange(10**6))


def peak_mb(pid: int) -> float:
    """The most memory that a process ever held."""
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def send_large(folder: Path, size: int, allowed_mb: float) -> None:
    service = Killable(folder, workers=0)
    key = service.key()
    large = folder / "large.mp4"
    with large.open("wb") as file:
        file.truncate(size)  # a file of zeros that takes no room here
    service.start()
    try:
        with MediaContext(service.url, MediaServicesCredentials("k", key)) as context:
            patiently(lambda: list(context.media_processors))
            assert service.process is not None
            before = peak_mb(service.process.pid)
            asset = context.assets.create("large")
            asset.files.create("large.mp4").upload(large)
            grown = peak_mb(service.process.pid) - before
            print(f"{size >> 20} MiB sent; the service grew by {grown:.1f} MiB")  # noqa: T201
            (kept,) = context.assets.get(asset.id).files
            assert kept.size == size
    finally:
        service.stop()
    assert grown < allowed_mb
    (blob,) = (folder / "data" / "blobs").glob("*/*")
    assert blob.stat().st_size == size


def test_an_upload_does_not_go_into_memory(tmp_path: Path) -> None:
    send_large(tmp_path, 96 << 20, 32)


@pytest.mark.long
def test_two_gigabytes_are_sent_in_constant_memory(tmp_path: Path) -> None:
    send_large(tmp_path, 2 << 30, 32)


def test_an_upload_goes_on_after_the_service_was_killed(tmp_path: Path) -> None:
    service = Killable(tmp_path, workers=0)
    key = service.key()
    data = random.Random(1).randbytes(24 << 20)
    source = tmp_path / "source.mp4"
    source.write_bytes(data)
    service.start()
    try:
        with MediaContext(service.url, MediaServicesCredentials("k", key)) as context:
            patiently(lambda: list(context.media_processors))
            asset = context.assets.create("a")
            file = asset.files.create("source.mp4")

            def killed_once(share: float) -> None:
                if not service.killed["server"] and share < 1:
                    service.kill_server()
                    service.start()
                    patiently(lambda: list(context.media_processors))

            from mien.client import assets

            whole, assets.PART = assets.PART, 4 << 20
            try:
                file.upload(source, on_progress=killed_once)
            finally:
                assets.PART = whole
            (kept,) = context.assets.get(asset.id).files
            kept.download(tmp_path / "back.mp4")
    finally:
        service.stop()
    assert service.killed["server"] == 1
    assert (tmp_path / "back.mp4").read_bytes() == data
    assert json.loads((tmp_path / "log").read_text().splitlines()[0])


def test_a_stream_of_events_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    service = Killable(tmp_path, workers=0)
    key = service.key()
    service.start()
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
    try:
        with MediaContext(service.url, MediaServicesCredentials("k", key)) as context:
            detector = patiently(context.media_processors.latest, "Azure Media Face Detector")
            asset = context.assets.create("a")
            job = context.jobs.create("waits for ever")
            job.tasks.add_new("t", detector, "").input_assets.append(asset)
            job.submit()
            headers = {"Authorization": f"Bearer {key}"}
            connection.request("GET", f"/media/v1/jobs/{job.id}/events", headers=headers)
            response = connection.getresponse()
            assert response.readline() == b"retry: 1000\n"
        assert service.process is not None
        begun = time.monotonic()
        service.process.terminate()
        service.process.wait(30)
        assert time.monotonic() - begun < 10
    finally:
        connection.close()
        service.stop()


def test_what_a_job_works_with_stays_until_it_is_over(tmp_path: Path) -> None:
    service = Killable(tmp_path, workers=0)
    key = service.key()
    service.start()
    try:
        with MediaContext(service.url, MediaServicesCredentials("k", key)) as context:
            detector = patiently(context.media_processors.latest, "Azure Media Face Detector")
            asset = context.assets.create("a")
            job = context.jobs.create("waits for ever")
            job.tasks.add_new("t", detector, "").input_assets.append(asset)
            job.submit()
            for delete in (job.delete, asset.delete):
                with pytest.raises(ServiceError, match=r"cancel it") as refused:
                    delete()
                assert (refused.value.status, refused.value.code) == (409, "InUse")
            job.cancel()
            job.refresh()
            assert job.state is JobState.Canceled
            job.delete()
            asset.delete()
            assert list(context.jobs) == []
            assert list(context.assets) == []
    finally:
        service.stop()
