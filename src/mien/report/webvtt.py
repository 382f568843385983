"""Captions: who is in view, and with what expression, as WebVTT for any player.

The format is that of https://www.w3.org/TR/webvtt1/: cues in order of their start, which never
overlap here, and each with an end after its start.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import numpy as np

from mien.errors import UsageError
from mien.faces import EMOTIONS
from mien.report.table import BLOCK_FRAMES
from mien.report.target import Target, opened
from mien.timeline.clock import nearest
from mien.timeline.timeline import Timeline
from mien.timeline.windows import emotion_of

SLICE_SECONDS = Fraction(1, 2)
"""How long an expression is shown for, give or take: long enough to be read, and to be a mean."""

NOTE = "NOTE\nThe expression is how the face looks, not what the person feels.\n\n"

Ids = tuple[int, ...]


def write_webvtt(timeline: Timeline, target: Target, *, expressions: bool = False) -> None:
    """Write a cue for each stretch of frames in which the same confirmed faces are in view.

    A cue says "face 0, face 2". With `expressions`, a stretch is cut into equal parts of about
    half a second, and a cue has a line a face, "face 0: happiness 0.93": the strongest of the mean
    scores in that part; only "face 0" where none was read. Times are those of the frames, rounded
    to the millisecond that the format knows; what is shorter than that is left out.

    Args:
        timeline: the video.
        target: a path, which gets the whole file or stays as it was, or an open text file.
        expressions: whether to say what each face looks like.

    Raises:
        UsageError: the timeline has faces without ids, or lacks emotion.
        OutputError: the path cannot be written.
    """
    if len(timeline.faces):
        if timeline.faces.track_id is None:
            raise UsageError("the faces of this timeline have no ids; follow them first")
        if expressions:
            emotion_of(timeline)
    with opened(target) as file:
        file.write("WEBVTT\n\n" + (NOTE if expressions else ""))
        file.writelines(_cues(timeline, expressions))


def _cues(timeline: Timeline, expressions: bool) -> Iterator[str]:
    for first, last, ids in _stretches(timeline):
        edges = _cuts(timeline, first, last) if expressions else [first, last]
        for start, stop in pairwise(edges):
            begin, end = _milliseconds(timeline, start), _milliseconds(timeline, stop)
            if begin >= end:
                continue
            if expressions:
                words = "\n".join(_expressions(timeline, start, stop, ids))
            else:
                words = ", ".join(f"face {name}" for name in ids)
            yield f"{_stamp(begin)} --> {_stamp(end)}\n{words}\n\n"


def _stretches(timeline: Timeline) -> Iterator[tuple[int, int, Ids]]:
    """Frames [first, last) with the ids in view all that time; none where nobody is."""
    first, known = 0, Ids()
    for frame, ids in _in_view(timeline):
        if ids != known:
            if known:
                yield first, frame, known
            first, known = frame, ids
    if known:
        yield first, timeline.frame_count, known


def _in_view(timeline: Timeline) -> Iterator[tuple[int, Ids]]:
    """Each frame and its confirmed ids, ascending."""
    everyone = timeline.faces.track_id
    for first in range(0, timeline.frame_count, BLOCK_FRAMES):
        last = min(first + BLOCK_FRAMES, timeline.frame_count)
        seen: list[set[int]] = [set() for _ in range(first, last)]
        rows = timeline.rows(first, last)
        ids = [] if everyone is None else everyone[rows].tolist()
        for frame, name in zip(timeline.frame[rows].tolist(), ids, strict=True):
            if name >= 0:
                seen[frame - first].add(name)
        yield from ((first + i, tuple(sorted(names))) for i, names in enumerate(seen))


def _cuts(timeline: Timeline, first: int, last: int) -> list[int]:
    """Frames from `first` to `last` that cut a stretch into equal parts of about half a second."""
    start, end = _ticks(timeline, first), _ticks(timeline, last)
    parts = nearest((end - start) * timeline.video.time_base / SLICE_SECONDS)
    edges = [start + -(-(end - start) * part // parts) for part in range(1, parts)]
    inner = np.searchsorted(timeline.pts, edges).tolist()
    return sorted({first, *inner, last})


def _expressions(timeline: Timeline, start: int, stop: int, ids: Ids) -> Iterator[str]:
    rows = timeline.rows(start, stop)
    assert timeline.faces.track_id is not None
    scores, names = emotion_of(timeline)[rows], timeline.faces.track_id[rows]
    read = np.isfinite(scores).all(axis=1)
    for name in ids:
        own = scores[read & (names == name)]
        if len(own):
            mean = own.mean(axis=0, dtype=np.float64)
            yield f"face {name}: {EMOTIONS[int(mean.argmax())]} {mean.max():.2f}"
        else:
            yield f"face {name}"


def _ticks(timeline: Timeline, frame: int) -> int:
    """When a frame begins, or for the number after the last, when the video ends."""
    if frame < timeline.frame_count:
        return int(timeline.pts[frame])
    return int(timeline.pts[-1] + timeline.durations[-1])


def _milliseconds(timeline: Timeline, frame: int) -> int:
    exact = _ticks(timeline, frame) * timeline.video.time_base * 1000
    return max(0, int(exact + Fraction(1, 2)))


def _stamp(milliseconds: int) -> str:
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{milliseconds:03d}"
