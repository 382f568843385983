from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mien.errors import KeysError, StorageError
from mien.storage import keyring as module
from mien.storage.keyring import Keyring, make_keys
from mien.storage.sealing import KEY, open_template, opened, owner, seal, seal_template
from tests.stores import template


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[Keyring]:
    make_keys(tmp_path, "here")
    opened = Keyring(tmp_path, "here")
    yield opened
    opened.close()


def test_sealed_bytes_open_with_their_key_for_their_owner_and_unchanged() -> None:
    key, other = bytes(KEY), bytes([1] * KEY)
    sealed = seal_template(key, template(1).embedding, owner("a", "p", "f"))
    assert np.array_equal(open_template(key, sealed, owner("a", "p", "f")), template(1).embedding)
    assert len(sealed) == 1 + 12 + 512 + 16
    for belongs in (owner("b", "p", "f"), owner("a", "q", "f"), owner("a", "p", "g")):
        with pytest.raises(StorageError, match="do not open"):
            open_template(key, sealed, belongs)
    for changed in (sealed[:-1], sealed[:20], sealed[:1], sealed[:40] + b"\0" + sealed[41:]):
        with pytest.raises(StorageError, match="do not open"):
            opened(key, changed, owner("a", "p", "f"))
    with pytest.raises(StorageError, match="do not open"):
        opened(other, sealed, owner("a", "p", "f"))
    for version in (b"", b"\x02" + sealed[1:]):
        with pytest.raises(StorageError, match=r"version .* of the envelope"):
            opened(key, version, owner("a", "p", "f"))


def test_the_same_bytes_are_never_sealed_alike() -> None:
    assert len({seal(bytes(KEY), b"plain", b"") for _ in range(100)}) == 100


def test_a_key_comes_back_until_it_is_destroyed(keyring: Keyring) -> None:
    (first, one), (second, two) = keyring.new(), keyring.new()
    assert (len(one), one != two, first != second) == (KEY, True, True)
    assert keyring.get(first) == one
    assert keyring.many([first, second, 7]) == {first: one, second: two}
    keyring.destroy([first])
    assert keyring.get(first) is None
    assert keyring.many([first, second]) == {second: two}
    keyring.destroy([first])


def test_another_process_finds_the_keys_and_their_end(keyring: Keyring) -> None:
    number, key = keyring.new()
    other = Keyring(keyring.folder, "here")
    assert other.check == keyring.check
    assert other.get(number) == key
    keyring.destroy([number])
    assert other.many([number]) == {}
    assert {other.new()[0] for _ in range(100)}.isdisjoint(keyring.new()[0] for _ in range(100))
    other.close()


def test_what_expires_in_one_hour_shares_a_key_in_all_processes(keyring: Keyring) -> None:
    other = Keyring(keyring.folder, "here")
    first = keyring.of_hour(7200.0)
    assert first == keyring.of_hour(10799.9) == other.of_hour(9000.0)
    assert first != keyring.of_hour(10800.0)
    keyring.destroy_hours(10799.0)
    assert other.get(first[0]) == first[1]
    keyring.destroy_hours(10800.0)
    assert keyring.get(first[0]) is None
    other.close()


def test_a_destroyed_key_is_in_no_file(keyring: Keyring) -> None:
    number, key = keyring.new()
    row = keyring._connection.execute("SELECT wrapped FROM keys WHERE number = ?", (number,))
    (wrapped,) = row.fetchone()
    database = keyring.folder / "keyring.sqlite"
    assert wrapped in database.read_bytes()
    keyring.destroy([number])
    for path in keyring.folder.iterdir():
        assert wrapped not in path.read_bytes()
        assert key not in path.read_bytes()


def test_the_pool_is_used_in_time_or_not_at_all(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    keyring.new()
    pooled = {number for number, _, _ in keyring._pool}
    assert len(pooled) == module.POOL - 1
    now += module.POOL_S - 1
    assert keyring.new()[0] in pooled
    now += 2
    assert keyring.new()[0] not in pooled


def test_few_keys_are_kept_in_memory(keyring: Keyring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CACHE", 3)
    made = keyring.several(10)
    assert [keyring.get(number) for number, _ in made] == [key for _, key in made]
    assert set(keyring._cache) == {number for number, _ in made[-3:]}


def test_the_master_key_is_never_replaced(tmp_path: Path) -> None:
    made = []

    def make() -> None:
        make_keys(tmp_path, "here")
        made.append((tmp_path / "master.key").read_bytes())

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    make()
    assert len(made) == 5
    assert len(set(made)) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"master.key", "keyring.sqlite"}


def test_a_master_key_of_another_backup_is_said(keyring: Keyring) -> None:
    number, _ = keyring.new()
    (keyring.folder / "master.key").write_bytes(bytes(KEY))
    other = Keyring(keyring.folder, "here")
    with pytest.raises(KeysError, match="restore both from the same backup"):
        other.get(number)
    other.close()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(KeysError, match="cannot make the keys in"):
        make_keys(tmp_path / "file/keys", "here")
