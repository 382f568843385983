"""What holds for the OpenAPI document of every dialect, and for answers to requests from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jsonschema
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
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


SEED = 20261121
Change = Callable[[Any, st.DataObject], None]


def tried(
    operation: Any, base: str, headers: Mapping[str, str], examples: int, change: Change
) -> Counter[int]:
    """Try an operation with so many requests that fit its document, and as many that do not.

    Args:
        operation: of the schema that schemathesis made of the document.
        base: the address in front of its path.
        headers: with the key.
        examples: how many of each.
        change: may change a request before it is sent.

    Returns:
        How often each status was answered.
    """
    answered: Counter[int] = Counter()
    with requests.Session() as session:
        for mode in schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE:

            @seed(SEED)
            @settings(
                max_examples=examples,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(operation.as_strategy(generation_mode=mode), st.data())
            def trial(case: Any, data: st.DataObject) -> None:
                change(case, data)
                response = case.call(base_url=base, headers=dict(headers), session=session)
                answered[response.status_code] += 1
                case.validate_response(response, checks=CHECKS)

            try:
                trial()
            except Unsatisfiable:  # nothing of this operation can be wrong
                assert mode is schemathesis.GenerationMode.NEGATIVE
    return answered


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
