"""The application: routes from the table of operations."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from mien.errors import GalleryError
from mien.server.api import AnyCase, Api, Endpoint
from mien.server.dialect import Dialect, Services
from mien.server.dialects.face_v1.call import Call
from mien.server.dialects.face_v1.errors import refusal_of
from mien.server.dialects.face_v1.openapi import PAGE
from mien.server.dialects.face_v1.operations import Operation, operations
from mien.server.openapi import document


def build(services: Services) -> Api:
    """The Face API v1.0 of a service."""
    table = operations()
    return Api(
        PAGE.title, [_route(each, services) for each in table], partial(document, PAGE, table)
    )


def _route(operation: Operation, services: Services) -> AnyCase:
    path = operation.path
    for name, part in PARTS.items():
        path = path.replace(f"{{{name}}}", f"{{{part}}}")
    endpoint = _endpoint(operation, services)
    return AnyCase(operation.method, path, endpoint, name=operation.name)


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
        try:
            return await operation.handler(Call(request, services))
        except GalleryError as error:
            raise refusal_of(error, operation.context) from error

    return endpoint


FACE_V1 = Dialect(
    name="face", prefix="/face/v1.0", build=build, title="Face API v1.0 (as Azure had it)"
)
