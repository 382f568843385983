"""Live sources: the newest frame, what is dropped, how they end."""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import pytest

from mien.errors import (
    CorruptMediaError,
    DecodeError,
    InputError,
    InputNotFoundError,
    InputPermissionError,
    MediaTooLargeError,
    UsageError,
)
from mien.media import Limits, live_sources, open_video
from mien.media.live import Live, LiveFrame
from mien.media.live_sources import open_live, shown
from mien.media.orientation import Picture
from mien.timecode import Time
from tests.clips import numbered, read_number, write_clip
from tests.media.rtsp import Rtsp, rtsp


class Plain:
    """The pixels of a made frame."""

    @property
    def rgb(self) -> Picture:
        return np.zeros((2, 3, 3), np.uint8)


class Made:
    """A source whose frames come when the test says so.

    Attributes:
        taken: set by each frame once the feed goes on, so once it is in the slot.
    """

    def __init__(self) -> None:
        self.todo: SimpleQueue[int | Exception | None] = SimpleQueue()
        self.live = Live("made", self.feed)
        self.stopped = threading.Event()
        self.passed: SimpleQueue[int] = SimpleQueue()

    def feed(self, stopped: threading.Event) -> Iterator[LiveFrame | None]:
        try:
            for number in range(1000):
                what = self.todo.get()
                if isinstance(what, Exception):
                    raise what
                if what is None:
                    return
                at = Time(number, Fraction(1, 25))
                yield None if what < 0 else LiveFrame(what, at, time.monotonic(), Plain())
                self.passed.put(number)
        finally:
            self.stopped.set()

    def come(self, *frames: int) -> None:
        """Have these come, one after the other; −1: a damaged one."""
        for number in frames:
            self.todo.put(number)
            self.passed.get(timeout=10)


def test_who_takes_gets_the_newest_and_what_is_late_is_counted() -> None:
    made = Made()
    with made.live as live:
        frames = live.frames()
        made.come(0)
        assert next(frames).index == 0
        made.come(1, 2, 3, 4)
        assert next(frames).index == 4
        assert (live.came, live.dropped) == (5, 3)
        made.come(5)
        assert next(frames).index == 5
        made.come(6, 7)
        made.todo.put(None)
        assert [frame.index for frame in frames] == [7]
        assert (live.came, live.dropped) == (8, 4)


def test_a_damaged_frame_counts_as_dropped_and_does_not_hide_the_one_before() -> None:
    made = Made()
    with made.live as live:
        frames = live.frames()
        made.come(0, -1)
        assert next(frames).index == 0
        assert (live.came, live.dropped) == (2, 1)
        made.todo.put(None)


def test_an_error_comes_after_what_came_before_it() -> None:
    made = Made()
    frames = made.live.frames()
    made.come(0)
    made.todo.put(InputError("the cable is out"))
    assert next(frames).index == 0
    with pytest.raises(InputError, match="the cable is out"):
        next(frames)
    assert made.stopped.is_set()


