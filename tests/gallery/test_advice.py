"""Advice before a face is kept: how it shows, on real faces made worse; whom it looks like."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mien.describe.attributes import SCORES
from mien.describe.embedding import confidence
from mien.errors import (
    IncompatibleModelsError,
    NoSuchCollectionError,
    NoSuchPersonError,
    UsageError,
)
from mien.faces import Faces, Problem
from mien.gallery import Gallery, Kind, Template
from mien.gallery.advice import NEEDS, SAME_PICTURE, Advice, Advisor, Code, shortcomings
from mien.gallery.trainer import Trainer
from mien.media import read_image
from mien.models import file_of
from mien.server.inference import Wants
from mien.server.metrics import Metrics
from mien.server.settings import Limits
from mien.server.workers import ModelWorker, worker_maker
from mien.storage import Storage
from tests.stores import template

Array = NDArray[Any]
GROUP, LIST = Kind.PERSON_GROUP, Kind.FACE_LIST


@pytest.fixture(scope="module")
def worker() -> ModelWorker:
    return worker_maker(Metrics(), Limits(), 2)()


@pytest.fixture(scope="module")
def astronaut() -> Array:
    """(512, 512, 3), a woman who looks into the camera, her face some 100 pixels wide."""
    return read_image(file_of("sample-astronaut").read_bytes())


def encoded(rgb: Array, form: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, form, **options)
    return file.getvalue()


def seen(worker: ModelWorker, rgb: Array) -> Faces:
    return worker.see(encoded(rgb), Wants(frozenset(NEEDS), recognition=True)).faces


def codes(advice: list[Advice]) -> dict[Code, bool]:
    """What is advised, and whether it is serious."""
    return {each.code: each.is_serious for each in advice}


# how a face shows


def test_of_a_good_face_there_is_nothing_to_say(worker: ModelWorker, astronaut: Array) -> None:
    assert shortcomings(seen(worker, astronaut), 0) == []


def smaller(rgb: Array, width: int) -> Array:
    """The picture, this wide, on a wall as large as before."""
    wall = np.full_like(rgb, 128)
    wall[:width, :width] = cv2.resize(rgb, (width, width), interpolation=cv2.INTER_AREA)
    return wall


def covered(rgb: Array, top: int, bottom: int) -> Array:
    """A dark cloth over the face between these rows."""
    hidden = rgb.copy()
    hidden[top:bottom, 175:275] = (40, 40, 60)
    return hidden


WORSE: list[tuple[str, Any, Code, bool | None]] = [
    ("small", lambda rgb: smaller(rgb, 150), Code.TOO_SMALL, False),
    ("blurred", lambda rgb: cv2.GaussianBlur(rgb, (0, 0), 3), Code.BLURRED, None),
    ("very blurred", lambda rgb: cv2.GaussianBlur(rgb, (0, 0), 4), Code.BLURRED, True),
    ("dark", lambda rgb: (rgb * 0.15).astype(np.uint8), Code.TOO_DARK, None),
    ("bright", lambda rgb: (255 - (255 - rgb.astype(float)) * 0.2).astype(np.uint8),
     Code.TOO_BRIGHT, None),
    ("noisy", lambda rgb: np.clip(
        rgb + np.random.default_rng(1).normal(0, 30, rgb.shape), 0, 255).astype(np.uint8),
     Code.NOISY, None),
    ("mouth", lambda rgb: covered(rgb, 138, 200), Code.COVERED, False),
]  # fmt: skip


@pytest.mark.parametrize(("change", "code", "serious"), [row[1:] for row in WORSE],
                         ids=[row[0] for row in WORSE])  # fmt: skip
def test_what_was_made_worse_is_told(
    worker: ModelWorker, astronaut: Array, change: Any, code: Code, serious: bool | None
) -> None:
    faces = seen(worker, change(astronaut))
    assert len(faces) == 1
    found = codes(shortcomings(faces, 0))
    assert code in found
    assert serious is None or found[code] is serious


def test_a_face_that_is_turned_away(worker: ModelWorker, shared_media: Path) -> None:
    """Of three pictures of the daughter, those that are turned by more are told of."""
    told = {}
    for path in sorted(shared_media.glob("Family*.jpg")):
        faces = seen(worker, read_image(path))
        assert faces.pose_deg is not None
        turn = np.abs(faces.pose_deg[0, :2]).max()
        advice = [each for each in shortcomings(faces, 0) if each.code is Code.TURNED]
        told[path.stem] = bool(advice)
        assert bool(advice) == (turn > 24)
        assert all(each.value == pytest.approx(turn) for each in advice)
    assert not all(told.values())


def made(**columns: Any) -> Faces:
    """One good face, but for some columns."""
    good: dict[str, Any] = {
        "box_xyxy": [[0, 0, 120, 120]],
        "score": [1.0],
        "pose_deg": [[0, 0, 0]],
        "quality": [[0.1, 0.5, 0.05]],
        "embedding": np.zeros((1, 128)),
    }
    found: dict[str, Any] = {name: np.array(each, float) for name, each in (good | columns).items()}
    return Faces(**found)


def scores(**values: float) -> Array:
    return np.array([[values.get(name, 0.1) for name in SCORES]])


@pytest.mark.parametrize(
    ("columns", "wanted"),
    [
        ({}, {}),
        ({"box_xyxy": [[0, 0, 31, 40]]}, {Code.TOO_SMALL: False}),
        ({"box_xyxy": [[0, 0, 40, 19]]}, {Code.TOO_SMALL: True}),
        ({"quality": [[0.51, 0.5, 0]]}, {Code.BLURRED: False}),
        ({"quality": [[0.76, 0.5, 0]]}, {Code.BLURRED: True}),
        ({"quality": [[0, 0.11, 0]]}, {Code.TOO_DARK: False}),
        ({"quality": [[0, 0.04, 0]]}, {Code.TOO_DARK: True}),
        ({"quality": [[0, 0.71, 0]]}, {Code.TOO_BRIGHT: False}),
        ({"quality": [[0, 0.81, 0]]}, {Code.TOO_BRIGHT: True}),
        ({"quality": [[0, 0.5, 0.31]]}, {Code.NOISY: False}),
        ({"quality": [[0, 0.5, 0.41]]}, {Code.NOISY: True}),
        ({"pose_deg": [[25, 0, 0]]}, {Code.TURNED: False}),
        ({"pose_deg": [[0, -41, 0]]}, {Code.TURNED: True}),
        ({"pose_deg": [[0, 0, 90]]}, {}),  # a tilt does no harm
        ({"attributes": scores(Sunglasses=0.9)}, {Code.COVERED: False}),
        ({"attributes": scores(Face_Mask=0.9, Eyes_Occluded=0.5)}, {Code.COVERED: True}),
        ({"attributes": np.full((1, len(SCORES)), np.nan)}, {}),
        (
            {"quality": [[0.6, 0.5, 0]], "pose_deg": [[50, 0, 0]]},
            {Code.TURNED: True, Code.BLURRED: False},
        ),
        ({"embedding": np.full((1, 128), np.nan)}, {Code.UNUSABLE: True}),
        ({"pose_deg": [[np.nan, 0, 0]]}, {Code.UNUSABLE: True}),
        ({"quality": [[0, np.nan, 0]]}, {Code.UNUSABLE: True}),
    ],
)
def test_where_advice_begins(columns: dict[str, Any], wanted: dict[Code, bool]) -> None:
    found = shortcomings(made(**columns), 0)
    assert list(codes(found).items()) == list(wanted.items())  # the serious first
    assert all(each.text.endswith(".") for each in found)


def test_a_face_that_cannot_be_recognized_has_the_reason() -> None:
    faces = made(embedding=np.full((1, 128), np.nan))
    faces = faces.with_problems([Problem(0, "embedding", "the mesh does not lie in the picture")])
    (advice,) = shortcomings(faces, 0)
    assert "the mesh does not lie in the picture" in advice.text


def test_without_its_columns_there_is_no_advice() -> None:
    with pytest.raises(UsageError, match="quality"):
        shortcomings(Faces(np.ones((1, 4)), np.ones(1), embedding=np.zeros((1, 128)),
                           pose_deg=np.zeros((1, 3))), 0)  # fmt: skip


# whom it looks like


@pytest.fixture
def trainer(storage: Storage) -> Iterator[Trainer]:
    with Trainer(storage) as running:
        yield running


@pytest.fixture
def gallery(storage: Storage, account: str, trainer: Trainer) -> Gallery:
    """A gallery with an empty group and an empty list."""
    gallery = Gallery(storage, account, trainer)
    gallery.create(GROUP, "crew", name="Crew")
    gallery.create(LIST, "faces", name="Faces")
    return gallery


@pytest.fixture
def advisor(storage: Storage, account: str, trainer: Trainer) -> Advisor:
    return Advisor(storage, account, trainer)


def near(one: Template, apart: float) -> Template:
    step = np.zeros(128, np.float32)
    step[7] = apart
    return replace(one, embedding=one.embedding + step)


def enrol(gallery: Gallery, name: str, *templates: Template) -> str:
    person = gallery.add_person(GROUP, "crew", name=name)
    for each in templates:
        gallery.add_face(GROUP, "crew", each, person=person)
    return person


def test_nobody_is_there_to_be_looked_like(gallery: Gallery, advisor: Advisor) -> None:
    assert advisor.likenesses(GROUP, "crew", [template(1), template(2)]) == [[], []]
    assert advisor.likenesses(GROUP, "crew", []) == []
    ada = enrol(gallery, "Ada")
    assert advisor.likenesses(GROUP, "crew", [template(1)], person=ada) == [[]]


def test_somebody_else_is_named_with_confidence(gallery: Gallery, advisor: Advisor) -> None:
    """Before the group is trained, and whoever was added a moment ago."""
    ada, bea = enrol(gallery, "Ada", template(1)), enrol(gallery, "Bea", template(2))
    (one, other, stranger) = advisor.likenesses(
        GROUP, "crew", [near(template(1), 0.4), near(template(2), 0.53), template(3)]
    )
    (found,) = one
    assert (found.code, found.is_serious, found.id, found.name) == (
        *(Code.LOOKS_LIKE, True),
        *(ada, "Ada"),
    )
    assert found.text == "It looks like Ada."
    assert found.confidence == pytest.approx(float(confidence(0.4)), abs=1e-5)
    assert [each.name for each in other] == ["Bea"]
    assert stranger == []
    assert advisor.likenesses(GROUP, "crew", [near(template(1), 0.4)], person=ada) == [[]]
    (found,) = advisor.likenesses(GROUP, "crew", [near(template(1), 0.4)], person=bea)[0][1:]
    assert found.name == "Ada"


def test_one_picture_twice(gallery: Gallery, advisor: Advisor) -> None:
    ada, bea = enrol(gallery, "Ada", template(1), template(5)), enrol(gallery, "Bea", template(2))
    copy = near(template(1), 0.1)
    (own,) = advisor.likenesses(GROUP, "crew", [copy], person=ada)
    assert [(each.code, each.text) for each in own] == [
        (Code.SAME_PICTURE, "This picture of them is here already.")
    ]
    (others,) = advisor.likenesses(GROUP, "crew", [copy], person=bea)
    assert [(each.code, each.name) for each in others] == [
        (Code.UNLIKE, None),
        (Code.SAME_PICTURE, "Ada"),
    ]


def test_what_does_not_look_like_the_person(gallery: Gallery, advisor: Advisor) -> None:
    ada = enrol(gallery, "Ada", template(1))
    found = advisor.likenesses(
        GROUP, "crew", [near(template(1), 0.6), near(template(1), 0.62)], person=ada
    )
    assert [[each.code for each in line] for line in found] == [[], [Code.UNLIKE]]


def test_whoever_was_deleted_is_looked_like_no_more(gallery: Gallery, advisor: Advisor) -> None:
    ada = enrol(gallery, "Ada", template(1))
    assert advisor.likenesses(GROUP, "crew", [template(1)])[0]
    gallery.delete_person(GROUP, "crew", ada)
    assert advisor.likenesses(GROUP, "crew", [template(1)]) == [[]]


def test_training_is_neither_needed_nor_disturbed(gallery: Gallery, advisor: Advisor) -> None:
    enrol(gallery, "Ada", template(1))
    gallery.train(GROUP, "crew")
    while gallery.training(GROUP, "crew").status == "running":
        advisor.likenesses(GROUP, "crew", [template(1)])
    enrol(gallery, "Bea", template(2))
    (found,) = advisor.likenesses(GROUP, "crew", [template(2)])
    assert found[0].name == "Bea"
    (face_id,) = gallery.remember([template(2)], 60)
    assert gallery.identify([face_id], GROUP, "crew") == [[]]  # not trained yet


def test_a_list_has_faces_and_no_persons(gallery: Gallery, advisor: Advisor) -> None:
    face = gallery.add_face(LIST, "faces", template(1), user_data="at the sea")
    copy, alike, other = advisor.likenesses(
        LIST, "faces", [near(template(1), 0.1), near(template(1), 0.4), template(2)]
    )
    assert [(each.code, each.is_serious, each.id, each.name) for each in (*copy, *alike)] == [
        (Code.SAME_PICTURE, True, face, "at the sea"),
        (Code.LOOKS_LIKE, False, face, "at the sea"),
    ]
    assert other == []
    with pytest.raises(UsageError, match="no persons"):
        advisor.likenesses(LIST, "faces", [template(1)], person=face)


def test_what_is_not_there_and_what_does_not_fit(gallery: Gallery, advisor: Advisor) -> None:
    with pytest.raises(NoSuchCollectionError):
        advisor.likenesses(GROUP, "none", [template(1)])
    with pytest.raises(NoSuchPersonError):
        advisor.likenesses(GROUP, "crew", [template(1)], person="none")
    with pytest.raises(IncompatibleModelsError):
        advisor.likenesses(GROUP, "crew", [template(1, model="recognition_02")])


def test_another_account_is_not_compared_with(
    gallery: Gallery, storage: Storage, trainer: Trainer
) -> None:
    enrol(gallery, "Ada", template(1))
    other = storage.accounts.create("other").id
    with pytest.raises(NoSuchCollectionError):
        Advisor(storage, other, trainer).likenesses(GROUP, "crew", [template(1)])
    Gallery(storage, other, trainer).create(GROUP, "crew", name="Crew")
    assert Advisor(storage, other, trainer).likenesses(GROUP, "crew", [template(1)]) == [[]]


def test_copies_of_a_picture_are_told_from_other_pictures(
    worker: ModelWorker, shared_media: Path
) -> None:
    """Encoded anew, cut and mirrored; and the pictures of one person are not taken for copies."""
    people: dict[str, list[Array]] = {}
    for path in sorted(shared_media.glob("Family2*.jpg")):
        rgb = read_image(path)
        copies = [encoded(rgb, "JPEG", quality=60), encoded(rgb[9:-9, 9:-9]),
                  encoded(rgb[:, ::-1])]  # fmt: skip
        own, *others = (
            worker.see(data, Wants(recognition=True)).faces.embedding
            for data in (encoded(rgb), *copies)
        )
        assert own is not None
        for each in others:
            assert each is not None
            assert np.linalg.norm(each[0] - own[0]) < SAME_PICTURE
        people.setdefault(path.stem[:-1], []).append(own[0])
    assert len(people) == 2
    for one, other in people.values():
        assert np.linalg.norm(one - other) > SAME_PICTURE
