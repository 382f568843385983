"""What every request to the studio passes: policy, origin, session, token of the form; and the
headers that each answer leaves with.
"""

from __future__ import annotations

import hmac
import re
import secrets
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Router
from starlette.types import Message, Receive, Scope, Send

from mien.errors import UsageError
from mien.server.auth import may_call_from
from mien.server.dialect import Services, error_body
from mien.server.errors import MethodRefusedError, Refusal
from mien.server.gate import Door
from mien.server.limits import read_body
from mien.server.studio.cookies import Cookies, csrf_of
from mien.server.studio.pages import Pages
from mien.server.studio.visitors import NotLoggedInError, Visitor

PREFIX = "/studio"
OPEN = frozenset({"/login", "/sign-up"})
"""Pages for who is not logged in."""
PAGE = re.compile(r"/studio/[A-Za-z0-9/_-]*(\?[!-~]*)?(#[!-~]*)?")
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FORM = "application/x-www-form-urlencoded"
FORM_BYTES, FORM_FIELDS = 2**16, 100
TOKEN_HEADER = "x-csrf-token"

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; font-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # with no-referrer, forms would come from the origin "null"
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
}


class ForgedError(Refusal):
    """A request that no page of the studio made, or one whose session has changed since."""

    def __init__(self) -> None:
        super().__init__(
            403,
            "Forged",
            "This does not come from a page of this studio, or the page is too old. Load the page "
            "again, then try once more.",
        )


class Guard(Door):
    """Stands around the studio.

    It leaves in the state of a request: `visitor` (None if nobody is logged in), `csrf` (the token
    for forms and scripts), `form` (the fields of a form that was sent), `pages`, `cookies`.
    """

    def __init__(self, router: Router, services: Services, pages: Pages) -> None:
        super().__init__(_refusing(router), self._render)
        self._services, self._pages = services, pages
        self._cookies = Cookies(services.settings)
        own = services.settings.public_url
        self._own = {own.rstrip("/")} if own else set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hold a conversation."""
        if scope["type"] not in ("http", "websocket"):
            return
        state = scope.setdefault("state", {})
        state |= {"dialect": "studio", "visitor": None, "csrf": "", "form": {}, "guest": None}
        state |= {"pages": self._pages, "cookies": self._cookies}
        await super().__call__(scope, receive, partial(self._send, scope, send))

    async def admit(self, scope: Scope, receive: Receive) -> None:
        """Let in who is logged in, and who wants to; raises Refusal."""
        self._services.policy.require_dialect("studio")
        path = _path(scope)
        if path.startswith("/assets/"):
            return
        head = HTTPConnection(scope)
        changes = scope["type"] == "websocket" or scope["method"] not in SAFE
        if changes:
            self._check_origin(head, scope["type"])
        await self._recognize(head)
        if scope["state"]["visitor"] is None and path not in OPEN:
            raise NotLoggedInError
        if changes and scope["type"] == "http":
            await self._check_token(Request(scope, receive), path)

    async def _recognize(self, head: HTTPConnection) -> None:
        state, cookies = head.scope["state"], self._cookies
        token = cookies.token(head, cookies.session)
        if token is not None:
            session = await run_in_threadpool(self._services.storage.sessions.find, token)
            if session is not None:
                state |= {"visitor": Visitor.of(session), "csrf": csrf_of(token), "token": token}
                return
        guest = cookies.token(head, cookies.guest)
        if guest is None:
            guest = state["guest"] = secrets.token_urlsafe(32)
        state["csrf"] = csrf_of(guest)

    def _check_origin(self, head: HTTPConnection, kind: str) -> None:
        """Browsers say where a request comes from; Sec-Fetch-Site where they trust the address."""
        site = head.headers.get("sec-fetch-site", "same-origin")
        if site not in ("same-origin", "none") or not may_call_from(head, self._own):
            raise ForgedError
        if kind == "websocket" and "origin" not in head.headers:
            raise ForgedError

    async def _check_token(self, request: Request, path: str) -> None:
        """An API takes the token in a header; a page in a field of its form."""
        state = request.scope["state"]
        if path.startswith("/api/"):
            offered = request.headers.get(TOKEN_HEADER, "")
        else:
            state["form"] = await self._read_form(request)
            offered = state["form"].get("csrf", "")
        if not hmac.compare_digest(offered.encode(), state["csrf"].encode()):
            raise ForgedError

    async def _read_form(self, request: Request) -> dict[str, str]:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != FORM:
            raise Refusal(415, "UnsupportedMediaType", "Send this as a form.")
        seconds = self._services.settings.limits.body_s
        body = await read_body(request, most=FORM_BYTES, seconds=seconds)
        try:
            text = body.decode("ascii")
            pairs = parse_qsl(
                text, keep_blank_values=True, errors="strict", max_num_fields=FORM_FIELDS
            )
        except ValueError:
            raise Refusal(400, "BadForm", "The form cannot be read.") from None
        return dict(pairs)

    def _render(self, scope: Scope, refusal: Refusal) -> Response:
        """A refusal, as its reader can use it."""
        path = _path(scope)
        if path.startswith("/api/") or scope["type"] == "websocket":
            return error_body(refusal)
        if isinstance(refusal, NotLoggedInError):
            return RedirectResponse(_log_in_url(scope, path), status_code=303)
        request = Request(scope)
        return self._pages.render(
            request, "error.html", refusal.status, {"refusal": refusal}, refusal.headers
        )

    async def _send(self, scope: Scope, send: Send, message: Message) -> None:
        """Send a part of an answer; its head gets what each has."""
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            headers = MutableHeaders(raw=list(message["headers"]))
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if headers.setdefault("cache-control", "no-store") == "private":
                headers["cache-control"] = "private, no-cache"  # not to be had without a session
            if guest := scope["state"]["guest"]:
                answer = Response()
                self._cookies.set(answer, self._cookies.guest, guest)
                headers.append("set-cookie", answer.headers["set-cookie"])
            message = {**message, "headers": headers.raw}
        await send(message)


def form_of(request: Request) -> dict[str, str]:
    """The fields of a form that has passed the guard."""
    form: dict[str, str] = request.scope["state"]["form"]
    return form


def safe_next(text: str) -> str:
    """Where to go after logging in: a page of the studio, never another site's."""
    inside = PAGE.fullmatch(text) is not None and not text.startswith(f"{PREFIX}/api/")
    return text if inside else f"{PREFIX}/"


def _path(scope: Scope) -> str:
    path: str = scope["path"]
    return path.removeprefix(PREFIX)


def _log_in_url(scope: Scope, path: str) -> str:
    if scope["method"] not in SAFE or path == "/":
        return f"{PREFIX}/login"
    query = scope["query_string"].decode("latin-1")
    page = f"{PREFIX}{path}" + (f"?{query}" if query else "")
    return f"{PREFIX}/login?next={quote(page, safe='')}"


def _refusing(router: Router) -> Any:
    """The router, whose own refusals are ours."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await router(scope, receive, send)
        except HTTPException as error:
            if error.status_code == 405:
                allowed = (error.headers or {}).get("Allow", "").split(", ")
                raise MethodRefusedError(allowed) from None
            raise Refusal(404, "NotFound", "There is no such page.") from None
        except UsageError as error:  # a value that cannot be, such as an id with a null character
            text = str(error)
            raise Refusal(400, "BadArgument", f"{text[:1].upper()}{text[1:]}.") from error

    return answer
