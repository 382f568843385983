"""The flow of Microsoft's quickstart: a person group of family members, trained, then identified.

Each member is enrolled from all pictures but one, which is then identified; the other family is not
in the group, and none of it may get a name.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from azure.cognitiveservices.vision.face.models import TrainingStatusType

from tests.server.face_v1.test_azure_sdk import client_of
from tests.server.live import Live

GROUP = "family"
DONE_S = 20.0
STRANGERS = "Family2"


@pytest.fixture(scope="module")
def client(live: Live, key: str) -> Iterator[Any]:
    with client_of(live.url, key) as found:
        yield found


def members(folder: Path) -> dict[str, list[Path]]:
    """The pictures of each member of the family, by name."""
    found: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.glob("Family1-*.jpg")):
        found[path.stem.rstrip("0123456789")].append(path)
    return dict(found)


def detect(client: Any, path: Path) -> list[str]:
    faces = client.face.detect_with_stream(
        BytesIO(path.read_bytes()),
        detection_model="detection_03",
        recognition_model="recognition_04",
        return_face_attributes=["headPose"],
    )
    return [face.face_id for face in faces]


def enrol(client: Any, people: dict[str, list[Path]]) -> dict[str, str]:
    """Make and train the group; names by personId."""
    client.person_group.create(
        person_group_id=GROUP, name=GROUP, recognition_model="recognition_04"
    )
    names = {}
    for name, pictures in people.items():
        person = client.person_group_person.create(GROUP, name=name)
        names[person.person_id] = name
        for picture in pictures:
            client.person_group_person.add_face_from_stream(
                GROUP, person.person_id, BytesIO(picture.read_bytes())
            )
    client.person_group.train(GROUP)
    until = time.monotonic() + DONE_S
    while True:
        status = client.person_group.get_training_status(GROUP).status
        if status is TrainingStatusType.succeeded:
            return names
        assert status is not TrainingStatusType.failed
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize("left_out", [0, 1, 2])
def test_the_family_is_named_and_strangers_are_not(
    left_out: int, client: Any, shared_media: Path
) -> None:
    family = members(shared_media)
    assert len(family) == 4
    held = {name: found[left_out] for name, found in family.items() if left_out < len(found)}
    taught = {
        name: [path for path in found if path != held.get(name)] for name, found in family.items()
    }
    names = enrol(client, taught)
    for name, picture in held.items():
        (query,) = detect(client, picture)
        (result,) = client.face.identify([query], GROUP)
        assert [names[each.person_id] for each in result.candidates] == [name], picture.name
        assert client.face.verify_face_to_person(
            face_id=query, person_id=result.candidates[0].person_id, person_group_id=GROUP
        ).is_identical
    strangers = sorted(shared_media.glob(f"{STRANGERS}-*.jpg"))
    assert len(strangers) == 4
    queries = [id for picture in strangers for id in detect(client, picture)]
    assert len(queries) == 4
    assert [each.candidates for each in client.face.identify(queries, GROUP)] == [[]] * 4
    client.person_group.delete(GROUP)
