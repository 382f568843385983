from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from mien.errors import (
    ExistsError,
    LimitReachedError,
    NoSuchCollectionError,
    NoSuchSnapshotError,
)
from mien.gallery import Gallery, Kind, Limits, Operation, State
from mien.gallery.trainer import Trainer
from mien.storage import Storage, copying
from mien.storage.collections import STALE_S
from mien.storage.snapshots import LIFE_S
from tests.gallery.test_apart import wait
from tests.stores import Place, template

GROUP, LIST = Kind.LARGE_PERSON_GROUP, Kind.LARGE_FACE_LIST


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy takes several transactions also when it is small."""
    monkeypatch.setattr(copying, "STEP", 2)


@pytest.fixture
def gallery(storage: Storage, account: str) -> Iterator[Gallery]:
    with Trainer(storage) as trainer:
        yield Gallery(storage, account, trainer)


def filled(gallery: Gallery, kind: Kind, count: int = 5) -> dict[str, str | None]:
    """A collection "c" of `count` faces; the person of each."""
    gallery.create(kind, "c", name="N", user_data="u", recognition_model="recognition_01")
    made: dict[str, str | None] = {}
    for seed in range(count):
        person = gallery.add_person(kind, "c", name=f"p{seed}") if kind.has_persons else None
        made[gallery.add_face(kind, "c", template(seed), person=person)] = person
    return made


def taken(gallery: Gallery, kind: Kind) -> str:
    """The id of a snapshot of "c", for the account itself."""
    done = wait(gallery, gallery.take_snapshot(kind, "c", apply_scope=[gallery._account]))
    assert done.status is State.SUCCEEDED, done.message
    assert done.snapshot is not None
    return done.snapshot


def embeddings(storage: Storage, gallery: Gallery, kind: Kind, id: str) -> list[bytes]:
    pk = storage.collections.find(gallery._account, kind, id).pk
    return [row.tobytes() for chunk in storage.faces.chunks(pk) for row in chunk.embeddings]


@pytest.mark.parametrize("kind", [GROUP, LIST])
def test_a_copy_has_the_same_ids_names_and_templates(
    gallery: Gallery, storage: Storage, kind: Kind
) -> None:
    filled(gallery, kind)
    snapshot = taken(gallery, kind)
    found = gallery.snapshot(snapshot)
    assert (found.kind, found.apply_scope) == (kind, (gallery._account,))
    assert gallery.snapshots(kind) == [found]
    assert gallery.snapshots(Kind.FACE_LIST) == []
    assert gallery.snapshots(apply_scope=["nobody"]) == []
    done = wait(gallery, gallery.apply_snapshot(snapshot, "copy"))
    assert (done.status, done.applied, done.snapshot) == (State.SUCCEEDED, (kind, "copy"), None)
    assert [row.id for row in gallery.list(kind)] == ["c", "copy"]
    copy = gallery.get(kind, "copy")
    assert (copy.name, copy.user_data, copy.recognition_model) == ("N", "u", "recognition_01")
    assert gallery.persons(kind, "copy") == gallery.persons(kind, "c")
    pairs = zip(gallery.faces(kind, "copy"), gallery.faces(kind, "c"), strict=True)
    for copied, face in pairs:
        assert copied.created >= face.created  # the copy was stored when it was made
        assert replace(copied, created=face.created) == face
    want = [template(seed).embedding.tobytes() for seed in range(5)]
    assert embeddings(storage, gallery, kind, "copy") == want
    row = storage.collections.find(gallery._account, kind, "copy")
    assert (row.faces, row.persons) == (5, 5 if kind.has_persons else 0)


def test_a_copy_has_keys_of_its_own(gallery: Gallery, storage: Storage) -> None:
    """Deleting the one leaves the other whole."""
    filled(gallery, GROUP)
    wait(gallery, gallery.apply_snapshot(taken(gallery, GROUP), "copy"))
    receipt = gallery.delete(GROUP, "c")
    assert (receipt.persons, receipt.faces, receipt.keys) == (5, 5, 5)
    assert len(embeddings(storage, gallery, GROUP, "copy")) == 5


def test_what_was_trained_is_trained_in_the_copy(gallery: Gallery, storage: Storage) -> None:
    filled(gallery, GROUP)
    gallery.train(GROUP, "c")
    until = time.monotonic() + 60
    while gallery.training(GROUP, "c").status is not State.SUCCEEDED:
        assert time.monotonic() < until
        time.sleep(0.02)
    late = gallery.add_person(GROUP, "c", name="late")
    gallery.add_face(GROUP, "c", template(9), person=late)
    wait(gallery, gallery.apply_snapshot(taken(gallery, GROUP), "copy"))
    assert gallery.training(GROUP, "copy").status is State.SUCCEEDED
    face_ids = gallery.remember([template(3), template(9)], 600)
    known, unknown = gallery.identify(face_ids, GROUP, "copy")
    assert [gallery.person(GROUP, "copy", one.id).name for one in known] == ["p3"]
    assert unknown == []


def test_a_copy_of_what_was_never_trained_is_not_trained(
    gallery: Gallery, storage: Storage
) -> None:
    filled(gallery, LIST, 3)
    wait(gallery, gallery.apply_snapshot(taken(gallery, LIST), "copy"))
    row = storage.collections.find(gallery._account, LIST, "copy")
    assert row.trained is None
    assert storage.trainings.get(row.pk) is None


def test_an_empty_collection_can_be_copied(gallery: Gallery) -> None:
    filled(gallery, LIST, 0)
    done = wait(gallery, gallery.apply_snapshot(taken(gallery, LIST), "copy"))
    assert done.status is State.SUCCEEDED
    assert gallery.faces(LIST, "copy") == []


@pytest.mark.parametrize("what", ["person", "face", "list face"])
def test_who_is_deleted_is_deleted_in_snapshots_too(
    gallery: Gallery, storage: Storage, what: str
) -> None:
    kind = LIST if what == "list face" else GROUP
    face, person = next(iter(filled(gallery, kind).items()))
    snapshot = taken(gallery, kind)
    if what == "person":
        assert person is not None
        receipt = gallery.delete_person(kind, "c", person)
    else:
        receipt = gallery.delete_face(kind, "c", face, person=person)
    assert receipt.faces == 1
    assert receipt.keys == {"person": 2, "face": 0, "list face": 2}[what]
    wait(gallery, gallery.apply_snapshot(snapshot, "copy"))
    assert len(embeddings(storage, gallery, kind, "copy")) == 4
    assert template(0).embedding.tobytes() not in embeddings(storage, gallery, kind, "copy")
    if what == "person":
        assert person not in {row.id for row in gallery.persons(kind, "copy")}


def test_a_deleted_snapshot_is_gone(gallery: Gallery) -> None:
    filled(gallery, GROUP)
    snapshot = taken(gallery, GROUP)
    receipt = gallery.delete_snapshot(snapshot)
    assert (receipt.what, receipt.subject, receipt.kind) == ("snapshot", snapshot, GROUP)
    assert (receipt.persons, receipt.faces, receipt.keys) == (5, 5, 5)
    for call in (
        lambda: gallery.snapshot(snapshot),
        lambda: gallery.apply_snapshot(snapshot, "copy"),
        lambda: gallery.delete_snapshot(snapshot),
        lambda: gallery.update_snapshot(snapshot, user_data="x"),
    ):
        with pytest.raises(NoSuchSnapshotError):
            call()
    assert len(gallery.persons(GROUP, "c")) == 5


def test_a_snapshot_expires(
    gallery: Gallery, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(gallery, LIST, 2)
    snapshot = taken(gallery, LIST)
    at = time.time() + LIFE_S + 1
    monkeypatch.setattr("time.time_ns", lambda: int(at * 1e9))
    with pytest.raises(NoSuchSnapshotError, match="expired"):
        gallery.snapshot(snapshot)
    assert gallery.snapshots() == []
    storage.sweep()
    (receipt,) = gallery.receipts()
    assert (receipt.what, receipt.subject, receipt.faces) == ("snapshot", snapshot, 2)


def test_a_snapshot_can_be_changed(gallery: Gallery) -> None:
    filled(gallery, LIST, 1)
    snapshot = taken(gallery, LIST)
    made = gallery.snapshot(snapshot)
    gallery.update_snapshot(snapshot, user_data="new")
    gallery.update_snapshot(snapshot, apply_scope=["a", "b"])
    found = gallery.snapshot(snapshot)
    assert (found.user_data, found.apply_scope) == ("new", ("a", "b"))
    assert found.updated > made.updated
    assert found.created == made.created


def test_a_snapshot_is_not_applied_over_what_is_there(gallery: Gallery) -> None:
    filled(gallery, LIST, 1)
    snapshot = taken(gallery, LIST)
    with pytest.raises(ExistsError):
        gallery.apply_snapshot(snapshot, "c")
    with pytest.raises(NoSuchCollectionError):
        gallery.take_snapshot(LIST, "other", apply_scope=[])


def test_a_plan_bounds_what_is_applied(storage: Storage, account: str) -> None:
    with Trainer(storage) as trainer:
        gallery = Gallery(storage, account, trainer, limits=Limits(large_face_lists=1))
        filled(gallery, LIST, 1)
        with pytest.raises(LimitReachedError):
            gallery.apply_snapshot(taken(gallery, LIST), "copy")


def interrupted(
    monkeypatch: pytest.MonkeyPatch,
    gallery: Gallery,
    during: Callable[[], object],
    kind: Kind = LIST,
) -> Operation:
    """Take a snapshot of "c", with something happening after the first step; how it ended."""
    truly = copying._steps
    done: list[object] = []

    def steps(*arguments: object) -> None:
        truly(*arguments)  # type: ignore[arg-type]
        if not done:
            done.append(during())

    monkeypatch.setattr(copying, "_steps", steps)
    operation = wait(gallery, gallery.take_snapshot(kind, "c", apply_scope=[gallery._account]))
    assert done
    monkeypatch.setattr(copying, "_steps", truly)
    return operation


def test_a_copy_of_what_is_deleted_meanwhile_fails(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(gallery, LIST, 3)
    done = interrupted(monkeypatch, gallery, lambda: gallery.delete(LIST, "c"))
    assert done.status is State.FAILED
    assert done.message == "what was being copied has been deleted"
    assert gallery.snapshots() == []


def test_who_is_deleted_while_a_snapshot_is_taken_is_not_in_it(
    gallery: Gallery, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_ = filled(gallery, LIST, 3)
    done = interrupted(monkeypatch, gallery, lambda: gallery.delete_face(LIST, "c", first))
    assert done.snapshot is not None
    wait(gallery, gallery.apply_snapshot(done.snapshot, "copy"))
    assert len(embeddings(storage, gallery, LIST, "copy")) == 2


def test_who_is_added_while_a_snapshot_is_taken_is_not_in_it(
    gallery: Gallery, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Persons are copied before faces: a face of a person who came between is left out."""
    filled(gallery, GROUP, 3)

    def add() -> None:
        late = gallery.add_person(GROUP, "c", name="late")
        gallery.add_face(GROUP, "c", template(9), person=late)

    done = interrupted(monkeypatch, gallery, add, GROUP)
    assert done.snapshot is not None, done.message
    wait(gallery, gallery.apply_snapshot(done.snapshot, "copy"))
    assert len(embeddings(storage, gallery, GROUP, "copy")) == 3
    assert [row.name for row in gallery.persons(GROUP, "copy")].count("late") == 0


