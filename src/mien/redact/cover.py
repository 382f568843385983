"""What to hide in every frame: sightings become stretches without holes.

A detector sees a face now and then not. Whoever must stay hidden is hidden in between as well:
heads that are turned away between two sightings, and the time around the first and the last one.
Boxes move and grow with the time since somebody was seen, and end at a cut.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.faces import Faces
from mien.timeline.spool import Column
from mien.timeline.timeline import Timeline
from mien.track.boxes import iou

Array = NDArray[Any]

PAD_S = 0.25
"""Somebody is hidden for so long before the first sighting, and after the last one of a face that
was not seen often enough to be believed."""

LOST_S = 0.5
"""The same after the last sighting of a face. The tracker has looked for weak signs of it in every
frame of that time: that there was none is the proof that it is gone."""

SHOT_S = 1.0
"""Somebody first seen so soon after the beginning of a shot, or last so shortly before its end, is
hidden from or to there: people do not appear out of nothing."""

AWAY_S = 2.0
"""Somebody who is out of sight for no longer is hidden on the way between the two places."""

TURNED_S = 30.0
"""The same for somebody who stayed where they were, and has turned away."""

STAYED = 1.5
"""How far apart, in sizes of the face, two places may lie to be one."""

GROWTH, GROWN_S = 0.8, 0.5
"""Growth of a box by a second without a sighting, in shares of its size; and for how long."""

HEADING_S = 0.2
"""Over how long it is measured where a face was heading."""

FASTEST = 5.0
"""Sizes of the face a second above which a heading is not believed."""

LINK_IOU = 0.3
"""Overlap from which two unconfirmed sightings, at most `PAD_S` apart, are of one thing."""

CALM = 1.5
"""Standard deviation, in frames, of the Gaussian that smooths the way of a mask."""

PICKED_ROWS = 1 << 16
"""Rows that are put in order at once."""

MOMENT_S = 1e-6
"""Times of frames are the same within this."""


@dataclass(frozen=True, slots=True, eq=False)
class _Stretch:
    """k boxes of one face in frames of one shot, rising; `seen` is False for those in between."""

    frame: Array  # (k,) int64
    box: Array  # (k, 4) float64
    seen: Array  # (k,) bool

    @classmethod
    def joined(cls, parts: list[_Stretch]) -> _Stretch:
        """The stretches one behind the other."""
        return cls(*(np.concatenate([getattr(p, n) for p in parts]) for n in cls.__slots__))


def covered(timeline: Timeline) -> Timeline:
    """The timeline with a box in every frame in which somebody may be seen.

    Rows that are new have a score of NaN. Only box, score, points and id are kept.
    """
    rows, seconds = _Rows(tempfile.gettempdir()), timeline.seconds
    for name, own, shot in _stretches(timeline):
        rows.add(*_filled(timeline, seconds, own, name, shot))
    frame, faces = rows.by_frame()
    return replace(timeline, frame=frame, faces=faces)


class _Rows:
    """Collects faces of any frames in files without a name, and gives them by frame, mapped."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._columns: dict[str, Column] = {}
        self._count = 0

    def add(self, frame: Array, faces: Faces) -> None:
        """Add faces, each with the number of its frame."""
        for name, values in ({"frame": frame} | faces.columns).items():
            if name not in self._columns:
                self._columns[name] = self._column(values)
            self._columns[name].append(values, at_row=self._count)
        self._count += len(frame)

    def by_frame(self) -> tuple[Array, Faces]:
        """(n,) the frames, rising, and the faces in them."""
        if not self._count:
            return np.empty(0, np.int64), Faces.empty()
        whole = {name: column.array(self._count) for name, column in self._columns.items()}
        order = np.argsort(whole["frame"], kind="stable")
        ordered = {name: self._picked(values, order) for name, values in whole.items()}
        for column in self._columns.values():
            column.close()
        return ordered.pop("frame"), Faces(**ordered, problems=())

    def _picked(self, values: Array, order: Array) -> Array:
        column = self._column(values)
        for start in range(0, len(order), PICKED_ROWS):
            column.append(values[order[start : start + PICKED_ROWS]], at_row=start)
        picked = column.array(len(order))
        column.close()
        return picked

    def _column(self, values: Array) -> Column:
        fill = -1 if values.dtype.kind == "i" else np.nan
        return Column(values.dtype.str, values.shape[1:], fill, self._folder)


