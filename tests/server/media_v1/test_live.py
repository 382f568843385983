"""The live socket: frames in, faces out; who may, what is refused, what is dropped."""

from __future__ import annotations

import itertools
import json
import os
import re
import socket
import struct
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from mien.faces import EMOTIONS
from mien.server.dialects.media_v1.live import PROTOCOL
from mien.server.sockets import MOST_PARTS
from mien.storage import open_storage
from tests.redact.clips import pictures
from tests.server.live import Live, ask, serving
from tests.server.people import encoded, jpeg, nobody, woman

HEADER = "Ocp-Apim-Subscription-Key"
PATIENCE_S = 30.0


@cache
def frames() -> tuple[bytes, ...]:
    """Twenty-five frames with two people."""
    return tuple(jpeg(rgb[..., ::-1]) for rgb in itertools.islice(pictures(), 25))


@contextmanager
def watching(
    live: Live, key: str | None, path: str = "/media/v1/live", **options: Any
) -> Iterator[ClientConnection]:
    headers = {HEADER: key} if key else {}
    url = live.url.replace("http", "ws", 1) + path
    headers |= options.pop("headers", {})
    with connect(
        url, additional_headers=headers, proxy=None, compression=None, **options
    ) as opened:
        yield opened


def answer(socket: ClientConnection) -> dict[str, Any]:
    told = json.loads(socket.recv(timeout=PATIENCE_S))
    assert isinstance(told, dict)
    return told


def watch(socket: ClientConnection, data: bytes) -> dict[str, Any]:
    """Send a frame, and wait for its answer."""
    socket.send(data)
    return answer(socket)


def ending(socket: ClientConnection) -> tuple[int, str]:
    """The code and the reason with which the service closes."""
    try:
        while True:
            socket.recv(timeout=PATIENCE_S)
    except ConnectionClosed as closed:
        code = closed.rcvd
    assert code is not None
    return code.code, code.reason


def refusal(live: Live, key: str | None, **options: Any) -> tuple[int, Any]:
    """The status and body with which the handshake is refused."""
    with pytest.raises(InvalidStatus) as refused, watching(live, key, **options):
        pass
    response = refused.value.response
    return response.status_code, json.loads(response.body or b"{}")["error"]


