"""What every request to a dialect passes before and after the dialect itself sees it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode

from fastapi import FastAPI
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mien.server.auth import Keys, may_call_from, offered_key
from mien.server.dialect import Dialect, Services
from mien.server.errors import KeyRefusedError, OffError, Refusal
from mien.server.limits import Allowance, drain
from mien.server.logs import LOG, REQUEST_ID, request_id
from mien.server.metrics import Metrics

BROKEN = 1011
"""Code of a WebSocket that is closed by a fault of the service (RFC 6455, 7.4.1)."""
FAULT = Refusal(500, "InternalServerError", "The service failed; its log says why.")
ID_HEADERS = (b"x-request-id", b"apim-request-id")
STARTS = ("http.response.start", "websocket.http.response.start", "websocket.accept")
ACCEPTED = 101
"""Status of a WebSocket that was accepted."""


class Door:
    """Stands around an application: who is let in, and what becomes of refusals and faults.

    Args:
        app: what answers those who are let in.
        answer: renders a refusal; takes the scope of the request too.
    """

    def __init__(self, app: ASGIApp, answer: Callable[[Scope, Refusal], Response]) -> None:
        self._app, self._answer = app, answer

    async def admit(self, scope: Scope, receive: Receive) -> None:
        """Let a request in, or raise a Refusal."""
        raise NotImplementedError

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hold a conversation."""
        if scope["type"] not in ("http", "websocket"):
            return
        kind = Exchange if scope["type"] == "http" else Handshake
        exchange = kind(scope, receive, send)
        refusal: Refusal
        try:
            await self.admit(scope, exchange.receive)
            await self._app(scope, exchange.receive, exchange.send)
            return
        except Refusal as error:
            refusal = error
        except Exception:
            LOG.exception("a request failed by a fault of mien itself")
            refusal = FAULT
        if exchange.finished:  # the application has answered a fault, and raised it for the log
            return
        if isinstance(exchange, Handshake) and exchange.started:
            await exchange.send({"type": "websocket.close", "code": BROKEN})
            return
        if exchange.started:  # half an answer is out; breaking off lets the client see that
            raise refusal
        await self._answer(scope, refusal)(scope, exchange.receive, exchange.send)


class Gate(Door):
    """The door of a dialect: policy, key, scope, rate and quota.

    Whatever the dialect has for routes, none of them is reached without a key, unless the dialect
    lets all of it be reached so (`Dialect.keyless`).
    """

    def __init__(
        self, app: ASGIApp, dialect: Dialect, services: Services, keys: Keys, allowance: Allowance
    ) -> None:
        super().__init__(app, lambda scope, refusal: dialect.refuse(refusal))
        self._dialect = dialect
        self._policy, self._keys, self._allowance = services.policy, keys, allowance
        self._keyless = partial(dialect.keyless, services)
        own = services.settings.public_url
        self._origins = {*services.settings.origins, *([own.rstrip("/")] if own else [])}

    async def admit(self, scope: Scope, receive: Receive) -> None:
        """Let in who shows a key that the dialect takes."""
        self._policy.require_dialect(self._dialect.name)
        head = HTTPConnection(scope)
        if scope["type"] == "websocket" and not may_call_from(head, self._origins):
            raise OffError("Pages of this origin may not call; `mien serve --origin` names those.")
        secret = self._dialect.secret(head) or offered_key(head)
        if secret is None and self._keyless(head):
            return
        caller = await self._keys.caller(secret, self._dialect.name)
        if not self._dialect.admits(head, caller):
            raise KeyRefusedError
        scope["state"]["caller"] = caller
        scope["state"]["admit"] = partial(self._keys.caller, secret, self._dialect.name)
        _forget(scope, secret or "")
        path = scope["path"][len(self._dialect.prefix) :].lower()
        await self._allowance.call(caller, about_video=self._dialect.about_video(path))


