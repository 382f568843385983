"""Who calls: the key of a request, looked up at most every few seconds."""

from __future__ import annotations

import hashlib
import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from mien.server.errors import KeyRefusedError, OffError
from mien.storage.accounts import Accounts

FRESH_S = 5.0
"""How long a looked-up key, or session, counts; so much later, at most, is it refused."""
MOST_CACHED = 4096
MOST_CHARACTERS = 512
"""Longer keys are refused unseen."""
MOST_FIELDS = 100
"""In a query with more parameters no key is looked for."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls.

    Attributes:
        key_id: of the key; no secret.
        key_name: what the key was called when it was made.
        account_id: whose data it is.
        scopes: the dialects that the key opens; empty: all.
        plan: of the account; "none" where it has none of its own.
    """

    key_id: str
    key_name: str
    account_id: str
    scopes: frozenset[str]
    plan: str


def caller_of(accounts: Accounts, secret: str) -> Caller | None:
    """Who has this secret, as the storage knows it."""
    key = accounts.authenticate(secret)
    account = accounts.get(key.account_id) if key else None
    if key is None or account is None:
        return None
    return Caller(key.id, key.name, key.account_id, key.scopes, account.plan)


def subscription_key(request: HTTPConnection) -> str | None:
    """The key as Azure's APIs take it: a header, or `subscription-key` in the query."""
    header = request.headers.get("ocp-apim-subscription-key")
    if header is not None:
        return header
    # Names are compared without case, as the header's is.
    try:
        pairs = parse_qsl(request.url.query, max_num_fields=MOST_FIELDS)
    except ValueError:
        return None
    return next((value for name, value in pairs if name.lower() == "subscription-key"), None)


FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
"""Headers that a proxy adds: then the caller is not who the connection comes from."""


def is_of_this_machine(head: HTTPConnection) -> bool:
    """Whether a request comes from this machine and was meant for it.

    No proxy may have passed it on, and its Host must name this machine: a web page whose name was
    made to lead here (DNS rebinding) has another. A proxy that says nothing of itself cannot be
    told from a program of this machine.
    """
    if head.client is None or any(name in head.headers for name in FORWARDED):
        return False
    try:
        host = urlsplit(f"//{head.headers.get('host', '')}").hostname or ""
    except ValueError:
        return False
    return is_loopback(head.client.host) and (host == "localhost" or is_loopback(host))


def is_address(text: str) -> bool:
    """Whether this is an IP address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_loopback(text: str) -> bool:
    """Whether this is an address of this machine itself."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def bearer_or_subscription_key(request: HTTPConnection) -> str | None:
    """The key as `subscription_key` has it, or after "Bearer" in the header Authorization."""
    found = subscription_key(request)
    if found is not None:
        return found
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else None


KEY_PROTOCOL = "mien.key."


def offered_key(head: HTTPConnection) -> str | None:
    """The key of a WebSocket that offers the subprotocol "mien.key.KEY".

    Pages in browsers can set no header of a WebSocket but this one. It is offered beside the
    protocol that is spoken, and never chosen.
    """
    offered: list[str] = head.scope.get("subprotocols", [])
    keys = [name for name in offered if name.startswith(KEY_PROTOCOL)]
    return keys[0].removeprefix(KEY_PROTOCOL) if keys else None


def may_call_from(head: HTTPConnection, origins: Collection[str]) -> bool:
    """Whether a WebSocket comes from a page of this service or of these origins, or from no page.

    Answers to requests are kept from pages of other origins by their browsers (CORS); messages of
    WebSockets are not.
    """
    origin = head.headers.get("origin")
    if origin is None or origin in origins or "*" in origins:
        return True
    try:
        return urlsplit(origin).netloc.lower() == head.headers.get("host", "").lower()
    except ValueError:
        return False


class Keys:
    """Looks keys up in the storage, off the event loop, and remembers them for `FRESH_S`.

    Args:
        find: who has a secret, or None; see `caller_of`.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        find: Callable[[str], Caller | None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find, self._clock = find, clock
        self._known: OrderedDict[bytes, tuple[float, Caller]] = OrderedDict()

    async def caller(self, secret: str | None, scope: str) -> Caller:
        """Who has a secret, which must open this scope.

        Raises:
            KeyRefusedError: there is none, or it is unknown, revoked or expired.
            OffError: it does not open the scope.
        """
        if not secret or len(secret) > MOST_CHARACTERS:
            raise KeyRefusedError
        found = await self._look_up(secret)
        if found is None:
            raise KeyRefusedError
        if found.scopes and scope not in found.scopes:
            raise OffError(f"This key is not for the API '{scope}'.")
        return found

    async def _look_up(self, secret: str) -> Caller | None:
        # Only the digest is kept, and only that of keys that exist: a wrong key is looked up each
        # time, which is one indexed read, and cannot fill the memory.
        digest = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
        until, caller = self._known.get(digest, (0.0, None))
        if caller is not None and self._clock() < until:
            return caller
        self._known.pop(digest, None)
        found = await run_in_threadpool(self._find, secret)
        if found is not None:
            self._known[digest] = (self._clock() + FRESH_S, found)
            while len(self._known) > MOST_CACHED:
                self._known.popitem(last=False)
        return found
