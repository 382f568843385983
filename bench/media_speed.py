"""What decoding and conversion cost, a frame.

python -m bench.media_speed
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from bench.remake_quality import remade
from bench.speed import walk
from mien.media import Frame, open_video
from mien.media.writer import Encoding
from tests.clips import write_clip

SIZES = [(640, 360), (1920, 1080)]
FRAMES = 90
WORK: dict[str, Callable[[Frame], object]] = {
    "rgb": lambda frame: frame.rgb,
    "rgb_at(640, 360)": lambda frame: frame.rgb_at(640, 360),
    "rgb_at(320, 192)": lambda frame: frame.rgb_at(320, 192),
    "rgb_at(64, 36)": lambda frame: frame.rgb_at(64, 36),
    "native().planes": lambda frame: frame.native().planes,
}


def decoding(clip: Path, threads: int) -> float:
    """Milliseconds a frame to decode the whole clip."""
    start = time.perf_counter()
    with open_video(clip, threads=threads) as video:
        frames = sum(1 for _ in video.frames())
    return (time.perf_counter() - start) * 1000 / frames


def converting(clip: Path) -> Iterator[tuple[str, float]]:
    """(what, median ms) for each conversion."""
    times: dict[str, list[float]] = {name: [] for name in WORK}
    with open_video(clip) as video:
        for frame in video.frames():
            for name, work in WORK.items():
                start = time.perf_counter()
                work(frame)
                times[name].append((time.perf_counter() - start) * 1000)
    for name, spent in times.items():
        yield name, median(spent)


def main() -> None:
    """Print a table for each size of picture."""
    with TemporaryDirectory() as folder:
        for width, height in SIZES:
            clip = Path(folder) / f"{width}x{height}.mp4"
            write_clip(clip, walk(width, height, FRAMES), rate=30)
            print(f"\n| {width}x{height} H.264 | ms a frame |\n|---|---|")
            for threads in (1, 2):
                best = min(decoding(clip, threads) for _ in range(5))
                print(f"| decode, {threads} thread{'s' * (threads > 1)} | {best:.2f} |")
            for name, spent in converting(clip):
                print(f"| `{name}` | {spent:.2f} |")
            for preset in ("ultrafast", "superfast", "veryfast"):
                encoding = Encoding(crf=20, preset=preset)
                best = min(remade(clip, clip.with_suffix(".mov"), encoding) for _ in range(3))
                print(f"| decode, planes, encode, `{preset}` | {best:.2f} |")


if __name__ == "__main__":
    main()
