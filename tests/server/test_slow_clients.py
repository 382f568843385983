"""Clients that stall or drip, over real sockets: every large body is bounded in the same way."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from mien.server.limits import LEAST_RATE
from mien.server.settings import Limits
from tests.server.inside import HEADER, Inside, inside

BODY_S = 1.0
SIZE = 2**22
BOUNDARY = b"--x\r\nContent-Disposition: form-data; name=source; filename=a.mp4\r\n\r\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    folder, bounds = tmp_path_factory.mktemp("slow"), Limits(body_s=BODY_S)
    with pytest.MonkeyPatch.context() as patch, inside(folder, limits=bounds) as found:
        patch.setattr("mien.server.limits.DRAIN_S", 0.5)  # between a refusal and its answer
        yield found


@pytest.fixture(scope="module")
def client(service: Inside) -> httpx.Client:
    return service.client("a")


class Upload:
    """A body of `SIZE` bytes on a connection of its own, to one of the calls that take such."""

    def __init__(self, service: Inside, client: httpx.Client, call: str) -> None:
        self._service, self._client, self._call = service, client, call
        host, port = urlsplit(service.url).netloc.split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=30)
        self.head = BOUNDARY if call == "kairos" else b""
        self._begin()

    def _begin(self) -> None:
        key = self._client.headers[HEADER]
        headers = {HEADER: key, "Content-Type": "application/octet-stream"}
        match self._call:
            case "media":
                self.path = self._announced()
                line, more = f"PATCH {self.path}/content", {"Upload-Offset": "0"}
            case "emotion":
                line, more = "POST /emotion/v1.0/recognizeinvideo", {}
            case "kairos":
                account = self._service.storage.accounts.keys(account=self._service.account_id("a"))
                more = {"app_id": account[-1].name, "app_key": key}
                more["Content-Type"] = "multipart/form-data; boundary=x"
                line = "POST /kairos/v2/media"
        lines = {"Host": "x", "Content-Length": str(SIZE), **headers, **more}
        text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.socket.sendall(f"{line} HTTP/1.1\r\n{text}\r\n".encode() + self.head)

    def _announced(self) -> str:
        url, client = self._service.url, self._client
        asset = client.post(f"{url}/media/v1/assets", json={}).json()["id"]
        files = f"/media/v1/assets/{asset}/files"
        made = client.post(f"{url}{files}", json={"name": "a.mp4", "size": SIZE})
        return f"{files}/{made.json()['id']}"

    def received(self) -> int:
        """How many bytes the service has kept."""
        shown = self._client.get(f"{self._service.url}{self.path}")
        return int(shown.json()["received"])

    def drip(self, size: int, every_s: float, most_s: float) -> None:
        """Send so much at a time, until the service answers."""
        self.socket.settimeout(every_s)
        end = time.monotonic() + most_s
        while time.monotonic() < end:
            try:
                self.socket.sendall(bytes(size))
                if self.socket.recv(1, socket.MSG_PEEK):
                    break
            except TimeoutError:
                continue
            except (BrokenPipeError, ConnectionResetError):
                break
        self.socket.settimeout(30)

    def answer(self) -> tuple[int, Any]:
        """Status and body, once they come."""
        file = self.socket.makefile("rb")
        status = int(file.readline().split()[1])
        length = 0
        while line := file.readline().strip().lower():
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return status, json.loads(file.read(length) or b"null")


CALLS = {"media": 408, "emotion": 408, "kairos": 502}
"""The calls that take large bodies, and the status of a late one; Kairos has no 408."""

Begin = Callable[[str], Upload]


@pytest.fixture
def begin(service: Inside, client: httpx.Client) -> Iterator[Begin]:
    opened: list[Upload] = []

    def started(call: str) -> Upload:
        opened.append(Upload(service, client, call))
        return opened[-1]

    yield started
    for each in opened:
        each.socket.close()


@pytest.mark.parametrize("call", CALLS)
def test_one_that_stalls_is_cut_off_however_fast_it_was_before(begin: Begin, call: str) -> None:
    """Two megabytes are worth a minute at the least rate, but no minute of silence."""
    upload = begin(call)
    upload.socket.sendall(bytes(2**21))
    start = time.monotonic()
    status, _ = upload.answer()
    assert status == CALLS[call]
    assert 0.8 * BODY_S < time.monotonic() - start < 8 * BODY_S < 2**21 / LEAST_RATE
    if call == "media":
        assert upload.received() == 2**21, "what had come counts"


@pytest.mark.parametrize("call", CALLS)
def test_one_that_only_drips_is_cut_off_though_it_never_stalls(begin: Begin, call: str) -> None:
    upload = begin(call)
    start = time.monotonic()
    upload.drip(1024, 0.1, most_s=30)  # 10 KiB a second; 32 is the least
    assert upload.answer()[0] == CALLS[call]
    assert 0.8 * BODY_S < time.monotonic() - start < 20
    if call == "media":
        assert 0 < upload.received() < 2**19, "what had come counts"


def test_one_that_is_slow_but_steady_is_served(begin: Begin) -> None:
    """It takes longer than a client may be silent, and longer than a small body may take."""
    upload = begin("media")
    start = time.monotonic()
    for _ in range(16):
        upload.socket.sendall(bytes(SIZE // 16))
        time.sleep(0.2)
    assert time.monotonic() - start > 3 * BODY_S
    assert upload.answer()[0] == 204
    assert upload.received() == SIZE


def test_one_that_goes_away_loses_nothing_that_had_come(begin: Begin) -> None:
    upload = begin("media")
    upload.socket.sendall(bytes(100_000))
    time.sleep(0.3)
    upload.socket.close()
    end = time.monotonic() + 10
    while upload.received() != 100_000:
        assert time.monotonic() < end, upload.received()
        time.sleep(0.05)


def test_many_that_stall_hold_up_nobody(
    service: Inside, client: httpx.Client, begin: Begin
) -> None:
    stalled = [begin("media") for _ in range(20)]
    start = time.monotonic()
    assert client.get(f"{service.url}/media/v1/processors").status_code == 200
    assert time.monotonic() - start < 5
    assert {upload.answer()[0] for upload in stalled} == {408}
    with closing(begin("media").socket) as another:
        another.sendall(bytes(SIZE))
        assert another.recv(12) == b"HTTP/1.1 204"