def metric(live: Live, line: str) -> float:
    text = urllib.request.urlopen(f"{live.url}/metrics").read().decode()
    found = re.search(rf"^{re.escape(line)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_faces_with_ids_and_expressions(live: Live, key: str) -> None:
    with watching(live, key) as socket:
        told = [watch(socket, data) for data in frames()]
    assert [each["frame"] for each in told] == list(range(len(frames())))
    assert {(each["width"], each["height"], each["dropped"]) for each in told} == {(480, 270, 0)}
    times = [each["time"] for each in told]
    assert times == sorted(times)
    assert all(0 < each["latencyMs"] < 1000 * PATIENCE_S for each in told)
    last = told[-1]["faces"]
    assert sorted(face["id"] for face in last) == [0, 1]
    assert all(list(face["emotion"]) == list(EMOTIONS) for face in last)
    assert all(sum(face["emotion"].values()) == pytest.approx(1, abs=0.005) for face in last)
    assert all(0 < face["agreement"] <= 1 for face in last)


def test_the_newest_frame_is_answered_and_the_others_are_counted(live: Live, key: str) -> None:
    with watching(live, key) as socket:
        for _ in range(3):
            for data in frames():
                socket.send(data)
        told = [answer(socket)]
        while told[-1]["frame"] < 74:
            told.append(answer(socket))
        with pytest.raises(TimeoutError):
            socket.recv(timeout=0.5)
    numbers = [each["frame"] for each in told]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == 74
    assert told[-1]["dropped"] == 75 - len(told) > 0


def test_the_key_in_every_way_it_may_be_shown(live: Live, key: str) -> None:
    bearer = {"Authorization": f"Bearer {key}"}
    with watching(live, None, headers=bearer) as socket:
        assert watch(socket, nobody())["faces"] == []
        assert socket.subprotocol is None
    offered = [PROTOCOL, f"mien.key.{key}"]
    with watching(live, None, subprotocols=offered, path="/MEDIA/v1/Live") as socket:
        assert socket.subprotocol == PROTOCOL
        assert watch(socket, nobody())["faces"] == []
    assert key not in live.log.read_text()


def test_who_has_no_key_is_refused_before_the_socket_opens(live: Live, key: str) -> None:
    assert refusal(live, None)[0] == 401
    assert refusal(live, "wrong")[0] == 401
    assert refusal(live, None, subprotocols=[PROTOCOL, "mien.key.wrong"])[0] == 401
    with open_storage(live.data, keys=live.keys) as storage:
        narrow = storage.accounts.create_key("narrow", scopes=("face",))[1]
    assert refusal(live, narrow) == (
        403,
        {"code": "UnsupportedFeature", "message": "This key is not for the API 'media'."},
    )
    assert refusal(live, key, path="/media/v1/nothing")[0] == 404
    assert refusal(live, key, path="/face/v1.0/detect")[0] == 404


def test_a_plain_request_is_told_to_speak_websocket(live: Live, key: str) -> None:
    told = ask(live.url, "GET", "/media/v1/live", headers={HEADER: key})
    assert (told.status, told.code, told.headers["upgrade"]) == (
        426,
        "UpgradeRequired",
        "websocket",
    )
    assert ask(live.url, "GET", "/media/v1/live").status == 401


def test_pages_of_other_origins_are_refused(live: Live, key: str) -> None:
    own = live.url
    with watching(live, key, origin=own) as socket:
        assert watch(socket, nobody())["faces"] == []
    status, error = refusal(live, key, origin="https://evil.example.org")
    assert (status, error["code"]) == (403, "UnsupportedFeature")
    assert refusal(live, key, origin="null")[0] == 403


def test_a_key_that_is_revoked_ends_the_socket(live: Live) -> None:
    """Whether frames come or not."""
    with open_storage(live.data, keys=live.keys) as storage:
        made, secret = storage.accounts.create_key("brief")
        with watching(live, secret) as busy, watching(live, secret) as quiet:
            assert "faces" in watch(busy, nobody())
            storage.accounts.revoke(made.id)
            start = time.monotonic()
            with suppress(ConnectionClosed):  # it may close before the next frame is sent
                while "faces" in watch(busy, nobody()):
                    assert time.monotonic() - start < 10
                    time.sleep(0.2)
            assert ending(busy)[0] == 1008
            assert answer(quiet)["error"]["code"] == "Unspecified"
            assert ending(quiet)[0] == 1008
            assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no JPEG"),
        (b"hello", "no JPEG"),
        (b"\xff\xd8\xff", "."),
        (os.urandom(5000), "no JPEG"),
        (b"\xff\xd8\xff" + os.urandom(5000), "."),
        (woman()[:5000], "."),
    ],
    ids=["nothing", "text", "the head alone", "noise", "noise with a head", "cut off"],
)
def test_what_is_no_jpeg_is_refused_and_the_next_is_answered(
    live: Live, key: str, data: bytes, says: str
) -> None:
    with watching(live, key) as socket:
        told = watch(socket, data)
        assert told["frame"] == 0
        assert told["error"]["code"] == "InvalidImage"
        assert says in told["error"]["message"]
        assert "faces" not in told
        assert watch(socket, nobody())["faces"] == []


def test_a_png_is_no_jpeg(live: Live, key: str) -> None:
    with watching(live, key) as socket:
        png = encoded(next(pictures()), ".png")
        assert "no JPEG" in watch(socket, png)["error"]["message"]


def test_a_jpeg_that_announces_too_many_pixels(live: Live, key: str) -> None:
    data = bytearray(woman())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 60000, 60000)
    with watching(live, key) as socket:
        told = watch(socket, bytes(data))
        assert told["error"]["code"] == "InvalidImage"
        assert "limit" in told["error"]["message"]


def test_text_ends_the_socket(live: Live, key: str) -> None:
    with watching(live, key) as socket:
        told = watch(socket, "hello")  # type: ignore[arg-type]
        assert told["error"]["code"] == "NotBinary"
        assert ending(socket) == (1003, told["error"]["message"])


