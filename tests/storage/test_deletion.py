from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select, text

from mien.errors import NoSuchFaceError, NoSuchReceiptError, NotFoundError
from mien.gallery import Kind, Template
from mien.storage import Storage
from mien.storage.collections import STALE_S
from mien.storage.database import Database, open_database
from mien.storage.keyring import HOUR_S, POOL_S, Keyring
from mien.storage.tables import faces, receipts
from tests.stores import Place, make_collection, template

GROUP, LIST = Kind.PERSON_GROUP, Kind.FACE_LIST
Maker = Callable[[Storage, str], None]


def enrol(storage: Storage, account: str, one: Template, id: str = "c") -> tuple[str, str]:
    """Add a person with one face; both ids."""
    person = storage.persons.create(account, GROUP, id, name="p", user_data=None, limit=100)
    return person, add(storage, account, GROUP, one, person, id)


def add(
    storage: Storage,
    account: str,
    kind: Kind,
    one: Template,
    person: str | None = None,
    id: str = "c",
) -> str:
    return storage.faces.add(account, kind, id, one, person=person, user_data=None, limit=100)


def seen(storage: Storage, pk: int) -> list[bytes]:
    """The embeddings of a collection that can be opened."""
    return [row.tobytes() for chunk in storage.faces.chunks(pk) for row in chunk.embeddings]


def sealed(database: Database) -> list[bytes]:
    with database.read() as connection:
        return [bytes(row) for row in connection.execute(select(faces.c.sealed)).scalars()]


def test_no_template_is_ever_in_a_file_as_it_is(place: Place) -> None:
    with place.open() as storage:
        account = storage.accounts.create("a").id
        make_collection(storage, account)
        make_collection(storage, account, LIST)
        enrol(storage, account, template(1))
        add(storage, account, LIST, template(2))
        storage.transients.remember(account, [template(3)], 3600)
        for seed in (1, 2, 3):
            plain = template(seed).embedding.tobytes()
            assert place.holds(plain[:16]) == []


@pytest.mark.parametrize("what", ["person", "list face", "group", "list"])
def test_nothing_of_what_is_deleted_is_left_in_any_file(sqlite_place: Place, what: str) -> None:
    """Neither in the database, nor in its log and shared memory, nor in the keys."""
    gone = template(1)
    with sqlite_place.open() as storage:
        account = storage.accounts.create("a").id
        kind = GROUP if what in ("person", "group") else LIST
        make_collection(storage, account, kind)
        kept = make_collection(storage, account, kind, "other")
        if kind is GROUP:
            person, face = enrol(storage, account, gone)
            enrol(storage, account, template(2), "other")
        else:
            face = add(storage, account, LIST, gone)
            add(storage, account, LIST, template(2), id="other")
        database = open_database(sqlite_place.data, None)
        cipher = sealed(database)[0]
        assert sqlite_place.holds(cipher), "the test looks in the wrong place"
        match what:
            case "person":
                storage.deletion.person(account, GROUP, "c", person)
            case "list face":
                storage.deletion.face(account, LIST, "c", face, person=None)
            case _:
                storage.deletion.collection(account, kind, "c")
        names = {path.name for path in sqlite_place.files()}
        assert {"mien.sqlite", "mien.sqlite-wal", "mien.sqlite-shm", "keyring.sqlite"} <= names
        for part in (cipher, cipher[:32], cipher[-32:], gone.embedding.tobytes()):
            assert sqlite_place.holds(part) == []
        assert seen(storage, kept) == [template(2).embedding.tobytes()]
        database.close()


def test_a_restored_backup_opens_only_those_who_were_not_deleted(place: Place) -> None:
    """The backup is what a thief or a careful operator has: a copy of the data."""
    with place.open() as storage:
        account = storage.accounts.create("a").id
        groups, lists = make_collection(storage, account), make_collection(storage, account, LIST)
        person, _ = enrol(storage, account, template(1))
        enrol(storage, account, template(2))
        face = add(storage, account, LIST, template(3))
        add(storage, account, LIST, template(4))
        restore = _backup(place)
        storage.deletion.person(account, GROUP, "c", person)
        storage.deletion.face(account, LIST, "c", face, person=None)
    restore()
    with place.open() as storage:
        assert storage.persons.find(account, GROUP, "c", person).face_ids != ()
        chunks = [chunk for pk in (groups, lists) for chunk in storage.faces.chunks(pk)]
        assert [chunk.lost for chunk in chunks] == [1, 1]
        rows = [row for chunk in chunks for row in chunk.embeddings]
        assert np.array_equal(rows, [template(2).embedding, template(4).embedding])
        # and those whom only the backup still knows can be deleted again
        storage.deletion.person(account, GROUP, "c", person)
        assert [chunk.lost for chunk in storage.faces.chunks(groups)] == [0]


