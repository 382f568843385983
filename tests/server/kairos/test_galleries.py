"""Galleries over HTTP: shown, removed, and whose they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest

from mien.server.dialects.kairos import answers
from tests.server import people
from tests.server.inside import Inside, inside
from tests.server.kairos.client import NAME, Client, in_base64, new_key


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    with inside(tmp_path_factory.mktemp("galleries")) as found:
        yield found


@pytest.fixture
def client(service: Inside, request: pytest.FixtureRequest) -> Iterator[Client]:
    """A client of an account that only this test has."""
    key = new_key(service.storage, request.node.name)
    with Client(service.url, key) as made:
        yield made


def picture(seed: int) -> str:
    """A picture like no other; the service sees one known face on it."""
    pixels = np.random.default_rng(seed).integers(0, 255, (40, 40, 3), np.uint8)
    return in_base64(people.jpeg(cv2.resize(pixels, (200, 200))))


def enroll(client: Client, gallery: str, subject: str, seed: int) -> Any:
    return client.post("/enroll", image=picture(seed), gallery_name=gallery, subject_id=subject)


def test_galleries_are_made_by_enrolling_and_listed_without_a_body(client: Client) -> None:
    assert client.post("/gallery/list_all") == {"status": "Complete", "gallery_ids": []}
    for name in ("testgallery1", "MyGallery", "My Gallery / ä"):
        enroll(client, name, "s", 1)
    for answer in (
        client.http.post("/gallery/list_all"),
        client.http.post("/gallery/list_all", content=b"", headers={"content-type": ""}),
        client.http.post("/gallery/list_all", json={}),
        client.http.post("/Gallery/List_All", content=b"not json"),
    ):
        assert answer.json() == {
            "status": "Complete",
            "gallery_ids": ["My Gallery / ä", "MyGallery", "testgallery1"],
        }


def test_a_gallery_shows_its_subjects_and_a_subject_its_faces(client: Client) -> None:
    first = enroll(client, "g", "Elizabeth", 1)
    enroll(client, "g", "Rachel", 2)
    second = enroll(client, "g", "Elizabeth", 3)
    found = client.post("/gallery/view", gallery_name="g")
    assert found == {"status": "Complete", "subject_ids": ["Elizabeth", "Rachel"]}
    found = client.post("/gallery/view_subject", gallery_name="g", subject_id="Elizabeth")
    answers.FaceList.model_validate(found)
    assert found["status"] == "Complete"
    assert [(face["face_id"], face["enrollment_timestamp"]) for face in found["face_ids"]] == [
        (each["face_id"], each["images"][0]["transaction"]["timestamp"]) for each in (first, second)
    ]
    assert all(len(face["enrollment_timestamp"]) == 13 for face in found["face_ids"])


def test_remove_takes_a_gallery_with_all_in_it(client: Client, service: Inside) -> None:
    enroll(client, "g", "s", 1)
    enroll(client, "g", "t", 2)
    answer = client.ask("/gallery/remove", gallery_name="g")
    assert answer.json() == {"status": "Complete", "message": "gallery g was removed"}
    account = service.account_id("test_remove_takes_a_gallery_with_all_in_it")
    receipt = service.storage.deletion.receipt(account, answer.headers["mien-receipt"])
    assert (receipt.what, receipt.collection) == ("collection", "g")
    assert (receipt.persons, receipt.faces, receipt.keys) == (2, 2, 2)
    assert client.fails("/gallery/view", gallery_name="g")[1] == 5004
    assert client.post("/gallery/list_all")["gallery_ids"] == []


def test_remove_subject_takes_one_face_or_all(client: Client, service: Inside) -> None:
    first, second = (enroll(client, "g", "test1", seed)["face_id"] for seed in (1, 2))
    enroll(client, "g", "other", 3)
    answer = client.ask(
        "/gallery/remove_subject", gallery_name="g", subject_id="test1", face_id=first
    )
    assert answer.json() == {
        "status": "Complete",
        "message": f"subject id test1 with face id {first} has been successfully removed",
    }
    account = service.account_id("test_remove_subject_takes_one_face_or_all")
    receipt = service.storage.deletion.receipt(account, answer.headers["mien-receipt"])
    assert (receipt.what, receipt.subject) == ("face", first)
    left = client.post("/gallery/view_subject", gallery_name="g", subject_id="test1")
    assert [face["face_id"] for face in left["face_ids"]] == [second]
    assert client.post("/gallery/remove_subject", gallery_name="g", subject_id="test1") == {
        "status": "Complete",
        "message": "subject id test1 has been successfully removed",
    }
    assert client.post("/gallery/view", gallery_name="g")["subject_ids"] == ["other"]


def test_a_gallery_goes_with_its_last_subject(client: Client) -> None:
    face = enroll(client, "g", "s", 1)["face_id"]
    answer = client.ask("/gallery/remove_subject", gallery_name="g", subject_id="s", face_id=face)
    assert len(answer.headers["mien-receipt"].split(", ")) == 2
    assert client.fails("/gallery/view", gallery_name="g") == (
        *(200, 5004, "gallery name not found"),
    )
    assert client.post("/gallery/list_all")["gallery_ids"] == []


def test_what_is_not_there_is_said_by_every_call(client: Client) -> None:
    face = enroll(client, "g", "s", 1)["face_id"]
    enroll(client, "g", "t", 2)
    no_gallery, no_subject = (200, 5004, "gallery name not found"), (200, 5003)
    image = picture(1)
    for path, values in (
        ("/verify", {"image": image, "subject_id": "s"}),
        ("/recognize", {"image": image}),
        ("/gallery/view", {}),
        ("/gallery/view_subject", {"subject_id": "s"}),
        ("/gallery/remove", {}),
        ("/gallery/remove_subject", {"subject_id": "s"}),
    ):
        assert client.fails(path, gallery_name="none", **values) == no_gallery
    for path, values in (
        ("/verify", {"image": image}),
        ("/gallery/view_subject", {}),
        ("/gallery/remove_subject", {}),
        ("/gallery/remove_subject", {"face_id": face}),
    ):
        found = client.fails(path, gallery_name="g", subject_id="none", **values)
        assert found == (*no_subject, "subject ID was not found")
    for other in ("58f9034731c662745482", face):
        found = client.fails(
            "/gallery/remove_subject", gallery_name="g", subject_id="t", face_id=other
        )
        assert found == (*no_subject, "subject id with face id was not found")


def test_a_gallery_is_not_a_person_group_and_not_another_accounts(
    client: Client, service: Inside
) -> None:
    enroll(client, "same", "s", 1)
    key = new_key(service.storage, "somebody else", "other")
    with Client(service.url, key, "other") as other:
        assert other.post("/gallery/list_all")["gallery_ids"] == []
        assert other.fails("/gallery/view", gallery_name="same")[1] == 5004
        enroll(other, "same", "s", 2)
        other.post("/gallery/remove", gallery_name="same")
    face = service.client("test_a_gallery_is_not_a_person_group_and_not_another_accounts")
    for path in ("/persongroups/same", "/largepersongroups/same", "/facelists/same"):
        assert face.get(path).status_code == 404
    assert face.get("/snapshots", params={"type": "Gallery"}).status_code == 400
    assert client.post("/gallery/view", gallery_name="same")["subject_ids"] == ["s"]


@pytest.mark.parametrize("name", [NAME, "Schlüssel", "鍵", "a" * 200])
def test_the_name_of_a_key_may_be_any(service: Inside, name: str) -> None:
    key = new_key(service.storage, f"named {name}", name)
    with Client(service.url, key, name) as client:
        assert client.post("/gallery/list_all")["gallery_ids"] == []
