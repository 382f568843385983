"""Drives the process of `tests.broken.worker`: a file that hangs or crashes it is told as that."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

from tests.broken.worker import Outcome
from tests.conftest import ROOT

HUNG, CRASHED = 1000, 1001
"""Codes of an outcome: no answer in time; the process was gone."""


class Driver:
    """One process for many files; a new one after each that hung or crashed; `close` it in the end.

    Args:
        folder: for its own files.
        limit_s: how long one file may take, by the clock on the wall.
        warm_up: a whole file to begin with, so that what a process loads once is loaded.
    """

    def __init__(self, folder: Path, limit_s: float, warm_up: Path) -> None:
        self._folder, self._native = folder, folder / "told.txt"
        self._limit_s, self._warm_up = limit_s, warm_up
        self._process: subprocess.Popen[str] | None = None

    def analyze(self, source: Path, result: Path) -> Outcome:
        """What the file did; waits no longer than the limit."""
        if self._process is None:
            self._process = self._start()
            first = self.analyze(self._warm_up, self._folder / "first.json")
            assert first.code == 0, first
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"source": str(source), "result": str(result)}) + "\n")
        process.stdin.flush()
        ready, _, _ = select.select([process.stdout], [], [], self._limit_s)
        line = process.stdout.readline() if ready else ""
        if line:
            return Outcome(**json.loads(line))
        told = self._native.read_text(errors="replace")
        if ready:
            self.close()
            ended = f"the process ended with {process.returncode}\n"
            return Outcome(CRASHED, ended + told, 0, 0, 0, [])
        self.close()
        return Outcome(HUNG, f"no answer in {self._limit_s} s\n{told}", 0, 0, 0, [])

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-m", "tests.broken.worker"],
            cwd=ROOT,
            env=os.environ | {"BROKEN_NATIVE": str(self._native)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=sys.stderr,
            text=True,
            start_new_session=True,
        )

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)  # and whatever it has started
            self._process.communicate()
            self._process = None
