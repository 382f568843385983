"""One account sees nothing of another: every method of the gallery is tried from outside."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from mien.errors import (
    NoSuchCollectionError,
    NoSuchFaceError,
    NoSuchOperationError,
    NoSuchReceiptError,
    NoSuchSnapshotError,
    NotFoundError,
)
from mien.gallery import Gallery, Kind, Operation, State
from mien.gallery.trainer import Trainer
from mien.storage import Storage
from tests.stores import template

GROUP, LIST = Kind.PERSON_GROUP, Kind.FACE_LIST


@dataclass(frozen=True)
class Owned:
    """What the first account has; the second is to find none of it."""

    person: str
    face: str
    listed: str
    face_id: str
    snapshot: str
    operation: str
    receipt: str


@dataclass(frozen=True)
class Both:
    owner: Gallery
    stranger: Gallery
    stranger_id: str
    mine: Owned


def wait(gallery: Gallery, operation: Operation) -> Operation:
    """The operation once it is over."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        now = gallery.operation(operation.id)
        if now.status is not State.RUNNING:
            return now
        time.sleep(0.02)
    raise AssertionError("the operation is not over")


def train(gallery: Gallery) -> None:
    gallery.train(GROUP, "g")
    until = time.monotonic() + 60
    while gallery.training(GROUP, "g").status is not State.SUCCEEDED:
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture
def both(storage: Storage, account: str) -> Iterator[Both]:
    other = storage.accounts.create("second").id
    with Trainer(storage) as trainer:
        owner = Gallery(storage, account, trainer)
        owner.create(GROUP, "g", name="mine")
        owner.create(LIST, "l", name="mine")
        gone = owner.add_person(GROUP, "g", name="gone")
        person = owner.add_person(GROUP, "g", name="mine")
        operation = wait(owner, owner.take_snapshot(GROUP, "g", apply_scope=[account]))
        assert operation.snapshot is not None
        mine = Owned(
            person=person,
            face=owner.add_face(GROUP, "g", template(1), person=person),
            listed=owner.add_face(LIST, "l", template(1)),
            face_id=owner.remember([template(1)], 3600)[0],
            snapshot=operation.snapshot,
            operation=operation.id,
            receipt=owner.delete_person(GROUP, "g", gone).id,
        )
        train(owner)
        yield Both(owner, Gallery(storage, other, trainer), other, mine)


