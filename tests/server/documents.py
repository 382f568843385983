"""What holds for the OpenAPI document of every dialect, and for answers to requests from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
"""Of schemathesis, for an answer."""


def check_statuses_and_examples(document: dict[str, Any]) -> None:
    """See that each operation lists what every one may answer, and that all examples fit."""
    schemas = {"components": document["components"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            answers = operation["responses"]
            assert {"401", "403", "429", "500", "503"} < set(answers), (path, method)
            for content in _contents(operation):
                if "example" in content:
                    jsonschema.validate(content["example"], content["schema"] | schemas)
    for answer in document["components"]["responses"].values():
        content = answer["content"]["application/json"]
        jsonschema.validate(content["example"], content["schema"] | schemas)


def _contents(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for part in (operation.get("requestBody", {}), *operation["responses"].values()):
        yield from part.get("content", {}).values()
