from __future__ import annotations

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mien.cli.keys import command
from mien.cli.main import main
from mien.storage import ApiKey, open_storage

SECRET = re.compile("[0-9a-f]{64}")


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call `mien keys` with folders of its own."""
    monkeypatch.setenv("MIEN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("MIEN_KEYS", str(tmp_path / "keys"))
    monkeypatch.delenv("MIEN_DATABASE", raising=False)

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(command, arguments, catch_exceptions=False)

    return call


def secret_of(result: Result) -> str:
    """The last line of standard output, which is the key and nothing else."""
    last = result.stdout.splitlines()[-1]
    assert SECRET.fullmatch(last)
    return last


def known(tmp_path: Path, secret: str) -> ApiKey | None:
    with open_storage(tmp_path / "data", keys=tmp_path / "keys") as storage:
        return storage.accounts.authenticate(secret)


def test_a_key_is_printed_alone_and_opens(keys: Any, tmp_path: Path) -> None:
    result = keys("create", "camera", "--scope", "face", "--scope", "kairos", "--expires", "90d")
    assert result.stdout.count("\n") == 1
    assert str(tmp_path / "keys") in result.stderr  # what to back up
    found = known(tmp_path, secret_of(result))
    assert found is not None
    assert (found.name, found.scopes) == ("camera", frozenset({"face", "kairos"}))
    assert found.expires is not None
    assert abs(found.expires - datetime.now(UTC) - timedelta(days=90)) < timedelta(minutes=5)


def test_keys_of_two_accounts_are_listed_without_their_secrets(keys: Any) -> None:
    first = secret_of(keys("create", "app"))
    secret_of(keys("create", "app", "--account", "b", "--expires", "2999-01-31"))
    rows = json.loads(keys("list", "--json").stdout)
    assert [(row["account"], row["name"], row["state"]) for row in rows] == [
        ("default", "app", "live"),
        ("b", "app", "live"),
    ]
    assert rows[1]["expires"] == "2999-01-31T00:00:00+00:00"
    (only,) = json.loads(keys("list", "--json", "--account", "b").stdout)
    assert only == rows[1]
    text = keys("list").stdout
    assert first not in text
    assert text.splitlines()[0].split() == [rows[0]["id"], "default", "app", "live", "all"]
    assert len(text.splitlines()) == 2


def test_a_key_is_rotated_and_revoked(keys: Any, tmp_path: Path) -> None:
    first = secret_of(keys("create", "app"))
    second = secret_of(keys("rotate", "app"))
    old, new = known(tmp_path, first), known(tmp_path, second)
    assert old is not None
    assert new is not None
    assert keys("revoke", old.id).stdout == f"revoked app ({old.id})\n"
    assert known(tmp_path, first) is None
    assert keys("revoke", "app").stdout == f"revoked app ({new.id})\n"
    assert known(tmp_path, second) is None
    states = [row["state"] for row in json.loads(keys("list", "--json").stdout)]
    assert states == ["revoked", "revoked"]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["create", "app"], 1, "there is a live key app already; rotate it"),
        (["create", "other", "--expires", "soon"], 2, "--expires takes 90d"),
        (["create", "other", "--expires", "0d"], 2, "--expires takes 90d"),
        (["create", "other", "--expires", "999999w"], 2, "--expires takes 90d"),
        (["create", "other", "--expires", "2020-01-01"], 2, "which is past"),
        (["create", ""], 2, "a key needs a name"),
        (["create", "other", "--scope", "all"], 2, "'all' is not one of"),
        (["revoke", "nobody"], 1, "there is no live key nobody"),
        (["rotate", "nobody"], 1, "there is no live key nobody"),
        (["list", "--account", "nobody"], 1, "there is no account nobody; there are: default"),
        (["list", "--database", "mysql://x"], 2, "SQLite or PostgreSQL"),
        (["list", "--data", __file__], 2, "is a file"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    keys: Any,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    sentence: str,
) -> None:
    keys("create", "app")
    with pytest.raises(SystemExit) as raised:
        main(["keys", *arguments])
    assert raised.value.code == code
    assert sentence in capsys.readouterr().err


def test_keys_are_made_while_others_open_the_same_empty_folder(tmp_path: Path) -> None:
    def create(name: str) -> str:
        where = ["--data", str(tmp_path / "data"), "--keys", str(tmp_path / "keys")]
        line = [sys.executable, "-m", "mien", "keys", "create", name, *where]
        done = subprocess.run(line, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()[-1]

    with ThreadPoolExecutor(3) as pool:
        secrets = list(pool.map(create, ["a", "b", "c"]))
    found = [known(tmp_path, secret) for secret in secrets]
    assert [key and key.name for key in found] == ["a", "b", "c"]
    assert len({key.account_id for key in found if key}) == 1
