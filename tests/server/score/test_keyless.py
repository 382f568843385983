"""Who is let in without a key, and what the service of /score alone loads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import HTTPConnection

from mien.cli import serve as cli
from mien.models import open_session
from mien.server import workers
from mien.server.app import analyst_for
from mien.server.auth import is_of_this_machine
from mien.server.metrics import Metrics
from mien.server.settings import Settings
from tests.server.inside import Inside, inside
from tests.server.live import ask, serving
from tests.server.score.faces import body, flat, smile


def head(address: str | None, host: str | None, **headers: str) -> HTTPConnection:
    sent = {**({} if host is None else {"host": host}), **headers}
    scope: dict[str, Any] = {
        "type": "http",
        "client": None if address is None else (address, 50000),
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
    }
    return HTTPConnection(scope)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["localhost", "localhost:5001", "127.0.0.1:8000", "[::1]:8000"])
def test_programs_of_this_machine(address: str, host: str) -> None:
    assert is_of_this_machine(head(address, host))


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("192.168.1.7", "localhost"),
        ("172.17.0.1", "localhost:5002"),  # from outside of a container
        ("::ffff:10.0.0.1", "localhost"),
        ("2001:db8::1", "[::1]"),
        (None, "localhost"),
        ("testclient", "localhost"),
        ("127.0.0.1", None),
        ("127.0.0.1", ""),
        ("127.0.0.1", "[::1"),
        ("127.0.0.1", "localhost.evil.example"),
        ("127.0.0.1", "0.0.0.0"),
    ],
)
def test_programs_of_other_machines(address: str | None, host: str | None) -> None:
    assert not is_of_this_machine(head(address, host))


def post(service: Inside, **headers: str) -> int:
    answer = httpx.post(f"{service.url}/score", json=body(flat()), headers=headers, timeout=60)
    return answer.status_code


@pytest.mark.parametrize(
    ("policy", "here", "elsewhere"),
    [
        ("", 200, 401),
        ('score_without_key = "local"', 200, 401),
        ('score_without_key = "none"', 401, 401),
        ('score_without_key = "all"', 200, 200),
        ("emotion = false", 403, 401),
        ("[dialects]\nscore = false", 403, 403),
    ],
)
def test_the_policy(policy: str, here: int, elsewhere: int, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(policy)
    with inside(tmp_path, policy=tmp_path / "policy.toml") as service:
        assert post(service) == here
        assert post(service, host="mien.example.com") == elsewhere


def test_behind_a_proxy_that_is_known_everyone_needs_a_key(tmp_path: Path) -> None:
    with inside(tmp_path, public_url="https://mien.example.com") as service:
        assert post(service) == 401


def test_no_other_api_is_reached_without_a_key(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text('score_without_key = "all"')
    with inside(tmp_path, policy=tmp_path / "policy.toml") as service:
        for path in ("/face/v1.0/detect", "/emotion/v1.0/recognize", "/score/../face/v1.0/detect"):
            assert httpx.post(service.url + path).status_code == 401


def test_score_only_answers_at_score_and_nowhere_else(tmp_path: Path) -> None:
    with serving(tmp_path, "--score-only") as service:
        answer = httpx.post(f"{service.url}/score", json=body(smile()))
        assert max(answer.json()["result"]) > 0.9
        assert answer.json()["result"].index(max(answer.json()["result"])) == 1
        assert ask(service.url, "POST", "/face/v1.0/detect").status == 404
        assert ask(service.url, "POST", "/emotion/v1.0/recognize").status == 404
        assert ask(service.url, "GET", "/docs").body.count(b"?api=") == 1
        assert ask(service.url, "GET", "/healthz").status == 200


def test_score_only_loads_the_expression_model_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    real = open_session

    def noted(name: str, **options: Any) -> Any:
        opened.append(name)
        return real(name, **options)

    monkeypatch.setattr(workers, "open_session", noted)
    for loader in ("CenterFace", "BlazeFace", "Demographics"):
        monkeypatch.delattr(workers, loader)
    analyst = analyst_for(Settings(score_only=True, workers=1), Metrics())
    analyst.close()
    assert opened == ["emotion"]


@pytest.mark.parametrize(
    ("options", "port"),
    [([], 8000), (["--score-only"], 5001), (["--score-only", "--port", "7"], 7)],
)
def test_the_port(options: list[str], port: int) -> None:
    context = cli.command.make_context("serve", list(options))
    limit = context.params.pop("limit")
    found = cli._settings(limit, context.params)
    assert (found.host, found.port) == ("127.0.0.1", port)
    assert found.score_only is bool(options)
