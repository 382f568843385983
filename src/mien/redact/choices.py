"""What is hidden once somebody has chosen: who is hidden and who kept, and what was drawn by hand.

edited = replay(timeline, edits)                    # of an analysis with `cautious=True`
chosen = chosen_of(edited, follow)
plan = PlanOfChoices(chosen, look.shape, margin)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.redact.cover import covered
from mien.redact.drawings import Follow, Laid, frame_at, gone_from, laid, with_drawn
from mien.redact.heads import ROUND
from mien.redact.masks import Shape
from mien.redact.plan import MARGIN, PlanOfTimeline
from mien.timecode import Time
from mien.timeline.edits import Edited
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


def chosen_of(edited: Edited, follow: Follow) -> Chosen:
    """Tell apart who is hidden and who is kept. Whoever was not chosen is hidden, and so is every
    sighting that nobody owns, and all that was drawn: but for the face of somebody who is kept,
    whose box was moved.

    Args:
        edited: what came of the edits, on an analysis with `cautious=True`.
        follow: follows what is in a drawn box.
    """
    keep = {id for id, choice in edited.choices.items() if choice == "keep"}
    boxes = [laid(each, edited.timeline, follow) for each in edited.boxes]
    everything, drawn = with_drawn(edited.timeline, boxes)
    whole = covered(everything)
    ids = _ids(whole)
    owned = {name for name, one in drawn.items() if one.drawing.person in keep}
    kept = np.isin(ids, sorted(keep | owned))
    stays = kept | _of_kept(whole, ids, kept) | _gone(whole, ids, drawn)
    hidden = _part(whole, ~stays)
    return Chosen(hidden, _part(whole, kept), {k: v for k, v in drawn.items() if k not in owned})


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
        return self._kept.at(frame_at(time.exact, self._kept)).box_xyxy


def _of_kept(whole: Timeline, ids: Array, kept: Array) -> Array:
    """(n,) bool: sightings of nobody that lie where the face of somebody who is kept is."""
    found = np.zeros(len(ids), bool)
    nobody = np.flatnonzero(ids < 0)
    for frame in np.unique(whole.frame[nobody]).tolist():
        rows = whole.rows(frame, frame + 1)
        theirs = whole.faces.box_xyxy[rows][kept[rows]]
        loose = np.arange(rows.start, rows.stop)[ids[rows] < 0]
        if len(theirs):
            over = iou(whole.faces.box_xyxy[loose], theirs).max(axis=1)
            found[loose] = over >= SAME
    return found


def _gone(whole: Timeline, ids: Array, drawn: dict[int, Laid]) -> Array:
    """(n,) bool: rows of drawn boxes in frames from which they were deleted; holes were filled."""
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
