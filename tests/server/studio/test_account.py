"""The page of the account, over HTTP: password, sessions, keys, the end."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mien.storage import open_storage
from mien.storage.users import Role
from tests.server.live import Live
from tests.server.studio.visitors import COOKIE, PASSWORD, Person, csrf_in

NEW = "quite another staple"
ACCOUNT = "/studio/account"


@pytest.fixture
def second(studio: Live, visitor: Person) -> Iterator[httpx.Client]:
    """Another browser in which the visitor is logged in."""
    with open_storage(studio.data, keys=studio.keys) as storage:
        user = storage.users.get(visitor.user_id)
        token = storage.sessions.begin(user, remember=True, agent="Other", address="192.0.2.9")
    assert token is not None
    with httpx.Client(base_url=studio.url, cookies={COOKIE: token}, trust_env=False) as client:
        yield client


def alerts(page: str) -> list[str]:
    """The errors that a page shows."""
    return [html.unescape(each) for each in re.findall(r'"alert"[^>]*>.*?<span>([^<]*)<', page)]


def change(visitor: Person, current: str, password: str, again: str) -> httpx.Response:
    return visitor.send(f"{ACCOUNT}/password", current=current, password=password, again=again)


def test_a_new_password_logs_out_others_and_renews_this_session(
    visitor: Person, second: httpx.Client
) -> None:
    answer = change(visitor, PASSWORD, NEW, NEW)
    assert answer.headers["location"] == f"{ACCOUNT}?done=password"
    assert "The password is changed." in visitor.client.get(answer.headers["location"]).text
    assert answer.cookies[COOKIE] != visitor.token
    assert second.get(ACCOUNT).status_code == 303
    old = {"Cookie": f"{COOKIE}={visitor.token}"}
    assert httpx.get(f"{visitor.url}{ACCOUNT}", headers=old, trust_env=False).status_code == 303


@pytest.mark.parametrize(
    ("current", "password", "again", "status", "said"),
    [
        ("wrong", NEW, NEW, 403, "This is not your password. Type it again."),
        (PASSWORD, NEW, NEW + "x", 400, "The two new passwords are not the same. Type both again."),
        (PASSWORD, "short", "short", 400, "A password has at least 10 characters; several words"),
    ],
)
def test_passwords_that_are_not_taken(
    visitor: Person, current: str, password: str, again: str, status: int, said: str
) -> None:
    answer = change(visitor, current, password, again)
    assert answer.status_code == status
    (error,) = alerts(answer.text)
    assert error.startswith(said)
    assert NEW not in answer.text
    assert visitor.client.get(ACCOUNT).status_code == 200


def test_sessions_are_listed_and_ended(visitor: Person, second: httpx.Client) -> None:
    page = visitor.client.get(ACCOUNT).text
    assert "192.0.2.9" in page
    assert page.count("this browser") == 1
    (id,) = re.findall(r'sessions/end">.*?name="id" value="([^"]+)"', page)
    answer = visitor.send(f"{ACCOUNT}/sessions/end", id=id)
    assert answer.headers["location"] == f"{ACCOUNT}?done=session#sessions"
    assert second.get(ACCOUNT).status_code == 303
    assert visitor.client.get(ACCOUNT).status_code == 200


def test_all_other_sessions_are_ended_at_once(visitor: Person, second: httpx.Client) -> None:
    visitor.send(f"{ACCOUNT}/sessions/end-others")
    assert second.get(ACCOUNT).status_code == 303
    assert visitor.client.get(ACCOUNT).status_code == 200


def test_the_session_of_another_cannot_be_ended(studio: Live, visitor: Person, people: Any) -> None:
    other = people(account=visitor.account_id)
    with open_storage(studio.data, keys=studio.keys) as storage:
        (session,) = storage.sessions.all(user=other.user_id)
    visitor.send(f"{ACCOUNT}/sessions/end", id=session.id)
    assert other.client.get(ACCOUNT).status_code == 200
    assert session.id not in visitor.client.get(ACCOUNT).text


def secret_in(page: str) -> str:
    (found,) = re.findall(r'<code class="secret">([0-9a-f]{64})</code>', page)
    return str(found)


def key_ids(page: str) -> list[str]:
    return re.findall(r'keys/rotate#keys">.*?name="id" value="([^"]+)"', page)


def opens(visitor: Person, secret: str, path: str = "/media/v1/assets") -> int:
    headers = {"Ocp-Apim-Subscription-Key": secret}
    return httpx.get(f"{visitor.url}{path}", headers=headers, trust_env=False).status_code


def test_a_key_is_shown_once_and_opens_what_it_was_made_for(visitor: Person) -> None:
    fields = {"name": "camera <7>", "scope-media": "on", "expires": "30"}
    answer = visitor.send(f"{ACCOUNT}/keys/create", **fields)
    assert answer.status_code == 201
    secret = secret_in(answer.text)
    page = visitor.client.get(ACCOUNT).text
    assert secret not in page
    assert "camera &lt;7&gt;" in page
    assert "opens Videos and jobs" in page
    assert opens(visitor, secret) == 200
    assert opens(visitor, secret, "/face/v1.0/persongroups") == 403

    asset = visitor.api("POST", "/media/v1/assets", json={}).json()["id"]
    assert opens(visitor, secret, f"/media/v1/assets/{asset}") == 200


def test_a_key_is_rotated_and_revoked(visitor: Person) -> None:
    first = secret_in(visitor.send(f"{ACCOUNT}/keys/create", name="a").text)
    (id,) = key_ids(visitor.client.get(ACCOUNT).text)
    second = secret_in(visitor.send(f"{ACCOUNT}/keys/rotate", id=id).text)
    assert [opens(visitor, each) for each in (first, second)] == [200, 200]
    ids = key_ids(visitor.client.get(ACCOUNT).text)
    assert len(ids) == 2
    for each in ids:
        answer = visitor.send(f"{ACCOUNT}/keys/revoke", id=each)
        assert answer.headers["location"] == f"{ACCOUNT}?done=revoked#keys"
    assert key_ids(visitor.client.get(ACCOUNT).text) == []
    assert visitor.send(f"{ACCOUNT}/keys/revoke", id=ids[0]).status_code == 404


@pytest.mark.parametrize("name", ["", " ", "x" * 65, "a\nb"])
def test_names_that_no_key_has(visitor: Person, name: str) -> None:
    answer = visitor.send(f"{ACCOUNT}/keys/create", name=name)
    assert answer.status_code == 400
    assert alerts(answer.text) == ["Give the key a name of up to 64 characters."]


def test_a_name_that_a_key_has_is_said_beside_the_field(visitor: Person) -> None:
    visitor.send(f"{ACCOUNT}/keys/create", name="a")
    answer = visitor.send(f"{ACCOUNT}/keys/create", name="a", **{"scope-face": "on"})
    assert answer.status_code == 409
    assert alerts(answer.text)[0].startswith("There is a key a already.")
    assert 'name="scope-face" checked' in answer.text


def test_a_key_of_another_account_is_not_there(visitor: Person, people: Any) -> None:
    other = people()
    secret = secret_in(other.send(f"{ACCOUNT}/keys/create", name="a").text)
    (id,) = key_ids(other.client.get(ACCOUNT).text)
    for act in ("rotate", "revoke"):
        assert visitor.send(f"{ACCOUNT}/keys/{act}", id=id).status_code == 404
    assert opens(other, secret) == 200


@pytest.mark.parametrize("id", ["", "\0", "x" * 5000, "'; drop table sessions; --"])
def test_ids_that_cannot_be(visitor: Person, id: str) -> None:
    answer = visitor.send(f"{ACCOUNT}/sessions/end", id=id)
    assert answer.status_code == (400 if id == "\0" else 303)
    for act in ("rotate", "revoke"):
        assert visitor.send(f"{ACCOUNT}/keys/{act}", id=id).status_code == 404
    assert visitor.client.get(ACCOUNT).status_code == 200


def test_an_account_is_deleted_with_all_that_is_in_it(studio: Live, visitor: Person) -> None:
    visitor.api("POST", "/media/v1/assets", json={"name": "a"})
    visitor.api("PUT", "/face/v1.0/persongroups/g", json={"name": "g"})
    secret = secret_in(visitor.send(f"{ACCOUNT}/keys/create", name="a").text)

    answer = visitor.send(f"{ACCOUNT}/delete", password="wrong")
    assert (answer.status_code, alerts(answer.text)) == (
        403,
        ["This is not your password. Type it again."],
    )
    answer = visitor.send(f"{ACCOUNT}/delete", password=PASSWORD)
    assert answer.status_code == 200
    assert re.search(r"lists, groups +1\n", answer.text)
    assert re.search(r"assets +1\n", answer.text)
    (receipt,) = re.findall(r"receipt +([0-9a-f-]{36})", answer.text)
    assert visitor.client.get(ACCOUNT).status_code == 303
    assert opens(visitor, secret) == 401
    with open_storage(studio.data, keys=studio.keys) as storage:
        assert storage.accounts.get(visitor.account_id) is None
        assert storage.audit.page(top=1)[0].subject == f"receipt {receipt}"
        assert visitor.name not in [entry.name for entry in storage.audit.page()]


def test_a_shared_account_stays(studio: Live, visitor: Person, people: Any) -> None:
    other = people(account=visitor.account_id)
    visitor.api("POST", "/media/v1/assets", json={"name": "ours"})
    assert f"stays with {other.name}" in visitor.client.get(ACCOUNT).text
    answer = visitor.send(f"{ACCOUNT}/delete", password=PASSWORD)
    assert "stays with those who share it" in answer.text
    assert [each["name"] for each in other.api("GET", "/media/v1/assets").json()] == ["ours"]


def test_what_is_said_of_expressions_is_read_by_all(visitor: Person) -> None:
    answer = visitor.client.get("/studio/help/expressions")
    assert "It is not what somebody feels" in answer.text


def test_people_in_tests_are_kept_apart(studio: Live, admin: Person, visitor: Person) -> None:
    with open_storage(studio.data, keys=studio.keys) as storage:
        roles = [storage.users.get(each.user_id).role for each in (admin, visitor)]
    assert roles == [Role.ADMIN, Role.MEMBER]
    assert admin.account_id != visitor.account_id
    assert csrf_in(admin.client.get(ACCOUNT).text) != visitor.client.headers["x-csrf-token"]
