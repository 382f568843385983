"""Audits of whole files: every frame of the output beside that of the source."""

from __future__ import annotations

import hashlib
import os
import time as clock
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import chain, islice
from os import PathLike
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.engines import Engine
from mien.errors import MismatchError, UsageError
from mien.media import Frame, Source, open_video
from mien.media.source import open_source
from mien.media.video import DECODER_THREADS
from mien.redact.audit.look import MODELS, Findings, FrameAuditor
from mien.redact.audit.pairs import Stretch, plan_stretches, side_by_side
from mien.redact.audit.persons import with_persons, with_picture
from mien.redact.audit.runs import Joiner, Run
from mien.timecode import Time
from mien.track.boxes import iou

Array = NDArray[Any]
KeptFaces = Callable[[Time], Array]
"""The faces that are shown on purpose in the frame of the source that is shown at a time: (k, 4)
boxes, xyxy in pixels of the picture as displayed. It is asked for the middle of each frame."""

ON_PURPOSE = 0.25
"""Overlap of a face that can be seen with one shown on purpose from which it is that one."""

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class AuditedFile:
    """One of the two files, as it was."""

    name: str  # without its folder; bytes that are no text are shown as \xff
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class Audit:
    """What an audit found.

    Attributes:
        kind: what was audited.
        source, output: the files; None for a picture that is none.
        width, height: of the pictures, as displayed.
        frames: that were audited: all.
        length: of the output, in seconds; 0 of a photo.
        residual: the faces that can be seen and should not, by time.
        doubtful: what may be such faces, though no detector was certain of them in any frame; they
            count for nothing, and somebody should look at them.
        shown: those that are shown on purpose.
        hidden_faces: how often, over all frames, a face of the source was seen to be hidden.
        limit_s: how many exposed-face-seconds are let pass.
        settings: of the redaction, as given.
        audit_s: how long the audit took.
        models: that it looked with, by their names in the catalogue.
    """

    kind: Literal["video", "photo"]
    source: AuditedFile | None
    output: AuditedFile | None
    width: int
    height: int
    frames: int
    length: Fraction
    residual: tuple[Run, ...]
    doubtful: tuple[Run, ...]
    shown: tuple[Run, ...]
    hidden_faces: int
    limit_s: float = 0.0
    settings: Mapping[str, Any] = field(default_factory=dict)
    audit_s: float = 0.0
    models: tuple[str, ...] = MODELS

    @property
    def residual_faces(self) -> int:
        """Residual face-frames: faces that can be seen, summed over the frames."""
        return sum(run.frames for run in self.residual)

    @property
    def exposed_face_seconds(self) -> Fraction:
        """For how long, summed over the faces."""
        return sum((run.seconds for run in self.residual), Fraction(0))

    @property
    def longest(self) -> Run | None:
        """The run of most frames, the first of equal ones; None if there is none."""
        return max(self.residual, key=lambda run: run.frames, default=None)

    @property
    def persons(self) -> dict[int, list[Run]]:
        """The residual runs of each person, by first appearance."""
        people: dict[int, list[Run]] = {}
        for run in self.residual:
            people.setdefault(run.person, []).append(run)
        return people

    def passed(self, limit_s: float | None = None) -> bool:
        """Whether no more can be seen than the limit lets pass; of a photo nothing may be.

        Args:
            limit_s: exposed-face-seconds; by default the audit's own.
        """
        if self.kind == "photo":
            return not self.residual
        return self.exposed_face_seconds <= (self.limit_s if limit_s is None else limit_s)


def audit_video(
    source: Source,
    output: Source,
    *,
    kept: KeptFaces | None = None,
    limit_s: float = 0.0,
    settings: Mapping[str, Any] | None = None,
    threads: int | None = None,
    engine: Engine | None = None,
    on_progress: Progress = lambda share: None,
) -> Audit:
    """Look in every frame of a redacted video for faces that can be seen.

    Args:
        source: the video before.
        output: the video after: the same size, and the same frames at the same times.
        kept: the faces that are shown on purpose.
        limit_s: how many exposed-face-seconds are let pass.
        settings: of the redaction, told in the documents; what JSON can hold.
        threads: for inference; by default one for each core. A worker of an engine has one.
        engine: where to work on an output of several segments; by default in this process. The
            result is the same.
        on_progress: called with the share that is done, 0..1.

    Raises:
        UsageError: `limit_s` is below 0, or an engine is given something else than paths.
        MismatchError: the videos differ in size, or in number or times of their frames.
        InputError, MediaError: one of them cannot be opened, is no usable video, or damaged.
        ModelError: a model cannot be had.
        EngineError: a worker of the engine died.
    """
    if not limit_s >= 0:
        raise UsageError(f"the limit must be 0 or more exposed-face-seconds, got {limit_s}")
    if engine is not None and not all(isinstance(s, (str, PathLike)) for s in (source, output)):
        raise UsageError("worker processes need paths; save the data to files and give their names")
    begun = clock.perf_counter()
    work = StretchAuditor(source, output, threads)
    with open_video(output, threads=1) as video:
        info = video.info
    tally = Tally(kept)
    length = info.duration.exact if info.duration is not None else Fraction(0)
    with closing(_rows(work, engine)) as rows:
        for row in rows:
            tally.add(row)
            if length:
                on_progress(float(min(tally.end / length, Fraction(1))))
    runs = with_persons(tally.residual.finish(), output, work.auditor)
    return Audit(
        "video",
        audited_file(source),
        audited_file(output),
        info.width,
        info.height,
        tally.frames,
        tally.end,
        tuple(run for run in runs if run.certain),
        tuple(run for run in runs if not run.certain),
        tuple(tally.shown.finish()),
        tally.hidden,
        limit_s,
        dict(settings or {}),
        clock.perf_counter() - begun,
    )


