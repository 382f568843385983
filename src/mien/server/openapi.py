"""The OpenAPI document of an API, from its table of operations."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel, ConfigDict, TypeAdapter
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from mien.server.errors import (
    BodyTooLargeError,
    BusyError,
    KeyRefusedError,
    LateError,
    OffError,
    RateError,
    Refusal,
)
from mien.server.json_body import JSON, OCTETS
from mien.server.multipart import MULTIPART
from mien.server.operations import Operation
from mien.version import __version__

Json = dict[str, Any]

REF = "#/components/schemas/{model}"
WITH_BODY, WITH_OCTETS = (408, 413, 415), (408, 413)
ALWAYS = (401, 403, 429, 500, 503)
REFUSALS = {
    400: "An argument, the body or the file cannot be used.",
    401: "No key, or a wrong one.",
    403: "Switched off by the operator, or the plan allows no more.",
    404: "There is no such thing.",
    408: "The body or the turn of the file did not come in time.",
    409: "It exists already, is being trained, or is being changed by another.",
    413: "The body is too large.",
    415: "The body is of another media type.",
    416: "No byte of the file is in these ranges; Content-Range says how many it has.",
    426: "A WebSocket is spoken here.",
    429: "More calls than the plan allows now; Retry-After says when to try again.",
    500: "A fault of the service.",
    502: "The service is busy, or failed; try again later.",
    503: "The service is busy; Retry-After says when to try again.",
    507: "There is no room for the bytes.",
}
AZURE_KEY = {
    "key": {"type": "apiKey", "in": "header", "name": "Ocp-Apim-Subscription-Key"},
    "keyInQuery": {"type": "apiKey", "in": "query", "name": "subscription-key"},
}


class ErrorDetail(BaseModel):
    """`code` is a word; where a plan's rate or quota refuses, `statusCode` stands in its place."""

    model_config = ConfigDict(extra="forbid")
    code: str | None = None
    statusCode: int | None = None
    message: str


class Error(BaseModel):
    """Why there is no other answer."""

    model_config = ConfigDict(extra="forbid")
    error: ErrorDetail


def azure_error(refusal: Refusal) -> Json:
    """What `dialect.error_body` makes of a refusal."""
    named = {"code": refusal.code} if refusal.code else {"statusCode": refusal.status}
    return {"error": {**named, "message": refusal.message}}


AZURE_ERRORS: dict[int, Json] = {
    refusal.status: azure_error(refusal)
    for refusal in (
        Refusal(400, "BadArgument", "Request body is invalid."),
        KeyRefusedError(),
        OffError("Switched off by the policy of this service: emotion."),
        LateError(),
        BodyTooLargeError(2**20),
        Refusal(415, "BadArgument", "Invalid Media Type."),
        RateError(26),
        Refusal(500, "InternalServerError", "The service failed; its log says why."),
        BusyError(),
    )
}


class Id(NamedTuple):
    """An id in paths."""

    schema: Json
    example: str


@dataclass(frozen=True, slots=True)
class Page:
    """What the page of an API shows beside its operations.

    Attributes:
        title: of the API.
        about: a sentence on it.
        ids: by the names they have in paths.
        bodies: an example of each body, by the name of its class.
        answers: an example of each answer, by the name of its class.
        errors: an example of the error body for each status that an operation may refuse with.
        error: the model of that body.
        always: the statuses that every operation may refuse with.
        with_body: and those of one that reads a body.
        models: models of answers to show though no operation names them.
        security: where the key may stand; any one of these will do, unless it takes all together.
        together: whether it does.
        instead: models that any answer of success may be in place of its own: of an API that tells
            of failures with the status of success.
    """

    title: str
    about: str
    ids: Mapping[str, Id] = field(default_factory=dict)
    bodies: Mapping[str, Json] = field(default_factory=dict)
    answers: Mapping[str, Json] = field(default_factory=dict)
    errors: Mapping[int, Json] = field(default_factory=lambda: AZURE_ERRORS)
    error: type[BaseModel] = Error
    always: Collection[int] = ALWAYS
    with_body: Collection[int] = WITH_BODY
    models: Collection[type[BaseModel]] = ()
    security: Mapping[str, Json] = field(default_factory=lambda: AZURE_KEY)
    together: bool = False
    instead: Collection[type[BaseModel]] = ()


def document(page: Page, table: Sequence[Operation]) -> Json:
    """The document of these operations, with examples and every status of each."""
    paths: dict[str, Json] = {}
    for operation in table:
        shown = _operation(page, operation)
        paths.setdefault(operation.path, {})[operation.method.lower()] = shown
    return {
        "openapi": "3.1.0",
        "info": {"title": page.title, "version": __version__, "description": page.about},
        "security": _security(page),
        "paths": paths,
        "components": {
            "schemas": _schemas(page, table),
            "responses": {str(status): _refusal(page, status) for status in sorted(page.errors)},
            "securitySchemes": dict(page.security),
        },
    }


