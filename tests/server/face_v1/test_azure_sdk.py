"""azure-cognitiveservices-vision-face 0.6.1 against a real server: every public method."""

from __future__ import annotations

import inspect
import io
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from azure.cognitiveservices.vision.face import FaceClient
from azure.cognitiveservices.vision.face.models import APIErrorException
from msrest.authentication import CognitiveServicesCredentials

from tests.server import people
from tests.server.face_v1.watched import Scenarios, Watched
from tests.server.live import Live
from tests.server.web import Web

GROUPS = (
    "face",
    "face_list",
    "large_face_list",
    "large_person_group",
    "large_person_group_person",
    "person_group",
    "person_group_person",
    "snapshot",
)
NOWHERE = str(uuid.uuid4())
DONE_S = 20.0
scenarios = Scenarios()


class World:
    """What a scenario works with: the watched SDK, pictures on the web, and a second account."""

    def __init__(self, client: Any, other: Any, web: Web, other_id: str) -> None:
        self.sdk: Any = Watched({name: getattr(client, name) for name in GROUPS})
        self.other = other
        self.web, self.other_id = web, other_id

    def detect(self, picture: bytes, **options: Any) -> list[str]:
        """The faceIds of a picture."""
        faces = self.sdk.face.detect_with_stream(io.BytesIO(picture), **options)
        return [face.face_id for face in faces]

    def train(self, group: str, id: str) -> None:
        """Train, and wait until it is over."""
        api = getattr(self.sdk, group)
        assert api.train(id) is None
        status = until_done(lambda: api.get_training_status(id))
        assert status.status == "succeeded"
        assert status.created <= status.last_successful_training


def client_of(url: str, key: str) -> Any:
    """A client of the SDK, which has no types."""
    make: Any = FaceClient
    return make(url, CognitiveServicesCredentials(key))


def until_done(ask: Callable[[], Any]) -> Any:
    """The first answer whose status is an end."""
    until = time.monotonic() + DONE_S
    while (found := ask()).status not in ("succeeded", "failed"):
        assert time.monotonic() < until, found
        time.sleep(0.02)
    return found


@pytest.fixture(scope="module")
def world(live: Live, key: str, web: Web) -> Iterator[World]:
    other_key = live.key("another")
    with (
        client_of(live.url, key) as client,
        client_of(live.url + "/", other_key) as other,
    ):
        yield World(client, other, web, live.account_id("another"))


def refused(code: str, status: int, call: Callable[..., Any], *args: Any, **rest: Any) -> str:
    """The message with which a call is refused."""
    with pytest.raises(APIErrorException) as raised:
        call(*args, **rest)
    error: Any = raised.value
    assert (error.error.error.code, error.response.status_code) == (code, status)
    return cast(str, error.error.error.message)


def test_every_public_method_is_in_a_scenario() -> None:
    client = client_of("http://127.0.0.1", "key")
    groups = {
        name: group
        for name, group in vars(client).items()
        if type(group).__module__.startswith("azure.cognitiveservices.vision.face.operations")
    }
    assert set(groups) == set(GROUPS)
    methods = {
        f"{group}.{name}"
        for group, found in groups.items()
        for name, _ in inspect.getmembers(found, inspect.ismethod)
        if not name.startswith("_")
    }
    assert methods == scenarios.covered
    client.close()


