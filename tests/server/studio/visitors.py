"""People who use the studio in tests: over HTTP, and in a browser."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

import mien.storage.passwords as passwords
from mien.storage import open_storage
from mien.storage.users import Role
from tests.server.live import Live

PASSWORD = "correct horse battery"
AGENT = "Tests"
COOKIE = "mien-session"
_NUMBERS = itertools.count(1)


@dataclass
class Person:
    """A user who is logged in, in an account of its own.

    Attributes:
        client: has the session's cookie and, as a header, the token that scripts show.
        token: of the session: the cookie's value.
    """

    url: str
    name: str
    user_id: str
    account_id: str
    token: str

    @cached_property
    def client(self) -> httpx.Client:
        """Calls as the pages' scripts do; paths begin with /studio."""
        made = httpx.Client(
            base_url=self.url, cookies={COOKIE: self.token}, trust_env=False, timeout=60
        )
        try:
            made.headers["X-CSRF-Token"] = self.csrf(made)
        except BaseException:
            made.close()
            raise
        return made

    def csrf(self, client: httpx.Client, path: str = "/studio/account") -> str:
        """The token for forms and scripts, read from a page."""
        return csrf_in(client.get(path).text)

    def send(self, path: str, **fields: str) -> httpx.Response:
        """Send a form."""
        csrf = self.client.headers["X-CSRF-Token"]
        return self.client.post(path, data={"csrf": csrf, **fields})

    def api(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Call an API: "/media/v1/assets", "/face/v1.0/detect", or one of the studio's own."""
        return self.client.request(method, f"/studio/api{path}", **more)


def csrf_in(page: str) -> str:
    """The token in a page."""
    found = re.search(r'<meta name="csrf" content="([^"]+)">', page)
    assert found, page[:500]
    return html.unescape(found[1])


CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""For users whom tests make by the dozen; the service checks what it kept as any other."""


@contextmanager
def person(
    live: Live,
    *,
    name: str | None = None,
    role: Role = Role.MEMBER,
    account: str | None = None,
) -> Iterator[Person]:
    """A new user who is logged in."""
    name = name or f"visitor {next(_NUMBERS)}"
    with open_storage(live.data, keys=live.keys) as storage, pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", CHEAP)
        user = storage.users.add(name, PASSWORD, account=account, role=role)
        token = storage.sessions.begin(user, remember=False, agent=AGENT, address="127.0.0.1")
    assert token is not None
    made = Person(live.url, name, user.id, user.account_id, token)
    try:
        yield made
    finally:
        if "client" in vars(made):
            made.client.close()
