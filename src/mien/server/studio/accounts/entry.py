"""Signing up, logging in, logging out."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from mien.errors import NoSuchUserError, SignUpClosedError, UsageError, UserExistsError
from mien.server.studio.accounts.desk import Desk, cookies_of, fields, sentence
from mien.server.studio.attempts import TooManyTriesError
from mien.server.studio.guard import form_of, safe_next
from mien.server.studio.pages import page
from mien.server.studio.visitors import visitor_of
from mien.storage.audit import Action

WRONG = "Name or password is not right. Check both; passwords are sensitive to case."


class Entry:
    """The pages for who is not logged in, and the way out."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._users = desk, desk.storage.users

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
        form, address = form_of(request), self._desk.address(request)
        name, password = form.get("name", ""), form.get("password", "")
        try:
            self._desk.attempts.begin(name, address)
        except TooManyTriesError as error:
            return await self._log_in_form(request, form, error.message, 429, error.headers)
        user = await self._desk.hash(self._users.check, name, password)
        if user is None:
            await self._desk.note(request, Action.REFUSED, None, await self._known(name))
            return await self._log_in_form(request, form, WRONG, 403)
        self._desk.attempts.succeeded(name, address)
        url, remember = safe_next(form.get("next", "")), form.get("remember") == "on"
        answer = await self._desk.enter(request, user, url, remember=remember)
        await self._desk.note(request, Action.LOGGED_IN, user)
        return answer

    async def sign_up_page(self, request: Request) -> Response:
        """The form to sign up with."""
        if request.scope["state"]["visitor"] is not None:
            return RedirectResponse("/studio/", status_code=303)
        return await self._sign_up_form(request, {})

    async def sign_up(self, request: Request) -> Response:
        """Sign up, and log in."""
        form = form_of(request)
        name, password = form.get("name", ""), form.get("password", "")
        if password != form.get("again", ""):
            text = "The two passwords are not the same. Type both again."
            return await self._sign_up_form(request, form, {"again": text}, 400)
        is_open = await self._desk.may_sign_up()
        try:
            self._desk.attempts.begin_sign_up(self._desk.address(request))
            user = await self._desk.hash(self._users.sign_up, name, password, is_open=is_open)
        except TooManyTriesError as error:
            return await self._sign_up_form(request, form, {"form": error.message}, 429)
        except SignUpClosedError as error:
            return await self._sign_up_form(request, form, {"form": sentence(error)}, 403)
        except UserExistsError as error:
            return await self._sign_up_form(request, form, {"name": sentence(error)}, 409)
        except UsageError as error:
            field = "password" if "password" in str(error) else "name"
            return await self._sign_up_form(request, form, {field: sentence(error)}, 400)
        await self._desk.note(request, Action.SIGNED_UP, user)
        return await self._desk.enter(request, user, "/studio/")

    async def log_out(self, request: Request) -> Response:
        """End the session of this browser."""
        user, cookies = await self._desk.user(request), cookies_of(request)
        await self._desk.run(self._desk.storage.sessions.end, visitor_of(request).session_id)
        await self._desk.note(request, Action.LOGGED_OUT, user)
        answer = RedirectResponse("/studio/login", status_code=303)
        cookies.clear(answer, cookies.session)
        return answer

    async def _log_in_form(
        self,
        request: Request,
        form: dict[str, str],
        error: str = "",
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> Response:
        is_open = await self._desk.may_sign_up()
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
        is_open = await self._desk.may_sign_up()
        values = {"form": fields(form), "errors": fields(errors or {}), "is_open": is_open}
        return page(request, "sign_up.html", status, **values)

    async def _known(self, name: str) -> str:
        """A name that there is; empty for others: what people type there may be a password."""
        try:
            return (await self._desk.run(self._users.find, name)).name
        except (NoSuchUserError, UsageError):
            return ""
