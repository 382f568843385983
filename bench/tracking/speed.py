"""Time the tracker alone, in CPU time, and what importing it costs.

python -m bench.tracking.speed
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from fractions import Fraction

import numpy as np

from mien.faces import Faces
from mien.timecode import Time
from mien.track.tracker import OnlineTracker

FRAMES = 150


def crowd(count: int) -> list[Faces]:
    """Frames of people who sway in a grid, with an embedding each."""
    rng = np.random.default_rng(count)
    place = np.stack(np.divmod(np.arange(count), 10), axis=1)[:, ::-1] * [110.0, 150.0]
    looks = rng.normal(0, 0.12, (count, 128))
    frames = []
    for k in range(FRAMES):
        corner = place + 25 * np.sin(k / 15 + np.arange(count))[:, None]
        boxes = np.concatenate([corner, corner + np.array([60, 78])], axis=1) + rng.normal(
            0, 2, (count, 4)
        )
        frames.append(Faces(boxes, np.full(count, 0.9), embedding=looks))
    return frames


def milliseconds(count: int, *, known: bool) -> float:
    """The least mean CPU time a frame of five runs; `known`: every row has its embedding."""
    frames = crowd(count)
    if not known:
        frames = [replace(faces, embedding=None) for faces in frames]
    best = np.inf
    for _ in range(5):
        tracker = OnlineTracker()
        start = time.process_time()
        for k, faces in enumerate(frames):
            tracker.update(faces, time=Time(k, Fraction(1, 30)))
        best = min(best, (time.process_time() - start) / FRAMES * 1000)
    return best


def import_seconds() -> float:
    """Import of the tracker in a fresh interpreter over that of NumPy alone."""

    def run(statement: str) -> float:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True)
        return time.perf_counter() - start

    numpy_alone = min(run("import numpy") for _ in range(5))
    return min(run("import mien.track.tracker") for _ in range(5)) - numpy_alone


def main() -> None:
    """Print the figures."""
    for count in (0, 1, 2, 10, 60):
        plain, known = milliseconds(count, known=False), milliseconds(count, known=True)
        print(f"{count:3} faces: {plain:6.3f} ms a frame, {known:6.3f} with every embedding")
    print(f"import: {import_seconds():.3f} s beyond NumPy")


if __name__ == "__main__":
    main()
