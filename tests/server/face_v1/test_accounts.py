"""No route gives one account anything of another: every operation is tried with foreign ids."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mien.server.dialects.face_v1.names import NOUNS, Noun
from mien.server.dialects.face_v1.operations import Operation, operations
from tests.server import people
from tests.server.inside import HEADER, Inside, inside

OCTETS = {"Content-Type": "application/octet-stream"}
DONE_S = 20.0
ID = "family"
NOT_FOUND = {
    "FaceNotFound", "FaceListNotFound", "LargeFaceListNotFound", "PersonGroupNotFound",
    "LargePersonGroupNotFound", "PersonNotFound", "PersistedFaceNotFound", "SnapshotNotFound",
    "OperationNotFound",
}  # fmt: skip
OWN = {"FaceList_Create", "LargeFaceList_Create", "PersonGroup_Create", "LargePersonGroup_Create"}
"""Operations that make something new under the same id, in the other account."""
LISTS = {"FaceList_List", "LargeFaceList_List", "PersonGroup_List", "LargePersonGroup_List",
         "Snapshot_List"}  # fmt: skip


class Owner:
    """The account that has one of everything, and the ids of all that."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.persons: dict[Noun, str] = {}
        self.faces: dict[Noun, str] = {}
        self.face_ids = [self._detect(0), self._detect(1)]
        for noun in NOUNS:
            self._fill(noun)
        self.operation, self.snapshot = self._snapshot()

    def everything(self) -> list[Any]:
        """All that the account can be shown."""
        shown = []
        for each in operations():
            if each.method == "GET":
                answer = self.client.get(self.path(each))
                assert answer.status_code in (200, 404), answer.text
                shown.append((each.name, answer.status_code, answer.json()))
        return shown

    def path(self, operation: Operation) -> str:
        """The path of an operation with this account's ids."""
        path, noun = operation.path.lstrip("/"), _noun(operation)
        if noun is not None:
            path = path.replace(f"{{{noun.id_field}}}", ID)
            path = path.replace("{personId}", self.persons.get(noun, ""))
            path = path.replace("{persistedFaceId}", self.faces[noun])
        path = path.replace("{snapshotId}", self.snapshot)
        return path.replace("{operationId}", self.operation)

    def request(self, operation: Operation) -> dict[str, Any]:
        """The body of an operation, naming what this account has."""
        group = NOUNS[2]
        bodies: dict[str, Any] = {
            "Face_FindSimilar": {"faceId": self.face_ids[0], "faceListId": ID},
            "Face_Group": {"faceIds": self.face_ids},
            "Face_Identify": {"faceIds": self.face_ids, "personGroupId": ID},
            "Face_Verify": {
                "faceId": self.face_ids[0],
                "personId": self.persons[group],
                "personGroupId": ID,
            },
            "Snapshot_Take": {"type": "PersonGroup", "objectId": ID, "applyScope": ["me"]},
            "Snapshot_Update": {"userData": "mine"},
            "Snapshot_Apply": {"objectId": "stolen"},
        }
        if operation.octets:
            return {"content": people.woman(), "headers": OCTETS}
        if operation.body is None:
            return {}
        if operation.name.endswith("_AdviseTogether"):
            return {"json": {"faceIds": self.face_ids}}
        return {"json": bodies.get(operation.name, {"name": "mine", "userData": "mine"})}

    def _detect(self, variant: int) -> str:
        answer = self.client.post("detect", content=people.woman(variant), headers=OCTETS)
        return str(answer.json()[0]["faceId"])

    def _fill(self, noun: Noun) -> None:
        root = f"{noun.path}/{ID}"
        assert self.client.put(root, json={"name": "Theirs"}).status_code == 200
        within = ""
        if noun.kind.has_persons:
            made = self.client.post(f"{root}/persons", json={"name": "Anna"})
            self.persons[noun] = made.json()["personId"]
            within = f"/persons/{self.persons[noun]}"
        added = self.client.post(
            f"{root}{within}/persistedfaces", content=people.woman(), headers=OCTETS
        )
        self.faces[noun] = added.json()["persistedFaceId"]
        if noun.kind.is_trained:
            assert self.client.post(f"{root}/train").status_code == 202
            self._done(f"{root}/training")

    def _snapshot(self) -> tuple[str, str]:
        body = {"type": "PersonGroup", "objectId": ID, "applyScope": ["somebody"]}
        taken = self.client.post("snapshots", json=body)
        operation = taken.headers["Operation-Location"].split("/")[2]
        done = self._done(f"operations/{operation}")
        return operation, done["resourceLocation"].split("/")[2]

    def _done(self, path: str) -> dict[str, Any]:
        until = time.monotonic() + DONE_S
        while (found := self.client.get(path).json())["status"] != "succeeded":
            assert time.monotonic() < until, found
            time.sleep(0.02)
        return dict(found)


