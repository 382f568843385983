"""Keys, rates, quotas and bodies, without a network."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.types import Message

from mien.server.auth import Caller, Keys, caller_of, subscription_key
from mien.server.errors import (
    BodyTooLargeError,
    KeyRefusedError,
    LateError,
    OffError,
    QuotaError,
    RateError,
)
from mien.server.limits import LEAST_RATE, Allowance, read_body, receive
from mien.storage import Storage, open_storage


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    with open_storage(tmp_path / "data", None, tmp_path / "keys") as found:
        yield found


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_revoked_key_is_refused_after_five_seconds(storage: Storage) -> None:
    clock, asked = Clock(), list[str]()

    def find(secret: str) -> Caller | None:
        asked.append(secret)
        return caller_of(storage.accounts, secret)

    keys = Keys(find, clock=clock)
    made, secret = storage.accounts.create_key("phone")

    async def run() -> None:
        for _ in range(3):
            assert (await keys.caller(secret, "face")).key_id == made.id
        assert asked == [secret]
        storage.accounts.revoke("phone")
        await keys.caller(secret, "face")
        clock.now += 5
        with pytest.raises(KeyRefusedError):
            await keys.caller(secret, "face")

    asyncio.run(run())


def test_keys_that_open_nothing(storage: Storage) -> None:
    keys = Keys(lambda secret: caller_of(storage.accounts, secret))
    secret = storage.accounts.create_key("phone", scopes=["kairos"])[1]

    async def run() -> None:
        for wrong in (
            None,
            "",
            "wrong",
            secret + "x",
            secret[:-1],
            "\0",
            "ß",
            "\udcff",
            "k" * 10_000,
        ):
            with pytest.raises(KeyRefusedError):
                await keys.caller(wrong, "face")
        with pytest.raises(OffError, match="not for the API 'face'"):
            await keys.caller(secret, "face")
        assert (await keys.caller(secret, "kairos")).scopes == {"kairos"}

    asyncio.run(run())


def request(headers: dict[str, str], query: str = "", parts: tuple[bytes, ...] = (b"",)) -> Request:
    messages: list[Message] = [
        {"type": "http.request", "body": part, "more_body": number < len(parts) - 1}
        for number, part in enumerate(parts)
    ]

    async def receive() -> Message:
        return messages.pop(0)

    return Request(
        {
            "type": "http",
            "method": "POST",
            "path": "/",
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        },
        receive,
    )


@pytest.mark.parametrize(
    ("headers", "query", "key"),
    [
        ({"Ocp-Apim-Subscription-Key": "a"}, "", "a"),
        ({"OCP-APIM-SUBSCRIPTION-KEY": "a"}, "subscription-key=b", "a"),
        ({}, "x=1&subscription-key=b", "b"),
        ({}, "Subscription-Key=b%20c", "b c"),
        ({}, "x=1", None),
        ({}, "&".join(f"a{n}=1" for n in range(200)) + "&subscription-key=b", None),
    ],
)
def test_where_a_key_is_found(headers: dict[str, str], query: str, key: str | None) -> None:
    assert subscription_key(request(headers, query)) == key


def caller(account: str, plan: str = "none") -> Caller:
    return Caller("key", "name", account, frozenset(), plan)


def test_rates_are_counted_over_the_time_just_gone_by(storage: Storage) -> None:
    clock = Clock()
    allowance = Allowance("free", storage.usage, clock=clock)
    account = storage.accounts.create("one").id
    other = storage.accounts.create("two").id

    async def run() -> None:
        for _ in range(20):
            await allowance.call(caller(account))
            clock.now += 1
        with pytest.raises(RateError) as caught:
            await allowance.call(caller(account))
        assert caught.value.headers == {"Retry-After": "40"}
        assert caught.value.message == "Rate limit is exceeded. Try again in 40 seconds."
        await allowance.call(caller(other))  # has a rate of its own
        clock.now += 39.5
        with pytest.raises(RateError, match="in 1 second"):
            await allowance.call(caller(account))
        clock.now += 0.5
        await allowance.call(caller(account))
        assert storage.usage.used(account, "images", window_s=30 * 86400) == 21

    asyncio.run(run())


def test_quotas_say_the_days_and_survive_a_restart(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mien.server import limits

    monkeypatch.setitem(limits.PLANS, "free", limits.Plan(1000, 60, images=3, videos=1))
    account = storage.accounts.create("one", plan="free").id

    async def run() -> None:
        for _ in range(3):
            await Allowance("none", storage.usage).call(caller(account, "free"))
        with pytest.raises(QuotaError) as caught:
            await Allowance("none", storage.usage).call(caller(account, "free"))
        assert (caught.value.status, caught.value.code, caught.value.days) == (403, None, 30)
        await Allowance("none", storage.usage).call(caller(account, "free"), about_video=True)
        with pytest.raises(QuotaError, match="in 30 days"):  # all or none of them
            await Allowance("none", storage.usage).video(caller(account, "free"), 2)
        await Allowance("none", storage.usage).video(caller(account, "free"))  # counted apart
        with pytest.raises(QuotaError, match="in 30 days"):
            await Allowance("none", storage.usage).video(caller(account, "free"))

    asyncio.run(run())


def test_without_a_plan_there_is_no_end(storage: Storage) -> None:
    async def run() -> None:
        allowance = Allowance("none", storage.usage)
        for _ in range(500):
            await allowance.call(caller("nobody"))

    asyncio.run(run())


@pytest.mark.parametrize(
    ("announced", "parts", "most"),
    [
        ("11", (b"",), 10),
        ("9" * 400, (b"",), 10),
        (None, (b"x" * 6, b"x" * 5, b"never asked for"), 10),
        ("3", (b"x" * 20,), 10),  # a lie
    ],
)
def test_bodies_that_are_too_large(
    announced: str | None, parts: tuple[bytes, ...], most: int
) -> None:
    headers = {} if announced is None else {"Content-Length": announced}
    with pytest.raises(BodyTooLargeError) as caught:
        asyncio.run(read_body(request(headers, parts=parts), most=most, seconds=5))
    assert caught.value.status == 413


def test_a_body_of_just_the_limit_is_read() -> None:
    found = read_body(
        request({"Content-Length": "10"}, parts=(b"12345", b"67890")), most=10, seconds=5
    )
    assert asyncio.run(found) == b"1234567890"


def received(parts: tuple[bytes, ...], most: int, headers: dict[str, str] | None = None) -> bytes:
    """What `receive` has written of a body."""
    found = bytearray()
    count = asyncio.run(
        receive(request(headers or {}, parts=parts), found.extend, most=most, seconds=5)
    )
    assert count == len(found)
    return bytes(found)


def test_a_large_body_is_written_in_pieces() -> None:
    parts = tuple(bytes([number]) * 700_000 for number in range(5))
    assert received(parts, 3_500_000) == b"".join(parts)
    assert received((b"",), 10) == b""


@pytest.mark.parametrize(
    ("announced", "parts"),
    [("11", (b"",)), (None, (b"x" * 6, b"x" * 5, b"never asked for")), ("3", (b"x" * 20,))],
)
def test_a_large_body_has_a_limit(announced: str | None, parts: tuple[bytes, ...]) -> None:
    with pytest.raises(BodyTooLargeError):
        received(parts, 10, {} if announced is None else {"Content-Length": announced})


def dripping(parts: int, *, ends: bool) -> Request:
    """A request whose body comes in parts of 32 KiB, each after a quarter of a second; then it ends
    or nothing more comes.
    """
    left = parts

    async def next_part() -> Message:
        nonlocal left
        await asyncio.sleep(0.25 if left else 60)
        left -= 1
        more = bool(left) or not ends
        return {"type": "http.request", "body": bytes(LEAST_RATE), "more_body": more}

    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}
    return Request(scope, next_part)


def test_each_part_of_a_large_body_buys_time_for_the_rest() -> None:
    found = bytearray()
    slow = dripping(4, ends=True)  # a second in all
    asyncio.run(receive(slow, found.extend, most=2**30, seconds=0.6))
    assert len(found) == 4 * LEAST_RATE


def test_what_had_come_before_a_silence_is_written() -> None:
    found = bytearray()
    with pytest.raises(LateError):
        asyncio.run(receive(dripping(1, ends=False), found.extend, most=2**30, seconds=0.6))
    assert len(found) == LEAST_RATE


def test_the_time_that_writing_takes_is_not_the_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is slow makes nobody late."""
    monkeypatch.setattr("mien.server.limits.PIECE", 1)
    written: list[int] = []

    def write(piece: bytes) -> None:
        time.sleep(0.5)
        written.append(len(piece))

    parts = (b"x",) * 4
    asyncio.run(receive(request({}, parts=parts), write, most=10, seconds=0.3))
    assert written == [1] * 4


@pytest.mark.parametrize("how", ["read_body", "receive"])
def test_a_client_that_breaks_off_is_late(how: str) -> None:
    messages: list[Message] = [
        {"type": "http.request", "body": b"x", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def next_part() -> Message:
        return messages.pop(0)

    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []}
    broken = Request(scope, next_part)
    reading: Any = read_body(broken, most=10, seconds=5)
    if how == "receive":
        reading.close()
        reading = receive(broken, bytearray().extend, most=10, seconds=5)
    with pytest.raises(LateError):
        asyncio.run(reading)