Call = Callable[[Gallery, Owned], Any]
NOTHING: dict[str, Call] = {  # what the stranger is to find empty
    "list": lambda g, m: g.list(GROUP),
    "snapshots": lambda g, m: g.snapshots(),
    "receipts": lambda g, m: g.receipts(),
}
REFUSED: dict[str, tuple[Call, type[NotFoundError]]] = {
    "recall": (lambda g, m: g.recall([m.face_id]), NoSuchFaceError),
    "get": (lambda g, m: g.get(GROUP, "g"), NoSuchCollectionError),
    "update": (lambda g, m: g.update(GROUP, "g", name="x"), NoSuchCollectionError),
    "delete": (lambda g, m: g.delete(GROUP, "g"), NoSuchCollectionError),
    "add_person": (lambda g, m: g.add_person(GROUP, "g", name="x"), NoSuchCollectionError),
    "person": (lambda g, m: g.person(GROUP, "g", m.person), NoSuchCollectionError),
    "update_person": (
        lambda g, m: g.update_person(GROUP, "g", m.person, name="x"),
        NoSuchCollectionError,
    ),
    "delete_person": (lambda g, m: g.delete_person(GROUP, "g", m.person), NoSuchCollectionError),
    "persons": (lambda g, m: g.persons(GROUP, "g"), NoSuchCollectionError),
    "add_face": (
        lambda g, m: g.add_face(GROUP, "g", template(2), person=m.person),
        NoSuchCollectionError,
    ),
    "face": (lambda g, m: g.face(GROUP, "g", m.face, person=m.person), NoSuchCollectionError),
    "update_face": (
        lambda g, m: g.update_face(GROUP, "g", m.face, person=m.person, user_data="x"),
        NoSuchCollectionError,
    ),
    "delete_face": (
        lambda g, m: g.delete_face(GROUP, "g", m.face, person=m.person),
        NoSuchCollectionError,
    ),
    "faces": (lambda g, m: g.faces(LIST, "l"), NoSuchCollectionError),
    "train": (lambda g, m: g.train(GROUP, "g"), NoSuchCollectionError),
    "training": (lambda g, m: g.training(GROUP, "g"), NoSuchCollectionError),
    "verify": (lambda g, m: g.verify(_own(g), m.face_id), NoSuchFaceError),
    "verify_person": (
        lambda g, m: g.verify_person(_own(g), GROUP, "g", m.person),
        NoSuchCollectionError,
    ),
    "identify": (lambda g, m: g.identify([_own(g)], GROUP, "g"), NoSuchCollectionError),
    "similar": (
        lambda g, m: g.similar(_own(g), collection=(LIST, "l")),
        NoSuchCollectionError,
    ),
    "group": (lambda g, m: g.group([_own(g), m.face_id]), NoSuchFaceError),
    "take_snapshot": (
        lambda g, m: g.take_snapshot(GROUP, "g", apply_scope=["x"]),
        NoSuchCollectionError,
    ),
    "snapshot": (lambda g, m: g.snapshot(m.snapshot), NoSuchSnapshotError),
    "update_snapshot": (
        lambda g, m: g.update_snapshot(m.snapshot, user_data="x"),
        NoSuchSnapshotError,
    ),
    "delete_snapshot": (lambda g, m: g.delete_snapshot(m.snapshot), NoSuchSnapshotError),
    "apply_snapshot": (lambda g, m: g.apply_snapshot(m.snapshot, "x"), NoSuchSnapshotError),
    "operation": (lambda g, m: g.operation(m.operation), NoSuchOperationError),
    "receipt": (lambda g, m: g.receipt(m.receipt), NoSuchReceiptError),
}
OWN = {"create", "remember"}  # touch nothing that is there; tested by themselves below


def _own(gallery: Gallery) -> str:
    return gallery.remember([template(1)], 3600)[0]


def test_every_method_of_the_gallery_is_tried() -> None:
    methods = {name for name, _ in inspect.getmembers(Gallery, callable) if name[0] != "_"}
    assert methods == NOTHING.keys() | REFUSED.keys() | OWN


def state(both: Both) -> list[object]:
    """All that the first account has, as it sees it."""
    owner, mine = both.owner, both.mine
    return [
        owner.list(GROUP),
        owner.list(LIST),
        owner.persons(GROUP, "g"),
        owner.face(GROUP, "g", mine.face, person=mine.person),
        owner.faces(LIST, "l"),
        owner.training(GROUP, "g"),
        owner.snapshots(),
        owner.receipts(),
        owner.identify([mine.face_id], GROUP, "g"),
    ]


def test_no_method_reads_or_changes_anything_of_another_account(both: Both) -> None:
    before = state(both)
    for name, empty in NOTHING.items():
        assert list(empty(both.owner, both.mine)), name
        assert list(empty(both.stranger, both.mine)) == [], name
    for call, error in REFUSED.values():
        with pytest.raises(error):
            call(both.stranger, both.mine)
    assert state(both) == before


def test_the_owner_is_refused_none_of_it(both: Both) -> None:
    """The calls above are good ones: it is the account that makes them fail."""
    last = ("delete_face", "delete_person", "delete_snapshot", "take_snapshot", "delete")
    first = [name for name in REFUSED if name not in last]
    for name in (*first, *last):
        if name == "take_snapshot" or name.startswith("delete"):
            train_is_over(both.owner)
        REFUSED[name][0](both.owner, both.mine)
        if name == "train":
            train_is_over(both.owner)


