"""`mien redact` under blows: under the name of the result is all of it, or what was there."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest

from mien.media import open_video
from tests.broken.test_commands import end_of, interrupt, start
from tests.end_to_end.conftest import Run
from tests.end_to_end.conftest import run as run
from tests.media.test_writer import largest_file
from tests.redact.clips import FRAMES, write_two_people

KILLS = 25
BEFORE = b"what was there before"

pytestmark = pytest.mark.skipif(
    not os.path.isdir("/proc/self/task"), reason="processes are counted in /proc"
)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_two_people(tmp_path_factory.mktemp("killed") / "clip.mp4")


def is_whole(path: Path) -> bool:
    with open_video(path) as video:
        return sum(1 for _ in video.frames()) == FRAMES


def test_a_full_disk(run: Run, clip: Path, tmp_path: Path) -> None:
    result = tmp_path / "out.mp4"
    result.write_bytes(BEFORE)
    with largest_file(20_000):
        outcome = run("redact", clip, "-o", result, "--engine", "none")
    assert outcome.code == 1
    assert outcome.err.startswith(f"mien: cannot write {result}")
    assert result.read_bytes() == BEFORE
    assert os.listdir(tmp_path) == ["out.mp4"]


@pytest.mark.long
def test_killed_at_any_moment(clip: Path, tmp_path: Path) -> None:
    seed = random.randrange(1 << 32)
    moments = random.Random(seed)
    result, source = tmp_path / "out.mp4", clip.read_bytes()
    begun = time.monotonic()
    assert end_of(start("redact", clip, "-o", result, "--engine", "none")).code == 0
    length, wholes = time.monotonic() - begun, 0
    for kill in range(KILLS):
        result.write_bytes(BEFORE)
        process = start("redact", clip, "-o", result, "--engine", "none")
        time.sleep(moments.uniform(0, 1.1 * length))
        process.send_signal(signal.SIGKILL)
        end_of(process)
        if result.read_bytes() != BEFORE:
            assert is_whole(result), f"seed {seed}, kill {kill}"
            wholes += 1
        assert clip.read_bytes() == source, f"seed {seed}, kill {kill}"
    assert 0 < wholes < KILLS, f"seed {seed}: {wholes} of {KILLS} had been written"


@pytest.mark.long
def test_interrupted_while_it_writes(clip: Path, tmp_path: Path) -> None:
    result = tmp_path / "out.mp4"
    process = start("redact", clip, "-o", result, "--engine", "none")
    interrupt(process, lambda: any(tmp_path.iterdir()))
    assert not any(tmp_path.iterdir())