def _backup(place: Place) -> Callable[[], None]:
    """Copy the database; what puts the copy back."""
    if place.url is None:
        copy = place.data.parent / "backup"
        shutil.copytree(place.data, copy)

        def restore() -> None:
            shutil.rmtree(place.data)
            shutil.copytree(copy, place.data)

        return restore
    names = ("persons", "faces", "doomed_keys", "collections")
    database = open_database(place.data, place.url)
    with database.write() as connection:
        for name in names:
            connection.execute(text(f"CREATE TABLE backup_{name} AS SELECT * FROM {name}"))
    database.close()

    def restore_tables() -> None:
        database = open_database(place.data, place.url)
        with database.write() as connection:
            connection.execute(text("TRUNCATE persons, faces, doomed_keys"))
            for name in names[:-1]:
                connection.execute(text(f"INSERT INTO {name} SELECT * FROM backup_{name}"))
        database.close()

    return restore_tables


def test_a_receipt_says_what_is_gone_and_can_be_asked_for(storage: Storage, account: str) -> None:
    make_collection(storage, account)
    person, _ = enrol(storage, account, template(1))
    _, face = enrol(storage, account, template(2))
    add(storage, account, GROUP, template(3), person)
    made = storage.deletion.person(account, GROUP, "c", person)
    assert (made.what, made.subject, made.persons, made.faces, made.keys) == (
        "person",
        person,
        1,
        2,
        1,
    )
    one = storage.deletion.face(account, GROUP, "c", face, person=None)
    assert (one.what, one.subject, one.persons, one.faces, one.keys) == ("face", face, 0, 1, 0)
    enrol(storage, account, template(4))
    all_ = storage.deletion.collection(account, GROUP, "c")
    assert (all_.what, all_.subject, all_.persons, all_.faces, all_.keys) == (
        "collection",
        "c",
        2,
        1,
        2,
    )
    for receipt in (made, one, all_):
        assert abs(receipt.deleted.timestamp() - time.time()) < 60
        assert storage.deletion.receipt(account, receipt.id) == receipt
    found = storage.deletion.receipts(account, "", 10)
    assert found == sorted((made, one, all_), key=lambda receipt: receipt.id)
    assert storage.deletion.receipts(account, found[0].id, 1) == found[1:2]
    other = storage.accounts.create("other").id
    with pytest.raises(NoSuchReceiptError):
        storage.deletion.receipt(other, made.id)


