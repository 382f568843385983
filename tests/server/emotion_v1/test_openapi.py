"""The OpenAPI document, and what the service does with requests made from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.server.documents import CHECKS, check_statuses_and_examples
from tests.server.emotion_v1 import KEY, PREFIX
from tests.server.inside import Inside, inside

EXAMPLES, SEED = 25, 20261121


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    with inside(tmp_path_factory.mktemp("openapi")) as found:
        yield found


@pytest.fixture(scope="module")
def document(service: Inside) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{service.url}/docs/emotion.json").json()
    return found


def test_every_operation_has_its_statuses_and_examples(document: dict[str, Any]) -> None:
    check_statuses_and_examples(document)


def test_the_page_of_apis_names_it(service: Inside) -> None:
    assert "Emotion API v1.0 (as Azure had it)" in httpx.get(f"{service.url}/docs").text


@pytest.mark.parametrize("mode", [*schemathesis.GenerationMode])
def test_requests_made_from_the_document(
    mode: schemathesis.GenerationMode, document: dict[str, Any], service: Inside
) -> None:
    answered: Counter[int] = Counter()
    headers = {KEY: service.key("owner")}
    schema: Any = schemathesis.openapi.from_dict(document)
    for path, methods in document["paths"].items():
        for method in methods:
            _try(schema[path][method], mode, service.url + PREFIX, headers, answered)
    assert answered.total() >= EXAMPLES
    assert answered[400] > 0
    assert not set(answered) - {200, 202, 400, 404, 415}


def _try(
    operation: Any,
    mode: schemathesis.GenerationMode,
    base: str,
    headers: dict[str, str],
    answered: Counter[int],
) -> None:
    with requests.Session() as session:

        @seed(SEED)
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy(generation_mode=mode))
        def trial(case: Any) -> None:
            response = case.call(base_url=base, headers=headers, session=session)
            answered[response.status_code] += 1
            case.validate_response(response, checks=CHECKS)

        trial()
