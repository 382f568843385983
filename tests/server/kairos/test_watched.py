"""The two documents of a media object, from timelines of known truth."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from mien.attention.landmarks import LANDMARKS
from mien.describe.attributes import SCORES
from mien.faces import EMOTIONS
from mien.jobs.attention import Watched
from mien.server.dialects.kairos import answers
from mien.server.dialects.kairos.watched import Document, columns_for
from mien.server.policy import Policy
from mien.timeline.timeline import Timeline
from tests.attention.people import AWAY, LOOKS, OPEN, SHUT, watched

CREATED = datetime(2016, 8, 31, 17, 47, 35, 280681, UTC)
ID = "e873eebce0d77bd6fed3b1b9"


def document(timeline: Timeline, policy: Policy | None = None, ending: str = "flv") -> Document:
    """The documents of a timeline; distances and landmarks count up."""
    count = len(timeline.faces)
    points = np.arange(count * 96, dtype=np.float32).reshape(count, 48, 2)
    seen = Watched(timeline, 50 + np.arange(count, dtype=np.float32), points)
    return Document(ID, CREATED, ending, seen, policy or Policy())


def media(document: Document) -> Any:
    found = json.loads(b"".join(document.media()))
    answers.Media.model_validate(found)
    return found


def analytics(document: Document) -> Any:
    found = document.analytics()
    answers.Analytics.model_validate(found)
    return found


def two_people() -> Timeline:
    """Ten frames a second: person 7 in frames 0, 1, 2, person 3 in frames 1 and 2. Nobody in 3."""
    emotion = np.zeros((5, 8))
    emotion[:, EMOTIONS.index("happiness")] = 0.5
    emotion[:, EMOTIONS.index("sadness")] = 0.25
    emotion[:, EMOTIONS.index("neutral")] = 0.25
    attributes = np.zeros((5, len(SCORES)))
    attributes[[2, 4], SCORES.index("Sunglasses")] = 0.9
    return watched(
        [LOOKS, LOOKS, AWAY, AWAY, AWAY],
        eyes=[OPEN, SHUT, OPEN, OPEN, OPEN],
        frames=[0, 1, 1, 2, 2],
        ids=[7, 7, 3, 7, 3],
        count=4,
        emotion=emotion,
        age=[30, 30, 70, 33, 70],
        gender=[0.1, 0.1, 0.9, 0.1, 0.9],
        attributes=attributes,
    )


def test_a_media_object() -> None:
    found = media(document(two_people()))
    assert [frame["time"] for frame in found["frames"]] == [0, 100, 200, 300]
    told = [[person["person_id"] for person in frame["people"]] for frame in found["frames"]]
    assert told == [["0"], ["0", "1"], ["0", "1"], []]
    assert {name: found[name] for name in found if name != "frames"} == {
        "id": ID,
        "length": 0,
        "media_info": {
            "file": f"{ID}.flv",
            "length": 0,
            "mime_type": "video/flv",
            "type": "video",
        },
        "status_code": 4,
        "status_message": "Complete",
    }
    first, second = found["frames"][1]["people"]
    landmarks = first.pop("landmarks")
    assert [name for point in landmarks for name in point] == list(LANDMARKS)
    assert landmarks[0] == {"leftEyeBrowOuterLeft": {"x": 96, "y": 97}}
    assert first == {
        "appearance": {"glasses": "No"},
        "demographics": {"age_group": "Young Adult", "gender": "Male"},
        "distance": 51.0,
        "emotions": {
            **{"anger": 0, "disgust": 0, "fear": 0, "joy": 50, "sadness": 25, "surprise": 0}
        },
        "end_time": "2016-Aug-31 17:47:35.480681",
        "face": {"height": 128, "width": 128, "x": 100, "y": 100},
        "person_id": "0",
        "pose": {"pitch": 0, "roll": 0, "yaw": 0},
        "start_time": "2016-Aug-31 17:47:35.280681",
        "tracking": {"attention": 100, "blink": "Yes", "dwell": 0.2, "glances": 1},
    }
    assert second["appearance"] == {"glasses": "Yes"}
    assert second["demographics"] == {"age_group": "Senior", "gender": "Female"}
    assert second["start_time"] == "2016-Aug-31 17:47:35.380681"
    assert second["tracking"] == {"attention": 0, "blink": "No", "dwell": 0.1, "glances": 0}


def test_its_analytics() -> None:
    found = analytics(document(two_people()))
    assert found["media_info"]["filename"] == f"{ID}.flv"
    assert "file" not in found["media_info"]
    first, second = found["impressions"]
    assert first == {
        "appearance": {"glasses": 1},
        "average_emotion": {
            **{"anger": 0, "disgust": 0, "fear": 0, "joy": 50, "sadness": 25, "surprise": 0}
        },
        "demographics": {"age_group": "Young-Adult", "gender": 1},
        "duration": 0.3,
        "emotion_score": {"negative": 25, "neutral": 25, "positive": 50},
        "id": "0",
        "tracking": {"attention": 66.667, "dwell": 0.3, "glances": 1},
    }
    assert second["appearance"] == {"glasses": 2}
    assert second["demographics"] == {"age_group": "Senior", "gender": 2}
    assert second["tracking"] == {"attention": 0, "dwell": 0.2, "glances": 0}


def test_what_is_not_known_is_left_out_or_zero() -> None:
    nothing = np.nan
    timeline = watched(
        [(nothing, nothing)],
        eyes=[nothing],
        emotion=np.full((1, 8), nothing),
        age=[nothing],
        gender=[nothing],
        attributes=np.full((1, len(SCORES)), nothing),
    )
    seen = Watched(timeline, np.array([nothing]), np.full((1, 48, 2), nothing))
    found = Document(ID, CREATED, "mp4", seen, Policy())
    (person,) = media(found)["frames"][0]["people"]
    assert set(person) == {
        *("appearance", "demographics", "end_time", "face", "person_id", "start_time", "tracking")
    }
    assert person["appearance"] == person["demographics"] == {}
    assert person["tracking"] == {"blink": "No", "dwell": 0.1, "glances": 0}
    (impression,) = analytics(found)["impressions"]
    assert impression["appearance"] == {"glasses": 0}
    assert impression["demographics"] == {"gender": 0}
    assert not {"average_emotion", "emotion_score"} & impression.keys()


def test_columns_that_were_not_asked_for_are_left_out() -> None:
    found = document(watched([LOOKS]))
    (person,) = media(found)["frames"][0]["people"]
    assert not {"emotions"} & person.keys()
    assert analytics(found)["impressions"][0]["appearance"] == {"glasses": 0}


@pytest.mark.parametrize(
    ("off", "person", "impression"),
    [
        ("emotion", {"emotions"}, {"average_emotion", "emotion_score"}),
        ("headPose", {"pose"}, set()),
        ("faceLandmarks", {"landmarks"}, set()),
        ("attention", {"tracking"}, {"tracking"}),
    ],
)
def test_a_policy_takes_fields_away(off: str, person: set[str], impression: set[str]) -> None:
    policy = Policy.of({"attributes": {off: False}})
    whole, less = document(two_people()), document(two_people(), policy)
    everything = media(whole)["frames"][0]["people"][0].keys()
    assert media(less)["frames"][0]["people"][0].keys() == everything - person
    everything = analytics(whole)["impressions"][0].keys()
    assert analytics(less)["impressions"][0].keys() == everything - impression


def test_a_policy_takes_looks_away_and_has_them_not_looked_for() -> None:
    policy = Policy.of({"attributes": {"age": False, "gender": False, "glasses": False}})
    found = document(two_people(), policy)
    (person,) = media(found)["frames"][0]["people"]
    assert person["appearance"] == person["demographics"] == {}
    assert analytics(found)["impressions"][0]["appearance"] == {}
    assert analytics(found)["impressions"][0]["demographics"] == {}
    assert columns_for(policy) == ["emotion"]
    assert columns_for(Policy()) == ["emotion", "age", "gender", "attributes"]
    assert columns_for(Policy(emotion=False)) == ["age", "gender", "attributes"]


def test_a_photo_has_no_length() -> None:
    found = document(two_people(), ending="jpg")
    told = media(found)
    assert (told["length"], told["media_info"]["mime_type"]) == (0, "image/jpg")
    dwells = [p["tracking"]["dwell"] for frame in told["frames"] for p in frame["people"]]
    assert set(dwells) == {0}
    assert {each["duration"] for each in analytics(found)["impressions"]} == {0}


def test_a_video_of_nobody_and_one_without_a_frame() -> None:
    found = document(watched([], count=2))
    assert media(found)["frames"] == [{"people": [], "time": 0}, {"people": [], "time": 100}]
    assert analytics(found)["impressions"] == []
    empty = replace(watched([], count=1), pts=np.empty(0, int), durations=np.empty(0, int))
    assert media(document(empty))["frames"] == []


def test_boxes_are_inside_the_frame() -> None:
    timeline = watched([LOOKS])
    box = np.array([[-20.0, -10.0, 5000.0, 30.4]])
    timeline = replace(timeline, faces=replace(timeline.faces, box_xyxy=box))
    (person,) = media(document(timeline))["frames"][0]["people"]
    assert person["face"] == {"x": 0, "y": 0, "width": 1280, "height": 30}
