"""Time and recall of identify over HTTP, in a group of very many generated persons.

python -m bench.server.identify [--persons 100000] [--keep]

The persons have a face each, drawn as LFW's are distributed (bench.gallery.generated), and are
written into the database in bulk; the service trains the group, and is asked who other faces of
some of them are, at a threshold that lets every candidate through. Recall@1 is how often the person
is the one of an exact search. Service and client share the machine.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import date
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import click
import numpy as np
from numpy.typing import NDArray

from bench.description.material import table
from bench.gallery.filling import MODEL, fill, make
from bench.gallery.generated import spread
from bench.keeping import keep_option, tell
from bench.server.run import made_key, resident_mb, service
from bench.speed import machine
from mien.storage import TemplateRow, open_storage

GROUP = "many"
ASKED = 400
WARM = 20
CLIENTS = 8
HOUR_S = 3600
HEAD = ("clients", "identify a second", "p50, ms", "p99, ms", "recall@1 of exact")

Array = NDArray[Any]


class Client:
    """One connection, kept open."""

    def __init__(self, address: str, key: str) -> None:
        self._connection = HTTPConnection(urlsplit(address).netloc, timeout=HOUR_S)
        self._headers = {"Ocp-Apim-Subscription-Key": key, "Content-Type": "application/json"}

    def close(self) -> None:
        self._connection.close()

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The answer to a request; SystemExit when it is an error."""
        sent = None if body is None else json.dumps(body)
        self._connection.request(method, f"/face/v1.0{path}", sent, self._headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {text.decode()}")
        return json.loads(text) if text else None

    def identify(self, face_id: str) -> str:
        """The best candidate for a faceId."""
        body = {"faceIds": [face_id], "largePersonGroupId": GROUP, "confidenceThreshold": 0}
        (found,) = self.ask("POST", "/identify", body)
        return str(found["candidates"][0]["personId"])


def enrol(folder: Path, persons: int) -> tuple[list[str], list[str]]:
    """Fill the group; the faceIds to ask for, and the person nearest to each by exact search."""
    made, rng = spread(), np.random.default_rng(1)
    centres = made.people(persons, rng)
    embeddings = made.faces(centres, rng)
    asked = made.faces(centres[:ASKED], rng)
    with open_storage(folder / "data", None, folder / "keys") as storage:
        account = storage.accounts.all()[0].id
        ids = fill(storage, account, make(storage, account, GROUP), embeddings)
        faces = [TemplateRow(face, 0.5, MODEL) for face in asked]
        remembered = storage.transients.remember(account, faces, HOUR_S)
    return remembered, [ids[np.linalg.norm(embeddings - each, axis=1).argmin()] for each in asked]


def train(client: Client) -> float:
    """Train the group; the seconds it took."""
    start = time.perf_counter()
    client.ask("POST", f"/largepersongroups/{GROUP}/train")
    while True:
        state = client.ask("GET", f"/largepersongroups/{GROUP}/training")
        if state["status"] == "succeeded":
            return time.perf_counter() - start
        if state["status"] == "failed":
            raise SystemExit(state["message"])
        time.sleep(0.1)


def timed(client: Client, face_ids: Sequence[str], found: dict[str, str], ms: list[float]) -> None:
    """Ask one after the other."""
    for face_id in face_ids:
        start = time.perf_counter()
        found[face_id] = client.identify(face_id)
        ms.append(1000 * (time.perf_counter() - start))


def row(address: str, key: str, clients: int, truth: dict[str, str]) -> tuple[str, ...]:
    """A line of the table: so many clients ask, each for its share, over and over."""
    found: dict[str, str] = {}
    ms: list[float] = []
    shares = [list(truth)[first::clients] for first in range(clients)]
    start = time.perf_counter()
    with ExitStack() as stack, ThreadPoolExecutor(clients) as threads:
        each = [stack.enter_context(closing(Client(address, key))) for _ in shares]
        list(threads.map(lambda one, share: timed(one, share, found, ms), each, shares))
    wall = time.perf_counter() - start
    right = np.mean([found.get(face_id) == person for face_id, person in truth.items()])
    p50, p99 = np.quantile(ms, (0.5, 0.99))
    return (str(clients), f"{len(ms) / wall:.0f}", f"{p50:.1f}", f"{p99:.1f}", f"{right:.2%}")


def measured(persons: int) -> Iterator[str]:
    """The table, as Markdown."""
    yield f"Measured on {date.today()}: {machine()}; load average before: {os.getloadavg()[0]:.1f}."
    with TemporaryDirectory() as name:
        folder = Path(name)
        key = made_key(folder)
        start = time.perf_counter()
        face_ids, nearest = enrol(folder, persons)
        wall = time.perf_counter() - start
        yield f"{persons:,} persons with a face each; written in {wall:.0f} s."
        with service(folder) as (address, pid), closing(Client(address, key)) as client:
            before = resident_mb(pid)
            yield f"Trained in {train(client):.1f} s; memory of the service before and after: "
            yield f"{before:.0f} and {resident_mb(pid):.0f} MB.\n"
            timed(client, face_ids[:WARM], {}, [])
            truth = dict(zip(face_ids, nearest, strict=True))
            yield from table(HEAD, [row(address, key, clients, truth) for clients in (1, CLIENTS)])


@click.command(help=__doc__)
@click.option("--persons", default=100_000, show_default=True)
@keep_option
def main(persons: int, keep: bool) -> None:
    """Print the table."""
    tell(measured(persons), "identify", keep=keep)


if __name__ == "__main__":
    main()
