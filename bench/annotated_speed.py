"""What drawing costs, a frame, beside encoding, in processor time.

python -m bench.annotated_speed
"""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.speed import walk
from mien.faces import Faces
from mien.media import open_video
from mien.media.writer import create_video_like
from mien.report.annotated import Pages
from mien.timeline.timeline import Timeline, TimelineBuilder, VideoFacts
from tests.clips import write_clip

Array = NDArray[Any]

SIZES = [(640, 360), (1920, 1080)]
PEOPLE = (2, 10)
FRAMES = 60


def timeline_of(clip: Path, people: int) -> Timeline:
    """So many people that walk through the clip, with ids, age, gender, emotion and mesh."""
    rng = np.random.default_rng(people)
    with open_video(clip) as video:
        info = video.info
        facts = VideoFacts(info.width, info.height, info.rate, info.time_base)
        at = rng.uniform(0.1, 0.75, (people, 2)) * (info.width, info.height)
        with TimelineBuilder(facts, ("mesh",)) as builder:
            for frame in video.frames():
                builder.add(frame.time, frame.duration, crowd(at + frame.index, info.height, rng))
            return builder.finish()


def crowd(at: Array, height: int, rng: np.random.Generator) -> Faces:
    """Faces whose upper left corners are there, (n, 2)."""
    n = len(at)
    size = np.array([0.15, 0.2]) * height
    mesh = np.full((n, 478, 3), 0.5) + rng.uniform(-0.4, 0.4, (n, 478, 3))
    mesh[:, :, :2] = at[:, None] + mesh[:, :, :2] * size
    return Faces(
        np.concatenate([at, at + size], axis=1),
        np.ones(n),
        track_id=np.arange(n),
        mesh=mesh,
        emotion=rng.dirichlet(np.ones(8), n),
        age=np.full(n, 30),
        gender=np.full(n, 0.2),
    )


def drawing(clip: Path, people: int) -> float:
    """Median milliseconds of processor time to copy a frame and draw on it."""
    timeline, spent = timeline_of(clip, people), []
    with open_video(clip) as video:
        pages = Pages(video, timeline)
        for frame in video.frames():
            rgb, start = frame.rgb, time.thread_time()
            pages.drawn(rgb, frame.time)
            spent.append((time.thread_time() - start) * 1000)
    return median(spent)


def encoding(clip: Path) -> float:
    """Milliseconds of processor time, of all threads, to encode a frame."""
    with open_video(clip) as video:
        info = video.info
        frames = [(frame.rgb, frame.time, frame.duration) for frame in video.frames()]
    start = time.process_time()
    with create_video_like(info, clip.with_suffix(".out.mp4")) as writer:
        for frame in frames:
            writer.write(*frame)
    return (time.process_time() - start) * 1000 / len(frames)


def main() -> None:
    """Print a table for each size of picture."""
    with TemporaryDirectory() as folder:
        for width, height in SIZES:
            clip = Path(folder) / f"{width}x{height}.mp4"
            write_clip(clip, walk(width, height, FRAMES), rate=30)
            print(
                f"\n| {width}x{height} | processor, ms a frame | share of encoding |\n|---|---|---|"
            )
            whole = encoding(clip)
            print(f"| encoding (veryfast, crf 20, two threads) | {whole:.1f} | |")
            for people in PEOPLE:
                spent = drawing(clip, people)
                print(f"| drawing, {people} faces | {spent:.1f} | {spent / whole:.0%} |")


if __name__ == "__main__":
    main()
