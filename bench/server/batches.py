"""What sharing runs saves: a face in runs of several faces, and a request with and without it.

python -m bench.server.batches
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue
from typing import Any

import click
import cv2
import numpy as np

from bench.server.run import portrait
from mien.describe.embedding import Embedding
from mien.describe.emotion import EmotionModel
from mien.server.inference import Wants
from mien.server.metrics import Metrics
from mien.server.settings import Limits
from mien.server.workers import THREADS_A_CORE, ModelWorker, worker_maker

REPEAT = 15
REQUESTS = 40
WANTS = Wants(frozenset({"mesh", "emotion"}), recognition=True)


def cpu_ms(run: Callable[[], Any]) -> float:
    """CPU milliseconds of all threads."""
    start = time.process_time()
    run()
    return 1000 * (time.process_time() - start)


def least_ms(run: Callable[[], Any], faces: int) -> float:
    """Least CPU milliseconds a face; hardly moves when others share the machine."""
    run()
    return min(cpu_ms(run) for _ in range(REPEAT)) / faces


def a_face() -> None:
    """What a face costs in runs of so many."""
    rng = np.random.default_rng(0)
    embeddings = [Embedding.load(threads=1, batches=batches) for batches in (False, True)]
    emotion = EmotionModel.load(threads=1)
    click.echo(f"{'faces':>6} {'embedding':>10} {'for batches':>12} {'expression':>11}")
    for faces in (1, 2, 4, 8, 16):
        chips = list(rng.integers(0, 255, (faces, 150, 150, 3), dtype=np.uint8))
        crops = rng.integers(0, 255, (faces, 48, 48), dtype=np.uint8)
        plain, large = (least_ms(partial(each.embed, chips), faces) for each in embeddings)
        read = least_ms(partial(emotion.read, crops), faces)
        click.echo(f"{faces:>6} {plain:>10.1f} {large:>12.1f} {read:>11.1f}")


def a_request(cores: int, rounds: int) -> None:
    """What a request costs when each core has one picture at work, or several."""
    data = cv2.imencode(".jpg", portrait()[..., ::-1])[1].tobytes()
    spent: dict[int, list[float]] = {1: [], THREADS_A_CORE: []}
    for _ in range(rounds):
        for threads, found in spent.items():
            make = worker_maker(Metrics(), Limits(), cores)
            idle: SimpleQueue[ModelWorker] = SimpleQueue()
            for _ in range(threads * cores):
                idle.put(make())
            with ThreadPoolExecutor(threads * cores) as pool:
                work = partial(_requests, pool, idle, data)
                work(2 * cores)
                found.append(cpu_ms(partial(work, REQUESTS)) / REQUESTS)
    for threads, found in spent.items():
        click.echo(
            f"{threads} at work for each of {cores} cores: mean {np.mean(found):.1f}, "
            f"least {min(found):.1f} ms CPU a request"
        )


def _requests(
    pool: ThreadPoolExecutor, idle: SimpleQueue[ModelWorker], data: bytes, count: int
) -> None:
    def one(_: int) -> None:
        worker = idle.get()
        worker.see(data, WANTS)
        idle.put(worker)

    list(pool.map(one, range(count)))


@click.command()
@click.option("--cores", default=2, show_default=True)
@click.option("--rounds", default=6, show_default=True)
def main(cores: int, rounds: int) -> None:
    """Print both tables."""
    a_face()
    a_request(cores, rounds)


if __name__ == "__main__":
    main()
