"""Advice before a face is kept, over HTTP, on real pictures; and what the policy leaves of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from mien.server.dialects.face_v1.advice import OF
from tests.server import people
from tests.server.inside import HEADER, inside
from tests.server.live import Live

OCTETS = {"Content-Type": "application/octet-stream"}
GUID = "25985303-c537-4467-b41d-bdb45cd95ca1"


@pytest.fixture(scope="module")
def client(live: Live, key: str) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=f"{live.url}/face/v1.0", headers={HEADER: key} | OCTETS, timeout=60
    ) as made:
        yield made


@pytest.fixture(scope="module")
def anna(client: httpx.Client) -> str:
    """A person of the group "crew", with one face."""
    assert client.put("persongroups/crew", json={"name": "Crew"}, headers=JSON).status_code == 200
    made = client.post("persongroups/crew/persons", json={"name": "Anna"}, headers=JSON).json()
    person = str(made["personId"])
    kept = client.post(f"persongroups/crew/persons/{person}/persistedfaces", content=people.woman())
    assert kept.status_code == 200
    return person


JSON = {"Content-Type": "application/json"}


def advice(answer: httpx.Response) -> list[list[dict[str, Any]]]:
    """What is advised of each face."""
    assert answer.status_code == 200, answer.text
    return [face["advice"] for face in answer.json()]


def dark(data: bytes) -> bytes:
    """The same picture with next to no light."""
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return people.jpeg((picture * 0.15).astype(np.uint8))


def test_a_stranger_who_shows_well_has_nothing_to_be_said_of(
    client: httpx.Client, anna: str
) -> None:
    answer = client.post("persongroups/crew/advice", content=people.man())
    assert advice(answer) == [[]]
    (face,) = answer.json()
    assert face["qualityForRecognition"] in ("Medium", "High")
    assert set(face["faceRectangle"]) == {"top", "left", "width", "height"}


def test_each_face_of_a_picture_has_its_own(client: httpx.Client, anna: str) -> None:
    """The woman is Anna; the man is nobody yet. Her rectangle can be sent back as targetFace."""
    answer = client.post("persongroups/crew/advice", content=people.both())
    nothing, (found,) = sorted(advice(answer), key=len)
    assert nothing == []
    assert (found["code"], found["serious"], found["personId"], found["name"]) == (
        *("samePicture", True),
        *(anna, "Anna"),
    )
    assert found["confidence"] > 0.9
    box = next(face["faceRectangle"] for face in answer.json() if face["advice"])
    target = ",".join(str(box[name]) for name in ("left", "top", "width", "height"))
    client.put("facelists/all", json={"name": "All"}, headers=JSON)
    path = f"facelists/all/persistedfaces?targetFace={target}&userData=her"
    kept = client.post(path, content=people.both())
    assert kept.status_code == 200
    (again,) = advice(client.post("facelists/all/advice", content=people.woman()))
    assert [(each["code"], each["persistedFaceId"], each["name"]) for each in again] == [
        ("samePicture", kept.json()["persistedFaceId"], "her")
    ]


def test_it_is_told_for_whom_the_face_is_meant(client: httpx.Client, anna: str) -> None:
    path = f"persongroups/crew/advice?personId={anna}"
    (own,) = advice(client.post(path, content=people.woman(1)))
    assert [each["code"] for each in own] == ["samePicture"]
    (man,) = advice(client.post(path, content=people.man()))
    assert [each["code"] for each in man] == ["unlike"]


def test_how_a_face_shows(client: httpx.Client, anna: str) -> None:
    (found,) = advice(client.post("persongroups/crew/advice", content=dark(people.woman())))
    told = {each["code"]: each for each in found}
    assert 0 < told["tooDark"]["value"] < 0.12
    assert told["tooDark"]["serious"] is (told["tooDark"]["value"] < 0.05)
    assert told["tooDark"]["message"] == "The face is too dark."


def test_a_picture_of_nobody(client: httpx.Client, anna: str) -> None:
    assert advice(client.post("persongroups/crew/advice", content=people.nobody())) == []


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("persongroups/none/advice", 404, "PersonGroupNotFound"),
        ("persongroups/N ONE/advice", 404, "PersonGroupNotFound"),
        ("facelists/none/advice", 404, "FaceListNotFound"),
        (f"persongroups/crew/advice?personId={GUID}", 404, "PersonNotFound"),
        ("persongroups/crew/advice?personId=x", 400, "BadArgument"),
        ("persongroups/crew/advice?detectionModel=x", 400, "BadArgument"),
    ],
)
def test_what_is_refused(
    client: httpx.Client, anna: str, path: str, status: int, code: str
) -> None:
    answer = client.post(path, content=people.woman())
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_what_is_no_picture(client: httpx.Client, anna: str) -> None:
    for data in (b"", b"x" * 2000, people.woman()[:3000]):
        answer = client.post("persongroups/crew/advice", content=data)
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] in ("InvalidImage", "InvalidImageSize")


def remembered(client: httpx.Client, noun: str, *pictures: bytes) -> list[str]:
    """The faceId of the one face of each picture, by the advice on it."""
    ids = []
    for data in pictures:
        answer = client.post(
            f"{noun}/advice?returnFaceId=true&faceIdTimeToLive=60", content=data
        ).json()
        ids.append(answer[0]["faceId"])
    return ids


def together(client: httpx.Client, noun: str, *ids: str, **more: str) -> httpx.Response:
    return client.post(f"{noun}/advice/together", json={"faceIds": list(ids), **more}, headers=JSON)


@pytest.fixture(scope="module")
def batch(client: httpx.Client) -> list[str]:
    """Two pictures of a woman, one of a man; kept as recognition_04."""
    for noun in ("persongroups/team", "facelists/pile"):
        body = {"name": "Both", "recognitionModel": "recognition_04"}
        assert client.put(noun, json=body, headers=JSON).status_code == 200
    pictures = people.woman(), people.man(), people.woman(1)
    return remembered(client, "persongroups/team", *pictures)


def test_faces_that_are_to_be_kept_together(client: httpx.Client, batch: list[str]) -> None:
    woman, man, again = batch
    answer = together(client, "persongroups/team", *batch).json()
    assert [each["faceId"] for each in answer] == batch
    told = {each["faceId"]: each["advice"] for each in answer}
    assert told[woman] == []
    assert [(each["code"], each["serious"]) for each in told[man]] == [("unlike", True)]
    (copy,) = told[again]
    assert (copy["code"], copy["faceId"]) == ("samePicture", woman)
    assert 0.9 < copy["confidence"] <= 1
    alone = together(client, "facelists/pile", *batch).json()
    assert [[each["code"] for each in face["advice"]] for face in alone] == [
        *([], [], ["samePicture"])
    ]


def test_a_person_who_has_faces_tells_whose_are_not_theirs(
    client: httpx.Client, batch: list[str]
) -> None:
    """And so does the advice on each picture; one who has none is told by the faces together."""
    made = client.post("persongroups/team/persons", json={"name": "Bea"}, headers=JSON).json()
    person = str(made["personId"])
    path = f"persongroups/team/persons/{person}/persistedfaces"
    for wanted in (["unlike"], []):
        answer = together(client, "persongroups/team", *batch[:2], personId=person).json()
        assert [[each["code"] for each in face["advice"]] for face in answer] == [wanted] * 2
        assert client.post(path, content=people.woman()).status_code == 200


def test_faces_are_remembered_only_where_that_is_asked_for(client: httpx.Client) -> None:
    (face,) = client.post("persongroups/crew/advice", content=people.man()).json()
    assert "faceId" not in face


@pytest.mark.parametrize(
    ("noun", "body", "status", "code"),
    [
        ("persongroups/none", {}, 404, "PersonGroupNotFound"),
        ("facelists/N ONE", {}, 404, "FaceListNotFound"),
        ("persongroups/team", {"faceIds": [GUID, GUID]}, 404, "FaceNotFound"),
        ("persongroups/team", {"faceIds": [GUID]}, 400, "BadArgument"),
        ("persongroups/team", {"faceIds": ["x", "y"]}, 400, "BadArgument"),
        ("persongroups/team", {"faceIds": [GUID] * 1001}, 400, "BadArgument"),
        ("persongroups/team", {"personId": GUID}, 404, "PersonNotFound"),
        ("persongroups/team", {"personId": "x"}, 400, "BadArgument"),
        ("persongroups/crew", {}, 400, "BadArgument"),  # of another recognition model
        ("facelists/pile", {"faceIds": None}, 400, "BadArgument"),
    ],
)
def test_what_is_refused_of_faces_together(
    client: httpx.Client,
    anna: str,
    batch: list[str],
    noun: str,
    body: dict[str, Any],
    status: int,
    code: str,
) -> None:
    sent = {"faceIds": batch[:2], **body}
    answer = client.post(f"{noun}/advice/together", json=sent, headers=JSON)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_faces_of_another_account_are_not_known(
    client: httpx.Client, live: Live, batch: list[str]
) -> None:
    headers = {HEADER: live.key("stranger"), **JSON}
    with httpx.Client(base_url=f"{live.url}/face/v1.0", headers=headers) as stranger:
        body = {"name": "Mine", "recognitionModel": "recognition_04"}
        assert stranger.put("persongroups/team", json=body).status_code == 200
        answer = together(stranger, "persongroups/team", *batch)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "FaceNotFound")


def test_the_policy_leaves_out_what_is_off(tmp_path: Path) -> None:
    off = {*OF.values(), "qualityForRecognition"}
    policy = tmp_path / "policy.toml"
    policy.write_text("[attributes]\n" + "".join(f"{name} = false\n" for name in off))
    with inside(tmp_path, policy=policy) as service:
        client = service.client("a")
        client.put("persongroups/crew", json={"name": "Crew"})
        answer = client.post("persongroups/crew/advice", content=people.woman(), headers=OCTETS)
    assert answer.json() == [{"faceRectangle": answer.json()[0]["faceRectangle"], "advice": []}]


def test_without_a_gallery_there_is_no_advice(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("gallery = false\n")
    with inside(tmp_path, policy=policy) as service:
        client = service.client("a")
        answer = client.post("persongroups/crew/advice", content=people.woman(), headers=OCTETS)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "UnsupportedFeature")