class Exchange:
    """A request and its answer. A body that nobody has read ends the connection with the answer.

    Attributes:
        started: the head of the answer is out.
        finished: all of it is out.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._awaited = any(name == b"expect" for name, _ in scope["headers"])
        self._read = self.started = self.finished = False

    async def receive(self) -> Message:
        """The next part of the body."""
        message = await self._receive()
        self._awaited = False  # the client has been told to go on
        self._read = message["type"] != "http.request" or not message.get("more_body")
        return message

    async def send(self, message: Message) -> None:
        """A part of the answer."""
        if message["type"] == "http.response.start":
            self.started = True
            if not self._read and not self._awaited:
                await drain(self.receive)
            if not self._read:
                message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
        await self._send(message)
        self.finished = message["type"] == "http.response.body" and not message.get("more_body")


class Handshake:
    """A WebSocket, which is refused like a request until it is accepted.

    Attributes:
        started: it is accepted, or the head of a refusal is out.
        finished: it is closed by the service, or all of the refusal is out.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.receive, self._send = receive, send
        self.started = self.finished = False

    async def send(self, message: Message) -> None:
        """A step of the handshake, or a message."""
        kind = message["type"]
        self.started = self.started or kind != "websocket.send"
        self.finished = kind == "websocket.close" or (
            kind == "websocket.http.response.body" and not message.get("more_body")
        )
        await self._send(message)


def _forget(scope: Scope, secret: str) -> None:
    """Take the secret out of a request: what comes after cannot log it."""
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    if any(value == secret for _, value in pairs):
        kept = [(name, value) for name, value in pairs if value != secret]
        scope["query_string"] = urlencode(kept).encode()
    hidden = secret.encode("latin-1", "ignore")
    shown = [pair for pair in scope["headers"] if hidden not in pair[1]]  # "Bearer …" holds it
    scope["headers"] = shown if hidden else scope["headers"]
    if offered := scope.get("subprotocols"):
        scope["subprotocols"] = [name for name in offered if secret not in name]


def answer_faults(app: FastAPI, dialect: Dialect) -> None:
    """Have a dialect's application render refusals and faults in its own error body."""

    async def refused(request: Request, error: Exception) -> Response:
        return dialect.refuse(error if isinstance(error, Refusal) else FAULT)

    for kind in (Refusal, Exception):
        if kind not in app.exception_handlers:
            app.add_exception_handler(kind, refused)


class Journal:
    """The outermost layer: request ids, one line of log and one count for each request."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and note what came of it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        identity = request_id(HTTPConnection(scope).headers.get("x-request-id"))
        scope["state"] = {**scope.get("state", {}), "request_id": identity}
        token, start, status = REQUEST_ID.set(identity), time.perf_counter(), 500

        async def marked(message: Message) -> None:
            nonlocal status
            if message["type"] in STARTS:
                status = message.get("status", ACCEPTED)
                headers = [pair for pair in message.get("headers", ()) if pair[0] not in ID_HEADERS]
                headers += [(name, identity.encode()) for name in ID_HEADERS]
                message = {**message, "headers": headers}
            await send(message)

        try:
            with self._metrics.open():
                await self._app(scope, receive, marked)
        finally:
            self._note(scope, status, time.perf_counter() - start)
            REQUEST_ID.reset(token)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        state = cast(dict[str, Any], scope["state"])
        dialect, operation = state.get("dialect", "service"), _operation(scope)
        self._metrics.answered(dialect, operation, status, seconds)
        fields = {
            "dialect": dialect,
            "operation": operation,
            "method": scope.get("method", "GET"),
            "status": status,
            "ms": round(1000 * seconds, 1),
        }
        if caller := state.get("caller"):
            fields |= {"account": caller.account_id, "key": caller.key_id}
        # A fault has a line of its own. Busy is 503, and 502 in the API of Kairos.
        level = logging.ERROR if status >= 500 and status not in (502, 503) else logging.INFO
        LOG.log(level, "request", extra={"fields": fields})


def _operation(scope: Scope) -> str:
    """The name of the route that was taken. Paths hold ids and make no good label."""
    name = getattr(scope.get("route"), "name", None)
    return str(name) if name else "unknown"
