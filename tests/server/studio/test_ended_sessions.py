"""What is open when a session, or a key, ends, ends with it: events of a job, a live socket."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from mien.server import auth
from mien.server.studio import apis
from mien.storage.users import Role
from tests.server.inside import HEADER, Inside, inside
from tests.server.studio.visitors import AGENT, COOKIE, PASSWORD, Person

FRESH_S = 0.2
"""In place of the five seconds for which a session, or a key, counts that was looked up."""
LATE_S, SILENT_S = 4.0, 2.0
MEDIA = "/media/v1"
ADMIN = "/studio/account/admin"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    """A service that never works on its jobs."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (auth, apis):
            patch.setattr(module, "FRESH_S", FRESH_S)
        with inside(tmp_path_factory.mktemp("ended"), job_workers=0) as made:
            yield made


@contextmanager
def logged_in(service: Inside, name: str, role: Role = Role.MEMBER) -> Iterator[Person]:
    user = service.storage.users.add(name, PASSWORD, role=role)
    sessions = service.storage.sessions
    token = sessions.begin(user, remember=False, agent=AGENT, address="127.0.0.1")
    assert token is not None
    made = Person(service.url, name, user.id, user.account_id, token)
    try:
        yield made
    finally:
        made.client.close()


@dataclass
class Open:
    """What a visitor has open."""

    events: httpx.Response
    socket: ClientConnection

    def rest(self) -> str:
        """What the job's events have yet to tell, until they end."""
        return "".join(self.events.iter_text())

    def ending(self) -> tuple[int, str]:
        """The code with which the socket is closed, and that of the error that is told before."""
        told = json.loads(self.socket.recv(timeout=LATE_S))
        with pytest.raises(ConnectionClosed) as closed:
            self.socket.recv(timeout=LATE_S)
        assert closed.value.rcvd is not None
        return closed.value.rcvd.code, told["error"]["code"]


@contextmanager
def opened(visitor: Person, patience_s: float = LATE_S) -> Iterator[Open]:
    """A visitor's job, its events, and a live socket without a frame. Events that say nothing for
    so long raise ReadTimeout."""
    asset = visitor.api("POST", f"{MEDIA}/assets", json={"name": "in"}).json()["id"]
    made = visitor.api("POST", f"{MEDIA}/assets/{asset}/files", json={"name": "a.mp4", "size": 1})
    path = f"{MEDIA}/assets/{asset}/files/{made.json()['id']}/content"
    visitor.api("PATCH", path, content=b"x", headers={"Upload-Offset": "0"})
    task = {"processor": "Azure Media Face Detector", "inputAssets": [asset]}
    job = visitor.api("POST", f"{MEDIA}/jobs", json={"tasks": [task]})
    assert job.status_code == 201, job.text
    url = visitor.url.replace("http", "ws", 1) + f"/studio/api{MEDIA}/live"
    with (
        visitor.client.stream(
            "GET", f"/studio/api{MEDIA}/jobs/{job.json()['id']}/events", timeout=patience_s
        ) as events,
        connect(
            url,
            additional_headers={"Cookie": f"{COOKIE}={visitor.token}"},
            origin=Origin(visitor.url),
            proxy=None,
        ) as socket,
    ):
        assert events.status_code == 200
        yield Open(events, socket)


def log_out(visitor: Person, admin: Person, session: str) -> httpx.Response:
    return visitor.send("/studio/logout")


def end_session(visitor: Person, admin: Person, session: str) -> httpx.Response:
    return admin.send(f"{ADMIN}/sessions/end", id=session)


def end_all(visitor: Person, admin: Person, session: str) -> httpx.Response:
    return admin.send(f"{ADMIN}/users/end-sessions", id=visitor.user_id)


def disable(visitor: Person, admin: Person, session: str) -> httpx.Response:
    return admin.send(f"{ADMIN}/users/disable", id=visitor.user_id)


WAYS: tuple[Callable[[Person, Person, str], httpx.Response], ...] = (
    log_out,
    end_session,
    end_all,
    disable,
)


def test_with_the_session_ends_what_is_open(service: Inside) -> None:
    with ExitStack() as stack:
        admin = stack.enter_context(logged_in(service, "root", Role.ADMIN))
        stays = stack.enter_context(opened(admin, SILENT_S))
        ends = []
        for way in WAYS:
            visitor = stack.enter_context(logged_in(service, way.__name__))
            (session,) = service.storage.sessions.all(user=visitor.user_id)
            ends.append((stack.enter_context(opened(visitor)), visitor, session.id))
        time.sleep(3 * FRESH_S)  # each was looked up again, and is in
        start = time.monotonic()
        for way, (_, visitor, session_id) in zip(WAYS, ends, strict=True):
            assert way(visitor, admin, session_id).status_code == 303
        for found, _, _ in ends:
            assert found.ending() == (1008, "NotLoggedIn")
            assert "Queued" in found.rest()  # of the job, which goes on
        assert time.monotonic() - start < LATE_S
        with pytest.raises(TimeoutError):
            stays.socket.recv(timeout=2 * FRESH_S)
        with pytest.raises(httpx.ReadTimeout):
            stays.rest()


def test_whose_key_is_revoked_is_told_no_more_of_a_job(service: Inside) -> None:
    with logged_in(service, "owner") as owner, opened(owner, SILENT_S) as found:
        path = str(found.events.url).replace("/studio/api", "")
        key, secret = service.storage.accounts.create_key("brief", account=owner.account_id)
        headers = {HEADER: secret}
        with httpx.stream("GET", path, headers=headers, timeout=LATE_S, trust_env=False) as events:
            assert events.status_code == 200
            service.storage.accounts.revoke(key.id)
            assert "Queued" in "".join(events.iter_text())
        assert httpx.get(path, headers=headers, trust_env=False).status_code == 401
        with pytest.raises(httpx.ReadTimeout):
            found.rest()
