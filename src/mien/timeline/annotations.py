"""Media Analytics JSON read back, also when it was edited by hand or written by another program."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from os import PathLike
from typing import IO, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from mien.errors import (
    ConfigurationError,
    InputError,
    MediaTooLargeError,
    UsageError,
)
from mien.faces import Faces
from mien.inputs import open_document
from mien.timecode import Time, parse_rate
from mien.timeline.clock import shown_framerate
from mien.timeline.fragments import Fragment, FragmentReader, Refusal, number, shown, whole
from mien.timeline.timeline import Timeline, VideoFacts

Array = NDArray[Any]
MAX_BYTES = 1 << 30
MAX_SIDE = 1 << 16
FRAMERATES = (0.0001, 1_000_000)
MAX_FRAMES = 1 << 24
"""Of one fragment without events: a week at 25 frames a second."""


@dataclass(frozen=True, slots=True, eq=False)
class Annotations:
    """What a document says: when each fragment is, and the n faces or k windows in them.

    Times are ticks of 1/`timescale` s. Boxes are upright: a document with a `rotation` was turned
    while it was read. `mode` is that of the events; a document without any is of mode "faces".
    """

    mode: str
    timescale: int
    framerate: float
    width: int  # of the picture as displayed
    height: int
    fragments: Array  # (f, 4) int64: start, duration, interval (0 if not known), number of events
    tick: Array  # (n,) int64 start of the interval each face was seen in; rising
    interval: Array  # (n,) int64
    id: Array  # (n,) int64
    box_xywh: Array  # (n, 4) float64, shares of the picture; may reach past 0..1
    scores: Array  # (n, 8) float32 in the order of EMOTIONS, NaN where there are none
    window_tick: Array  # (k,) int64 start of each slice of an aggregateEmotion document; rising
    windows: Array  # (k, 2, 8) float64: windowFaceDistribution, windowMeanScores

    @property
    def box_px(self) -> Array:
        """(n, 4) float64 xyxy, half-open, in pixels of the picture as displayed."""
        edges = np.concatenate(
            [self.box_xywh[:, :2], self.box_xywh[:, :2] + self.box_xywh[:, 2:]], axis=1
        )
        return edges * [self.width, self.height, self.width, self.height]

    def rows_at(self, moment: Time | Fraction) -> slice:
        """The rows of the faces seen at a moment (seconds).

        Ask for the middle of a frame: where a container rounds its time stamps, a frame may start
        a tick before its interval does.
        """
        exact = moment.exact if isinstance(moment, Time) else moment
        now = exact * self.timescale // 1
        stop = int(np.searchsorted(self.tick, now, "right"))
        if not stop or now >= self.tick[stop - 1] + self.interval[stop - 1]:
            return slice(stop, stop)
        return slice(int(np.searchsorted(self.tick, self.tick[stop - 1])), stop)

    def timeline(self) -> Timeline:
        """The timeline the document was written from, as far as it holds it.

        Scores of the detector are not in the format and are NaN. A fragment without events names
        no interval: it is cut into frames by the frame rate, or by the interval of the fragment
        before, and where neither divides it, it is one long frame.

        Raises:
            UsageError: the document holds windows instead of faces, an id above 2147483647, or a
                fragment of more than 16 million frames without events.
        """
        if self.mode == "aggregateEmotion":
            raise UsageError("an aggregateEmotion document holds no faces; use one of another mode")
        if len(self.id) and self.id.max() > np.iinfo(np.int32).max:
            raise UsageError(f"id {self.id.max()} is too large to follow; the limit is 2147483647")
        rate = self._rate()
        starts, ends = self._frames(Fraction(self.timescale) / rate)
        has_scores = self.mode == "perFaceEmotion"
        faces = Faces(
            self.box_px,
            np.full(len(self.id), np.nan),
            track_id=self.id,
            emotion=self.scores if has_scores else None,
        )
        facts = VideoFacts(self.width, self.height, rate, Fraction(1, self.timescale))
        frame = np.searchsorted(starts, self.tick)
        return Timeline(facts, starts, ends - starts, frame, faces)

    def _rate(self) -> Fraction:
        """The one whose frames last whole ticks, if `framerate` can mean only that one.

        11.989 in ticks of 1/90000 s is 7507 of them, though it is near 12000/1001 too.
        """
        ticks = round(self.timescale / self.framerate)
        fits = [
            step
            for step in range(max(1, ticks - 1), ticks + 2)
            if shown_framerate(Fraction(self.timescale, step)) == self.framerate
        ]
        return Fraction(self.timescale, fits[0]) if len(fits) == 1 else parse_rate(self.framerate)

    def _frames(self, nominal: Fraction) -> tuple[Array, Array]:
        """Starts and ends of all frames; `nominal` is the duration the frame rate asks for."""
        starts, ends = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        known = [int(nominal)] if nominal.denominator == 1 else []
        before: list[int] = []
        for start, duration, interval, count in self.fragments.tolist():
            if count:
                before = [interval]
                grid = start + np.arange(count + 1) * interval
                starts.append(grid[:-1])
                ends.append(grid[1:])
                start, duration = int(grid[-1]), start + duration - int(grid[-1])
            if duration > 0:
                step = next((s for s in known + before if duration % s == 0), duration)
                if duration // step > MAX_FRAMES:
                    raise UsageError(f"the fragment at tick {start} has over {MAX_FRAMES} frames")
                grid = np.arange(start, start + duration + 1, step)
                starts.append(grid[:-1])
                ends.append(grid[1:])
        return np.concatenate(starts), np.concatenate(ends)


def read_media_analytics(source: str | PathLike[str] | IO[Any]) -> Annotations:
    """Read a Media Analytics document of any mode.

    Taken as they are: coordinates outside 0..1, ids of any size, keys in any order, further keys
    (`index`), a byte-order mark. Fragments out of order are sorted, a missing `duration` or
    `interval` is worked out where the other and the events tell it. Everything else that breaks
    the format is refused.

    Args:
        source: a path, or an open file of text or bytes.

    Raises:
        InputError: the path cannot be opened.
        MediaTooLargeError: more than 1 GiB.
        ConfigurationError: no such document; the message names the place, counted from 1.
    """
    name = str(source) if isinstance(source, (str, PathLike)) else getattr(source, "name", "it")
    try:
        return _parsed(_content(source))
    except Refusal as error:
        raise ConfigurationError(f"{name} is no Media Analytics document: {error}") from error
    except json.JSONDecodeError as error:
        raise ConfigurationError(
            f"{name} is not valid JSON: line {error.lineno}, column {error.colno}: {error.msg}"
        ) from error
    except RecursionError as error:
        raise ConfigurationError(f"{name} is nested too deeply to be such a document") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{name} is not text in UTF-8 or UTF-16: {error}") from error
    except ValueError as error:
        if isinstance(error, (ConfigurationError, MediaTooLargeError)):
            raise
        # the one ValueError left: Python's guard against integers of thousands of digits
        raise ConfigurationError(
            f"{name} is not valid JSON: it holds a number of too many digits"
        ) from error


def _content(source: str | PathLike[str] | IO[Any]) -> str | bytes:
    if not isinstance(source, (str, PathLike)):
        return _limited(source)
    with open_document(source, "JSON") as file:
        try:
            return _limited(file)
        except OSError as error:
            raise InputError(f"cannot read {source}: {error.strerror}") from error


def _limited(file: IO[Any]) -> str | bytes:
    content: str | bytes = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise MediaTooLargeError(f"the document is larger than {MAX_BYTES >> 20} MiB")
    return content.removeprefix("\ufeff") if isinstance(content, str) else content


def _parsed(content: str | bytes) -> Annotations:
    if not content.strip():
        raise Refusal("it is empty")
    reader = FragmentReader()
    document = json.loads(content, object_hook=reader.take, parse_constant=_no_constant)
    if not isinstance(document, dict) or "fragments" not in document:
        raise Refusal("it has no fragments")
    if document.get("version", 1) != 1:
        raise Refusal(f"version must be 1, got {shown(document['version'])}")
    if document.get("offset", 0) != 0:
        raise Refusal(f"offset must be 0, got {shown(document['offset'])}")
    framerate = number(document.get("framerate"), "framerate", *FRAMERATES)
    annotations = _joined(
        _ordered(document["fragments"]),
        timescale=whole(document.get("timescale"), "timescale", low=1),
        framerate=framerate,
        width=whole(document.get("width"), "width", low=1, high=MAX_SIDE),
        height=whole(document.get("height"), "height", low=1, high=MAX_SIDE),
    )
    return _upright(annotations, whole(document.get("rotation", 0), "rotation", low=-360) % 360)


def _ordered(fragments: object) -> list[Fragment]:
    if not isinstance(fragments, list):
        raise Refusal("fragments must be a list")
    for place, fragment in enumerate(fragments, 1):
        if not isinstance(fragment, Fragment):
            raise Refusal(f"fragment {place} has no times")
    ordered = sorted(fragments, key=lambda fragment: fragment.start)
    for early, late in pairwise(ordered):
        if early.end > late.start:
            raise Refusal(f"fragment {early.number} reaches into fragment {late.number}")
    return ordered


def _joined(fragments: list[Fragment], **header: Any) -> Annotations:
    modes = {fragment.mode: fragment.number for fragment in fragments if fragment.mode}
    if len(modes) > 1 and "aggregateEmotion" in modes:
        raise Refusal(f"fragment {max(modes.values())} mixes windows with faces")
    mode = "perFaceEmotion" if "perFaceEmotion" in modes else next(iter(modes), "faces")

    def column(get: Callable[[Fragment], Array], shape: tuple[int, ...], dtype: str) -> Array:
        parts = [get(fragment) for fragment in fragments if fragment.mode]
        return np.concatenate([np.empty((0, *shape), dtype), *parts])

    faces = mode != "aggregateEmotion"
    times = [(f.start, f.duration, f.interval, f.count) for f in fragments]
    none = np.empty(0, np.int64)
    tick = column(lambda f: f.start + f.event * f.interval, (), "int64")
    return Annotations(
        mode=mode,
        fragments=np.array(times, np.int64).reshape(-1, 4),
        tick=tick if faces else none,
        interval=column(lambda f: np.full(len(f.event), f.interval), (), "int64")
        if faces
        else none,
        id=column(lambda f: f.id, (), "int64"),
        box_xywh=column(lambda f: f.box, (4,), "float64"),
        scores=column(lambda f: f.scores, (8,), "float32"),
        window_tick=none if faces else tick,
        windows=column(lambda f: f.windows, (2, 8), "float64"),
        **header,
    )


def _upright(annotations: Annotations, clockwise: int) -> Annotations:
    """Turn a document whose boxes lie in the stored picture, as `rotation` says."""
    x, y, width, height = annotations.box_xywh.T
    match clockwise:
        case 0:
            return annotations
        case 90:
            turned = (1 - y - height, x, height, width)
        case 180:
            turned = (1 - x - width, 1 - y - height, width, height)
        case 270:
            turned = (y, 1 - x - width, height, width)
        case _:
            raise Refusal(f"rotation must be a multiple of 90 degrees, got {clockwise}")
    if clockwise != 180:
        annotations = replace(annotations, width=annotations.height, height=annotations.width)
    return replace(annotations, box_xywh=np.stack(turned, axis=1))


def _no_constant(text: str) -> NoReturn:
    raise Refusal(f"{text} is no number")
