"""Stopping: what has begun is finished, what has not is refused."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.server.process import HEADER, Running, read_all, running


def post(service: Running, statuses: list[int]) -> None:
    connection = http.client.HTTPConnection(*service.host, timeout=30)
    connection.request("POST", "/small/v1/see", b"x", {HEADER: service.key})
    statuses.append(connection.getresponse().status)
    connection.close()


def begin(service: Running, count: int) -> tuple[list[threading.Thread], list[int]]:
    """So many requests, all of which the service has begun; their threads, their statuses to be."""
    statuses: list[int] = []
    threads = [threading.Thread(target=post, args=(service, statuses)) for _ in range(count)]
    for thread in threads:
        thread.start()
    with service.client() as client:
        while f"mien_requests_open {count + 1}.0" not in client.get("/metrics").text:
            time.sleep(0.02)
    return threads, statuses


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_requests_in_flight_are_answered_and_new_ones_refused(
    tmp_path: Path, stop: signal.Signals
) -> None:
    with running(tmp_path, "--seconds", "2", workers=2) as service:
        threads, statuses = begin(service, 6)
        service.process.send_signal(stop)
        refused = False
        while not refused and not statuses:
            try:
                service.connect().close()
            except ConnectionError:  # refused, or reset while the listening ends
                refused = True
        assert refused
        for thread in threads:
            thread.join()
        assert statuses == [200] * 6  # four of which were waiting for a worker
        assert service.process.wait(10) in (0, -stop)


def test_connections_without_a_request_do_not_hold_it_up(tmp_path: Path) -> None:
    with (
        running(tmp_path, "--seconds", "0") as service,
        service.connect() as silent,
        service.connect() as used,
    ):
        used.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert used.recv(1000).startswith(b"HTTP/1.1 200 ")
        start = time.monotonic()
        assert service.stop() in (0, -signal.SIGTERM)
        assert time.monotonic() - start < 5
        assert read_all(silent) == b""


def test_a_request_that_does_not_end_is_cut_off_after_the_time_to_drain(tmp_path: Path) -> None:
    limits = {"drain_s": 1.0, "body_s": 60.0}
    with running(tmp_path, "--seconds", "0", limits=limits) as service, service.connect() as slow:
        slow.sendall(
            b"POST /small/v1/see HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n"
            + f"{HEADER}: {service.key}\r\n\r\n".encode()
        )
        with service.client() as client:
            while "mien_requests_open 2.0" not in client.get("/metrics").text:
                time.sleep(0.02)
        start = time.monotonic()
        assert service.stop() in (0, -signal.SIGTERM)
        assert 1 <= time.monotonic() - start < 10


def test_a_full_queue_over_http(tmp_path: Path) -> None:
    limits = {"queue": 1}
    with running(tmp_path, "--seconds", "1", workers=1, limits=limits) as service:
        statuses: list[int] = []
        threads = [threading.Thread(target=post, args=(service, statuses)) for _ in range(6)]
        for thread in threads:
            thread.start()
            time.sleep(0.05)
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [200, 200, 503, 503, 503, 503]


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with running(tmp_path, "--seconds", "0") as service:
        command = [sys.executable, "-m", "mien", "serve", "--port", str(service.host[1])]
        places = ["--data", str(tmp_path / "other"), "--keys", str(tmp_path / "keys2")]
        done = subprocess.run([*command, *places], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "cannot be listened on" in done.stderr
    assert "Traceback" not in done.stderr
