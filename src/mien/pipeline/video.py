"""A video: its segments are analysed, here or by an engine, and put together into a Timeline."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import chain, islice
from os import PathLike

import numpy as np

from mien.engines import Engine
from mien.errors import DecodeError, UsageError
from mien.faces import Faces
from mien.media import Segment, Source, plan_halves, plan_segments
from mien.models.threads import thread_count
from mien.pipeline.segment import EVERY_S, Part, Row, SegmentAnalyzer
from mien.pipeline.threads import parts_by_threads
from mien.timecode import Time
from mien.timeline.timeline import Timeline, TimelineBuilder
from mien.track.cuts import CutDetector
from mien.track.stitch import final_ids
from mien.track.tracklet import Tracklet

Progress = Callable[[float], None]


def analyze_video(
    source: Source,
    *,
    columns: Collection[str] = (),
    keep: Collection[str] = (),
    profile: str = "balanced",
    reid: bool = True,
    threads: int | None = None,
    engine: Engine | None = None,
    every_s: float = EVERY_S,
    smooth: bool = True,
    cautious: bool = False,
    on_progress: Progress = lambda share: None,
) -> Timeline:
    """Find, follow and describe every face of a video.

    Args:
        source: a path, the bytes of a file, or an open binary file.
        columns: the columns of `Faces` to fill beside box, score, points and track_id.
        keep: of the large columns (mesh, embedding), those that the timeline shall hold.
        profile: "fast", "balanced", "accurate", or "paranoid", which looks at every frame in its
            full resolution with two networks.
        reid: whether somebody who comes back after a long absence or a cut gets the id they had,
            by their looks; without it a new one.
        threads: for inference; by default one for each core. A worker of an engine has one.
        engine: where to work on a video of several segments, such as
            `mien.engines.LocalEngine()`; by default in this process, two at a time. The result is
            the same.
        every_s: expressions, age, gender, quality and attributes are measured every so many
            seconds, and in each frame that shows somebody new; the column `measured` says where,
            and values of other frames lie between. 0: in every frame.
        smooth: whether expressions are smoothed over neighbouring measurements, without delay.
        cautious: whether the whole frame is looked at more often, a second network watches for
            newcomers, and a face that was lost is followed on by weak signs of it: for those who
            would rather see a face where there is none than miss one. A video of one segment is
            then worked on in two halves (`mien.media.plan_halves`).
        on_progress: called with the share of the video that is done, 0..1.

    Raises:
        UsageError: there is no such column or profile, `every_s` is below 0, or an engine is given
            something else than a path.
        InputError: the source cannot be opened.
        MediaError: it is no usable video. A `DecodeError` in the middle carries the timeline of
            what came before in its `partial`.
        ModelError: a model cannot be had.
        EngineError: a worker of the engine died.
    """
    if engine is not None and not isinstance(source, (str, PathLike)):
        raise UsageError("worker processes need a path; save the data to a file and give its name")
    if not every_s >= 0:
        raise UsageError(f"every_s must be 0 or more seconds, got {every_s}")
    analyzer = SegmentAnalyzer(
        source, tuple(columns), tuple(keep), profile, threads, every_s, cautious
    )
    with closing(Assembly(keep, reid, on_progress, smooth=smooth)) as assembly:
        try:
            first, segments = _planned(source)
            if len(first) == 1 and cautious:
                first = plan_halves(source)
                segments, engine = iter(first), None  # done before a process has begun
            if len(first) > 1 and engine is not None:
                assembly.add(engine.map(replace(analyzer, threads=1), segments))
            elif len(first) > 1 and _can_be_opened_again(source) and thread_count(threads) > 1:
                with closing(parts_by_threads(analyzer, segments)) as parts:
                    assembly.add(parts)
            else:
                for segment in segments:
                    _analyze_here(analyzer, segment, assembly)
        except DecodeError as error:
            error.partial = assembly.timeline()
            raise
        return assembly.timeline()


def _planned(source: Source) -> tuple[list[Segment], Iterator[Segment]]:
    """The first two segments, and all."""
    planned: Iterator[Segment] = plan_segments(source)
    if not _can_be_opened_again(source):
        planned = iter(list(planned))  # an open file cannot be planned and decoded at once
    first = list(islice(planned, 2))
    return first, chain(first, planned)


def _can_be_opened_again(source: Source) -> bool:
    """An open file can be read at one place at a time."""
    return isinstance(source, (str, PathLike, bytes))


def _analyze_here(analyzer: SegmentAnalyzer, segment: Segment, assembly: Assembly) -> None:
    """Analyse a segment frame by frame: it may be long."""
    with analyzer.open(segment) as video:
        part = analyzer.begin(video)
        assembly.begin(part)
        assembly.extend(analyzer.rows(video.frames(), part))
        assembly.end(part)


class Assembly:
    """Puts the parts of a video together, in order; `close` it in the end."""

    def __init__(
        self, keep: Collection[str], reid: bool, on_progress: Progress, *, smooth: bool = False
    ) -> None:
        self._keep, self._reid, self._on_progress = keep, reid, on_progress
        self._smooth = smooth
        self._builder: TimelineBuilder | None = None
        self._length: Time | None = None
        self._pieces: list[Tracklet] = []
        self._cuts: list[Time] = []
        self._shots = CutDetector()
        self._first_id = self._next_id = 0  # of the part; above all so far
        self._begun: Time | None = None  # when the part's first frame is shown

    def add(self, parts: Iterable[Part]) -> None:
        """Add the next parts, whole.

        Raises:
            DecodeError: one has damage.
        """
        for part in parts:
            self.begin(part)
            self.extend(part.rows)
            self.end(part)

    def begin(self, part: Part) -> None:
        """Begin the next part."""
        if self._builder is None:
            self._builder = TimelineBuilder(part.video, self._keep)
            self._length = part.length
        self._first_id, self._begun = self._next_id, None

    def extend(self, rows: Iterable[Row]) -> None:
        """Add the part's rows."""
        assert self._builder is not None
        for time, duration, faces in rows:
            self._begun = self._begun or time
            self._builder.add(time, duration, self._numbered(faces))
            if self._length is not None and self._length.pts > 0:
                self._on_progress(min(1.0, time.seconds / self._length.seconds))

    def _numbered(self, faces: Faces) -> Faces:
        """The faces under ids that no other part has."""
        ids = faces.track_id
        if ids is None or not len(ids):
            return faces
        ids = np.where(ids >= 0, ids + self._first_id, -1)
        self._next_id = max(self._next_id, int(ids.max()) + 1)
        return replace(faces, track_id=ids)

    def end(self, part: Part) -> None:
        """End the part.

        Raises:
            DecodeError: it has damage.
        """
        for piece in part.pieces:
            self._pieces.append(renumbered := piece.renumbered(self._first_id))
            self._next_id = max(self._next_id, renumbered.id + 1, *(n + 1 for n in renumbered.also))
        opening = part.shots.opening
        if self._begun is not None and opening is not None and self._shots.update(opening):
            self._cuts.append(self._begun)
        self._cuts += part.cuts
        self._shots = part.shots
        if part.damage is not None:
            # A new one: the traceback of the part's own would hold the part, in a circle.
            raise DecodeError(str(part.damage), time_s=part.damage.time_s)

    def timeline(self) -> Timeline:
        """The timeline of all parts so far, under the final ids; and the end of this."""
        assert self._builder is not None
        ids = final_ids(self._pieces, cuts=self._cuts, reid=self._reid)
        return self._builder.finish(ids, smooth=self._smooth, cuts=self._cuts)

    def close(self) -> None:
        """Drop what was put together. Does nothing to a timeline that was given."""
        if self._builder is not None:
            self._builder.close()
