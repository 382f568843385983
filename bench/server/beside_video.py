"""Whether a long video slows a detect: the times of answers with and without one in work.

python -m bench.server.beside_video           print the table
python -m bench.server.beside_video --keep    and keep it in bench/results/

The machine is left alone and has a video to analyse (a job, on all workers) by turns, so that what
else changes with time falls on both. Clients send one request after the other, and share the
machine with the service and its workers.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import cv2
import numpy as np

from bench.description.material import table
from bench.keeping import keep_option, tell
from bench.server.load import Clients, Tally
from bench.server.run import DETECT, LANDMARKS, cpu_s, made_key, portrait, service
from bench.soak import repeated
from bench.speed import machine, walk
from mien.client import Asset, JobState, MediaContext, MediaServicesCredentials
from tests.clips import write_clip

WIDTH, HEIGHT, RATE = 1280, 720, 25
CLIP_S, TIMES = 30, 40
"""A clip of so many seconds, so many times in a row: a video of twenty minutes."""

PROCESSOR, PRESET = "Azure Media Face Detector", '{"version": "1.0"}'
WARM_S, PATIENCE_S = 3.0, 600.0
HEAD = ("the machine", "requests", "p50, ms", "p95, ms", "p99, ms", "cores for the video")


@dataclass
class Case:
    """What was measured, of all rounds of one kind."""

    ms: list[float] = field(default_factory=list)
    cores: list[float] = field(default_factory=list)

    def row(self, name: str) -> tuple[str, ...]:
        """Of the table."""
        told = ("-" if np.isnan(value) else f"{value:.1f}" for value in self.quantiles())
        cores = f"{np.mean(self.cores):.2f}" if self.cores else "0"
        return (name, str(len(self.ms)), *told, cores)

    def quantiles(self) -> tuple[float, ...]:
        """p50, p95 and p99 in milliseconds; NaN where nothing was asked."""
        if not self.ms:
            return (float("nan"),) * 3
        return tuple(float(each) for each in np.quantile(self.ms, (0.5, 0.95, 0.99)))


class Bench:
    """A service with a long video, and clients.

    Args:
        address, key, pid: of the service.
        context: a client of its jobs.
        video: the asset that holds the video.
    """

    def __init__(
        self, address: str, key: str, pid: int, context: MediaContext, video: Asset
    ) -> None:
        body = cv2.imencode(".jpg", portrait()[..., ::-1])[1].tobytes()
        self._clients = Clients(address, DETECT + LANDMARKS, key, body)
        self._pid, self._context, self._video = pid, context, video

    def ask(self, clients: int, seconds: float) -> Tally:
        """Send requests; SystemExit if one is refused."""
        tally = self._clients.run(clients, until=time.monotonic() + seconds, most=10**9)
        if tally.statuses.keys() != {"200"}:
            raise SystemExit(f"the service answered {tally.statuses}")
        return tally

    def measure(self, case: Case, clients: int, seconds: float) -> None:
        """Send requests for a while, or wait for as long with no clients."""
        workers = workers_of(self._pid)
        before, start = sum(map(cpu_s, workers)), time.monotonic()
        if clients:
            case.ms += [1000 * each for each in self.ask(clients, seconds).seconds]
        else:
            time.sleep(seconds)
        if workers:
            spent = sum(map(cpu_s, workers)) - before
            case.cores.append(spent / (time.monotonic() - start))

    @contextmanager
    def working(self) -> Iterator[None]:
        """Have the video analysed as long as the block lasts; SystemExit if it is over sooner."""
        job = self._context.jobs.create("long")
        detector = self._context.media_processors.latest(PROCESSOR)
        job.tasks.add_new("t", detector, PRESET).input_assets.append(self._video)
        job.submit()
        end = time.monotonic() + PATIENCE_S
        while not job.tasks[0].progress:  # the workers have started, and their models are loaded
            if time.monotonic() > end:
                raise SystemExit("the job did not begin")
            time.sleep(0.2)
            job.refresh()
        yield
        job.refresh()
        if job.state is not JobState.Processing:
            raise SystemExit(f"the job was {job.state.name} before the end; take fewer seconds")
        job.cancel()
        job.wait()


def workers_of(pid: int) -> list[int]:
    """The processes that any thread of a process has started."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for each in lists for child in each.read_text().split()]


def long_video(folder: Path) -> Path:
    """Two people who walk about, for twenty minutes."""
    clip = write_clip(folder / "clip.mp4", walk(WIDTH, HEIGHT, CLIP_S * RATE), rate=RATE)
    repeated(clip, folder / "long.mp4", TIMES)
    return folder / "long.mp4"


def measured(clients: int, seconds: float, rounds: int) -> Iterator[str]:
    """The table, as Markdown."""
    yield f"Measured on {date.today()}: {machine()}; load average before: {os.getloadavg()[0]:.1f}."
    yield f"Detect with landmarks and emotion on a portrait of 640 pixels, clients: {clients};"
    yield f"the video: {CLIP_S * TIMES // 60} minutes of {WIDTH}x{HEIGHT}, in one job.\n"
    idle, beside, alone = Case(), Case(), Case()
    with TemporaryDirectory() as name:
        folder = Path(name)
        key = made_key(folder)
        with (
            service(folder) as (address, pid),
            MediaContext(address, MediaServicesCredentials("bench", key)) as context,
        ):
            video = context.assets.create("long")
            video.files.create("long.mp4").upload(long_video(folder))
            bench = Bench(address, key, pid, context, video)
            bench.ask(clients, WARM_S)
            for _ in range(rounds):
                bench.measure(idle, clients, seconds)
                with bench.working():
                    bench.measure(beside, clients, seconds)
                    bench.measure(alone, 0, seconds / 2)
    rows = [("no video", idle), ("a video", beside), ("a video, no requests", alone)]
    yield from table(HEAD, [case.row(name) for name, case in rows])
    pairs = zip(beside.quantiles(), idle.quantiles(), strict=True)
    ratios = ", ".join(f"{ours / others:.2f}" for ours, others in pairs)
    yield f"\nWith a video to without: {ratios} times (p50, p95, p99)."


@click.command(help=__doc__)
@click.option("--clients", default=1, show_default=True)
@click.option("--seconds", default=20.0, show_default=True, help="Of each turn.")
@click.option("--rounds", default=3, show_default=True)
@keep_option
def main(clients: int, seconds: float, rounds: int, keep: bool) -> None:
    """Print the table."""
    tell(measured(clients, seconds, rounds), "beside-video", keep=keep)


if __name__ == "__main__":
    main()
