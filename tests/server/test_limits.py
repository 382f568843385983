"""Keys, rates, quotas and bodies, without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.types import Message

from mien.server.auth import Caller, Keys, caller_of, subscription_key
from mien.server.errors import BodyTooLargeError, KeyRefusedError, OffError, QuotaError, RateError
from mien.server.limits import Allowance, read_body
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
