"""What a user has: password, sessions, API keys; and the end of the account."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from mien.errors import ExistsError, LastAdminError, NoSuchAccountError, UsageError
from mien.server.errors import Refusal
from mien.server.studio.accounts.agents import browser_of
from mien.server.studio.accounts.desk import Desk, cookies_of, fields, sentence
from mien.server.studio.attempts import TooManyTriesError
from mien.server.studio.guard import form_of
from mien.server.studio.pages import page
from mien.server.studio.visitors import visitor_of
from mien.storage.accounts import ApiKey
from mien.storage.audit import Action
from mien.storage.users import User

SCOPES = {
    "face": "Face API",
    "emotion": "Emotion API",
    "kairos": "Kairos",
    "media": "Videos and jobs",
}
"""The APIs that a key may open, by the names of their dialects."""
LIVES = {"": None, "30": 30, "90": 90, "365": 365}
"""Days after which a key ends."""
LONGEST_KEY_NAME = 64

DONE = {
    "password": "The password is changed. Other browsers are logged out.",
    "session": "The session is ended.",
    "sessions": "All other sessions are ended.",
    "revoked": "The key is revoked. It is refused within five seconds.",
}
WRONG = "This is not your password. Type it again."


class Mine:
    """The page of the account, and what is done there."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._storage = desk, desk.storage

    def routes(self) -> list[BaseRoute]:
        """The routes."""
        acts = {
            "password": self.change_password,
            "sessions/end": self.end_session,
            "sessions/end-others": self.end_others,
            "keys/create": self.create_key,
            "keys/rotate": self.rotate_key,
            "keys/revoke": self.revoke_key,
            "delete": self.delete,
        }
        name = "studio-account"
        return [
            Route("/account", self.account, name=name),
            *(
                Route(f"/account/{path}", act, methods=["POST"], name=f"{name}-{path}")
                for path, act in acts.items()
            ),
        ]

    async def account(self, request: Request) -> Response:
        """All about oneself."""
        return await self._page(request, done=DONE.get(request.query_params.get("done", ""), ""))

    async def change_password(self, request: Request) -> Response:
        """Set another password; all sessions end, and this browser gets a new one."""
        form, user = form_of(request), await self._desk.user(request)
        problem = await self._wrong_password(request, user, form.get("current", ""))
        if problem is not None:
            return await self._page(request, problem.status, {"current": problem.message})
        password = form.get("password", "")
        if password != form.get("again", ""):
            text = "The two new passwords are not the same. Type both again."
            return await self._page(request, 400, {"again": text})
        try:
            await self._desk.hash(self._storage.users.set_password, user.id, password)
        except UsageError as error:
            return await self._page(request, 400, {"password": sentence(error)})
        await self._desk.note(request, Action.PASSWORD_CHANGED, user)
        fresh = await self._desk.user(request)
        remember = visitor_of(request).remembered
        return await self._desk.enter(request, fresh, _back("password"), remember=remember)

    async def end_session(self, request: Request) -> Response:
        """End one of one's own sessions."""
        user, id = await self._desk.user(request), form_of(request).get("id", "")
        if await self._desk.run(self._storage.sessions.end, id, user=user.id):
            await self._desk.note(request, Action.SESSION_ENDED, user)
        return RedirectResponse(_back("session", "sessions"), status_code=303)

    async def end_others(self, request: Request) -> Response:
        """End all sessions but this one."""
        user, keep = await self._desk.user(request), visitor_of(request).session_id
        await self._desk.run(self._storage.sessions.end_all, user.id, keep=keep)
        await self._desk.note(request, Action.SESSIONS_ENDED, user)
        return RedirectResponse(_back("sessions", "sessions"), status_code=303)

    async def create_key(self, request: Request) -> Response:
        """Make an API key, which is shown on the page that this answers, and never again."""
        form, user = form_of(request), await self._desk.user(request)
        name = form.get("name", "").strip()
        if not 0 < len(name) <= LONGEST_KEY_NAME or not name.isprintable():
            text = f"Give the key a name of up to {LONGEST_KEY_NAME} characters."
            return await self._page(request, 400, {"key": text})
        days = LIVES.get(form.get("expires", ""))
        try:
            key, secret = await self._desk.run(
                self._storage.accounts.create_key,
                name,
                account=user.account_id,
                scopes=[each for each in SCOPES if form.get(f"scope-{each}") == "on"],
                expires=None if days is None else datetime.now(UTC) + timedelta(days=days),
            )
        except ExistsError:
            text = f"There is a key {name} already. Take another name, rotate it, or revoke it."
            return await self._page(request, 409, {"key": text})
        await self._desk.note(request, Action.KEY_CREATED, user, key.name)
        return await self._page(request, 201, secret=(key, secret))

    async def rotate_key(self, request: Request) -> Response:
        """Make a second key of a name; the older of two is revoked."""
        user, key = await self._desk.user(request), await self._key(request)
        rotate = self._storage.accounts.rotate
        made, secret = await self._desk.run(rotate, key.name, account=user.account_id)
        await self._desk.note(request, Action.KEY_ROTATED, user, key.name)
        return await self._page(request, 201, secret=(made, secret))

    async def revoke_key(self, request: Request) -> Response:
        """Revoke a key."""
        user, key = await self._desk.user(request), await self._key(request)
        await self._desk.run(self._storage.accounts.revoke, key.id, account=user.account_id)
        await self._desk.note(request, Action.KEY_REVOKED, user, key.name)
        return RedirectResponse(_back("revoked", "keys"), status_code=303)

    async def delete(self, request: Request) -> Response:
        """Delete the user, and the account with all that is in it if nobody shares it."""
        form, user = form_of(request), await self._desk.user(request)
        problem = await self._wrong_password(request, user, form.get("password", ""))
        if problem is not None:
            return await self._page(request, problem.status, {"delete": problem.message})
        try:
            _, receipt = await self._desk.run(self._storage.removal.user, user.id)
        except LastAdminError as error:
            return await self._page(request, 409, {"delete": sentence(error)})
        await self._desk.run(self._storage.audit.forget, user)
        action = Action.USER_REMOVED if receipt is None else Action.ACCOUNT_DELETED
        subject = "" if receipt is None else f"receipt {receipt.id}"
        await self._desk.run(self._storage.audit.note, action, subject=subject)
        request.scope["state"] |= {"visitor": None, "csrf": ""}
        answer = page(request, "deleted.html", receipt=receipt, user=user)
        cookies = cookies_of(request)
        cookies.clear(answer, cookies.session)
        return answer

    async def _page(
        self,
        request: Request,
        status: int = 200,
        errors: dict[str, str] | None = None,
        **values: Any,
    ) -> Response:
        visitor = visitor_of(request)
        keys = await self._desk.run(self._storage.accounts.keys, account=visitor.account_id)
        users = await self._desk.run(self._storage.users.all, account=visitor.account_id)
        shown = {
            "form": fields(form_of(request)),
            "errors": fields(errors or {}),
            "done": "",
            "secret": None,
            "sessions": await self._desk.run(self._storage.sessions.all, user=visitor.user_id),
            "browser_of": browser_of,
            "keys": [key for key in keys if key.is_live],
            "scopes": SCOPES,
            "others": [user.name for user in users if user.id != visitor.user_id],
        }
        return page(request, "account.html", status, **shown | values)

    async def _wrong_password(self, request: Request, user: User, password: str) -> Refusal | None:
        """Whether this is not the password of who is logged in: a session left open is not enough
        to take an account over. Counted as tries to log in are."""
        attempts, address = self._desk.attempts, self._desk.address(request)
        try:
            attempts.begin(user.name, address)
        except TooManyTriesError as error:
            return error
        if await self._desk.hash(self._storage.users.check, user.name, password) is None:
            await self._desk.note(request, Action.REFUSED, user, user.name)
            return Refusal(403, "WrongPassword", WRONG)
        attempts.succeeded(user.name, address)
        return None

    async def _key(self, request: Request) -> ApiKey:
        """The live key of the account whose id the form has; raises Refusal 404."""
        id, account = form_of(request).get("id", ""), visitor_of(request).account_id
        try:
            keys = await self._desk.run(self._storage.accounts.keys, account=account)
        except NoSuchAccountError:
            keys = []
        for key in keys:
            if key.id == id and key.is_live:
                return key
        raise Refusal(404, "KeyNotFound", "There is no such key any more. Load the page again.")


def _back(done: str, section: str = "") -> str:
    """The account's page, with a sentence about what was done."""
    return f"/studio/account?done={done}" + (f"#{section}" if section else "")
