"""Videos of the studio's tests: a clip whose frames carry their numbers, sent and analysed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from mien.timeline.archive import read_timeline
from mien.timeline.timeline import Timeline
from tests.clips import number_picture, write_clip
from tests.redact.clips import FRAMES, pictures
from tests.server.studio.visitors import Person

Array = NDArray[Any]

CORNER = (8, 198, 64)
"""Left, top and side of the number in a frame."""

MEDIA = "/media/v1"
LONGEST_S = 240.0


@dataclass(frozen=True)
class Analysed:
    """A video, whose it is, and its file here."""

    owner: Person
    asset: str
    clip: Path

    @property
    def told(self) -> dict[str, Any]:
        """What the studio knows of it."""
        found: dict[str, Any] = self.owner.api("GET", f"/video/{self.asset}").json()
        return found

    def get(self, path: str) -> httpx.Response:
        """Ask for something of it."""
        return self.owner.api("GET", f"/video/{self.asset}{path}")

    def timeline(self) -> Timeline:
        """Its analysis, as edited."""
        return read_timeline(BytesIO(self.get("/export/timeline").content))


def numbered_people(frames: int = FRAMES) -> Iterator[Array]:
    """Frames with two people, each with its number in a corner (`tests.clips.read_number`)."""
    left, top, side = CORNER
    for number, picture in enumerate(islice(pictures(), frames)):
        picture[top : top + side, left : left + side] = number_picture(number, side, side)
        yield np.ascontiguousarray(picture)


def write_people(path: Path, frames: int = FRAMES, **options: Any) -> Path:
    """Write the clip, of at most 75 frames."""
    return write_clip(path, numbered_people(frames), **options)


def send(visitor: Person, path: Path, name: str | None = None) -> str:
    """Upload a video; the id of its asset."""
    name, data = name or path.name, path.read_bytes()
    asset = visitor.api("POST", f"{MEDIA}/assets", json={"name": name}).json()["id"]
    body = {"name": name, "size": len(data), "isPrimary": True}
    made = visitor.api("POST", f"{MEDIA}/assets/{asset}/files", json=body)
    assert made.status_code == 201, made.text
    url = f"{MEDIA}/assets/{asset}/files/{made.json()['id']}/content"
    sent = visitor.api("PATCH", url, content=data, headers={"Upload-Offset": "0"})
    assert sent.status_code == 204, sent.text
    return str(asset)


def analyse(visitor: Person, asset: str) -> dict[str, Any]:
    """Have a video analysed; what the studio knows of it then."""
    started = visitor.api("POST", f"/video/{asset}/analysis")
    assert started.status_code == 201, started.text
    until = time.monotonic() + LONGEST_S
    while True:
        told: dict[str, Any] = visitor.api("GET", f"/video/{asset}").json()
        if told["stage"] not in ("waiting", "running"):
            assert told["stage"] == "ready", told
            return told
        assert time.monotonic() < until, told
        time.sleep(0.2)


def edit(visitor: Person, asset: str, *edits: dict[str, Any]) -> dict[str, Any]:
    """Change something; what the studio knows of the video then."""
    last = visitor.api("GET", f"/video/{asset}").json()["log"]["last"]
    body = {"expected": last, "edits": [*edits]}
    made = visitor.api("POST", f"{MEDIA}/assets/{asset}/edits", json=body)
    assert made.status_code == 201, made.text
    told: dict[str, Any] = visitor.api("GET", f"/video/{asset}").json()
    return told


def finished(visitor: Person, job: str) -> str:
    """Wait for a job; its state in the end."""
    until = time.monotonic() + LONGEST_S
    while True:
        state = str(visitor.api("GET", f"{MEDIA}/jobs/{job}").json()["state"])
        if state in ("Finished", "Error", "Canceled"):
            return state
        assert time.monotonic() < until, state
        time.sleep(0.2)
