"""Tells programs of the states of their jobs: signed, and again until they answer.

The message and its signature are those of Azure Media Services, so that a function which verified
these verifies ours. It goes where the guarded fetcher goes, and nowhere else. Each message may come
more than once: its ETag tells.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from starlette.concurrency import run_in_threadpool

from mien.errors import MienError
from mien.server.errors import UrlError
from mien.server.fetch import Fetcher
from mien.server.logs import LOG
from mien.storage import Storage
from mien.storage.notifications import Notification

LOOK_S = 1.0
AT_ONCE = 8
JOB_STATE_CHANGE = 1
"""NotificationEventType of a job's change of state."""


class Deliverer:
    """Delivers as long as the block lasts. Several services on one database share the work."""

    def __init__(self, storage: Storage, fetcher: Fetcher) -> None:
        self._storage, self._fetcher = storage, fetcher
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            try:
                due = await run_in_threadpool(self._storage.notifications.due, AT_ONCE)
                await asyncio.gather(*(self._deliver(job) for job in due))
            except MienError as error:  # the database is busy or away: the next round may find it
                LOG.warning(
                    "nobody could be told of jobs", extra={"fields": {"reason": str(error)}}
                )
                due = []
            if not due:
                await asyncio.sleep(LOOK_S)

    async def _deliver(self, job: str) -> None:
        lock = await run_in_threadpool(self._storage.locks.take, f"notify-{job}")
        if lock is None:  # another service is at it
            await asyncio.sleep(LOOK_S)
            return
        with lock:
            notification = await run_in_threadpool(self._storage.notifications.next, job)
            if notification is not None:
                await self._tell(notification)

    async def _tell(self, notification: Notification) -> None:
        key = self._storage.signing_key(notification.account_id)
        body = json.dumps(message_of(notification)).encode()
        headers = {
            "Content-Type": "application/json",
            "ms-signature": signature(key, body),
            "ms-mediaservices-accountid": notification.account_id,
        }
        fields = {"job": notification.event.job, "try": notification.tries + 1}
        try:
            await self._fetcher.post(notification.url, body, headers)
        except UrlError as error:
            again = await run_in_threadpool(self._storage.notifications.failed, notification)
            fields |= {"reason": str(error), "again": again}
            LOG.warning("a program could not be told of its job", extra={"fields": fields})
            return
        await run_in_threadpool(self._storage.notifications.told, notification.event)
        LOG.info("a program was told of its job", extra={"fields": fields})


def message_of(notification: Notification) -> dict[str, Any]:
    """The message, as Azure Media Services had it."""
    event = notification.event
    before = event.state if event.previous is None else event.previous
    return {
        "MessageVersion": "1.1",
        "ETag": hashlib.sha256(f"{event.job} {event.number}".encode()).hexdigest(),
        "EventType": JOB_STATE_CHANGE,
        "TimeStamp": event.at.isoformat().replace("+00:00", "Z"),
        "Properties": {
            "JobId": event.job,
            "JobName": notification.job_name,
            "NewState": event.state.name,
            "OldState": before.name,
            "AccountName": notification.account,
            "AccountId": notification.account_id,
        },
    }


def signature(key: bytes, body: bytes) -> str:
    """The header `ms-signature`: HMAC-SHA256 of the body in upper-case hexadecimal digits."""
    return f"sha256={hmac.new(key, body, hashlib.sha256).hexdigest().upper()}"
