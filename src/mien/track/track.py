"""The state of one live track, beside its motion."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.timecode import Time
from mien.track.appearance import NEUTRAL, Appearance
from mien.track.settings import TrackerSettings
from mien.track.tracklet import Tracklet

Array = NDArray[Any]


class Track:
    """A person being followed. Times are seconds since the first frame unless they are `Time`."""

    __slots__ = (
        "also", "appearance", "born_at", "confirmed", "conflicts", "first_box", "hits", "id",
        "last_box", "look_at", "runs", "score", "seen_at", "sure_score",
    )  # fmt: skip

    def __init__(self, number: int, box: Array, seconds: float) -> None:
        self.id = number
        self.first_box = self.last_box = box
        self.runs: list[tuple[Time, Time]] = []
        self.born_at = self.look_at = self.seen_at = seconds
        self.also: list[int] = []
        self.confirmed = False
        self.hits = self.conflicts = 0
        self.score = self.sure_score = 0.0
        self.appearance = Appearance()

    def see(self, box: Array, score: float, time: Time, seconds: float, since: float) -> None:
        """Note a sighting now; `since` is when the frame before was shown."""
        unbroken = self.runs and self.seen_at >= since
        self.runs[-1:] = [(self.runs[-1][0], time)] if unbroken else [*self.runs[-1:], (time, time)]
        self.seen_at, self.last_box, self.score = seconds, box, score
        self.hits += 1

    def count(self, score: float, settings: TrackerSettings) -> None:
        """Note a sure sighting, which may confirm the track."""
        self.sure_score += score
        seen_enough = self.hits >= settings.confirm_hits
        self.confirmed |= seen_enough and self.sure_score >= settings.confirm_score

    def learn(
        self, embedding: Array, distance: float, weight: float, settings: TrackerSettings
    ) -> None:
        """Take in an embedding, at `distance` from the mean so far (NaN when there is none), and
        decide when to look again."""
        if not distance > NEUTRAL or self.appearance.count < 2:
            self.appearance.add(embedding, weight)
        settled = self.appearance.count >= settings.few and not self.conflicts
        self.look_at = self.seen_at + (settings.refresh_s if settled else settings.recheck_s)

    def absorb(self, other: Track) -> None:
        """Take over another track, begun after this one was last seen, that is the same person."""
        self.also += [other.id, *other.also]
        self.runs += other.runs
        self.hits += other.hits
        self.sure_score += other.sure_score
        self.seen_at, self.last_box = other.seen_at, other.last_box
        other.confirmed, other.hits, other.seen_at = False, 0, -np.inf

    def reach_back(self, time: Time, box: Array) -> None:
        """Begin the last run earlier: it was found in a frame before."""
        self.runs[-1] = (time, self.runs[-1][1])
        if len(self.runs) == 1:
            self.first_box = box

    def close_gap(self) -> None:
        """Count it as there between its last two runs."""
        self.runs[-2:] = [(self.runs[-2][0], self.runs[-1][1])]

    def tracklet(self, velocity: Array, *, confirmed: bool) -> Tracklet:
        """What is kept of it."""
        mean, weight = self.appearance.mean, self.appearance.weight
        return Tracklet(
            self.id, tuple(self.runs), self.first_box, self.last_box, velocity, mean,
            weight, tuple(self.also), confirmed,
        )  # fmt: skip
