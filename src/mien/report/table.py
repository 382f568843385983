"""The table of a timeline or a photo: one row a face and frame, the same in CSV and in Parquet.

What the columns mean, and what is left out: docs/how_to/exports.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.describe.attributes import SCORES
from mien.errors import UsageError
from mien.faces import EMOTIONS, POINTS, Faces
from mien.report.valence import valence
from mien.timeline.timeline import Timeline, VideoFacts

Array = NDArray[Any]

BLOCK_FRAMES = 512
"""Frames whose rows are in memory at a time."""

FRAME_CELLS = ("seconds", "ticks", "duration", "frame")
BOX_CELLS = ("x", "y", "width", "height")
FACE_CELLS: dict[str, tuple[str, ...]] = {
    "score": ("score",),
    "points": tuple(f"{point}_{axis}" for point in POINTS for axis in "xy"),
    "pose_deg": ("pose_yaw", "pose_pitch", "pose_roll"),
    "gaze_deg": ("gaze_yaw", "gaze_pitch"),
    "openness": ("left_eye_openness", "right_eye_openness", "mouth_openness"),
    "age": ("age",),
    "gender": ("gender",),
    "emotion": EMOTIONS,
    "agreement": ("agreement",),
    "quality": ("blur", "exposure", "noise"),
    "attributes": tuple(name.lower() for name in SCORES),
    "measured": ("measured",),
}
"""The columns of `Faces` that the table holds beside box and id, and the cells of each.

