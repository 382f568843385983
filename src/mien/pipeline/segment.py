"""One segment of a video: decode → detect → track → describe.

What comes of it is a function of the video, the segment and the settings alone: detector, tracker
and cut detector start afresh. So it can be worked on anywhere, and again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.describe.embedding import Embedding
from mien.describe.mesh import Mesh
from mien.detect.blazeface import BlazeFace
from mien.detect.cascade import ImageDetector
from mien.detect.video import VideoDetector
from mien.errors import DecodeError
from mien.faces import Faces, Problem
from mien.media import Segment, Source, Video, open_video
from mien.media.video import DECODER_THREADS
from mien.pipeline.follow import HELD_PIXELS, MOST_HELD, STRIDE, Follower, Picture, Step
from mien.pipeline.stages import Stage, describe_all, stages_for
from mien.timecode import Time
from mien.timeline.between import SLOW
from mien.timeline.timeline import LARGE, VideoFacts
from mien.track.cuts import CutDetector
from mien.track.settings import TrackerSettings
from mien.track.tracker import OnlineTracker
from mien.track.tracklet import Tracklet

Rgb = NDArray[Any]
Row = tuple[Time, int, Faces]  # of a frame: when, for how many ticks, the faces

EVERY_S = 0.2
"""Expressions and other slow columns are measured so often."""

UNHURRIED = TrackerSettings(refresh_s=3.0)
"""For those who care more for where a face is than for whose it is."""

HIDDEN = "it was out of sight, between two sightings"


@dataclass(slots=True, eq=False)
class Part:
    """What comes of a segment; small, and can be pickled.

    Attributes:
        video: the facts of the whole video.
        length: of the whole video, as it announces.
        rows: every frame in order, ids provisional.
        pieces: the tracks, by provisional id.
        cuts: when new shots begin in it.
        shots: the cut detector at its end.
        damage: why it ends before its end.
    """

    video: VideoFacts
    length: Time | None
    rows: list[Row] = field(default_factory=list)
    pieces: list[Tracklet] = field(default_factory=list)
    cuts: list[Time] = field(default_factory=list)
    shots: CutDetector = field(default_factory=CutDetector)
    damage: DecodeError | None = None


@dataclass(eq=False)
class SegmentAnalyzer:
    """Analyses segments of one video, with models that are opened at the first and kept.

    Args:
        source: the video.
        columns: of `Faces`, to fill beside box, score, points and track_id.
        keep: of the large columns, those to return.
        profile: of detection, as of `analyze_video`.
        threads: for inference and for decoding; None: as many as pay.
        every_s: expressions, age, gender, quality and attributes are measured so often, in
            seconds; 0: in every frame.
        cautious: whether the whole frame is looked at more often, and weak signs of a face count
            where one that is known is expected.
    """

    source: Source
    columns: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    profile: str = "balanced"
    threads: int | None = None
    every_s: float = EVERY_S
    cautious: bool = False

    def __call__(self, segment: Segment) -> Part:
        """Analyse a segment.

        Raises:
            InputError: the source cannot be opened.
            MediaError: it is no usable video, or not at the beginning of the segment. Damage
                further on is told in the part.
            ModelError: a model cannot be had.
        """
        with self.open(segment) as video:
            part = self.begin(video)
            part.rows.extend(self.rows(video.frames(), part))
        return part

    def open(self, segment: Segment) -> Video:
        """Open the video at a segment."""
        if self.threads is None:
            return open_video(self.source, segment=segment)
        threads = min(self.threads, DECODER_THREADS)
        return open_video(self.source, segment=segment, threads=threads)

    def begin(self, video: Video) -> Part:
        """A part of an open video, still empty."""
        info = video.info
        facts = VideoFacts(info.width, info.height, info.rate, info.time_base, info.rotation)
        return Part(facts, info.duration)

    def rows(self, frames: Iterable[Picture], part: Part) -> Iterator[Row]:
        """Analyse the segment frame by frame; all else of the part is filled at the end."""
        tracker = OnlineTracker(part=True, settings=UNHURRIED if self.cautious else None)
        detector = VideoDetector.of(self._detector, self.profile, self._sentinel)
        follower = Follower(
            detector,
            tracker,
            self._embed,
            stride=STRIDE[self.profile],
            held=max(2, min(MOST_HELD, HELD_PIXELS // (part.video.width * part.video.height))),
            cautious=self.cautious,
        )
        sampler = Sampler(self.every_s)
        for step in follower.follow(_until_damage(frames, part)):
            faces = self._described(step, measured=sampler.due(step))
            yield step.frame.time, step.frame.duration, faces
        part.pieces, part.cuts, part.shots = tracker.tracklets(), tracker.cuts, follower.cuts

    @cached_property
    def _detector(self) -> ImageDetector:
        return ImageDetector.load(self.profile, threads=self.threads)

    @cached_property
    def _sentinel(self) -> BlazeFace | None:
        return BlazeFace.load(threads=self.threads) if self.cautious else None

    @cached_property
    def _stages(self) -> list[Stage]:
        return stages_for(self.columns, threads=self.threads)

    @cached_property
    def _between(self) -> list[Stage]:
        """The stages for frames in which the slow columns are not measured."""
        fast = [column for column in self.columns if column not in SLOW]
        return stages_for(fast, threads=self.threads, ready=self._stages)

    @cached_property
    def _identity(self) -> list[Stage]:
        """What the tracker tells people apart by; without the mirror image, which makes no
        difference to it and doubles the time, and without irises, which chips are not aligned by.
        """
        mesh, embedding = stages_for(("embedding",), threads=self.threads, ready=self._stages)
        assert isinstance(mesh, Mesh)
        assert isinstance(embedding, Embedding)
        return [mesh.plain(), embedding.plain()]

    def _embed(self, rgb: Rgb, faces: Faces) -> Faces:
        """The faces with `embedding`; the network is opened at the first face that needs it."""
        return describe_all(self._identity, rgb, faces)

    def _described(self, step: Step, *, measured: bool) -> Faces:
        faces, stages = step.faces, self._stages if measured else self._between
        if stages and len(faces):
            faces = describe_all(stages, step.frame.rgb, faces)
            step.frame.forget()
        if not set(SLOW).isdisjoint(self.columns):
            faces = replace(faces, measured=np.full(len(faces), float(measured)))
        faces = faces.without(LARGE.difference(self.keep))
        return with_hidden(faces, step.hidden) if len(step.hidden) else faces


class Sampler:
    """Which frames the slow columns are measured in: those that show somebody new, and every so
    many seconds."""

    def __init__(self, every_s: float) -> None:
        self._every = Fraction(every_s).limit_denominator(1_000_000)  # 0.2 is a fifth
        self._next = Fraction(0)
        self._known: set[int] = set()

    def due(self, step: Step) -> bool:
        """Whether to measure in this frame, the next in order."""
        time = step.frame.time.exact
        ids = [] if step.faces.track_id is None else step.faces.track_id.tolist()
        new = not self._known.issuperset(ids)
        self._known.update(ids)
        if time < self._next and not new:
            return False
        self._next = time + self._every
        return True


def _until_damage(frames: Iterable[Picture], part: Part) -> Iterator[Picture]:
    """The frames; damage ends them and is noted."""
    try:
        yield from frames
    except DecodeError as error:
        part.damage = error.with_traceback(None)  # which holds the part, in a circle


def with_hidden(faces: Faces, hidden: Faces) -> Faces:
    """The faces, and after them those that were out of sight, undescribed."""
    columns = dict(hidden.columns)
    problems = []
    for name, column in faces.columns.items():
        if name not in columns:
            columns[name] = np.full((len(hidden), *column.shape[1:]), np.nan, np.float32)
            rows = range(len(hidden)) if name != "measured" else ()
            problems += [Problem(row, name, HIDDEN) for row in rows]
    return Faces.concat([faces, Faces(**columns, problems=tuple(problems))])
