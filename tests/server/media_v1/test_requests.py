"""What the service does with requests made from the document of /media/v1."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import strategies as st

from mien.server.dialects.media_v1 import MEDIA_V1
from mien.server.dialects.media_v1.operations import OPERATIONS
from mien.server.operations import Operation
from tests.server.documents import SEED, check_statuses_and_examples, tried
from tests.server.inside import HEADER, Inside, inside

FEW, MANY = 2, 75
BYTES = b"0123456789"
NAMES = sorted((each.name for each in OPERATIONS), key=lambda name: "Delete" in name)
"""Operations that delete come last: the others shall find what there is."""


class Owner:
    """The account that has an asset with a file, and a job that is over."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.asset = client.post("assets", json={"name": "clips"}).json()["id"]
        files = f"assets/{self.asset}/files"
        made = client.post(files, json={"name": "a.json", "size": len(BYTES)}).json()
        self.file = made["id"]
        content = f"{files}/{self.file}/content"
        assert client.patch(content, content=BYTES, headers={"Upload-Offset": "0"}).is_success
        self.job = client.post("jobs", json=self.new_job()).json()["id"]
        assert client.post(f"jobs/{self.job}/cancel").status_code == 202

    def new_job(self) -> dict[str, Any]:
        task = {
            "processor": "Azure Media Face Detector",
            "configuration": "{}",
            "inputAssets": [self.asset],
        }
        return {"name": "job", "tasks": [task]}

    def body(self, operation: Operation) -> dict[str, Any]:
        """What fits an operation, whatever else is in its body."""
        if operation.name == "Job_Submit":
            return self.new_job()
        if operation.name == "File_Create":
            return {"size": 3}
        return {}

    @property
    def ids(self) -> dict[str, str]:
        return {"assetId": self.asset, "fileId": self.file, "jobId": self.job}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    """Nobody works on its jobs."""
    with inside(tmp_path_factory.mktemp("requests"), job_workers=0) as found:
        yield found


@pytest.fixture(scope="module")
def document(service: Inside) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{service.url}/docs/media.json").json()
    return found


@pytest.fixture(scope="module")
def schema(document: dict[str, Any]) -> Any:
    return schemathesis.openapi.from_dict(document)


@pytest.fixture(scope="module")
def owner(service: Inside) -> Owner:
    return Owner(service.client("owner", MEDIA_V1))


def test_every_operation_has_its_statuses_and_examples(document: dict[str, Any]) -> None:
    paths = {name: each for name, each in document["paths"].items() if name != "/live"}
    check_statuses_and_examples({**document, "paths": paths})


@pytest.mark.parametrize("name", NAMES)
def test_requests_made_from_the_document(
    name: str, owner: Owner, service: Inside, schema: Any
) -> None:
    assert sum(_tried(name, owner, service, schema, FEW).values()) >= FEW


@pytest.mark.long
def test_thousands_of_requests_made_from_the_document(
    owner: Owner, service: Inside, schema: Any
) -> None:
    answered: Counter[int] = Counter()
    for name in NAMES:
        answered += _tried(name, owner, service, schema, MANY)
    sys.stdout.write(f"seed {SEED}: requests by status: {dict(answered)}\n")
    assert sum(answered.values()) >= 2000
    assert answered[200] + answered[201] >= 200
    assert answered[400] >= 200


def _tried(name: str, owner: Owner, service: Inside, schema: Any, examples: int) -> Counter[int]:
    (known,) = [each for each in OPERATIONS if each.name == name]

    def change(case: Any, data: st.DataObject) -> None:
        if data.draw(st.booleans()):
            for part in set(case.path_parameters or ()) & owner.ids.keys():
                case.path_parameters[part] = owner.ids[part]
        if data.draw(st.booleans()) and isinstance(case.body, dict):
            case.body = {**case.body, **owner.body(known)}

    headers = {HEADER: service.key("owner")}
    return tried(
        schema[known.path][known.method], f"{service.url}/media/v1", headers, examples, change
    )
