"""What the pages about accounts share."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import ParamSpec, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from mien.server.auth import is_address, is_loopback
from mien.server.dialect import Services
from mien.server.studio.attempts import Attempts
from mien.server.studio.cookies import Cookies
from mien.server.studio.visitors import NotLoggedInError, visitor_of
from mien.storage.audit import Action
from mien.storage.users import User

P = ParamSpec("P")
T = TypeVar("T")

HASHES = 2
"""Passwords that are hashed at a time; each takes 64 MiB."""


class Desk:
    """The storage, off the event loop; passwords, a bounded number at a time; the audit log."""

    def __init__(self, services: Services) -> None:
        self.storage, self.settings = services.storage, services.settings
        self.attempts, self._hashing = Attempts(), asyncio.Semaphore(HASHES)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do this in a thread."""
        return await run_in_threadpool(work, *args, **kwargs)

    async def hash(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do this in a thread; it hashes a password."""
        async with self._hashing:
            return await run_in_threadpool(work, *args, **kwargs)

    async def note(
        self, request: Request, action: Action, user: User | None, subject: str = ""
    ) -> None:
        """Enter something into the audit log."""
        note, address = self.storage.audit.note, self.address(request)
        await self.run(note, action, user, subject=subject, address=address)

    def address(self, request: Request) -> str:
        """Where a request comes from: the client; or whom a proxy on this machine says it is, which
        is believed where a public URL says that there is one."""
        host = request.client.host if request.client else ""
        told = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        if self.settings.public_url and is_loopback(host) and is_address(told):
            return told
        return host

    async def user(self, request: Request) -> User:
        """The user who is logged in."""
        return await self.run(self.storage.users.get, visitor_of(request).user_id)

    async def may_sign_up(self) -> bool:
        """Whether signing up is open: what the operator says goes before what an admin says."""
        if self.settings.sign_up is not None:
            return self.settings.sign_up == "open"
        return await self.run(self.storage.users.may_sign_up)

    async def enter(
        self, request: Request, user: User, url: str, *, remember: bool = False
    ) -> Response:
        """Begin a session under a new token, end the one of this browser, and go to a page.

        Raises:
            NotLoggedInError: the user was disabled, deleted or given another password just now.
        """
        token = await self.run(
            self.storage.sessions.begin,
            user,
            remember=remember,
            agent=request.headers.get("user-agent", ""),
            address=self.address(request),
        )
        if token is None:
            raise NotLoggedInError
        if before := request.scope["state"]["visitor"]:
            await self.run(self.storage.sessions.end, before.session_id)
        cookies = cookies_of(request)
        answer = RedirectResponse(url, status_code=303)
        cookies.set(answer, cookies.session, token, remember=remember)
        cookies.clear(answer, cookies.guest)
        return answer


def fields(given: Mapping[str, str]) -> Mapping[str, str]:
    """Words by name for a template, where one that is not there is empty."""
    return defaultdict(str, given)


def sentence(error: Exception) -> str:
    """An error as a sentence for people."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def cookies_of(request: Request) -> Cookies:
    """The cookies of the studio."""
    cookies: Cookies = request.scope["state"]["cookies"]
    return cookies
