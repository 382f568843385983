"""A video of two people, uploaded and looked at, for tests of its redaction."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from tests.redact.clips import place_of
from tests.server.studio.visitors import Person

Array = NDArray[Any]

WAIT_S = 180.0


@dataclass
class Clip:
    """A video of a visitor."""

    person: Person
    asset: str

    @property
    def path(self) -> str:
        """Of the review, below /studio/api."""
        return f"/redaction/{self.asset}"

    def state(self) -> dict[str, Any]:
        """The review."""
        found: dict[str, Any] = self.person.api("GET", self.path).raise_for_status().json()
        return found

    def edit(self, *actions: dict[str, Any]) -> dict[str, Any]:
        """Add edits; the review after them."""
        body = {"edits": actions, "expected": self.state()["number"]}
        path = f"/media/v1/assets/{self.asset}/edits"
        self.person.api("POST", path, json=body).raise_for_status()
        return self.state()

    def wait(self, ready: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Ask until it is so."""
        until = time.monotonic() + WAIT_S
        while not ready(state := self.state()):
            assert time.monotonic() < until, state
            time.sleep(0.2)
        return state

    def frame(self, number: int) -> dict[str, Any]:
        """A frame: its time, as edits have it, and its boxes."""
        answer = self.person.api("GET", f"{self.path}/frames", params={"first": number, "count": 1})
        told = answer.raise_for_status().json()
        assert told["first"] == number
        time = {"pts": told["pts"][0], "timeBase": self.state()["video"]["timeBase"]}
        return {"time": time, "boxes": told["faces"][0]}

    def looked_at(self) -> dict[str, Any]:
        """Have everyone found."""
        self.person.api("POST", f"{self.path}/look").raise_for_status()
        return self.wait(lambda state: state["analysis"]["state"] in ("ready", "failed"))


def upload(person: Person, path: Path, name: str) -> Clip:
    """Add a file as a video."""
    asset = person.api("POST", "/media/v1/assets", json={"name": name}).json()["id"]
    data = path.read_bytes()
    body = {"name": name, "size": len(data), "isPrimary": True}
    file = person.api("POST", f"/media/v1/assets/{asset}/files", json=body).raise_for_status()
    url = f"/media/v1/assets/{asset}/files/{file.json()['id']}/content"
    headers = {"Upload-Offset": "0"}
    person.api("PATCH", url, content=data, headers=headers).raise_for_status()
    return Clip(person, asset)


def face(rgb: Array, name: str, frame: int) -> Array:
    """The middle of somebody's face."""
    x, y = (int(v) for v in place_of(name, frame))
    return rgb[y - 12 : y + 12, x - 12 : x + 12]