def test_whoever_stops_taking_stops_the_source(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", numbered(500))
    before = threading.active_count()
    start = time.monotonic()
    with open_live(path) as live:
        for frame in live.frames():
            if frame.index >= 2:
                break
    assert time.monotonic() - start < 5  # of twenty seconds
    assert threading.active_count() == before
    with pytest.raises(UsageError, match="open it again"):
        live.frames()


def test_a_source_that_nobody_watched_is_let_go(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", numbered(5))
    descriptors = len(os.listdir("/proc/self/fd"))
    with open_live(path):
        assert len(os.listdir("/proc/self/fd")) > descriptors
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_frames_of_a_file_come_when_they_are_due(tmp_path: Path) -> None:
    pts = [0, 100, 140, 500, 540, 800]  # milliseconds
    path = write_clip(tmp_path / "a.mp4", numbered(6), pts=pts, time_base="1/1000")
    with open_video(path) as video:
        times = [frame.time for frame in video.frames()]
    with open_live(path) as live:
        frames = [(frame, time.monotonic()) for frame in live.frames()]
    assert [frame.time for frame, _ in frames] == times
    assert [read_number(frame.rgb) for frame, _ in frames] == [0, 1, 2, 3, 4, 5]
    first = frames[0][0].captured_s
    due = [frame.captured_s - first for frame, _ in frames]
    assert due == pytest.approx([each / 1000 for each in pts], abs=1e-6)
    assert all(taken >= frame.captured_s for frame, taken in frames)
    assert frames[-1][1] - first >= 0.8
    assert live.dropped == 0


def test_a_slow_watcher_of_a_file_sees_it_in_its_own_time(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", numbered(50), rate=50)
    start = time.monotonic()
    with open_live(path) as live:
        seen = []
        for frame in live.frames():
            seen.append(frame.index)
            time.sleep(0.1)
    assert time.monotonic() - start < 5
    assert seen == sorted(set(seen))
    assert seen[-1] == 49
    assert len(seen) <= 12
    assert (live.came, live.dropped) == (50, 50 - len(seen))


def test_a_file_that_is_cut_off_ends_with_its_error(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mkv", numbered(50), rate=100)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 4])
    with open_live(path) as live, pytest.raises(DecodeError) as error:
        for _ in live.frames():
            pass
    assert live.came > 10
    assert error.value.time_s is not None


@pytest.mark.parametrize(
    ("source", "kind", "says"),
    [
        ("nothing.mp4", InputNotFoundError, "there is no file"),
        (".", InputError, "folder"),
        ("empty.mp4", CorruptMediaError, "empty"),
        (99, InputNotFoundError, "no camera /dev/video99"),
        ("/dev/video99", InputNotFoundError, "no camera /dev/video99"),
        ("http://example.org/a.mjpg", UsageError, "'http' addresses cannot be watched"),
        ("file:///etc/passwd", UsageError, "'file' addresses cannot be watched"),
        ("concat://a|b", UsageError, "'concat' addresses cannot be watched"),
        ("rtsp://", UsageError, "names no host"),
        ("rtsp://[::1", UsageError, "names no host"),
        ("rtsp://a:99999/x", UsageError, "names no host"),
        ("rtsp://127.0.0.1:9/x", InputError, "rtsp://127.0.0.1:9 cannot be opened"),
    ],
)
def test_what_cannot_be_opened(
    source: str | int,
    kind: type[Exception],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty.mp4").touch()
    with pytest.raises(kind, match=says):
        open_live(source)


def test_a_file_may_be_called_like_a_camera(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_clip(tmp_path / "a.mp4", numbered(2)).rename("0")
    with open_live("./0") as live:
        assert [frame.index for frame in live.frames()] == [0, 1]


def test_no_picture_is_larger_than_the_limit(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", numbered(2))
    with pytest.raises(MediaTooLargeError):
        open_live(path, limits=Limits(video_pixels=1000))
    with (
        rtsp(Rtsp()) as server,
        pytest.raises(MediaTooLargeError, match="320 x 180 pixels and the limit is 1000"),
    ):
        open_live(server.url(), limits=Limits(video_pixels=1000))


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("rtsp://user:secret@10.0.0.5:554/secret?password=secret", "rtsp://10.0.0.5:554"),
        ("RTSP://user:secret@[2001:db8::1]/secret", "rtsp://[2001:db8::1]"),
        ("rtsp://user:se@cret@cam.local", "rtsp://cam.local"),
        ("rtsp://user:secret@cam:port/", "the address"),
    ],
)
def test_messages_have_no_credentials(address: str, told: str) -> None:
    assert shown(address) == told
    assert "secret" not in told


def watched(live: Live) -> tuple[list[tuple[int, Fraction]], InputError]:
    """The numbers that the pictures of a stream carry, with their times, and the error at its end.
    A torn picture raises ValueError."""
    seen = []
    try:
        for frame in live.frames():
            seen.append((read_number(frame.rgb), frame.time.exact))
    except InputError as error:
        return seen, error
    raise AssertionError("it ended without a word")


def test_a_stream(caplog: pytest.LogCaptureFixture) -> None:
    server = Rtsp(frames=25, user="me:secret")
    with rtsp(server), open_live(server.url("me:secret@")) as live:
        frames, error = watched(live)
    assert str(error) == f"rtsp://127.0.0.1:{server.port} gives no more frames: it has ended"
    numbers = [number for number, _ in frames]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == 24
    assert len(numbers) + live.dropped == live.came == 25
    first = frames[0]
    assert all(at - first[1] == Fraction(n - first[0], 25) for n, at in frames)
    assert "secret" not in "".join(traceback.format_exception(error)) + caplog.text


@pytest.mark.parametrize("user", ["", "me:wrong@"])
def test_a_stream_that_wants_another_password(user: str) -> None:
    with (
        rtsp(Rtsp(user="me:secret")) as server,
        pytest.raises(InputPermissionError, match="USER:PASSWORD") as error,
    ):
        open_live(server.url(user))
    assert "wrong" not in "".join(traceback.format_exception(error.value))


def test_a_stream_that_falls_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_sources, "READ_S", 1.0)
    with rtsp(Rtsp(frames=100, silent_after=30)) as server, open_live(server.url()) as live:
        frames, error = watched(live)
    assert frames[-1][0] == 29
    assert "nothing came for 1 s" in str(error)


def test_what_is_damaged_on_the_way_is_left_out() -> None:
    broken = (12, 13)
    with rtsp(Rtsp(frames=30, broken=broken)) as server, open_live(server.url()) as live:
        frames, _ = watched(live)
    numbers = [number for number, _ in frames]
    assert numbers[-1] == 29
    assert not set(numbers) & set(broken)
    assert live.dropped >= 1


def test_closing_a_stream_does_not_wait_for_its_end() -> None:
    with rtsp(Rtsp(frames=1000)) as server:
        with open_live(server.url()) as live:
            next(live.frames())
            start = time.monotonic()
        assert time.monotonic() - start < 2