def statuses(
    operation: Operation,
    always: Collection[int] = ALWAYS,
    with_body: Collection[int] = WITH_BODY,
) -> list[int]:
    """The statuses of its refusals."""
    own = with_body if operation.body is not None else WITH_OCTETS if operation.octets else ()
    return sorted({*always, *own, *operation.refusals})


def _security(page: Page) -> list[Json]:
    if page.together:
        return [{name: [] for name in page.security}]
    return [{name: []} for name in page.security]


def _operation(page: Page, operation: Operation) -> Json:
    found: Json = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.about,
        "parameters": [*_path_parameters(page, operation), *_other_parameters(operation)],
        "responses": {
            str(operation.status): _success(page, operation),
            **{
                str(status): _other(page, status, model)
                for status, model in operation.others.items()
            },
            **{str(each): _ref(str(each), "responses") for each in _statuses(page, operation)},
        },
    }
    if operation.body is not None or operation.octets:
        found["requestBody"] = _request_body(page, operation)
    return found


def _statuses(page: Page, operation: Operation) -> list[int]:
    return statuses(operation, page.always, page.with_body)


def _path_parameters(page: Page, operation: Operation) -> list[Json]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": page.ids[name].schema,
            "example": page.ids[name].example,
        }
        for name in re.findall(r"{(\w+)}", operation.path)
    ]


def _other_parameters(operation: Operation) -> list[Json]:
    return [
        {"name": each.name, "in": place, "description": each.about, "schema": each.schema()}
        for place, some in (("query", operation.query), ("header", operation.sent))
        for each in some
    ]


def _request_body(page: Page, operation: Operation) -> Json:
    content: Json = {}
    if operation.body is not None:
        name = operation.body.__name__
        content[JSON] = {"schema": _ref(name), "example": page.bodies[name]}
    if operation.octets:
        content[OCTETS] = {"schema": {"type": "string", "format": "binary"}}
    if operation.form and operation.body is not None:
        content[MULTIPART] = {"schema": _ref(operation.body.__name__)}
    return {"required": True, "content": content}


def _success(page: Page, operation: Operation) -> Json:
    found: Json = {"description": "Accepted." if operation.status == 202 else "Done."}
    if operation.headers:
        found["headers"] = {
            name: {"description": about, "schema": {"type": "string"}}
            for name, about in operation.headers.items()
        }
    if operation.answer is not None:
        model, many = _model(operation)
        schema = _ref(model.__name__)
        if many:
            schema = TypeAdapter(operation.answer).json_schema(
                ref_template=REF, mode="serialization"
            )
            schema.pop("$defs", None)
        if page.instead:
            schema = {"anyOf": [schema, *(_ref(each.__name__) for each in page.instead)]}
        example: Any = page.answers[model.__name__]
        found["content"] = {JSON: {"schema": schema, "example": [example] if many else example}}
    return found


def _other(page: Page, status: int, model: type[BaseModel] | None) -> Json:
    """An answer of another status that is no refusal."""
    found: Json = {"description": "Accepted." if status == 202 else "Done."}
    if model is not None:
        name = model.__name__
        found["content"] = {JSON: {"schema": _ref(name), "example": page.answers[name]}}
    return found


def _model(operation: Operation) -> tuple[type[BaseModel], bool]:
    """The model of an answer, and whether the answer is a list of it."""
    many = get_args(operation.answer)
    return (many[0] if many else operation.answer), bool(many)


def _refusal(page: Page, status: int) -> Json:
    content = {JSON: {"schema": _ref(page.error.__name__), "example": page.errors[status]}}
    return {"description": REFUSALS[status], "content": content}


def _ref(name: str, part: str = "schemas") -> Json:
    return {"$ref": f"#/components/{part}/{name}"}


def _schemas(page: Page, table: Sequence[Operation]) -> Json:
    bodies = {each.body for each in table if each.body is not None}
    others = {model for each in table for model in each.others.values() if model is not None}
    own = {_model(each)[0] for each in table if each.answer}
    told = {page.error, *page.models, *page.instead, *others, *own}
    wanted: list[tuple[Any, JsonSchemaMode]] = [
        *((each, "validation") for each in sorted(bodies, key=lambda body: body.__name__)),
        *((each, "serialization") for each in sorted(told, key=lambda model: model.__name__)),
    ]
    _, schema = models_json_schema(wanted, ref_template=REF)
    found: Json = schema["$defs"]
    return found
