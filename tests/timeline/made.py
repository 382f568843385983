"""Timelines made for tests: from spans and boxes, or drawn by hypothesis."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from mien.faces import Faces
from mien.timeline.media_analytics import write_media_analytics
from mien.timeline.timeline import Timeline, VideoFacts

NTSC = Fraction(30000, 1001)
Row = tuple[int, int, float, float, float, float]
"""frame, id, x1, y1, x2, y2 in pixels."""


def facts(
    rate: Fraction | int = NTSC, base: Fraction | None = None, size: tuple[int, int] = (1280, 720)
) -> VideoFacts:
    """By default a clip of 1280x720 at 29.97, in ticks of one over the rate's numerator."""
    rate = Fraction(rate)
    return VideoFacts(*size, rate, base or Fraction(1, rate.numerator))


def made(
    spans: Sequence[int],
    rows: Sequence[Row] = (),
    video: VideoFacts | None = None,
    emotion: NDArray[Any] | None = None,
) -> Timeline:
    """Frames of these spans (ticks) one after the other, and these rows."""
    rows = sorted(rows, key=lambda row: row[0])
    table = np.array(rows, float).reshape(-1, 6)
    faces = Faces(table[:, 2:], np.ones(len(rows)), track_id=table[:, 1], emotion=emotion)
    starts = np.cumsum([0, *spans])[:-1]
    return Timeline(video or facts(), starts, np.array(spans, int), table[:, 0], faces)


def steady(frames: int, rows: Sequence[Row] = (), **options: Any) -> Timeline:
    """A clip at a constant 29.97."""
    return made([1001] * frames, rows, **options)


def text_of(timeline: Timeline, **options: Any) -> str:
    """The document as text."""
    file = io.StringIO()
    write_media_analytics(timeline, file, **options)
    return file.getvalue()


def document_of(timeline: Timeline, **options: Any) -> dict[str, Any]:
    """The document, parsed."""
    document: dict[str, Any] = json.loads(text_of(timeline, **options))
    return document


def box(frame: int, name: int, x: float = 100, y: float = 100, side: float = 128) -> Row:
    """A square face."""
    return frame, name, x, y, x + side, y + side


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    """Any video: constant, with an odd last frame, rounded to milliseconds, or variable; no frame,
    one or many; faces of every size, crowds, and ids that are not confirmed."""
    kind = draw(st.sampled_from(["steady", "odd end", "milliseconds", "variable"]))
    rate = draw(st.sampled_from([NTSC, Fraction(24000, 1001), Fraction(25), Fraction(1, 3)]))
    count = draw(st.integers(0, 150))
    base = Fraction(1, 1000) if kind == "milliseconds" else Fraction(1, 90_000)
    starts = [round(i / rate / base) for i in range(count + 1)]
    if kind == "variable":
        spans = draw(
            st.lists(st.sampled_from([1, 3003, 3600, 7507]), min_size=count, max_size=count)
        )
        starts = [sum(spans[:i]) for i in range(count + 1)]
    durations = np.diff(starts)
    if kind == "odd end" and count:
        durations[-1] = draw(st.integers(1, 100_000))
    size = draw(st.sampled_from([(1280, 720), (33, 65), (8000, 4000)]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    crowd = draw(st.sampled_from([0, 0, 3, 80])) if count else 0
    busy = rng.random(count) < draw(st.sampled_from([0.05, 0.5, 1]))
    frame = np.repeat(np.flatnonzero(busy), crowd)
    n = len(frame)
    corner = rng.uniform(-0.2, 1.1, (n, 2)) * size
    extent = np.exp(rng.uniform(np.log(3), np.log(4000), (n, 2)))
    ids = np.tile(np.arange(crowd) - 1, max(1, int(busy.sum())))[:n]
    emotion = rng.dirichlet(np.full(8, 0.3), n)
    emotion[rng.random(n) < 0.05] = np.nan
    faces = Faces(np.hstack([corner, corner + extent]), np.ones(n), track_id=ids, emotion=emotion)
    video = VideoFacts(*size, rate, base)
    return Timeline(video, np.array(starts[:-1], int), durations, frame, faces)
