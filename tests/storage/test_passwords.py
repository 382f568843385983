from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

import mien.storage.passwords as passwords
from mien.storage import Storage
from mien.storage.passwords import hashed, is_outdated, is_right
from tests.stores import Place

PASSWORD = "correct horse battery"
OTHER = "quite another staple"


@pytest.fixture
def storage(sqlite_place: Place) -> Iterator[Storage]:
    """A storage in SQLite: what hashes cost has nothing to do with the database."""
    with sqlite_place.open() as opened:
        yield opened


def test_a_password_is_kept_as_argon2id_alone(sqlite_place: Place) -> None:
    with sqlite_place.open() as storage:
        storage.users.sign_up("ada", PASSWORD)
    assert sqlite_place.holds(PASSWORD.encode()) == []
    assert hashed(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert hashed(PASSWORD) != hashed(PASSWORD)


def test_what_looks_the_same_is_the_same_password() -> None:
    assert is_right("Za\u0308hringerstra\u00dfe", hashed("Z\u00e4hringerstra\u00dfe"))
    assert not is_right("Zahringerstrasse", hashed("Z\u00e4hringerstra\u00dfe"))
    assert not is_right("\ud800" * 12, hashed(PASSWORD))
    assert not is_right(PASSWORD, "no hash at all")


def test_a_name_that_nobody_has_takes_as_long_as_a_wrong_password(storage: Storage) -> None:
    storage.users.sign_up("ada", PASSWORD)
    passwords._nobodys.cache_clear()
    storage.users.check("nobody", OTHER)  # the hash to compare with is made once
    took: dict[str, list[float]] = {"ada": [], "nobody": []}
    for _ in range(6):
        for name, times in took.items():
            start = time.process_time()
            storage.users.check(name, OTHER)
            times.append(time.process_time() - start)
    assert 0.5 < min(took["nobody"]) / min(took["ada"]) < 2


def test_a_hash_of_other_parameters_is_made_anew_at_the_next_log_in(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1)
    with monkeypatch.context() as patched:
        patched.setattr(passwords, "_HASHER", weak)
        storage.users.sign_up("ada", PASSWORD)
    assert is_outdated(_kept(storage))
    assert storage.users.check("ada", PASSWORD) is not None
    assert not is_outdated(_kept(storage))
    assert storage.users.check("ada", PASSWORD) is not None


def _kept(storage: Storage) -> str:
    row = storage.users._row(True)
    password: str = row.password
    return password
