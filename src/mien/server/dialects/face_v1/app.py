"""The application: routes from the table of operations, paths in any case, refusals."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mien.errors import GalleryError
from mien.server.dialect import Dialect, Services
from mien.server.dialects.face_v1.call import Call
from mien.server.dialects.face_v1.errors import refusal_of
from mien.server.dialects.face_v1.openapi import document
from mien.server.dialects.face_v1.operations import Operation, operations
from mien.server.errors import Refusal

Endpoint = Callable[[Request], Awaitable[Response]]


class FaceApi(FastAPI):
    """The Face API v1.0 of a service."""

    def __init__(self, services: Services) -> None:
        super().__init__(title="Face API v1.0", openapi_url=None, redirect_slashes=False)
        self.table = operations()
        self.router.routes[:] = [_route(each, services) for each in self.table]
        self._document: dict[str, Any] | None = None

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        if self._document is None:
            self._document = document(self.table)
        return self._document

    def build_middleware_stack(self) -> ASGIApp:
        """Nothing but the routes: refusals and faults leave the application for the gate."""
        return self._route

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        root = scope.get("root_path", "")
        scope["path"] = root + _lower_words(scope["path"].removeprefix(root))
        try:
            await self.router(scope, receive, send)
        except HTTPException as error:
            if error.status_code == 405:
                allow = ", ".join(sorted(self._methods(scope)))
                raise Refusal(
                    405, "MethodNotAllowed", "Method not allowed.", {"Allow": allow}
                ) from None
            raise Refusal(404, "ResourceNotFound", "Resource not found.") from None

    def _methods(self, scope: Scope) -> set[str]:
        """The methods of all routes with the path of a request."""
        return {
            method
            for route in self.router.routes
            if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE
            for method in route.methods or ()
        }


def _lower_words(path: str) -> str:
    """The path with the API's own words in lower case: every second part, the others are ids."""
    parts = path.split("/")
    parts[1::2] = [part.lower() for part in parts[1::2]]
    return "/".join(parts)


def _route(operation: Operation, services: Services) -> Route:
    path = operation.path
    for name, part in PARTS.items():
        path = path.replace(f"{{{name}}}", f"{{{part}}}")
    endpoint = _endpoint(operation, services)
    return Route(path, endpoint, methods=[operation.method], name=operation.name)


PARTS = {
    "faceListId": "collection",
    "largeFaceListId": "collection",
    "personGroupId": "collection",
    "largePersonGroupId": "collection",
    "personId": "person",
    "persistedFaceId": "face",
    "snapshotId": "snapshot",
    "operationId": "operation",
}
"""What handlers call the ids in a path."""


def _endpoint(operation: Operation, services: Services) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        request.scope["route"] = operation  # for the label of logs and metrics
        try:
            return await operation.handler(Call(request, services))
        except GalleryError as error:
            raise refusal_of(error, operation.context) from error

    return endpoint


FACE_V1 = Dialect(
    name="face", prefix="/face/v1.0", build=FaceApi, title="Face API v1.0 (as Azure had it)"
)
