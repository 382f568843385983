"""The logs of edits: nothing is lost between two who write, nor by a kill."""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection

import pytest

import mien.storage.edits
from mien.errors import EditsMovedOnError, LogFullError, NoSuchAssetError, UsageError
from mien.storage import Storage
from tests.stores import Place

ORIGIN = "media"
NOWHERE = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def asset(storage: Storage, account: str) -> str:
    return storage.assets.create(account, ORIGIN, "clip").id


def bodies(storage: Storage, account: str, asset: str) -> list[tuple[int, str]]:
    return [(row.number, row.body) for row in storage.edits.read(account, ORIGIN, asset)]


def test_edits_are_numbered_from_one_and_read_back(
    storage: Storage, account: str, asset: str
) -> None:
    append, read = storage.edits.append, storage.edits.read
    one = append(account, ORIGIN, asset, ["a", "ä"], user="ada", expected=0)
    two = append(account, ORIGIN, asset, ["c"], user="bob", expected=2)
    assert [(row.number, row.user, row.body) for row in (*one, *two)] == [
        (1, "ada", "a"),
        (2, "ada", "ä"),
        (3, "bob", "c"),
    ]
    assert read(account, ORIGIN, asset) == [*one, *two]
    assert read(account, ORIGIN, asset, since=2) == two
    assert read(account, ORIGIN, asset, since=3) == []


def test_who_missed_an_edit_adds_none(storage: Storage, account: str, asset: str) -> None:
    storage.edits.append(account, ORIGIN, asset, ["a"], user="u", expected=0)
    for expected in (0, 2):
        with pytest.raises(EditsMovedOnError) as caught:
            storage.edits.append(account, ORIGIN, asset, ["b"], user="u", expected=expected)
        assert caught.value.last == 1
    assert bodies(storage, account, asset) == [(1, "a")]


def test_all_or_none_are_added(
    storage: Storage, account: str, asset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mien.storage.edits, "MOST_EDITS", 3)
    storage.edits.append(account, ORIGIN, asset, ["a", "b"], user="u", expected=0)
    with pytest.raises(LogFullError):
        storage.edits.append(account, ORIGIN, asset, ["c", "d"], user="u", expected=2)
    with pytest.raises(UsageError):
        storage.edits.append(account, ORIGIN, asset, ["c\0"], user="u", expected=2)
    assert bodies(storage, account, asset) == [(1, "a"), (2, "b")]


def test_a_log_is_seen_by_its_account_and_origin_alone(
    storage: Storage, account: str, asset: str
) -> None:
    stranger = storage.accounts.create("stranger").id
    for whose, origin, which in (
        (stranger, ORIGIN, asset),
        (account, "kairos", asset),
        (account, ORIGIN, NOWHERE),
    ):
        with pytest.raises(NoSuchAssetError):
            storage.edits.read(whose, origin, which)
        with pytest.raises(NoSuchAssetError):
            storage.edits.append(whose, origin, which, ["a"], user="u", expected=0)


def test_a_log_goes_with_its_asset(storage: Storage, account: str, asset: str) -> None:
    storage.edits.append(account, ORIGIN, asset, ["a"], user="u", expected=0)
    storage.assets.delete(account, ORIGIN, asset)
    with pytest.raises(NoSuchAssetError):
        storage.edits.read(account, ORIGIN, asset)


def test_of_many_who_add_at_once_one_does(storage: Storage, account: str, asset: str) -> None:
    barrier = threading.Barrier(8)

    def add(number: int) -> object:
        barrier.wait()
        try:
            return storage.edits.append(account, ORIGIN, asset, [str(number)], user="u", expected=0)
        except EditsMovedOnError as error:
            return error

    with ThreadPoolExecutor(8) as pool:
        results = [*pool.map(add, range(8))]
    assert sum(isinstance(each, EditsMovedOnError) for each in results) == 7
    assert len(bodies(storage, account, asset)) == 1


def add_for_ever(place: Place, account: str, asset: str, expected: int, says: Connection) -> None:
    """Add edits, three at a time, and say the last number of each time."""
    with place.open() as storage:
        while True:
            storage.edits.append(
                account, ORIGIN, asset, ["x", "y", "z"], user="u", expected=expected
            )
            expected += 3
            says.send(expected)


def test_what_was_acknowledged_survives_kills(place: Place) -> None:
    with place.open() as storage:
        account = storage.accounts.create("a").id
        asset = storage.assets.create(account, ORIGIN, "clip").id
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.storage.test_edits"])
    last = 0
    for _ in range(4):
        hears, says = context.Pipe(duplex=False)
        process = context.Process(target=add_for_ever, args=(place, account, asset, last, says))
        process.start()
        says.close()
        told = hears.recv()
        time.sleep(random.random() * 0.05)
        process.kill()
        try:
            while True:
                told = hears.recv()
        except EOFError:
            process.join()
        with place.open() as storage:
            rows = bodies(storage, account, asset)
        assert [number for number, _ in rows] == [*range(1, len(rows) + 1)]
        assert len(rows) in (told, told + 3), "what was said to be there, and maybe one more"
        last = len(rows)
