"""The faces of a timeline while edits are done: who is who, and where."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import ceil, floor

import numpy as np

from mien.faces import Array
from mien.timecode import Time
from mien.timeline.edits.edit import Anchor, Box, Reach
from mien.timeline.timeline import MOST_TICKS, Timeline

LEAST_OVERLAP = 0.5
"""Intersection over union from which on two boxes are of one face, as evaluations of trackers have
it."""

REACH_S = Fraction(1, 2)
"""How far from its moment a face is looked for, where another analysis has missed it there."""


class People:
    """Rows of a timeline under ids that change. The timeline itself stays as it is.

    Attributes:
        rows: of each confirmed id, in order of time.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        faces = timeline.faces
        ids = np.full(len(faces), -1) if faces.track_id is None else faces.track_id
        self._ids = np.array(ids, np.int32)
        self._box = faces.box_xyxy
        self._gone = np.zeros(len(faces), bool)
        self.rows: dict[int, Array] = timeline.tracks()
        self._next = max(self.rows, default=-1) + 1

    def id(self, row: int) -> int:
        """Whose face a row is; -1 of nobody."""
        return int(self._ids[row])

    def is_within(self, time: Time) -> bool:
        """Whether a frame of the video is shown at this time."""
        timeline = self._timeline
        if not timeline.frame_count:
            return False
        end = int(timeline.pts[-1] + timeline.durations[-1])
        return int(timeline.pts[0]) <= time.exact / timeline.video.time_base < end

    def find(self, anchor: Anchor, *, anybody: bool = False) -> int | None:
        """The row of the face at an anchor, or None; with `anybody` also of unconfirmed ones."""
        for frame in self._near(anchor.time):
            rows = self._timeline.rows(frame, frame + 1)
            there = ~self._gone[rows]
            if not anybody:
                there &= self._ids[rows] >= 0
            over = np.where(there, overlap(self._box[rows], anchor.box), 0)
            if len(over) and over.max() >= LEAST_OVERLAP:
                return int(rows.start) + int(over.argmax())
        return None

    def _near(self, time: Time) -> list[int]:
        """The frames within `REACH_S`, the nearest first."""
        pts, base = self._timeline.pts, self._timeline.video.time_base
        now, reach = time.exact / base, REACH_S / base
        first = np.searchsorted(pts, _tick(ceil(now - reach)), "left")
        last = np.searchsorted(pts, _tick(floor(now + reach)), "right")
        return sorted(range(int(first), int(last)), key=lambda frame: abs(int(pts[frame]) - now))

    def merge(self, ids: list[int]) -> int:
        """Give all rows of these to the first; in how many frames more than one of them was."""
        rows = np.sort(np.concatenate([self.rows.pop(id) for id in ids]))
        frames = self._timeline.frame[rows]
        certainty = np.nan_to_num(self._timeline.faces.score[rows], nan=-1)
        order = np.lexsort((rows, -certainty, frames))
        first = np.diff(frames[order], prepend=-1) > 0
        others = rows[order][~first]
        self.rows[ids[0]] = np.sort(rows[order][first])
        self._ids[rows], self._ids[others] = ids[0], -1
        return len(np.unique(self._timeline.frame[others]))

    def split(self, id: int, time: Time) -> bool:
        """Give the rows from this time on to a new id; False if there are none before, or then."""
        rows, timeline = self.rows[id], self._timeline
        ticks = _tick(ceil(time.exact / timeline.video.time_base))
        at = int(np.searchsorted(timeline.pts[timeline.frame[rows]], ticks))
        if at in (0, len(rows)):
            return False
        self.rows[id], self.rows[self._next] = rows[:at], rows[at:]
        self._ids[rows[at:]] = self._next
        self._next += 1
        return True

    def move(self, row: int, box: Box) -> None:
        """Put the box of a row elsewhere."""
        if self._box is self._timeline.faces.box_xyxy:
            self._box = np.array(self._box)
        self._box[row] = box

    def delete(self, row: int, reach: Reach) -> None:
        """Take a row away, with others of that person as far as the reach goes."""
        id, frame = self.id(row), self._timeline.frame[row]
        if id < 0:
            self._gone[row] = True
            return
        rows = self.rows[id]
        frames = self._timeline.frame[rows]
        doomed = {
            "frame": frames == frame,
            "before": frames <= frame,
            "after": frames >= frame,
            "all": np.ones(len(rows), bool),
        }[reach]
        self._gone[rows[doomed]] = True
        self.rows[id] = rows[~doomed]
        if doomed.all():
            del self.rows[id]

    def timeline(self) -> Timeline:
        """The timeline as it is now."""
        before = self._timeline
        faces = replace(before.faces, box_xyxy=self._box)
        if faces.track_id is not None:
            faces = replace(faces, track_id=self._ids)
        frame = before.frame
        if self._gone.any():
            faces, frame = faces[~self._gone], frame[~self._gone]
        return replace(before, faces=faces, frame=frame)


def overlap(boxes: Array, box: Box) -> Array:
    """(n,) intersection over union of (n, 4) boxes with one; 0 where a box has no area."""
    boxes = boxes.astype(np.float64)
    other = np.array(box, np.float64)
    sides = np.minimum(boxes[:, 2:], other[2:]) - np.maximum(boxes[:, :2], other[:2])
    shared = sides.clip(min=0).prod(axis=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).clip(min=0).prod(axis=1)
    union = areas + (other[2:] - other[:2]).prod() - shared
    return np.asarray(np.nan_to_num(shared / union))


def _tick(tick: int) -> int:
    return min(max(tick, -MOST_TICKS), MOST_TICKS)