@scenarios.covers("face.detect_with_stream", "face.detect_with_url")
def detect(world: World) -> None:
    asked = [*("age", "gender", "headPose", "emotion", "blur", "exposure", "noise"), *WORN]
    large, small = world.sdk.face.detect_with_stream(
        io.BytesIO(people.both()),
        return_face_landmarks=True,
        return_face_attributes=asked,
        return_recognition_model=True,
        recognition_model="recognition_04",
        face_id_time_to_live=60,
    )
    assert large.face_rectangle.width == large.face_rectangle.height > small.face_rectangle.width
    assert large.recognition_model == "recognition_04"
    assert large.face_landmarks.pupil_left.x < large.face_landmarks.pupil_right.x
    attributes = small.face_attributes
    assert attributes.gender == "female"
    assert 10 < attributes.age < 60
    assert attributes.emotion.happiness > 0.5
    assert abs(attributes.head_pose.yaw) < 45
    assert attributes.blur.blur_level in ("Low", "Medium", "High")
    _look(attributes)
    (plain,) = world.sdk.face.detect_with_url(world.web.url("woman.jpg"), return_face_id=False)
    assert (plain.face_id, plain.face_landmarks, plain.face_attributes) == (None, None, None)
    close = world.sdk.face.detect_with_url(
        world.web.url("woman.jpg"), detection_model="detection_03"
    )
    assert close[0].face_rectangle.height > close[0].face_rectangle.width
    (masked,) = world.sdk.face.detect_with_url(
        world.web.url("woman.jpg"),
        detection_model="detection_03",
        recognition_model="recognition_03",
        return_face_attributes=["headPose", "mask", "qualityForRecognition"],
    )
    assert masked.face_attributes.mask.type == "noMask"
    assert masked.face_attributes.mask.nose_and_mouth_covered is False
    assert masked.face_attributes.quality_for_recognition == "High"
    assert masked.face_attributes.smile is None
    assert world.sdk.face.detect_with_stream(io.BytesIO(people.nobody())) == []
    by_url, by_bytes = world.sdk.face.detect_with_url, world.sdk.face.detect_with_stream
    refused("InvalidURL", 400, by_url, world.web.url("page.html"))
    refused("InvalidURL", 400, by_url, world.web.url("nothing.jpg"))
    refused("InvalidImageSize", 400, by_bytes, io.BytesIO(people.woman()[:1000]))
    message = refused(
        *("BadArgument", 400, by_bytes, io.BytesIO(people.woman())),
        return_face_attributes=["age", "mask"],
    )
    assert "makeup, occlusion, accessories, blur, exposure and noise" in message


WORN = (
    *("smile", "facialHair", "glasses", "hair", "makeup", "occlusion", "accessories"),
    "qualityForRecognition",
)


def _look(attributes: Any) -> None:
    """What the SDK makes of the woman's attributes: she smiles, and wears nothing on her head."""
    assert attributes.smile > 0.9
    hair = attributes.facial_hair
    assert max(hair.moustache, hair.beard, hair.sideburns) < 0.1
    assert attributes.glasses == "noGlasses"
    assert attributes.hair.bald < 0.1
    assert attributes.hair.invisible is False
    colors = attributes.hair.hair_color
    assert (len(colors), colors[0].color) == (4, "brown")
    assert [each.confidence for each in colors] == sorted(c.confidence for c in colors)[::-1]
    assert isinstance(attributes.makeup.eye_makeup, bool)
    assert isinstance(attributes.makeup.lip_makeup, bool)
    covered = attributes.occlusion
    assert isinstance(covered.forehead_occluded, bool)  # by a fringe that reaches half way
    assert (covered.eye_occluded, covered.mouth_occluded) == (False, False)
    assert attributes.accessories == []
    assert attributes.quality_for_recognition == "High"
    assert attributes.mask is None


@scenarios.covers("face.verify_face_to_face", "face.group", "face.find_similar")
def compare(world: World) -> None:
    (first,), (second,) = world.detect(people.woman()), world.detect(people.woman(1))
    (third,), (fourth,) = world.detect(people.man()), world.detect(people.man(1))
    same = world.sdk.face.verify_face_to_face(first, second)
    assert same.is_identical
    assert same.confidence >= 0.5
    assert not world.sdk.face.verify_face_to_face(first, third).is_identical
    grouped = world.sdk.face.group([first, third, second, fourth])
    assert {frozenset(each) for each in grouped.groups} == {
        frozenset({first, second}),
        frozenset({third, fourth}),
    }
    assert grouped.messy_group == []
    (alike,) = world.sdk.face.find_similar(first, face_ids=[second, third])
    assert alike.face_id == second
    ranked = world.sdk.face.find_similar(first, face_ids=[third, second], mode="matchFace")
    assert [each.face_id for each in ranked] == [second, third]
    (later,) = world.detect(people.woman(), recognition_model="recognition_02")
    sdk = world.sdk.face
    incompatible = "'recognitionModel' is incompatible."
    assert refused("BadArgument", 400, sdk.verify_face_to_face, first, later) == incompatible
    assert refused("BadArgument", 400, sdk.group, [first, later]) == incompatible
    refused("FaceNotFound", 404, sdk.verify_face_to_face, first, NOWHERE)
    refused("FaceNotFound", 400, sdk.group, [first, NOWHERE])
    refused("FaceNotFound", 400, sdk.find_similar, NOWHERE, face_ids=[first])
    refused("BadArgument", 400, sdk.find_similar, first)
    refused("BadArgument", 400, sdk.group, [first])


