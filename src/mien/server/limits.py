"""What one request may cost: the size and time of its body, and the calls of a plan."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

from mien.server.auth import Caller
from mien.server.errors import BodyTooLargeError, LateError, QuotaError, RateError
from mien.storage.usage import DAY_S, MONTH_S, Usage

DRAIN_BYTES, DRAIN_S = 2**25, 5.0
"""Of a body that nobody wants, so much is read before the answer. A client that is still sending
would see a broken connection in place of the answer."""

LEAST_RATE = 2**15
"""Bytes a second that a client must send of a large body in the long run."""
PIECE = 2**20
"""Bytes of a large body that are given at once."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a plan allows.

    Attributes:
        calls: so many in any `seconds`.
        seconds: see `calls`.
        images: calls in 30 days that are not about video; None: no end.
        videos: that are to be worked on, in 30 days.
    """

    calls: int
    seconds: float
    images: int | None = None
    videos: int | None = None


PLANS: dict[str, Plan | None] = {
    "none": None,
    "free": Plan(20, 60, images=30_000, videos=300),
    "basic": Plan(10, 1),
    "standard": Plan(10, 1, videos=3_000),
}
"""Rates and quotas that the APIs had. Face API v1.0: F0 is "free", S0 is "standard"."""


class Allowance:
    """What is left of the plans of all accounts.

    Rates are counted here, over the time just gone by; quotas in the storage, so that they survive
    a restart.

    Args:
        plan: of the accounts that have none of their own.
        usage: the counters of the storage.
        clock: seconds that only grow.
    """

    def __init__(
        self, plan: str, usage: Usage, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._plan, self._usage, self._clock = plan, usage, clock
        self._calls: dict[str, deque[float]] = {}

    async def call(self, caller: Caller, *, about_video: bool = False) -> None:
        """Count a call. One that is about video counts for the rate alone.

        Raises:
            RateError: the account has made too many just now; this one is not counted.
            QuotaError: it has made too many in these 30 days.
        """
        plan = self._plan_of(caller)
        if plan is not None:
            self._pace(caller.account_id, plan)
        if not about_video:
            await self.image(caller)

    async def image(self, caller: Caller) -> None:
        """Count a picture, or what counts as one. Raises `QuotaError` if there were too many."""
        plan = self._plan_of(caller)
        if plan is not None:
            await self._count(caller.account_id, "images", plan.images)

    async def video(self, caller: Caller, count: int = 1) -> None:
        """Count videos that are to be worked on. Raises `QuotaError` if there were too many, and
        counts none of them then."""
        plan = self._plan_of(caller)
        if plan is not None:
            await self._count(caller.account_id, "video", plan.videos, count)

    def _plan_of(self, caller: Caller) -> Plan | None:
        return PLANS[self._plan if caller.plan == "none" else caller.plan]

    def _pace(self, account: str, plan: Plan) -> None:
        now = self._clock()
        calls = self._calls.setdefault(account, deque())
        while calls and calls[0] <= now - plan.seconds:
            calls.popleft()
        if len(calls) >= plan.calls:
            raise RateError(max(1, math.ceil(calls[0] + plan.seconds - now)))
        calls.append(now)

    async def _count(self, account: str, what: str, most: int | None, count: int = 1) -> None:
        if most is None:
            return
        take = partial(self._usage.take, account, what, window_s=MONTH_S, limit=most, count=count)
        taken = await run_in_threadpool(take)
        if not taken.allowed:
            raise QuotaError(max(1, math.ceil(taken.resets_in_s / DAY_S)))


async def read_body(request: Request, *, most: int, seconds: float) -> bytes:
    """The body of a request; reading stops at the first byte too many, and when the time is up.

    Raises:
        BodyTooLargeError: it is longer than `most`, or says it will be.
        LateError: it was not there in time, or the client is gone.
    """
    _check_announced(request, most)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                if len(body) + len(chunk) > most:
                    raise BodyTooLargeError(most)
                body += chunk
    except (TimeoutError, ClientDisconnect):
        raise LateError from None
    return bytes(body)


async def pieces(request: Request, *, most: int, seconds: float) -> AsyncIterator[bytes]:
    """The body of a request in pieces of about `PIECE` bytes, as it comes.

    A client may be silent for `seconds`, and wait as long in all and a second more for each
    `LEAST_RATE` bytes: one that stalls is cut off soon, and one that only drips in the long run.
    What is done with a piece takes nothing of its time. What had come by then is given first.

    Raises:
        BodyTooLargeError: it is longer than `most`, or says it will be.
        LateError: the client was silent for too long or too slow, or is gone.
    """
    _check_announced(request, most)
    clock, stream = asyncio.get_running_loop().time, request.stream()
    received, waited, piece = 0, 0.0, bytearray()
    chunk: bytes | None = b""
    while chunk is not None:
        start = clock()
        try:
            async with asyncio.timeout(min(seconds, seconds + received / LEAST_RATE - waited)):
                chunk = await anext(stream, None)
        except (TimeoutError, ClientDisconnect):
            if piece:
                yield bytes(piece)
            raise LateError from None
        waited += clock() - start
        piece += chunk or b""
        received += len(chunk or b"")
        if received > most:
            raise BodyTooLargeError(most)
        if piece and (chunk is None or len(piece) >= PIECE):
            yield bytes(piece)
            piece.clear()


async def receive(
    request: Request, write: Callable[[bytes], object], *, most: int, seconds: float
) -> int:
    """Take the body of a request in `pieces`, each written in a thread; how many bytes it had.
    Raises as `pieces` does."""
    received = 0
    async for piece in pieces(request, most=most, seconds=seconds):
        await run_in_threadpool(write, piece)
        received += len(piece)
    return received


def _check_announced(request: Request, most: int) -> None:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > 18 or int(announced) > most):
        raise BodyTooLargeError(most)


async def drain(receive: Receive) -> bool:
    """Read on for a moment, and let go what comes; whether that was all there is."""
    read = 0
    try:
        async with asyncio.timeout(DRAIN_S):
            while read < DRAIN_BYTES:
                message = await receive()
                read += len(message.get("body", b""))
                if message["type"] != "http.request" or not message.get("more_body"):
                    return True
    except TimeoutError:
        pass
    return False
