from __future__ import annotations

import uuid

import pytest

from mien.errors import UsageError
from mien.storage import Storage

ORIGIN = "media"


def test_what_was_made_of_an_asset_goes_with_it(storage: Storage, account: str) -> None:
    one, other = (storage.assets.create(account, ORIGIN, "clip").id for _ in range(2))
    for id in (one, other):
        storage.derived.write(id, "1.jpg", id.encode())
    storage.derived.write(one, "1.jpg", b"new")
    assert storage.derived.read(one, "1.jpg") == b"new"
    assert storage.derived.read(one, "2.jpg") is None
    storage.assets.delete(account, ORIGIN, one)
    assert storage.derived.assets() == [other]
    assert storage.derived.read(other, "1.jpg") == other.encode()


def test_what_is_left_of_an_asset_is_swept(storage: Storage, account: str) -> None:
    kept = storage.assets.create(account, ORIGIN, "clip").id
    gone = str(uuid.uuid4())
    for id in (kept, gone):
        storage.derived.write(id, "1.jpg", b"x")
    storage.assets.sweep_derived()
    assert storage.derived.assets() == [kept]


@pytest.mark.parametrize("name", ["", "..", ".hidden", "a/b", "a\\b", "A", "x" * 101, "a\0"])
def test_names_are_no_paths(storage: Storage, name: str) -> None:
    for asset, inner in ((str(uuid.uuid4()), name), (name, "1.jpg")):
        with pytest.raises(UsageError):
            storage.derived.write(asset, inner, b"x")
        with pytest.raises(UsageError):
            storage.derived.read(asset, inner)
