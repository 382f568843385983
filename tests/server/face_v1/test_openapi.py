"""The OpenAPI document, and what the service does with requests made from it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import strategies as st

from mien.server.dialects.face_v1.examples import COLLECTIONS
from mien.server.dialects.face_v1.operations import Operation, operations
from tests.server.documents import SEED, check_statuses_and_examples, tried
from tests.server.face_v1.test_accounts import ID, Owner
from tests.server.inside import HEADER, Inside, inside

FEW, MANY = 3, 60

IDS = sorted((each.name for each in operations()), key=lambda name: "Delete" in name)
"""Operations that delete come last: the others shall find what there is."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    with inside(tmp_path_factory.mktemp("openapi")) as found:
        yield found


@pytest.fixture(scope="module")
def document(service: Inside) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{service.url}/docs/face.json").json()
    return found


@pytest.fixture(scope="module")
def schema(document: dict[str, Any]) -> Any:
    return schemathesis.openapi.from_dict(document)


@pytest.fixture(scope="module")
def owner(service: Inside) -> Owner:
    return Owner(service.client("owner"))


def test_every_operation_has_its_statuses_and_examples(document: dict[str, Any]) -> None:
    check_statuses_and_examples(document)
    for methods in document["paths"].values():
        for operation in methods.values():
            if body := operation.get("requestBody"):
                assert "example" in body["content"]["application/json"]
                assert {"400", "408", "413", "415"} <= set(operation["responses"])


@pytest.mark.parametrize("name", IDS)
def test_requests_made_from_the_document(
    name: str, owner: Owner, service: Inside, schema: Any
) -> None:
    assert sum(_tried(name, owner, service, schema, FEW).values()) >= FEW


@pytest.mark.long
def test_thousands_of_requests_made_from_the_document(
    owner: Owner, service: Inside, schema: Any
) -> None:
    answered: Counter[int] = Counter()
    for name in IDS:
        answered += _tried(name, owner, service, schema, MANY)
    sys.stdout.write(f"seed {SEED}: requests by status: {dict(answered)}\n")
    assert sum(answered.values()) >= 5000
    assert answered[200] + answered[202] >= 500
    assert answered[400] >= 500


def _tried(name: str, owner: Owner, service: Inside, schema: Any, examples: int) -> Counter[int]:
    """Try an operation with so many requests that fit the document, and as many that do not."""
    (known,) = [each for each in operations() if each.name == name]

    def change(case: Any, data: st.DataObject) -> None:
        if data.draw(st.booleans()):
            _point_at(case, known, owner)
        if data.draw(st.booleans()) and isinstance(case.body, dict):
            case.body = {**case.body, **owner.request(known).get("json", {})}

    headers, base = {HEADER: service.key("owner")}, f"{service.url}/face/v1.0"
    return tried(schema[known.path][known.method], base, headers, examples, change)


def _point_at(case: Any, operation: Operation, owner: Owner) -> None:
    """Let the path of a request name what there is."""
    parts = operation.path.strip("/").split("/")
    values = owner.path(operation).split("/")
    names = {part[1:-1]: value for part, value in zip(parts, values, strict=True) if "{" in part}
    for name, value in names.items():
        assert value == ID or name not in COLLECTIONS
        case.path_parameters[name] = value
