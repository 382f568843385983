"""The real command, with its worker processes, on broken videos and under blows."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.broken.cases import CASES, Case, Clips
from tests.broken.test_broken import clips as clips
from tests.clips import numbered, write_clip

LIMIT_S = 120.0
"""Wall clock, on a machine that may have other work."""

MEMORY_MB = 400.0
"""Resident, the largest of its processes: the models, the libraries and one broken video."""

pytestmark = pytest.mark.skipif(
    not os.path.isdir("/proc/self/task"), reason="processes are counted in /proc"
)


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    told: str
    memory_mb: float


def start(*arguments: object, **environment: str) -> subprocess.Popen[bytes]:
    """Start `mien` in a session of its own, as a terminal would."""
    return subprocess.Popen(
        [sys.executable, "-m", "mien", *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=os.environ | environment,
    )


def end_of(process: subprocess.Popen[bytes]) -> Ended:
    """Wait for its end, no longer than the limit, and see that nothing of it is left."""
    deadline, held_mb = time.monotonic() + LIMIT_S, 0.0
    try:
        while process.poll() is None:
            assert time.monotonic() < deadline, "it hangs"
            held_mb = max(held_mb, peak_mb(process.pid))
            time.sleep(0.05)
        while left := group(process.pid):
            assert time.monotonic() < deadline, f"processes are left: {left}"
            time.sleep(0.05)
        assert process.stderr is not None
        told = process.stderr.read().decode()
    finally:
        kill_group(process)
    return Ended(process.returncode, told, held_mb)


def peak_mb(pid: int) -> float:
    """The most that a process has held so far. (What `wait4` tells begins with what its parent held
    when it was started.)"""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """End what a failed test would leave running."""
    for pid in group(process.pid):
        os.kill(pid, signal.SIGKILL)
    if process.stderr is not None:
        process.stderr.close()
    process.poll()


def group(leader: int) -> list[int]:
    """The processes of a session, those that ended and were not waited for as well."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == leader:
            found.append(int(status.parent.name))
    return found


def one_sentence(ended: Ended) -> bool:
    told = ended.told.removeprefix("\n")  # which ends the line of the terminal's ^C
    return told.startswith("mien: ") and told.count("\n") == 1


def analyzed(folder: Path, suffix: str, data: bytes) -> Ended:
    """Run it on a broken file and see that what lies in the folder fits what it says."""
    source, result = folder / f"broken{suffix}", folder / "result.json"
    source.write_bytes(data)
    ended = end_of(start("analyze", source, "-o", result))
    left = {path.name for path in folder.iterdir()} - {source.name}
    if ended.code == 0:
        assert ended.told == ""
        assert left == {"result.json"}
    else:
        assert ended.code == 1
        assert one_sentence(ended), ended.told
        assert left == ({"result.partial.json"} if "result.partial.json" in ended.told else set())
    for name in left:
        assert json.loads((folder / name).read_text())["fragments"]
    assert ended.memory_mb < MEMORY_MB
    return ended


@pytest.mark.long
@pytest.mark.parametrize("case", CASES[3::8], ids=str)
def test_a_broken_video(case: Case, clips: Clips, tmp_path: Path) -> None:
    analyzed(tmp_path, case.suffix, case.make(clips))


@pytest.fixture(scope="module")
def slow_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty frames at one a second, in five segments."""
    path = tmp_path_factory.mktemp("slow") / "clip.mkv"
    return write_clip(path, numbered(60, 640, 360), rate=1, options={"g": "12"})


def test_damage_in_a_later_segment(slow_clip: Path, tmp_path: Path) -> None:
    data = slow_clip.read_bytes()
    ended = analyzed(tmp_path, ".mkv", data[: len(data) * 7 // 10])
    assert ended.code == 1
    document = json.loads((tmp_path / "result.partial.json").read_text())
    last = document["fragments"][-1]
    seconds = (last["start"] + last["duration"]) / document["timescale"]
    assert 24 < seconds < 48


def breaking(folder: Path, what: str) -> dict[str, str]:
    """An environment in which each process does something when it follows the 30th second."""
    (folder / "sitecustomize.py").write_text(
        "import os, signal, sys, time\n"
        "if 'mien' in sys.orig_argv or 'spawn_main' in ' '.join(sys.orig_argv):\n"
        "    from mien.track.tracker import OnlineTracker\n"
        "    original = OnlineTracker.update\n"
        "    def update(self, *rest, **named):\n"
        "        if named['time'].seconds >= 30:\n"
        f"            {what}\n"
        "        return original(self, *rest, **named)\n"
        "    OnlineTracker.update = update\n"
    )
    return {"PYTHONPATH": str(folder)}


@pytest.mark.long
@pytest.mark.parametrize("engine", ["none", "local:2"])
def test_a_stage_that_raises(slow_clip: Path, tmp_path: Path, engine: str) -> None:
    environment = breaking(tmp_path, "raise RuntimeError('the stage broke')")
    result = tmp_path / "result.json"
    ended = end_of(start("analyze", slow_clip, "-o", result, "--engine", engine, **environment))
    assert ended.code == 1
    assert one_sentence(ended), ended.told
    assert "RuntimeError: the stage broke" in ended.told
    assert not list(tmp_path.glob("*result*"))


@pytest.mark.long
def test_where_a_stage_raised_is_told_when_asked(slow_clip: Path, tmp_path: Path) -> None:
    environment = breaking(tmp_path, "raise RuntimeError('the stage broke')")
    ended = end_of(start("analyze", slow_clip, MIEN_TRACEBACK="1", **environment))
    assert ended.code == 1
    assert "in a worker process" in ended.told
    assert "sitecustomize.py" in ended.told


@pytest.mark.long
def test_a_worker_that_is_killed(slow_clip: Path, tmp_path: Path) -> None:
    environment = breaking(tmp_path, "os.kill(os.getpid(), signal.SIGKILL)")
    result = tmp_path / "result.json"
    ended = end_of(start("analyze", slow_clip, "-o", result, "--engine", "local:2", **environment))
    assert ended.code == 1
    assert one_sentence(ended), ended.told
    assert "SIGKILL" in ended.told
    assert not list(tmp_path.glob("*result*"))


@pytest.mark.parametrize("engine", ["none", "local:2"])
def test_an_interrupt(slow_clip: Path, tmp_path: Path, engine: str) -> None:
    """As a terminal sends it: to all processes at once."""
    environment = breaking(tmp_path, f"open(r'{tmp_path}/there', 'w').close(); time.sleep(600)")
    interrupted(tmp_path, slow_clip, engine, environment)


@pytest.mark.long
def test_an_interrupt_while_workers_start(slow_clip: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, time\n"
        "if 'spawn_main' in ' '.join(sys.orig_argv):\n"
        f"    open(r'{tmp_path}/there', 'w').close()\n"
        "    time.sleep(2)\n"
    )
    interrupted(tmp_path, slow_clip, "local:2", {"PYTHONPATH": str(tmp_path)})


def interrupted(folder: Path, clip: Path, engine: str, environment: dict[str, str]) -> None:
    """Interrupt an analysis when a file named `there` has appeared."""
    command = ("analyze", clip, "-o", folder / "result.json", "--engine", engine)
    interrupt(start(*command, **environment), (folder / "there").exists)
    assert not list(folder.glob("*result*"))


def interrupt(process: subprocess.Popen[bytes], due: Callable[[], bool]) -> None:
    """Interrupt a command when it is due, and see that it ends as it should."""
    deadline = time.monotonic() + LIMIT_S
    while not due() and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    ended = end_of(process)
    assert ended.code == 130
    assert one_sentence(ended), ended.told
