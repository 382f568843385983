"""What an admin sees and does, and others do not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mien.storage import open_storage
from mien.storage.users import Role
from tests.server.inside import inside
from tests.server.live import Live
from tests.server.studio.visitors import COOKIE, PASSWORD, Person, csrf_in

ADMIN = "/studio/account/admin"
ACTS = (
    "sign-up",
    "users/disable",
    "users/enable",
    "users/role",
    "users/end-sessions",
    "sessions/end",
)


def test_a_member_is_no_admin(visitor: Person, people: Any) -> None:
    other = people()
    assert ADMIN not in visitor.client.get("/studio/account").text
    for path in (ADMIN, f"{ADMIN}/log"):
        answer = visitor.client.get(path)
        assert answer.status_code == 403
        assert "Only an admin may do this." in answer.text
        assert other.name not in answer.text
    for act in ACTS:
        answer = visitor.send(f"{ADMIN}/{act}", id=other.user_id, role="admin", open="no")
        assert answer.status_code == 403
    assert other.client.get("/studio/account").status_code == 200
    assert visitor.client.get(ADMIN).status_code == 403


def test_an_admin_sees_users_and_sessions_and_nothing_of_theirs(
    admin: Person, visitor: Person
) -> None:
    visitor.api("POST", "/media/v1/assets", json={"name": "holiday in Rome"})
    page = admin.client.get(ADMIN).text
    assert visitor.name in page
    assert "holiday in Rome" not in page
    assert admin.api("GET", "/media/v1/assets").json() == []


def is_in(person: Person) -> bool:
    return person.client.get("/studio/account").status_code == 200


def test_a_user_is_disabled_and_enabled(admin: Person, visitor: Person) -> None:
    assert is_in(visitor)
    answer = admin.send(f"{ADMIN}/users/disable", id=visitor.user_id)
    assert answer.headers["location"] == f"{ADMIN}?done=disabled"
    assert not is_in(visitor)
    admin.send(f"{ADMIN}/users/enable", id=visitor.user_id)
    with httpx.Client(base_url=admin.url, trust_env=False, timeout=60) as client:
        fields = {"name": visitor.name, "password": PASSWORD}
        fields["csrf"] = csrf_in(client.get("/studio/login").text)
        assert client.post("/studio/login", data=fields).status_code == 303


def test_sessions_are_ended(studio: Live, admin: Person, visitor: Person, people: Any) -> None:
    with open_storage(studio.data, keys=studio.keys) as storage:
        (session,) = storage.sessions.all(user=visitor.user_id)
    other = people()
    assert is_in(visitor)
    assert is_in(other)
    assert session.id in admin.client.get(ADMIN).text
    admin.send(f"{ADMIN}/sessions/end", id=session.id)
    assert not is_in(visitor)
    admin.send(f"{ADMIN}/users/end-sessions", id=other.user_id)
    assert not is_in(other)


def test_roles_are_changed(admin: Person, visitor: Person) -> None:
    admin.send(f"{ADMIN}/users/role", id=visitor.user_id, role="admin")
    assert visitor.client.get(ADMIN).status_code == 200
    admin.send(f"{ADMIN}/users/role", id=visitor.user_id, role="root")
    assert visitor.client.get(ADMIN).status_code == 403


def test_what_an_admin_does_is_in_the_log(admin: Person, visitor: Person) -> None:
    admin.send(f"{ADMIN}/users/role", id=visitor.user_id, role="admin")
    page = admin.client.get(f"{ADMIN}/log").text
    row = re.search(rf"<td>{admin.name}</td><td>role changed</td><td>([^<]*)</td>", page)
    assert row
    assert row[1] == f"{visitor.name}: admin"


@pytest.mark.parametrize("before", ["0", "1", "-1", "x", "²", "9" * 30, "1;drop table audit"])
def test_older_lines_of_the_log(admin: Person, before: str) -> None:
    answer = admin.client.get(f"{ADMIN}/log", params={"before": before})
    assert answer.status_code == 200
    assert ("Nothing more." in answer.text) is (before in ("0", "1"))


def test_users_that_are_not_there(admin: Person) -> None:
    for id in ("", "none", "<script>"):
        answer = admin.send(f"{ADMIN}/users/disable", id=id)
        assert answer.status_code == 404
        assert "There is no such user any more." in answer.text


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[httpx.Client]:
    """The only admin of a service, logged in; and a member."""
    with inside(tmp_path) as service:
        user = service.storage.users.add("only", PASSWORD, role=Role.ADMIN)
        service.storage.users.add("member", PASSWORD, role=Role.MEMBER)
        token = service.storage.sessions.begin(user, remember=False, agent="", address="")
        assert token is not None
        with httpx.Client(
            base_url=service.url, cookies={COOKIE: token}, trust_env=False, timeout=60
        ) as client:
            client.headers["x-user"] = user.id
            yield client


def test_the_only_admin_stays_one(alone: httpx.Client) -> None:
    csrf, id = csrf_in(alone.get(ADMIN).text), alone.headers["x-user"]
    for act in ("users/disable", "users/role"):
        answer = alone.post(f"{ADMIN}/{act}", data={"csrf": csrf, "id": id, "role": "member"})
        assert answer.status_code == 409
        assert "The only admin is only; make somebody else one first." in answer.text
    answer = alone.post("/studio/account/delete", data={"csrf": csrf, "password": PASSWORD})
    assert answer.status_code == 409
    assert alone.get(ADMIN).status_code == 200


def test_signing_up_is_closed_and_opened(alone: httpx.Client) -> None:
    csrf = csrf_in(alone.get(ADMIN).text)
    with httpx.Client(base_url=alone.base_url, trust_env=False) as stranger:
        for value, done, is_open in (("no", "closed", False), ("yes", "opened", True)):
            answer = alone.post(f"{ADMIN}/sign-up", data={"csrf": csrf, "open": value})
            assert answer.headers["location"] == f"{ADMIN}?done={done}"
            assert ("/studio/sign-up" in stranger.get("/studio/login").text) is is_open


@pytest.mark.parametrize("said", ["open", "closed"])
def test_what_the_operator_says_goes_before(tmp_path: Path, said: str) -> None:
    with inside(tmp_path, sign_up=said) as service:
        user = service.storage.users.add("ada", PASSWORD, role=Role.ADMIN)
        service.storage.users.let_sign_up(said == "closed")
        token = service.storage.sessions.begin(user, remember=False, agent="", address="")
        assert token is not None
        login = httpx.get(f"{service.url}/studio/login", trust_env=False).text
        assert ("/studio/sign-up" in login) is (said == "open")
        with httpx.Client(base_url=service.url, cookies={COOKIE: token}, trust_env=False) as client:
            page = client.get(ADMIN).text
            assert "mien serve --sign-up" in page
            fields = {"csrf": csrf_in(page), "open": "yes"}
            assert client.post(f"{ADMIN}/sign-up", data=fields).status_code == 409
