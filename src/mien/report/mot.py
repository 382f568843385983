"""Tracks as MOTChallenge text, for evaluation and labelling tools.

The format (https://motchallenge.net/instructions): ten values a line, `frame, id, left, top, width,
height, conf, x, y, z`; frames, ids and pixels are counted from 1; x, y, z are for 3D and otherwise
-1. `conf` is a number in every line: a flag in a file of truth, where 0 takes the line out and any
other value keeps it, and a confidence in a file of detections.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from mien.errors import UsageError
from mien.report.table import BLOCK_FRAMES
from mien.report.target import Target, opened
from mien.timeline.timeline import Timeline

NO_SCORE = -1
"""`conf` of a box between two sightings: kept, as by any value but 0, and no confidence made up."""


def write_mot(timeline: Timeline, target: Target) -> None:
    """Write the confirmed faces, by frame and then by id, in thousandths of a pixel.

    Args:
        timeline: the video.
        target: a path, which gets the whole file or stays as it was, or an open text file.

    Raises:
        UsageError: the timeline has faces without ids.
        OutputError: the path cannot be written.
    """
    if timeline.faces.track_id is None and len(timeline.faces):
        raise UsageError("the faces of this timeline have no ids; follow them first")
    with opened(target) as file:
        file.writelines(_text(timeline))


def _text(timeline: Timeline) -> Iterator[str]:
    faces = timeline.faces
    for first in range(0, timeline.frame_count, BLOCK_FRAMES):
        rows = timeline.rows(first, first + BLOCK_FRAMES)
        if faces.track_id is None or rows.start == rows.stop:
            continue
        frame, ids = timeline.frame[rows], faces.track_id[rows].astype(np.int64)
        box = faces.box_xyxy[rows].astype(np.float64)
        order = np.lexsort((ids, frame))
        order = order[ids[order] >= 0]
        numbers = np.column_stack([frame, ids])[order] + 1
        places = np.hstack([box[:, :2] + 1, box[:, 2:] - box[:, :2]])[order]
        scores = np.nan_to_num(faces.score[rows][order], nan=NO_SCORE)
        for (number, name), place, score in zip(
            numbers.tolist(), places.tolist(), scores.astype("U").tolist(), strict=True
        ):
            edges = ",".join(f"{edge:.3f}" for edge in place)
            yield f"{number},{name},{edges},{score},-1,-1,-1\n"
