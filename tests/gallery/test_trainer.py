"""Training in the background: its state, what it serves, what a restart finds."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.errors import (
    NoSuchCollectionError,
    NotTrainedError,
    TrainingRunningError,
)
from mien.gallery import Gallery, Kind, State, Template
from mien.gallery import trainer as trainer_module
from mien.gallery.persons import Persons
from mien.gallery.trainer import STOPPED, Trainer
from mien.storage import Storage
from mien.storage import collections as collections_module
from tests.stores import template

Array = NDArray[Any]
GROUP = Kind.PERSON_GROUP
WAIT_S = 30.0


@pytest.fixture
def trainer(storage: Storage) -> Iterator[Trainer]:
    with Trainer(storage) as running:
        yield running


@pytest.fixture
def gallery(storage: Storage, account: str, trainer: Trainer) -> Gallery:
    """A gallery with an empty group."""
    gallery = Gallery(storage, account, trainer)
    gallery.create(GROUP, "crew", name="Crew")
    return gallery


def trained(gallery: Gallery, kind: Kind = GROUP, id: str = "crew") -> State:
    """Train and wait until it is over."""
    gallery.train(kind, id)
    return over(gallery, kind, id)


def over(gallery: Gallery, kind: Kind = GROUP, id: str = "crew") -> State:
    """The state in which a training ends."""
    end = time.monotonic() + WAIT_S
    while (state := gallery.training(kind, id).status) is State.RUNNING:
        assert time.monotonic() < end, "the training does not end"
        time.sleep(0.01)
    return state


def enrol(gallery: Gallery, *seeds: int) -> str:
    """A person with faces."""
    person = gallery.add_person(GROUP, "crew", name=str(seeds[0]))
    for seed in seeds:
        gallery.add_face(GROUP, "crew", template(seed), person=person)
    return person


def named(gallery: Gallery, seed: int) -> str | None:
    """Whom a face is taken for."""
    (face_id,) = gallery.remember([template(seed)], 60)
    (found,) = gallery.identify([face_id], GROUP, "crew")
    return found[0].id if found else None


class Slow:
    """Stands in for `Persons`, and waits until it may go on."""

    def __init__(self) -> None:
        self.begun, self.may_go_on = threading.Event(), threading.Event()

    def __call__(self, *args: Any, **options: Any) -> Persons:
        self.begun.set()
        assert self.may_go_on.wait(WAIT_S)
        return Persons(*args, **options)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    """From when this is asked to begin, indexes are built only as fast as it says."""
    held = Slow()
    yield held
    held.may_go_on.set()


def test_a_group_is_searched_only_once_it_is_trained(gallery: Gallery) -> None:
    ada = enrol(gallery, 1, 2)
    with pytest.raises(NotTrainedError, match="train it first") as refused:
        named(gallery, 1)
    assert (refused.value.kind, refused.value.what) == (GROUP, "crew")
    with pytest.raises(NotTrainedError):
        gallery.training(GROUP, "crew")
    assert trained(gallery) is State.SUCCEEDED
    assert named(gallery, 1) == ada
    assert named(gallery, 3) is None


def test_its_times_are_true(gallery: Gallery) -> None:
    assert trained(gallery) is State.SUCCEEDED
    first = gallery.training(GROUP, "crew")
    assert first.last_action is not None
    assert first.created <= first.last_action
    assert first.last_success == first.last_action
    assert first.message is None
    time.sleep(0.01)
    trained(gallery)
    second = gallery.training(GROUP, "crew")
    assert second.created > first.last_action


def test_faces_added_after_training_are_found_after_the_next(gallery: Gallery) -> None:
    enrol(gallery, 1)
    trained(gallery)
    bea = enrol(gallery, 2)
    assert named(gallery, 2) is None
    trained(gallery)
    assert named(gallery, 2) == bea


def test_deleted_faces_are_gone_at_once(gallery: Gallery) -> None:
    ada, bea = enrol(gallery, 1, 2), enrol(gallery, 3)
    trained(gallery)
    assert named(gallery, 1) == ada
    face = gallery.person(GROUP, "crew", ada).face_ids[0]
    gallery.delete_face(GROUP, "crew", face, person=ada)
    assert named(gallery, 1) is None
    assert named(gallery, 2) == ada
    gallery.delete_person(GROUP, "crew", bea)
    assert named(gallery, 3) is None


def test_what_another_process_deletes_is_gone_too(gallery: Gallery, storage: Storage) -> None:
    """The other one tells this trainer nothing."""
    ada = enrol(gallery, 1)
    trained(gallery)
    assert named(gallery, 1) == ada
    storage.deletion.person(gallery._account, GROUP, "crew", ada)
    assert named(gallery, 1) is None


def test_what_another_process_trains_is_served(
    gallery: Gallery, storage: Storage, account: str
) -> None:
    enrol(gallery, 1)
    trained(gallery)
    assert named(gallery, 2) is None
    bea = enrol(gallery, 2)
    with Trainer(storage) as other:
        trained(Gallery(storage, account, other))
    assert named(gallery, 2) == bea


def test_nothing_is_searched_or_changed_while_it_is_trained(
    gallery: Gallery, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = enrol(gallery, 1)
    trained(gallery)
    monkeypatch.setattr(trainer_module, "Persons", slow)
    gallery.train(GROUP, "crew")
    assert gallery.training(GROUP, "crew").status is State.RUNNING
    for refused in (
        lambda: named(gallery, 1),
        lambda: gallery.train(GROUP, "crew"),
        lambda: enrol(gallery, 2),
        lambda: gallery.delete(GROUP, "crew"),
    ):
        with pytest.raises(TrainingRunningError):
            refused()
    slow.may_go_on.set()
    assert over(gallery) is State.SUCCEEDED
    assert named(gallery, 1) == ada


def test_a_policy_serves_the_old_index_meanwhile(
    storage: Storage, account: str, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Trainer(storage, search_while_training=True) as trainer:
        gallery = Gallery(storage, account, trainer)
        gallery.create(GROUP, "crew", name="Crew")
        monkeypatch.setattr(trainer_module, "Persons", slow)
        gallery.train(GROUP, "crew")
        with pytest.raises(TrainingRunningError):
            named(gallery, 1)  # there is no old one
        slow.may_go_on.set()
        over(gallery)
        ada = enrol(gallery, 1)
        trained(gallery)
        bea = enrol(gallery, 2)
        slow.may_go_on.clear()
        gallery.train(GROUP, "crew")
        assert named(gallery, 1) == ada
        assert named(gallery, 2) is None
        slow.may_go_on.set()
        over(gallery)
        assert named(gallery, 2) == bea


def test_a_small_group_does_not_wait_for_a_large_one(
    gallery: Gallery, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery.create(GROUP, "small", name="Small")
    monkeypatch.setattr(trainer_module, "Persons", slow)
    gallery.train(GROUP, "crew")
    assert slow.begun.wait(WAIT_S)
    monkeypatch.setattr(trainer_module, "Persons", Persons)
    assert trained(gallery, GROUP, "small") is State.SUCCEEDED
    assert gallery.training(GROUP, "crew").status is State.RUNNING


def test_a_training_that_fails_says_why_and_the_old_index_stays(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ada = enrol(gallery, 1)
    trained(gallery)
    success = gallery.training(GROUP, "crew").last_success
    enrol(gallery, 2)

    def broken(*_: Any, **__: Any) -> Persons:
        raise MemoryError("no room for the index")

    with monkeypatch.context() as patch:
        patch.setattr(trainer_module, "Persons", broken)
        assert trained(gallery) is State.FAILED
    found = gallery.training(GROUP, "crew")
    assert found.message == "it could not be trained: no room for the index"
    assert found.last_success == success
    assert named(gallery, 1) == ada
    assert named(gallery, 2) is None
    caplog.clear()  # the failure is in the log, as it should be


def test_closing_stops_what_runs_and_what_waits(
    storage: Storage, account: str, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = Trainer(storage)
    gallery = Gallery(storage, account, trainer)
    names = ("first", "second", "third")
    for name in names:
        gallery.create(GROUP, name, name=name)
        person = gallery.add_person(GROUP, name, name="Ada")
        gallery.add_face(GROUP, name, template(1), person=person)
    monkeypatch.setattr(trainer_module, "Persons", slow)
    for name in names:
        gallery.train(GROUP, name)
    threading.Timer(0.1, slow.may_go_on.set).start()
    trainer.close()
    for name in names:
        found = gallery.training(GROUP, name)
        assert found.status is State.FAILED
        assert found.message == STOPPED
    gallery.train(GROUP, "first")
    assert gallery.training(GROUP, "first").status is State.FAILED


def test_a_training_that_died_is_told_as_failed(
    storage: Storage, gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was killed gives no more signs of life; what was trained before is served."""
    ada = enrol(gallery, 1)
    trained(gallery)
    enrol(gallery, 2)
    row = storage.collections.find(gallery._account, GROUP, "crew")
    storage.trainings.begin(row.pk)  # and then nothing
    assert gallery.training(GROUP, "crew").status is State.RUNNING
    monkeypatch.setattr(collections_module, "STALE_S", 0.0)
    found = gallery.training(GROUP, "crew")
    assert found.status is State.FAILED
    assert "train it again" in (found.message or "")
    assert named(gallery, 1) == ada
    assert named(gallery, 2) is None
    monkeypatch.undo()
    with pytest.raises(TrainingRunningError):
        named(gallery, 1)


