"""Whatever breaks an analysis, no thread waits and no file stays open behind it."""

from __future__ import annotations

import contextlib
import gc
import os
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from mien import analyze_video
from tests.clips import numbered, write_clip

pytestmark = pytest.mark.skipif(
    not os.path.isdir("/proc/self/fd"), reason="threads and files are counted in /proc"
)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Already analysed once, so that what a process opens once is open."""
    path = write_clip(tmp_path_factory.mktemp("clip") / "clip.mkv", numbered(60))
    analyze_video(path, profile="fast")
    return path


def open_files() -> Counter[str]:
    found: Counter[str] = Counter()
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found[os.readlink(f"/proc/self/fd/{number}")] += 1
    return found


@contextlib.contextmanager
def nothing_stays() -> Iterator[None]:
    """Threads and open files are as before, without the help of the garbage collector."""
    gc.collect()
    threads, files = len(os.listdir("/proc/self/task")), open_files()
    gc.disable()
    try:
        yield
        assert len(os.listdir("/proc/self/task")) == threads
        assert open_files() - files == Counter()
    finally:
        gc.enable()


def breaking(error: type[BaseException], at: int = 20) -> Callable[..., Any]:
    """Something that is called for each frame, and raises at one of them."""
    calls = count()

    def call(*_: object, **__: object) -> Any:
        if next(calls) == at:
            raise error("the stage broke")
        return None

    return call


def end_of(clip: Path, **options: Any) -> str:
    """What an analysis ends with. The error itself is let go: it holds on to the models."""
    try:
        analyze_video(clip, profile="fast", **options)
    except BaseException as error:
        return repr(error)
    return "nothing broke"


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_caller_that_raises(clip: Path, error: type[BaseException]) -> None:
    with nothing_stays():
        assert end_of(clip, on_progress=breaking(error)) == f"{error.__name__}('the stage broke')"


@pytest.mark.parametrize(
    "stage",
    [
        "mien.detect.video.VideoDetector.detect",
        "mien.track.tracker.OnlineTracker.update",
        "mien.timeline.timeline.TimelineBuilder.add",
        "mien.media.frame.Frame.rgb_at",
    ],
)
def test_a_stage_that_raises(clip: Path, monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    monkeypatch.setattr(stage, breaking(RuntimeError, at=0))
    with nothing_stays():
        assert end_of(clip) == "RuntimeError('the stage broke')"


def test_damage(clip: Path, tmp_path: Path) -> None:
    data = clip.read_bytes()
    broken = tmp_path / "clip.mkv"
    broken.write_bytes(data[: len(data) // 2] + bytes(400) + data[len(data) // 2 + 400 :])
    with nothing_stays():
        assert end_of(broken).startswith("DecodeError('")
