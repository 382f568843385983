"""What the service does with requests made from the document of /kairos."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import strategies as st

from mien.server.dialects.kairos.operations import operations
from tests.server import people
from tests.server.documents import SEED, tried
from tests.server.inside import Inside, inside
from tests.server.kairos.client import NAME, Client, in_base64, new_key

FEW, MANY = 2, 120
ENDS = re.compile("remove|delete")
NAMES = sorted((each.name for each in operations()), key=lambda name: bool(ENDS.search(name)))
"""Operations that remove come last: the others shall find what there is."""
NAMED = {"gallery_name": "g", "subject_id": "s"}


class Owner:
    """The account that has a subject, and a video that waits for its turn."""

    def __init__(self, service: Inside) -> None:
        self.key = new_key(service.storage, "owner")
        self.image = in_base64(people.woman())
        with Client(service.url, self.key) as client:
            client.post("/enroll", image=self.image, **NAMED)
            video = {"source": ("a.jpg", people.woman())}
            answer = client.http.post("/v2/media?timeout=0", files=video)
            assert answer.status_code == 202, answer.text
            self.media = answer.json()["id"]

    @property
    def headers(self) -> dict[str, str]:
        return {"app_id": NAME, "app_key": self.key}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    """Nobody works on its jobs."""
    with inside(tmp_path_factory.mktemp("requests"), job_workers=0) as found:
        yield found


@pytest.fixture(scope="module")
def schema(service: Inside) -> Any:
    return schemathesis.openapi.from_dict(httpx.get(f"{service.url}/docs/kairos.json").json())


@pytest.fixture(scope="module")
def owner(service: Inside) -> Owner:
    return Owner(service)


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
    assert answered[200] >= 1000
    assert answered[202] >= 120


def _tried(name: str, owner: Owner, service: Inside, schema: Any, examples: int) -> Counter[int]:
    (known,) = [each for each in operations() if each.name == name]
    turns = cycle((True, False))  # what is drawn hangs on what else this process has loaded

    def change(case: Any, data: st.DataObject) -> None:
        if next(turns) and "id" in (case.path_parameters or ()):
            case.path_parameters["id"] = owner.media
        if isinstance(case.body, dict):
            if data.draw(st.booleans()):
                case.body |= {name: value for name, value in NAMED.items() if name in case.body}
            if data.draw(st.booleans()) and "image" in case.body:
                case.body["image"] = owner.image
        for values in (case.query, case.body):  # no waiting for results that never come
            if isinstance(values, dict) and isinstance(values.get("timeout"), int):
                values["timeout"] = min(0, values["timeout"])

    base = f"{service.url}/kairos"
    return tried(schema[known.path][known.method], base, owner.headers, examples, change)