def train_is_over(gallery: Gallery) -> None:
    until = time.monotonic() + 60
    while gallery.training(GROUP, "g").status is State.RUNNING:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_two_accounts_may_use_the_same_ids(both: Both) -> None:
    made = both.stranger.create(GROUP, "g", name="theirs")
    assert both.stranger.list(GROUP) == [made]
    assert both.owner.get(GROUP, "g").name == "mine"
    (face_id,) = both.stranger.remember([template(2)], 3600)
    with pytest.raises(NoSuchFaceError):
        both.owner.recall([face_id])
    both.stranger.delete(GROUP, "g")
    assert both.owner.get(GROUP, "g").name == "mine"
    with pytest.raises(NotFoundError):
        both.stranger.person(GROUP, "g", both.mine.person)


def test_a_person_is_not_reached_through_a_group_of_ones_own(both: Both) -> None:
    stranger, mine = both.stranger, both.mine
    stranger.create(GROUP, "g", name="theirs")
    stranger.create(LIST, "l", name="theirs")
    person = stranger.add_person(GROUP, "g", name="theirs")
    for call in (
        lambda: stranger.person(GROUP, "g", mine.person),
        lambda: stranger.delete_person(GROUP, "g", mine.person),
        lambda: stranger.add_face(GROUP, "g", template(1), person=mine.person),
        lambda: stranger.face(GROUP, "g", mine.face, person=person),
        lambda: stranger.delete_face(GROUP, "g", mine.face, person=person),
        lambda: stranger.delete_face(LIST, "l", mine.listed),
        lambda: stranger.verify_person(_own(stranger), GROUP, "g", mine.person),
    ):
        with pytest.raises(NotFoundError):
            call()


def test_a_search_gives_no_one_of_another_account(both: Both) -> None:
    """Both have the same face; each finds their own person only."""
    stranger = both.stranger
    stranger.create(GROUP, "g", name="theirs")
    person = stranger.add_person(GROUP, "g", name="theirs")
    stranger.add_face(GROUP, "g", template(1), person=person)
    train(stranger)
    ((found,),) = stranger.identify([_own(stranger)], GROUP, "g", candidates=10, threshold=0.0)
    assert found.id == person
    ((mine,),) = both.owner.identify([both.mine.face_id], GROUP, "g", candidates=10, threshold=0.0)
    assert mine.id == both.mine.person


def test_a_snapshot_is_seen_and_applied_by_whom_it_is_for_and_changed_by_its_owner(
    both: Both,
) -> None:
    both.owner.update_snapshot(both.mine.snapshot, apply_scope=[both.stranger_id])
    assert [row.id for row in both.stranger.snapshots()] == [both.mine.snapshot]
    assert both.stranger.snapshot(both.mine.snapshot).apply_scope == (both.stranger_id,)
    with pytest.raises(NoSuchSnapshotError):
        both.stranger.update_snapshot(both.mine.snapshot, user_data="x")
    with pytest.raises(NoSuchSnapshotError):
        both.stranger.delete_snapshot(both.mine.snapshot)
    over = wait(both.stranger, both.stranger.apply_snapshot(both.mine.snapshot, "copy"))
    assert over.applied == (GROUP, "copy")
    with pytest.raises(NoSuchOperationError):
        both.owner.operation(over.id)
    assert both.stranger.get(GROUP, "copy").name == "mine"
    with pytest.raises(NoSuchCollectionError):
        both.owner.get(GROUP, "copy")


@pytest.mark.parametrize("scope", ['x","{id}","', '"{id}"', "{id} ", "%", "_" * 36])
def test_nobody_is_let_in_by_a_scope_that_only_looks_like_them(both: Both, scope: str) -> None:
    both.owner.update_snapshot(
        both.mine.snapshot, apply_scope=[scope.replace("{id}", both.stranger_id)]
    )
    assert both.stranger.snapshots() == []
