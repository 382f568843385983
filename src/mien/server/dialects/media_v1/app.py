"""The application: routes from the table of operations."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from mien.server.api import AnyCase, AnyCaseSocket, Api
from mien.server.auth import bearer_or_subscription_key
from mien.server.dialect import Dialect, Services
from mien.server.dialects.media_v1 import live
from mien.server.dialects.media_v1.call import Call
from mien.server.dialects.media_v1.errors import MAPPED, refusal_of
from mien.server.dialects.media_v1.operations import OPERATIONS, PAGE
from mien.server.openapi import document
from mien.server.operations import Operation


def build(services: Services) -> Api:
    """The media API of a service."""
    sockets = live.Sockets(services)
    table = (*OPERATIONS, sockets.operation)
    routes = [
        *(_route(each, services) for each in table),
        AnyCaseSocket(live.PATH, sockets.watch, name=live.NAME),
    ]
    return Api(PAGE.title, routes, partial(document, PAGE, table))


def _route(operation: Operation, services: Services) -> AnyCase:
    async def endpoint(request: Request) -> Response:
        try:
            return await operation.handler(Call(request, services))
        except MAPPED as error:
            raise refusal_of(error) from error

    return AnyCase(operation.method, operation.path, endpoint, name=operation.name)


MEDIA_V1 = Dialect(
    name="media",
    prefix="/media/v1",
    build=build,
    secret=bearer_or_subscription_key,
    about_video=lambda path: True,
    title="Media jobs v1 (processors of Azure Media Services)",
)
