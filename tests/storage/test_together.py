"""Many threads and processes at once."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sqlalchemy import update

from mien.errors import (
    ExistsError,
    LimitReachedError,
    NoSuchPersonError,
    StorageError,
    TrainingRunningError,
)
from mien.gallery import Kind
from mien.storage import Storage
from mien.storage.tables import faces
from tests.stores import Place, make_collection, template

GROUP, LIST = Kind.PERSON_GROUP, Kind.FACE_LIST
THREADS = 8


def at_once(job: Callable[[int], object], count: int = THREADS) -> list[object]:
    """Run `job(0) … job(count - 1)` in threads that start together; results or errors, in order."""
    barrier = threading.Barrier(count)

    def run(number: int) -> object:
        barrier.wait()
        try:
            return job(number)
        except Exception as error:  # handed back and looked at by the test
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def person(storage: Storage, account: str, limit: int = 1000) -> str:
    return storage.persons.create(account, GROUP, "c", name="p", user_data=None, limit=limit)


def face(storage: Storage, account: str, of: str, seed: int, limit: int = 248) -> str:
    return storage.faces.add(
        account, GROUP, "c", template(seed), person=of, user_data=None, limit=limit
    )


def test_threads_that_write_and_read_lose_nothing(storage: Storage, account: str) -> None:
    pk = make_collection(storage, account)

    def work(number: int) -> list[tuple[str, bytes]]:
        made = []
        for turn in range(6):
            seed = number * 100 + turn
            of = person(storage, account)
            face(storage, account, of, seed)
            (face_id,) = storage.transients.remember(account, [template(seed)], 600)
            (back,) = storage.transients.recall(account, [face_id])
            assert np.array_equal(back.embedding, template(seed).embedding)
            storage.persons.page(account, GROUP, "c", "", 1000)
            if turn % 3 == 2:
                storage.deletion.person(account, GROUP, "c", of)
            else:
                made.append((of, template(seed).embedding.tobytes()))
        return made

    results = at_once(work)
    want = {pair for result in results if isinstance(result, list) for pair in result}
    assert len(want) == THREADS * 4, results
    rows = storage.persons.page(account, GROUP, "c", "", 1000)
    ids = {row.pk: row.id for row in rows}
    have = {
        (ids[int(owner)], vector.tobytes())
        for chunk in storage.faces.chunks(pk, size=7)
        for owner, vector in zip(chunk.persons, chunk.embeddings, strict=True)
    }
    assert have == want
    found = storage.collections.find(account, GROUP, "c")
    assert (found.persons, found.faces) == (len(want), len(want))


def test_one_id_is_made_once(storage: Storage, account: str) -> None:
    results = at_once(lambda _: make_collection(storage, account))
    assert sum(isinstance(result, int) for result in results) == 1
    assert sum(isinstance(result, ExistsError) for result in results) == THREADS - 1


def test_limits_hold_when_all_come_at_once(storage: Storage, account: str) -> None:
    make_collection(storage, account)
    results = at_once(lambda _: person(storage, account, limit=3))
    assert sum(isinstance(result, str) for result in results) == 3
    assert sum(isinstance(result, LimitReachedError) for result in results) == THREADS - 3
    (row, *_) = storage.persons.page(account, GROUP, "c", "", 10)
    results = at_once(lambda seed: face(storage, account, row.id, seed, limit=2))
    assert sum(isinstance(result, str) for result in results) == 2
    assert sum(isinstance(result, LimitReachedError) for result in results) == THREADS - 2


def test_a_person_is_deleted_once_and_no_face_is_added_after(
    storage: Storage, account: str
) -> None:
    pk = make_collection(storage, account)
    of = person(storage, account)

    def work(number: int) -> object:
        if number % 2:
            return storage.deletion.person(account, GROUP, "c", of)
        return face(storage, account, of, number)

    results = at_once(work)
    receipts = [one for number, one in enumerate(results) if number % 2 and not _missing(one)]
    assert len(receipts) == 1, results
    assert all(isinstance(one, str) or _missing(one) for one in results[::2]), results
    assert list(storage.faces.chunks(pk)) == []
    found = storage.collections.find(account, GROUP, "c")
    assert (found.persons, found.faces) == (0, 0)


def _missing(result: object) -> bool:
    return isinstance(result, NoSuchPersonError)


def test_a_training_begins_once(storage: Storage, account: str) -> None:
    pk = make_collection(storage, account)
    results = at_once(lambda _: storage.trainings.begin(pk))
    assert sum(isinstance(result, int) for result in results) == 1
    assert sum(isinstance(result, TrainingRunningError) for result in results) == THREADS - 1


def test_counters_count_each_call(storage: Storage, account: str) -> None:
    results = at_once(
        lambda _: [
            storage.usage.take(account, "images", window_s=3600, limit=30).allowed for _ in range(5)
        ]
    )
    allowed = [one for result in results if isinstance(result, list) for one in result]
    assert len(allowed) == THREADS * 5
    assert sum(allowed) == 30
    assert storage.usage.used(account, "images", window_s=3600) == 30


def _enrol(place: Place, account: str, number: int) -> None:
    with place.open() as storage:
        for turn in range(5):
            of = person(storage, account)
            face(storage, account, of, number * 100 + turn)
            storage.transients.remember(account, [template(turn)], 600)
        storage.deletion.person(account, GROUP, "c", of)


def test_processes_share_a_storage(place: Place) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.storage.writer"])
    with place.open() as storage:
        account = storage.accounts.create("a").id
        pk = make_collection(storage, account)
        workers = [context.Process(target=_enrol, args=(place, account, n)) for n in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(120)
        assert [worker.exitcode for worker in workers] == [0, 0, 0]
        (chunk,) = storage.faces.chunks(pk)
        assert (len(chunk), chunk.lost) == (12, 0)
        last, gone = storage.faces.deleted(pk)
        assert len(gone) == 3
        assert storage.collections.find(account, GROUP, "c").deletions == last


def test_the_order_of_faces_is_that_of_their_storing(storage: Storage, account: str) -> None:
    pk = make_collection(storage, account, LIST)
    for seed in range(10):
        storage.faces.add(
            account, LIST, "c", template(seed), person=None, user_data=None, limit=100
        )
    chunks = list(storage.faces.chunks(pk, size=4))
    assert [len(chunk) for chunk in chunks] == [4, 4, 2]
    sequence = np.concatenate([chunk.sequence for chunk in chunks])
    assert (np.diff(sequence) > 0).all()
    vectors = np.concatenate([chunk.embeddings for chunk in chunks])
    assert np.array_equal(vectors, [template(seed).embedding for seed in range(10)])
    assert storage.faces.last(pk) == sequence[-1]
    (middle,) = storage.faces.chunks(pk, after=int(sequence[2]), up_to=int(sequence[5]))
    assert np.array_equal(middle.sequence, sequence[3:6])
    assert set(np.concatenate([chunk.persons for chunk in chunks])) == {-1}


@pytest.mark.parametrize("count", [0, 1, 1201])
def test_ids_are_looked_up_by_number(storage: Storage, account: str, count: int) -> None:
    make_collection(storage, account)
    for _ in range(min(count, 3)):
        person(storage, account)
    rows = storage.persons.page(account, GROUP, "c", "", 10)
    numbers = [row.pk for row in rows] + list(range(10**6, 10**6 + count))
    assert storage.persons.ids(numbers) == {row.pk: row.id for row in rows}


def test_a_damaged_template_is_named(storage: Storage, account: str) -> None:
    pk = make_collection(storage, account)
    damaged = face(storage, account, person(storage, account), 1)
    with storage._database.write() as connection:
        connection.execute(update(faces).values(sealed=b"\x01" + b"x" * 540))
    with pytest.raises(StorageError, match=f"stored face {damaged} cannot be opened"):
        list(storage.faces.chunks(pk))
    storage.deletion.face(account, GROUP, "c", damaged, person=None)
    assert list(storage.faces.chunks(pk)) == []
