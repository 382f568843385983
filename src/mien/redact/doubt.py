"""Moments of a redaction at which a person should look, the most doubtful first.

for doubt in doubts_of(edited.timeline):
    print(doubt.start, doubt.stop, doubt.reason)

What is told stands on the analysis alone, before its holes are filled (`mien.redact.cover`): where
those who are hidden were not seen, were hardly seen, or may be somebody else. It is no proof: a
face that was never found is in no analysis. The audit looks for those.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.redact.cover import AWAY_S, SHOT_S, STAYED, TURNED_S
from mien.redact.drawings import Laid
from mien.timecode import Time
from mien.timeline.edits import Check
from mien.timeline.edits.edit import Choice
from mien.timeline.timeline import Timeline

Array = NDArray[Any]

Reason = Literal[
    "away", "appears", "vanishes", "bridged", "faint", "close", "brief", "drawn", "lost"
]

REASONS: dict[Reason, str] = {
    "away": "Somebody was out of sight for a while and came back. In between nothing is hidden.",
    "appears": "A face comes up in the middle of the picture. It may have been there before.",
    "vanishes": "A face goes out of view in the middle of the picture. It may still be there.",
    "bridged": "A face was not seen for a moment. What is hidden is where it should have been.",
    "faint": "A face was hardly seen. It may be none, or lie elsewhere.",
    "close": "Two people are so close that they may have been taken for one another.",
    "brief": "Something like a face was seen for a moment only.",
    "drawn": "What was drawn by hand was followed with little confidence.",
    "lost": "What was drawn by hand was lost here. From here on it is not hidden.",
}
"""In words."""

WEIGHTS: dict[Reason, float] = {
    "away": 1.0,
    "lost": 0.9,
    "appears": 0.8,
    "vanishes": 0.8,
    "bridged": 0.7,
    "faint": 0.5,
    "drawn": 0.5,
    "close": 0.3,
    "brief": 0.3,
}
"""What each counts at most; more where it may show somebody than where it may hide too much."""

CROSSED = 0.95
"""What "close" counts where one of the two is kept and the other is hidden."""

FAINT = 0.4
"""Score below which a sighting is a weak one. New faces are believed from 0.5 on, known ones where
they are expected from 0.2 on."""

UNSURE = 0.4
"""Confidence below which a drawn box is followed with little."""

HOLE_S = 0.25
"""A hole between two sightings that is worth a look."""

BRIEF_S = 0.5
"""Somebody seen for less than that was seen for a moment."""

JOINED_S = 0.5
"""Moments of one kind and one person that lie closer together are one."""

NEAR = 0.5
"""Distance to the edge of the picture, in sizes of the face, up to which one may come in there."""

OVERLAP = 0.25
"""Overlap (IoU) from which two people may be taken for one another."""


class Doubt(NamedTuple):
    """A moment at which a person should look.

    Attributes:
        weight: 0..1, by which doubts are ranked.
        reason: see `REASONS`.
        start, stop: the first frame that it is about, and the end of the last.
        time: of the frame to look at first.
        box: xyxy, what it is about, in that frame.
        person: whose id it is about; None for nobody's, and for what was drawn.
        other: the second of two.
        drawing: the number of the edit that drew the box.
    """

    weight: float
    reason: Reason
    start: Time
    stop: Time
    time: Time
    box: tuple[float, float, float, float]
    person: int | None = None
    other: int | None = None
    drawing: int | None = None

    def is_checked(self, checks: Iterable[Check]) -> bool:
        """Whether somebody has looked at it: for this reason, in this time, at this place."""
        return any(
            each.reason == self.reason
            and self.start <= each.time < self.stop
            and _overlap(self.box, each.box) >= OVERLAP
            for each in checks
        )


def doubts_of(
    timeline: Timeline,
    *,
    choices: Mapping[int, Choice] | None = None,
    drawn: Sequence[Laid] = (),
) -> list[Doubt]:
    """The moments of an analysis at which a person should look, the most doubtful first.

    Args:
        timeline: an analysis, after edits, before `mien.redact.cover`; with ids.
        choices: who is hidden and who kept, by id. Where somebody kept was not seen is no doubt.
        drawn: the boxes that were drawn.
    """
    if not timeline.frame_count:
        return []
    view = _View(timeline)
    keep = {id for id, choice in (choices or {}).items() if choice == "keep"}
    found: list[Doubt] = []
    for id, rows in timeline.tracks().items():
        if id not in keep:
            for ways in (_faint, _holes, _ends, _brief):
                found += ways(view, id, rows)
    found += _close(view, keep)
    found += _loose(view)
    for one in drawn:
        found += _drawn(view, one)
    return sorted(found, key=lambda doubt: (-doubt.weight, doubt.start.exact, doubt.reason))


class _View:
    """A timeline with what is asked of it again and again."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.frame, self.score = timeline.frame, timeline.faces.score
        self.box = timeline.faces.box_xyxy.astype(np.float64)
        self.seconds = timeline.seconds
        self.spans = timeline.spans
        self.bounds = np.array([0, *timeline.cuts.tolist(), timeline.frame_count])
        self.size = np.sqrt((self.box[:, 2:] - self.box[:, :2]).clip(min=0).prod(axis=1))

    def shot(self, frames: Array) -> Array:
        """(k,) the number of the shot of each frame."""
        return np.searchsorted(self.bounds, frames, "right") - 1

    def end(self, frame: int) -> Time:
        """When a frame is over."""
        timeline = self.timeline
        ticks = int(timeline.pts[frame] + self.spans[frame])
        return Time(ticks, timeline.video.time_base)

    def doubt(
        self, reason: Reason, part: float, first: int, last: int, row: int, **more: Any
    ) -> Doubt:
        """A doubt about the frames from first to last, told by a row of faces."""
        frame = int(self.frame[row])
        return self.told(reason, part, first, last, min(max(frame, first), last), self.box[row],
                         **more)  # fmt: skip

    def told(
        self,
        reason: Reason,
        part: float,
        first: int,
        last: int,
        at: int,
        box: Array,
        *,
        most: float | None = None,
        **more: Any,
    ) -> Doubt:
        """A doubt about the frames from first to last, of which `at` shows it best."""
        left, top, right, bottom = (float(v) for v in box)
        weight = (WEIGHTS[reason] if most is None else most) * float(np.clip(part, 0.05, 1))
        time = self.timeline.time
        return Doubt(
            round(weight, 4),
            reason,
            time(first),
            self.end(last),
            time(at),
            (left, top, right, bottom),
            **more,
        )