def audit_image(
    source_rgb: Array,
    output_rgb: Array,
    *,
    kept: Array | None = None,
    files: tuple[Source, Source] | None = None,
    settings: Mapping[str, Any] | None = None,
    auditor: FrameAuditor | None = None,
) -> Audit:
    """Look in a redacted photo for faces that can be seen.

    Args:
        source_rgb, output_rgb: (H, W, 3) uint8 before and after, upright, of one size.
        kept: (k, 4) boxes of the faces that are shown on purpose.
        files: where they were read from, for the documents.
        settings: of the redaction, likewise.
        auditor: already opened, for many photos.

    Raises:
        MismatchError: the pictures differ in size.
        UsageError: they are no pictures.
        ModelError: a model cannot be had.
    """
    begun = clock.perf_counter()
    if source_rgb.shape != output_rgb.shape:
        raise MismatchError(
            f"the pictures have the shapes {source_rgb.shape} and {output_rgb.shape}; "
            "audit an output of the same size"
        )
    auditor = auditor or FrameAuditor.load()
    tally = Tally(None if kept is None else lambda _: kept)
    found, start = auditor.look(source_rgb, output_rgb), Time(0, Fraction(1))
    tally.add(Row(start, start, Fraction(0), found))
    named = None if files is None else [audited_file(file) for file in files]
    runs = with_picture(tally.residual.finish(), output_rgb, auditor)
    height, width = output_rgb.shape[:2]
    return Audit(
        "photo",
        named[0] if named else None,
        named[1] if named else None,
        width,
        height,
        1,
        Fraction(0),
        tuple(run for run in runs if run.certain),
        tuple(run for run in runs if not run.certain),
        tuple(tally.shown.finish()),
        tally.hidden,
        settings=dict(settings or {}),
        audit_s=clock.perf_counter() - begun,
        models=auditor.models,
    )


def audited_file(source: Source) -> AuditedFile:
    """Name, size and hash of a file; "the data" for one without a name.

    Raises:
        InputError: it cannot be opened.
    """
    with open_source(source) as opened:
        opened.file.seek(0)
        digest = hashlib.file_digest(opened.file, "sha256")  # type: ignore[arg-type]
        name = os.fsencode(os.path.basename(opened.name)).decode("utf-8", "backslashreplace")
        return AuditedFile(name, opened.size, digest.hexdigest())


class Row(NamedTuple):
    """What was found in a frame; small, and can be pickled."""

    time: Time
    source_time: Time  # the middle of the frame of the source
    duration: Fraction  # seconds
    found: Findings


@dataclass(eq=False)
class StretchAuditor:
    """Audits stretches of one output, with models that are opened at the first and kept."""

    source: Source
    output: Source
    threads: int | None = None

    def __call__(self, stretch: Stretch) -> list[Row]:
        """The rows of a stretch; raises what `side_by_side` does."""
        return list(self.rows(stretch))

    def rows(self, stretch: Stretch) -> Iterator[Row]:
        """The same, one by one."""
        threads = DECODER_THREADS if self.threads is None else min(self.threads, DECODER_THREADS)
        for before, after in side_by_side(self.source, self.output, stretch, threads=threads):
            found = self.auditor.look(before.rgb, after.rgb)
            yield Row(after.time, _middle(before), after.duration * after.time.time_base, found)

    @cached_property
    def auditor(self) -> FrameAuditor:
        """The models."""
        return FrameAuditor.load(threads=self.threads)


def _middle(frame: Frame) -> Time:
    return Time(2 * frame.time.pts + frame.duration, frame.time.time_base / 2)


def _rows(work: StretchAuditor, engine: Engine | None) -> Generator[Row]:
    """The rows of the whole output, in order."""
    if engine is None:
        yield from work.rows(Stretch())
        return
    planned = plan_stretches(work.source, work.output)
    first = list(islice(planned, 2))
    if len(first) == 1:
        yield from work.rows(Stretch())
        return
    alone = StretchAuditor(work.source, work.output, threads=1)
    for part in engine.map(alone, chain(first, planned)):  # ended with this generator
        yield from part


class Tally:
    """Adds up the rows of an output, in order.

    Attributes:
        residual, shown: the faces that can be seen, joined to runs: those that should not be, and
            those that are shown on purpose.
        hidden: face-frames that are hidden.
        frames: so far.
        end: of the last one, in seconds.
    """

    def __init__(self, kept: KeptFaces | None) -> None:
        self._kept = kept
        self.residual, self.shown = Joiner(), Joiner()
        self.hidden = self.frames = 0
        self.end = Fraction(0)

    def add(self, row: Row) -> None:
        """Take in the next row."""
        purpose = np.zeros(len(row.found), bool)
        if self._kept is not None and len(row.found):
            purpose = on_purpose(row.found.box_xyxy, self._kept(row.source_time))
        self.residual.add(row.time, row.duration, row.found[~purpose])
        self.shown.add(row.time, row.duration, row.found[purpose])
        self.hidden += row.found.hidden
        self.frames += 1
        self.end = row.time.exact + row.duration


def on_purpose(boxes: Array, kept: Array) -> Array:
    """(n,) whether each of the boxes (n, 4) is one of the faces (k, 4) that are shown on purpose; a
    kept face is the one finding that overlaps it most."""
    overlap = iou(boxes, np.asarray(kept, float).reshape(-1, 4))
    purpose = np.zeros(len(boxes), bool)
    while overlap.size and overlap.max() >= ON_PURPOSE:
        row, face = np.unravel_index(int(overlap.argmax()), overlap.shape)
        purpose[row] = True
        overlap[row], overlap[:, face] = 0, 0
    return purpose
