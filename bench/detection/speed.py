"""How long detection takes, and how much of it outside the network.

python -m bench.detection.speed --threads 2
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from mien.detect import PROFILES, BlazeFace, CenterFace, ImageDetector
from mien.media import read_image
from mien.models import Session, TensorSpec, file_of, open_session

Array = NDArray[Any]

SIZES = ((640, 360), (1280, 720), (1920, 1080))


class Timed:
    """A session that notes the time its runs take."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.name, self.provider = session.name, session.provider
        self.inputs: tuple[TensorSpec, ...] = session.inputs
        self.outputs: tuple[TensorSpec, ...] = session.outputs
        self.seconds = 0.0
        self.runs = 0

    def run(self, *arrays: Array) -> list[Array]:
        """See `Session.run`."""
        start = time.perf_counter()
        out = self._session.run(*arrays)
        self.seconds += time.perf_counter() - start
        self.runs += 1
        return out


def picture(width: int, height: int) -> Array:
    """Four astronauts side by side on grey; a face takes a sixth of the height."""
    side = min(height, width // 4)
    one = cv2.resize(read_image(file_of("sample-astronaut")), (side, side))
    scene = np.full((height, width, 3), 128, np.uint8)
    scene[:side, : 4 * side] = np.tile(one, (1, 4, 1))
    return scene


def measure(
    detector: ImageDetector | CenterFace | BlazeFace, session: Timed, rgb: Array, repeat: int
) -> tuple[float, float, float, int]:
    """Least wall, least CPU and least milliseconds outside the network a call; network runs.

    CPU time counts all threads, and hardly moves when other programs share the machine.
    """
    detector.detect(rgb)
    total, cpu, outside = [], [], []
    for _ in range(repeat):
        session.seconds, session.runs = 0.0, 0
        start, busy = time.perf_counter(), time.process_time()
        detector.detect(rgb)
        total.append(time.perf_counter() - start)
        cpu.append(time.process_time() - busy)
        outside.append(total[-1] - session.seconds)
    return 1e3 * min(total), 1e3 * min(cpu), 1e3 * min(outside), session.runs


def rows(threads: int, repeat: int) -> Sequence[tuple[str, tuple[int, int], Any]]:
    """Each detector on each size."""
    centerface = Timed(open_session("centerface", threads=threads))
    blazeface = Timed(open_session("blazeface-full-range", threads=threads))
    network = CenterFace(centerface)
    detectors: dict[str, tuple[ImageDetector | CenterFace | BlazeFace, Timed]] = {
        "BlazeFace": (BlazeFace(blazeface), blazeface),
        "CenterFace, full size": (network, centerface),
    }
    for name, profile in PROFILES.items():
        detectors[name] = ImageDetector(network, profile), centerface
    return [
        (name, size, measure(detector, session, picture(*size), repeat))
        for name, (detector, session) in detectors.items()
        for size in SIZES
    ]


@click.command()
@click.option("--threads", default=2, show_default=True, help="For the network.")
@click.option("--repeat", default=20, show_default=True, help="Calls of each.")
def main(threads: int, repeat: int) -> None:
    """Milliseconds a call of each detector and profile, on a picture with four faces."""
    print(f"{'':22} {'picture':>10} {'wall':>8} {'CPU':>8} {'outside':>8} {'runs':>5}")
    for name, (width, height), (wall, cpu, outside, runs) in rows(threads, repeat):
        shape = f"{width}x{height}"
        print(f"{name:22} {shape:>10} {wall:8.1f} {cpu:8.1f} {outside:8.2f} {runs:5}")


if __name__ == "__main__":
    main()