def _faint(view: _View, id: int, rows: Array) -> Iterator[Doubt]:
    """Stretches of weak sightings."""
    weak = rows[view.score[rows] < FAINT]  # a score of NaN is no sighting
    for run in _runs(weak, view):
        worst = run[np.argmin(view.score[run])]
        part = 1 - float(view.score[worst]) / FAINT
        yield view.doubt("faint", part, *_span(view, run), int(worst), person=id)


def _holes(view: _View, id: int, rows: Array) -> Iterator[Doubt]:
    """Between two sightings in one shot."""
    seen = rows[np.isfinite(view.score[rows])]
    before, after = seen[:-1], seen[1:]
    gap = view.seconds[view.frame[after]] - view.seconds[view.frame[before]]
    step = view.frame[after] - view.frame[before]
    same = view.shot(view.frame[before]) == view.shot(view.frame[after])
    for k in np.flatnonzero((step > 1) & (gap > HOLE_S) & same).tolist():
        moved = float(np.linalg.norm(_centre(view, after[k]) - _centre(view, before[k])))
        stayed = moved <= STAYED * min(view.size[before[k]], view.size[after[k]])
        hidden = gap[k] <= AWAY_S or (stayed and gap[k] <= TURNED_S)
        first, last = int(view.frame[before[k]]) + 1, int(view.frame[after[k]]) - 1
        far = moved / max(view.size[before[k]], 1e-6)
        part = 0.3 + 0.35 * min(gap[k] / AWAY_S, 1) + 0.35 * min(far / STAYED, 1)
        reason: Reason = "bridged" if hidden else "away"
        half = (first + last) // 2
        box = (view.box[before[k]] + view.box[after[k]]) / 2
        yield view.told(reason, part if hidden else 1, first, last, half, box, person=id)


def _ends(view: _View, id: int, rows: Array) -> Iterator[Doubt]:
    """Where somebody comes and goes in the middle of the picture and of a shot."""
    seen = rows[np.isfinite(view.score[rows])]
    shots = view.shot(view.frame[seen])
    for shot in np.unique(shots).tolist():
        own = seen[shots == shot]
        begin, stop = int(view.bounds[shot]), int(view.bounds[shot + 1]) - 1
        ends: tuple[tuple[Reason, int, int], ...]
        ends = ("appears", int(own[0]), begin), ("vanishes", int(own[-1]), stop)
        for reason, row, edge in ends:
            frame = int(view.frame[row])
            away = abs(view.seconds[frame] - view.seconds[edge])
            clear = _clearance(view, row)
            if away > SHOT_S and clear > NEAR:
                part = 0.4 + 0.3 * min(clear / 3, 1) + 0.3 * float(view.score[row])
                first, last = sorted((frame, _moved(view, frame, edge)))
                yield view.doubt(reason, part, first, last, row, person=id)


def _brief(view: _View, id: int, rows: Array) -> Iterator[Doubt]:
    """Somebody who was seen for a moment only."""
    first, last = int(view.frame[rows[0]]), int(view.frame[rows[-1]])
    long = view.seconds[last] - view.seconds[first]
    if long < BRIEF_S and last < view.timeline.frame_count - 1 and first > 0:
        yield view.doubt("brief", 1 - long / BRIEF_S, first, last, int(rows[0]), person=id)


