from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mien.errors import ExistsError, NoSuchAccountError, UsageError
from mien.storage import Storage
from tests.stores import Place


def test_a_key_opens_with_its_secret_and_nothing_else(storage: Storage) -> None:
    key, secret = storage.accounts.create_key("camera", scopes=["face"])
    assert re.fullmatch("[0-9a-f]{64}", secret)
    assert storage.accounts.authenticate(secret) == key
    assert key.scopes == {"face"}
    changed = secret[:-1] + ("0" if secret[-1] != "0" else "1")
    for wrong in (
        "",
        changed,
        secret + "0",
        secret[:-1],
        secret.upper() + " ",
        key.id,
        "\ud800",
        "ß\0",
    ):
        assert storage.accounts.authenticate(wrong) is None


def test_two_accounts_have_keys_of_their_own(storage: Storage) -> None:
    first, second = storage.accounts.create("first"), storage.accounts.create("second")
    mine, _ = storage.accounts.create_key("app", account=first.id)
    other, secret = storage.accounts.create_key("app", account=second.id)
    found = storage.accounts.authenticate(secret)
    assert found is not None
    assert found.account_id == second.id
    assert storage.accounts.keys(account=first.id) == [mine]
    assert storage.accounts.keys() == [mine, other]
    with pytest.raises(ExistsError, match="name the account"):
        storage.accounts.rotate("app")


def test_keys_without_an_account_share_the_default_one(storage: Storage) -> None:
    first, _ = storage.accounts.create_key("a")
    second, _ = storage.accounts.create_key("b")
    assert first.account_id == second.account_id
    assert [each.name for each in storage.accounts.all()] == ["default"]


def test_a_live_name_is_taken_and_free_again_after_it_is_revoked(storage: Storage) -> None:
    _, old = storage.accounts.create_key("camera")
    with pytest.raises(ExistsError, match="rotate"):
        storage.accounts.create_key("camera")
    storage.accounts.revoke("camera")
    assert storage.accounts.authenticate(old) is None
    _, new = storage.accounts.create_key("camera")
    assert storage.accounts.authenticate(new) is not None


def test_rotation_keeps_two_keys_alive_and_revokes_the_oldest(storage: Storage) -> None:
    _, first = storage.accounts.create_key("camera", scopes=["face"])
    _, second = storage.accounts.rotate("camera")
    live = [storage.accounts.authenticate(secret) for secret in (first, second)]
    assert [key is not None and key.scopes == {"face"} for key in live] == [True, True]
    _, third = storage.accounts.rotate("camera")
    live = [storage.accounts.authenticate(secret) for secret in (first, second, third)]
    assert [key is not None for key in live] == [False, True, True]


def test_one_of_two_keys_is_revoked_by_its_id(storage: Storage) -> None:
    first, old = storage.accounts.create_key("camera")
    _, new = storage.accounts.rotate("camera")
    assert [key.id for key in storage.accounts.revoke(first.id)] == [first.id]
    assert storage.accounts.authenticate(old) is None
    assert storage.accounts.authenticate(new) is not None


def test_an_expired_key_opens_nothing(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    key, secret = storage.accounts.create_key("camera", expires=soon)
    assert key.is_live

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return soon

    monkeypatch.setattr("mien.storage.accounts.datetime", Later)
    assert storage.accounts.authenticate(secret) is None
    with pytest.raises(NoSuchAccountError):
        storage.accounts.rotate("camera")


def test_what_cannot_be_is_said(storage: Storage) -> None:
    with pytest.raises(NoSuchAccountError, match="no live key nobody"):
        storage.accounts.rotate("nobody")
    with pytest.raises(NoSuchAccountError, match="no live key nobody"):
        storage.accounts.revoke("nobody")
    with pytest.raises(NoSuchAccountError, match="no such account"):
        storage.accounts.create_key("a", account="nobody")
    with pytest.raises(UsageError, match="past"):
        storage.accounts.create_key("a", expires=datetime(2020, 1, 1, tzinfo=UTC))
    with pytest.raises(UsageError, match="null character"):
        storage.accounts.create_key("a\0b")
    with pytest.raises(UsageError, match="needs a name"):
        storage.accounts.create_key("")
    with pytest.raises(UsageError, match="free, basic, standard"):
        storage.accounts.create("a", plan="gold")
    storage.accounts.create("a")
    with pytest.raises(ExistsError, match="already"):
        storage.accounts.create("a")


def test_no_secret_is_stored(sqlite_place: Place) -> None:
    with sqlite_place.open() as storage:
        _, secret = storage.accounts.create_key("camera")
    assert sqlite_place.holds(secret.encode()) == []
    assert sqlite_place.holds(bytes.fromhex(secret)) == []


def test_keys_survive_a_restart(place: Place) -> None:
    with place.open() as storage:
        key, secret = storage.accounts.create_key("camera", scopes=["face", "kairos"])
    with place.open() as storage:
        assert storage.accounts.authenticate(secret) == key


def test_counters_survive_a_restart_and_refuse_what_is_over(place: Place) -> None:
    with place.open() as storage:
        account = storage.accounts.create("a").id
        taken = storage.usage.take(account, "images", window_s=3600, limit=3, count=2)
        assert (taken.allowed, taken.used) == (True, 2)
    with place.open() as storage:
        over = storage.usage.take(account, "images", window_s=3600, limit=3, count=2)
        assert (over.allowed, over.used) == (False, 2)
        assert 3590 < over.resets_in_s <= 3600
        assert storage.usage.take(account, "images", window_s=3600, limit=3).used == 3
        assert storage.usage.take(account, "video", window_s=3600, limit=3).used == 1
        assert storage.usage.used(account, "images", window_s=3600) == 3


def test_a_window_that_is_over_counts_from_nought(
    storage: Storage, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = 1_800_000_000.0
    monkeypatch.setattr("mien.storage.usage.time.time", lambda: at)
    assert storage.usage.take(account, "images", window_s=60, limit=1).allowed
    at += 59
    assert not storage.usage.take(account, "images", window_s=60, limit=1).allowed
    at += 1
    assert storage.usage.used(account, "images", window_s=60) == 0
    assert storage.usage.take(account, "images", window_s=60, limit=1).allowed


def test_the_data_folder_is_for_its_owner_only(sqlite_place: Place) -> None:
    with sqlite_place.open() as storage:
        storage.accounts.create_key("a")
        paths: list[Path] = [sqlite_place.data, sqlite_place.keys_folder, *sqlite_place.files()]
        modes = {path.name: path.stat().st_mode & 0o077 for path in paths}
    assert len(modes) >= 5
    assert set(modes.values()) == {0}
