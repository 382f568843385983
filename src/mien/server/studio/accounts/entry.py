"""Signing up, logging in, logging out."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import ParamSpec, TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from mien.errors import NoSuchUserError, SignUpClosedError, UsageError, UserExistsError
from mien.server.dialect import Services
from mien.server.studio.attempts import Attempts, TooManyTriesError
from mien.server.studio.cookies import Cookies
from mien.server.studio.guard import form_of, safe_next
from mien.server.studio.pages import page
from mien.server.studio.visitors import visitor_of
from mien.storage.audit import Action
from mien.storage.users import User

P = ParamSpec("P")
T = TypeVar("T")

HASHES = 2
"""Passwords that are hashed at a time; each takes 64 MiB."""

WRONG = "Name or password is not right. Check both; passwords are sensitive to case."


class Entry:
    """The pages for who is not logged in, and the way out."""

    def __init__(self, services: Services) -> None:
        self._storage, self._settings = services.storage, services.settings
        self._attempts, self._hashing = Attempts(), asyncio.Semaphore(HASHES)

    def routes(self) -> list[BaseRoute]:
        """The routes."""
        return [
            Route("/login", self.log_in_page, name="studio-login"),
            Route("/login", self.log_in, methods=["POST"], name="studio-login"),
            Route("/sign-up", self.sign_up_page, name="studio-sign-up"),
            Route("/sign-up", self.sign_up, methods=["POST"], name="studio-sign-up"),
            Route("/logout", self.log_out, methods=["POST"], name="studio-logout"),
        ]

    async def log_in_page(self, request: Request) -> Response:
        """The form to log in with."""
        wanted = safe_next(request.query_params.get("next", ""))
        if request.scope["state"]["visitor"] is not None:
            return RedirectResponse(wanted, status_code=303)
        return await self._log_in_form(request, {"next": wanted})

    async def log_in(self, request: Request) -> Response:
        """Log in."""
        form, address = form_of(request), address_of(request)
        name, password = form.get("name", ""), form.get("password", "")
        try:
            self._attempts.begin(name, address)
        except TooManyTriesError as error:
            return await self._log_in_form(request, form, error.message, 429, error.headers)
        user = await self._hash(self._storage.users.check, name, password)
        answer = None if user is None else await self._entered(request, user)
        if user is None or answer is None:
            await run_in_threadpool(self._note_refused, name, address)
            return await self._log_in_form(request, form, WRONG, 403)
        self._attempts.succeeded(name, address)
        await run_in_threadpool(self._storage.audit.note, Action.LOGGED_IN, user, address=address)
        return answer

    async def sign_up_page(self, request: Request) -> Response:
        """The form to sign up with."""
        if request.scope["state"]["visitor"] is not None:
            return RedirectResponse("/studio/", status_code=303)
        return await self._sign_up_form(request, {})

    async def sign_up(self, request: Request) -> Response:
        """Sign up, and log in."""
        form, address = form_of(request), address_of(request)
        name, password = form.get("name", ""), form.get("password", "")
        if password != form.get("again", ""):
            text = "The two passwords are not the same. Type both again."
            return await self._sign_up_form(request, form, {"again": text}, 400)
        is_open = await run_in_threadpool(self._is_open)
        try:
            self._attempts.begin_sign_up(address)
            make = self._storage.users.sign_up
            user = await self._hash(make, name, password, is_open=is_open)
        except TooManyTriesError as error:
            return await self._sign_up_form(request, form, {"form": error.message}, 429)
        except SignUpClosedError as error:
            return await self._sign_up_form(request, form, {"form": sentence(error)}, 403)
        except UserExistsError as error:
            return await self._sign_up_form(request, form, {"name": sentence(error)}, 409)
        except UsageError as error:
            field = "password" if "password" in str(error) else "name"
            return await self._sign_up_form(request, form, {field: sentence(error)}, 400)
        await run_in_threadpool(self._storage.audit.note, Action.SIGNED_UP, user, address=address)
        return await self._entered(request, user) or RedirectResponse("/studio/login", 303)

    async def log_out(self, request: Request) -> Response:
        """End the session of this browser."""
        visitor, cookies = visitor_of(request), cookies_of(request)
        await run_in_threadpool(self._storage.sessions.end, visitor.session_id)
        user = await run_in_threadpool(self._storage.users.get, visitor.user_id)
        await run_in_threadpool(
            self._storage.audit.note, Action.LOGGED_OUT, user, address=address_of(request)
        )
        answer = RedirectResponse("/studio/login", status_code=303)
        cookies.clear(answer, cookies.session)
        return answer

    async def _entered(self, request: Request, user: User) -> Response | None:
        """Begin a session, always under a new token; None if the user is not to enter any more."""
        form, cookies = form_of(request), cookies_of(request)
        if before := request.scope["state"]["visitor"]:
            await run_in_threadpool(self._storage.sessions.end, before.session_id)
        remember = form.get("remember") == "on"
        token = await run_in_threadpool(
            self._storage.sessions.begin,
            user,
            remember=remember,
            agent=request.headers.get("user-agent", ""),
            address=address_of(request),
        )
        if token is None:
            return None
        answer = RedirectResponse(safe_next(form.get("next", "")), status_code=303)
        cookies.set(answer, cookies.session, token, remember=remember)
        cookies.clear(answer, cookies.guest)
        return answer

    async def _log_in_form(
        self,
        request: Request,
        form: dict[str, str],
        error: str = "",
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Response:
        is_open = await run_in_threadpool(self._is_open)
        values = {"form": fields(form), "error": error, "is_open": is_open}
        answer = page(request, "login.html", status, **values)
        answer.headers.update(headers or {})
        return answer

    async def _sign_up_form(
        self,
        request: Request,
        form: dict[str, str],
        errors: dict[str, str] | None = None,
        status: int = 200,
    ) -> Response:
        is_open = await run_in_threadpool(self._is_open)
        values = {"form": fields(form), "errors": fields(errors or {}), "is_open": is_open}
        return page(request, "sign_up.html", status, **values)

    async def _hash(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        async with self._hashing:
            return await run_in_threadpool(work, *args, **kwargs)

    def _is_open(self) -> bool:
        return self._storage.users.may_sign_up()

    def _note_refused(self, name: str, address: str) -> None:
        """Note a try at a name that there is; what else people type may be a password."""
        try:
            known = self._storage.users.find(name).name
        except (NoSuchUserError, UsageError):
            known = ""
        self._storage.audit.note(Action.REFUSED, subject=known, address=address)


def sentence(error: Exception) -> str:
    """An error as a sentence for people."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def fields(given: Mapping[str, str]) -> Mapping[str, str]:
    """Words by name for a template, where one that is not there is empty."""
    return defaultdict(str, given)


def address_of(request: Request) -> str:
    """Where a request comes from: the client, or the proxy in front of the service."""
    return request.client.host if request.client else ""


def cookies_of(request: Request) -> Cookies:
    """The cookies of the studio."""
    cookies: Cookies = request.scope["state"]["cookies"]
    return cookies