Left out are mesh and embedding, hundreds of numbers a face.
"""

VALENCE = "valence"
SIZE_CELLS = ("picture_width", "picture_height")
VIDEO_CELLS = (*SIZE_CELLS, "rotation", "rate_num", "rate_den", "time_base_num", "time_base_den")
"""The same in every row. Fractions are two whole numbers: spreadsheets take 1/25 for a date."""

TABLE_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "age": ("age",),
    "gender": ("gender",),
    "headPose": ("pose_deg",),
    "gaze": ("gaze_deg",),
    "openness": ("openness",),
    "emotion": ("emotion", "agreement"),
    "points": ("points",),
    "quality": ("quality",),
    "blur": ("quality",),
    "exposure": ("quality",),
    "noise": ("quality",),
    "qualityForRecognition": ("pose_deg", "quality"),
    "attributes": ("attributes",),
    **dict.fromkeys(
        ("smile", "facialHair", "glasses", "hair", "makeup", "occlusion", "accessories", "mask"),
        ("attributes",),
    ),
}
"""The names that choose columns on the command line, and the columns of `Faces` they stand for."""


class Field(NamedTuple):
    """A column of the table; a cell without a value is null in it, which is NaN in a float."""

    name: str
    kind: str  # "int32", "int64", "float32" or "float64"


@dataclass(frozen=True, slots=True)
class Table:
    """Columns, and their rows in blocks that are made while they are read.

    A block has one array for each column; an integer column with empty cells is a masked array.
    """

    fields: tuple[Field, ...]
    blocks: Callable[[], Iterator[list[Array]]]


class Lines(NamedTuple):
    """The k lines of some frames: a line a face, and a line for each frame without one."""

    frame: Array  # (k,) int64
    there: Array  # (k,) bool: whether the line is a face
    rows: slice  # the rows of those faces, in the order of the lines


def columns_of(attributes: Collection[str]) -> tuple[str, ...]:
    """The columns of `Faces` that these names of `TABLE_ATTRIBUTES` stand for."""
    return tuple(dict.fromkeys(c for name in attributes for c in TABLE_ATTRIBUTES[name]))


def timeline_table(timeline: Timeline, columns: Collection[str] | None = None) -> Table:
    """The table of a video.

    Args:
        timeline: the video.
        columns: of the columns of `Faces` that are there, those to hold beside box, score and id;
            None holds all that a table can.

    Raises:
        UsageError: `columns` names one that a table cannot hold.
    """
    names = _held(timeline.faces, columns)
    video, has_id = timeline.video, timeline.faces.track_id is not None
    fields = (
        Field("seconds", "float64"),
        *(Field(name, "int64") for name in FRAME_CELLS[1:]),
        *([Field("id", "int32")] if has_id else []),
        *_face_fields(names),
        *(Field(name, "int64") for name in VIDEO_CELLS),
    )

    def blocks() -> Iterator[list[Array]]:
        for first in range(0, timeline.frame_count, BLOCK_FRAMES):
            lines = _lines(timeline, first, min(first + BLOCK_FRAMES, timeline.frame_count))
            yield [
                *_frame_cells(timeline, lines.frame),
                *([_ids(timeline, lines)] if has_id else []),
                *_face_cells(timeline.faces.columns, names, lines),
                *(np.full(len(lines.frame), value) for value in video_values(video)),
            ]

    return Table(fields, blocks)


def photo_table(
    faces: Faces, *, width: int, height: int, columns: Collection[str] | None = None
) -> Table:
    """The table of a photo of `width` × `height` pixels, which has no times, frames and ids.

    A photo without a face is one row with nothing but the size. Arguments and errors are those of
    `timeline_table`.
    """
    names = _held(faces, columns)
    fields = (*_face_fields(names), *(Field(name, "int64") for name in SIZE_CELLS))
    number = max(1, len(faces))
    lines = Lines(np.zeros(number), np.full(number, len(faces) > 0), slice(0, len(faces)))

    def blocks() -> Iterator[list[Array]]:
        size = (np.full(number, value) for value in (width, height))
        yield [*_face_cells(faces.columns, names, lines), *size]

    return Table(fields, blocks)


def video_values(video: VideoFacts) -> tuple[int, ...]:
    """What `VIDEO_CELLS` hold."""
    rates = (part for f in (video.rate, video.time_base) for part in (f.numerator, f.denominator))
    return (video.width, video.height, video.rotation, *rates)


def seconds_of(ticks: Array, time_base: Fraction) -> Array:
    """(k,) float64 of (k,) ticks, to the nanosecond: decimals up to the ninth are exact."""
    numerator, denominator = 2 * 10**9 * time_base.numerator, 2 * time_base.denominator
    half = time_base.denominator
    nanoseconds = [(tick * numerator + half) // denominator for tick in ticks.tolist()]
    return np.array([whole / 10**9 for whole in nanoseconds], np.float64)


def _held(faces: Faces, columns: Collection[str] | None) -> tuple[str, ...]:
    there = faces.columns
    if columns is None:
        return tuple(name for name in FACE_CELLS if name in there)
    if unknown := sorted(set(columns) - FACE_CELLS.keys()):
        raise UsageError(
            f"a table cannot hold the column '{unknown[0]}'; choose from {', '.join(FACE_CELLS)}"
        )
    return tuple(n for n in FACE_CELLS if n in there and (n in columns or n == "score"))


def _face_fields(names: tuple[str, ...]) -> Iterator[Field]:
    yield from (Field("x", "float32"), Field("y", "float32"))
    yield from (Field("width", "float64"), Field("height", "float64"))
    for name in names:
        yield from (Field(cell, "float32") for cell in FACE_CELLS[name])
        if name == "emotion":
            yield Field(VALENCE, "float32")


def _lines(timeline: Timeline, first: int, last: int) -> Lines:
    rows = timeline.rows(first, last)
    frame = timeline.frame[rows]
    blank = np.flatnonzero(np.bincount(frame - first, minlength=last - first) == 0) + first
    order = np.argsort(np.concatenate([frame, blank]), kind="stable")
    return Lines(np.concatenate([frame, blank])[order], order < len(frame), rows)


def _frame_cells(timeline: Timeline, frame: Array) -> list[Array]:
    ticks = timeline.pts[frame]
    seconds = seconds_of(ticks, timeline.video.time_base)
    return [seconds, ticks, timeline.durations[frame], frame]


def _ids(timeline: Timeline, lines: Lines) -> Array:
    assert timeline.faces.track_id is not None
    ids = np.ma.masked_array(np.zeros(len(lines.frame), np.int32), ~lines.there)
    ids[lines.there] = timeline.faces.track_id[lines.rows]
    return ids


def _face_cells(columns: Mapping[str, Array], names: tuple[str, ...], lines: Lines) -> list[Array]:
    box = columns["box_xyxy"][lines.rows]
    if not np.isfinite(box).all():
        row = lines.rows.start + int(np.flatnonzero(~np.isfinite(box).all(axis=1))[0])
        raise ValueError(f"row {row} has no box")
    cells = [*box[:, :2].T, *_extent(box[:, :2], box[:, 2:]).T]
    for name in names:
        values = columns[name][lines.rows]
        if np.isinf(values).any():
            raise ValueError(f"{name} holds a number that is not finite")
        cells += [*values.reshape(len(values), len(FACE_CELLS[name])).T]
        if name == "emotion":
            cells.append(valence(values))
    return [_spread(cell, lines.there) for cell in cells]


def _spread(values: Array, there: Array) -> Array:
    """The values of the faces on their lines, and NaN on the lines of frames without a face."""
    spread = np.full(len(there), np.nan, values.dtype)
    spread[there] = values
    return spread


def _extent(low: Array, high: Array) -> Array:
    """float64 high − low with the fewest decimals that give `high` back, when added to `low`.

    The difference of two float32 is mostly none, so that a plain one would not give it back.
    """
    exact = high.astype(np.float64) - low
    high = (low + exact).astype(np.float32)
    extent = exact
    for decimals in range(9, -1, -1):
        rounded = exact.round(decimals)
        extent = np.where((low + rounded).astype(np.float32) == high, rounded, extent)
    return extent
