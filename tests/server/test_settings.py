from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mien.cli import serve
from mien.errors import UsageError
from mien.server.settings import Limits, Settings


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"port": 70_000}, "from 0 to 65535"),
        ({"plan": "gold"}, "no plan 'gold'"),
        ({"tls_cert": Path("a.pem")}, "go together"),
        ({"workers": 0}, "at least one worker"),
        ({"public_url": "faces.example.org"}, "must start with https"),
    ],
)
def test_settings_that_make_no_sense(values: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Settings(**values)


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("queu=1", "no limit 'queu'"),
        ("queue", "must be a number"),
        ("queue=many", "must be a number"),
        ("queue=1.5", "must be a number"),
        ("queue=-1", "must not be negative"),
        ("body_s=nan", "must not be negative"),
        ("body_s=inf", "must not be negative"),
    ],
)
def test_limits_that_are_refused(limit: str, message: str) -> None:
    result = CliRunner().invoke(serve.command, ["--limit", limit])
    assert isinstance(result.exception, UsageError)
    assert message in str(result.exception)


def test_options_and_the_environment_set_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Settings] = []

    def note(limit: Any, options: Any) -> Settings:
        made.append(settings(limit, options))
        raise UsageError("enough")

    settings = serve._settings
    monkeypatch.setattr(serve, "_settings", note)
    arguments = ["--port", "9000", "--plan", "free", "--workers", "3", "--data", "/d"]
    arguments += ["--fetch-allow", "a.test", "--fetch-allow", "10.0.0.0/8", "--limit", "queue=7"]
    CliRunner().invoke(serve.command, [*arguments, "--origin", "https://web.test"])
    environment = {
        "MIEN_PORT": "9000",
        "MIEN_PLAN": "free",
        "MIEN_WORKERS": "3",
        "MIEN_DATA": "/d",
        "MIEN_FETCH_ALLOW": "a.test 10.0.0.0/8",
        "MIEN_LIMIT": "queue=7",
        "MIEN_ORIGIN": "https://web.test",
    }
    CliRunner().invoke(serve.command, [], env=environment)
    assert made[0] == made[1]
    assert made[0] == Settings(
        port=9000,
        plan="free",
        workers=3,
        data=Path("/d"),
        fetch_allow=("a.test", "10.0.0.0/8"),
        origins=("https://web.test",),
        limits=Limits(queue=7),
    )
