"""cognitive-face 1.5.0, the older SDK, against a real server: every public function."""

from __future__ import annotations

import importlib
import inspect
import io
import time
import uuid
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from tests.server import people
from tests.server.face_v1 import PREFIX
from tests.server.face_v1.watched import Scenarios, Watched
from tests.server.live import Live
from tests.server.web import Web

CF: Any = importlib.import_module("cognitive_face")  # it has no types
GROUPS = (
    "face",
    "face_list",
    "large_face_list",
    "large_face_list_face",
    "large_person_group",
    "large_person_group_person",
    "large_person_group_person_face",
    "person",
    "person_group",
    "util",
)
NOWHERE = str(uuid.uuid4())
scenarios = Scenarios()


class World:
    """What a scenario works with: the watched modules, and pictures on the web."""

    def __init__(self, web: Web) -> None:
        self.sdk: Any = Watched({name: getattr(CF, name) for name in GROUPS})
        self.web = web

    def detect(self, picture: bytes) -> str:
        """The faceId of the largest face."""
        faces = self.sdk.face.detect(io.BytesIO(picture))
        return str(faces[0]["faceId"])


@pytest.fixture
def world(live: Live, key: str, web: Web, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    sleep = time.sleep
    monkeypatch.setattr(CF.util.time, "sleep", lambda seconds: sleep(min(seconds, 0.02)))
    CF.Key.set(key)
    CF.BaseUrl.set(f"{live.url}{PREFIX}")
    yield World(web)
    CF.Key.set(None)


def refused(code: str, status: int, call: Callable[..., Any], *args: Any, **rest: Any) -> str:
    """The message with which a call is refused."""
    with pytest.raises(CF.CognitiveFaceException) as raised:
        call(*args, **rest)
    assert (raised.value.code, raised.value.status_code) == (code, status)
    return str(raised.value.msg)


def test_every_public_function_is_in_a_scenario() -> None:
    modules = {
        name: found
        for name, found in vars(CF).items()
        if isinstance(found, ModuleType) and found.__name__.startswith("cognitive_face.")
    }
    assert set(modules) - {"tests"} == set(GROUPS)
    functions = {
        f"{group}.{name}"
        for group in GROUPS
        for name, found in vars(modules[group]).items()
        if inspect.isfunction(found) and not name.startswith("_")
    }
    assert functions == scenarios.covered


@scenarios.covers("face.detect", "util.parse_image", "util.request")
def detect(world: World) -> None:
    sdk = world.sdk.face
    (face,) = sdk.detect(io.BytesIO(people.woman()))
    assert set(face) == {"faceId", "faceRectangle"}
    asked = (
        "age,gender,headPose,smile,facialHair,glasses,emotion,hair,makeup,occlusion,accessories,"
        "blur,exposure,noise"
    )
    large, small = sdk.detect(world.web.url("both.jpg"), False, True, asked)
    assert set(small) == {"faceRectangle", "faceLandmarks", "faceAttributes"}
    assert set(small["faceAttributes"]) == set(asked.split(","))
    assert small["faceAttributes"]["smile"] > 0.9
    assert small["faceAttributes"]["glasses"] == "NoGlasses"
    assert small["faceAttributes"]["hair"]["hairColor"][0]["color"] == "brown"
    assert small["faceAttributes"]["accessories"] == []
    assert len(large["faceLandmarks"]) == 27
    assert sdk.detect(io.BytesIO(people.nobody())) == []
    refused("BadArgument", 400, sdk.detect, world.web.url("woman.jpg"), attributes="mask")
    refused("InvalidURL", 400, sdk.detect, "neither a file nor a URL")
    headers, data, json = world.sdk.util.parse_image(io.BytesIO(people.woman()))
    answer = world.sdk.util.request("POST", "detect", data=data, json=json, headers=headers)
    assert answer[0]["faceRectangle"] == face["faceRectangle"]


@scenarios.covers("face.verify", "face.group", "face.find_similars")
def compare(world: World) -> None:
    sdk = world.sdk.face
    first, second = world.detect(people.woman()), world.detect(people.woman(1))
    third = world.detect(people.man())
    assert sdk.verify(first, second)["isIdentical"] is True
    assert sdk.verify(first, third)["isIdentical"] is False
    assert sdk.group([first, second, third]) == {
        "groups": [sorted([first, second], key=[first, second].index)],
        "messyGroup": [third],
    }
    (alike,) = sdk.find_similars(first, face_ids=[second, third])
    assert alike["faceId"] == second
    assert alike["confidence"] >= 0.5
    refused("BadArgument", 400, sdk.find_similars, first)
    refused("BadArgument", 400, sdk.find_similars, first, face_ids=[second], mode="x")
    refused("FaceNotFound", 404, sdk.verify, first, NOWHERE)
    refused("BadArgument", 400, sdk.verify, "x", second)


@scenarios.covers(
    *(f"face_list.{name}" for name in ("create", "get", "update", "delete", "lists")),
    *("face_list.add_face", "face_list.delete_face", "util.clear_face_lists"),
)
def face_list(world: World) -> None:
    api = world.sdk.face_list
    assert api.create("women") == {}
    refused("FaceListExists", 409, api.create, "women")
    box = world.sdk.face.detect(io.BytesIO(people.both()))[1]["faceRectangle"]
    target = f"{box['left']},{box['top']},{box['width']},{box['height']}"
    added = api.add_face(io.BytesIO(people.both()), "women", "the left one", target)
    refused("InvalidImage", 400, api.add_face, io.BytesIO(people.both()), "women")
    refused("BadArgument", 400, api.add_face, io.BytesIO(people.both()), "women", None, "1,2,3")
    assert api.get("women") == {
        "faceListId": "women",
        "name": "women",
        "userData": None,
        "persistedFaces": [{**added, "userData": "the left one"}],
    }
    query = world.detect(people.woman(2))
    found = world.sdk.face.find_similars(query, face_list_id="women")
    assert found[0]["persistedFaceId"] == added["persistedFaceId"]
    assert api.update("women", user_data="w") == {}
    assert api.lists() == [{"faceListId": "women", "name": "women", "userData": "w"}]
    refused("BadArgument", 400, api.update, "women")
    assert api.delete_face("women", added["persistedFaceId"]) == {}
    assert api.delete("women") == {}
    refused("FaceListNotFound", 404, api.get, "women")
    api.create("left-over")
    world.sdk.util.clear_face_lists()
    assert api.lists() == []


@scenarios.covers(
    *(f"large_face_list.{name}" for name in ("create", "get", "update", "delete", "list")),
    *("large_face_list.train", "large_face_list.get_status"),
    *(f"large_face_list_face.{name}" for name in ("add", "get", "update", "delete", "list")),
    *("util.wait_for_large_face_list_training", "util.clear_large_face_lists"),
)
def large_face_list(world: World) -> None:
    api, faces = world.sdk.large_face_list, world.sdk.large_face_list_face
    assert api.create("men", "Men") == {}
    id = faces.add(io.BytesIO(people.man()), "men", user_data="one")["persistedFaceId"]
    refused("LargeFaceListNotTrained", 404, api.get_status, "men")
    assert api.train("men") == {}
    world.sdk.util.wait_for_large_face_list_training("men")
    assert api.get_status("men")["status"] == "succeeded"
    query = world.detect(people.man(1))
    (found,) = world.sdk.face.find_similars(query, large_face_list_id="men")
    assert found["persistedFaceId"] == id
    assert faces.get("men", id) == {"persistedFaceId": id, "userData": "one"}
    assert faces.update("men", id, "two") == {}
    assert faces.update("men", id) == {}  # sends null, which changes nothing
    assert faces.list("men", start="0", top=10) == [{"persistedFaceId": id, "userData": "two"}]
    assert faces.delete("men", id) == {}
    refused("PersistedFaceNotFound", 404, faces.get, "men", id)
    assert api.update("men", name="M") == {}
    assert api.get("men") == {"largeFaceListId": "men", "name": "M", "userData": None}
    assert [each["largeFaceListId"] for each in api.list(top=1)] == ["men"]
    assert api.delete("men") == {}
    api.create("left-over")
    world.sdk.util.clear_large_face_lists()
    assert api.list() == []


@scenarios.covers(
    *(f"person_group.{name}" for name in ("create", "get", "update", "delete", "lists")),
    *("person_group.train", "person_group.get_status"),
    *(f"person.{name}" for name in ("create", "get", "update", "delete", "lists", "add_face")),
    *(f"person.{name}_face" for name in ("get", "update", "delete")),
    *("util.wait_for_person_group_training", "util.clear_person_groups", "face.identify"),
)
def person_group(world: World) -> None:
    api, persons, util = world.sdk.person_group, world.sdk.person, world.sdk.util
    assert api.create("friends") == {}
    assert api.lists() == [{"personGroupId": "friends", "name": "friends", "userData": None}]
    _Group(
        *(world, api, persons, persons, "person_group_id", "PersonGroup"),
        *(util.wait_for_person_group_training, persons.lists, persons.add_face),
    ).run()
    api.create("left-over")
    util.clear_person_groups()
    assert api.lists() == []


@scenarios.covers(
    *(f"large_person_group.{name}" for name in ("create", "get", "update", "delete", "list")),
    *("large_person_group.train", "large_person_group.get_status"),
    *(
        f"large_person_group_person.{name}"
        for name in ("create", "get", "update", "delete", "list")
    ),
    *(f"large_person_group_person_face.{name}" for name in ("add", "get", "update", "delete")),
    *("util.wait_for_large_person_group_training", "util.clear_large_person_groups"),
    "face.identify",
)
def large_person_group(world: World) -> None:
    api, util = world.sdk.large_person_group, world.sdk.util
    persons = world.sdk.large_person_group_person
    faces = world.sdk.large_person_group_person_face
    assert api.create("friends") == {}
    shown = [{"largePersonGroupId": "friends", "name": "friends", "userData": None}]
    assert api.list() == shown
    _Group(
        *(world, api, persons, _Faces(faces), "large_person_group_id", "LargePersonGroup"),
        *(util.wait_for_large_person_group_training, persons.list, faces.add),
    ).run()
    api.create("left-over")
    util.clear_large_person_groups()
    assert api.list() == []


class _Faces:
    """The module of large groups' faces under the names of the module of persons."""

    def __init__(self, faces: Any) -> None:
        self.get_face, self.update_face, self.delete_face = faces.get, faces.update, faces.delete


class _Group:
    """The life of a group, the same for both sizes, whose functions differ in their names."""

    def __init__(
        self,
        world: World,
        api: Any,
        persons: Any,
        faces: Any,
        field: str,
        code: str,
        wait: Callable[[str], None],
        listed: Callable[..., Any],
        add: Callable[..., Any],
    ) -> None:
        self.world, self.api, self.persons, self.faces = world, api, persons, faces
        self.field, self.code, self.wait, self.listed, self.add = field, code, wait, listed, add

    def run(self) -> None:
        woman = self.persons.create("friends", "She")["personId"]
        man = self.persons.create("friends", "He", "h")["personId"]
        hers = self.add(io.BytesIO(people.woman()), "friends", woman)["persistedFaceId"]
        self.add(self.world.web.url("man.jpg"), "friends", man, "first")
        self.identify(woman)
        self.change(woman, man, hers)
        assert self.api.update("friends", user_data="f") == {}
        assert self.api.get("friends")["userData"] == "f"
        assert self.api.delete("friends") == {}
        refused(f"{self.code}NotFound", 404, self.api.get, "friends")

    def identify(self, woman: str) -> None:
        where = {self.field: "friends"}
        query, identify = self.world.detect(people.woman(1)), self.world.sdk.face.identify
        refused(f"{self.code}NotTrained", 400, identify, [query], **where)
        assert self.api.train("friends") == {}
        self.wait("friends")
        assert self.api.get_status("friends")["status"] == "succeeded"
        (found,) = identify([query], **where)
        assert found["faceId"] == query
        (candidate,) = found["candidates"]
        assert candidate["personId"] == woman
        assert identify([query], threshold=1.0, **where)[0]["candidates"] == []
        verdict = self.world.sdk.face.verify(query, person_id=woman, **where)
        assert verdict["isIdentical"] is True

    def change(self, woman: str, man: str, hers: str) -> None:
        assert self.persons.get("friends", woman) == {
            "personId": woman,
            "name": "She",
            "userData": None,
            "persistedFaceIds": [hers],
        }
        assert self.persons.update("friends", man, name="Him") == {}
        assert [each["name"] for each in self.listed("friends", start=min(woman, man))] == [
            "Him" if man > woman else "She"
        ]
        assert self.faces.update_face("friends", woman, hers, "best") == {}
        assert self.faces.get_face("friends", woman, hers)["userData"] == "best"
        assert self.faces.delete_face("friends", woman, hers) == {}
        refused("PersistedFaceNotFound", 404, self.faces.get_face, "friends", woman, hers)
        assert self.persons.delete("friends", man) == {}
        refused("PersonNotFound", 404, self.persons.get, "friends", man)


@pytest.mark.parametrize("name", sorted(scenarios.of))
def test_scenario(name: str, world: World) -> None:
    claimed, scenario = scenarios.of[name]
    scenario(world)
    assert claimed <= world.sdk.called


def test_the_sdk_shows_the_key_refusal(world: World) -> None:
    CF.Key.set("wrong")
    message = refused("Unspecified", 401, world.sdk.face_list.lists)
    assert message.startswith("Access denied due to invalid subscription key.")
