"""A process that analyses one file after the other and tells what each did to it.

python -m tests.broken.worker

It reads a line of JSON for each file, {"source": …, "result": …}, runs `mien analyze` on it in this
process, and answers with a line of JSON, an `Outcome`. Everything is real but the detector, which
finds one face in the middle of each frame: broken files are about reading, following and writing.
"""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import resource
import sys
import time
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from mien.cli.main import main
from mien.detect.cascade import ImageDetector
from mien.detect.video import VideoDetector
from mien.faces import Faces

MEMORY_LIMIT = 6 << 30
"""Of addresses, so that a file that asks for all memory breaks this process and not the machine."""

SETTLE_S = 2.0
"""Threads that were told to end may take so long."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one file did to the process."""

    code: int  # of the command; 99: an exception came through
    told: str  # on standard error, by Python and by native code
    cpu_s: float
    peak_mb: float  # the most memory it took, over what was taken before
    threads_left: int  # native threads and children that were not there before
    files_left: list[str]  # open files that were not there before


class CentreFace:
    """Stands for the detector: one face in the middle of every frame, always with one look."""

    def pass_over(self) -> None:
        """As that of the detector."""

    def detect(self, rgb: Any, **_: bool) -> Faces:
        """One face with a constant embedding."""
        assert rgb.ndim == 3
        assert rgb.dtype == np.uint8
        height, width = rgb.shape[:2]
        box = np.array([[0.3 * width, 0.3 * height, 0.7 * width, 0.7 * height]])
        points = np.tile([0.5 * width, 0.5 * height], (1, 5, 1))
        embedding = np.ones((1, 128)) / np.sqrt(128)
        return Faces(box, np.array([0.9]), points=points, embedding=embedding)

    def again(self, rgb: Any, faces: Faces, **_: float) -> tuple[Any, Faces]:
        """All that were there are there."""
        return np.arange(len(faces)), faces


def _analyze(source: str, result: str) -> int:
    try:
        main(["analyze", source, "-o", result, "--engine", "none"])
        return 0
    except SystemExit as leaving:
        return int(leaving.code or 0)
    except BaseException:
        traceback.print_exc()
        return 99


def _threads() -> int:
    threads = os.listdir("/proc/self/task")
    children = [Path(f"/proc/self/task/{n}/children").read_text().split() for n in threads]
    return len(threads) + sum(map(len, children))


def _files() -> dict[str, str]:
    found = {}
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found[number] = os.readlink(f"/proc/self/fd/{number}")
    return found


def _memory_mb(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith(name)]
    return int(line.split()[1]) / 1024


def run_one(source: str, result: str, native: io.FileIO) -> Outcome:
    """Analyse one file; `native` is the file behind descriptor 2."""
    gc.collect()
    native.seek(0)
    native.truncate()
    threads, files, began = _threads(), _files(), time.process_time()
    before = _memory_mb("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    code = _analyze(source, result)
    cpu_s, peak = time.process_time() - began, _memory_mb("VmHWM") - before
    ended = time.monotonic()
    while _threads() > threads and time.monotonic() - ended < SETTLE_S:
        time.sleep(0.01)
    left = [place for number, place in _files().items() if number not in files]
    native.seek(0)
    told = native.read().decode("utf-8", "replace")
    return Outcome(code, told, cpu_s, peak, _threads() - threads, left)


def serve() -> None:
    """Answer every line of standard input."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    mock.patch.object(ImageDetector, "load", return_value=None).start()
    mock.patch.object(VideoDetector, "of", return_value=CentreFace()).start()
    answers = os.fdopen(os.dup(1), "w")
    with open(os.environ["BROKEN_NATIVE"], "w+b", buffering=0) as native:
        os.dup2(native.fileno(), 2)
        for line in sys.stdin:
            answers.write(json.dumps(asdict(run_one(**json.loads(line), native=native))) + "\n")
            answers.flush()


if __name__ == "__main__":
    serve()