def _stretches(timeline: Timeline) -> Iterator[tuple[int, Array, tuple[int, int]]]:
    """The rows of each id within each shot, and the frames of that shot."""
    tracks = timeline.tracks()
    everything = [*tracks.items(), *((-1, rows) for rows in _linked(timeline))]
    bounds = np.concatenate([[0], timeline.cuts, [timeline.frame_count]])
    for name, rows in everything:
        shot = np.searchsorted(timeline.cuts, timeline.frame[rows], "right")
        for number in np.unique(shot).tolist():
            yield name, rows[shot == number], (int(bounds[number]), int(bounds[number + 1]))


def _linked(timeline: Timeline) -> list[Array]:
    """The rows without an id, those of one thing together."""
    ids = timeline.faces.track_id
    rows = np.arange(len(timeline.faces)) if ids is None else np.flatnonzero(ids < 0)
    seconds, chains, live = timeline.seconds, [], list[list[int]]()
    for row in rows.tolist():
        now = timeline.frame[row]
        live = [chain for chain in live
                if seconds[now] - seconds[timeline.frame[chain[-1]]] <= PAD_S]  # fmt: skip
        free = [chain for chain in live if timeline.frame[chain[-1]] < now]
        last = timeline.faces.box_xyxy[[chain[-1] for chain in free]]
        overlap = iou(timeline.faces.box_xyxy[[row]], last)[0]
        if len(free) and overlap.max() >= LINK_IOU:
            free[int(overlap.argmax())].append(row)
        else:
            live.append(chain := [row])
            chains.append(chain)
    return [np.array(chain) for chain in chains]


def _filled(
    timeline: Timeline, seconds: Array, rows: Array, name: int, shot: tuple[int, int]
) -> tuple[Array, Faces]:
    """The frames and faces of a stretch without holes."""
    rows = rows[np.unique(timeline.frame[rows], return_index=True)[1]]
    frame, box = timeline.frame[rows], timeline.faces.box_xyxy[rows].astype(np.float64)
    seen = _Stretch(frame, box, np.ones(len(rows), bool))
    after = PAD_S if name < 0 else LOST_S
    parts = []
    first = 0
    for last in [*_breaks(seen, seconds), len(rows) - 1]:
        run = _Stretch(*(getattr(seen, n)[first : last + 1] for n in _Stretch.__slots__))
        parts.append(_calmed(_closed(run, seconds, shot, after)))
        first = last + 1
    whole = _merged(parts)
    new = ~whole.seen
    score = np.full(len(new), np.nan, np.float32)
    score[~new] = timeline.faces.score[rows]
    points = None
    if timeline.faces.points is not None:
        points = np.full((len(new), 5, 2), np.nan, np.float32)
        points[~new] = timeline.faces.points[rows]
    ids = np.full(len(new), name)
    return whole.frame, Faces(whole.box, score, points=points, track_id=ids)


def _breaks(seen: _Stretch, seconds: Array) -> list[int]:
    """After which sightings somebody was away for too long to be hidden on the way."""
    away = np.diff(seconds[seen.frame])
    size = _size(seen.box)
    moved = np.linalg.norm(np.diff(_centre(seen.box), axis=0), axis=1)
    stayed = moved <= STAYED * np.minimum(size[:-1], size[1:])
    hidden = (away <= AWAY_S) | (stayed & (away <= TURNED_S))
    return np.flatnonzero(~hidden).tolist()


def _closed(seen: _Stretch, seconds: Array, shot: tuple[int, int], after_s: float) -> _Stretch:
    """The stretch with what lies between its sightings, before the first and after the last."""
    first, last = int(seen.frame[0]), int(seen.frame[-1])
    before_s = SHOT_S if seconds[first] - seconds[shot[0]] <= SHOT_S else PAD_S
    after_s = SHOT_S if seconds[shot[1] - 1] - seconds[last] <= SHOT_S else after_s
    begin = max(shot[0], int(np.searchsorted(seconds, seconds[first] - before_s - MOMENT_S)))
    end = min(shot[1], int(np.searchsorted(seconds, seconds[last] + after_s + MOMENT_S)))
    every = np.arange(begin, end)
    early, late = every < first, every > last
    box = _on_the_way(seen, seconds, every)
    box[early] = _held(seen, seconds, every[early], ahead=False)
    box[late] = _held(seen, seconds, every[late], ahead=True)
    return _Stretch(every, box, np.isin(every, seen.frame))


