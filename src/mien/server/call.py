"""One request, and what its handler needs of the service."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, ParamSpec, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from mien.server.auth import Caller
from mien.server.bodies import INVALID
from mien.server.dialect import Services, caller_of
from mien.server.json_body import JSON, check_media_type, parse_json
from mien.server.limits import read_body
from mien.server.parameters import Query

P = ParamSpec("P")
T = TypeVar("T")


class Call:
    """One request."""

    def __init__(self, request: Request, services: Services) -> None:
        self.request, self.services = request, services

    @property
    def caller(self) -> Caller:
        """Who calls."""
        return caller_of(self.request)

    @cached_property
    def query(self) -> Query:
        """The values of the query by name in lower case."""
        found: dict[str, list[str]] = {}
        for name, value in self.request.query_params.multi_items():
            found.setdefault(name.lower(), []).append(value)
        return found

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do this in a thread, off the event loop."""
        return await run_in_threadpool(work, *args, **kwargs)

    async def gone(self) -> None:
        """Return once the client has gone. Whoever asks has read the body to its end."""
        while (await self.request.receive())["type"] != "http.disconnect":
            pass

    async def body(self, most: int) -> bytes:
        """The body, of at most so many bytes; raises Refusal 408, 413."""
        seconds = self.services.settings.limits.body_s
        return await read_body(self.request, most=most, seconds=seconds)

    async def value(self, *, unreadable: str = INVALID) -> Any:
        """The JSON value of the body; `unreadable` is the message where it is no JSON at all.

        Raises:
            Refusal: 400, 408, 413, 415.
        """
        check_media_type(self.request.headers.get("content-type"), JSON)
        body = await self.body(self.services.settings.limits.json_bytes)
        return parse_json(body, message=unreadable)