@scenarios.covers(
    *(f"face_list.{name}" for name in ("create", "get", "update", "delete", "list")),
    *("face_list.add_face_from_stream", "face_list.add_face_from_url", "face_list.delete_face"),
)
def face_list(world: World) -> None:
    api = world.sdk.face_list
    assert api.create("women", name="Women", user_data="w") is None
    refused("FaceListExists", 409, api.create, "women", name="again")
    (query,) = world.detect(people.woman(1))
    empty = world.sdk.face.find_similar
    refused("FaceListNotReady", 400, empty, query, face_list_id="women")
    first = api.add_face_from_url("women", world.web.url("woman.jpg"), user_data="one")
    whole = world.sdk.face.detect_with_stream(io.BytesIO(people.both()))
    box = whole[0].face_rectangle
    second = api.add_face_from_stream(
        "women",
        io.BytesIO(people.both()),
        target_face=[box.left, box.top, box.width, box.height],
    )
    refused("InvalidImage", 400, api.add_face_from_stream, "women", io.BytesIO(people.both()))
    refused("InvalidImage", 400, api.add_face_from_stream, "women", io.BytesIO(people.nobody()))
    found = api.get("women", return_recognition_model=True)
    assert found.recognition_model == "recognition_01"
    faces = {each.persisted_face_id: each.user_data for each in found.persisted_faces}
    assert faces == {first.persisted_face_id: "one", second.persisted_face_id: None}
    (alike,) = world.sdk.face.find_similar(query, face_list_id="women")
    assert alike.persisted_face_id == first.persisted_face_id
    assert api.update("women", name="Others") is None
    assert (api.get("women").name, api.get("women").user_data) == ("Others", "w")
    assert [each.face_list_id for each in api.list()] == ["women"]
    assert api.delete_face("women", first.persisted_face_id) is None
    refused("PersistedFaceNotFound", 404, api.delete_face, "women", first.persisted_face_id)
    assert world.sdk.face.find_similar(query, face_list_id="women") == []
    assert api.delete("women") is None
    refused("FaceListNotFound", 404, api.get, "women")
    refused("FaceListNotFound", 404, api.update, "women", name="x")
    refused("FaceListNotFound", 400, world.sdk.face.find_similar, query, face_list_id="women")


@scenarios.covers(
    *(f"large_face_list.{name}" for name in ("create", "get", "update", "delete", "list")),
    *(f"large_face_list.{name}" for name in ("train", "get_training_status", "list_faces")),
    *(f"large_face_list.{name}_face" for name in ("get", "update", "delete")),
    *(f"large_face_list.add_face_from_{name}" for name in ("url", "stream")),
)
def large_face_list(world: World) -> None:
    api = world.sdk.large_face_list
    assert api.create("men", name="Men", recognition_model="recognition_03") is None
    refused("LargeFaceListExists", 409, api.create, "men", name="again")
    first = api.add_face_from_stream("men", io.BytesIO(people.man()), user_data="one")
    id = first.persisted_face_id
    (query,) = world.detect(people.man(1), recognition_model="recognition_03")
    find = world.sdk.face.find_similar
    refused("LargeFaceListNotTrained", 400, find, query, large_face_list_id="men")
    refused("LargeFaceListNotTrained", 404, api.get_training_status, "men")
    world.train("large_face_list", "men")
    assert find(query, large_face_list_id="men")[0].persisted_face_id == id
    (other,) = world.detect(people.man(1))
    refused("BadArgument", 400, find, other, large_face_list_id="men")
    second = api.add_face_from_url("men", world.web.url("woman.jpg")).persisted_face_id
    assert [each.persisted_face_id for each in api.list_faces("men")] == sorted([id, second])
    after = api.list_faces("men", start=min(id, second), top=1)
    assert [each.persisted_face_id for each in after] == [max(id, second)]
    assert api.get_face("men", id).user_data == "one"
    assert api.update_face("men", id, user_data="two") is None
    assert api.get_face("men", id).user_data == "two"
    assert api.delete_face("men", second) is None
    refused("PersistedFaceNotFound", 404, api.get_face, "men", second)
    assert api.update("men", user_data="m") is None
    shown = api.get("men", return_recognition_model=True)
    assert (shown.name, shown.user_data, shown.recognition_model) == ("Men", "m", "recognition_03")
    assert [each.large_face_list_id for each in api.list(start="a", top=5)] == ["men"]
    assert api.list(start="men") == []
    assert api.delete("men") is None
    refused("LargeFaceListNotFound", 404, api.train, "men")


