"""Boxes drawn by hand, in every frame in which they hide something.

A box holds its place from cut to cut; between two places that it was given it moves in a line. One
that is followed goes where what is in it goes, and ends where that is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.faces import Faces
from mien.pipeline.drawn import LOST, Followed
from mien.timeline.edits import Drawing, Key
from mien.timeline.timeline import Timeline

Array = NDArray[Any]

Follow = Callable[[Key], Followed]
"""Follows what is in a box; see `mien.pipeline.drawn.follow_box`."""


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """A drawn box in k frames.

    Attributes:
        drawing: what was drawn.
        frame: (k,) int64, rising.
        box: (k, 4) float64.
        confidence: (k,) 0..1; 1 where it was drawn, or lies between places that were.
        lost: the frames after which, or before which, what is in it was lost.
    """

    drawing: Drawing
    frame: Array
    box: Array
    confidence: Array
    lost: tuple[int, ...]


def laid(drawing: Drawing, timeline: Timeline, follow: Follow) -> Laid:
    """Lay a drawn box over the frames of a video.

    Args:
        drawing: its places.
        timeline: of the video, whose times and cuts count.
        follow: is asked for each place from which it is followed.
    """
    box = np.full((timeline.frame_count, 4), np.nan)
    sure = np.ones(timeline.frame_count)
    lost: list[int] = []
    for begin, stop, keys in _by_shot(drawing.keys, timeline):
        ways = [_Way.of(key, at, timeline, follow) for at, key in keys]
        for before, after in zip([None, *ways], [*ways, None], strict=True):
            first = begin if before is None else before.at
            last = stop if after is None else after.at
            _fill(box[first:last], sure[first:last], np.arange(first, last), before, after)
        lost += [end for way in ways for end in way.lost if begin <= end < stop]
    frame = np.flatnonzero(~np.isnan(box[:, 0]))
    frame = frame[~gone_from(drawing, timeline, frame)]
    left = tuple(k for k in lost if k in frame)
    return Laid(drawing, frame, box[frame], sure[frame], left)


def gone_from(drawing: Drawing, timeline: Timeline, frames: Array) -> Array:
    """(k,) bool: from which of these frames it was deleted."""
    if not drawing.gone:
        return np.zeros(len(frames), bool)
    return np.array([drawing.is_gone(timeline.time(k)) for k in frames.tolist()], bool)


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """A place that a box was given, and where it is followed to from there."""

    at: int
    place: Array
    begin: int  # the first frame that `box` is of
    box: Array  # (m, 4); empty where it is not followed
    sure: Array  # (m,)
    lost: tuple[int, ...] = ()

    @classmethod
    def of(cls, key: Key, at: int, timeline: Timeline, follow: Follow) -> _Way:
        place = np.array(key.box, float)
        if not key.tracked:
            return cls(at, place, at, np.empty((0, 4)), np.empty(0))
        found = follow(key)
        ticks = found.pts * (found.time_base / timeline.video.time_base)
        frames = np.searchsorted(timeline.pts, np.asarray(ticks, np.float64))
        ends = [(frames[0], found.began), (frames[-1], found.ended)]
        lost = tuple(int(frame) for frame, why in ends if why == "lost")
        return cls(at, place, int(frames[0]), found.box_xyxy, found.confidence, lost)

    def into(self, box: Array, sure: Array, frames: Array) -> None:
        """Fill the frames that are still empty, as far as it was followed."""
        row = frames - self.begin
        fits = (row >= 0) & (row < len(self.box)) & np.isnan(box[:, 0])
        box[fits], sure[fits] = self.box[row[fits]], self.sure[row[fits]]


def _fill(box: Array, sure: Array, frames: Array, before: _Way | None, after: _Way | None) -> None:
    """Fill frames between two places: as followed from the nearer, else from the other, else on the
    line between; where there is one place alone, and it is not followed, as it lies there."""
    if before is not None and after is not None:
        near = frames - before.at <= after.at - frames
        for way, part in ((before, near), (after, ~near), (before, ~near), (after, near)):
            some, sures = box[part], sure[part]
            way.into(some, sures, frames[part])
            box[part], sure[part] = some, sures
        empty = np.isnan(box[:, 0])
        share = ((frames - before.at) / max(1, after.at - before.at))[empty, None]
        box[empty] = before.place + share * (after.place - before.place)
        return
    one = before or after
    assert one is not None
    if len(one.box):
        one.into(box, sure, frames)
    else:
        box[:] = one.place


def _by_shot(
    keys: Sequence[Key], timeline: Timeline
) -> Iterator[tuple[int, int, list[tuple[int, Key]]]]:
    """The first frame of each shot that has places, the first after it, and the places by frame."""
    bounds = [0, *timeline.cuts.tolist(), timeline.frame_count]
    frames = [timeline.frame_at(key.time.exact) for key in keys]
    for begin, stop in pairwise(bounds):
        there = {at: key for at, key in zip(frames, keys, strict=True) if begin <= at < stop}
        if there:
            yield begin, stop, sorted(there.items())


def in_one_frame(key: Key, timeline: Timeline) -> Followed:
    """A box in no other frame than the one in which it was drawn."""
    at = timeline.frame_at(key.time.exact)
    box = np.array([key.box], np.float32)
    pts = timeline.pts[at : at + 1]
    return Followed(timeline.video.time_base, pts, box, np.ones(1, np.float32), "end", "end")


def with_drawn(timeline: Timeline, boxes: Iterable[Laid]) -> tuple[Timeline, dict[int, Laid]]:
    """The timeline with drawn boxes among its faces, each under an id of its own; and the ids.

    Only box, score, points and id are kept. A drawn box is not there where it is doubtful: it lies
    between, or before and after, as a face that is out of sight for a moment.
    """
    faces = timeline.faces
    rows = len(faces)
    ids = np.full(rows, -1, np.int64) if faces.track_id is None else faces.track_id
    following = int(ids.max(initial=-1)) + 1
    parts = [Faces(faces.box_xyxy, faces.score, points=faces.points, track_id=ids)]
    frames, names = [timeline.frame], dict[int, Laid]()
    for number, one in enumerate(boxes, following):
        names[number] = one
        sure = one.confidence >= LOST
        name = np.full(int(sure.sum()), number)
        points = None if faces.points is None else np.full((len(name), 5, 2), np.nan)
        parts.append(Faces(one.box[sure], one.confidence[sure], points=points, track_id=name))
        frames.append(one.frame[sure])
    frame, all_faces = np.concatenate(frames), Faces.concat(parts)
    order = np.argsort(frame, kind="stable")
    return replace(timeline, frame=frame[order], faces=all_faces[order]), names