def test_a_copy_is_stopped_when_the_storage_is_closed(place: Place) -> None:
    with place.open() as storage, Trainer(storage) as trainer:
        account = storage.accounts.create("a").id
        gallery = Gallery(storage, account, trainer)
        filled(gallery, LIST, 3)
        storage._closing.set()
        done = wait(gallery, gallery.take_snapshot(LIST, "c", apply_scope=[]))
        assert (done.status, done.message) == (State.FAILED, copying.DIED)


def test_a_copy_whose_id_is_taken_meanwhile_fails(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(gallery, LIST, 1)
    snapshot = taken(gallery, LIST)
    truly = copying._steps

    def steps(*arguments: object) -> None:
        truly(*arguments)  # type: ignore[arg-type]
        if not any(row.id == "copy" for row in gallery.list(LIST)):
            gallery.create(LIST, "copy", name="quicker")

    monkeypatch.setattr(copying, "_steps", steps)
    done = wait(gallery, gallery.apply_snapshot(snapshot, "copy"))
    assert (done.status, done.message) == (State.FAILED, "there is a LargeFaceList copy already")
    assert gallery.get(LIST, "copy").name == "quicker"
    assert gallery.faces(LIST, "copy") == []


def test_a_copy_that_died_is_failed_and_removed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    with place.open() as storage, Trainer(storage) as trainer:
        account = storage.accounts.create("a").id
        gallery = Gallery(storage, account, trainer)
        filled(gallery, LIST, 3)
        monkeypatch.setattr(Storage, "copy_in_background", lambda *_: None)  # as if killed
        operation = gallery.take_snapshot(LIST, "c", apply_scope=[account])
        assert gallery.operation(operation.id).status is State.RUNNING
        later = time.time_ns() + int((STALE_S + 1) * 1e9)
        monkeypatch.setattr("time.time_ns", lambda: later)
    with place.open() as storage, Trainer(storage) as trainer:
        gallery = Gallery(storage, account, trainer)
        found = gallery.operation(operation.id)
        assert found.status is State.FAILED
        assert found.message is not None
        assert "start it again" in found.message
        assert gallery.snapshots() == []
        assert len(gallery.faces(LIST, "c")) == 3
        assert {row.what for row in gallery.receipts()} == {"snapshot"}
