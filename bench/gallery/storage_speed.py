"""How fast the storage writes and loads.

python -m bench.gallery.storage_speed [--faces 100000] [--url postgresql://…]

Writes are acknowledged ones: each is on disk (synchronous=FULL) before the next begins, one thread
at a time and eight at once. Vectors are random; their content has no say in the time.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.gallery.filling import KIND, LIMIT, MODEL, fill, make
from mien.storage import Storage, TemplateRow, open_storage

THREADS = 8


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faces", type=int, default=100_000, help="how many to load")
    parser.add_argument("--writes", type=int, default=400, help="how many to write one by one")
    parser.add_argument("--url", help="a PostgreSQL database in place of SQLite")
    parser.add_argument("--folder", type=Path, help="where to write [a temporary folder]")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        data, keys = Path(folder, "data"), Path(folder, "keys")
        print(f"synchronous appends of 4 KB a second on this disk: {syncs(Path(folder)):.0f}")
        with open_storage(data, options.url, keys) as storage:
            account = storage.accounts.create(f"bench {uuid.uuid4()}").id
            writes(storage, account, options.writes)
            load(storage, account, options.faces)


def syncs(folder: Path, count: int = 200) -> float:
    """What the disk can do at most, to compare with."""
    with open(folder / "probe", "wb") as file:
        start = time.perf_counter()
        for _ in range(count):
            file.write(b"\0" * 4096)
            file.flush()
            os.fdatasync(file.fileno())
        return count / (time.perf_counter() - start)


def template(rng: np.random.Generator) -> TemplateRow:
    return TemplateRow(rng.normal(scale=0.12, size=128).astype(np.float32), 0.5, MODEL)


def writes(storage: Storage, account: str, count: int) -> None:
    """Writes a second, by kind."""
    make(storage, account, "writes")

    def enrol(rng: np.random.Generator) -> None:
        one = storage.persons.create(account, KIND, "writes", name="p", user_data=None, limit=LIMIT)
        storage.faces.add(
            account, KIND, "writes", template(rng), person=one, user_data=None, limit=248
        )

    def remember(rng: np.random.Generator) -> None:
        storage.transients.remember(account, [template(rng)], 86_400)

    def delete(_: np.random.Generator) -> None:
        (row,) = storage.persons.page(account, KIND, "writes", "", 1)
        storage.deletion.person(account, KIND, "writes", row.id)

    for name, job in (("person and face", enrol), ("remember", remember)):
        for threads in (1, THREADS):
            print(f"{name}, {threads} at a time: {rate(job, count, threads):.0f} a second")
    print(f"delete a person, 1 at a time: {rate(delete, count // 4, 1):.0f} a second")


def rate(job: Callable[[np.random.Generator], None], count: int, threads: int) -> float:
    """How often a job is done in a second."""

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(count // threads):
            job(rng)

    workers = [threading.Thread(target=work, args=(seed,)) for seed in range(threads)]
    start = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return count // threads * threads / (time.perf_counter() - start)


def load(storage: Storage, account: str, count: int) -> None:
    """The time to open all faces of a group, one face a person."""
    collection = make(storage, account, "load")
    start = time.perf_counter()
    rng = np.random.default_rng(0)
    fill(storage, account, collection, rng.normal(scale=0.12, size=(count, 128)).astype(np.float32))
    print(f"{count} persons with a face each, filled in bulk: {time.perf_counter() - start:.1f} s")
    start = time.perf_counter()
    found = sum(len(chunk) for chunk in storage.faces.chunks(collection))
    seconds = time.perf_counter() - start
    assert found == count
    print(f"{count} sealed faces loaded: {seconds:.1f} s, {count / seconds:.0f} a second")
    start = time.perf_counter()
    storage.persons.page(account, KIND, "load", "7", 1000)
    print(f"a page of 1000 persons: {(time.perf_counter() - start) * 1000:.0f} ms")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"most memory of the process: {peak:.0f} MiB")


if __name__ == "__main__":
    main()
