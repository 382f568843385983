from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from mien.describe.embedding import confidence
from mien.errors import (
    GalleryError,
    IncompatibleModelsError,
    LimitReachedError,
    NoSuchCollectionError,
    NoSuchPersonError,
    NoSuchStoredFaceError,
)
from mien.gallery import Gallery, Kind, Limits, NamedGalleries, Template
from mien.gallery.trainer import Trainer
from mien.storage import Storage
from tests.stores import Place, template


@pytest.fixture
def trainer(storage: Storage) -> Iterator[Trainer]:
    with Trainer(storage) as made:
        yield made


@pytest.fixture
def galleries(storage: Storage, account: str, trainer: Trainer) -> NamedGalleries:
    return NamedGalleries(storage, account, trainer)


def near(one: Template, apart: float) -> Template:
    """A template at this distance from another."""
    step = np.zeros(128, np.float32)
    step[7] = apart
    return replace(one, embedding=one.embedding + step)


def test_a_gallery_begins_with_a_face_and_ends_with_the_last(galleries: NamedGalleries) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    assert galleries.galleries() == []
    (anna,) = galleries.enrol("My Gallery!", "Anna", [template(1)])
    (berta,) = galleries.enrol("My Gallery!", "Berta", [template(2)])
    (again,) = galleries.enrol("My Gallery!", "Anna", [template(3)])
    assert galleries.galleries() == ["My Gallery!"]
    galleries.check("My Gallery!", "Anna")
    assert galleries.subjects("My Gallery!") == ["Anna", "Berta"]
    assert galleries.faces("My Gallery!", "Anna") == [anna, again]
    assert before < anna.enrolled <= again.enrolled <= datetime.now(UTC)
    assert {len(each.id) for each in (anna, berta, again)} == {20}
    assert all(set(each.id) <= set("0123456789abcdef") for each in (anna, berta, again))
    (receipt,) = galleries.remove_subject("My Gallery!", "Berta")
    assert (receipt.what, receipt.kind, receipt.persons, receipt.faces, receipt.keys) == (
        *("person", Kind.GALLERY, 1, 1, 1),
    )
    assert galleries.subjects("My Gallery!") == ["Anna"]
    (receipt,) = galleries.remove_subject("My Gallery!", "Anna", anna.id)
    assert (receipt.what, receipt.subject, receipt.faces, receipt.keys) == ("face", anna.id, 1, 0)
    assert galleries.faces("My Gallery!", "Anna") == [again]
    person, gallery = galleries.remove_subject("My Gallery!", "Anna", again.id)
    assert (person.what, person.persons, person.faces, person.keys) == ("person", 1, 1, 1)
    assert (gallery.what, gallery.collection) == ("collection", "My Gallery!")
    assert galleries.galleries() == []


@pytest.mark.parametrize("name", ["a", "MyGallery", "Größe / 日本 ?#%", "x" * 256, "..", " "])
def test_any_name_will_do(galleries: NamedGalleries, name: str) -> None:
    galleries.enrol(name, name, [template(1)])
    assert galleries.galleries() == galleries.subjects(name) == [name]
    assert galleries.verify(template(1), name, name) == 1
    galleries.remove(name)
    assert galleries.galleries() == []


def test_names_are_told_apart_by_case(galleries: NamedGalleries) -> None:
    galleries.enrol("g", "anna", [template(1)])
    galleries.enrol("g", "Anna", [template(2)])
    galleries.enrol("G", "anna", [template(3)])
    assert galleries.galleries() == ["G", "g"]
    assert galleries.subjects("g") == ["anna", "Anna"]


