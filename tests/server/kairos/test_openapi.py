"""The page of the API, and that what is answered is what it shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from mien.server.dialects.kairos.operations import operations
from tests.server.inside import Inside, inside
from tests.server.kairos.client import Client, in_base64, new_key
from tests.server.kairos.test_errors import picture


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    with inside(tmp_path_factory.mktemp("openapi")) as found:
        yield found


@pytest.fixture(scope="module")
def client(service: Inside) -> Iterator[Client]:
    with Client(service.url, new_key(service.storage, "openapi")) as made:
        yield made


@pytest.fixture(scope="module")
def page(client: Client, service: Inside) -> dict[str, Any]:
    found: dict[str, Any] = client.http.get(f"{service.url}/docs/kairos.json").json()
    return found


def schema(page: dict[str, Any], name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}", "components": page["components"]}


def test_every_operation_is_on_the_page(page: dict[str, Any]) -> None:
    shown = {
        (method.upper(), path) for path, methods in page["paths"].items() for method in methods
    }
    assert shown == {(each.method, each.path) for each in operations()}
    assert page["security"] == [{"app_id": [], "app_key": []}]
    assert page["servers"] == [{"url": "/kairos"}]


def test_the_examples_are_what_the_schemas_say(page: dict[str, Any]) -> None:
    for methods in page["paths"].values():
        for operation in methods.values():
            told = [operation.get("requestBody"), operation["responses"]["200"]]
            for each in told:
                for content in (each or {}).get("content", {}).values():
                    if "example" in content:
                        found = content["schema"] | {"components": page["components"]}
                        jsonschema.validate(content["example"], found)
    for response in page["components"]["responses"].values():
        content = response["content"]["application/json"]
        found = content["schema"] | {"components": page["components"]}
        jsonschema.validate(content["example"], found)


def test_answers_are_what_the_page_says(client: Client, page: dict[str, Any]) -> None:
    image, names = in_base64(picture()), {"gallery_name": "g", "subject_id": "s"}
    gallery = {"gallery_name": "g"}
    for path, values in (
        ("/detect", {"image": image}),
        ("/enroll", {"image": image, **names}),
        ("/verify", {"image": image, **names}),
        ("/recognize", {"image": image, **gallery}),
        ("/gallery/list_all", {}),
        ("/gallery/view", gallery),
        ("/gallery/view_subject", names),
        ("/gallery/remove_subject", names),
    ):
        content = page["paths"][path]["post"]["responses"]["200"]["content"]["application/json"]
        found = content["schema"] | {"components": page["components"]}
        jsonschema.validate(client.post(path, **values), found)
        jsonschema.validate(
            client.http.post(path, content=b"", headers={"app_id": "x"}).json(),
            schema(page, "Errors"),
        )
