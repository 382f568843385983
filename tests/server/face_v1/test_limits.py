"""What is refused for a while or for good: training in progress, full accounts, plans."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mien.server.dialects.face_v1.names import NOUNS, Noun
from tests.server import people
from tests.server.inside import Inside, inside

OCTETS = {"Content-Type": "application/octet-stream"}
ID, DONE_S = "family", 20.0


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    with inside(tmp_path_factory.mktemp("limits")) as found:
        yield found


@pytest.mark.parametrize(
    "noun", [each for each in NOUNS if each.kind.is_trained], ids=lambda each: each.code
)
def test_while_training_is_in_progress(noun: Noun, service: Inside) -> None:
    client = service.client(noun.code)
    (face,) = client.post("detect", content=people.woman(), headers=OCTETS).json()
    client.put(f"{noun.path}/{ID}", json={"name": "x"})
    within = ""
    if noun.kind.has_persons:
        person = client.post(f"{noun.path}/{ID}/persons", json={"name": "Anna"}).json()["personId"]
        within = f"/persons/{person}"
    owner = service.account_id(noun.code)
    number = service.storage.collections.find(owner, noun.kind, ID).pk
    service.storage.trainings.begin(number)  # as another process of the service would
    assert client.get(f"{noun.path}/{ID}/training").json()["status"] == "running"
    search = "identify" if noun.kind.has_persons else "findsimilars"
    query: dict[str, Any] = {"faceId": face["faceId"], noun.id_field: ID}
    if noun.kind.has_persons:
        query = {"faceIds": [face["faceId"]], noun.id_field: ID}
    answers = {
        "train": client.post(f"{noun.path}/{ID}/train"),
        "update": client.patch(f"{noun.path}/{ID}", json={"name": "y"}),
        "delete": client.delete(f"{noun.path}/{ID}"),
        "search": client.post(search, json=query),
        "add": client.post(
            f"{noun.path}/{ID}{within}/persistedfaces", content=people.woman(), headers=OCTETS
        ),
    }
    state = "is under training" if noun.kind.has_persons else "training is not finished"
    for name, answer in answers.items():
        assert answer.status_code == 409, (name, answer.text)
        assert answer.json()["error"] == {
            "code": f"{noun.code}TrainingNotFinished",
            "message": f"{noun.text} {state}.",
        }
    service.storage.trainings.fail(number, "the test ended it")
    answer = client.post(search, json=query)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, f"{noun.code}NotTrained")
    shown = client.get(f"{noun.path}/{ID}/training").json()
    assert (shown["status"], shown["message"]) == ("failed", "the test ended it")
    assert client.delete(f"{noun.path}/{ID}").status_code == 200


def test_an_account_that_has_all_it_may_have(service: Inside) -> None:
    client = service.client("collector")
    for number in range(64):
        assert client.put(f"facelists/{number}", json={"name": "x"}).status_code == 200
    answer = client.put("facelists/64", json={"name": "x"})
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "QuotaExceeded"
    assert "64" in answer.json()["error"]["message"]
    assert len(client.get("facelists").json()) == 64


def test_the_rate_of_a_plan(tmp_path: Path) -> None:
    with inside(tmp_path, plan="free") as service:
        client = service.client("a")
        for _ in range(20):
            assert client.get("facelists").status_code == 200
        answer = client.get("facelists")
        assert answer.status_code == 429
        error = answer.json()["error"]
        assert set(error) == {"statusCode", "message"}
        assert error["statusCode"] == 429
        seconds = answer.headers["Retry-After"]
        assert error["message"] == f"Rate limit is exceeded. Try again in {seconds} seconds."


def test_a_trained_list_without_faces_has_none_that_are_similar(service: Inside) -> None:
    client = service.client("empty")
    (face,) = client.post("detect", content=people.woman(), headers=OCTETS).json()
    client.put("largefacelists/empty", json={"name": "x"})
    assert client.post("largefacelists/empty/train").status_code == 202
    until = time.monotonic() + DONE_S
    while client.get("largefacelists/empty/training").json()["status"] != "succeeded":
        assert time.monotonic() < until
        time.sleep(0.02)
    query = {"faceId": face["faceId"], "largeFaceListId": "empty"}
    answer = client.post("findsimilars", json=query)
    assert (answer.status_code, answer.json()) == (200, [])
