"""The pictures of two families: everyone is found by the others of their pictures, nobody else."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mien.gallery import Gallery, Kind, State, Template
from mien.gallery.trainer import Trainer
from mien.pipeline import analyze_image
from mien.storage import Storage
from tests.stores import Place

GROUP = Kind.PERSON_GROUP


@pytest.fixture(scope="module")
def album(shared_media: Path) -> dict[str, dict[str, Template]]:
    """Templates by person (Family1-Dad) and picture."""
    found: dict[str, dict[str, Template]] = {}
    for path in sorted(shared_media.glob("Family*.jpg")):
        faces = analyze_image(str(path), columns=("embedding", "quality"))
        assert faces.embedding is not None
        assert faces.quality is not None
        some = Template(faces.embedding[0], float(1 - faces.quality[0, 0]), "recognition_04")
        person = re.sub(r"\d+$", "", path.stem)
        found.setdefault(person, {})[path.stem] = some
    if not found:
        pytest.skip("there are no Family pictures in the folder of development media")
    return found


@pytest.fixture
def open_store(sqlite_place: Place) -> Iterator[Storage]:
    with sqlite_place.open() as storage:
        yield storage


@pytest.fixture
def gallery(open_store: Storage) -> Iterator[Gallery]:
    account = open_store.accounts.create("family").id
    with Trainer(open_store) as trainer:
        yield Gallery(open_store, account, trainer)


def enrol(gallery: Gallery, id: str, album: dict[str, dict[str, Template]]) -> dict[str, str]:
    """A trained group of these people; their names by person id."""
    gallery.create(GROUP, id, name=id, recognition_model="recognition_04")
    names = {}
    for name, pictures in album.items():
        person = gallery.add_person(GROUP, id, name=name)
        names[person] = name
        for template in pictures.values():
            gallery.add_face(GROUP, id, template, person=person)
    gallery.train(GROUP, id)
    end = time.monotonic() + 30
    while gallery.training(GROUP, id).status is State.RUNNING:
        assert time.monotonic() < end
        time.sleep(0.01)
    return names


def named(gallery: Gallery, id: str, template: Template) -> list[str]:
    (face_id,) = gallery.remember([template], 60)
    return [each.id for each in gallery.identify([face_id], GROUP, id, candidates=5)[0]]


def test_each_picture_is_named_right_by_the_others(
    gallery: Gallery, album: dict[str, dict[str, Template]]
) -> None:
    """Leave one picture out, enrol the rest of both families, ask with the one left out."""
    asked = 0
    for name, pictures in album.items():
        for picture in pictures:
            rest = {
                person: {each: one for each, one in some.items() if each != picture}
                for person, some in album.items()
            }
            if not rest[name]:
                continue
            group = picture.lower()
            people = enrol(gallery, group, rest)
            found = [people[person] for person in named(gallery, group, pictures[picture])]
            assert found[:1] == [name], f"{picture} is taken for {found}"
            asked += 1
    assert asked >= 14


@pytest.mark.parametrize(("family", "other"), [("Family1", "Family2"), ("Family2", "Family1")])
def test_no_stranger_is_named(
    gallery: Gallery, album: dict[str, dict[str, Template]], family: str, other: str
) -> None:
    """The members of one family are strangers to the other."""
    members = {name: some for name, some in album.items() if name.startswith(family)}
    enrol(gallery, "family", members)
    strangers = {name: some for name, some in album.items() if name.startswith(other)}
    assert strangers
    for pictures in strangers.values():
        for picture, template in pictures.items():
            assert named(gallery, "family", template) == [], f"{picture} is given a name"


def test_the_pictures_fall_into_their_people(
    gallery: Gallery, album: dict[str, dict[str, Template]]
) -> None:
    whose = {}
    for name, pictures in album.items():
        for template in pictures.values():
            (face_id,) = gallery.remember([template], 60)
            whose[face_id] = name
    found = gallery.group(list(whose))
    for group in found.groups:
        assert len({whose[face_id] for face_id in group}) == 1
    assert len(found.messy) <= 1
