"""Clients that go away leave the queue: whoever stays is answered as if they had not been there."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mien.models import file_of
from mien.server.errors import BusyError, GoneError, LateError
from mien.server.inference import Analyst, Wants
from mien.server.leaving import Client
from mien.server.metrics import Metrics
from mien.server.settings import Limits
from mien.server.workers import worker_maker
from tests.server.process import HEADER, Running, read_all, running
from tests.server.test_inference import Gated

WORK_S = 0.3  # of a picture, one at a time
CLIENTS = 12
WAIT_S = 20.0


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service that sees one picture after the other."""
    folder = tmp_path_factory.mktemp("leaving")
    with running(folder, "--seconds", str(WORK_S), workers=1) as found:
        yield found


def ask(service: Running) -> socket.socket:
    """Send a picture, and wait for no answer."""
    connection = service.connect()
    head = f"POST /small/v1/see HTTP/1.1\r\nHost: x\r\n{HEADER}: {service.key}\r\n"
    connection.sendall(f"{head}Content-Length: 3\r\nConnection: close\r\n\r\nabc".encode())
    return connection


def metric(service: Running, name: str, labels: str = "") -> float:
    """A number of /metrics; 0 where there is none yet."""
    with service.client() as client:
        text = client.get("/metrics").text
    found = re.search(rf"^{name}{re.escape(labels)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def until(service: Running, name: str, wanted: float) -> None:
    end = time.monotonic() + WAIT_S
    while (found := metric(service, name)) != wanted:
        assert time.monotonic() < end, f"{name} is {found}, not {wanted}"
        time.sleep(0.01)


def answered(status: int) -> str:
    return f'{{dialect="small",operation="see",status="{status}"}}'


def test_whoever_stays_is_answered_as_if_the_others_had_not_been_there(slow: Running) -> None:
    left = metric(slow, "mien_requests_total", answered(499))
    with ExitStack() as stack:
        crowd = [stack.enter_context(ask(slow))]
        until(slow, "mien_requests_open", 2)  # that one, and the question itself
        crowd += [stack.enter_context(ask(slow)) for _ in range(CLIENTS)]
        until(slow, "mien_requests_open", CLIENTS + 2)
        patient = stack.enter_context(ask(slow))
        start = time.monotonic()
        for connection in crowd:
            connection.close()
        assert b" 200 " in read_all(patient).splitlines()[0]
        took = time.monotonic() - start
    assert took < WORK_S * CLIENTS / 2  # behind them all it would be WORK_S * (CLIENTS + 1)
    assert metric(slow, "mien_requests_total", answered(499)) == left + CLIENTS
    until(slow, "mien_requests_open", 1)


def test_nothing_is_left_of_those_who_went(slow: Running) -> None:
    """Hundreds come and go: nothing stays open, and the queue has all of its places."""
    files = Path(f"/proc/{slow.process.pid}/fd")
    until(slow, "mien_requests_open", 1)
    before = len(list(files.iterdir()))
    for _ in range(20):
        for connection in [ask(slow) for _ in range(15)]:
            connection.close()
    until(slow, "mien_requests_open", 1)
    assert len(list(files.iterdir())) <= before + 2
    with ExitStack() as stack:
        for connection in [stack.enter_context(ask(slow)) for _ in range(8)]:
            assert b" 200 " in read_all(connection).splitlines()[0]
    assert not [line for line in slow.lines() if line["level"] == "ERROR"]


class Leaver:
    """Stays until told to go."""

    def __init__(self) -> None:
        self.going = asyncio.Event()

    async def gone(self) -> None:
        await self.going.wait()


def test_a_place_in_the_queue_is_free_at_once() -> None:
    gated, metrics = Gated(), Metrics()

    async def run() -> None:
        limits = Limits(queue=2, turn_s=30)
        analyst = Analyst(lambda: gated, workers=1, limits=limits, metrics=metrics)
        leavers = [Leaver() for _ in range(3)]
        asked = [
            asyncio.create_task(analyst.faces(b"", Wants(), gone=each.gone)) for each in leavers
        ]
        await asyncio.sleep(0.05)
        with pytest.raises(BusyError):
            await analyst.faces(b"", Wants())
        leavers[1].going.set()
        with pytest.raises(GoneError):
            await asked[1]
        assert b"\nmien_queue 1.0\n" in metrics.text()
        stays = asyncio.create_task(analyst.faces(b"", Wants()))
        await asyncio.sleep(0.05)
        assert not stays.done()
        leavers[2].going.set()
        gated.go.set()
        await stays
        await asked[0]
        assert b"\nmien_queue 0.0\n" in metrics.text()
        assert gated.calls == 2
        with pytest.raises(GoneError):
            await asked[2]
        assert len(asyncio.all_tasks()) == 1  # this one: nobody watches any more
        analyst.close()

    asyncio.run(run())


def test_a_client_who_has_gone_before_is_not_let_in() -> None:
    async def run() -> None:
        leaver = Leaver()
        leaver.going.set()
        async with Client(leaver.gone) as client:
            await asyncio.sleep(0)
            assert not client.is_there()
            with pytest.raises(GoneError):
                async with client.patience(10):
                    raise AssertionError("it was let in")

    asyncio.run(run())


def test_patience_ends_with_time_or_with_the_client() -> None:
    async def run() -> None:
        leaver = Leaver()
        async with Client(leaver.gone) as client:
            with pytest.raises(LateError):
                async with client.patience(0.01):
                    await asyncio.sleep(10)
            assert client.is_there()
            asyncio.get_running_loop().call_later(0.01, leaver.going.set)
            with pytest.raises(GoneError):
                async with client.patience(10):
                    await asyncio.sleep(10)
        async with Client() as client, client.patience(10):
            assert client.is_there()

    asyncio.run(run())


def test_a_picture_that_nobody_waits_for_is_worked_on_no_further() -> None:
    metrics = Metrics()
    worker = worker_maker(metrics, Limits(), 1)()
    data, asked = file_of("sample-astronaut").read_bytes(), [True, True, False]
    with pytest.raises(GoneError):
        worker.see(data, Wants(frozenset({"mesh", "emotion"}), still=lambda: asked.pop(0)))
    stages = set(re.findall(rb'mien_stage_seconds_count{stage="(\w+)"}', metrics.text()))
    assert stages == {b"decode", b"detect"}
    assert worker.see(data, Wants()).faces is not None
