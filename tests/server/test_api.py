from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mien.server.api import AnyCase, Api
from mien.server.errors import MethodRefusedError, UnknownPathError


async def show(request: Request) -> Response:
    return JSONResponse([request.scope["route"].name, request.path_params])


def api() -> Api:
    routes = [
        AnyCase("GET", "/kinds/{id}", show, name="get"),
        AnyCase("PUT", "/kinds/{id}", show, name="put"),
        AnyCase("POST", "/kinds/{id}/Train", show, name="train"),
        AnyCase("POST", "/", show, name="root"),
    ]
    return Api("Kinds", routes, lambda: {"openapi": "3.1.0"})


def ask(method: str, path: str) -> tuple[dict[str, Any], bytes]:
    """The scope of a request after it was answered, and the body of the answer."""
    scope: dict[str, Any] = {
        **{"type": "http", "method": method, "path": f"/prefix{path}", "root_path": "/prefix"},
        **{"headers": [], "query_string": b"", "route": None},
    }
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(api()(scope, receive, send))
    return scope, b"".join(message.get("body", b"") for message in sent)


@pytest.mark.parametrize(
    ("method", "path", "name", "id"),
    [
        ("GET", "/kinds/One", "get", "One"),
        ("GET", "/KINDS/KINDS", "get", "KINDS"),
        ("PUT", "/Kinds/train", "put", "train"),
        ("POST", "/kinDs/A_b-1/tRAIN", "train", "A_b-1"),
    ],
)
def test_words_are_compared_without_case_and_ids_stay(
    method: str, path: str, name: str, id: str
) -> None:
    scope, body = ask(method, path)
    assert body == f'["{name}",{{"id":"{id}"}}]'.encode()
    assert scope["route"].name == name


@pytest.mark.parametrize("path", ["", "/"])
def test_the_prefix_itself_is_a_path_with_or_without_a_slash(path: str) -> None:
    assert ask("POST", path)[1] == b'["root",{}]'
    with pytest.raises(MethodRefusedError) as refused:
        ask("GET", path)
    assert refused.value.methods == {"POST"}


@pytest.mark.parametrize("path", ["//", "/kind/1", "/kinds", "/kinds/1/", "/\u212ainds/1"])
def test_an_unknown_path_leaves_as_a_refusal(path: str) -> None:
    with pytest.raises(UnknownPathError) as refused:
        ask("GET", path)
    assert (refused.value.status, refused.value.code) == (404, "ResourceNotFound")


def test_a_method_that_the_path_has_not_names_those_it_has() -> None:
    with pytest.raises(MethodRefusedError) as refused:
        ask("DELETE", "/KINDS/1")
    assert (refused.value.status, refused.value.code) == (405, "MethodNotAllowed")
    assert refused.value.headers == {"Allow": "GET, HEAD, PUT"}
    assert refused.value.methods == {"GET", "HEAD", "PUT"}


def test_the_document_is_made_once() -> None:
    made = []

    def make() -> dict[str, Any]:
        made.append(1)
        return {"openapi": "3.1.0"}

    found = Api("Kinds", [], make)
    assert found.openapi() is found.openapi()
    assert made == [1]
