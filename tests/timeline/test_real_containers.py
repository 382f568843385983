"""Documents of clips as containers hold them, decoded by mien.media."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from mien.faces import Faces
from mien.media import open_video
from mien.timeline.timeline import Timeline, TimelineBuilder, VideoFacts
from tests.clips import numbered, write_clip
from tests.timeline.made import document_of


def timeline_of(path: Path) -> Timeline:
    """One face in every third frame."""
    with open_video(path) as video:
        info = video.info
        facts = VideoFacts(info.width, info.height, info.rate, info.time_base, info.rotation)
        with TimelineBuilder(facts) as builder:
            for frame in video.frames():
                ids = np.zeros(0 if frame.index % 3 else 1)
                boxes = np.tile([20.0, 20, 60, 60], (len(ids), 1))
                builder.add(frame.time, frame.duration, Faces(boxes, ids, track_id=ids))
            return builder.finish({0: 0})


@pytest.mark.parametrize(
    ("suffix", "rate", "timescale", "interval", "framerate"),
    [
        (".mp4", "30000/1001", 30000, 1001, 29.97),
        (".mov", "24000/1001", 24000, 1001, 23.976),
        (".mp4", "25", 25, 1, 25.0),
        (".wmv", "30000/1001", 30000, 1001, 29.97),
        (".wmv", "25", 25, 1, 25.0),
        (".mkv", "30000/1001", 30000, 1001, 29.97),
        (".mkv", "30", 30, 1, 30.0),
        (".ts", "24000/1001", 24000, 1001, 23.976),
        (".avi", "30000/1001", 30000, 1001, 29.97),
    ],
)
def test_constant_rates(
    suffix: str, rate: str, timescale: int, interval: int, framerate: float, tmp_path: Path
) -> None:
    path = write_clip(tmp_path / f"clip{suffix}", numbered(70), rate=rate)
    document = document_of(timeline_of(path))
    assert (document["timescale"], document["framerate"]) == (timescale, framerate)
    size = round(2 * Fraction(rate))
    times = [(f["start"], f["duration"], f["interval"]) for f in document["fragments"]]
    assert times == [
        (start * interval, (min(start + size, 70) - start) * interval, interval)
        for start in range(0, 70, size)
    ]
    events = [event for fragment in document["fragments"] for event in fragment["events"]]
    assert [len(event) for event in events] == [int(i % 3 == 0) for i in range(70)]


def test_a_variable_rate(tmp_path: Path) -> None:
    pts = [0, 40, 80, 120, 220, 320, 420, 437, 937, 977]
    path = write_clip(tmp_path / "clip.mp4", numbered(10), pts=pts, time_base="1/1000")
    document = document_of(timeline_of(path))
    second = document["timescale"]
    starts = [
        Fraction(fragment["start"] + i * fragment["interval"], second)
        for fragment in document["fragments"]
        for i in range(len(fragment.get("events", [])))
        if fragment["events"][i]
    ]
    assert starts == [Fraction(pts[i], 1000) for i in (0, 3, 6, 9)]
    edges = [Fraction(fragment["start"], second) for fragment in document["fragments"]]
    assert edges == [Fraction(t, 1000) for t in (0, 120, 420, 437, 937)]
