"""An application of a dialect: nothing but routes, whose words may be of either case."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from mien.server.errors import MethodRefusedError, UnknownPathError

Endpoint = Callable[[Request], Awaitable[Response]]
Conversation = Callable[[WebSocket], Awaitable[None]]


class AnyCase(Route):
    """A route whose own words may be of either case; what stands for `{name}` stays as it is.

    The path "/" is the prefix of the dialect itself, with or without a slash behind it. The route's
    name is the label of its requests in logs and metrics.
    """

    def __init__(self, method: str, path: str, endpoint: Endpoint, *, name: str) -> None:
        super().__init__(path, endpoint, methods=[method], name=name)
        pattern = "^/?$" if path == "/" else self.path_regex.pattern
        self.path_regex = re.compile(pattern, re.IGNORECASE | re.ASCII)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether it is the route of a request."""
        match, found = super().matches(scope)
        return match, {**found, "route": self} if match is Match.FULL else found


class AnyCaseSocket(WebSocketRoute):
    """The same for WebSockets."""

    def __init__(self, path: str, conversation: Conversation, *, name: str) -> None:
        super().__init__(path, conversation, name=name)
        self.path_regex = re.compile(self.path_regex.pattern, re.IGNORECASE | re.ASCII)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether it is the route of a WebSocket."""
        match, found = super().matches(scope)
        return match, {**found, "route": self} if match is Match.FULL else found


class Api(FastAPI):
    """Routes, whose refusals and faults leave the application for the gate.

    Args:
        title: of the API.
        routes: all there are.
        document: makes the OpenAPI document; called once, when it is first asked for.
    """

    def __init__(
        self, title: str, routes: Iterable[BaseRoute], document: Callable[[], dict[str, Any]]
    ) -> None:
        super().__init__(title=title, openapi_url=None, redirect_slashes=False)
        self.router.routes[:] = [*routes]
        self._make_document = document
        self._document: dict[str, Any] | None = None

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        if self._document is None:
            self._document = self._make_document()
        return self._document

    def build_middleware_stack(self) -> ASGIApp:
        """Nothing but the routes."""
        return self._route

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and not self._has_socket(scope):
            raise UnknownPathError
        try:
            await self.router(scope, receive, send)
        except HTTPException as error:
            if error.status_code == 405:
                raise MethodRefusedError(self._methods(scope)) from None
            raise UnknownPathError from None

    def _has_socket(self, scope: Scope) -> bool:
        return any(each.matches(scope)[0] is Match.FULL for each in self.router.routes)

    def _methods(self, scope: Scope) -> set[str]:
        """The methods of all routes with the path of a request."""
        return {
            method
            for route in self.router.routes
            if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE
            for method in route.methods or ()
        }
