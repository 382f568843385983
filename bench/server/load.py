"""Clients that send one request after the other; a process of its own, so that the service has its.

python -m bench.server.load http://127.0.0.1:8000 KEY picture.jpg --seconds 20

Prints one JSON document.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

PATIENCE_S = 60.0


@dataclass
class Tally:
    """What came of the requests of all clients."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    sizes: set[int] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, status: str, seconds: float, size: int) -> None:
        with self.lock:
            self.seconds.append(seconds)
            self.sizes.add(size)
            self.statuses[status] = self.statuses.get(status, 0) + 1


class Clients:
    """Clients on connections of their own, each kept open."""

    def __init__(self, url: str, path: str, key: str, body: bytes) -> None:
        self._address, self._path, self._body = urlsplit(url).netloc, path, body
        self._headers = {
            "Ocp-Apim-Subscription-Key": key,
            "Content-Type": "application/octet-stream",
        }

    def run(self, clients: int, *, until: float, most: int) -> Tally:
        """Send from all of them until this moment, or until `most` are answered."""
        tally = Tally()
        args = (tally, until, most)
        threads = [threading.Thread(target=self._one, args=args) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return tally

    def _one(self, tally: Tally, until: float, most: int) -> None:
        connection = http.client.HTTPConnection(self._address, timeout=PATIENCE_S)
        while time.monotonic() < until and len(tally.seconds) < most:
            start = time.perf_counter()
            size = 0
            try:
                connection.request("POST", self._path, self._body, self._headers)
                answer = connection.getresponse()
                size, status = len(answer.read()), str(answer.status)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                status = type(error).__name__
            tally.note(status, time.perf_counter() - start, size)


def summary(tally: Tally, wall_s: float) -> dict[str, Any]:
    """Requests a second, the times of answers in milliseconds, what went wrong."""
    times = sorted(tally.seconds)
    at = {name: times[min(len(times) - 1, int(len(times) * share))] for name, share in SHARES}
    return {
        "requests": len(times),
        "a_second": round(len(times) / wall_s, 2),
        "ms": {name: round(1000 * value, 1) for name, value in at.items()},
        "statuses": tally.statuses,
        "answer_bytes": [min(tally.sizes), max(tally.sizes)],
    }


SHARES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("most", 1.0))


@click.command()
@click.argument("url")
@click.argument("key")
@click.argument("picture", type=click.Path(exists=True, path_type=Path))
@click.option("--path", default="/face/v1.0/detect", show_default=True)
@click.option("--clients", default=8, show_default=True)
@click.option("--seconds", default=20.0, show_default=True)
@click.option("--requests", default=10**9, help="At most so many.")
def main(
    url: str, key: str, picture: Path, path: str, clients: int, seconds: float, requests: int
) -> None:
    """Load a service with one picture."""
    load = Clients(url, path, key, picture.read_bytes())
    start = time.monotonic()
    tally = load.run(clients, until=start + seconds, most=requests)
    click.echo(json.dumps(summary(tally, time.monotonic() - start)))


if __name__ == "__main__":
    main()
