"""The timeline: the time of every frame of a video, and the faces of all frames in columns."""

from __future__ import annotations

import sys
import tempfile
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from os import PathLike
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mien.errors import UnsupportedMediaError, UsageError
from mien.faces import ROW_SHAPES, Faces, Problem
from mien.timecode import Time
from mien.timeline.between import SLOW, fill_between
from mien.timeline.spool import Column

Array = NDArray[Any]

LARGE = frozenset({"mesh", "embedding"})
"""The columns a timeline holds only when asked."""

CHANGED = frozenset({"track_id", *SLOW})
"""The columns that are changed once all frames are known."""

MAPPED_ROWS = 1 << 16

MOST_TICKS = 1 << 62
"""Where times end, so that their differences stay within 64 bits."""


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What a timeline must know of its video.

    `width` and `height` are pixels as displayed; `rate` is the frame rate the stream states;
    `rotation` (degrees, already applied) is what its metadata asked for.
    """

    width: int
    height: int
    rate: Fraction
    time_base: Fraction
    rotation: int = 0

    def __post_init__(self) -> None:
        for name in ("width", "height", "rate", "time_base"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above zero, got {getattr(self, name)}")


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """A video of m frames and the n faces seen in them. Arrays are read-only, maybe mapped.

    Raises:
        ValueError: the arrays do not fit together, times do not rise or a duration is not above
            zero, so that an impossible timeline cannot exist.
    """

    video: VideoFacts
    pts: Array  # (m,) int64, ticks of video.time_base; rising
    durations: Array  # (m,) int64, the same ticks; as the container states them
    frame: Array  # (n,) int64, the frame of each row of faces; sorted
    faces: Faces  # all n rows
    cuts: Array = field(default_factory=partial(np.empty, 0, np.int64))
    # (c,) int64, the frames that begin a new shot, without the first; rising

    def __post_init__(self) -> None:
        for name in ("pts", "durations", "frame", "cuts"):
            column = np.asarray(getattr(self, name), np.int64).view()
            if column.ndim != 1:
                raise ValueError(f"{name} must have one axis, got shape {column.shape}")
            column.flags.writeable = False
            object.__setattr__(self, name, column)
        if len(self.durations) != len(self.pts):
            raise ValueError(f"{len(self.pts)} pts and {len(self.durations)} durations")
        if len(self.frame) != len(self.faces):
            raise ValueError(f"{len(self.frame)} frame numbers for {len(self.faces)} faces")
        if not (self.pts[1:] > self.pts[:-1]).all() or not (self.durations > 0).all():
            raise ValueError("pts must rise, and durations must be above zero")
        if not (self.frame[1:] >= self.frame[:-1]).all():
            raise ValueError("frame must be sorted")
        if len(self.frame) and not 0 <= self.frame[0] <= self.frame[-1] < len(self.pts):
            raise ValueError(f"a face is in a frame that is not one of the {len(self.pts)}")
        if not (np.diff(self.cuts, prepend=0, append=len(self.pts)) > 0).all() and len(self.cuts):
            raise ValueError(f"cuts must rise, between frame 0 and the last of {len(self.pts)}")
        problems = tuple(sorted(self.faces.problems, key=_row))
        if problems != self.faces.problems:
            object.__setattr__(self, "faces", replace(self.faces, problems=problems))

    @property
    def frame_count(self) -> int:
        """m."""
        return len(self.pts)

    @property
    def spans(self) -> Array:
        """(m,) int64 ticks for which each frame is shown: until the next, the last for its own
        duration. They differ from `durations` where a container has gaps or states nonsense."""
        return np.append(self.pts[1:] - self.pts[:-1], self.durations[-1:])

    @property
    def seconds(self) -> Array:
        """(m,) float64 start of each frame in seconds, for people and plots."""
        base = self.video.time_base
        return self.pts * (base.numerator / base.denominator)

    @property
    def duration(self) -> Time:
        """From the start of the first frame to the end of the last."""
        ticks = int(self.pts[-1] - self.pts[0] + self.durations[-1]) if len(self.pts) else 0
        return Time(ticks, self.video.time_base)

    def time(self, frame: int) -> Time:
        """When a frame is first shown."""
        return Time(int(self.pts[frame]), self.video.time_base)

    def frame_at(self, seconds: Fraction) -> int:
        """The number of the frame that is shown at a time; the first or last one beyond."""
        ticks = seconds // self.video.time_base
        return max(0, int(np.searchsorted(self.pts, ticks, "right")) - 1)

    def rows(self, start: int, stop: int) -> slice:
        """The rows of the faces in the frames start … stop − 1."""
        first, last = np.searchsorted(self.frame, [start, stop])
        return slice(int(first), int(last))

    def at(self, frame: int) -> Faces:
        """The faces of one frame.

        Raises:
            IndexError: there is no such frame.
        """
        if not 0 <= frame < self.frame_count:
            raise IndexError(f"there is no frame {frame} in a video of {self.frame_count}")
        return self._part(self.rows(frame, frame + 1))

    def between(self, start: Time | Fraction | float, stop: Time | Fraction | float) -> Timeline:
        """The frames first shown at start ≤ time < stop (seconds), on the same clock."""
        bounds = [-(-_exact(edge) // self.video.time_base) for edge in (start, stop)]
        first, last = (bisect_left(self.pts, bound) for bound in bounds)
        rows = self.rows(first, last)
        span = slice(first, max(first, last))
        cuts = self.cuts[(self.cuts > first) & (self.cuts < last)]
        return Timeline(
            self.video,
            self.pts[span],
            self.durations[span],
            self.frame[rows] - first,
            self._part(rows),
            cuts - first,
        )

    def tracks(self) -> dict[int, Array]:
        """The rows of each confirmed id, in order of time; ids ascending."""
        ids = self.faces.track_id
        return {} if ids is None else _rows_by_id(ids)

    def relabelled(self, ids: Mapping[int, int]) -> Timeline:
        """The same rows under other ids. A row whose id is not in the mapping becomes -1 (not
        confirmed): it is left out of documents, and still there for those who must hide it."""
        if self.faces.track_id is None:
            return self
        mapped = mapped_ids(self.faces.track_id, ids)
        return replace(self, faces=replace(self.faces, track_id=mapped))

    def _part(self, rows: slice) -> Faces:
        # Faces[...] looks through all problems for every row; here both are sorted by row.
        problems = self.faces.problems
        first = bisect_left(problems, rows.start, key=_row)
        last = bisect_left(problems, rows.stop, key=_row)
        return Faces(
            **{name: column[rows] for name, column in self.faces.columns.items()},
            problems=tuple(p._replace(row=p.row - rows.start) for p in problems[first:last]),
        )


class TimelineBuilder:
    """Collects a timeline frame by frame in constant memory: the rows go to files without a name.

    Use as a context manager, or call `close`; a finished timeline outlives its builder. A column
    that some frames lack (the stage did not run) is NaN there, an id is -1.

    Args:
        video: the facts of the video.
        keep: of the large columns (mesh, embedding), those to hold.
        folder: where the temporary files lie; by default where the system puts them (TMPDIR).

    Raises:
        UsageError: `keep` names no column of `Faces`.
        OutputError: the folder cannot be written to.
    """

    def __init__(
        self,
        video: VideoFacts,
        keep: Collection[str] = (),
        *,
        folder: str | PathLike[str] | None = None,
    ) -> None:
        if unknown := sorted(set(keep) - ROW_SHAPES.keys()):
            raise UsageError(f"there is no column '{unknown[0]}' to keep; known: {[*ROW_SHAPES]}")
        self._video = video
        self._names = (ROW_SHAPES.keys() - LARGE) | set(keep)
        self._folder = str(folder) if folder is not None else tempfile.gettempdir()
        self._columns: dict[str, Column] = {}
        self._problems: list[Problem] = []
        self._frames = self._rows = 0
        self._last = -1
        self._open = True

    def add(self, time: Time, duration: int, faces: Faces) -> None:
        """Add the next frame: when it is shown, its duration in ticks of the video, its faces.

        Raises:
            ValueError: time does not rise, or is no whole number of the video's ticks; a column
                does not have the shape it had before; or the builder was finished or closed.
            UnsupportedMediaError: the frame ends at tick `MOST_TICKS` or later.
            OutputError: the disk is full. The builder is closed then.
        """
        ticks = self._ticks(time, duration)
        try:
            self._spool(ticks, duration, faces)
        except BaseException:
            self.close()  # some columns have this frame and some do not
            raise
        self._last = ticks
        self._frames += 1
        self._rows += len(faces)

    def _spool(self, ticks: int, duration: int, faces: Faces) -> None:
        self._append("pts", np.array([ticks]), self._frames, "int64")
        self._append("durations", np.array([duration]), self._frames, "int64")
        self._append("frame", np.full(len(faces), self._frames), self._rows, "int64")
        for name, column in faces.columns.items():
            if name in self._names and (len(faces) or all(column.shape[1:])):
                dtype = "int32" if name == "track_id" else "float32"
                self._append(name, column, self._rows, dtype)
        self._problems += (
            Problem(p.row + self._rows, sys.intern(p.column), sys.intern(p.reason))
            for p in faces.problems
        )

    def finish(
        self,
        ids: Mapping[int, int] | None = None,
        *,
        smooth: bool = False,
        cuts: Iterable[Time] = (),
    ) -> Timeline:
        """The timeline of all frames added, and the end of this builder.

        Where `measured` says that slow columns were not measured in a frame, they get the values
        between (`mien.timeline.between`).

        Args:
            ids: provisional id → final id. Rows whose id is not in it become -1. None keeps the
                ids as they were given.
            smooth: whether to smooth what was measured of expressions.
            cuts: when new shots begin.

        Raises:
            ValueError: the builder was finished or closed.
            OutputError: the disk is full.
        """
        self._check_open()
        self._append("box_xyxy", np.empty((0, 4)), self._rows, "float32")
        self._append("score", np.empty(0), self._rows, "float32")
        columns = {
            name: self._columns[name].array(self._rows, writeable=name in CHANGED)
            for name in ROW_SHAPES
            if name in self._columns
        }
        if ids is not None and "track_id" in columns:
            _map_in_place(columns["track_id"], ids)
        pts, frame = self._whole("pts", self._frames), self._whole("frame", self._rows)
        if "measured" in columns and "track_id" in columns:
            self._fill_between(columns, pts, frame, smooth)
        timeline = Timeline(
            self._video,
            pts,
            self._whole("durations", self._frames),
            frame,
            Faces(**columns, problems=tuple(self._problems)),
            np.searchsorted(pts, sorted(int(cut.exact / self._video.time_base) for cut in cuts)),
        )
        self.close()
        return timeline

    def _fill_between(
        self, columns: dict[str, Array], pts: Array, frame: Array, smooth: bool
    ) -> None:
        base = self._video.time_base
        slow = {name: columns[name] for name in SLOW if name in columns}
        for rows in _rows_by_id(columns["track_id"]).values():
            known = rows[np.isfinite(columns["measured"][rows])]
            seconds = pts[frame[known]] * (base.numerator / base.denominator)
            measured = columns["measured"][known] == 1
            fill_between(slow, known, measured, seconds, smooth=smooth)

    def close(self) -> None:
        """Drop what was collected. Does nothing to a timeline that was finished."""
        self._open = False
        for column in self._columns.values():
            column.close()
        self._problems = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _check_open(self) -> None:
        if not self._open:
            raise ValueError("this TimelineBuilder was finished or closed")

    def _ticks(self, time: Time, duration: int) -> int:
        self._check_open()
        ticks = time.exact / self._video.time_base
        if ticks.denominator != 1:
            raise ValueError(f"{time} is no whole number of ticks of {self._video.time_base} s")
        if ticks <= self._last:
            raise ValueError(f"frame {self._frames} at tick {ticks} is not after {self._last}")
        if duration <= 0:
            raise ValueError(f"frame {self._frames} has a duration of {duration} ticks")
        if ticks + duration >= MOST_TICKS:
            raise UnsupportedMediaError(
                f"frame {self._frames} ends at tick {ticks + duration}, too far to be counted; "
                "write the video anew with times that begin near zero"
            )
        return int(ticks)

    def _append(self, name: str, values: Array, at_row: int, dtype: str) -> None:
        if name not in self._columns:
            fill = -1 if dtype.startswith("int") else np.nan
            self._columns[name] = Column(dtype, values.shape[1:], fill, self._folder)
        try:
            self._columns[name].append(values, at_row=at_row)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error

    def _whole(self, name: str, rows: int) -> Array:
        column = self._columns.get(name)
        return np.empty(0, np.int64) if column is None else column.array(rows)


def mapped_ids(ids: Array, mapping: Mapping[int, int]) -> Array:
    """Ids under a mapping, int32; -1 for those that are not in it."""
    known = np.array(sorted(mapping), np.int64)
    if not len(known):
        return np.full(ids.shape, -1, np.int32)
    final = np.array([mapping[int(name)] for name in known], np.int32)
    place = np.searchsorted(known, ids).clip(max=len(known) - 1)
    return np.where((known[place] == ids) & (ids >= 0), final[place], np.int32(-1))


def _rows_by_id(ids: Array) -> dict[int, Array]:
    """The rows of each confirmed id, in their order; ids ascending."""
    if not len(ids):
        return {}
    order = np.argsort(ids, kind="stable")
    names, starts = np.unique(ids[order], return_index=True)
    parts = np.split(order, starts[1:])
    return {int(name): rows for name, rows in zip(names, parts, strict=True) if name >= 0}


def _map_in_place(ids: Array, mapping: Mapping[int, int]) -> None:
    for start in range(0, len(ids), MAPPED_ROWS):
        ids[start : start + MAPPED_ROWS] = mapped_ids(ids[start : start + MAPPED_ROWS], mapping)


def _exact(moment: Time | Fraction | float) -> Fraction:
    return moment.exact if isinstance(moment, Time) else Fraction(moment)


def _row(problem: Problem) -> int:
    return problem.row
