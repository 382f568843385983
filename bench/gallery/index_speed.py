"""Build, memory, speed and recall of the index, on generated embeddings, and of what was tried.

python -m bench.gallery.index_speed [--size 100000] [--size 1000000] [--only persons] [--keep]

Each measurement is a process of its own. Memory is what the process grew by, at its peak, while the
index was built from embeddings made as they are read. A query asks for one person; recall is how
often the answer is the one of an exact search, for faces of enrolled people. usearch is measured
where it is installed; mien does not depend on it.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from bench.description.material import table
from bench.gallery.generated import distances_of, spread
from bench.keeping import keep_option, tell
from mien.gallery import index as index_module
from mien.gallery.persons import Persons
from mien.storage import FaceChunk

Array = NDArray[Any]
Ask = Callable[[Array], int]

BLOCK = 20_000  # faces made at a time
ASKED = 400  # queries
THREADS = 2  # of a build


def chunks(faces: int, each: int) -> Iterator[FaceChunk]:
    """`faces` faces of people who have `each`, the same every time."""
    made = spread()
    for number, start in enumerate(range(0, faces, BLOCK)):
        rng = np.random.default_rng((1, number))
        count = min(BLOCK, faces - start)
        people = np.arange(start, start + count) // each
        centres = made.people(int(people[-1] - people[0]) + 1, rng)[people - people[0]]
        quality = rng.random(count).astype(np.float32)
        numbers = np.arange(start, start + count)
        yield FaceChunk(numbers, people, made.faces(centres, rng), quality, lost=0)


def queries(faces: int, each: int) -> Array:
    """Another face of each of some people of the first block, of whom all faces are in it."""
    made = spread()
    rng = np.random.default_rng((1, 0))
    count = min(BLOCK, faces)
    centres = made.people((count - 1) // each + 1, rng)[:ASKED]
    return made.faces(centres, np.random.default_rng(2))


def memory(what: str) -> float:
    """VmRSS, or VmHWM for its peak, of this process in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(what):
            return int(line.split()[1]) / 1000
    raise LookupError(what)


def timed(ask: Ask, asked: Array) -> dict[str, Any]:
    """Milliseconds of the clock and of the processor, and the answers."""
    for query in asked[:20]:
        ask(query)
    clock, cpu, answers = [], [], []
    for query in asked:
        start, used = time.perf_counter(), time.thread_time()
        answers.append(ask(query))
        clock.append((time.perf_counter() - start) * 1000)
        cpu.append((time.thread_time() - used) * 1000)
    p50, p99 = np.quantile(clock, (0.5, 0.99))
    return {"p50": p50, "p99": p99, "cpu": np.mean(cpu), "answers": answers}


