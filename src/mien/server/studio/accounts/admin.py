"""What an admin sees and does: users, sessions, who may sign up, the audit log. Nobody's pictures.

An admin sets no passwords: with another's password one would see the other's pictures. That is for
whoever has the shell of the machine (`mien users password`).
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from mien.errors import LastAdminError, NoSuchUserError
from mien.server.errors import Refusal
from mien.server.studio.accounts.agents import browser_of
from mien.server.studio.accounts.desk import Desk, sentence
from mien.server.studio.guard import form_of
from mien.server.studio.pages import page
from mien.server.studio.visitors import admin_of
from mien.storage.audit import Action
from mien.storage.users import Role, User

TOP = 100
"""Lines of the audit log on a page."""

DONE = {
    "opened": "Signing up is open.",
    "closed": "Signing up is closed.",
    "disabled": "The user is disabled and logged out.",
    "enabled": "The user may log in again.",
    "role": "The role is changed.",
    "session": "The session is ended.",
    "sessions": "All sessions of the user are ended.",
}


class Admin:
    """The pages for admins; each handler refuses everybody else."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._storage = desk, desk.storage

    def routes(self) -> list[BaseRoute]:
        """The routes."""
        acts = {
            "sign-up": self.let_sign_up,
            "users/disable": self.disable,
            "users/enable": self.enable,
            "users/role": self.set_role,
            "users/end-sessions": self.end_sessions,
            "sessions/end": self.end_session,
        }
        name = "studio-admin"
        return [
            Route("/account/admin", self.users, name=name),
            Route("/account/admin/log", self.log, name=f"{name}-log"),
            *(
                Route(f"/account/admin/{path}", act, methods=["POST"], name=f"{name}-{path}")
                for path, act in acts.items()
            ),
        ]

    async def users(self, request: Request) -> Response:
        """Users and sessions."""
        done = DONE.get(request.query_params.get("done", ""), "")
        return await self._page(request, done=done)

    async def log(self, request: Request) -> Response:
        """The audit log, the newest first."""
        admin_of(request)
        before = request.query_params.get("before", "")
        number = int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None
        entries = await self._desk.run(self._storage.audit.page, before=number, top=TOP)
        return page(request, "audit.html", entries=entries, full=len(entries) == TOP)

    async def let_sign_up(self, request: Request) -> Response:
        """Open or close signing up."""
        admin_of(request)
        if self._desk.settings.sign_up is not None:
            raise Refusal(409, "SetByOperator", "The operator has set this with --sign-up.")
        is_open = form_of(request).get("open") == "yes"
        await self._desk.run(self._storage.users.let_sign_up, is_open)
        action = Action.SIGN_UP_OPENED if is_open else Action.SIGN_UP_CLOSED
        await self._desk.note(request, action, await self._desk.user(request))
        return _back("opened" if is_open else "closed")

    async def disable(self, request: Request) -> Response:
        """Let a user log in no more."""
        user = await self._user(request)
        try:
            await self._desk.run(self._storage.users.disable, user.id)
        except LastAdminError as error:
            return await self._page(request, 409, error=sentence(error))
        await self._note(request, Action.USER_DISABLED, user)
        return _back("disabled")

    async def enable(self, request: Request) -> Response:
        """Let a user log in again."""
        user = await self._user(request)
        await self._desk.run(self._storage.users.enable, user.id)
        await self._note(request, Action.USER_ENABLED, user)
        return _back("enabled")

    async def set_role(self, request: Request) -> Response:
        """Make a user an admin or a member."""
        user = await self._user(request)
        role = Role.ADMIN if form_of(request).get("role") == Role.ADMIN.value else Role.MEMBER
        try:
            await self._desk.run(self._storage.users.set_role, user.id, role)
        except LastAdminError as error:
            return await self._page(request, 409, error=sentence(error))
        await self._desk.note(
            request, Action.ROLE_CHANGED, await self._desk.user(request), f"{user.name}: {role}"
        )
        return _back("role")

    async def end_sessions(self, request: Request) -> Response:
        """End all sessions of a user."""
        user = await self._user(request)
        await self._desk.run(self._storage.sessions.end_all, user.id)
        await self._note(request, Action.SESSIONS_ENDED, user)
        return _back("sessions")

    async def end_session(self, request: Request) -> Response:
        """End a session."""
        admin_of(request)
        id = form_of(request).get("id", "")
        sessions = await self._desk.run(self._storage.sessions.all)
        for session in sessions:
            if session.id == id:
                await self._desk.run(self._storage.sessions.end, id)
                admin = await self._desk.user(request)
                await self._desk.note(request, Action.SESSION_ENDED, admin, session.name)
        return _back("session")

    async def _page(
        self, request: Request, status: int = 200, *, done: str = "", error: str = ""
    ) -> Response:
        admin_of(request)
        accounts = await self._desk.run(self._storage.accounts.all)
        return page(
            request,
            "admin.html",
            status,
            done=done,
            error=error,
            users=await self._desk.run(self._storage.users.all),
            accounts={account.id: account.name for account in accounts},
            sessions=await self._desk.run(self._storage.sessions.all),
            browser_of=browser_of,
            is_open=await self._desk.may_sign_up(),
            fixed=self._desk.settings.sign_up is not None,
        )

    async def _user(self, request: Request) -> User:
        """The user whose id the form has; raises Refusal 403, 404."""
        admin_of(request)
        try:
            return await self._desk.run(self._storage.users.get, form_of(request).get("id", ""))
        except NoSuchUserError:
            text = "There is no such user any more. Load the page again."
            raise Refusal(404, "UserNotFound", text) from None

    async def _note(self, request: Request, action: Action, user: User) -> None:
        await self._desk.note(request, action, await self._desk.user(request), user.name)


def _back(done: str) -> Response:
    return RedirectResponse(f"/studio/account/admin?done={done}", status_code=303)
