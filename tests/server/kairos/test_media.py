"""The media and analytics calls, on a service with its models and workers."""

from __future__ import annotations

import re
import time
from datetime import datetime
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from mien.attention.landmarks import LANDMARKS
from mien.models import file_of
from mien.server.dialects.kairos import answers
from tests.server import people
from tests.server.kairos.client import Client, client_of
from tests.server.live import Live
from tests.server.web import Web

CLIP = "sample-carphone"
PATIENCE_S = 120.0
SIX = {"anger", "disgust", "fear", "joy", "sadness", "surprise"}


@pytest.fixture(scope="module")
def clip() -> bytes:
    """A man who talks, from a car's window; the whole of a short clip."""
    return file_of(CLIP).read_bytes()


def send(client: Client, data: bytes, name: str = "a.mp4", **parameters: Any) -> httpx.Response:
    return client.http.post("/v2/media", params=parameters, files={"source": (name, data)})


def over(client: Client, id: str, kind: str = "media") -> Any:
    """The result of a media object, once there is one."""
    until = time.monotonic() + PATIENCE_S
    while True:
        answer = client.http.get(f"/v2/{kind}/{id}")
        if answer.status_code != 202:
            return answer.json()
        assert answer.json() == {"status_code": 2, "id": id, "status_message": "Processing"}
        assert time.monotonic() < until
        time.sleep(0.2)


@pytest.fixture(scope="module")
def seen(kairos: Client, clip: bytes) -> Any:
    """The media object of the clip, with landmarks."""
    answer = send(kairos, clip, timeout=0, landmarks=1)
    assert answer.status_code == 202
    found = answer.json()
    assert re.fullmatch("[0-9a-f]{24}", found["id"])
    assert found == {"status_code": 2, "id": found["id"], "status_message": "Processing"}
    return over(kairos, found["id"])


def test_a_video_is_told_of_frame_by_frame(seen: Any) -> None:
    answers.Media.model_validate(seen)
    assert (seen["status_code"], seen["status_message"]) == (4, "Complete")
    info = seen["media_info"]
    ending = info["file"].rpartition(".")[2]
    assert info["file"] == f"{seen['id']}.{ending}"
    assert (info["type"], info["mime_type"]) == ("video", f"video/{ending}")
    assert info["length"] == seen["length"] > 0
    times = [frame["time"] for frame in seen["frames"]]
    assert times[0] == 0
    assert times == sorted(set(times))
    assert abs(times[-1] / 1000 - seen["length"]) <= 1