def _on_the_way(seen: _Stretch, seconds: Array, wanted: Array) -> Array:
    """(m, 4) boxes on the lines between sightings, grown by the time to the nearest."""
    at, now = seconds[seen.frame], seconds[wanted]
    line = np.stack([np.interp(now, at, edge) for edge in seen.box.T], axis=1)
    after = np.searchsorted(at, now).clip(0, len(at) - 1)
    before = (np.searchsorted(at, now, "right") - 1).clip(0)
    return _grown(line, np.minimum(now - at[before], at[after] - now))


def _held(seen: _Stretch, seconds: Array, wanted: Array, *, ahead: bool) -> Array:
    """(m, 4) boxes before the first or after the last sighting: where it was, and on to where it
    was heading."""
    if not len(wanted):
        return np.empty((0, 4))
    at = seconds[seen.frame]
    end = -1 if ahead else 0
    near = np.abs(at - at[end]) <= HEADING_S
    box, moved = seen.box[end], _centre(seen.box[near])
    for_s = float(at[near][-1] - at[near][0])
    speed = (moved[-1] - moved[0]) / for_s if for_s > 0 else np.zeros(2)
    if np.linalg.norm(speed) > FASTEST * _size(box[None])[0]:
        speed = np.zeros(2)
    passed = seconds[wanted] - at[end]
    there = box + np.tile(passed[:, None] * speed, 2)
    both = np.concatenate([np.minimum(there, box)[:, :2], np.maximum(there, box)[:, 2:]], axis=1)
    return _grown(both, np.abs(passed))


def _grown(box: Array, unseen_s: Array) -> Array:
    factor = 1 + GROWTH * np.minimum(unseen_s, GROWN_S)[:, None]
    centre, half = _centre(box), (box[:, 2:] - box[:, :2]) / 2
    return np.concatenate([centre - half * factor, centre + half * factor], axis=1)


def _calmed(stretch: _Stretch) -> _Stretch:
    """The stretch on a smooth way. Each box still holds the one that it was, and those of the
    frames before and after: where a face passes before another, boxes may change places, and for a
    frame both may be on one."""
    reach = int(3 * CALM)
    weight = np.exp(-0.5 * (np.arange(-reach, reach + 1) / CALM) ** 2)
    padded = np.pad(stretch.box, ((reach, reach), (0, 0)), "edge")
    smooth = np.stack([np.convolve(edge, weight / weight.sum(), "valid") for edge in padded.T], 1)
    before, after = padded[reach - 1 : -reach - 1], padded[reach + 1 : len(padded) - reach + 1]
    held = np.stack([smooth, before, stretch.box, after])
    box = np.concatenate([held.min(axis=0)[:, :2], held.max(axis=0)[:, 2:]], axis=1)
    return _Stretch(stretch.frame, box, stretch.seen)


def _merged(parts: list[_Stretch]) -> _Stretch:
    """The stretches of one id; where two of them hide it in one frame, one box holds both."""
    whole = _Stretch.joined(parts)
    frame, place = np.unique(whole.frame, return_inverse=True)
    box = np.tile(np.array([np.inf, np.inf, -np.inf, -np.inf]), (len(frame), 1))
    np.minimum.at(box[:, :2], place, whole.box[:, :2])
    np.maximum.at(box[:, 2:], place, whole.box[:, 2:])
    seen = np.zeros(len(frame), bool)
    seen[place[whole.seen]] = True
    return _Stretch(frame, box, seen)


def _centre(box: Array) -> Array:
    middle: Array = (box[:, :2] + box[:, 2:]) / 2
    return middle


def _size(box: Array) -> Array:
    longer: Array = (box[:, 2:] - box[:, :2]).max(axis=1)
    return longer