def test_a_training_that_waits_gives_signs_of_life(
    gallery: Gallery, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer_module, "BEAT_S", 0.05)
    monkeypatch.setattr(trainer_module, "Persons", slow)
    names = ["crew", "second", "third"]
    for name in names[1:]:
        gallery.create(GROUP, name, name=name)
    for name in names:
        gallery.train(GROUP, name)  # the third waits for one of the others
    monkeypatch.setattr(collections_module, "STALE_S", 1.0)
    time.sleep(1.5)
    for name in names:
        assert gallery.training(GROUP, name).status is State.RUNNING
    slow.may_go_on.set()
    assert [over(gallery, GROUP, name) for name in names] == [State.SUCCEEDED] * 3


def test_after_a_restart_it_is_as_before(storage: Storage, account: str) -> None:
    with Trainer(storage) as trainer:
        gallery = Gallery(storage, account, trainer)
        gallery.create(GROUP, "crew", name="Crew")
        ada = enrol(gallery, 1, 2)
        gone = enrol(gallery, 3)
        trained(gallery)
        enrol(gallery, 4)
        gallery.delete_person(GROUP, "crew", gone)
        before = gallery.training(GROUP, "crew")
    with Trainer(storage) as trainer:
        gallery = Gallery(storage, account, trainer)
        assert gallery.training(GROUP, "crew") == before
        assert [named(gallery, seed) for seed in (1, 3, 4)] == [ada, None, None]


