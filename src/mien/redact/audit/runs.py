"""From the findings of single frames to runs: one face over some time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.redact.audit.look import CERTAIN, Findings
from mien.timecode import Time
from mien.track.boxes import iou

Array = NDArray[Any]

SAME_FACE = 0.3
"""Overlap of a finding with the last one of a run from which it goes on."""

GAP_S = Fraction(1, 4)
"""A run goes on over a gap up to this; it counts the frames in which the face was seen only."""


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """One face in one frame: when, where, the detector's score, what is kept of eyes and mouth."""

    time: Time
    box_xyxy: Array  # (4,)
    score: float
    kept: tuple[float, float]

    @property
    def weight(self) -> float:
        """How plainly it shows: the more is kept of it, and the larger it is."""
        width, height = self.box_xyxy[2:] - self.box_xyxy[:2]
        return float(max(self.kept) * max(width * height, 0) ** 0.5)


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One face that can be seen over some time.

    Attributes:
        first: when it first shows.
        last: when the last frame that shows it begins.
        end: when that frame ends, in seconds.
        frames: that show it.
        seconds: for which these are on the screen.
        score: the highest of the detectors' in it.
        best: where it shows most plainly.
        first_box, last_box: (4,) where it is at first and at last.
        person: of the audit, from 1; 0 where it was not told.
        picture: of the best moment, from the output, as JPEG; None where there is none.
    """

    first: Time
    last: Time
    end: Fraction
    frames: int
    seconds: Fraction
    score: float
    best: Sight
    first_box: Array
    last_box: Array
    person: int = 0
    picture: bytes | None = None

    @property
    def certain(self) -> bool:
        """Whether a detector was certain of it in one frame at least."""
        return self.score >= CERTAIN

    @classmethod
    def begun(cls, sight: Sight, duration: Fraction) -> Run:
        """With its first sight."""
        end, box = sight.time.exact + duration, sight.box_xyxy
        return cls(sight.time, sight.time, end, 1, duration, sight.score, sight, box, box)

    def extended(self, sight: Sight, duration: Fraction) -> Run:
        """With one more sight, in a later frame."""
        return replace(
            self,
            last=sight.time,
            end=sight.time.exact + duration,
            frames=self.frames + 1,
            seconds=self.seconds + duration,
            score=max(self.score, sight.score),
            best=max(self.best, sight, key=lambda each: each.weight),
            last_box=sight.box_xyxy,
        )


@dataclass(eq=False)
class Joiner:
    """Joins the findings of frame after frame to runs.

    Attributes:
        runs: those that have ended.
    """

    runs: list[Run] = field(default_factory=list)
    _open: list[Run] = field(default_factory=list)

    def add(self, time: Time, duration: Fraction, found: Findings) -> None:
        """Take in the next frame. Pairs of run and finding are made by overlap, the best first."""
        ended = [run for run in self._open if time.exact - run.end > GAP_S]
        self.runs += ended
        self._open = [run for run in self._open if time.exact - run.end <= GAP_S]
        boxes = np.array([run.last_box for run in self._open]).reshape(-1, 4)
        overlap = iou(boxes, found.box_xyxy)
        sights = [
            Sight(time, box, float(score), (float(kept[0]), float(kept[1])))
            for box, score, kept in zip(found.box_xyxy, found.score, found.kept, strict=True)
        ]
        new = set(range(len(sights)))
        while overlap.size and overlap.max() >= SAME_FACE:
            run, finding = np.unravel_index(int(overlap.argmax()), overlap.shape)
            self._open[run] = self._open[run].extended(sights[finding], duration)
            overlap[run], overlap[:, finding] = 0, 0
            new.discard(int(finding))
        self._open += [Run.begun(sights[row], duration) for row in sorted(new)]

    def finish(self) -> list[Run]:
        """All runs, by time."""
        runs = [*self.runs, *self._open]
        return sorted(runs, key=lambda run: (run.first, float(run.first_box[0])))
