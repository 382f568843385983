"""Places to keep things in, for tests of the storage and of what stands on it."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from mien.gallery import Kind, Template
from mien.storage import Storage, open_storage
from tests.postgres import fresh_database


@dataclass(frozen=True)
class Place:
    """Where a storage is: its folders, and the URL of its database if it is not SQLite."""

    data: Path
    keys: Path
    url: str | None

    def open(self) -> Storage:
        return open_storage(self.data, self.url, self.keys)

    @property
    def keys_folder(self) -> Path:
        """The folder of the only database's keys."""
        (folder,) = self.keys.iterdir()
        return folder

    def files(self) -> Iterator[Path]:
        """Every file of database and keys."""
        for folder in (self.data, self.keys):
            yield from (path for path in folder.rglob("*") if path.is_file())

    def holds(self, needle: bytes) -> list[Path]:
        """The files in which some bytes are."""
        return [path for path in self.files() if needle in path.read_bytes()]


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A place for a storage on each kind of database."""
    url = fresh_database() if request.param == "postgresql" else None
    return Place(tmp_path / "data", tmp_path / "keys", url)


@pytest.fixture
def sqlite_place(tmp_path: Path) -> Place:
    """A place for a storage in SQLite."""
    return Place(tmp_path / "data", tmp_path / "keys", None)


@pytest.fixture
def storage(place: Place) -> Iterator[Storage]:
    """An open storage on each kind of database."""
    if place.url is None and not place.data.exists():
        shutil.copytree(_empty(), place.data.parent, dirs_exist_ok=True)
    with place.open() as opened:
        yield opened


@cache
def _empty() -> Path:
    """Data and keys of an empty storage in SQLite; `tests/storage/test_opening.py` makes others."""
    folder = Path(tempfile.mkdtemp(prefix="mien-empty-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with Place(folder / "data", folder / "keys", None).open():
        return folder


@pytest.fixture
def account(storage: Storage) -> str:
    """The id of an account."""
    return storage.accounts.create("first").id


def template(seed: int, *, model: str = "recognition_01", quality: float = 0.5) -> Template:
    """A template like no other, the same for the same seed."""
    vector = np.random.default_rng(seed).normal(scale=0.12, size=128)
    return Template(vector.astype(np.float32), quality, model)


def make_collection(
    storage: Storage, account: str, kind: Kind = Kind.PERSON_GROUP, id: str = "c"
) -> int:
    """Create an empty collection, and give its number."""
    return storage.collections.create(
        account, kind, id, name="n", user_data=None, recognition_model="recognition_01", limit=100
    ).pk
