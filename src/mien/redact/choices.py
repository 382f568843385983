"""What is hidden once somebody has chosen: who is hidden and who kept, and what was drawn by hand.

edited = replay(timeline, edits)                    # of an analysis with `cautious=True`
chosen = chosen_of(edited, follow)
plan = PlanOfChoices(chosen, look.shape, margin)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.redact.cover import covered
from mien.redact.drawings import Follow, Laid, gone_from, laid, with_drawn
from mien.redact.heads import ROUND
from mien.redact.masks import Shape
from mien.redact.plan import MARGIN, PlanOfTimeline
from mien.timecode import Time
from mien.timeline.edits import Drawing, Edited
from mien.timeline.edits.edit import Choice
from mien.timeline.timeline import Timeline
from mien.track.boxes import iou

Array = NDArray[Any]

SAME = 0.5
"""Overlap (IoU) from which a sighting that nobody owns is one of somebody who is kept, where their
own box is: it would hide them for a frame or two."""

CORNERS = 2**0.5 / ROUND
"""By how much a drawn box grows so that its ellipse holds its corners too: what was drawn around is
hidden whole. Of a face, the corners of its box are no part."""


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """Who is where in every frame, told apart by what becomes of them.

    Attributes:
        hidden: boxes to be hidden, without holes (`mien.redact.cover`); drawn ones among them.
        kept: those of who is left visible on purpose.
        drawn: by their ids in `hidden`, the boxes that were drawn.
    """

    hidden: Timeline
    kept: Timeline
    drawn: dict[int, Laid]


@dataclass(frozen=True, slots=True, eq=False)
class Covered:
    """Everyone in every frame, and what was drawn, before anybody is chosen.

    Attributes:
        whole: boxes without holes (`mien.redact.cover`).
        drawn: by their ids in `whole`, the boxes that were drawn.
    """

    whole: Timeline
    drawn: dict[int, Laid]


def covered_with(timeline: Timeline, boxes: Iterable[Drawing], follow: Follow) -> Covered:
    """Cover the faces of an analysis and drawn boxes.

    Args:
        timeline: an analysis with `cautious=True`, after edits.
        boxes: what was drawn.
        follow: follows what is in a drawn box.
    """
    everything, drawn = with_drawn(timeline, [laid(each, timeline, follow) for each in boxes])
    whole = covered(everything)
    there = ~_gone(whole, drawn)
    return Covered(whole if there.all() else _part(whole, there), drawn)


def chosen_of(edited: Edited, follow: Follow) -> Chosen:
    """Tell apart who is hidden and who is kept; see `chosen_from`.

    Args:
        edited: what came of the edits, on an analysis with `cautious=True`.
        follow: follows what is in a drawn box.
    """
    return chosen_from(covered_with(edited.timeline, edited.boxes, follow), edited.choices)


def chosen_from(found: Covered, choices: Mapping[int, Choice]) -> Chosen:
    """Tell apart who is hidden and who is kept. Whoever was not chosen is hidden, and so is every
    sighting that nobody owns, and all that was drawn: but for the face of somebody who is kept,
    whose box was moved.
    """
    keep = {id for id, choice in choices.items() if choice == "keep"}
    owned = {name for name, one in found.drawn.items() if one.drawing.person in keep}
    ids = _ids(found.whole)
    kept = np.isin(ids, sorted(keep | owned))
    hidden = ~(kept | _of_kept(found.whole, ids, kept))
    drawn = {name: one for name, one in found.drawn.items() if name not in owned}
    return Chosen(_part(found.whole, hidden), _part(found.whole, kept), drawn)


class PlanOfChoices(PlanOfTimeline):
    """Hides what was chosen.

    Args:
        chosen: who is where.
        shape: of the masks: the ellipse of a drawn box is larger than that of a face.
        margin: see `mien.redact.plan.MARGIN`.
    """

    def __init__(self, chosen: Chosen, shape: Shape, margin: float = MARGIN) -> None:
        hidden = chosen.hidden
        if shape == "ellipse" and chosen.drawn:
            hidden = _grown(hidden, np.isin(_ids(hidden), sorted(chosen.drawn)))
        super().__init__(hidden, margin)
        self._kept = chosen.kept

    def shown(self, time: Time) -> Array:
        """(k, 4) boxes of those who are left visible on purpose in the frame that is shown at this
        time."""
        return self._kept.at(self._kept.frame_at(time.exact)).box_xyxy


def _of_kept(whole: Timeline, ids: Array, kept: Array) -> Array:
    """(n,) bool: sightings of nobody that lie where the face of somebody who is kept is."""
    found = np.zeros(len(ids), bool)
    loose = np.flatnonzero(ids < 0)
    both = np.intersect1d(whole.frame[loose], whole.frame[kept])
    for frame in both.tolist():
        rows = whole.rows(frame, frame + 1)
        theirs = whole.faces.box_xyxy[rows][kept[rows]]
        strays = np.arange(rows.start, rows.stop)[ids[rows] < 0]
        found[strays] = iou(whole.faces.box_xyxy[strays], theirs).max(axis=1) >= SAME
    return found


def _gone(whole: Timeline, drawn: dict[int, Laid]) -> Array:
    """(n,) bool: rows of drawn boxes in frames from which they were deleted; holes were filled."""
    ids = _ids(whole)
    gone = np.zeros(len(ids), bool)
    for name, one in drawn.items():
        rows = np.flatnonzero(ids == name)
        gone[rows] = gone_from(one.drawing, whole, whole.frame[rows])
    return gone


def _grown(timeline: Timeline, which: Array) -> Timeline:
    box = np.array(timeline.faces.box_xyxy)
    middle, half = (box[:, :2] + box[:, 2:]) / 2, (box[:, 2:] - box[:, :2]) / 2
    factor = np.where(which, CORNERS, 1)[:, None]
    grown = np.concatenate([middle - half * factor, middle + half * factor], axis=1)
    return replace(timeline, faces=replace(timeline.faces, box_xyxy=grown))


def _part(timeline: Timeline, which: Array) -> Timeline:
    return replace(timeline, frame=timeline.frame[which], faces=timeline.faces[which])


def _ids(timeline: Timeline) -> Array:
    ids = timeline.faces.track_id
    return np.full(len(timeline.faces), -1) if ids is None else ids
