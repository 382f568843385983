"""Ten minutes of live sockets: memory stays flat, answers stay in time."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from websockets.sync.client import connect

from tests.server.live import Live, serving
from tests.server.media_v1.test_live import HEADER, PATIENCE_S, frames
from tests.server.people import nobody

MINUTES, RATE = 10, 15


class Watcher(threading.Thread):
    """Sends two people and nobody, in turn, for so long; opens a new socket each minute."""

    def __init__(self, live: Live, key: str, until: float) -> None:
        super().__init__()
        self._url = live.url.replace("http", "ws", 1) + "/media/v1/live"
        self._key, self._until = key, until
        self.latency_ms: list[float] = []
        self.ids: set[int] = set()

    def run(self) -> None:
        while time.monotonic() < self._until:
            with connect(
                self._url, additional_headers={HEADER: self._key}, proxy=None, compression=None
            ) as socket:
                end = min(self._until, time.monotonic() + 60)
                number = 0
                while time.monotonic() < end:
                    start = time.monotonic()
                    away = number // 50 % 2  # as long as they are there
                    socket.send(nobody() if away else frames()[number % 25])
                    told = json.loads(socket.recv(timeout=PATIENCE_S))
                    self.latency_ms.append(told["latencyMs"])
                    self.ids |= {face["id"] for face in told["faces"]}
                    number += 1
                    time.sleep(max(0.0, start + 1 / RATE - time.monotonic()))


@pytest.mark.long
def test_ten_minutes(tmp_path: Path) -> None:
    with serving(tmp_path) as live:
        until = time.monotonic() + MINUTES * 60
        watchers = [Watcher(live, live.key(f"soak {number}"), until) for number in range(2)]
        for watcher in watchers:
            watcher.start()
        held = []
        while time.monotonic() < until:
            time.sleep(30)
            held.append(live.memory_mb())
        for watcher in watchers:
            watcher.join()
    latency = np.concatenate([watcher.latency_ms for watcher in watchers])
    assert max(held[len(held) // 2 :]) < 1.05 * max(held[2 : len(held) // 2]), held
    assert np.percentile(latency, 99) < 2000
    assert all(len(watcher.ids) > 10 for watcher in watchers)  # they came and went