GROUP_METHODS = ("create", "get", "update", "delete", "list", "train", "get_training_status")
PERSON_METHODS = (
    *("create", "get", "update", "delete", "list", "get_face", "update_face", "delete_face"),
    *("add_face_from_url", "add_face_from_stream"),
)


@scenarios.covers(
    *(f"person_group.{name}" for name in GROUP_METHODS),
    *(f"person_group_person.{name}" for name in PERSON_METHODS),
    *("face.identify", "face.verify_face_to_person"),
)
def person_group(world: World) -> None:
    _group(world, "person_group", "PersonGroup")


@scenarios.covers(
    *(f"large_person_group.{name}" for name in GROUP_METHODS),
    *(f"large_person_group_person.{name}" for name in PERSON_METHODS),
    *("face.identify", "face.verify_face_to_person"),
)
def large_person_group(world: World) -> None:
    _group(world, "large_person_group", "LargePersonGroup")


def _group(world: World, kind: str, code: str) -> None:
    api, persons = getattr(world.sdk, kind), getattr(world.sdk, f"{kind}_person")
    assert api.create("friends", name="Friends", user_data="f") is None
    refused(f"{code}Exists", 409, api.create, "friends", name="again")
    woman = persons.create("friends", name="She").person_id
    man = persons.create("friends", name="He", user_data="h").person_id
    face = persons.add_face_from_stream("friends", woman, io.BytesIO(people.woman()))
    persons.add_face_from_stream("friends", man, io.BytesIO(people.man()))
    second = persons.add_face_from_url(
        "friends", man, world.web.url("man.jpg"), user_data="second", detection_model="detection_03"
    )
    _named(world, kind, code, woman, man)
    _persons_changed(world, kind, woman, man, face.persisted_face_id, second.persisted_face_id)
    assert api.update("friends", name="Enemies") is None
    shown = api.get("friends", return_recognition_model=True)
    assert (shown.name, shown.user_data, shown.recognition_model) == (
        *("Enemies", "f"),
        "recognition_01",
    )
    assert [getattr(each, f"{kind}_id") for each in api.list()] == ["friends"]
    assert api.list(start="friends", top=1) == []
    assert api.delete("friends") is None
    refused(f"{code}NotFound", 404, api.get, "friends")
    refused(f"{code}NotFound", 404, persons.create, "friends", name="x")


def _named(world: World, kind: str, code: str, woman: str, man: str) -> None:
    sdk, where = world.sdk.face, {f"{kind}_id": "friends"}
    ids = [*world.detect(people.man(1)), *world.detect(people.woman(1))]
    refused(f"{code}NotTrained", 400, sdk.identify, ids, **where)
    api = getattr(world.sdk, kind)
    refused(f"{code}NotTrained", 404, api.get_training_status, "friends")
    world.train(kind, "friends")
    found = sdk.identify(ids, max_num_of_candidates_returned=2, **where)
    assert [each.face_id for each in found] == ids
    assert [each.candidates[0].person_id for each in found] == [man, woman]
    assert sdk.identify(ids[:1], confidence_threshold=1.0, **where)[0].candidates == []
    refused(f"{code}NotFound", 400, sdk.identify, ids, **{f"{kind}_id": "nobody"})
    refused("FaceNotFound", 400, sdk.identify, [NOWHERE], **where)
    refused("PersonGroupIdAndLargePersonGroupIdBothNull", 400, sdk.identify, ids)
    verify = sdk.verify_face_to_person
    assert verify(ids[0], man, **where).is_identical
    assert not verify(ids[0], woman, **where).is_identical
    refused("PersonNotFound", 404, verify, ids[0], NOWHERE, **where)
    refused("BadArgument", 400, verify, ids[0], man)


