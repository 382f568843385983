"""A timeline at a glance: who is there and for how long, and how everybody looks over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.faces import EMOTIONS
from mien.timecode import Time
from mien.timeline.clock import Clock
from mien.timeline.detectable import detectable
from mien.timeline.timeline import Timeline
from mien.timeline.windows import emotion_of

Array = NDArray[Any]

AWAY, UNREAD = -1, len(EMOTIONS)
"""In lanes: who is not there, and who is there with an expression that could not be read."""


@dataclass(frozen=True, slots=True)
class Presence:
    """When somebody is in view.

    Attributes:
        id: of the timeline.
        first: when they are first in view.
        last: when the last frame with them ends.
        shown: how long they are in view, all frames together.
        frames: how many these are.
    """

    id: int
    first: Time
    last: Time
    shown: Time
    frames: int


class Windows(NamedTuple):
    """k windows; rows of zeros where nobody was seen.

    Attributes:
        distribution: (k, 8) share of the faces whose top expression is that one.
        mean: (k, 8) mean score.
        faces: (k,) how many faces were in view, on average over the window.
    """

    distribution: Array
    mean: Array
    faces: Array


class Lanes(NamedTuple):
    """Everybody over n equal slices of a video; the last row is of all together.

    Attributes:
        ids: (p,) rising.
        top: (p + 1, n) int8, the strongest expression by its place in EMOTIONS; `UNREAD`, or
            `AWAY`.
        strength: (p + 1, n) its mean score, 0 where there is none.
    """

    ids: Array
    top: Array
    strength: Array


def presences(timeline: Timeline) -> list[Presence]:
    """Everybody confirmed, ids rising."""
    base, spans = timeline.video.time_base, timeline.spans
    found = []
    for id, rows in timeline.tracks().items():
        frames = timeline.frame[rows]
        last = int(timeline.pts[frames[-1]] + spans[frames[-1]])
        shown = Time(int(spans[frames].sum()), base)
        first = timeline.time(int(frames[0]))
        found.append(Presence(id, first, Time(last, base), shown, len(frames)))
    return found


def windows_at(timeline: Timeline, clock: Clock, starts: Array, stops: Array) -> Windows:
    """The windows from tick `starts[i]` to `stops[i]`: `windows.window_over`, all at once.

    Args:
        timeline: the video.
        clock: `clock_of` it.
        starts: (k,) int64, ticks of the clock.
        stops: (k,) int64, each after its start.

    Raises:
        UsageError: the timeline has faces, and no emotion.
    """
    if not len(starts):
        return Windows(np.zeros((0, len(EMOTIONS))), np.zeros((0, len(EMOTIONS))), np.zeros(0))
    first = max(0, int(np.searchsorted(clock.ticks, starts.min(), "right")) - 1)
    last = int(np.searchsorted(clock.ticks[:-1], stops.max(), "left"))
    found = detectable(timeline, first, last)
    if not len(found.row):
        nothing = np.zeros((len(starts), len(EMOTIONS)))
        return Windows(nothing, nothing, np.zeros(len(starts)))
    scores = emotion_of(timeline)[found.row].astype(np.float64)
    read = np.isfinite(scores).all(axis=1)
    frame, scores = found.frame[read] - first, scores[read]
    tops = np.eye(len(EMOTIONS))[scores.argmax(axis=1)]
    # What is shown until a tick grows evenly within each frame, so a window is a difference.
    columns = np.hstack([scores, tops, np.ones((len(scores), 1))])
    each = np.stack([np.bincount(frame, column, last - first) for column in columns.T], axis=1)
    ticks = clock.ticks[first : last + 1]
    until = np.zeros((len(ticks), each.shape[1]))
    np.cumsum(each * np.diff(ticks)[:, None], axis=0, out=until[1:])
    shown = np.stack(
        [np.interp(stops, ticks, column) - np.interp(starts, ticks, column) for column in until.T],
        axis=1,
    )
    weight = shown[:, -1:]
    shares = np.divide(shown, weight, out=np.zeros_like(shown), where=weight > 1e-9)
    count = len(EMOTIONS)
    return Windows(shares[:, count:-1], shares[:, :count], weight[:, 0] / (stops - starts))


def lanes(timeline: Timeline, slices: int) -> Lanes:
    """Everybody confirmed, over equal slices; a frame counts for the slice that its middle is in.

    Without emotion in the timeline everybody in view is `UNREAD`.
    """
    tracks = timeline.tracks()
    ids = np.array([*tracks], np.int64)
    seen = np.zeros((len(ids) + 1, slices))
    read = np.zeros((len(ids) + 1, slices))
    sums = np.zeros((len(ids) + 1, slices, len(EMOTIONS)))
    place_of = _slices(timeline, slices) if len(ids) else np.empty(0, np.int64)
    for lane, rows in enumerate(tracks.values()):
        place = place_of[timeline.frame[rows]]
        seen[lane] = np.bincount(place, minlength=slices)
        if timeline.faces.emotion is not None:
            scores = timeline.faces.emotion[rows]
            known = np.isfinite(scores).all(axis=1)
            place, scores = place[known], scores[known]
            read[lane] = np.bincount(place, minlength=slices)
            for column, score in enumerate(scores.T):
                sums[lane, :, column] = np.bincount(place, score, slices)
    for counted in (seen, read, sums):
        counted[-1] = counted[:-1].sum(axis=0)
    means = np.divide(sums, read[..., None], out=np.zeros_like(sums), where=read[..., None] > 0)
    top = np.where(read > 0, means.argmax(axis=2), np.where(seen > 0, UNREAD, AWAY))
    return Lanes(ids, top.astype(np.int8), means.max(axis=2).astype(np.float32))


def _slices(timeline: Timeline, slices: int) -> Array:
    """(m,) the slice that each frame counts for."""
    spans = timeline.spans
    middle = timeline.pts - timeline.pts[0] + spans / 2
    end = float(timeline.pts[-1] - timeline.pts[0] + spans[-1])
    return np.asarray((middle * (slices / end)).astype(np.int64).clip(0, slices - 1))
