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