def _loose(view: _View) -> Iterator[Doubt]:
    """Sightings that nobody owns, those of one place and time together."""
    ids = view.timeline.faces.track_id
    rows = np.arange(len(view.box)) if ids is None else np.flatnonzero(ids < 0)
    open_runs: list[list[int]] = []
    done: list[list[int]] = []
    for row in rows.tolist():
        now = view.seconds[view.frame[row]]
        for run in [r for r in open_runs if now - view.seconds[view.frame[r[-1]]] > JOINED_S]:
            open_runs.remove(run)
            done.append(run)
        near = [r for r in open_runs if _overlap(view.box[r[-1]], view.box[row]) >= OVERLAP]
        if near:
            near[0].append(row)
        else:
            open_runs.append([row])
    for run in done + open_runs:
        best = max(run, key=lambda row: float(np.nan_to_num(view.score[row])))
        part = float(np.nan_to_num(view.score[best]))
        yield view.doubt("brief", part, *_span(view, np.array(run)), best)


def _close(view: _View, keep: Collection[int]) -> Iterator[Doubt]:
    """Two people whose boxes overlap for a while."""
    ids = view.timeline.faces.track_id
    if ids is None:
        return
    known = np.flatnonzero(ids >= 0)
    met: dict[tuple[int, int], list[tuple[int, int, float]]] = {}
    for apart in range(1, int(np.unique(view.frame[known], return_counts=True)[1].max(initial=0))):
        a, b = known[:-apart], known[apart:]
        together = view.frame[a] == view.frame[b]
        a, b = a[together], b[together]
        over = _shared(view.box[a], view.box[b])
        for k in np.flatnonzero(over >= OVERLAP).tolist():
            one, other = sorted((int(a[k]), int(b[k])), key=lambda row: int(ids[row]))
            pair = int(ids[one]), int(ids[other])
            met.setdefault(pair, []).append((one, other, float(over[k])))
    for (one_id, other_id), meetings in met.items():
        rows = np.array(sorted(one for one, _, _ in meetings))
        overlap = {one: value for one, _, value in meetings}
        crossed = (one_id in keep) != (other_id in keep)
        if one_id in keep and other_id in keep:
            continue
        for run in _runs(rows, view):
            worst = max(run.tolist(), key=lambda row: overlap[row])
            part = 0.5 + 0.5 * overlap[worst]
            most = CROSSED if crossed else None
            yield view.doubt("close", part, *_span(view, run), worst, most=most, person=one_id,
                             other=other_id)  # fmt: skip


def _drawn(view: _View, one: Laid) -> Iterator[Doubt]:
    """A drawn box that was followed with little confidence, or lost."""
    number = one.drawing.edit
    places = {frame: k for k, frame in enumerate(one.frame.tolist())}
    weak = one.frame[one.confidence < UNSURE]
    for run in _split(weak, view, lambda frame: frame):
        at = min(run.tolist(), key=lambda frame: float(one.confidence[places[frame]]))
        part = 1 - float(one.confidence[places[at]]) / UNSURE
        box = one.box[places[at]]
        yield view.told("drawn", part, int(run[0]), int(run[-1]), at, box, drawing=number)
    for frame in one.lost:
        box = one.box[places[frame]]
        yield view.told("lost", 1, frame, frame, frame, box, drawing=number)


def _runs(rows: Array, view: _View) -> list[Array]:
    """Rows of faces, in order of time, as stretches."""
    return _split(rows, view, lambda row: view.frame[row])


def _split(values: Array, view: _View, frame: Callable[[Array], Array]) -> list[Array]:
    if not len(values):
        return []
    frames = frame(values)
    apart = np.diff(view.seconds[frames]) > JOINED_S
    other = np.diff(view.shot(frames)) > 0
    return np.split(values, np.flatnonzero(apart | other) + 1)


def _span(view: _View, rows: Array) -> tuple[int, int]:
    return int(view.frame[rows[0]]), int(view.frame[rows[-1]])


def _moved(view: _View, frame: int, edge: int) -> int:
    """The frame half a second from this one, towards the edge of its shot."""
    wanted = view.seconds[frame] + np.sign(edge - frame) * JOINED_S
    near = int(np.searchsorted(view.seconds, wanted))
    return min(max(near, min(frame, edge)), max(frame, edge))


def _clearance(view: _View, row: int) -> float:
    """How far a face lies from the edge of the picture, in its sizes."""
    video, (left, top, right, bottom) = view.timeline.video, view.box[row]
    apart = min(left, top, video.width - right, video.height - bottom)
    return float(apart / max(view.size[row], 1e-6))


def _centre(view: _View, row: Any) -> Array:
    return np.asarray((view.box[row, :2] + view.box[row, 2:]) / 2)


def _shared(one: Array, other: Array) -> Array:
    """(n,) overlap (IoU) of the boxes (n, 4) of the one with those of the other, row by row."""
    low, high = np.maximum(one[:, :2], other[:, :2]), np.minimum(one[:, 2:], other[:, 2:])
    shared = (high - low).clip(min=0).prod(axis=1)
    areas = [(box[:, 2:] - box[:, :2]).clip(min=0).prod(axis=1) for box in (one, other)]
    total = areas[0] + areas[1] - shared
    found: Array = np.divide(shared, total, out=np.zeros_like(shared), where=total > 0)
    return found


def _overlap(one: Sequence[float] | Array, other: Sequence[float] | Array) -> float:
    return float(_shared(np.array([one], float), np.array([other], float))[0])
