"""Faces as they come: each frame is answered before the next, and none waits for what follows.

What the analysis of a video learns from later frames (`follow.py`) is not to be had here: ids are
those of the online tracker, and a face is first seen when somebody looks. A few faces are described
in a frame; what is known of the others holds until their turn comes again.
"""

from __future__ import annotations

import time as clock
from collections.abc import Collection, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from os import PathLike
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.describe.embedding import Embedding
from mien.describe.mesh import Mesh
from mien.detect.cascade import ImageDetector
from mien.detect.video import VideoDetector
from mien.faces import ROW_SHAPES, Array, Faces, Problem
from mien.media.live import Live
from mien.media.live_sources import open_live
from mien.picture import check_rgb
from mien.pipeline.stages import Stage, describe_all, stages_for
from mien.timecode import Time
from mien.track.cuts import CutDetector
from mien.track.tracker import OnlineTracker

Rgb = NDArray[Any]

PROFILE = "fast"
"""Of detection: its looks are bounded, whatever the size of the frame."""

COLUMNS = ("emotion", "agreement")

EVERY_S = 0.2
"""A face is described anew so often."""

AT_ONCE = 2
"""Faces described in one frame at most; more would make it late."""

WHOLE_S, NOBODY_S = 0.5, 0.2
"""The whole frame is looked at so often at least, and while there is nobody: so late, at most, is
somebody seen who has come in."""

ROUNDING_S = 1e-6
"""Of times that are counted in floats."""

NOT_YET = "its turn to be described has not come yet"


@dataclass(frozen=True, slots=True, eq=False)
class LiveModels:
    """What works on the frames. It has no memory, so streams and threads may share it.

    Attributes:
        images: looks at whole frames.
        profile: its name.
        stages: describe faces.
        identity: fill `embedding`, for the tracker.
        columns: of `Faces`, that are given out.
    """

    images: ImageDetector
    profile: str
    stages: Sequence[Stage]
    identity: Sequence[Stage]
    columns: Sequence[str]

    @classmethod
    def load(
        cls,
        columns: Collection[str] = COLUMNS,
        *,
        profile: str = PROFILE,
        threads: int | None = None,
        images: ImageDetector | None = None,
        ready: Sequence[Stage] = (),
    ) -> Self:
        """Open the models, but for those that are at hand.

        Args:
            columns: of `Faces`, to fill beside box, score, points and `track_id`.
            profile: of detection, as of `analyze_image`.
            threads: for inference; by default one for each core.
            images: a detector of this profile.
            ready: stages.

        Raises:
            UsageError: there is no such column or profile.
            ModelError: a model cannot be had.
        """
        images = images or ImageDetector.load(profile, threads=threads)
        stages = stages_for(columns, threads=threads, ready=ready)
        mesh, embedding = stages_for(("embedding",), threads=threads, ready=[*stages, *ready])
        assert isinstance(mesh, Mesh)
        assert isinstance(embedding, Embedding)
        # irises and the mirror image make no difference to the tracker, and take time
        identity = (mesh.plain(), embedding.plain())
        return cls(images, profile, stages, identity, tuple(columns))


@dataclass(slots=True, eq=False)
class _Last:
    """What a face was when it was described last."""

    at_s: float
    face: Faces


