"""The OpenAPI document, from the table of operations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, get_args

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from mien.server.dialects.face_v1 import answers, examples
from mien.server.dialects.face_v1.operations import Operation
from mien.server.json_body import JSON, OCTETS
from mien.version import __version__

Json = dict[str, Any]

REF = "#/components/schemas/{model}"
WITH_BODY = (408, 413, 415)
ALWAYS = (401, 403, 429, 500, 503)
REFUSALS = {
    400: "An argument, the body or the picture cannot be used.",
    401: "No key, or a wrong one.",
    403: "Switched off by the operator, or the plan allows no more.",
    404: "There is no such thing.",
    408: "The body or the turn of the picture did not come in time.",
    409: "It exists already, is being trained, or is being changed by another.",
    413: "The body is too large.",
    415: "The body is of another media type.",
    429: "More calls than the plan allows now; Retry-After says when to try again.",
    500: "A fault of the service.",
    503: "The service is busy; Retry-After says when to try again.",
}


def document(table: Sequence[Operation]) -> Json:
    """The document of these operations, with examples and every status of each."""
    paths: dict[str, Json] = {}
    for operation in table:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Face API v1.0",
            "version": __version__,
            "description": "Azure's Face API v1.0, answered by mien on your own machines.",
        },
        "security": [{"key": []}, {"keyInQuery": []}],
        "paths": paths,
        "components": {
            "schemas": _schemas(table),
            "responses": {str(status): _refusal(status) for status in REFUSALS},
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "Ocp-Apim-Subscription-Key"},
                "keyInQuery": {"type": "apiKey", "in": "query", "name": "subscription-key"},
            },
        },
    }


def _operation(operation: Operation) -> Json:
    found: Json = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.about,
        "parameters": [*_path_parameters(operation), *_query_parameters(operation)],
        "responses": {
            str(operation.status): _success(operation),
            **{str(status): _ref(str(status), "responses") for status in statuses(operation)},
        },
    }
    if operation.body is not None:
        found["requestBody"] = _request_body(operation)
    return found


def statuses(operation: Operation) -> list[int]:
    """The statuses of its refusals."""
    own = WITH_BODY if operation.body is not None else ()
    return sorted({*ALWAYS, *own, *operation.refusals})


def _path_parameters(operation: Operation) -> list[Json]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": examples.PATH_SCHEMAS[name],
            "example": examples.IDS[name],
        }
        for name in re.findall(r"{(\w+)}", operation.path)
    ]


def _query_parameters(operation: Operation) -> list[Json]:
    return [
        {"name": each.name, "in": "query", "description": each.about, "schema": each.schema()}
        for each in operation.query
    ]


def _request_body(operation: Operation) -> Json:
    assert operation.body is not None
    name = operation.body.__name__
    content: Json = {JSON: {"schema": _ref(name), "example": examples.BODIES[name]}}
    if operation.picture:
        content[OCTETS] = {"schema": {"type": "string", "format": "binary"}}
    return {"required": True, "content": content}


def _success(operation: Operation) -> Json:
    found: Json = {"description": "Done." if operation.status == 200 else "Accepted."}
    if operation.name in ("Snapshot_Take", "Snapshot_Apply"):
        text = "Where to ask how far it is, relative to the prefix."
        found["headers"] = {
            "Operation-Location": {"description": text, "schema": {"type": "string"}}
        }
    if operation.answer is not None:
        schema = TypeAdapter(operation.answer).json_schema(ref_template=REF, mode="serialization")
        schema.pop("$defs", None)
        many = get_args(operation.answer)
        example: Any = examples.ANSWERS[(many[0] if many else operation.answer).__name__]
        if not many:
            schema = _ref(operation.answer.__name__)
        found["content"] = {JSON: {"schema": schema, "example": [example] if many else example}}
    return found


def _refusal(status: int) -> Json:
    content = {JSON: {"schema": _ref("Error"), "example": examples.ERRORS[status]}}
    return {"description": REFUSALS[status], "content": content}


def _ref(name: str, part: str = "schemas") -> Json:
    return {"$ref": f"#/components/{part}/{name}"}


def _schemas(table: Sequence[Operation]) -> Json:
    bodies = {each.body for each in table if each.body is not None}
    told = [each for each in vars(answers).values() if _is_answer(each)]
    wanted: list[tuple[Any, JsonSchemaMode]] = [
        *((each, "validation") for each in sorted(bodies, key=lambda body: body.__name__)),
        *((each, "serialization") for each in told),
    ]
    _, schema = models_json_schema(wanted, ref_template=REF)
    found: Json = schema["$defs"]
    return found


def _is_answer(each: Any) -> bool:
    models = (answers.Answer, answers.Error, answers.ErrorDetail)
    return isinstance(each, type) and issubclass(each, models) and each is not answers.Answer
