"""What was seen in a video or photo as the media and analytics calls tell of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np

from mien.attention import (
    LANDMARKS,
    Impression,
    Tracking,
    age_group,
    emotion_score,
    impressions,
    tracking,
)
from mien.describe.attributes import LIKELY
from mien.faces import EMOTIONS
from mien.jobs.attention import Watched
from mien.server.policy import Policy

Json = dict[str, Any]

EMOTION, ATTENTION = "emotion", "attention"
TOLD: Mapping[str, str] = {
    "emotion": "emotion",
    "age": "age",
    "gender": "gender",
    "glasses": "attributes",
}
"""What is told of people, by the names that a policy has for it, and the column of each."""

SIX = {
    "anger": "anger",
    "disgust": "disgust",
    "fear": "fear",
    "joy": "happiness",
    "sadness": "sadness",
    "surprise": "surprise",
}
"""The emotions of the wire, and our names."""

MALE, FEMALE, NO_GLASSES, GLASSES, UNKNOWN = 1, 2, 1, 2, 0
"""In the analytics: sexes by ISO/IEC 5218, and glasses likewise."""


def columns_for(policy: Policy) -> list[str]:
    """The columns to ask for: those of which the policy allows to tell."""
    return [column for name, column in TOLD.items() if policy.allows(name)]


@dataclass(frozen=True)
class Document:
    """The two documents of one video or photo.

    Attributes:
        id: of the media object.
        created: when it was posted; start and end times of people are counted from there.
        ending: of its file name.
        watched: what was seen.
        policy: what may be told of it.
    """

    id: str
    created: datetime
    ending: str
    watched: Watched
    policy: Policy

    @property
    def is_photo(self) -> bool:
        """Whether it is of a photo, which has no length."""
        return self.ending in PHOTO_ENDINGS

    @cached_property
    def _impressions(self) -> list[Impression]:
        return impressions(self.watched.timeline)

    @cached_property
    def _tracking(self) -> Tracking:
        return tracking(self.watched.timeline)

    @cached_property
    def _numbers(self) -> dict[int, int]:
        """The number of each person, from 0 in the order in which they are first seen."""
        tracks = self.watched.timeline.tracks()
        order = sorted(tracks, key=lambda person: (int(tracks[person][0]), person))
        return {person: number for number, person in enumerate(order)}

    @cached_property
    def _begun(self) -> dict[int, float]:
        """When each person is first seen, in seconds."""
        timeline = self.watched.timeline
        seconds = timeline.seconds
        return {
            person: float(seconds[timeline.frame[rows[0]]])
            for person, rows in timeline.tracks().items()
        }

    @property
    def length(self) -> int:
        """Whole seconds; 0 for a photo."""
        return 0 if self.is_photo else round(self.watched.timeline.duration.exact)

    def media_info(self, name: str) -> Json:
        """The file; under this name of its name."""
        kind = "image" if self.is_photo else "video"
        return {
            name: f"{self.id}.{self.ending}",
            "length": self.length,
            "mime_type": f"{kind}/{self.ending}",
            "type": kind,
        }

    def media(self) -> Iterator[bytes]:
        """The media object as JSON, a frame at a time."""
        yield b'{"frames": ['
        for frame in range(self.watched.timeline.frame_count):
            yield (b", " if frame else b"") + json.dumps(self._frame(frame)).encode()
        rest = {
            "id": self.id,
            "length": self.length,
            "media_info": self.media_info("file"),
            "status_code": 4,
            "status_message": "Complete",
        }
        yield b"], " + json.dumps(rest).encode()[1:]

    def analytics(self) -> Json:
        """The impressions of everybody, in the order of their numbers."""
        by_number = sorted(self._impressions, key=lambda each: self._numbers[each.person])
        return {
            "id": self.id,
            "impressions": [self._impression(each) for each in by_number],
            "media_info": self.media_info("filename"),
        }

    def _frame(self, frame: int) -> Json:
        timeline = self.watched.timeline
        rows = range(*timeline.rows(frame, frame + 1).indices(len(timeline.faces)))
        ids = timeline.faces.track_id
        known = [row for row in rows if ids is not None and ids[row] >= 0]
        start = timeline.pts[frame] - timeline.pts[0]
        return {
            "people": [self._person(row, frame) for row in known],
            "time": round(float(start * timeline.video.time_base) * 1000),
        }

    def _person(self, row: int, frame: int) -> Json:
        timeline, faces = self.watched.timeline, self.watched.timeline.faces
        assert faces.track_id is not None
        person = int(faces.track_id[row])
        end = (timeline.pts[frame] + timeline.spans[frame]) * float(timeline.video.time_base)
        found: Json = self._looks(self._by_person[person])
        if math.isfinite(far := float(self.watched.distance_cm[row])):
            found["distance"] = round(far, 3)
        if faces.emotion is not None:
            found |= _six("emotions", faces.emotion[row], self.policy)
        found |= {
            "end_time": _clock(self.created, 0.0 if self.is_photo else end),
            "face": _box(faces.box_xyxy[row], timeline.video.width, timeline.video.height),
        }
        if self.watched.landmarks is not None and self.policy.allows("faceLandmarks"):
            found |= _landmarks(self.watched.landmarks[row])
        found |= {"person_id": str(self._numbers[person])}
        if faces.pose_deg is not None and self.policy.allows("headPose"):
            found |= _pose(faces.pose_deg[row])
        found["start_time"] = _clock(self.created, self._begun[person])
        return found | self._tracked(row)

    @cached_property
    def _by_person(self) -> dict[int, Impression]:
        return {each.person: each for each in self._impressions}

    def _looks(self, person: Impression) -> Json:
        """Appearance and demographics, in words."""
        demographics: Json = {}
        group = age_group(person.age)
        if group is not None and self.policy.allows("age"):
            demographics["age_group"] = group
        if math.isfinite(person.gender) and self.policy.allows("gender"):
            demographics["gender"] = "Female" if person.gender >= 0.5 else "Male"
        appearance: Json = {}
        if math.isfinite(person.glasses) and self.policy.allows("glasses"):
            appearance["glasses"] = "Yes" if person.glasses >= LIKELY else "No"
        return {"appearance": appearance, "demographics": demographics}

    def _tracked(self, row: int) -> Json:
        """What was seen of somebody up to this frame."""
        seen = self._tracking
        told = self._attention(seen.attention[row], seen.dwell_s[row], int(seen.glances[row]))
        blink = {"blink": "Yes" if seen.blink[row] else "No"}
        return {"tracking": blink | told} if self.policy.allows(ATTENTION) else {}

    def _attention(self, attention: float, dwell_s: float, glances: int) -> Json:
        told = {"attention": round(float(attention), 3)} if math.isfinite(attention) else {}
        dwell = 0 if self.is_photo else round(float(dwell_s), 3)
        return {**told, "dwell": dwell, "glances": glances}

    def _impression(self, person: Impression) -> Json:
        found: Json = {"appearance": {}, "demographics": {}}
        if self.policy.allows("glasses"):
            found["appearance"]["glasses"] = _number(person.glasses, NO_GLASSES, GLASSES)
        found |= _six("average_emotion", person.emotion, self.policy)
        group = age_group(person.age)
        if group is not None and self.policy.allows("age"):
            found["demographics"]["age_group"] = group.replace(" ", "-")
        if self.policy.allows("gender"):
            found["demographics"]["gender"] = _number(person.gender, MALE, FEMALE)
        score = emotion_score(person.emotion)
        if score is not None and self.policy.allows(EMOTION):
            found["emotion_score"] = {
                name: round(value, 3) for name, value in score._asdict().items()
            }
        found["duration"] = 0 if self.is_photo else round(person.duration_s, 3)
        found["id"] = str(self._numbers[person.person])
        if self.policy.allows(ATTENTION):
            told = self._attention(person.attention, person.dwell_s, person.glances)
            found["tracking"] = told
        return found


PHOTO_ENDINGS = ("jpg", "png", "gif", "bmp", "webp", "tif")


def _six(name: str, emotion: Any, policy: Policy) -> Json:
    """The six emotions in percent, if they are known and allowed."""
    if not policy.allows(EMOTION) or not np.isfinite(emotion).all():
        return {}
    shares = dict(zip(EMOTIONS, np.asarray(emotion, float).tolist(), strict=True))
    return {name: {wire: round(100 * shares[ours], 3) for wire, ours in SIX.items()}}


def _box(box: Any, width: int, height: int) -> Json:
    """Whole pixels inside the frame."""
    left, top = max(0, round(float(box[0]))), max(0, round(float(box[1])))
    right, bottom = min(width, round(float(box[2]))), min(height, round(float(box[3])))
    return {"height": max(1, bottom - top), "width": max(1, right - left), "x": left, "y": top}


def _landmarks(points: Any) -> Json:
    """A list of objects with one key each."""
    if not np.isfinite(points).all():
        return {}
    whole: Sequence[Sequence[int]] = np.round(points).astype(int).tolist()
    return {
        "landmarks": [
            {name: {"x": x, "y": y}} for name, (x, y) in zip(LANDMARKS, whole, strict=True)
        ]
    }


def _pose(angles: Any) -> Json:
    """Degrees. `roll` has the other sign than in the face calls."""
    if not np.isfinite(angles).all():
        return {}
    yaw, pitch, roll = (round(float(angle), 4) for angle in angles)
    return {"pose": {"pitch": pitch, "roll": -roll, "yaw": yaw}}


def _number(probability: float, low: int, high: int) -> int:
    if not math.isfinite(probability):
        return UNKNOWN
    return high if probability >= 0.5 else low


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _clock(created: datetime, seconds: float) -> str:
    """A moment of a video, as if it had begun to run when it was posted: UTC, `2016-Aug-31 …`."""
    moment = created + timedelta(seconds=seconds)
    return f"{moment:%Y}-{MONTHS[moment.month - 1]}-{moment:%d %H:%M:%S.%f}"