class LiveFaces:
    """Finds, follows and describes the faces of one stream, frame by frame. It remembers: use one
    for a stream, in one thread at a time.

    Args:
        models: what works on the frames.
        every_s: a face is described anew so often, in seconds of the frames' time.
        at_once: faces described in one frame at most, those first that have waited longest.
    """

    def __init__(
        self, models: LiveModels, *, every_s: float = EVERY_S, at_once: int = AT_ONCE
    ) -> None:
        self._models, self._every_s, self._at_once = models, every_s, at_once
        self._detector = VideoDetector.of(models.images, models.profile)
        self._tracker, self._cuts = OnlineTracker(reid=False), CutDetector()
        self._last: dict[int, _Last] = {}  # by provisional id
        self._numbers: dict[int, int] = {}  # likewise
        self._next_number = 0
        self._looked_s = float("-inf")
        self._shape: tuple[int, ...] = ()

    def see(self, rgb: Rgb, time: Time) -> Faces:
        """The faces of the next frame: box, score, points, `track_id` and the columns wanted.

        A face has the id −1 until it is confirmed, in its third frame mostly; ids count from 0.
        `measured` is 1 where a face was described in this frame; where 0, it is what it was when
        that was done last.

        Args:
            rgb: (H, W, 3) uint8; the size may change.
            time: when it was taken; never earlier than the frame before.

        Raises:
            UsageError: it is no such array, or the time lies before that of the frame before.
        """
        check_rgb(rgb)
        cut = self._is_cut(rgb)
        found = self._find(rgb, time.seconds, cut=cut)
        embed = partial(describe_all, self._models.identity, rgb)
        faces = self._tracker.update(found, time=time, embed=embed, cut=cut)
        self._tracker.forget()  # the past: nobody asks for it
        return self._numbered(self._described(rgb, faces, time.seconds))

    def _is_cut(self, rgb: Rgb) -> bool:
        small = cv2.resize(rgb, CutDetector.SIZE_WH, interpolation=cv2.INTER_AREA)
        cut = self._cuts.update(np.asarray(small))
        shape, self._shape = self._shape, rgb.shape
        return cut or shape not in ((), rgb.shape)

    def _find(self, rgb: Rgb, now: float, *, cut: bool) -> Faces:
        wait = WHOLE_S if self._last else NOBODY_S
        due = cut or now - self._looked_s >= wait - ROUNDING_S
        looks = self._detector.whole_frames
        found = self._detector.detect(rgb, whole=due, doubt=self._tracker.in_doubt)
        if self._detector.whole_frames > looks:
            self._looked_s = now
        return found

    def _described(self, rgb: Rgb, faces: Faces, now: float) -> Faces:
        """The faces with the columns wanted: measured now, or when it was done last."""
        ids = _ids(faces)
        live = {*ids, *(self._tracker.confirmed & self._last.keys())}
        self._last = {number: last for number, last in self._last.items() if number in live}
        rows = self._due(ids, now)
        fresh = describe_all(self._models.stages, rgb, faces[rows]) if rows else faces[rows]
        for at, row in enumerate(rows):
            self._last[ids[row]] = _Last(now, fresh[[at]])
        return self._filled(faces, rows)

    def _due(self, ids: list[int], now: float) -> list[int]:
        """The rows to describe, in order: of those whose turn has come, who has waited longest."""
        times = {number: last.at_s for number, last in self._last.items()}
        since = [times.get(number, float("-inf")) for number in ids]
        due = [row for row, number in enumerate(ids) if number >= 0]
        due = [row for row in due if now - since[row] >= self._every_s - ROUNDING_S]
        if self._looked_s == now:  # the look at the whole frame has made it late enough
            due = [row for row in due if ids[row] not in times]
        return sorted(sorted(due, key=since.__getitem__)[: self._at_once])

    def _filled(self, faces: Faces, measured: list[int]) -> Faces:
        """The faces, each with what is known of it."""
        known = [self._last.get(number) for number in _ids(faces)]
        columns: dict[str, Array] = {}
        problems: list[Problem] = []
        for name in self._models.columns:
            width = next((last.face.columns[name].shape[1:] for last in known if last), None)
            shape = [size or 0 for size in ROW_SHAPES[name]] if width is None else width
            column = np.full((len(faces), *shape), np.nan, np.float32)
            for row, last in enumerate(known):
                if last is None:
                    problems.append(Problem(row, name, NOT_YET))
                    continue
                column[row] = last.face.columns[name][0]
                problems += [p._replace(row=row) for p in last.face.problems if p.column == name]
            columns[name] = column
        columns["measured"] = np.isin(np.arange(len(faces)), measured)
        return replace(faces, **columns, problems=tuple(problems))

    def _numbered(self, faces: Faces) -> Faces:
        """Ids in place of provisional ones: 0, 1, 2 … as tracks are confirmed; else −1."""
        confirmed = self._tracker.confirmed
        self._numbers = {own: told for own, told in self._numbers.items() if own in confirmed}
        for own in _ids(faces):
            if own in confirmed and own not in self._numbers:
                self._numbers[own] = self._next_number
                self._next_number += 1
        told = [self._numbers.get(own, -1) for own in _ids(faces)]
        return replace(faces, track_id=np.array(told, np.int32))


@dataclass(frozen=True, slots=True, eq=False)
class LiveAnswer:
    """What was found in one frame.

    Attributes:
        frame: its number, as it came; numbers of dropped frames are missing.
        time: when it was taken; the first frame at 0.
        faces: see `LiveFaces.see`.
        size_wh: of the frame, in pixels.
        latency_s: from when it came to when this was known.
        dropped: frames of the source that were not looked at, so far.
    """

    frame: int
    time: Time
    faces: Faces
    size_wh: tuple[int, int]
    latency_s: float
    dropped: int


def analyze_live(
    source: str | int | PathLike[str],
    *,
    columns: Collection[str] = COLUMNS,
    profile: str = PROFILE,
    threads: int | None = None,
) -> Generator[LiveAnswer]:
    """Find, follow and describe faces as they come: the newest frame first, none waits.

    The source is opened at the first answer that is taken, and closed with the generator.

    Args:
        source: the number of a camera or its path (0, "/dev/video0"; Linux), an address
            ("rtsp://…"), or a file, which is played as if it were live.
        columns: of `Faces`, to fill beside box, score, points and `track_id`.
        profile: of detection, as of `analyze_image`.
        threads: for inference; by default one for each core.

    Raises:
        UsageError: there is no such column or profile, or an address of another kind.
        InputError: the source cannot be opened, or is gone.
        MediaError: it has no usable video; DecodeError: a file is damaged from here on.
        ModelError: a model cannot be had.
    """
    models = LiveModels.load(columns, profile=profile, threads=threads)
    with open_live(source) as live:
        yield from watch_live(live, models)


def watch_live(live: Live, models: LiveModels) -> Iterator[LiveAnswer]:
    """Find, follow and describe the faces of an open source.

    Raises:
        InputError: the source is gone.
        DecodeError: a file is damaged from here on.
    """
    faces = LiveFaces(models)
    for frame in live.frames():
        found = faces.see(frame.rgb, frame.time)
        size_wh = frame.rgb.shape[1], frame.rgb.shape[0]
        latency = clock.monotonic() - frame.captured_s
        yield LiveAnswer(frame.index, frame.time, found, size_wh, latency, live.dropped)


def _ids(faces: Faces) -> list[int]:
    return [] if faces.track_id is None else faces.track_id.tolist()
