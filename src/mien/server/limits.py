"""What one request may cost: the size and time of its body, and the calls of a plan."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import Receive

from mien.server.auth import Key
from mien.server.errors import BodyTooLargeError, LateError, QuotaError, RateError

DRAIN_BYTES, DRAIN_S = 2**18, 1.0
"""Of a body that nobody wants, so much is read before the answer. A client that is still sending
would see a broken connection in place of the answer."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a plan allows. Calls of a minute or second are counted over the time just gone by.

    Attributes:
        calls: so many in `seconds`.
        images: calls a calendar month (UTC) that take pictures or compare faces; None: no end.
        videos: uploads of a video a calendar month.
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

Take = Callable[[str, str, str], int]
"""Counts one use in the storage: account, what ("images", "videos"), month ("2026-11"); gives the
count with this one."""


class Allowance:
    """What is left of the plans of all accounts.

    Args:
        plan: of the accounts that name none.
        take: counts in the storage, so that quotas survive a restart.
        clock: seconds that only grow, for rates.
        now: the time of day, for quotas.
    """

    def __init__(
        self,
        plan: str,
        take: Take,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._plan, self._take, self._clock, self._now = plan, take, clock, now
        self._calls: dict[str, deque[float]] = {}

    async def call(self, key: Key) -> None:
        """Count a call of the account that a key belongs to.

        Raises:
            RateError: too many just now; this one is not counted.
            QuotaError: too many this month.
        """
        plan = PLANS[key.plan or self._plan]
        if plan is None:
            return
        self._pace(key.account_id, plan)
        await self._count(key.account_id, "images", plan.images)

    async def video(self, key: Key) -> None:
        """Count the upload of a video. Raises `QuotaError` if there were too many this month."""
        plan = PLANS[key.plan or self._plan]
        if plan is not None:
            await self._count(key.account_id, "videos", plan.videos)

    def _pace(self, account: str, plan: Plan) -> None:
        now = self._clock()
        calls = self._calls.setdefault(account, deque())
        while calls and calls[0] <= now - plan.seconds:
            calls.popleft()
        if len(calls) >= plan.calls:
            raise RateError(max(1, math.ceil(calls[0] + plan.seconds - now)))
        calls.append(now)

    async def _count(self, account: str, what: str, most: int | None) -> None:
        if most is None:
            return
        now = self._now()
        used = await run_in_threadpool(self._take, account, what, f"{now:%Y-%m}")
        if used > most:
            following = datetime(now.year + now.month // 12, now.month % 12 + 1, 1, tzinfo=UTC)
            raise QuotaError(math.ceil((following - now).total_seconds() / 86400))


async def read_body(request: Request, *, most: int, seconds: float) -> bytes:
    """The body of a request; reading stops at the first byte too many, and when the time is up.

    Raises:
        BodyTooLargeError: it is longer than `most`, or says it will be.
        LateError: it was not there in time.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and (len(announced) > 18 or int(announced) > most):
        raise BodyTooLargeError(most)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                if len(body) + len(chunk) > most:
                    raise BodyTooLargeError(most)
                body += chunk
    except TimeoutError:
        raise LateError from None
    return bytes(body)


async def drain(receive: Receive) -> None:
    """Read on for a moment, and let go what comes."""
    read = 0
    try:
        async with asyncio.timeout(DRAIN_S):
            while read < DRAIN_BYTES:
                message = await receive()
                read += len(message.get("body", b""))
                if message["type"] != "http.request" or not message.get("more_body"):
                    return
    except TimeoutError:
        return