def _noun(operation: Operation) -> Noun | None:
    return next((each for each in NOUNS if f"{{{each.id_field}}}" in operation.path), None)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    with inside(tmp_path_factory.mktemp("accounts")) as found:
        yield found


@pytest.fixture(scope="module")
def owner(service: Inside) -> Owner:
    return Owner(service.client("owner"))


@pytest.fixture(scope="module")
def stranger(service: Inside) -> httpx.Client:
    return service.client("stranger")


def test_foreign_ids_lead_nowhere(owner: Owner, stranger: httpx.Client) -> None:
    before = owner.everything()
    wrong = {}
    for each in operations():
        answer = stranger.request(each.method, owner.path(each), **owner.request(each))
        if not _is_right(each, answer):
            wrong[each.name] = (answer.status_code, answer.text)
        if each.name in OWN:  # or it would stand in the way of what is tried next
            assert stranger.delete(owner.path(each)).status_code == 200
    assert wrong == {}
    assert owner.everything() == before


def _is_right(operation: Operation, answer: httpx.Response) -> bool:
    if operation.name in LISTS:
        return bool(answer.json() == [])
    if operation.name in OWN or operation.name == "Face_Detect":
        return answer.status_code == 200
    return answer.status_code in (400, 404) and answer.json()["error"]["code"] in NOT_FOUND


def test_foreign_face_ids_lead_nowhere(owner: Owner, stranger: httpx.Client) -> None:
    (face,) = stranger.post("detect", content=people.woman(2), headers=OCTETS).json()
    theirs, mine = owner.face_ids[0], face["faceId"]
    stranger.put(f"persongroups/{ID}", json={"name": "Mine"})
    tries: list[tuple[str, dict[str, Any]]] = [
        ("verify", {"faceId1": mine, "faceId2": theirs}),
        ("verify", {"faceId1": theirs, "faceId2": theirs}),
        ("group", {"faceIds": [mine, theirs]}),
        ("findsimilars", {"faceId": mine, "faceIds": [theirs]}),
        ("findsimilars", {"faceId": theirs, "faceIds": [mine]}),
    ]
    for path, body in tries:
        answer = stranger.post(path, json=body)
        assert answer.json()["error"]["code"] == "FaceNotFound", (path, body, answer.text)
    person = {"faceId": mine, "personId": next(iter(owner.persons.values())), "personGroupId": ID}
    answer = stranger.post("verify", json=person)
    assert answer.json()["error"]["code"] == "PersonNotFound"


def test_a_snapshot_is_only_for_those_it_names(owner: Owner, service: Inside) -> None:
    named, other = service.client("named"), service.client("other")
    scope = {"applyScope": [service.account_id("named")]}
    assert owner.client.patch(f"snapshots/{owner.snapshot}", json=scope).status_code == 200
    path, body = f"snapshots/{owner.snapshot}/apply", {"objectId": "copy"}
    assert other.post(path, json=body).json()["error"]["code"] == "SnapshotNotFound"
    assert named.post(path, json=body).status_code == 202
    assert named.patch(f"snapshots/{owner.snapshot}", json=scope).status_code == 404
    assert named.delete(f"snapshots/{owner.snapshot}").status_code == 404


def test_every_route_of_the_application_was_tried(service: Inside) -> None:
    paths = httpx.get(f"{service.url}/docs/face.json").json()["paths"]
    tried = {(each.path, each.method.lower()) for each in operations()}
    assert {(path, method) for path, found in paths.items() for method in found} == tried


@pytest.mark.parametrize("secret", [None, "", "wrong", "x" * 1000], ids=["none", "0", "5", "1000"])
def test_no_operation_answers_without_a_key(
    secret: str | None, owner: Owner, service: Inside
) -> None:
    client = service.client_with({} if secret is None else {HEADER: secret})
    for each in operations():
        answer = client.request(each.method, owner.path(each), **owner.request(each))
        assert answer.status_code == 401, each.name
        assert answer.json()["error"]["code"] == "Unspecified"
