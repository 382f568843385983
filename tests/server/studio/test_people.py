"""People over HTTP: what the pages show, whose it is, and what the policy says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest

from tests.server import people as pictures
from tests.server.inside import inside
from tests.server.live import Live
from tests.server.studio.visitors import PASSWORD, Person, csrf_in

OCTETS = {"Content-Type": "application/octet-stream"}
HOSTILE = "<img src=x onerror=alert(1)> & 'co' \"x\""


def make(visitor: Person, id: str, name: str = "Crew", noun: str = "persongroups") -> None:
    answer = visitor.api("PUT", f"/face/v1.0/{noun}/{id}", json={"name": name})
    assert answer.status_code == 200, answer.text


def test_what_is_told_of_groups_and_lists(visitor: Person) -> None:
    assert visitor.api("GET", "/people").json() == []
    make(visitor, "crew", HOSTILE)
    make(visitor, "faces", "A list", "facelists")
    make(visitor, "many", "Many", "largefacelists")
    made = visitor.api("POST", "/face/v1.0/persongroups/crew/persons", json={"name": "Anna"})
    path = f"/face/v1.0/persongroups/crew/persons/{made.json()['personId']}/persistedfaces"
    kept = visitor.api("POST", path, content=pictures.woman(), headers=OCTETS)
    assert kept.status_code == 200, kept.text
    told = visitor.api("GET", "/people").json()
    assert told == [
        {**{"noun": "persongroups", "id": "crew", "name": HOSTILE}, "people": 1, "faces": 1,
         "trained": False, "stale": True},
        {**{"noun": "facelists", "id": "faces", "name": "A list"}, "people": None, "faces": 0,
         "trained": None, "stale": False},
        {**{"noun": "largefacelists", "id": "many", "name": "Many"}, "people": None, "faces": 0,
         "trained": False, "stale": False},
    ]  # fmt: skip
    assert visitor.api("GET", "/people/persongroups/crew").json() == told[0]


def test_what_is_told_of_faces(visitor: Person) -> None:
    make(visitor, "crew")
    make(visitor, "faces", "A list", "facelists")
    root, ids, before = "/face/v1.0/persongroups/crew/persons", [], datetime.now(UTC)
    for name in ("Anna", "Bert"):
        person = visitor.api("POST", root, json={"name": name}).json()["personId"]
        query = urlencode({"userData": HOSTILE})
        path = f"{root}/{person}/persistedfaces?{query}"
        kept = visitor.api("POST", path, content=pictures.woman(), headers=OCTETS)
        ids.append((person, kept.json()["persistedFaceId"]))
    for person, face in ids:
        (told,) = visitor.api("GET", f"/people/persongroups/crew/faces?person={person}").json()
        assert (told["persistedFaceId"], told["userData"]) == (face, HOSTILE)
        assert 0.5 < told["quality"] <= 1
        assert before <= datetime.fromisoformat(told["added"]) <= datetime.now(UTC)
    all_ids = sorted(face for _, face in ids)
    path = "/people/persongroups/crew/faces"
    assert [each["persistedFaceId"] for each in visitor.api("GET", path).json()] == all_ids
    (rest,) = visitor.api("GET", f"{path}?start={all_ids[0]}").json()
    assert rest["persistedFaceId"] == all_ids[1]
    assert visitor.api("GET", "/people/facelists/faces/faces").json() == []
    for query, status in (
        (f"person={face}", 404),  # of a face, not of a person
        ("person=x", 400),
        ("person=%00", 400),
        ("start=x", 400),
    ):
        assert visitor.api("GET", f"{path}?{query}").status_code == status, query
    assert visitor.api("GET", f"/people/facelists/faces/faces?person={person}").status_code == 404


def test_names_are_shown_as_text(visitor: Person) -> None:
    make(visitor, "crew", HOSTILE)
    page = visitor.client.get("/studio/people/persongroups/crew")
    assert page.status_code == 200
    assert "<img src=x" not in page.text
    assert "&lt;img src=x onerror=alert(1)&gt;" in page.text
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "persongroups/none", "facelists/crew", "nouns/crew", "persongroups/..%2f..%2fpeople",
        "persongroups/" + "x" * 3000, "persongroups/%00", "persongroups/%ff",
    ],
)  # fmt: skip
def test_what_is_not_there(visitor: Person, path: str) -> None:
    make(visitor, "crew")
    page = visitor.client.get(f"/studio/people/{path}")
    assert page.status_code == 404
    assert visitor.api("GET", f"/people/{path}").status_code == 404


def test_another_visitor_sees_nothing(people: Callable[..., Person]) -> None:
    owner, stranger = people(), people()
    make(owner, "crew", "Secret crew")
    made = owner.api("POST", "/face/v1.0/persongroups/crew/persons", json={"name": "Anna"})
    person = made.json()["personId"]
    assert stranger.api("GET", "/people").json() == []
    page = stranger.client.get("/studio/people/persongroups/crew")
    assert page.status_code == 404
    assert "Secret" not in page.text
    root = "/face/v1.0/persongroups/crew"
    for method, path in (
        ("GET", "/people/persongroups/crew"),
        ("GET", "/people/persongroups/crew/faces"),
        ("GET", f"/people/persongroups/crew/faces?person={person}"),
        ("GET", root),
        ("DELETE", root),
        ("POST", f"{root}/train"),
        ("GET", f"{root}/persons"),
        ("DELETE", f"{root}/persons/{person}"),
    ):
        assert stranger.api(method, path).status_code == 404, path
    body = {"faceIds": [person, person]}
    assert stranger.api("POST", f"{root}/advice/together", json=body).status_code == 404
    for path in (f"{root}/advice", f"{root}/persons/{person}/persistedfaces"):
        answer = stranger.api("POST", path, content=pictures.woman(), headers=OCTETS)
        assert answer.status_code == 404
    assert owner.api("GET", f"{root}/persons/{person}").json()["name"] == "Anna"


def test_users_of_one_account_share_its_people(people: Callable[..., Person]) -> None:
    one = people()
    make(one, "crew")
    other = people(account=one.account_id)
    assert [each["id"] for each in other.api("GET", "/people").json()] == ["crew"]


def test_without_a_session_or_a_token(studio: Live, visitor: Person) -> None:
    with httpx.Client(base_url=studio.url, trust_env=False) as nobody:
        page = nobody.get("/studio/people/persongroups/crew")
        assert page.status_code == 303
        assert page.headers["location"].startswith("/studio/login?next=")
        assert nobody.get("/studio/api/people").status_code == 401
    path = "/studio/api/face/v1.0/persongroups/crew"
    del visitor.client.headers["X-CSRF-Token"]
    assert visitor.client.put(path, json={"name": "x"}).status_code == 403
    assert visitor.client.get("/studio/api/people").json() == []


def test_what_the_policy_has_off_is_said_so_under_people_and_live(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("gallery = false\n[dialects]\nmedia = false\n")
    with (
        inside(tmp_path, policy=policy) as service,
        httpx.Client(base_url=service.url, trust_env=False) as client,
    ):
        page = client.get("/studio/sign-up")
        fields = {"csrf": csrf_in(page.text), "name": "somebody", "password": PASSWORD}
        fields["again"] = fields["password"]
        assert client.post("/studio/sign-up", data=fields).status_code == 303
        page = client.get("/studio/people")
        assert page.status_code == 200
        assert "People are switched off here" in page.text
        assert "New group" not in page.text
        assert client.get("/studio/people/persongroups/x").status_code == 403
        answer = client.get("/studio/api/people")
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "UnsupportedFeature")
        page = client.get("/studio/live")
        assert page.status_code == 200
        assert "Live is switched off here" in page.text
        assert "Start the camera" not in page.text
        answer = client.get("/studio/api/media/v1/live")
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "UnsupportedFeature")
