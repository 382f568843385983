"""Verify, identify, find similar and group, on templates at known distances."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest

from mien.describe.embedding import MATCH_THRESHOLD, confidence
from mien.errors import (
    EmptyCollectionError,
    IncompatibleModelsError,
    NoSuchCollectionError,
    NoSuchFaceError,
    NoSuchPersonError,
    NoSuchStoredFaceError,
    NotTrainedError,
    UsageError,
)
from mien.gallery import Gallery, Kind, State, Template
from mien.gallery.thresholds import identify_threshold
from mien.gallery.trainer import Trainer
from mien.storage import Storage

GROUP, LIST, LARGE = Kind.PERSON_GROUP, Kind.FACE_LIST, Kind.LARGE_FACE_LIST
MISSING = "00000000-0000-0000-0000-000000000000"


def at(place: float, *, model: str = "recognition_01", quality: float = 0.5) -> Template:
    """A template at a place on a line: distances are differences of places."""
    vector = np.zeros(128, np.float32)
    vector[5] = place
    return Template(vector, quality, model)


@pytest.fixture
def gallery(storage: Storage, account: str) -> Iterator[Gallery]:
    with Trainer(storage) as trainer:
        yield Gallery(storage, account, trainer)


def face(gallery: Gallery, place: float, *, model: str = "recognition_01") -> str:
    """The faceId of a face at a place."""
    return gallery.remember([at(place, model=model)], 60)[0]


def person(gallery: Gallery, *places: float) -> str:
    """A person of the group, with faces."""
    number = gallery.add_person(GROUP, "crew", name="one")
    for place in places:
        gallery.add_face(GROUP, "crew", at(place), person=number)
    return number


def train(gallery: Gallery, kind: Kind, id: str) -> None:
    gallery.train(kind, id)
    end = time.monotonic() + 30
    while gallery.training(kind, id).status is State.RUNNING:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert gallery.training(kind, id).status is State.SUCCEEDED


@pytest.mark.parametrize(
    ("apart", "same"), [(0.0, True), (0.5, True), (0.53, True), (0.534, False), (1.2, False)]
)
def test_verify_has_the_confidence_of_the_distance(
    gallery: Gallery, apart: float, same: bool
) -> None:
    verdict = gallery.verify(face(gallery, 1.0), face(gallery, 1.0 + apart))
    assert verdict.is_same is same
    assert verdict.is_same is (verdict.confidence >= 0.5)
    assert verdict.confidence == pytest.approx(float(confidence(apart)), abs=1e-5)


def test_verify_refuses_what_it_cannot_compare(gallery: Gallery) -> None:
    one = face(gallery, 1.0)
    with pytest.raises(NoSuchFaceError) as missing:
        gallery.verify(one, MISSING)
    assert missing.value.what == MISSING
    with pytest.raises(IncompatibleModelsError, match="recognition_01 and recognition_04"):
        gallery.verify(one, face(gallery, 1.0, model="recognition_04"))


def test_verify_person_takes_the_mean_where_it_is_nearer(gallery: Gallery) -> None:
    gallery.create(GROUP, "crew", name="Crew")
    both = person(gallery, 0.6, 1.4)  # neither is near 1.0; their mean is
    verdict = gallery.verify_person(face(gallery, 1.0), GROUP, "crew", both)
    assert verdict.confidence == pytest.approx(1.0, abs=1e-5)
    assert gallery.verify_person(face(gallery, 0.6), GROUP, "crew", both).is_same
    assert not gallery.verify_person(face(gallery, 3.0), GROUP, "crew", both).is_same


def test_verify_person_needs_no_training_and_sees_what_is_new(gallery: Gallery) -> None:
    gallery.create(GROUP, "crew", name="Crew")
    ada = person(gallery)
    asked = face(gallery, 1.0)
    with pytest.raises(NoSuchStoredFaceError, match="has no faces"):
        gallery.verify_person(asked, GROUP, "crew", ada)
    gallery.add_face(GROUP, "crew", at(1.0), person=ada)
    assert gallery.verify_person(asked, GROUP, "crew", ada).is_same
    with pytest.raises(NoSuchPersonError):
        gallery.verify_person(asked, GROUP, "crew", MISSING)
    with pytest.raises(NoSuchCollectionError):
        gallery.verify_person(asked, GROUP, "nobody", ada)
    with pytest.raises(IncompatibleModelsError):
        gallery.verify_person(face(gallery, 1.0, model="recognition_02"), GROUP, "crew", ada)


def test_identify_ranks_persons_by_distance(gallery: Gallery) -> None:
    gallery.create(GROUP, "crew", name="Crew")
    ada, bea, _ = person(gallery, 1.0), person(gallery, 1.2), person(gallery, 3.0)
    train(gallery, GROUP, "crew")
    asked = [face(gallery, 1.05), face(gallery, 1.19), face(gallery, 9.0)]
    found = gallery.identify(asked, GROUP, "crew", candidates=5)
    assert [[each.id for each in some] for some in found] == [[ada, bea], [bea, ada], []]
    assert found[0][0].confidence == pytest.approx(float(confidence(0.05)), abs=1e-5)
    (best,) = gallery.identify(asked[:1], GROUP, "crew")
    assert [each.id for each in best] == [ada]
    assert gallery.identify([], GROUP, "crew") == []


def test_the_default_threshold_is_that_of_the_group(gallery: Gallery) -> None:
    gallery.create(GROUP, "crew", name="Crew")
    places = [10.0 * number for number in range(60)]
    members = [person(gallery, place) for place in places]
    train(gallery, GROUP, "crew")
    limit = identify_threshold(60)
    assert limit < MATCH_THRESHOLD - 0.02
    inside, outside = face(gallery, 10 + limit - 0.002), face(gallery, 10 + limit + 0.002)
    found = gallery.identify([inside, outside], GROUP, "crew")
    assert [[each.id for each in some] for some in found] == [[members[1]], []]
    for member in members[2:]:
        gallery.delete_person(GROUP, "crew", member)
    (now,) = gallery.identify([outside], GROUP, "crew")
    assert [each.id for each in now] == [members[1]]  # the group is small again


@pytest.mark.parametrize(("threshold", "count"), [(0.0, 3), (0.6, 2), (0.9, 1), (1.0, 0)])
def test_a_threshold_that_is_given_is_used_as_given(
    gallery: Gallery, threshold: float, count: int
) -> None:
    gallery.create(GROUP, "crew", name="Crew")
    for place in (1.0, 1.4, 2.5):
        person(gallery, place)
    train(gallery, GROUP, "crew")
    asked = [face(gallery, 1.1)]
    (found,) = gallery.identify(asked, GROUP, "crew", candidates=10, threshold=threshold)
    assert len(found) == count
    assert all(each.confidence >= threshold for each in found)


def test_identify_refuses_what_it_cannot_do(gallery: Gallery) -> None:
    gallery.create(GROUP, "crew", name="Crew")
    gallery.create(LARGE, "faces", name="Faces")
    asked = face(gallery, 1.0)
    with pytest.raises(NotTrainedError):
        gallery.identify([asked], GROUP, "crew")
    with pytest.raises(NoSuchCollectionError):
        gallery.identify([asked], GROUP, "nobody")
    with pytest.raises(UsageError, match="use a person group"):
        gallery.identify([asked], LARGE, "faces")
    train(gallery, GROUP, "crew")
    with pytest.raises(NoSuchFaceError):
        gallery.identify([asked, MISSING], GROUP, "crew")
    with pytest.raises(IncompatibleModelsError):
        gallery.identify([face(gallery, 1.0, model="recognition_03")], GROUP, "crew")


def test_similar_among_face_ids(gallery: Gallery) -> None:
    near, far, same = (face(gallery, place) for place in (1.3, 2.0, 1.0))
    asked = face(gallery, 1.0)
    ids = [far, near, same, near]
    found = gallery.similar(asked, face_ids=ids)
    assert [each.id for each in found] == [same, near]
    found = gallery.similar(asked, face_ids=ids, mode="matchFace")
    assert [each.id for each in found] == [same, near, far]
    assert found[-1].confidence == 0.0
    assert [each.id for each in gallery.similar(asked, face_ids=ids, top=1)] == [same]
    with pytest.raises(NoSuchFaceError):
        gallery.similar(asked, face_ids=[MISSING])
    with pytest.raises(IncompatibleModelsError):
        gallery.similar(asked, face_ids=[near, face(gallery, 1.0, model="recognition_02")])


def test_a_face_list_is_searched_as_it_is_now(gallery: Gallery) -> None:
    gallery.create(LIST, "faces", name="Faces")
    asked = face(gallery, 1.0)
    with pytest.raises(EmptyCollectionError, match="add one first"):
        gallery.similar(asked, collection=(LIST, "faces"))
    stored = [gallery.add_face(LIST, "faces", at(place)) for place in (1.2, 5.0)]
    found = gallery.similar(asked, collection=(LIST, "faces"), mode="matchFace")
    assert [each.id for each in found] == stored
    stored.append(gallery.add_face(LIST, "faces", at(1.1)))
    found = gallery.similar(asked, collection=(LIST, "faces"))
    assert [each.id for each in found] == [stored[2], stored[0]]
    gallery.delete_face(LIST, "faces", stored[2])
    found = gallery.similar(asked, collection=(LIST, "faces"))
    assert [each.id for each in found] == [stored[0]]
    gallery.add_face(LIST, "faces", at(1.01))
    assert len(gallery.similar(asked, collection=(LIST, "faces"))) == 2


def test_a_large_face_list_is_searched_after_training(gallery: Gallery) -> None:
    gallery.create(LARGE, "faces", name="Faces")
    asked = face(gallery, 1.0)
    stored = gallery.add_face(LARGE, "faces", at(1.2))
    with pytest.raises(NotTrainedError):
        gallery.similar(asked, collection=(LARGE, "faces"))
    train(gallery, LARGE, "faces")
    gallery.add_face(LARGE, "faces", at(1.0))
    found = gallery.similar(asked, collection=(LARGE, "faces"))
    assert [each.id for each in found] == [stored]
    with pytest.raises(IncompatibleModelsError):
        gallery.similar(face(gallery, 1.0, model="recognition_02"), collection=(LARGE, "faces"))
    gallery.create(GROUP, "crew", name="Crew")
    with pytest.raises(UsageError, match="use identify"):
        gallery.similar(asked, collection=(GROUP, "crew"))


def test_group_names_every_face_once(gallery: Gallery) -> None:
    places = (5.0, 1.0, 5.2, 9.0, 1.1, 1.2)
    ids = [face(gallery, place) for place in places]
    found = gallery.group([*ids, ids[0]])
    assert found.groups == ((ids[1], ids[4], ids[5]), (ids[0], ids[2]))
    assert found.messy == (ids[3],)
    with pytest.raises(IncompatibleModelsError):
        gallery.group([ids[0], face(gallery, 1.0, model="recognition_02")])
    with pytest.raises(NoSuchFaceError):
        gallery.group([ids[0], MISSING])


def test_nobody_is_compared_with_another_account(gallery: Gallery, storage: Storage) -> None:
    gallery.create(GROUP, "crew", name="Crew")
    ada = person(gallery, 1.0)
    train(gallery, GROUP, "crew")
    with Trainer(storage) as trainer:
        other = Gallery(storage, storage.accounts.create("second").id, trainer)
        asked = face(other, 1.0)
        with pytest.raises(NoSuchCollectionError):
            other.identify([asked], GROUP, "crew")
        with pytest.raises(NoSuchCollectionError):
            other.verify_person(asked, GROUP, "crew", ada)
        with pytest.raises(NoSuchCollectionError):
            other.train(GROUP, "crew")
        with pytest.raises(NoSuchFaceError):
            other.verify(asked, face(gallery, 1.0))
