from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, select

import mien.storage.removal as removal_module
from mien.errors import LastAdminError, NoSuchAccountError, NoSuchUserError
from mien.gallery import Kind
from mien.storage import Storage
from mien.storage.media_records import NewTask
from mien.storage.removal import AccountReceipt
from mien.storage.tables import collections, metadata
from mien.storage.users import Role, User
from tests.stores import Place, make_collection, template

PASSWORD = "correct horse battery"
NAME = "somebody whose name is found in no file"


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mien.storage.users.hashed", lambda password: f"hash of {password}")


def fill(storage: Storage, user: User) -> str:
    """Something of each kind in the account of a user; the id of a file."""
    account = user.account_id
    storage.accounts.create_key("key", account=account)
    storage.sessions.begin(user, remember=True, agent="", address="")
    storage.usage.take(account, "images", window_s=60, limit=5)
    storage.transients.remember(account, [template(1)], 3600)
    for kind in (Kind.PERSON_GROUP, Kind.FACE_LIST):
        make_collection(storage, account, kind)
    person = storage.persons.create(
        account, Kind.PERSON_GROUP, "c", name=NAME, user_data=None, limit=9
    )
    for kind, owner in ((Kind.PERSON_GROUP, person), (Kind.FACE_LIST, None)):
        for seed in (2, 3):
            storage.faces.add(
                account, kind, "c", template(seed), person=owner, user_data=None, limit=9
            )
    operation = storage.snapshots.take(
        account, Kind.FACE_LIST, "c", apply_scope=[account], user_data=None
    )
    storage.snapshots.run(account, operation.id, lambda: False)
    asset = storage.assets.create(account, "media", NAME)
    file = storage.assets.add_file(account, "media", asset.id, "a.mp4", 5, primary=True)
    with storage.assets.receive(file, 0) as receiver:
        receiver.write(b"video")
    task = NewTask("", "processor", "", (asset.id,), "")
    storage.jobs.submit(account, "media", NAME, [task], priority=0, notify=None, keep_s=None)
    return file.id


def rows(storage: Storage, account: str) -> dict[str, int]:
    """How many rows of each table carry an account, of those that any do."""
    found = {}
    with storage._database.read() as connection:
        for table in metadata.sorted_tables:
            column = table.c.get("id" if table.name == "accounts" else "account_id")
            if column is not None:
                query = select(table).where(column == account)
                found[table.name] = len(connection.execute(query).all())
    return {name: count for name, count in found.items() if count}


def test_all_of_an_account_goes_with_its_last_user_and_nothing_of_another(place: Place) -> None:
    with place.open() as storage:
        other = storage.users.add("other", PASSWORD, role=Role.ADMIN)
        kept_file = fill(storage, other)
        user = storage.users.add(NAME, PASSWORD, role=Role.MEMBER)
        file = fill(storage, user)
        before = rows(storage, other.account_id)
        missing = {"edits", "audit", "deleted_faces", "receipts"}  # not filled here
        carrying = {table.name for table in metadata.sorted_tables if "account_id" in table.c}
        assert set(before) == {*carrying, "accounts"} - missing
        assert set(rows(storage, user.account_id)) == set(before)

        gone, receipt = storage.removal.user(user.id)
        assert gone == user
        assert receipt is not None
        assert receipt == AccountReceipt(
            id=receipt.id,
            deleted=receipt.deleted,
            collections=3,
            persons=1,
            faces=6,
            keys=5,
            assets=1,
            files=1,
            bytes=5,
            jobs=1,
        )
        assert rows(storage, user.account_id) == {}
        assert rows(storage, other.account_id) == before
        assert not storage.blobs.path(file).exists()
        assert storage.blobs.path(kept_file).read_bytes() == b"video"
        with pytest.raises(NoSuchUserError):
            storage.removal.user(user.id)
    if place.url is None:  # PostgreSQL keeps deleted rows in its files until VACUUM
        needle = NAME.encode()
        assert len(place.holds(needle)) == 1, "the other account has things of that name"


def test_no_file_holds_a_name_of_a_deleted_account(sqlite_place: Place) -> None:
    with sqlite_place.open() as storage:
        fill(storage, storage.users.add(NAME, PASSWORD, role=Role.ADMIN))
        assert sqlite_place.holds(NAME.encode())
        storage.removal.user(storage.users.find(NAME).id)
        assert sqlite_place.holds(NAME.encode()) == []


def test_an_account_stays_with_those_who_share_it(storage: Storage, account: str) -> None:
    ada = storage.users.add("ada", PASSWORD, account=account, role=Role.ADMIN)
    bo = storage.users.add("bo", PASSWORD, account=account, role=Role.MEMBER)
    fill(storage, bo)
    with pytest.raises(LastAdminError):
        storage.removal.user(ada.id)
    assert storage.removal.user(bo.id) == (bo, None)
    assert rows(storage, account)["faces"] == 6
    _, receipt = storage.removal.user(ada.id)
    assert receipt is not None
    assert rows(storage, account) == {}


def test_what_was_begun_is_completed_by_the_next_sweep(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place.open() as storage:
        user = storage.users.add("ada", PASSWORD, role=Role.ADMIN)
        fill(storage, user)
        (key,) = storage.accounts.keys(account=user.account_id)
        with monkeypatch.context() as patched:
            patched.setattr(removal_module.Removal, "finish", _die)
            with pytest.raises(InterruptedError):
                storage.removal.user(user.id)
        assert rows(storage, user.account_id)["faces"] == 6
        assert not storage.accounts.keys(account=user.account_id)[0].is_live
        assert key.is_live
    with place.open() as storage:
        assert rows(storage, user.account_id) == {}


def _die(self: Any, account_id: str) -> AccountReceipt:
    raise InterruptedError


def test_it_is_done_by_one_process_at_a_time(storage: Storage, account: str) -> None:
    lock = storage.locks.take(account)
    assert lock is not None
    with lock, pytest.raises(NoSuchAccountError, match="already"):
        storage.removal.finish(account)
    storage.removal.finish(account)
    assert storage.accounts.get(account) is None


def test_what_is_written_meanwhile_goes_too(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = storage.users.add("ada", PASSWORD, role=Role.ADMIN)
    fill(storage, user)
    finish = storage.deletion.finish
    late: list[Any] = []

    def finish_late(pk: int) -> Any:
        if not late:
            with storage._database.write() as connection:
                row = connection.execute(select(collections).where(collections.c.pk == pk)).one()
                values = {**row._mapping, "kind": "facelist", "id": "late"}
                del values["pk"]
                late.append(connection.execute(insert(collections).values(values)))
        return finish(pk)

    monkeypatch.setattr(storage.deletion, "finish", finish_late)
    _, receipt = storage.removal.user(user.id)
    assert receipt is not None
    assert receipt.collections == 4
    assert rows(storage, user.account_id) == {}