def test_expired_face_ids_are_swept_with_the_key_of_their_hour(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place.open() as storage:
        account = storage.accounts.create("a").id
        start = time.time()
        (short,) = storage.transients.remember(account, [template(1)], 60)
        (long,) = storage.transients.remember(account, [template(2)], 3 * HOUR_S)
        monkeypatch.setattr("time.time", lambda: start + 61)
        monkeypatch.setattr("time.time_ns", lambda: int((start + 61) * 1e9))
        with pytest.raises(NoSuchFaceError) as raised:
            storage.transients.recall(account, [long, short])
        assert raised.value.what == short
        assert storage.transients.sweep() == 1
        hours = len(_hours(storage))
        monkeypatch.setattr("time.time", lambda: start + 61 + HOUR_S)
        assert storage.transients.sweep() == 0
        assert hours - len(_hours(storage)) == 1
        assert storage.transients.recall(account, [long])


def _hours(storage: Storage) -> list[int]:
    keyring: Keyring = storage._keyring
    return [
        row[0] for row in keyring._connection.execute("SELECT hour FROM keys WHERE hour NOT NULL")
    ]


def test_a_deletion_that_died_before_the_keys_is_completed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place.open() as storage:
        account = storage.accounts.create("a").id
        make_collection(storage, account)
        person, _ = enrol(storage, account, template(1))
        (number,) = _numbers(storage)
        monkeypatch.setattr(Keyring, "destroy", _die)
        with pytest.raises(DiedError):
            storage.deletion.person(account, GROUP, "c", person)
        assert storage._keyring.many([number])
        monkeypatch.undo()
    with place.open() as storage:
        assert not storage._keyring.many([number])


def test_a_large_deletion_that_died_on_the_way_is_completed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mien.storage.deletion.CHUNK", 2)
    with place.open() as storage:
        account = storage.accounts.create("a").id
        pk = make_collection(storage, account, LIST)
        for seed in range(5):
            add(storage, account, LIST, template(seed))
        numbers = _numbers(storage)
        truly = Keyring.destroy
        left: list[Callable[..., None]] = [truly, _die]
        monkeypatch.setattr(Keyring, "destroy", lambda self, keys: left.pop(0)(self, keys))
        with pytest.raises(DiedError):
            storage.deletion.collection(account, LIST, "c")
        monkeypatch.setattr(Keyring, "destroy", truly)
        # from its first moment on it is gone for all who ask, and has no receipt until it is over
        with pytest.raises(NotFoundError):
            storage.collections.find(account, LIST, "c")
        assert storage.deletion.receipts(account, "", 10) == []
        assert storage.collections.get(pk) is None
        later = time.time() + STALE_S + 1
        monkeypatch.setattr("mien.storage.collections.time.time", lambda: later)
        storage.sweep()
        (receipt,) = storage.deletion.receipts(account, "", 10)
        assert (receipt.subject, receipt.faces, receipt.keys) == ("c", 5, 5)
        assert not storage._keyring.many(numbers)
        with storage._database.read() as connection:
            assert connection.execute(select(faces.c.pk)).all() == []
            assert connection.execute(select(receipts.c.deleted)).scalar_one() is not None


class DiedError(Exception):
    """Stands for the end of the process."""


def _die(*_: object) -> None:
    raise DiedError


def _numbers(storage: Storage) -> list[int]:
    with storage._database.read() as connection:
        return list(connection.execute(select(faces.c.key)).scalars())


def test_keys_without_rows_are_swept_but_not_those_of_a_newer_database(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    start = time.time()
    with place.open() as storage:
        account = storage.accounts.create("a").id
        make_collection(storage, account)
        orphan, _ = storage._keyring.new()  # its enrolment died before the row
        enrol(storage, account, template(1))
        (used,) = _numbers(storage)
        restore = _backup(place)
        at = start + 2 * POOL_S  # by the backup's newest row, this is not old
        monkeypatch.setattr("time.time", lambda: at)
        monkeypatch.setattr("time.time_ns", lambda: int(at * 1e9))
        monkeypatch.setattr("time.monotonic", lambda: at)
        enrol(storage, account, template(2))
        newer = [number for number in _numbers(storage) if number != used]
        at = start + 100 * POOL_S
        storage.deletion.destroy_orphans()
        assert storage._keyring.many([orphan]), "no row is so much newer"
        enrol(storage, account, template(3))
        storage.deletion.destroy_orphans()
        assert not storage._keyring.many([orphan])
        assert len(storage._keyring.many([used, *newer])) == 2
    restore()
    with place.open() as storage:  # the backup, looked at beside the keys of today
        storage.deletion.destroy_orphans()
        assert len(storage._keyring.many([used, *newer])) == 2


def test_the_log_is_emptied_even_when_a_reader_was_in_the_way(sqlite_place: Place) -> None:
    with sqlite_place.open() as storage:
        account = storage.accounts.create("a").id
        make_collection(storage, account, LIST)
        face = add(storage, account, LIST, template(1))
        (cipher,) = sealed(storage._database)
        with storage._database.read() as connection:
            connection.execute(select(faces.c.pk)).all()
            storage.deletion.face(account, LIST, "c", face, person=None)
            assert not storage._database.truncate_log()
        storage.sweep()
        assert sqlite_place.holds(cipher[:32]) == []
