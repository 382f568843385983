"""How often somebody may try to log in, or sign up."""

from __future__ import annotations

import hashlib
import ipaddress
import math
import time
import unicodedata
from collections import OrderedDict, deque
from collections.abc import Callable

from mien.server.errors import Refusal

WINDOW_S = 900.0
PAIR, NAME, ADDRESS = 10, 50, 100
"""Tries that failed in any `WINDOW_S`: for a name from an address, for a name from anywhere, from
an address for any name."""
MOST_KNOWN = 20_000
"""Names and addresses that are remembered; the one that was quiet for longest is forgotten."""


class TooManyTriesError(Refusal):
    """Too many tries have failed; `minutes` is how long to wait."""

    def __init__(self, seconds: float) -> None:
        self.minutes = max(1, math.ceil(seconds / 60))
        unit = "minute" if self.minutes == 1 else "minutes"
        super().__init__(
            429,
            "TooManyTries",
            f"Too many tries have failed. Try again in {self.minutes} {unit}.",
            {"Retry-After": str(math.ceil(seconds))},
        )


class Attempts:
    """Counts tries in memory, as hashes of names and addresses.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._tries: OrderedDict[bytes, deque[float]] = OrderedDict()

    def begin(self, name: str, address: str) -> None:
        """Count a try, before it is known to fail. Raises TooManyTriesError; that is not one."""
        self._count(_keys(name, address))

    def begin_sign_up(self, address: str) -> None:
        """Count somebody who signs up, `ADDRESS` at most. Raises TooManyTriesError."""
        self._count({_digest("sign up", _network(address)): ADDRESS})

    def _count(self, keys: dict[bytes, int]) -> None:
        now = self._clock()
        for key, most in keys.items():
            tries = self._tries.get(key, deque())
            while tries and tries[0] <= now - WINDOW_S:
                tries.popleft()
            if len(tries) >= most:
                raise TooManyTriesError(tries[0] + WINDOW_S - now)
        for key in keys:
            self._tries.setdefault(key, deque()).append(now)
            self._tries.move_to_end(key)
        while len(self._tries) > MOST_KNOWN:
            self._tries.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """Take the last try back, and those of this name from this address."""
        pair, *others = _keys(name, address)
        self._tries.pop(pair, None)
        for key in others:
            if tries := self._tries.get(key):
                tries.pop()


def _keys(name: str, address: str) -> dict[bytes, int]:
    name = unicodedata.normalize("NFKC", name.strip()).casefold()
    address = _network(address)
    return {
        _digest("pair", name, address): PAIR,
        _digest("name", name): NAME,
        _digest("address", address): ADDRESS,
    }


def _digest(*words: str) -> bytes:
    return hashlib.sha256("\0".join(words).encode("utf-8", "surrogatepass")).digest()[:16]


def _network(address: str) -> str:
    """An IPv4 address, or the /64 of an IPv6 one, which one customer has all of."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return address
