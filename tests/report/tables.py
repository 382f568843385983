"""Timelines with every column, made for the tests of the exports."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from mien.faces import ROW_SHAPES, Faces
from mien.report.csv_reader import read_csv
from mien.report.csv_writer import write_csv
from mien.report.table import FACE_CELLS
from mien.timeline.timeline import Timeline, VideoFacts
from tests.timeline.made import timelines

RANGES = {"pose_deg": (-90, 90), "gaze_deg": (-60, 60), "age": (0, 81), "points": (-50, 4000)}

FRAMES = 20
"""Of a drawn timeline at the most: what a table does with one frame, it does with all."""


def text_of(content: Any, **options: Any) -> str:
    """The table as CSV."""
    file = io.StringIO()
    write_csv(content, file, **options)
    return file.getvalue()


def read(text: str) -> Timeline:
    """The timeline of a CSV."""
    return read_csv(io.StringIO(text, newline=None))


def small() -> Timeline:
    """Three frames of 40 ms, the second empty; two faces, then one between two sightings."""
    emotion = np.zeros((3, 8), np.float32)
    emotion[0, [0, 1, 3]] = 0.25, 0.625, 0.125
    emotion[1] = np.nan
    emotion[2, [2, 4, 7]] = 0.25, 0.25, 0.5
    faces = Faces(
        np.array([[10, 20, 42.5, 60], [-8, 0.1, 80, 90.25], [11, 21, 43.5, 61]]),
        np.array([0.9, 0.5, np.nan]),
        track_id=np.array([0, -1, 0]),
        age=np.array([31.26, np.nan, 30]),
        emotion=emotion,
    )
    video = VideoFacts(640, 360, Fraction(25), Fraction(1, 1000), 90)
    pts, durations = np.array([0, 40, 80]), np.array([40, 40, 41])
    return Timeline(video, pts, durations, np.array([0, 0, 2]), faces)


def steady(frames: int, faces: int) -> Timeline:
    """So many frames at 29.97 with so many faces each, and every column that a table can hold."""
    rng = np.random.default_rng(7)
    frame = np.repeat(np.arange(frames), faces)
    corner = rng.uniform(-20, 1900, (len(frame), 2)).astype(np.float32)
    box = np.hstack([corner, corner + rng.uniform(24, 300, (len(frame), 2))])
    columns = {name: column_of(name, len(frame), rng) for name in FACE_CELLS}
    ids = np.tile(np.arange(faces), frames)
    video = VideoFacts(1920, 1080, Fraction(30000, 1001), Fraction(1, 30000))
    pts = np.arange(frames) * 1001
    record = Faces(box, columns.pop("score"), track_id=ids, **columns, problems=())
    return Timeline(video, pts, np.full(frames, 1001), frame, record)


def column_of(name: str, rows: int, rng: np.random.Generator) -> NDArray[Any]:
    """Random values of a column, in its range."""
    if name == "emotion":
        return rng.dirichlet(np.full(8, 0.3), rows).astype(np.float32)
    shape = (rows, *(size or len(FACE_CELLS[name]) for size in ROW_SHAPES[name]))
    return rng.uniform(*RANGES.get(name, (0, 1)), shape).astype(np.float32)


@st.composite
def described(draw: st.DrawFn) -> Timeline:
    """Any timeline with at least a frame, under any set of columns, each with failed rows."""
    timeline = draw(timelines().filter(lambda timeline: timeline.frame_count > 0))
    if timeline.frame_count > FRAMES:
        timeline = timeline.between(0, timeline.time(FRAMES))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = len(timeline.faces)
    columns: dict[str, Any] = {}
    for name in draw(st.sets(st.sampled_from([*FACE_CELLS]))):
        columns[name] = column_of(name, rows, rng)
        columns[name][rng.random(rows) < 0.2] = np.nan
    if draw(st.booleans()):
        columns["track_id"] = None
    turned = replace(timeline.video, rotation=draw(st.sampled_from([0, 90, -90, 180])))
    return replace(timeline, video=turned, faces=replace(timeline.faces, **columns))


def assert_same(a: Timeline, b: Timeline) -> None:
    """Both are equal in every bit that a table holds."""
    assert a.video == b.video
    for name in ("pts", "durations", "frame"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert a.faces.columns.keys() == b.faces.columns.keys()
    for name, column in a.faces.columns.items():
        np.testing.assert_array_equal(column, b.faces.columns[name], err_msg=name)