def test_a_message_that_is_too_long_ends_the_socket(live: Live, key: str) -> None:
    with raw(live, key) as connection:
        connection.sendall(bytes([0x82, 0x80 | 127]) + struct.pack(">Q", 2**21 + 1) + bytes(4))
        assert closing_code(connection) == 1009  # before any of it has come
    with raw(live, key) as connection:
        before = live.memory_mb()
        connection.sendall(bytes([0x82, 0x80 | 127]) + struct.pack(">Q", 2**28) + bytes(4))
        with pytest.raises(OSError, match=r"reset|pipe"):
            connection.sendall(bytes(2**28))
        assert live.memory_mb() - before < 40


def test_a_message_in_endless_empty_parts_ends_the_socket(live: Live, key: str) -> None:
    with raw(live, key) as connection:
        connection.sendall(bytes([0x02, 0x80]) + bytes(4))
        connection.sendall((bytes([0x00, 0x80]) + bytes(4)) * MOST_PARTS)
        assert closing_code(connection) == 1009


def closing_code(connection: socket.socket) -> int:
    """The code of the frame with which the service closes (RFC 6455, 5.5.1)."""
    head = connection.recv(4, socket.MSG_WAITALL)
    assert head[0] == 0x88
    return int.from_bytes(head[2:4])


def test_a_flood_ends_the_socket_and_holds_up_nobody(live: Live, key: str) -> None:
    with watching(live, key) as calm, watching(live, key) as flood:
        assert "faces" in watch(calm, nobody())
        with suppress(ConnectionClosed):
            for _ in range(5000):
                flood.send(frames()[0])
        assert ending(flood) == (1008, "Send at most 60 frames a second.")
        assert "faces" in watch(calm, nobody())


def test_pings_whose_answers_nobody_takes_end_the_socket(live: Live, key: str) -> None:
    with raw(live, key) as connection:
        ping = bytes([0x89, 0x80 | 125]) + bytes(4) + bytes(125)
        before = live.memory_mb()
        connection.settimeout(PATIENCE_S)
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            connection.sendall(ping * 4_000_000)
        assert live.memory_mb() - before < 60


@contextmanager
def raw(live: Live, key: str, *, wait: bool = True) -> Iterator[socket.socket]:
    """A connection that has become a WebSocket, or is about to."""
    host, port = live.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as connection:
        connection.sendall(
            f"GET /media/v1/live HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n{HEADER}: {key}\r\n\r\n".encode()
        )
        head = b""
        while wait and not head.endswith(b"\r\n\r\n"):
            head += connection.recv(1)
        assert not wait or head.startswith(b"HTTP/1.1 101 "), head
        yield connection


def test_who_hangs_up_in_the_middle_leaves_nothing(live: Live, key: str) -> None:
    for cut in ("message", "answer", "handshake", *["reset"] * 10):
        with raw(live, key, wait=cut != "reset") as connection:
            data = frames()[0]
            head = bytes([0x82, 0x80 | 126]) + struct.pack(">H", len(data)) + bytes(4)
            if cut == "message":
                connection.sendall(head + data[:100])
            elif cut == "answer":
                connection.sendall(head + data)
            elif cut == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        time.sleep(0.1)
    deadline = time.monotonic() + PATIENCE_S
    while metric(live, "mien_requests_open") > 1:  # the one that asks
        assert time.monotonic() < deadline
        time.sleep(0.1)
    with watching(live, key) as socket_:
        assert "faces" in watch(socket_, nobody())


def test_what_is_measured(live: Live, key: str) -> None:
    names = [f'mien_live_frames_total{{outcome="{each}"}}' for each in ("answered", "refused")]
    before = [metric(live, name) for name in names]
    with watching(live, key) as socket:
        watch(socket, nobody())
        watch(socket, b"x")
    assert [metric(live, name) for name in names] == [before[0] + 1, before[1] + 1]
    lines = [json.loads(line) for line in live.log.read_text().splitlines()]
    told = [line for line in lines if line.get("operation") == "Live_Watch"]
    assert told[-1]["status"] == 101
    assert told[-1]["dialect"] == "media"
    assert not [line for line in lines if line["level"] == "error"]
    assert not [line for line in lines if "/media/v1/live" in json.dumps(line)]