def test_collections_are_loaded_in_the_background_at_start(
    gallery: Gallery, storage: Storage
) -> None:
    enrol(gallery, 1)
    trained(gallery)
    row = storage.collections.find(gallery._account, GROUP, "crew")
    fresh = Trainer(storage)
    assert not fresh._ready
    with fresh:
        end = time.monotonic() + WAIT_S
        while row.pk not in fresh._ready:
            assert time.monotonic() < end
            time.sleep(0.01)


def test_what_was_not_searched_for_the_longest_time_leaves_memory_first(
    storage: Storage, account: str
) -> None:
    with Trainer(storage, memory_bytes=1) as trainer:
        gallery = Gallery(storage, account, trainer)
        people = {}
        for name, seed in (("one", 1), ("two", 2)):
            gallery.create(GROUP, name, name=name)
            people[name] = gallery.add_person(GROUP, name, name=name)
            gallery.add_face(GROUP, name, template(seed), person=people[name])
            trained(gallery, GROUP, name)
        assert len(trainer._ready) == 1
        for name, seed in (("one", 1), ("two", 2), ("one", 1)):
            (face_id,) = gallery.remember([template(seed)], 60)
            (found,) = gallery.identify([face_id], GROUP, name)
            assert [each.id for each in found] == [people[name]]
            assert len(trainer._ready) == 1


def test_a_collection_that_is_deleted_leaves_memory(gallery: Gallery, trainer: Trainer) -> None:
    enrol(gallery, 1)
    trained(gallery)
    assert named(gallery, 1)
    assert trainer._ready
    gallery.delete(GROUP, "crew")
    assert not trainer._ready
    with pytest.raises(NoSuchCollectionError):
        named(gallery, 1)


def test_an_empty_group_is_trained_and_knows_nobody(gallery: Gallery) -> None:
    assert trained(gallery) is State.SUCCEEDED
    assert named(gallery, 1) is None


def test_searches_while_it_is_trained_again_and_again(storage: Storage, account: str) -> None:
    """Four threads search while the group grows and is trained: Ada is found at every moment."""
    with Trainer(storage, search_while_training=True) as trainer:
        gallery = Gallery(storage, account, trainer)
        gallery.create(GROUP, "crew", name="Crew")
        ada = enrol(gallery, 1, 2)
        trained(gallery)
        (face_id,) = gallery.remember([template(1)], 60)
        found: list[Any] = []
        stop = threading.Event()

        def search() -> None:
            while not stop.is_set():
                found.append(gallery.identify([face_id], GROUP, "crew")[0])

        threads = [threading.Thread(target=search) for _ in range(4)]
        for thread in threads:
            thread.start()
        for seed in range(10, 15):
            enrol(gallery, seed)
            assert trained(gallery) is State.SUCCEEDED
        stop.set()
        for thread in threads:
            thread.join()
        assert len(found) > 20
        assert all([each.id for each in some] == [ada] for some in found)
        assert named(gallery, 14) is not None


def test_a_template_is_in_no_file(storage: Storage, gallery: Gallery, place: Any) -> None:
    """Index and training leave nothing on disk."""
    some = template(77)
    person = gallery.add_person(GROUP, "crew", name="Ada")
    gallery.add_face(GROUP, "crew", Template(some.embedding, 1.0, "recognition_01"), person=person)
    trained(gallery)
    assert named(gallery, 77) == person
    assert not place.holds(np.asarray(some.embedding).tobytes())
