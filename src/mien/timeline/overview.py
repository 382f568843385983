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
    """Everybody over n equal slices of a video.

    Attributes:
        ids: (p,) rising.
        top: (p, n) int8, the strongest expression by its place in EMOTIONS; `UNREAD`, or `AWAY`.
        strength: (p, n) its mean score, 0 where there is none.
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
    found = detectable(timeline, 0, timeline.frame_count)
    if not len(found.row):
        nothing = np.zeros((len(starts), len(EMOTIONS)))
        return Windows(nothing, nothing, np.zeros(len(starts)))
    scores = emotion_of(timeline)[found.row].astype(np.float64)
    read = np.isfinite(scores).all(axis=1)
    frame, scores = found.frame[read], scores[read]
    tops = np.eye(len(EMOTIONS))[scores.argmax(axis=1)]
    # What is shown until a tick grows evenly within each frame, so a window is a difference.
    columns = np.hstack([scores, tops, np.ones((len(scores), 1))])
    each = np.stack(
        [np.bincount(frame, column, timeline.frame_count) for column in columns.T], axis=1
    )
    until = np.zeros((timeline.frame_count + 1, each.shape[1]))
    np.cumsum(each * np.diff(clock.ticks)[:, None], axis=0, out=until[1:])
    shown = np.stack(
        [
            np.interp(stops, clock.ticks, column) - np.interp(starts, clock.ticks, column)
            for column in until.T
        ],
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
    top = np.full((len(ids), slices), AWAY, np.int8)
    strength = np.zeros((len(ids), slices), np.float32)
    if not len(ids):
        return Lanes(ids, top, strength)
    spans = timeline.spans
    middle = timeline.pts - timeline.pts[0] + spans / 2
    end = float(timeline.pts[-1] - timeline.pts[0] + spans[-1])
    place = (middle * (slices / end)).astype(np.int64).clip(0, slices - 1)
    for lane, rows in enumerate(tracks.values()):
        frames = timeline.frame[rows]
        seen = np.bincount(place[frames], minlength=slices) > 0
        top[lane, seen] = UNREAD
        if timeline.faces.emotion is not None:
            scores = timeline.faces.emotion[rows].astype(np.float64)
            known = np.isfinite(scores).all(axis=1)
            _strongest(top[lane], strength[lane], place[frames[known]], scores[known])
    return Lanes(ids, top, strength)


def _strongest(top: Array, strength: Array, place: Array, scores: Array) -> None:
    """Enter the strongest of the mean scores of each slice, in place."""
    count = np.bincount(place, minlength=len(top))
    sums = np.stack([np.bincount(place, column, len(top)) for column in scores.T], axis=1)
    there = count > 0
    means = sums[there] / count[there, None]
    top[there] = means.argmax(axis=1)
    strength[there] = means.max(axis=1)