def together(ask: Ask, asked: Array, callers: int = 8) -> float:
    """99th percentile of the milliseconds of a query while `callers` threads ask."""
    spent: list[float] = []

    def call() -> None:
        for query in asked[: ASKED // 4]:
            start = time.perf_counter()
            ask(query)
            spent.append((time.perf_counter() - start) * 1000)

    threads = [threading.Thread(target=call) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return float(np.quantile(spent, 0.99))


def nearest(faces: int, each: int, asked: Array) -> list[int]:
    """The person of the nearest face or mean of each query, by exact search."""
    best, whose = np.full(len(asked), np.inf), np.full(len(asked), -1)
    for chunk in chunks(faces, each):
        part = Persons(len(chunk.sequence), [chunk])
        numbers, apart = part.search(asked, 1)
        nearer = apart[:, 0] < best
        best[nearer], whose[nearer] = apart[nearer, 0], numbers[nearer, 0]
    return [int(number) for number in whose]


def measure_persons(faces: int, each: int) -> Iterator[dict[str, Any]]:
    """The gallery's own index."""
    asked = queries(faces, each)
    before, start = memory("VmRSS"), time.perf_counter()
    persons = Persons(faces, chunks(faces, each), threads=THREADS)
    found = {"build": time.perf_counter() - start, "memory": memory("VmHWM") - before}
    found["process"] = memory("VmHWM")

    def ask(query: Array) -> int:
        return int(persons.search(query[None], 1)[0][0, 0])

    yield found | timed(ask, asked) | {"together": together(ask, asked), "setting": ""}


def measure_library(kind: str, faces: int) -> Iterator[dict[str, Any]]:
    """A library by itself, at several efforts, nearest of 16 by exact distance."""
    vectors = np.concatenate([chunk.embeddings for chunk in chunks(faces, 1)])
    before, start = memory("VmRSS"), time.perf_counter()
    near, efforts = LIBRARIES[kind](vectors)
    built = {"build": time.perf_counter() - start, "memory": memory("VmRSS") - before}
    for effort in efforts:

        def ask(query: Array, effort: float = effort) -> int:
            rows = near(query, effort)
            return int(rows[np.argmin(np.linalg.norm(vectors[rows] - query, axis=1))])

        yield built | timed(ask, queries(faces, 1)) | {"setting": f"{effort:g}"}


Near = Callable[[Array, float], Array]


def exact(vectors: Array) -> tuple[Near, Sequence[float]]:
    """mien's own product of matrices."""
    index = index_module.Exact(len(vectors), lambda: iter([vectors]))
    return lambda query, _: index.near(query[None], 16)[0], (1.0,)


def inverted(vectors: Array) -> tuple[Near, Sequence[float]]:
    """mien's inverted lists of faiss; the effort is the share of lists looked at."""
    index = index_module.Inverted(len(vectors), lambda: iter([vectors]), threads=THREADS)

    def near(query: Array, effort: float) -> Array:
        index_module.LISTS_LOOKED_AT = effort
        return index.near(query[None], 16)[0]

    return near, (0.02, 0.05, 0.1, 0.2)


def graph(vectors: Array) -> tuple[Near, Sequence[float]]:
    """faiss's graph (HNSW, 16 links) of 8-bit codes; the effort is efSearch."""
    faiss = importlib.import_module("faiss")
    faiss.omp_set_num_threads(THREADS)
    made = faiss.IndexHNSWSQ(vectors.shape[1], faiss.ScalarQuantizer.QT_8bit, 16)
    made.hnsw.efConstruction = 64
    made.train(vectors[:50_000])
    made.add(vectors)

    def near(query: Array, effort: float) -> Array:
        settings = faiss.SearchParametersHNSW(efSearch=int(effort))
        return np.asarray(made.search(query[None], 16, params=settings)[1][0])

    return near, (64, 256, 1024)


def usearch(vectors: Array) -> tuple[Near, Sequence[float]]:
    """usearch's graph (HNSW, 16 links) of 8-bit numbers; the effort is expansion_search."""
    library = importlib.import_module("usearch.index")
    made = library.Index(
        ndim=vectors.shape[1], metric="l2sq", dtype="i8", connectivity=16, expansion_add=64
    )
    made.add(np.arange(len(vectors)), vectors, threads=THREADS)

    def near(query: Array, effort: float) -> Array:
        made.expansion_search = int(effort)
        return np.asarray(made.search(query, 16, threads=1).keys, np.int64)

    return near, (64, 256, 1024)


LIBRARIES = {"exact": exact, "faiss, lists": inverted, "faiss, graph": graph, "usearch": usearch}
PERSONS = {"persons, one face": 1, "persons, five faces": 5}


def measured(kind: str, faces: int) -> list[dict[str, Any]]:
    """What `--one` prints, of a process of its own."""
    command = [sys.executable, "-m", "bench.gallery.index_speed", "--one", kind]
    command += ["--size", str(faces)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return list(json.loads(done.stdout))


def rows(kind: str, faces: int, truth: list[int]) -> Iterator[tuple[str, ...]]:
    """Lines of the table for one kind."""
    for found in measured(kind, faces):
        hits = np.mean([a == b for a, b in zip(found["answers"], truth, strict=True)])
        shown = [f"{found['build']:.0f}", f"{found['memory']:.0f}"]
        shown += [f"{found[key]:.1f}" for key in ("p50", "p99", "cpu")]
        shown.append(f"{found['together']:.1f}" if "together" in found else "–")
        yield (f"{faces:,}", kind, found["setting"], *shown, f"{hits:.1%}")


def report(sizes: Sequence[int], only: Sequence[str]) -> Iterator[str]:
    """The tables, as Markdown."""
    yield f"Measured on {date.today()}.\n"
    yield f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start.\n"
    yield from table(
        ("distances of", "share", "generated", "LFW"),
        distances_of(spread(), np.random.default_rng(3)),
    )
    header = ("faces", "index", "effort", "build s", "memory MB", "p50 ms", "p99 ms",
              "processor ms", "p99 of 8 at once", "recall@1")  # fmt: skip
    lines: list[tuple[str, ...]] = []
    for faces in sizes:
        for kind in [*PERSONS, *LIBRARIES]:
            if only and not any(word in kind for word in only):
                continue
            each = PERSONS.get(kind, 1)
            lines += rows(kind, faces, nearest(faces, each, queries(faces, each)))
            click.echo(lines[-1], err=True)
    yield ""
    yield from table(header, lines)


@click.command(help=__doc__)
@click.option("--size", "sizes", type=int, multiple=True, help="Faces: 100,000 and 1,000,000.")
@click.option("--only", multiple=True, help="Indexes whose names contain this.")
@click.option("--one", hidden=True, help="Measure this one, here, and print JSON.")
@keep_option
def main(sizes: tuple[int, ...], only: tuple[str, ...], one: str | None, keep: bool) -> None:
    """Print the tables."""
    if one is not None:
        each = PERSONS.get(one)
        found = measure_persons(sizes[0], each) if each else measure_library(one, sizes[0])
        click.echo(json.dumps(list(found), default=float))
        return
    tell(report(sizes or (100_000, 1_000_000), only), "index", keep=keep)


if __name__ == "__main__":
    main()
