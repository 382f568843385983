from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mien.cli.users import command
from mien.errors import LastAdminError, MienError, NoSuchUserError, UsageError, UserExistsError
from mien.storage import Storage, open_storage

PASSWORD = "correct horse battery"
OTHER = "quite another staple"


@pytest.fixture
def users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call `mien users` with folders of its own and something to read."""
    monkeypatch.setenv("MIEN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("MIEN_KEYS", str(tmp_path / "keys"))
    monkeypatch.delenv("MIEN_DATABASE", raising=False)

    def call(*arguments: str, input: str = f"{PASSWORD}\n") -> Result:
        return CliRunner().invoke(command, arguments, input=input, catch_exceptions=False)

    return call


def opened(tmp_path: Path) -> Storage:
    return open_storage(tmp_path / "data", keys=tmp_path / "keys")


def may_log_in(tmp_path: Path, name: str, password: str = PASSWORD) -> bool:
    with opened(tmp_path) as storage:
        return storage.users.check(name, password) is not None


def test_users_are_added_and_may_log_in(users: Any, tmp_path: Path) -> None:
    assert users("add", "ada").stdout == "ada may log in now, as an admin\n"
    assert users("add", "bo", "--account", "lab").stdout == "bo may log in now, as a member\n"
    assert users("add", "cy", "--account", "lab", "--role", "admin").exit_code == 0
    assert all(may_log_in(tmp_path, name) for name in ("ada", "bo", "cy"))
    rows = json.loads(users("list", "--json").stdout)
    assert [(row["name"], row["role"], row["account"], row["state"]) for row in rows] == [
        ("ada", "admin", "ada", "enabled"),
        ("bo", "member", "lab", "enabled"),
        ("cy", "admin", "lab", "enabled"),
    ]
    assert [row["name"] for row in json.loads(users("list", "--json", "--account", "lab").stdout)]
    text = users("list").stdout
    assert len(text.splitlines()) == 3
    assert "argon2" not in text
    assert "not logged in" in text


def test_the_first_user_is_a_member_where_that_is_said(users: Any) -> None:
    assert "as a member" in users("add", "ada", "--role", "member").stdout


@pytest.mark.parametrize(
    ("arguments", "given", "error"),
    [
        (("add", "ada"), "\n", UsageError),
        (("add", "ada"), "", UsageError),
        (("add", "ada"), "short\n", UsageError),
        (("add", ""), f"{PASSWORD}\n", UsageError),
        (("add", "bo"), f"{PASSWORD}\n", UserExistsError),
        (("add", "BO"), f"{PASSWORD}\n", UserExistsError),
        (("disable", "none"), "", NoSuchUserError),
        (("password", "none"), f"{PASSWORD}\n", NoSuchUserError),
        (("remove", "none"), "", NoSuchUserError),
        (("role", "none", "admin"), "", NoSuchUserError),
        (("disable", "root"), "", LastAdminError),
        (("remove", "root"), "", LastAdminError),
        (("remove", "root", "--with-data"), "", LastAdminError),
        (("role", "root", "member"), "", LastAdminError),
        (("list", "--account", "none"), "", MienError),
    ],
)
def test_what_cannot_be_done_is_said(
    users: Any, arguments: tuple[str, ...], given: str, error: type[MienError]
) -> None:
    users("add", "root")
    users("add", "bo")
    before = users("list", "--json").stdout
    with pytest.raises(error):
        users(*arguments, input=given)
    assert users("list", "--json").stdout == before


def test_users_are_disabled_enabled_and_given_passwords_and_roles(
    users: Any, tmp_path: Path
) -> None:
    users("add", "root")
    users("add", "ada")
    users("disable", "ADA")
    assert not may_log_in(tmp_path, "ada")
    users("enable", "ada")
    users("password", "ada", input=f"{OTHER}\r\nand more\n")
    assert not may_log_in(tmp_path, "ada")
    assert may_log_in(tmp_path, "ada", OTHER)
    users("role", "ada", "admin")
    users("role", "root", "member")
    with opened(tmp_path) as storage:
        assert storage.users.find("ada").is_admin
        told = [(each.name, each.action, each.subject) for each in storage.audit.page()]
    assert told == [
        ("", "role changed", "root: member"),
        ("", "role changed", "ada: admin"),
        ("", "password changed", "ada"),
        ("", "user enabled", "ada"),
        ("", "user disabled", "ada"),
        ("", "user added", "ada"),
        ("", "user added", "root"),
    ]


def test_a_user_is_removed_and_the_data_stays_unless_asked(users: Any, tmp_path: Path) -> None:
    users("add", "root")
    for name in ("ada", "bo"):
        users("add", name)
        with opened(tmp_path) as storage:
            user = storage.users.find(name)
            storage.assets.create(user.account_id, "media", "a video")
            account = user.account_id
    assert "data stay" in users("remove", "ada").stderr
    receipt = json.loads(users("remove", "bo", "--with-data").stdout)
    assert receipt["assets"] == 1
    with opened(tmp_path) as storage:
        assert storage.accounts.get(account) is None
        assert storage.accounts.find("ada") is not None
        assert storage.audit.page(top=1)[0].subject == f"receipt {receipt['id']}"
    users("add", "cy", "--account", "lab")
    users("add", "di", "--account", "lab")
    assert "others share" in users("remove", "cy", "--with-data").stderr


def test_on_a_terminal_a_password_is_asked_for_twice_and_not_shown(
    users: Any, tmp_path: Path
) -> None:
    here, there = pty.openpty()
    command = [sys.executable, "-m", "mien", "users", "add", "ada"]
    process = subprocess.Popen(command, stdin=there, stdout=there, stderr=there, env=os.environ)
    os.close(there)
    shown = b""
    try:
        for prompt in (b"Password: ", b"Repeat for confirmation: "):
            while not shown.endswith(prompt):
                assert select.select([here], [], [], 30)[0], shown
                shown += os.read(here, 4096)
            os.write(here, PASSWORD.encode() + b"\n")
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        os.close(here)
    assert PASSWORD.encode() not in shown
    assert may_log_in(tmp_path, "ada")
