"""Processors that do little, for tests of the queue and of the pool."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from mien.errors import CorruptMediaError
from mien.jobs import Output, Processor, Work
from mien.jobs.processors import Named


def copy(work: Work) -> list[Output]:
    """Give the input back, with the process id after it. The configuration tells how to behave:
    "wait 0.2" takes so many seconds, "fail" cannot, "fault" has a fault, "die" ends the worker.
    """
    what, _, value = work.configuration.partition(" ")
    match what:
        case "wait":
            until = time.monotonic() + float(value)
            while time.monotonic() < until:
                time.sleep(0.01)
                work.progress(0.5)
        case "fail":
            raise CorruptMediaError(f"{work.video.path} cannot be read")
        case "fault":
            raise ZeroDivisionError
        case "die":
            os._exit(9)
    made = work.folder / "made.bin"
    made.write_bytes(work.video.path.read_bytes() + b"!")
    return [Output(f"{Path(work.video.name).stem}_copy.bin", made)]


def count(work: Work) -> list[Output]:
    """Count to the number in the input, by parts that are kept; each that is worked
    on adds a line, with the process id, to the file that the configuration names, with .log after
    it."""
    assert work.engine is not None
    numbers = range(int(work.video.path.read_text()))
    done = [*work.engine.map(Part(Path(work.configuration)), numbers)]
    made = work.folder / "sum.txt"
    made.write_text(str(sum(done)))
    return [Output("sum.txt", made)]


@dataclass
class Part:
    """One part."""

    log: Path

    def __call__(self, number: int) -> int:
        time.sleep(0.1)
        with self.log.with_name(self.log.name + ".log").open("a") as file:
            file.write(f"{number} {os.getpid()}\n")
        return number


PROCESSORS: tuple[Processor, ...] = (
    Named("Copy", "1.0", "Copies.", copy),
    Named("Count", "0.9", "Counts, of old.", copy),
    Named("Count", "1.0", "Counts.", count),
)
