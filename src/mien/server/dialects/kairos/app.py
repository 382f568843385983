"""The application: routes from the table of operations, and who is let in."""

from __future__ import annotations

from functools import partial

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from mien.errors import GalleryError
from mien.server.api import AnyCase, Api, Endpoint
from mien.server.auth import Caller
from mien.server.dialect import Dialect, Services
from mien.server.dialects.kairos.call import Call
from mien.server.dialects.kairos.errors import KairosError, refusal_of, refuse
from mien.server.dialects.kairos.openapi import PAGE, TITLE
from mien.server.dialects.kairos.operations import operations
from mien.server.errors import OffError
from mien.server.openapi import document
from mien.server.operations import Operation


def build(services: Services) -> Api:
    """The API of a service."""
    table = operations()
    return Api(TITLE, [_route(each, services) for each in table], partial(document, PAGE, table))


def _route(operation: Operation, services: Services) -> AnyCase:
    endpoint = _endpoint(operation, services)
    return AnyCase(operation.method, operation.path, endpoint, name=operation.name)


def _endpoint(operation: Operation, services: Services) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        try:
            return await operation.handler(Call(request, services))
        except OffError as error:
            raise KairosError(5011, error.message) from error
        except GalleryError as error:
            raise refusal_of(error) from error

    return endpoint


def _secret(head: HTTPConnection) -> str | None:
    return head.headers.get("app_key")


def _is_pair(head: HTTPConnection, caller: Caller) -> bool:
    """Whether `app_id` is the name of the key that `app_key` is."""
    given = head.headers.get("app_id", "")
    try:
        in_utf8 = given.encode("latin-1").decode()
    except UnicodeDecodeError:
        in_utf8 = given
    return caller.key_name in (given, in_utf8)


KAIROS = Dialect(
    name="kairos",
    prefix="/kairos",
    build=build,
    refuse=refuse,
    secret=_secret,
    admits=_is_pair,
    about_video=lambda path: path.startswith(("/v2/media", "/v2/analytics")),
    title="Kairos (face recognition and emotion analysis)",
)
