"""Which faces a Media Analytics document may hold, and the numbers it gives their boxes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.errors import UsageError
from mien.timeline.timeline import Timeline

Array = NDArray[Any]

MIN_PX, MAX_PX = 24, 2048
"""Width and height of a face that Azure Media Face Detector detects, in whole pixels."""
MAX_FACES = 64
"""Faces of one frame."""
MICRO = 1_000_000
"""Coordinates are counted in millionths of the picture, the six decimals that are written."""


class Detectable(NamedTuple):
    """The k faces of some frames that are written, by frame and then by id."""

    row: Array  # (k,) int64, rows of the timeline
    frame: Array  # (k,) int64
    id: Array  # (k,) int64
    box: Array  # (k, 4) int64: x, y, width, height in millionths of the picture


def detectable(timeline: Timeline, first: int, last: int) -> Detectable:
    """The faces of the frames [first, last) that the document holds.

    Those are the confirmed ones whose box, clipped to the picture, has 24 to 2048 pixels each way;
    of more than 64 in a frame, the 64 largest.

    Raises:
        UsageError: the timeline has no ids.
    """
    rows = timeline.rows(first, last)
    ids = timeline.faces.track_id
    if ids is None:
        if len(timeline.faces):
            raise UsageError("the faces of this timeline have no ids; follow them first")
        ids = np.empty(0, np.int32)
    ids = ids[rows]
    box = _boxes(timeline, rows)
    size = (box[:, 2:] * [timeline.video.width, timeline.video.height] + MICRO // 2) // MICRO
    fits = ((size >= MIN_PX) & (size <= MAX_PX)).all(axis=1) & (ids >= 0)
    kept = np.flatnonzero(fits)
    kept = kept[_largest(timeline.frame[rows][kept], ids[kept], size[kept].prod(axis=1))]
    frame = timeline.frame[rows][kept]
    kept = kept[np.lexsort((ids[kept], frame))]
    return Detectable(
        kept + rows.start, timeline.frame[rows][kept], ids[kept].astype(np.int64), box[kept]
    )


def _boxes(timeline: Timeline, rows: slice) -> Array:
    """(n, 4) int64 x, y, width, height in millionths, clipped to the picture."""
    width, height = timeline.video.width, timeline.video.height
    share = timeline.faces.box_xyxy[rows].astype(np.float64) / [width, height, width, height]
    share = np.nan_to_num(share, nan=0).clip(0, 1)
    corner = np.rint(share[:, :2] * MICRO).astype(np.int64)
    size = np.rint((share[:, 2:] - share[:, :2]) * MICRO).astype(np.int64)
    # both may be rounded up, and x + width must not pass 1
    return np.concatenate([corner, np.minimum(size, MICRO - corner)], axis=1)


def _largest(frame: Array, ids: Array, area: Array) -> Array:
    """Which rows are among the MAX_FACES largest of their frame; the lower id wins a tie."""
    order = np.lexsort((ids, -area, frame))
    ordered = frame[order]
    rank = np.arange(len(order)) - np.searchsorted(ordered, ordered)
    largest: Array = order[rank < MAX_FACES]
    return largest


def limited(timeline: Timeline, most: int) -> Timeline:
    """A timeline of which documents tell of at most so many faces in all.

    Those are the ids with the largest detectable boxes, numbered anew from 0 in their order; of two
    as large the lower id. The others are as good as not confirmed.

    Raises:
        UsageError: the timeline has no ids.
    """
    found = detectable(timeline, 0, timeline.frame_count)
    ids, row = np.unique(found.id, return_inverse=True)
    if len(ids) <= most:
        return timeline
    area = np.zeros(len(ids))
    np.maximum.at(area, row, found.box[:, 2:].astype(float).prod(axis=1))
    kept = np.sort(np.argsort(-area, kind="stable")[:most])
    return timeline.relabelled({int(id): number for number, id in enumerate(ids[kept])})
