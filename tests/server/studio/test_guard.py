"""What every request to the studio passes, and the headers that its answers have."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

import mien.storage.sessions as sessions_module
from mien.storage import open_storage
from mien.storage.rows import now
from mien.storage.users import Role
from tests.server.certificate import make_certificate
from tests.server.inside import inside
from tests.server.live import Live
from tests.server.process import running
from tests.server.studio.visitors import COOKIE, PASSWORD, Person

ASSETS = "/studio/api/media/v1/assets"
FORGED = {
    "code": "Forged",
    "message": "This does not come from a page of this studio, or the page is too old. Load the "
    "page again, then try once more.",
}


@pytest.fixture
def stranger(studio: Live) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=studio.url, trust_env=False, timeout=60) as client:
        yield client


@pytest.mark.parametrize("cookie", [None, "", "x" * 43, "x" * 5000, "ä", "\ud800"])
def test_without_a_session_pages_lead_to_log_in_and_calls_are_401(
    stranger: httpx.Client, cookie: str | None
) -> None:
    headers = {}
    if cookie is not None:
        headers[b"cookie"] = f"{COOKIE}={cookie}".encode("utf-8", "surrogatepass")
    answer = stranger.get("/studio/account?done=x", headers=headers)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/studio/login?next=%2Fstudio%2Faccount%3Fdone%3Dx"
    answer = stranger.get(ASSETS, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "NotLoggedIn"


def test_every_path_but_the_way_in_needs_a_session(stranger: httpx.Client) -> None:
    for path in ("/studio/", "/studio/none", "/studio/api/none", "/studio/api/face/v1.0/detect"):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            answer = stranger.request(method, path)
            assert answer.status_code == (401 if "/api/" in path else 303), (method, path)
    assert stranger.get("/studio").headers["location"] == "/studio/"
    assert stranger.get("/studio/login").status_code == 200


def test_an_expired_session_is_none(
    studio: Live, visitor: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ago = now() - (sessions_module.IDLE_S + 1) * sessions_module.SECOND
    with open_storage(studio.data, keys=studio.keys) as storage:
        monkeypatch.setattr(sessions_module, "now", lambda: long_ago)
        user = storage.users.get(visitor.user_id)
        token = storage.sessions.begin(user, remember=False, agent="", address="")
    assert token is not None
    visitor.client.cookies.set(COOKIE, token)
    assert visitor.api("GET", "/media/v1/assets").status_code == 401


def test_a_disabled_user_is_out_at_once(studio: Live, visitor: Person) -> None:
    assert visitor.api("GET", "/media/v1/assets").status_code == 200
    with open_storage(studio.data, keys=studio.keys) as storage:
        storage.users.disable(visitor.user_id)
    assert visitor.api("GET", "/media/v1/assets").status_code == 401


@pytest.mark.parametrize("token", [None, "", "x", "0" * 64])
def test_what_changes_something_needs_the_token(visitor: Person, token: str | None) -> None:
    del visitor.client.headers["x-csrf-token"]
    headers = {} if token is None else {"X-CSRF-Token": token}
    answer = visitor.client.post(ASSETS, json={"name": "x"}, headers=headers)
    assert answer.status_code == 403
    assert answer.json()["error"] == FORGED
    fields = {"other": "field"} if token is None else {"csrf": token}
    answer = visitor.client.post("/studio/logout", data=fields)
    assert answer.status_code == 403
    assert FORGED["message"] in answer.text
    assert visitor.client.get(ASSETS).json() == []


def test_a_token_is_that_of_one_session(visitor: Person, people: Any) -> None:
    other = people()
    headers = {"X-CSRF-Token": other.client.headers["x-csrf-token"]}
    assert visitor.client.post(ASSETS, json={}, headers=headers).status_code == 403


def test_logging_in_needs_the_token_of_the_form(stranger: httpx.Client, visitor: Person) -> None:
    """Else another site could log somebody in as somebody else, who then sees what they upload."""
    fields = {"name": visitor.name, "password": PASSWORD}
    assert stranger.post("/studio/login", data=fields).status_code == 403
    token = visitor.client.headers["x-csrf-token"]
    assert stranger.post("/studio/login", data={**fields, "csrf": token}).status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Origin": "OWN", "Sec-Fetch-Site": "same-origin"}, 201),
        ({"Origin": "OWN"}, 201),
        ({}, 201),
    ],
)
def test_what_changes_something_comes_from_a_page_of_the_studio(
    visitor: Person, headers: dict[str, str], status: int
) -> None:
    sent = {name: visitor.url if value == "OWN" else value for name, value in headers.items()}
    assert visitor.client.post(ASSETS, json={}, headers=sent).status_code == status


def test_a_page_can_be_reached_from_anywhere(visitor: Person) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"}
    assert visitor.client.get("/studio/account", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("text/plain", b"csrf=x", 415),
        ("multipart/form-data; boundary=a", b"--a--", 415),
        ("application/x-www-form-urlencoded", b"\xff", 400),
        ("application/x-www-form-urlencoded", b"a=%ff", 400),
        ("application/x-www-form-urlencoded", b"&".join([b"a=b"] * 101), 400),
        ("application/x-www-form-urlencoded", b"a" * 65_537, 413),
        ("application/x-www-form-urlencoded", b"", 403),
    ],
)
def test_forms_that_cannot_be_read(visitor: Person, kind: str, body: bytes, status: int) -> None:
    answer = visitor.client.post("/studio/logout", content=body, headers={"content-type": kind})
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")


def test_every_answer_has_the_headers(visitor: Person, stranger: httpx.Client) -> None:
    answers = [
        visitor.client.get("/studio/account"),
        visitor.client.get("/studio/none"),
        visitor.client.post("/studio/account", data={"other": "field"}),
        visitor.client.get(ASSETS),
        visitor.client.post(ASSETS, headers={"X-CSRF-Token": ""}),
        stranger.get("/studio/login"),
        stranger.get("/studio/account"),
        stranger.get(ASSETS),
    ]
    assert [each.status_code for each in answers] == [200, 404, 403, 200, 403, 200, 303, 401]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"


def test_files_of_an_asset_are_not_given_from_a_cache_without_asking(visitor: Person) -> None:
    asset = visitor.api("POST", "/media/v1/assets", json={}).json()["id"]
    made = visitor.api("POST", f"/media/v1/assets/{asset}/files", json={"name": "a", "size": 1})
    url = f"/media/v1/assets/{asset}/files/{made.json()['id']}/content"
    sent = visitor.api("PATCH", url, content=b"x", headers={"Upload-Offset": "0"})
    assert sent.status_code == 204
    answer = visitor.api("GET", url)
    assert answer.content == b"x"
    assert answer.headers["cache-control"] == "private, no-cache"


def test_a_page_that_is_not_there_says_so(visitor: Person) -> None:
    answer = visitor.client.get("/studio/<script>")
    assert answer.status_code == 404
    assert "There is no such page." in answer.text
    assert "<script>" not in answer.text.replace("<script ", "")
    assert visitor.client.get("/studio/logout").status_code == 405
    assert visitor.api("GET", "/none").json()["error"]["code"] == "NotFound"


def test_files_are_kept_by_browsers_until_they_change(stranger: httpx.Client) -> None:
    page = stranger.get("/studio/login").text
    url = page.split('rel="stylesheet" href="')[1].split('"')[0]
    answer = stranger.get(url)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    again = stranger.get(url, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    plain = stranger.get(url, headers={"Accept-Encoding": "identity"})
    assert plain.content == answer.content
    assert "content-encoding" not in plain.headers
    old = "/studio/assets/000000000000/studio.css"
    assert stranger.get(old).headers["cache-control"] == "no-cache"
    for name in ("none.css", "../app.py", "%2e%2e/app.py", "..%2fapp.py", "", "studio.css/"):
        assert stranger.get(f"/studio/assets/x/{name}").status_code in (303, 404), name


def test_the_account_of_another_is_out_of_reach(visitor: Person, people: Any) -> None:
    other = people()
    asset = other.api("POST", "/media/v1/assets", json={"name": "mine"}).json()["id"]
    assert visitor.api("GET", f"/media/v1/assets/{asset}").status_code == 404
    assert visitor.api("DELETE", f"/media/v1/assets/{asset}").status_code == 404
    assert visitor.api("GET", "/media/v1/assets").json() == []
    other.api("PUT", "/face/v1.0/persongroups/g", json={"name": "mine"})
    assert visitor.api("GET", "/face/v1.0/persongroups/g").status_code == 404
    assert other.api("GET", "/face/v1.0/persongroups/g").status_code == 200


def test_those_who_share_an_account_see_the_same(people: Any) -> None:
    one = people()
    two = people(account=one.account_id)
    one.api("POST", "/media/v1/assets", json={"name": "ours"})
    assert [each["name"] for each in two.api("GET", "/media/v1/assets").json()] == ["ours"]


def test_a_session_opens_no_api_without_the_studio(studio: Live, visitor: Person) -> None:
    for path in ("/media/v1/assets", "/face/v1.0/persongroups"):
        assert visitor.client.get(path).status_code == 401
    key = studio.key("a program")
    headers = {"Ocp-Apim-Subscription-Key": key}
    with httpx.Client(base_url=studio.url, trust_env=False, headers=headers) as client:
        assert client.get(ASSETS).status_code == 401


def socket_url(studio: Live) -> str:
    return studio.url.replace("http", "ws", 1) + "/studio/api/media/v1/live"


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null"])
def test_a_socket_is_opened_by_a_page_of_the_studio_alone(
    studio: Live, visitor: Person, origin: Any
) -> None:
    cookie = {"Cookie": f"{COOKIE}={visitor.token}"}
    with (
        pytest.raises(InvalidStatus) as caught,
        connect(socket_url(studio), origin=origin, additional_headers=cookie, proxy=None),
    ):
        pass
    assert caught.value.response.status_code == 403


def test_a_socket_needs_a_session_and_loses_it(studio: Live, visitor: Person) -> None:
    origin: Any = studio.url
    with (
        pytest.raises(InvalidStatus) as caught,
        connect(socket_url(studio), origin=origin, proxy=None),
    ):
        pass
    assert caught.value.response.status_code == 401
    cookie = {"Cookie": f"{COOKIE}={visitor.token}"}
    with connect(
        socket_url(studio), origin=origin, additional_headers=cookie, proxy=None
    ) as socket:
        socket.send(b"no picture")
        assert json.loads(socket.recv())["error"]["code"] == "InvalidImage"


def test_over_tls_cookies_are_bound_to_the_host(tmp_path: Path) -> None:
    made = make_certificate(tmp_path, "localhost")
    with running(
        tmp_path, "--seconds", "0", tls_cert=str(made.chain), tls_key=str(made.key)
    ) as found:
        context = ssl.create_default_context(cafile=str(made.chain))
        url = found.address.replace("127.0.0.1", "localhost")
        with httpx.Client(base_url=url, verify=context, trust_env=False) as client:
            answer = client.get("/studio/login")
    (cookie,) = answer.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-mien-guest=")
    attributes = {each.strip().lower() for each in cookie.split(";")[1:]}
    assert attributes == {"httponly", "path=/", "samesite=lax", "secure"}


def test_behind_a_proxy_the_public_url_says_what_is_so(tmp_path: Path) -> None:
    """The proxy speaks https to the world and may change the header Host."""
    with inside(tmp_path, public_url="https://faces.example.org/") as service:
        user = service.storage.users.add("ada", PASSWORD, role=Role.ADMIN)
        token = service.storage.sessions.begin(user, remember=False, agent="", address="")
        with httpx.Client(base_url=service.url, trust_env=False) as client:
            cookie = client.get("/studio/login").headers["set-cookie"]
            assert cookie.startswith("__Host-mien-guest=")
            assert "; Secure" in cookie
            headers = {"Cookie": f"__Host-mien-session={token}"}
            page = client.get("/studio/account", headers=headers).text
            headers["X-CSRF-Token"] = page.split('name="csrf" content="')[1].split('"')[0]
            for origin, status in (
                ("https://faces.example.org", 201),
                ("https://evil.example.org", 403),
            ):
                sent = {**headers, "Origin": origin}
                assert client.post(ASSETS, json={}, headers=sent).status_code == status


@pytest.mark.parametrize(
    ("public_url", "forwarded", "address"),
    [
        ("https://faces.example.org", "192.0.2.1, 198.51.100.7", "198.51.100.7"),
        ("https://faces.example.org", "2001:db8::1", "2001:db8::1"),
        ("https://faces.example.org", "192.0.2.1, <b>", "127.0.0.1"),
        ("https://faces.example.org", "", "127.0.0.1"),
        (None, "198.51.100.7", "127.0.0.1"),
    ],
)
def test_a_proxy_of_this_machine_says_who_comes(
    tmp_path: Path, public_url: str | None, forwarded: str, address: str
) -> None:
    with inside(tmp_path, public_url=public_url) as service:
        headers = {"X-Forwarded-For": forwarded}
        with httpx.Client(base_url=service.url, headers=headers, trust_env=False) as client:
            page = client.get("/studio/login")
            cookie = page.headers["set-cookie"].partition(";")[0]  # Secure: sent by hand here
            fields = {"csrf": page.text.split('name="csrf" content="')[1].split('"')[0]}
            answer = client.post("/studio/login", data=fields, headers={"Cookie": cookie})
            assert answer.status_code == 403
        assert [entry.address for entry in service.storage.audit.page()] == [address]


def test_the_policy_switches_the_studio_off(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("[dialects]\nstudio = false\n")
    with inside(tmp_path, policy=policy) as service:
        answer = httpx.get(f"{service.url}/studio/login", trust_env=False)
        assert answer.status_code == 403
        assert "switched off by the policy" in answer.text
        answer = httpx.get(f"{service.url}{ASSETS}", trust_env=False)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "UnsupportedFeature")


def test_what_the_policy_switches_off_is_off_for_pages_too(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("[dialects]\nmedia = false\n")
    with inside(tmp_path, policy=policy) as service:
        user = service.storage.users.add("ada", PASSWORD, role=Role.ADMIN)
        token = service.storage.sessions.begin(user, remember=False, agent="", address="")
        headers = {"Cookie": f"{COOKIE}={token}"}
        answer = httpx.get(f"{service.url}{ASSETS}", headers=headers, trust_env=False)
        assert answer.status_code == 403
        assert "'media' is switched off" in answer.json()["error"]["message"]


def test_calls_of_pages_count_in_the_plan(tmp_path: Path) -> None:
    with inside(tmp_path, plan="free") as service:
        user = service.storage.users.add("ada", PASSWORD, role=Role.ADMIN)
        token = service.storage.sessions.begin(user, remember=False, agent="", address="")
        headers = {"Cookie": f"{COOKIE}={token}"}
        with httpx.Client(base_url=service.url, headers=headers, trust_env=False) as client:
            statuses = [client.get(ASSETS).status_code for _ in range(21)]
            assert statuses == [200] * 20 + [429]
            assert client.get("/studio/account").status_code == 200