def _persons_changed(world: World, kind: str, woman: str, man: str, hers: str, second: str) -> None:
    persons = getattr(world.sdk, f"{kind}_person")
    assert persons.get("friends", woman).persisted_face_ids == [hers]
    listed = persons.list("friends", top=1000)
    assert [each.person_id for each in listed] == sorted([woman, man])
    assert len(persons.list("friends", start=min(woman, man))) == 1
    assert persons.update("friends", man, name="Him") is None
    shown = persons.get("friends", man)
    assert (shown.name, shown.user_data) == ("Him", "h")
    assert persons.get_face("friends", man, second).user_data == "second"
    assert persons.update_face("friends", man, second, user_data="2") is None
    assert persons.get_face("friends", man, second).user_data == "2"
    refused("PersistedFaceNotFound", 404, persons.get_face, "friends", woman, second)
    assert persons.delete_face("friends", man, second) is None
    refused("PersistedFaceNotFound", 404, persons.delete_face, "friends", man, second)
    assert persons.delete("friends", man) is None
    refused("PersonNotFound", 404, persons.get, "friends", man)
    refused("PersonNotFound", 404, persons.delete, "friends", "not-a-guid")


@scenarios.covers(
    *(f"snapshot.{name}" for name in ("take", "list", "get", "update", "delete", "apply")),
    "snapshot.get_operation_status",
)
def snapshot(world: World) -> None:
    api = world.sdk.snapshot
    world.sdk.person_group.create("origin", name="Origin", user_data="o")
    person = world.sdk.person_group_person.create("origin", name="She").person_id
    world.sdk.person_group_person.add_face_from_stream("origin", person, io.BytesIO(people.woman()))
    taken = api.take("PersonGroup", "origin", [world.other_id], user_data="s", raw=True)
    operation = taken.response.headers["Operation-Location"].split("/")[2]
    done = until_done(lambda: api.get_operation_status(operation))
    assert done.status == "succeeded"
    id = done.resource_location.split("/")[2]
    shown = api.get(id)
    assert (shown.type, shown.apply_scope, shown.user_data) == (
        *("PersonGroup", [world.other_id]),
        "s",
    )
    assert [each.id for each in api.list(type="PersonGroup")] == [id]
    assert api.list(type="FaceList") == []
    assert api.list(apply_scope=[NOWHERE]) == []
    assert api.update(id, user_data="t") is None
    assert api.get(id).user_data == "t"
    applied = world.other.snapshot.apply(id, "copy", raw=True)
    operation = applied.response.headers["Operation-Location"].split("/")[2]
    done = until_done(lambda: world.other.snapshot.get_operation_status(operation))
    assert done.resource_location == "/persongroups/copy"
    assert world.other.person_group.get("copy").name == "Origin"
    assert len(world.other.person_group_person.list("copy")) == 1
    refused("PersonGroupExists", 409, world.other.snapshot.apply, id, "copy")
    refused("SnapshotNotFound", 404, api.apply, NOWHERE, "copy")
    refused("OperationNotFound", 404, api.get_operation_status, NOWHERE)
    refused("PersonGroupNotFound", 404, api.take, "PersonGroup", "nobody", [world.other_id])
    assert api.delete(id) is None
    refused("SnapshotNotFound", 404, api.get, id)


@pytest.mark.parametrize("name", sorted(scenarios.of))
def test_scenario(name: str, world: World) -> None:
    claimed, scenario = scenarios.of[name]
    world.sdk.called.clear()
    scenario(world)
    assert claimed <= world.sdk.called
