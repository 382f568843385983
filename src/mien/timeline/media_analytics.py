"""The JSON of Azure Media Face Detector: written in one pass, in its three modes.

The format and each choice it leaves open stand in docs/concepts/media_analytics.md.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from math import isnan
from os import PathLike
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from mien.atomic import replacing
from mien.errors import ConfigurationError, UsageError
from mien.faces import EMOTIONS
from mien.timeline.annotations import Annotations, read_media_analytics
from mien.timeline.clock import Clock, clock_of, shown_framerate
from mien.timeline.detectable import MICRO, detectable, limited
from mien.timeline.timeline import Timeline
from mien.timeline.windows import (
    DEFAULT_MS,
    Slicing,
    Window,
    check_lengths,
    emotion_of,
    window_over,
)

__all__ = [
    "MODES",
    "Annotations",
    "media_analytics_text",
    "read_media_analytics",
    "schema_of",
    "write_media_analytics",
]

Array = NDArray[Any]
MODES = ("faces", "perFaceEmotion", "aggregateEmotion")
BOX = ("x", "y", "width", "height")


def write_media_analytics(
    timeline: Timeline,
    target: str | PathLike[str] | TextIO,
    *,
    mode: str = "faces",
    window_ms: int = DEFAULT_MS,
    interval_ms: int = DEFAULT_MS,
    max_faces: int | None = None,
) -> None:
    """Write the document of a timeline, a fragment at a time.

    Args:
        timeline: the video.
        target: a path, which gets the whole document or stays as it was, or an open text file.
        mode: "faces", "perFaceEmotion" or "aggregateEmotion".
        window_ms: aggregateEmotion: the length of video each result speaks of, 250 to 2000.
        interval_ms: aggregateEmotion: one result every so often, 250 to 1000, not above the window.
        max_faces: tell of so many faces of the whole video, of more of those that are seen largest;
            None: of all.

    Raises:
        ConfigurationError: no such mode, or lengths outside the limits.
        UsageError: the timeline has faces without ids, or lacks the emotion the mode needs.
        OutputError: the path cannot be written.
    """
    if max_faces is not None:
        timeline = limited(timeline, max_faces)
    text = media_analytics_text(timeline, mode=mode, window_ms=window_ms, interval_ms=interval_ms)
    if isinstance(target, (str, PathLike)):
        with replacing(Path(target)) as file:
            file.writelines(text)
    else:
        target.writelines(text)


def media_analytics_text(
    timeline: Timeline,
    *,
    mode: str = "faces",
    window_ms: int = DEFAULT_MS,
    interval_ms: int = DEFAULT_MS,
) -> Iterator[str]:
    """The document in pieces of at most one fragment. Arguments and errors: see
    `write_media_analytics`; they are checked before the first piece."""
    if mode not in MODES:
        raise ConfigurationError(f"there is no mode '{mode}'; choose one of {', '.join(MODES)}")
    check_lengths(window_ms, interval_ms)
    if len(timeline.faces):
        if timeline.faces.track_id is None:
            raise UsageError("the faces of this timeline have no ids; follow them first")
        if mode != "faces":
            emotion_of(timeline)
    clock = clock_of(timeline)
    if mode == "aggregateEmotion":
        fragments = _aggregate(timeline, clock, Slicing.on(clock, window_ms, interval_ms))
    else:
        fragments = _per_frame(timeline, clock, with_scores=mode == "perFaceEmotion")
    return _document(timeline, clock, fragments)


def schema_of(mode: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) that every document of a mode keeps.

    Raises:
        ConfigurationError: no such mode.
    """
    if mode not in MODES:
        raise ConfigurationError(f"there is no mode '{mode}'; choose one of {', '.join(MODES)}")
    text = files("mien.timeline").joinpath(f"schemas/{mode}.schema.json").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _document(timeline: Timeline, clock: Clock, fragments: Iterator[str]) -> Iterator[str]:
    header = {
        "version": 1,
        "timescale": clock.timescale,
        "offset": 0,
        "framerate": shown_framerate(clock.rate),
        "width": timeline.video.width,
        "height": timeline.video.height,
    }
    yield json.dumps(header, indent=0)[:-2] + ',\n"fragments": ['
    separator = "\n"
    for fragment in fragments:
        yield separator + fragment
        separator = ",\n"
    yield "\n]\n}\n"


def _per_frame(timeline: Timeline, clock: Clock, *, with_scores: bool) -> Iterator[str]:
    for first, last in clock.runs():
        start, end = int(clock.ticks[first]), int(clock.ticks[last])
        events = _events(timeline, first, last, with_scores=with_scores)
        if any(events):
            yield _fragment(start, (end - start) // (last - first), events)
        else:
            yield _line({"start": start, "duration": end - start})


def _events(
    timeline: Timeline, first: int, last: int, *, with_scores: bool
) -> list[list[dict[str, Any]]]:
    found = detectable(timeline, first, last)
    events: list[list[dict[str, Any]]] = [[] for _ in range(first, last)]
    if with_scores and len(found.row):
        scores = _scores(emotion_of(timeline)[found.row])
    else:
        scores = [None] * len(found.row)
    faces = zip(found.frame.tolist(), found.id.tolist(), found.box.tolist(), scores, strict=True)
    for frame, name, box, told in faces:
        event = {"id": name, **dict(zip(BOX, map(_share, box), strict=True))}
        events[frame - first].append(event if told is None else event | {"scores": told})
    return events


def _aggregate(timeline: Timeline, clock: Clock, slicing: Slicing) -> Iterator[str]:
    for start, interval, count in slicing.chunks(clock):
        events = []
        for begin in range(start, start + count * interval, interval):
            lower, upper = begin - slicing.before, begin + interval + slicing.after
            events.append([_window(window_over(timeline, clock, lower, upper))])
        yield _fragment(start, interval, events)


def _window(window: Window) -> dict[str, Any]:
    distribution, mean = _scores(np.array(window))
    return {"windowFaceDistribution": distribution, "windowMeanScores": mean}


def _scores(rows: Array) -> list[dict[str, float] | None]:
    """Scores by name; None where they could not be read, since nothing is made up for them."""
    millionths = np.rint(rows.astype(np.float64) * MICRO).tolist()
    return [
        None if isnan(sum(row)) else dict(zip(EMOTIONS, map(_share, row), strict=True))
        for row in millionths
    ]


def _fragment(start: int, interval: int, events: list[list[dict[str, Any]]]) -> str:
    """One fragment: a line of times, then a line for each interval, made to be edited by hand."""
    times = {"start": start, "duration": interval * len(events), "interval": interval}
    lines = ",\n".join(_line(event) for event in events)
    return f'{_line(times)[:-1]},"events":[\n{lines}\n]}}'


def _line(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _share(millionths: float) -> float:
    """Six decimals; 0 and 1 as the service printed them, not 0.0 and 1.0."""
    return millionths / MICRO if 0 < millionths < MICRO else int(millionths // MICRO)
