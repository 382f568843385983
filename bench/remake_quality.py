"""What it costs to write a video anew, and how near its pictures come: decode → native → encode.

python -m bench.remake_quality CLIP… [--crf 18,20,23] [--presets superfast,veryfast] [--codec h264]

SSIM is that of luma in an 11 x 11 Gaussian window with a standard deviation of 1.5 (Wang, Bovik,
Sheikh and Simoncelli, 2004), over whole pictures that nothing was hidden in.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.media import open_video
from mien.media.remake import remake_video
from mien.media.writer import Encoding

Luma = NDArray[Any]


def ssim(a: Luma, b: Luma, top: int) -> float:
    """The mean structural similarity of two planes, 1 where they are equal."""
    a, b = a.astype(np.float32), b.astype(np.float32)
    c1, c2 = (0.01 * top) ** 2, (0.03 * top) ** 2
    mean_a, mean_b = _blur(a), _blur(b)
    var_a, var_b = _blur(a * a) - mean_a**2, _blur(b * b) - mean_b**2
    shared = _blur(a * b) - mean_a * mean_b
    likeness = (2 * mean_a * mean_b + c1) * (2 * shared + c2)
    likeness /= (mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)
    return float(likeness.mean())


def _blur(plane: Luma) -> Luma:
    return cv2.GaussianBlur(plane, (11, 11), 1.5)


def remade(source: Path, target: Path, encoding: Encoding) -> float:
    """Write a clip anew with all its planes opened, and give the milliseconds a frame."""
    start, frames = time.perf_counter(), 0
    with open_video(source) as video, remake_video(source, target, encoding=encoding) as copy:
        for frame in video.frames():
            native = frame.native()
            assert native.planes
            copy.write(native, frame.time, frame.duration)
            frames += 1
    return (time.perf_counter() - start) * 1000 / frames


def likeness(source: Path, target: Path, every: int = 5) -> list[float]:
    """The SSIM of every fifth frame."""
    found = []
    with open_video(source) as old, open_video(target) as new:
        for before, after in zip(old.frames(), new.frames(), strict=True):
            if before.index % every == 0:
                a, b = before.native().planes[0], after.native().planes[0]
                found.append(ssim(a.samples, b.samples, a.top))
    return found


def main() -> None:
    """Print a table for each clip."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--crf", default="18,20,23")
    parser.add_argument("--presets", default="ultrafast,superfast,veryfast,medium")
    parser.add_argument("--codec", default="h264")
    chosen = parser.parse_args()
    with TemporaryDirectory() as folder:
        for clip in chosen.clips:
            print(f"\n| {clip.name} | SSIM mean | SSIM least | size | ms a frame |")
            print("|---|---|---|---|---|")
            for preset in chosen.presets.split(","):
                for crf in map(int, chosen.crf.split(",")):
                    encoding = Encoding(crf=crf, preset=preset, codec=chosen.codec)
                    target = Path(folder) / "copy.mp4"
                    spent = remade(clip, target, encoding)
                    near = likeness(clip, target)
                    size = target.stat().st_size / clip.stat().st_size
                    row = f"{np.mean(near):.4f} | {min(near):.4f} | {size:.2f} | {spent:.1f}"
                    print(f"| {preset}, crf {crf} | {row} |", flush=True)


if __name__ == "__main__":
    main()
