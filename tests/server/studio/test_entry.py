"""Signing up, logging in and out, over HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mien.storage import open_storage
from tests.server.live import Live
from tests.server.studio.visitors import COOKIE, PASSWORD, Person, csrf_in

GUEST = "mien-guest"


@pytest.fixture
def guest(studio: Live) -> Iterator[httpx.Client]:
    """Somebody who is not logged in."""
    with httpx.Client(base_url=studio.url, trust_env=False, timeout=60) as client:
        yield client


def send(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """Send a form as the page at this path would."""
    return client.post(path, data={"csrf": csrf_in(client.get(path).text), **fields})


def sign_up(client: httpx.Client, name: str, password: str = PASSWORD) -> httpx.Response:
    return send(client, "/studio/sign-up", name=name, password=password, again=password)


def log_in(client: httpx.Client, name: str, password: str = PASSWORD, **more: str) -> Any:
    return send(client, "/studio/login", name=name, password=password, **more)


def is_in(client: httpx.Client) -> bool:
    return client.get("/studio/account").status_code == 200


def field(page: str, name: str) -> str:
    """The tag of a field."""
    found = re.search(rf'<input id="field-{name}"[^>]*>', page)
    assert found
    return found[0]


def test_signing_up_logs_in(guest: httpx.Client) -> None:
    answer = sign_up(guest, "newcomer")
    assert (answer.status_code, answer.headers["location"]) == (303, "/studio/")
    assert is_in(guest)
    assert guest.get("/studio/login").headers["location"] == "/studio/"
    assert guest.get("/studio/sign-up").headers["location"] == "/studio/"


@pytest.mark.parametrize(
    ("name", "password", "again", "status", "said"),
    [
        ("root", PASSWORD, PASSWORD, 409, "There is a user root already; take another name."),
        ("ROOT ", PASSWORD, PASSWORD, 409, "There is a user ROOT already; take another name."),
        ("", PASSWORD, PASSWORD, 400, "A user needs a name."),
        ("a\u202eb", PASSWORD, PASSWORD, 400, "nothing that hides"),
        ("a" * 65, PASSWORD, PASSWORD, 400, "at most 64 characters"),
        ("<script>alert(1)</script>", "short", "short", 400, "at least 10 characters"),
        ('"><b>', PASSWORD, "other", 400, "The two passwords are not the same."),
        ("x", "x" * 257, "x" * 257, 400, "at most 256 characters"),
    ],
)
def test_what_is_wrong_is_said_where_it_happened_and_what_was_typed_stays(
    guest: httpx.Client, name: str, password: str, again: str, status: int, said: str
) -> None:
    answer = send(guest, "/studio/sign-up", name=name, password=password, again=again)
    assert answer.status_code == status
    (error,) = re.findall(r'role="alert"[^>]*>.*?<span>([^<]*)</span>', answer.text)
    assert said in error
    kept = field(answer.text, "name")
    assert "<" not in kept[1:]
    assert (name[:8] in kept) is not ("<" in name)
    for word in ("password", "again"):
        assert "value" not in field(answer.text, word)
    assert COOKIE not in guest.cookies


def test_logging_in_needs_name_and_password(guest: httpx.Client, visitor: Person) -> None:
    for name, password in (
        (visitor.name, "wrong"),
        ("nobody at all", PASSWORD),
        ("", ""),
        ("a\0b", "\0"),
    ):
        answer = log_in(guest, name, password)
        assert answer.status_code == 403
        assert "Name or password is not right." in answer.text
        assert not is_in(guest)
    assert log_in(guest, visitor.name.upper()).status_code == 303
    assert is_in(guest)


def test_who_wants_to_be_remembered_is(guest: httpx.Client, visitor: Person) -> None:
    answer = log_in(guest, visitor.name)
    assert _attributes(answer, COOKIE) == {"httponly", "path=/", "samesite=lax"}
    guest.cookies.clear()
    answer = log_in(guest, visitor.name, remember="on")
    assert _attributes(answer, COOKIE) == {"httponly", "path=/", "samesite=lax", "max-age=7776000"}


def _attributes(answer: httpx.Response, name: str) -> set[str]:
    (line,) = [
        line for line in answer.headers.get_list("set-cookie") if line.startswith(f"{name}=")
    ]
    return {each.strip().lower() for each in line.split(";")[1:]}


def test_a_log_in_has_a_token_of_its_own_and_ends_the_one_before(
    studio: Live, visitor: Person
) -> None:
    """A token that somebody planted, or used before, is worth nothing afterwards."""
    with httpx.Client(base_url=studio.url, trust_env=False, timeout=60) as client:
        client.cookies.set(COOKIE, "planted-by-somebody-else-0123456789")
        answer = log_in(client, visitor.name)
        assert answer.status_code == 303
        first = answer.cookies[COOKIE]
        assert first not in ("planted-by-somebody-else-0123456789", visitor.token)
        client.cookies.clear()
        client.cookies.set(COOKIE, first)
        page = client.get("/studio/account")
        again = {"name": visitor.name, "password": PASSWORD, "csrf": csrf_in(page.text)}
        second = client.post("/studio/login", data=again).cookies[COOKIE]
        assert second != first
        client.cookies.clear()
        client.cookies.set(COOKIE, first)
        assert client.get("/studio/account").status_code == 303


def test_logging_out_ends_the_session(visitor: Person) -> None:
    answer = visitor.send("/studio/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/studio/login")
    assert 'mien-session=""; ' in answer.headers["set-cookie"]
    for client in (visitor.client, httpx.Client(base_url=visitor.url, trust_env=False)):
        client.cookies.set(COOKIE, visitor.token)
        assert client.get("/studio/account").status_code == 303
        client.close()


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ("/studio/account?done=password", "/studio/account?done=password"),
        ("/studio/account#keys", "/studio/account#keys"),
        ("", "/studio/"),
        ("https://evil.example", "/studio/"),
        ("//evil.example", "/studio/"),
        ("/\\evil.example", "/studio/"),
        ("/studio\\..\\//evil.example", "/studio/"),
        ("///evil.example/studio/", "/studio/"),
        ("javascript:alert(1)", "/studio/"),
        ("/studio/../../healthz", "/studio/"),
        ("/studio/%2e%2e/healthz", "/studio/"),
        ("/studio/\r\nset-cookie: a=b", "/studio/"),
        ("/healthz", "/studio/"),
        ("/studio/api/media/v1/assets", "/studio/"),
        ("/studio/ä", "/studio/"),
        ("http://[", "/studio/"),
    ],
)
def test_after_logging_in_one_is_led_within_the_studio(
    studio: Live, visitor: Person, wanted: str, there: str
) -> None:
    """The page that says where to go is only read here: each log-in costs a hash."""
    assert visitor.client.get("/studio/login", params={"next": wanted}).headers["location"] == there


def test_where_to_go_is_looked_at_again_when_the_form_comes(
    guest: httpx.Client, visitor: Person
) -> None:
    answer = log_in(guest, visitor.name, next="//evil.example")
    assert answer.headers["location"] == "/studio/"


def test_who_guesses_is_stopped(guest: httpx.Client, people: Any) -> None:
    victim = people()
    for _ in range(10):
        assert log_in(guest, victim.name, "guess").status_code == 403
    answer = log_in(guest, victim.name)
    assert answer.status_code == 429
    assert "Too many tries have failed. Try again in 15 minutes." in answer.text
    assert 800 < int(answer.headers["retry-after"]) <= 900
    assert victim.client.get("/studio/account").status_code == 200  # who is in stays in


def test_the_audit_log_has_who_came_and_no_names_that_nobody_has(
    studio: Live, guest: httpx.Client, visitor: Person
) -> None:
    log_in(guest, "my password by mistake", "x")
    log_in(guest, visitor.name, "x")
    log_in(guest, visitor.name)
    with open_storage(studio.data, keys=studio.keys) as storage:
        entries = storage.audit.page(top=3)
    assert [(each.action, each.name, each.subject) for each in entries] == [
        ("logged in", visitor.name, ""),
        ("log-in refused", "", visitor.name),
        ("log-in refused", "", ""),
    ]
    assert {each.address for each in entries} == {"127.0.0.1"}
    assert "my password by mistake" not in studio.log.read_text()
    assert PASSWORD not in studio.log.read_text()


def test_signing_up_can_be_closed(studio: Live, guest: httpx.Client) -> None:
    with open_storage(studio.data, keys=studio.keys) as storage:
        storage.users.let_sign_up(False)
        try:
            page = guest.get("/studio/login").text
            assert "/studio/sign-up" not in page
            assert "Signing up is closed." in guest.get("/studio/sign-up").text
            token = csrf_in(page)
            fields = {"csrf": token, "name": "late", "password": PASSWORD, "again": PASSWORD}
            answer = guest.post("/studio/sign-up", data=fields)
            assert answer.status_code == 403
            assert "late" not in [user.name for user in storage.users.all()]
        finally:
            storage.users.let_sign_up(True)
    assert "/studio/sign-up" in guest.get("/studio/login").text
