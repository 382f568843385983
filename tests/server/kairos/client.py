"""A client of the Kairos API, with the headers and habits of programs written for it."""

from __future__ import annotations

import base64
from typing import Any

import httpx

from mien.server.dialects.kairos import KAIROS
from mien.storage import Storage, open_storage
from tests.server.live import Live

NAME = "my app"


def new_key(storage: Storage, account: str, name: str = NAME) -> str:
    """The secret of a new key of this name, in an account that is made when it is not there."""
    made = storage.accounts.find(account) or storage.accounts.create(account)
    return storage.accounts.create_key(name, account=made.id)[1]


class Client:
    """Posts JSON or forms, and gives back the JSON of the answer."""

    def __init__(self, url: str, key: str, name: str = NAME) -> None:
        headers = {b"app_id": name.encode(), b"app_key": key.encode()}
        self.http = httpx.Client(
            base_url=url + KAIROS.prefix, headers=headers, timeout=60, trust_env=False
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def ask(self, path: str, **values: Any) -> httpx.Response:
        """The answer to parameters in JSON."""
        return self.http.post(path, json=values)

    def post(self, path: str, **values: Any) -> Any:
        """The JSON of an answer that succeeded."""
        answer = self.ask(path, **values)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert "Errors" not in found, found
        return found

    def fails(self, path: str, **values: Any) -> tuple[int, int, str]:
        """The status, the code and the text of an answer that did not succeed."""
        return failure(self.ask(path, **values))


def failure(answer: httpx.Response) -> tuple[int, int, str]:
    """The status, the code and the text of a refusal."""
    body = answer.json()
    assert list(body) == ["Errors"], body
    (error,) = body["Errors"]
    assert set(error) == {"Message", "ErrCode"}
    return answer.status_code, error["ErrCode"], error["Message"]


def in_base64(data: bytes) -> str:
    """The text that clients send for a picture."""
    return base64.b64encode(data).decode()


def client_of(live: Live, account: str) -> Client:
    """A client with a new key of an account of a running service."""
    with open_storage(live.data, keys=live.keys) as storage:
        return Client(live.url, new_key(storage, account))
