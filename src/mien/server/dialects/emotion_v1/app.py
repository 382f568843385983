"""The application: routes from the table of operations."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from mien.server.api import AnyCase, Api
from mien.server.call import Call
from mien.server.dialect import Dialect, Services
from mien.server.dialects.emotion_v1.operations import NO_OPERATION, OPERATIONS, PAGE
from mien.server.openapi import document
from mien.server.operations import Operation


def build(services: Services) -> Api:
    """The Emotion API v1.0 of a service."""
    routes = [_route(each, services) for each in (*OPERATIONS, NO_OPERATION)]
    return Api(PAGE.title, routes, partial(document, PAGE, OPERATIONS))


def _route(operation: Operation, services: Services) -> AnyCase:
    async def endpoint(request: Request) -> Response:
        return await operation.handler(Call(request, services))

    return AnyCase(operation.method, operation.path, endpoint, name=operation.name)


EMOTION_V1 = Dialect(
    name="emotion",
    prefix="/emotion/v1.0",
    build=build,
    about_video=lambda path: path.startswith(("/recognizeinvideo", "/operations")),
    title="Emotion API v1.0 (as Azure had it)",
)
