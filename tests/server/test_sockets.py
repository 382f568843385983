"""What stands around the WebSockets of every dialect, against a real process."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.server.certificate import make_certificate
from tests.server.process import HEADER, Running, running


@contextmanager
def opened(
    service: Running, path: str = "/small/v1/whoami", key: str | None = None, **options: Any
) -> Iterator[ClientConnection]:
    headers = {HEADER: key} if key else {}
    url = service.address.replace("http", "ws", 1) + path
    with connect(url, additional_headers=headers, proxy=None, **options) as made:
        yield made


def refused(service: Running, path: str = "/small/v1/whoami", key: str | None = None) -> Any:
    """The status with which the handshake is refused, and the code in its body."""
    with pytest.raises(InvalidStatus) as error, opened(service, path, key):
        pass
    response = error.value.response
    body = json.loads(response.body or b"{}")
    told = body.get("error", {})
    return response.status_code, told.get("code", told.get("statusCode"))


@pytest.mark.parametrize("path", ["/whoami", "/fault", "/none", ""])
def test_no_socket_is_opened_without_a_key(quick: Running, path: str) -> None:
    for key in (None, "wrong", "x" * 600):
        assert refused(quick, f"/small/v1{path}", key) == (401, "Unspecified")
    assert refused(quick, f"/small/v1{path}", quick.narrow_key) == (403, "UnsupportedFeature")


def test_handlers_do_not_see_the_key_however_it_is_shown(quick: Running) -> None:
    key = quick.key
    query = f"/small/v1/whoami?a=1&subscription-key={key}"
    offered = ["spoken", f"mien.key.{key}"]
    with (
        opened(quick, key=key) as by_header,
        opened(quick, query) as by_query,
        opened(quick, subprotocols=offered) as by_protocol,
    ):
        told = [json.loads(each.recv(timeout=10)) for each in (by_header, by_query, by_protocol)]
    assert key not in json.dumps(told)
    assert told[1]["query"] == {"a": "1"}
    assert told[2]["offered"] == ["spoken"]
    assert key not in quick.log.read_text()


def test_a_fault_closes_the_socket_without_details(quick: Running) -> None:
    with (
        opened(quick, "/small/v1/fault?secret=1", quick.key) as made,
        pytest.raises(ConnectionClosed) as closed,
    ):
        made.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1011, "")
    faults = [line for line in quick.lines() if "fault" in line]
    assert "ZeroDivisionError" in faults[-1]["fault"]
    assert faults[-1]["request_id"]


def test_a_dialect_that_is_off(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("[dialects]\nsmall = false\n")
    with running(tmp_path, "--seconds", "0", policy=str(policy)) as service:
        assert refused(service, key=service.key) == (403, "UnsupportedFeature")


def test_the_plan_counts_a_socket_as_a_call(tmp_path: Path) -> None:
    with running(tmp_path, "--seconds", "0", plan="free") as service:
        for _ in range(20):
            with opened(service, key=service.key) as made:
                assert json.loads(made.recv(timeout=10))["offered"] == []
        assert refused(service, key=service.key) == (429, 429)


def test_sockets_count_among_the_connections(tmp_path: Path) -> None:
    with (
        running(tmp_path, "--seconds", "0", limits={"connections": 4}) as service,
        ExitStack() as held,
    ):
        for _ in range(4):
            held.enter_context(service.connect())
        with pytest.raises(InvalidStatus) as error:
            held.enter_context(opened(service, key=service.key))
        assert error.value.response.status_code == 503


def test_tls(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path, "localhost")
    trust = ssl.create_default_context(cafile=str(certificate.chain))
    files = {"tls_cert": str(certificate.chain), "tls_key": str(certificate.key)}
    with (
        running(tmp_path, "--seconds", "0", host="localhost", **files) as service,
        opened(service, key=service.key, ssl=trust) as made,
    ):
        assert json.loads(made.recv(timeout=10))["query"] == {}


@pytest.mark.parametrize(
    "head",
    [
        b"Upgrade: websocket\r\nConnection: Upgrade\r\n",  # neither version nor key
        b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n",
        b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 7\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
        b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: short\r\n",
    ],
)
def test_a_handshake_that_is_none(quick: Running, head: bytes) -> None:
    with quick.connect() as connection:
        connection.sendall(b"GET /small/v1/whoami HTTP/1.1\r\nHost: a\r\n" + head + b"\r\n")
        answer = connection.recv(1000, socket.MSG_PEEK)
    assert answer.split()[1] in (b"400", b"426"), answer
    assert not [line for line in quick.lines() if "handshake" in line["event"]]
