"""What a gallery stores and gives back: collections, persons, faces, limits."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from mien.errors import (
    ExistsError,
    GalleryError,
    IncompatibleModelsError,
    LimitReachedError,
    NoSuchCollectionError,
    NoSuchFaceError,
    NoSuchPersonError,
    NoSuchStoredFaceError,
    TrainingRunningError,
    UsageError,
)
from mien.gallery import LIMITS, Gallery, Kind, Limits, StoredFace, Template
from mien.gallery.trainer import Trainer
from mien.storage import Storage
from tests.stores import Place, template

GROUP, LARGE_GROUP = Kind.PERSON_GROUP, Kind.LARGE_PERSON_GROUP
LIST, LARGE_LIST = Kind.FACE_LIST, Kind.LARGE_FACE_LIST
NOBODY = str(uuid.uuid4())

FULL = Limits(
    face_lists=2,
    faces_per_face_list=2,
    large_face_lists=2,
    faces_per_large_face_list=2,
    person_groups=2,
    persons_per_group=2,
    large_person_groups=2,
    persons_per_large_group=2,
    galleries=2,
    subjects_per_gallery=2,
    faces_per_person=2,
)


@pytest.fixture
def gallery(storage: Storage, account: str) -> Iterator[Gallery]:
    with Trainer(storage) as trainer:
        yield Gallery(storage, account, trainer)


@pytest.fixture
def full(storage: Storage, account: str) -> Iterator[Gallery]:
    """A gallery in which two of everything is all there may be."""
    with Trainer(storage) as trainer:
        yield Gallery(storage, account, trainer, limits=FULL)


def ids(rows: Sequence[StoredFace]) -> list[str]:
    return [row.id for row in rows]


@pytest.mark.parametrize("kind", list(Kind))
def test_a_collection_is_made_changed_and_deleted(gallery: Gallery, kind: Kind) -> None:
    made = gallery.create(kind, "c", name="N", user_data="u", recognition_model="recognition_03")
    assert gallery.get(kind, "c") == made
    assert (made.name, made.user_data, made.recognition_model) == ("N", "u", "recognition_03")
    gallery.update(kind, "c", name="M")
    assert (gallery.get(kind, "c").name, gallery.get(kind, "c").user_data) == ("M", "u")
    gallery.update(kind, "c", user_data="")
    assert (gallery.get(kind, "c").name, gallery.get(kind, "c").user_data) == ("M", "")
    gallery.update(kind, "c")
    with pytest.raises(ExistsError) as raised:
        gallery.create(kind, "c", name="again")
    assert (raised.value.kind, raised.value.what) == (kind, "c")
    receipt = gallery.delete(kind, "c")
    assert (receipt.kind, receipt.collection, receipt.persons, receipt.faces) == (kind, "c", 0, 0)
    assert gallery.list(kind) == []
    gallery.create(kind, "c", name="free again")


def test_ids_are_told_apart_by_kind_and_by_case(gallery: Gallery) -> None:
    for kind in Kind:
        for id in ("same", "Same"):
            gallery.create(kind, id, name=f"{kind} {id}")
    names = {gallery.get(kind, id).name for kind in Kind for id in ("same", "Same")}
    assert len(names) == 2 * len(Kind)


def test_listings_are_in_byte_order_and_start_after_an_id(gallery: Gallery) -> None:
    made = ["b", "B", "a-1", "a_1", "a1", "é", "1", "z" * 64]
    for id in made:
        gallery.create(LIST, id, name="n")
    order = sorted(made, key=str.encode)
    assert [row.id for row in gallery.list(LIST)] == order
    assert [row.id for row in gallery.list(LIST, top=3)] == order[:3]
    assert [row.id for row in gallery.list(LIST, start="a1", top=2)] == ["a_1", "b"]
    assert [row.id for row in gallery.list(LIST, start="a2")] == ["a_1", "b", "z" * 64, "é"]
    assert gallery.list(LIST, start="é") == []


def test_texts_come_back_whole(gallery: Gallery) -> None:
    long = "ñ😀" * 20_000
    gallery.create(GROUP, "g", name=long, user_data=long)
    person = gallery.add_person(GROUP, "g", name=long, user_data=long)
    face = gallery.add_face(GROUP, "g", template(1), person=person, user_data=long)
    assert gallery.get(GROUP, "g").user_data == gallery.get(GROUP, "g").name == long
    assert gallery.person(GROUP, "g", person).user_data == long
    assert gallery.person(GROUP, "g", person).name == long
    assert gallery.face(GROUP, "g", face, person=person).user_data == long


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "\udc00x"])
def test_text_that_cannot_be_kept_is_refused_and_never_found(gallery: Gallery, text: str) -> None:
    gallery.create(GROUP, "g", name="n")
    person = gallery.add_person(GROUP, "g", name="n")
    for call in (
        lambda: gallery.create(LIST, "l", name=text),
        lambda: gallery.create(LIST, text, name="n"),
        lambda: gallery.update(GROUP, "g", user_data=text),
        lambda: gallery.add_person(GROUP, "g", name=text),
        lambda: gallery.update_person(GROUP, "g", person, name=text),
        lambda: gallery.add_face(GROUP, "g", template(1), person=person, user_data=text),
        lambda: gallery.list(LIST, start=text),
        lambda: gallery.person(GROUP, "g", text),
        lambda: gallery.recall([text]),
    ):
        with pytest.raises(UsageError, match=r"null character|half a character"):
            call()
    assert gallery.get(GROUP, "g").user_data is None
    assert len(gallery.persons(GROUP, "g")) == 1


@pytest.mark.parametrize("kind", [GROUP, LARGE_GROUP])
def test_persons_and_their_faces(gallery: Gallery, kind: Kind) -> None:
    gallery.create(kind, "g", name="n")
    person = gallery.add_person(kind, "g", name="Ada", user_data="u")
    assert str(uuid.UUID(person)) == person
    faces = [gallery.add_face(kind, "g", template(n), person=person) for n in range(3)]
    assert gallery.person(kind, "g", person).face_ids == tuple(faces)
    gallery.update_person(kind, "g", person, name="Bea")
    found = gallery.person(kind, "g", person)
    assert (found.name, found.user_data) == ("Bea", "u")
    face = gallery.face(kind, "g", faces[0], person=person)
    assert (face.id, face.user_data, face.quality) == (faces[0], None, template(0).quality)
    assert abs(datetime.now(UTC) - face.created) < timedelta(minutes=1)
    assert ids(gallery.faces(kind, "g", person=person)) == sorted(faces)
    gallery.update_face(kind, "g", faces[0], person=person, user_data="x")
    assert gallery.face(kind, "g", faces[0], person=person).user_data == "x"
    gallery.delete_face(kind, "g", faces[1], person=person)
    assert gallery.person(kind, "g", person).face_ids == (faces[0], faces[2])
    other = gallery.add_person(kind, "g", name="Cleo")
    assert gallery.faces(kind, "g", person=other) == []
    assert ids(gallery.faces(kind, "g")) == sorted([faces[0], faces[2]])
    with pytest.raises(NoSuchPersonError):
        gallery.faces(kind, "g", person=str(uuid.uuid4()))
    with pytest.raises(NoSuchStoredFaceError):
        gallery.face(kind, "g", faces[0], person=other)
    with pytest.raises(NoSuchStoredFaceError):
        gallery.delete_face(kind, "g", faces[0], person=other)
    assert [row.id for row in gallery.persons(kind, "g")] == sorted([person, other])
    first = min(person, other)
    assert [row.id for row in gallery.persons(kind, "g", start=first)] == [max(person, other)]
    gallery.delete_person(kind, "g", person)
    assert [row.id for row in gallery.persons(kind, "g")] == [other]
    with pytest.raises(NoSuchPersonError):
        gallery.face(kind, "g", faces[0], person=person)


@pytest.mark.parametrize("kind", [LIST, LARGE_LIST])
def test_faces_of_a_list(gallery: Gallery, kind: Kind) -> None:
    gallery.create(kind, "l", name="n")
    faces = [gallery.add_face(kind, "l", template(n), user_data=str(n)) for n in range(4)]
    assert ids(gallery.faces(kind, "l")) == sorted(faces)
    assert ids(gallery.faces(kind, "l", start=sorted(faces)[0], top=2)) == sorted(faces)[1:3]
    gallery.update_face(kind, "l", faces[2], user_data="new")
    gallery.update_face(kind, "l", faces[3])
    assert [gallery.face(kind, "l", faces[n]).user_data for n in (2, 3)] == ["new", "3"]
    gallery.delete_face(kind, "l", faces[0])
    assert ids(gallery.faces(kind, "l")) == sorted(faces[1:])


def test_templates_come_back_as_they_were(gallery: Gallery) -> None:
    kept = [template(n, quality=n / 4, model=f"recognition_0{n}") for n in (1, 2, 3)]
    face_ids = gallery.remember(kept, 3600)
    assert gallery.remember([], 3600) == []
    back = gallery.recall([face_ids[2], face_ids[0], face_ids[2]])
    assert [one.recognition_model for one in back] == [
        "recognition_03",
        "recognition_01",
        "recognition_03",
    ]
    assert [one.quality for one in back] == [0.75, 0.25, 0.75]
    assert np.array_equal(back[0].embedding, kept[2].embedding)
    assert gallery.recall([]) == []
    with pytest.raises(NoSuchFaceError) as raised:
        gallery.recall([face_ids[0], NOBODY, "", face_ids[1]])
    assert raised.value.what == NOBODY


def test_more_face_ids_than_one_query_takes(gallery: Gallery) -> None:
    face_ids = gallery.remember([template(n) for n in range(1100)], 3600)
    back = gallery.recall(face_ids)
    assert np.array_equal(back[1099].embedding, template(1099).embedding)


@pytest.mark.parametrize(
    "wrong",
    [
        {"embedding": np.zeros(127, np.float32)},
        {"embedding": np.full(128, np.nan)},
        {"embedding": np.full(128, np.inf)},
        {"quality": 1.5},
        {"quality": float("nan")},
    ],
)
def test_a_template_that_is_none_cannot_be(wrong: dict[str, object]) -> None:
    good = {"embedding": np.zeros(128), "quality": 0.5, "recognition_model": "recognition_01"}
    Template(**good)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"embedding|quality"):
        Template(**(good | wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_not_there_is_said_with_its_kind_and_id(gallery: Gallery, kind: Kind) -> None:
    for call in (
        lambda: gallery.get(kind, "c"),
        lambda: gallery.update(kind, "c", name="n"),
        lambda: gallery.delete(kind, "c"),
        lambda: gallery.persons(kind, "c"),
        lambda: gallery.faces(kind, "c"),
        lambda: gallery.train(kind, "c"),
        lambda: gallery.take_snapshot(kind, "c", apply_scope=[]),
    ):
        with pytest.raises(NoSuchCollectionError) as raised:
            call()
        assert (raised.value.kind, raised.value.what) == (kind, "c")


def test_missing_persons_and_faces_are_said(gallery: Gallery) -> None:
    gallery.create(GROUP, "g", name="n")
    gallery.create(LIST, "l", name="n")
    person = gallery.add_person(GROUP, "g", name="n")
    for call in (
        lambda: gallery.person(GROUP, "g", NOBODY),
        lambda: gallery.update_person(GROUP, "g", NOBODY, name="n"),
        lambda: gallery.delete_person(GROUP, "g", NOBODY),
        lambda: gallery.add_face(GROUP, "g", template(1), person=NOBODY),
        lambda: gallery.face(GROUP, "g", NOBODY, person=NOBODY),
    ):
        with pytest.raises(NoSuchPersonError) as raised:
            call()
        assert raised.value.what == NOBODY
    for call in (
        lambda: gallery.face(GROUP, "g", NOBODY, person=person),
        lambda: gallery.update_face(GROUP, "g", NOBODY, person=person, user_data="x"),
        lambda: gallery.delete_face(GROUP, "g", NOBODY, person=person),
        lambda: gallery.face(LIST, "l", NOBODY),
        lambda: gallery.delete_face(LIST, "l", NOBODY),
    ):
        with pytest.raises(NoSuchStoredFaceError) as raised_:
            call()
        assert raised_.value.what == NOBODY


def test_persons_are_in_groups_and_faces_of_groups_have_persons(gallery: Gallery) -> None:
    gallery.create(GROUP, "g", name="n")
    gallery.create(LIST, "l", name="n")
    with pytest.raises(UsageError, match="has no persons"):
        gallery.add_person(LIST, "l", name="n")
    with pytest.raises(UsageError, match="belongs to a person"):
        gallery.add_face(GROUP, "g", template(1))
    with pytest.raises(UsageError, match="has no persons"):
        gallery.add_face(LIST, "l", template(1), person=NOBODY)


def test_the_recognition_model_of_a_collection_is_that_of_its_faces(gallery: Gallery) -> None:
    gallery.create(LIST, "l", name="n", recognition_model="recognition_02")
    with pytest.raises(IncompatibleModelsError, match=r"recognition_01.*recognition_02"):
        gallery.add_face(LIST, "l", template(1))
    assert gallery.faces(LIST, "l") == []


@pytest.mark.parametrize("kind", list(Kind))
def test_a_plan_bounds_collections_and_members(full: Gallery, kind: Kind) -> None:
    for id in ("a", "b"):
        full.create(kind, id, name="n")

    def enter() -> str:
        if kind.has_persons:
            return full.add_person(kind, "a", name="n")
        return full.add_face(kind, "a", template(1))

    def leave(one: str) -> None:
        if kind.has_persons:
            full.delete_person(kind, "a", one)
        else:
            full.delete_face(kind, "a", one)

    for refused in (lambda: full.create(kind, "c", name="n"), lambda: (enter(), enter(), enter())):
        with pytest.raises(LimitReachedError, match="the plan allows 2") as raised:
            refused()
        assert raised.value.kind == kind
    rows = full.persons(kind, "a") if kind.has_persons else full.faces(kind, "a")
    assert len(rows) == 2
    leave(rows[0].id)
    enter()
    full.delete(kind, "b")
    full.create(kind, "c", name="n")


def test_a_plan_bounds_the_faces_of_a_person(full: Gallery) -> None:
    full.create(GROUP, "g", name="n")
    first, second = (full.add_person(GROUP, "g", name="n") for _ in range(2))
    for person in (first, second):
        for seed in (1, 2):
            full.add_face(GROUP, "g", template(seed), person=person)
        with pytest.raises(LimitReachedError, match="allows 2 faces"):
            full.add_face(GROUP, "g", template(3), person=person)


def test_the_plans_have_the_numbers_of_face_api() -> None:
    assert LIMITS["none"] == LIMITS["standard"] == Limits()
    assert LIMITS["free"].members(GROUP) == LIMITS["free"].members(LARGE_GROUP) == 1000
    assert LIMITS["standard"].members(GROUP) == 10_000
    assert LIMITS["standard"].members(LARGE_GROUP) == 1_000_000
    assert {limits.faces_per_person for limits in LIMITS.values()} == {248}
    assert {limits.collections(LIST) for limits in LIMITS.values()} == {64}
    assert {limits.members(LIST) for limits in LIMITS.values()} == {1000}


def test_nothing_changes_while_a_collection_is_trained(gallery: Gallery, storage: Storage) -> None:
    gallery.create(GROUP, "g", name="n")
    person = gallery.add_person(GROUP, "g", name="n")
    face = gallery.add_face(GROUP, "g", template(1), person=person)
    row = storage.collections.find(gallery._account, GROUP, "g")
    storage.trainings.begin(row.pk)
    for call in (
        lambda: gallery.update(GROUP, "g", name="m"),
        lambda: gallery.delete(GROUP, "g"),
        lambda: gallery.add_person(GROUP, "g", name="n"),
        lambda: gallery.update_person(GROUP, "g", person, name="m"),
        lambda: gallery.delete_person(GROUP, "g", person),
        lambda: gallery.add_face(GROUP, "g", template(2), person=person),
        lambda: gallery.update_face(GROUP, "g", face, person=person, user_data="x"),
        lambda: gallery.delete_face(GROUP, "g", face, person=person),
        lambda: gallery.train(GROUP, "g"),
        lambda: gallery.take_snapshot(GROUP, "g", apply_scope=[]),
    ):
        with pytest.raises(TrainingRunningError) as raised:
            call()
        assert (raised.value.kind, raised.value.what) == (GROUP, "g")
    assert gallery.person(GROUP, "g", person).name == "n"
    storage.trainings.succeed(row.pk, 1)
    gallery.update(GROUP, "g", name="m")


def test_a_training_whose_process_died_stands_in_nobody_s_way(
    gallery: Gallery, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery.create(GROUP, "g", name="n")
    row = storage.collections.find(gallery._account, GROUP, "g")
    storage.trainings.begin(row.pk)
    monkeypatch.setattr("mien.storage.collections.STALE_S", -1)
    training = gallery.training(GROUP, "g")
    assert training.status == "failed"
    assert training.message is not None
    assert "train it again" in training.message
    gallery.update(GROUP, "g", name="m")
    storage.trainings.begin(row.pk)


def test_all_of_it_survives_a_restart(place: Place) -> None:
    with place.open() as storage:
        account = storage.accounts.create("a").id
        with Trainer(storage) as trainer:
            gallery = Gallery(storage, account, trainer)
            gallery.create(GROUP, "g", name="n")
            person = gallery.add_person(GROUP, "g", name="p")
            face = gallery.add_face(GROUP, "g", template(1), person=person)
            (face_id,) = gallery.remember([template(2)], 3600)
    with place.open() as storage, Trainer(storage) as trainer:
        gallery = Gallery(storage, account, trainer)
        assert gallery.person(GROUP, "g", person).face_ids == (face,)
        assert np.array_equal(gallery.recall([face_id])[0].embedding, template(2).embedding)
        pk = storage.collections.find(account, GROUP, "g").pk
        (chunk,) = storage.faces.chunks(pk)
        assert np.array_equal(chunk.embeddings[0], template(1).embedding)


def test_every_error_of_the_gallery_names_what_it_is_about() -> None:
    error = GalleryError("text", kind="PersonGroup", what="id")
    assert (str(error), error.kind, error.what) == ("text", "PersonGroup", "id")