LIMITS = {"live_sockets": 2, "live_rate": 5, "idle_s": 1.5, "header_s": 1.5, "live_bytes": 100_000}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A service with narrow limits, a plan, and no expressions."""
    folder = tmp_path_factory.mktemp("strict")
    policy = folder / "policy.toml"
    policy.write_text("emotion = false\n")
    limits = [word for name, value in LIMITS.items() for word in ("--limit", f"{name}={value}")]
    options = ("--policy", str(policy), "--plan", "free", *limits)
    origin = ("--origin", "https://page.example.org")
    with serving(folder, *options, *origin) as found:
        yield found


def test_what_the_policy_switches_off_is_absent(strict: Live) -> None:
    with watching(strict, strict.key("policy")) as socket:
        told = [watch(socket, data) for data in frames()[:4]]
    keys = {name for each in told for face in each["faces"] for name in face}
    assert keys == {"id", "rectangle", "score"}


def test_so_many_sockets_and_no_more(strict: Live) -> None:
    key = strict.key("sockets")
    with watching(strict, key), watching(strict, key):
        status, error = refusal(strict, key)
        assert (status, error["code"]) == (503, "ServiceUnavailable")
        plain = ask(strict.url, "GET", "/media/v1/live", headers={HEADER: key})
        assert (plain.status, plain.code) == (503, "ServiceUnavailable")
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            with watching(strict, key):
                return
        except InvalidStatus:
            assert time.monotonic() < deadline


def test_the_plan_counts_every_frame(strict: Live) -> None:
    with watching(strict, strict.key("plan")) as socket:  # the first of twenty calls a minute
        for number in range(20):
            told = watch(socket, nobody())
            time.sleep(0.15)  # five frames a second, and ten at once
            assert ("faces" in told) == (number < 19), told
        assert told["error"]["code"] == "429"
        assert "Try again in" in told["error"]["message"]
        assert told["frame"] == 19
    status, error = refusal(strict, strict.key("plan"))
    assert (status, error["statusCode"]) == (429, 429)


def test_a_socket_without_frames_is_closed_and_one_with_frames_is_not(strict: Live) -> None:
    with watching(strict, strict.key("idle")) as socket:
        start = time.monotonic()
        while time.monotonic() - start < 3:  # longer than for a head of a request, too
            assert "faces" in watch(socket, nobody())
            time.sleep(0.5)
        last = time.monotonic()
        watch(socket, nobody())
        assert ending(socket) == (1008, "No frame came for 1.5 seconds.")
        assert 1.4 < time.monotonic() - last < 10


def test_the_origins_that_the_operator_names(strict: Live) -> None:
    with watching(strict, strict.key("origin"), origin="https://page.example.org") as socket:
        assert "faces" in watch(socket, nobody())


def wait_until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.05)


def test_detect_and_live_do_not_starve_each_other(live: Live, key: str) -> None:
    done, stop = [0, 0], threading.Event()
    url = "/face/v1.0/detect?returnFaceId=false"

    def detect() -> None:
        headers = {HEADER: key, "Content-Type": "application/octet-stream"}
        while not stop.is_set():
            assert ask(live.url, "POST", url, woman(), headers).status == 200
            done[0] += 1

    def look() -> None:
        with watching(live, key) as socket:
            while not stop.is_set():
                assert "faces" in watch(socket, frames()[done[1] % 25])
                done[1] += 1

    threads = [threading.Thread(target=each) for each in (detect,) * 8 + (look,) * 2]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: min(done) >= 3)  # all are at it
        begun = list(done)
        wait_until(lambda: min(done) >= 13)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    rates = [after - before for before, after in zip(begun, done, strict=True)]
    assert max(rates) < 10 * min(rates), rates


def test_a_service_that_stops_closes_its_sockets(tmp_path: Path) -> None:
    with serving(tmp_path) as service, watching(service, service.key("a")) as socket:
        assert "faces" in watch(socket, nobody())
        service.process.terminate()
        assert ending(socket)[0] in (1001, 1012)
        assert service.process.wait(PATIENCE_S) in (0, -15)
