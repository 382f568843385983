from __future__ import annotations

import pytest

from mien.server.studio import attempts
from mien.server.studio.attempts import ADDRESS, NAME, PAIR, WINDOW_S, Attempts, TooManyTriesError


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tries(clock: Clock) -> Attempts:
    return Attempts(clock=clock)


def test_tries_at_a_name_from_an_address_are_few(tries: Attempts, clock: Clock) -> None:
    for _ in range(PAIR):
        tries.begin("ada", "192.0.2.1")
        clock.now += 10
    with pytest.raises(TooManyTriesError, match="in 14 minutes") as caught:
        tries.begin("ＡＤＡ ", "192.0.2.1")
    assert caught.value.headers == {"Retry-After": str(int(WINDOW_S - 10 * PAIR))}
    tries.begin("ada", "192.0.2.2")
    tries.begin("bo", "192.0.2.1")
    clock.now = WINDOW_S + 0.1
    tries.begin("ada", "192.0.2.1")


def test_a_name_is_not_guessed_from_many_addresses(tries: Attempts) -> None:
    for number in range(NAME):
        tries.begin("ada", f"192.0.2.{number}")
    with pytest.raises(TooManyTriesError):
        tries.begin("ada", "198.51.100.1")


def test_an_address_does_not_try_many_names(tries: Attempts) -> None:
    for number in range(ADDRESS):
        tries.begin(f"user {number}", f"2001:db8::{number:x}")  # all of one /64
    with pytest.raises(TooManyTriesError):
        tries.begin("another", "2001:db8::ffff:1")
    tries.begin("another", "2001:db8:0:1::1")


def test_an_ipv4_address_in_ipv6_is_itself(tries: Attempts) -> None:
    for _ in range(PAIR):
        tries.begin("ada", "::ffff:192.0.2.1")
    with pytest.raises(TooManyTriesError):
        tries.begin("ada", "::ffff:192.0.2.1")
    tries.begin("ada", "::ffff:192.0.2.2")


def test_who_gets_in_is_not_counted(tries: Attempts) -> None:
    for _ in range(3 * NAME):
        tries.begin("ada", "192.0.2.1")
        tries.succeeded("ada", "192.0.2.1")
    assert all(not each for each in tries._tries.values())


def test_a_refused_try_does_not_prolong_the_wait(tries: Attempts, clock: Clock) -> None:
    for _ in range(PAIR):
        tries.begin("ada", "a socket")
    for _ in range(100):
        clock.now += WINDOW_S / 101
        with pytest.raises(TooManyTriesError):
            tries.begin("ada", "a socket")
    clock.now = WINDOW_S
    tries.begin("ada", "a socket")


def test_signing_up_is_counted_by_address(tries: Attempts) -> None:
    for _ in range(ADDRESS):
        tries.begin_sign_up("192.0.2.1")
    with pytest.raises(TooManyTriesError):
        tries.begin_sign_up("192.0.2.1")
    tries.begin_sign_up("192.0.2.2")
    tries.begin("ada", "192.0.2.1")


def test_what_is_remembered_is_bounded(tries: Attempts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "MOST_KNOWN", 30)
    for number in range(1000):
        tries.begin(f"user {number}", f"192.0.{number % 256}.{number // 256}")
        assert len(tries._tries) <= 30