def test_all_galleries_are_listed_however_many(
    galleries: NamedGalleries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mien.gallery.named.PAGE", 2)
    for name in "dbac":
        galleries.enrol(name, "s", [template(1)])
    assert galleries.galleries() == ["a", "b", "c", "d"]


def test_a_subject_is_verified_by_the_faces_it_has(galleries: NamedGalleries) -> None:
    one = template(1)
    galleries.enrol("g", "s", [one])
    assert galleries.verify(near(one, 0.4848), "g", "s") == pytest.approx(0.6, abs=1e-3)
    far = near(one, 0.8)
    assert galleries.verify(far, "g", "s") == pytest.approx(float(confidence(0.8)), abs=1e-5)
    galleries.enrol("g", "s", [far])
    assert galleries.verify(far, "g", "s") == 1


def test_whoever_was_enrolled_is_recognized_at_once(galleries: NamedGalleries) -> None:
    one, other = template(1), template(2)
    galleries.enrol("g", "one", [one])
    (found,) = galleries.recognize([near(one, 0.3)], "g", threshold=0.6, top=10)
    (first,) = galleries.faces("g", "one")
    assert [(each.subject, each.enrolled) for each in found] == [("one", first.enrolled)]
    assert found[0].confidence == pytest.approx(float(confidence(0.3)), abs=1e-6)
    assert galleries.recognize([other], "g", threshold=0.6, top=10) == [[]]
    galleries.enrol("g", "other", [other])
    many = galleries.recognize([one, other], "g", threshold=0.6, top=10)
    assert [[each.subject for each in line] for line in many] == [["one"], ["other"]]
    galleries.remove_subject("g", "one")
    many = galleries.recognize([one, other], "g", threshold=0.6, top=10)
    assert [[each.subject for each in line] for line in many] == [[], ["other"]]
    galleries.remove("g")
    galleries.enrol("g", "third", [template(3)])
    assert galleries.recognize([one, other], "g", threshold=0.6, top=10) == [[], []]
    assert galleries.recognize([], "g", threshold=0.6, top=10) == []


def test_threshold_and_number_bound_the_candidates(galleries: NamedGalleries) -> None:
    one = template(1)
    for place in range(5):
        galleries.enrol("g", f"s{place}", [near(one, 0.1 * place)])

    def found(threshold: float, top: int) -> list[str]:
        (line,) = galleries.recognize([one], "g", threshold=threshold, top=top)
        return [each.subject for each in line]

    assert found(0.6, 10) == ["s0", "s1", "s2", "s3", "s4"]
    assert found(0.6, 2) == ["s0", "s1"]
    assert found(0.85, 10) == ["s0", "s1", "s2"]
    assert found(0, 3) == ["s0", "s1", "s2"]


def test_several_faces_of_one_picture_are_all_enrolled_or_none(
    storage: Storage, account: str, trainer: Trainer
) -> None:
    limited = NamedGalleries(storage, account, trainer, limits=Limits(faces_per_person=2))
    with pytest.raises(LimitReachedError, match="2 faces"):
        limited.enrol("g", "s", [template(1), template(2), template(3)])
    assert limited.galleries() == []
    assert len(limited.enrol("g", "s", [template(1), template(2)])) == 2
    with pytest.raises(LimitReachedError, match="2 faces"):
        limited.enrol("g", "s", [template(3)])
    assert len(limited.faces("g", "s")) == 2


def test_a_plan_bounds_galleries_and_subjects(
    storage: Storage, account: str, trainer: Trainer
) -> None:
    limited = NamedGalleries(
        storage, account, trainer, limits=Limits(galleries=1, subjects_per_gallery=1)
    )
    limited.enrol("g", "s", [template(1)])
    limited.enrol("g", "s", [template(2)])
    for gallery, subject in (("g", "t"), ("h", "s")):
        with pytest.raises(LimitReachedError, match="the plan allows 1"):
            limited.enrol(gallery, subject, [template(3)])
    assert (limited.galleries(), limited.subjects("g")) == (["g"], ["s"])


def test_what_is_not_there(galleries: NamedGalleries) -> None:
    (face,) = galleries.enrol("g", "s", [template(1)])
    for call in (
        lambda: galleries.check("h"),
        lambda: galleries.subjects("h"),
        lambda: galleries.faces("h", "s"),
        lambda: galleries.remove("h"),
        lambda: galleries.remove_subject("h", "s"),
        lambda: galleries.verify(template(1), "h", "s"),
        lambda: galleries.recognize([template(1)], "h", threshold=0, top=1),
    ):
        with pytest.raises(NoSuchCollectionError):
            call()
    for call in (
        lambda: galleries.check("g", "t"),
        lambda: galleries.faces("g", "t"),
        lambda: galleries.remove_subject("g", "t"),
        lambda: galleries.remove_subject("g", "t", face.id),
        lambda: galleries.verify(template(1), "g", "t"),
    ):
        with pytest.raises(NoSuchPersonError):
            call()
    galleries.enrol("g", "t", [template(2)])
    with pytest.raises(NoSuchStoredFaceError):  # it is another subject's
        galleries.remove_subject("g", "t", face.id)
    assert galleries.subjects("g") == ["s", "t"]


def test_faces_of_another_model_are_refused(galleries: NamedGalleries) -> None:
    other = template(1, model="recognition_02")
    galleries.enrol("g", "s", [template(1)])
    for call in (
        lambda: galleries.enrol("g", "s", [other]),
        lambda: galleries.enrol("g", "t", [template(2), other]),
        lambda: galleries.verify(other, "g", "s"),
        lambda: galleries.recognize([other], "g", threshold=0, top=1),
    ):
        with pytest.raises(IncompatibleModelsError):
            call()
    assert galleries.subjects("g") == ["s"]


def test_a_gallery_and_a_group_of_one_name_are_two(
    galleries: NamedGalleries, storage: Storage, account: str, trainer: Trainer
) -> None:
    groups = Gallery(storage, account, trainer)
    groups.create(Kind.PERSON_GROUP, "same", name="n")
    galleries.enrol("same", "s", [template(1)])
    galleries.remove("same")
    assert groups.get(Kind.PERSON_GROUP, "same").name == "n"
    assert groups.receipts()[0].kind is Kind.GALLERY


def test_another_account_sees_nothing(
    galleries: NamedGalleries, storage: Storage, trainer: Trainer
) -> None:
    galleries.enrol("g", "s", [template(1)])
    other = NamedGalleries(storage, storage.accounts.create("other").id, trainer)
    assert other.galleries() == []
    with pytest.raises(NoSuchCollectionError):
        other.subjects("g")
    other.enrol("g", "s", [template(2)])
    other.remove("g")
    assert galleries.verify(template(1), "g", "s") == 1


def test_what_is_removed_cannot_be_opened_again(sqlite_place: Place) -> None:
    with sqlite_place.open() as storage, Trainer(storage) as trainer:
        galleries = NamedGalleries(storage, storage.accounts.create("a").id, trainer)
        galleries.enrol("g", "s", [template(1)])
        galleries.enrol("g", "t", [template(2)])
        keys = {row[0] for row in storage._keyring._connection.execute("SELECT number FROM keys")}
        galleries.remove_subject("g", "s")
        left = {row[0] for row in storage._keyring._connection.execute("SELECT number FROM keys")}
        assert len(keys - left) == 1
        galleries.remove_subject("g", "t")
        left = {row[0] for row in storage._keyring._connection.execute("SELECT number FROM keys")}
        assert len(keys - left) == 2


def test_many_threads_enrol_and_remove_one_gallery(galleries: NamedGalleries) -> None:
    """No call sees a gallery without subjects or a subject without faces, and none is lost."""
    failed: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for seed in range(8):
                galleries.enrol("g", name, [template(seed)])
                assert galleries.faces("g", name)
                galleries.remove_subject("g", name)
        except (AssertionError, GalleryError) as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert galleries.galleries() == []
