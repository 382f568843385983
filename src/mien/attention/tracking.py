"""A person's attention as a video goes on: what was seen of them up to each frame."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.attention.looks import looking, shut
from mien.timeline.timeline import Timeline

Array = NDArray[Any]

GLANCE_GAP_S = Fraction(2, 5)
"""Looks that lie no further apart are one glance: a blink does not end it."""

BLINK_S = Fraction(1, 2)
"""Eyes that stay shut for longer do not blink. Blinks last 0.1 to 0.4 s."""


@dataclass(frozen=True, slots=True, eq=False)
class Tracking:
    """For each row of a timeline, of the same person up to the end of its frame.

    Rows without a confirmed id have NaN, no glance and no blink.

    Attributes:
        attention: (n,) percent of the time for which it is known whether the person looks at the
            camera, in which they do; NaN while nothing is known.
        dwell_s: (n,) seconds in view.
        glances: (n,) int64, how often the person has begun to look at the camera.
        blink: (n,) bool, whether the frame is of a blink.
    """

    attention: Array
    dwell_s: Array
    glances: Array
    blink: Array


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """The rows of one person in order of time: when each frame begins and ends, in ticks."""

    rows: Array
    start: Array
    end: Array
    tick: Fraction  # seconds

    @property
    def shown(self) -> Array:
        """(k,) ticks for which each frame is shown."""
        return self.end - self.start


def stretches(timeline: Timeline) -> dict[int, Stretch]:
    """The stretch of each confirmed id; ids ascending."""
    ends = timeline.pts + timeline.spans
    found = {}
    for person, rows in timeline.tracks().items():
        frames = timeline.frame[rows]
        found[person] = Stretch(rows, timeline.pts[frames], ends[frames], timeline.video.time_base)
    return found


def tracking(timeline: Timeline) -> Tracking:
    """Attention, dwell, glances and blinks of everybody in a timeline.

    Raises:
        UsageError: a column of `pose_deg`, `gaze_deg` and `openness` is not there.
    """
    count = len(timeline.faces)
    attention, dwell = np.full(count, np.nan), np.full(count, np.nan)
    glances, blink = np.zeros(count, np.int64), np.zeros(count, bool)
    looks, closed = looking(timeline.faces), shut(timeline.faces)
    for stretch in stretches(timeline).values():
        rows = stretch.rows
        attention[rows] = _attention(looks[rows], stretch.shown)
        dwell[rows] = np.cumsum(stretch.shown) * float(stretch.tick)
        glances[rows] = _glances(looks[rows], stretch)
        blink[rows] = _blinks(closed[rows], stretch)
    return Tracking(attention, dwell, glances, blink)


def _attention(looks: Array, shown: Array) -> Array:
    known = np.isfinite(looks)
    told = np.cumsum(shown * known)
    looked = np.cumsum(shown * np.where(known, looks, 0.0))
    share = np.full(len(looks), np.nan)
    np.divide(100.0 * looked, told, out=share, where=told > 0)
    return share


def _glances(looks: Array, stretch: Stretch) -> Array:
    at = np.flatnonzero(looks == 1)
    begun = np.zeros(len(looks), np.int64)
    if len(at):
        apart = stretch.start[at[1:]] - stretch.end[at[:-1]]
        begun[at] = np.append(True, apart > GLANCE_GAP_S // stretch.tick)
    return np.cumsum(begun)


def _blinks(closed: Array, stretch: Stretch) -> Array:
    """Whether each row is in a run of frames with shut eyes that is short enough."""
    at = np.flatnonzero(closed == 1)
    found = np.zeros(len(closed), bool)
    adjoining = (np.diff(at) == 1) & (stretch.start[at[1:]] == stretch.end[at[:-1]])
    for run in np.split(at, np.flatnonzero(~adjoining) + 1):
        if len(run) and stretch.end[run[-1]] - stretch.start[run[0]] <= BLINK_S // stretch.tick:
            found[run] = True
    return found