def test_what_is_told_of_a_person(seen: Any) -> None:
    everybody = [person for frame in seen["frames"] for person in frame["people"]]
    assert {person["person_id"] for person in everybody} == {"0"}
    assert len(everybody) > 0.9 * len(seen["frames"])
    for person in everybody:
        assert person["demographics"]["gender"] == "Male"
        assert person["demographics"]["age_group"] in ("Young Adult", "Adult")
        assert person["appearance"] == {"glasses": "No"}
    described = [person for person in everybody if "emotions" in person]
    assert len(described) > 0.9 * len(everybody)
    for person in described:
        assert set(person["emotions"]) == SIX
        assert 0 <= sum(person["emotions"].values()) <= 100.01
    near = [person["distance"] for person in everybody if "distance" in person]
    assert len(near) > 0.9 * len(everybody)
    assert 20 < sorted(near)[len(near) // 2] < 100  # a head that fills half of the frame


def test_tracking_goes_on_from_frame_to_frame(seen: Any) -> None:
    everybody = [person for frame in seen["frames"] for person in frame["people"]]
    dwells = [person["tracking"]["dwell"] for person in everybody]
    assert dwells == sorted(dwells)
    assert dwells[-1] == pytest.approx(seen["length"], abs=1)
    glances = [person["tracking"]["glances"] for person in everybody]
    assert glances == sorted(glances)
    assert {person["tracking"]["blink"] for person in everybody} <= {"Yes", "No"}
    begun = {person["start_time"] for person in everybody}
    assert len(begun) == 1
    last = everybody[-1]
    shown = moment(last["end_time"]) - moment(last["start_time"])
    assert shown.total_seconds() == pytest.approx(seen["length"], abs=1)


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%b-%d %H:%M:%S.%f")


def test_landmarks_are_given_where_they_are_asked_for(seen: Any, kairos: Client) -> None:
    person = next(p for frame in seen["frames"] for p in frame["people"] if "landmarks" in p)
    names = [name for point in person["landmarks"] for name in point]
    assert names == list(LANDMARKS)
    points = {name: point for entry in person["landmarks"] for name, point in entry.items()}
    box = person["face"]
    assert points["leftEyeCornerLeft"]["x"] < points["rightEyeCornerRight"]["x"]
    assert box["y"] < points["noseTipTop"]["y"] < points["lowerLipBottomCenter"]["y"]
    photo = send(kairos, people.woman(), "a.jpg", timeout=60).json()
    assert "landmarks" not in photo["frames"][0]["people"][0]


def test_roll_has_the_other_sign_than_in_detect(kairos: Client) -> None:
    picture = cv2.imdecode(np.frombuffer(people.woman(), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    height, width = picture.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -20, 1.0)  # clockwise, as it is seen
    turned = people.jpeg(cv2.warpAffine(picture, turn, (width, height)))
    (frame,) = send(kairos, turned, "a.jpg", timeout=60).json()["frames"]
    (person,) = frame["people"]
    assert -35 < person["pose"]["roll"] < -10


def test_analytics_tell_the_same_in_sum(seen: Any, kairos: Client) -> None:
    found = kairos.http.get(f"/v2/analytics/{seen['id']}").json()
    answers.Analytics.model_validate(found)
    assert found["id"] == seen["id"]
    info = dict(seen["media_info"])
    assert found["media_info"] == {"filename": info.pop("file"), **info}
    (person,) = found["impressions"]
    last = [p for frame in seen["frames"] for p in frame["people"]][-1]
    tracking = dict(last["tracking"])
    del tracking["blink"]
    assert person["tracking"] == tracking
    assert person["id"] == "0"
    assert person["appearance"] == {"glasses": 1}
    assert person["demographics"]["gender"] == 1
    assert person["demographics"]["age_group"] in ("Young-Adult", "Adult")
    assert set(person["average_emotion"]) == SIX
    assert sum(person["emotion_score"].values()) == pytest.approx(100, abs=0.01)
    assert person["duration"] >= person["tracking"]["dwell"]


def test_a_photo_is_a_media_object_of_one_frame(kairos: Client, web: Web) -> None:
    answer = kairos.http.post("/v2/media", params={"source": web.url("both.jpg"), "timeout": 60})
    assert answer.status_code == 200
    found = answer.json()
    answers.Media.model_validate(found)
    assert found["length"] == 0
    assert found["media_info"] == {
        "file": f"{found['id']}.jpg",
        "length": 0,
        "mime_type": "image/jpg",
        "type": "image",
    }
    (frame,) = found["frames"]
    assert frame["time"] == 0
    assert [person["person_id"] for person in frame["people"]] == ["0", "1"]
    assert {person["tracking"]["dwell"] for person in frame["people"]} == {0}
    assert {person["demographics"]["gender"] for person in frame["people"]} == {"Male", "Female"}
    sums = over(kairos, found["id"], "analytics")
    assert [each["tracking"]["dwell"] for each in sums["impressions"]] == [0, 0]
    assert [each["duration"] for each in sums["impressions"]] == [0, 0]


def test_a_photo_of_nobody_has_nobody(kairos: Client) -> None:
    found = send(kairos, people.nobody(), "a.jpg", timeout=60).json()
    assert found["frames"] == [{"people": [], "time": 0}]
    assert over(kairos, found["id"], "analytics")["impressions"] == []


def test_what_is_deleted_is_gone(kairos: Client, web: Web) -> None:
    answer = kairos.http.post("/v2/media", json={"source": web.url("man.jpg"), "timeout": 60})
    id = answer.json()["id"]
    deleted = kairos.http.delete(f"/v2/media/{id}")
    assert (deleted.status_code, deleted.json()) == (
        200,
        {"id": id, "status_code": "5", "status_message": "Deleted"},
    )
    for path in (f"/v2/media/{id}", f"/v2/analytics/{id}"):
        assert gone(kairos, path, id)
    again = kairos.http.delete(f"/v2/media/{id}")
    assert (again.status_code, again.json()) == (
        200,
        {"code": 5003, "message": "Unable to delete media."},
    )


def test_what_is_being_worked_on_can_be_deleted(kairos: Client, clip: bytes) -> None:
    id = send(kairos, clip, timeout=0).json()["id"]
    assert kairos.http.delete(f"/v2/media/{id}").json()["status_code"] == "5"
    assert gone(kairos, f"/v2/media/{id}", id)


def gone(client: Client, path: str, id: str) -> bool:
    """Whether a media object is not there, in the words of the API."""
    answer = client.http.get(path)
    return (answer.status_code, answer.json()) == (
        200,
        {"id": id, "status_code": 3, "status_message": "Error. Media record not found."},
    )


@pytest.mark.parametrize("id", ["0123Test", "0" * 24, "e873eebce0d77bd6fed3b1b9", "..", "é"])
def test_ids_that_are_none(kairos: Client, id: str) -> None:
    for kind in ("media", "analytics"):
        assert gone(kairos, f"/v2/{kind}/{id}", id) or id == ".."
    answer = kairos.http.delete(f"/v2/media/{id}")
    assert id == ".." or answer.json() == {"code": 5003, "message": "Unable to delete media."}


def test_another_account_does_not_see_it(live: Live, seen: Any) -> None:
    with client_of(live, "kairos media somebody else") as other:
        assert gone(other, f"/v2/media/{seen['id']}", seen["id"])
        assert other.http.delete(f"/v2/media/{seen['id']}").json()["code"] == 5003


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({}, 1002),
        ({"params": {"source": ""}}, 1002),
        ({"params": {"timeout": 5}}, 1002),
        ({"json": {}}, 1002),
        ({"files": {"other": b"x"}}, 1002),
        ({"files": {"source": ("a.mp4", b"")}}, 1002),
        ({"params": {"source": "http://example.com/" + "x" * 2048}}, 1004),
        ({"files": {"source": ("x" * 256, b"x")}}, 1004),
        ({"params": {"source": "no url"}}, 5001),
        ({"params": {"source": "http://10.0.0.1/a.mp4"}}, 5001),
        ({"files": {"source": ("a.mp4", b"no video at all")}}, 5000),
        ({"files": {"source": people.man()}, "params": {"timeout": 61}}, 1003),
        ({"files": {"source": people.man()}, "params": {"timeout": "soon"}}, 1003),
        ({"files": {"source": people.man()}, "params": {"landmarks": 2}}, 1003),
        ({"content": b"[]", "headers": {"content-type": "application/json"}}, 1003),
        ({"content": b"{", "headers": {"content-type": "application/json"}}, 1003),
        ({"content": b"x", "headers": {"content-type": "multipart/form-data"}}, 1003),
    ],
)
def test_what_cannot_be_analysed_is_refused_with_a_flat_error(
    kairos: Client, request_: dict[str, Any], code: int
) -> None:
    answer = kairos.http.post("/v2/media", **request_)
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"code", "message"}
    assert body["code"] == code
    if code == 1002:
        assert body["message"] == "Required source parameter missing."


def test_a_broken_video_ends_in_an_error(kairos: Client, clip: bytes) -> None:
    """It begins as a video does, and nothing of it can be decoded."""
    found = send(kairos, clip[:600] + bytes(5000), timeout=60).json()
    assert found["status_code"] == 3
    assert found["status_message"].startswith("Error. ")
    assert "/" not in found["status_message"]


def test_without_a_key_there_is_nothing(kairos: Client, seen: Any) -> None:
    for method, path in (
        ("POST", "/v2/media"),
        ("GET", f"/v2/media/{seen['id']}"),
        ("DELETE", f"/v2/media/{seen['id']}"),
        ("GET", f"/v2/analytics/{seen['id']}"),
    ):
        answer = kairos.http.request(method, path, headers={"app_key": "wrong"})
        assert answer.status_code == 403
        assert answer.json()["Errors"][0]["ErrCode"] == 3003
