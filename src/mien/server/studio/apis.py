"""The service's own APIs for the pages of the studio: a session stands in place of a key."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Receive, Scope

from mien.server.auth import FRESH_S, Caller
from mien.server.dialect import Dialect, Services
from mien.server.gate import Door
from mien.server.studio.visitors import NotLoggedInError, Visitor, visitor_of

OFFERED = ("face", "media")
"""The dialects that pages call."""


class SessionGate(Door):
    """The door of a dialect for visitors, who have passed the guard: policy, rate and quota."""

    def __init__(self, app: ASGIApp, dialect: Dialect, services: Services) -> None:
        super().__init__(app, lambda scope, refusal: dialect.refuse(refusal))
        self._dialect, self._services = dialect, services

    async def admit(self, scope: Scope, receive: Receive) -> None:
        """Let in whose session it is."""
        self._services.policy.require_dialect(self._dialect.name)
        head = HTTPConnection(scope)
        visitor = visitor_of(head)
        scope["state"] |= {"dialect": self._dialect.name, "caller": visitor.caller}
        scope["state"]["admit"] = self._admission(scope["state"]["token"])
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] != b"cookie"]
        await self._services.allowance.call(visitor.caller)

    def _admission(self, token: str) -> Callable[[], Awaitable[Caller]]:
        """Says who holds a session, and looks every few seconds whether it still is one."""
        known: list[tuple[float, Caller]] = []

        async def admit() -> Caller:
            if not known or time.monotonic() >= known[-1][0]:
                session = await run_in_threadpool(self._services.storage.sessions.find, token)
                if session is None:
                    raise NotLoggedInError
                known[:] = [(time.monotonic() + FRESH_S, Visitor.of(session).caller)]
            return known[-1][1]

        return admit


def api_routes(services: Services, apps: Mapping[Dialect, FastAPI]) -> list[BaseRoute]:
    """/api/face/v1.0 and /api/media/v1, each with all that the API has."""
    return [
        Mount(f"/api{dialect.prefix}", SessionGate(app, dialect, services), name=dialect.name)
        for dialect, app in apps.items()
        if dialect.name in OFFERED
    ]
