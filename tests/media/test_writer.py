"""Videos and pictures out: read back, they are what was written, and where it fails nothing is."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from mien.errors import OutputError, UsageError
from mien.media import open_video, read_image
from mien.media.sound import Sound
from mien.media.writer import Encoding, create_video, create_video_like, write_image
from mien.timecode import Time
from tests.clips import QUARTER_TURNS, mp4_boxes, numbered, read_number, turn, write_clip
from tests.media.test_color import COLORS, means

Rgb = NDArray[Any]
FAST = Encoding(preset="ultrafast")
BASE = Fraction(1, 25)
UNEVEN = np.cumsum(np.random.default_rng(5).integers(150, 2500, 40)).tolist()


def copy(source: Path, target: Path) -> list[Fraction]:
    """Write a video's pictures anew, and give their times in seconds."""
    times = []
    with (
        open_video(source) as video,
        create_video_like(video.info, target, encoding=FAST) as writer,
    ):
        for frame in video.frames():
            writer.write(frame.rgb, frame.time, frame.duration)
            times.append(frame.time.exact)
    return times


def write(path: Path, pictures: list[Rgb], **how: Any) -> Path:
    """A clip of 25 pictures a second."""
    height, width = pictures[0].shape[:2]
    timed = ((rgb, Time(number, BASE), 1) for number, rgb in enumerate(pictures))
    write_timed(path, timed, (width, height), **how)
    return path


def write_timed(
    path: Path,
    pictures: Iterable[tuple[Rgb, Time, int]],
    size_wh: tuple[int, int] = (64, 48),
    encoding: Encoding = FAST,
    **how: Any,
) -> None:
    """A clip of pictures with their times and durations."""
    how |= {"width": size_wh[0], "height": size_wh[1], "time_base": BASE, "rate": 1 / BASE}
    with create_video(path, encoding=encoding, **how) as writer:
        for each in pictures:
            writer.write(*each)


def noise(n: int, width: int = 64, height: int = 48) -> list[Rgb]:
    """Pictures that cannot be compressed."""
    rng = np.random.default_rng(n)
    return [rng.integers(0, 256, (height, width, 3), np.uint8) for _ in range(n)]


CLIPS: dict[str, Callable[[Path], Path]] = {
    "25": lambda p: write_clip(p / "a.mp4", numbered(40)),
    "29.97, B-frames": lambda p: write_clip(
        p / "a.mp4", numbered(40), rate="30000/1001", options={"bf": "3"}
    ),
    "uneven, first not at 0, B-frames": lambda p: write_clip(
        p / "a.mp4", numbered(40), pts=UNEVEN, time_base="1/15360", options={"bf": "2"}
    ),
    "uneven, 90 kHz": lambda p: write_clip(
        p / "a.ts", numbered(40), pts=UNEVEN, time_base="1/90000"
    ),
    "Matroska, 29.97": lambda p: write_clip(p / "a.mkv", numbered(40), rate="30000/1001"),
    "AVI": lambda p: write_clip(p / "a.avi", numbered(40), rate="24000/1001"),
    "WMV": lambda p: write_clip(p / "a.wmv", numbered(40)),
    "turned": lambda p: turn(write_clip(p / "a.mov", numbered(40)), QUARTER_TURNS[90]),
    "odd": lambda p: write_clip(
        p / "a.mkv", numbered(40, 161, 97), codec="ffv1", pix_fmt="yuv444p"
    ),
}


@pytest.mark.parametrize("name", CLIPS)
def test_times_are_those_of_the_source_and_each_picture_is_at_its_own(
    tmp_path: Path, name: str
) -> None:
    source = CLIPS[name](tmp_path)
    with open_video(source) as video:
        numbers = [read_number(frame.rgb) for frame in video.frames()]
    for suffix in (".mp4", ".mov"):
        target = tmp_path / f"out{suffix}"
        times = copy(source, target)
        with open_video(target) as video:
            got = [(frame.time.exact, read_number(frame.rgb)) for frame in video.frames()]
            assert video.info.start.pts == 0
        assert got == list(zip(times, numbers, strict=True))
        assert len({b - a for a, b in pairwise(times)}) > 1 or "uneven" not in name


def test_matroska_keeps_a_nominal_rate_exactly_and_others_to_the_millisecond(
    tmp_path: Path,
) -> None:
    even = write_clip(tmp_path / "even.mp4", numbered(40), rate="30000/1001")
    times = copy(even, tmp_path / "even.mkv")
    with open_video(tmp_path / "even.mkv") as video:
        assert [frame.time.exact for frame in video.frames()] == times
    uneven = write_clip(tmp_path / "u.mp4", numbered(40), pts=UNEVEN, time_base="1/15360")
    times = copy(uneven, tmp_path / "u.mkv")
    with open_video(tmp_path / "u.mkv") as video:
        got = [frame.time.exact for frame in video.frames()]
    assert len(got) == 40
    assert max(abs(a - b) for a, b in zip(got, times, strict=True)) <= Fraction(1, 1000)


@pytest.mark.parametrize("name", ["25", "29.97, B-frames", "uneven, first not at 0, B-frames"])
def test_the_whole_lasts_as_long_as_the_source(tmp_path: Path, name: str) -> None:
    source = CLIPS[name](tmp_path)
    with open_video(source) as video:
        last = list(video.frames())[-1]
        end = (last.time.pts + last.duration) * video.info.time_base
    copy(source, tmp_path / "out.mp4")
    with open_video(tmp_path / "out.mp4") as video:
        assert video.info.duration is not None
        assert video.info.duration.exact == end


def test_odd_sizes_repeat_the_last_column_and_row_and_lose_nothing(tmp_path: Path) -> None:
    ramp = np.zeros((97, 161, 3), np.uint8)
    ramp[:, :] = np.linspace(30, 220, 161).astype(np.uint8)[None, :, None]
    path = write(tmp_path / "odd.mp4", [ramp] * 3, encoding=Encoding(crf=1))
    with open_video(path) as video:
        assert (video.info.width, video.info.height) == (162, 98)
        rgb = next(video.frames()).rgb.astype(int)
    assert np.abs(rgb[:97, :161] - ramp).max() <= 4
    assert np.abs(rgb[:, 161] - rgb[:, 160]).max() <= 4
    assert np.abs(rgb[97] - rgb[96]).max() <= 4


def test_pixels_that_are_not_square_stay_so(tmp_path: Path) -> None:
    path = write(tmp_path / "wide.mp4", noise(2), pixel_aspect=Fraction(16, 11))
    with open_video(path) as video:
        assert video.info.pixel_aspect == Fraction(16, 11)


LUMA = {601: (0.299, 0.114), 709: (0.2126, 0.0722)}  # shares of red and blue (BT.601, BT.709)


@pytest.mark.parametrize(("height", "matrix", "tag"), [(192, 601, 6), (718, 601, 6), (720, 709, 1)])
def test_colours_are_stored_by_the_matrix_that_the_file_states(
    tmp_path: Path, height: int, matrix: int, tag: int
) -> None:
    chart = COLORS.repeat(height // 2, axis=0).repeat(80, axis=1)
    path = write(tmp_path / "chart.mp4", [chart] * 2, encoding=Encoding(crf=1))
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_range, context.pix_fmt) == (tag, 1, "yuv420p")
        coded = next(container.decode(video=0)).to_ndarray()[:height]
    red, blue = LUMA[matrix]
    luma = 16 + 219 / 255 * (COLORS @ np.array([red, 1 - red - blue, blue]))
    rows, columns = (1, 3), (1, 3, 5, 7)
    got = np.array([[coded[height * y // 4, 40 * x] for x in columns] for y in rows])
    assert np.abs(got - luma).max() <= 1.5
    with open_video(path) as video:
        assert np.abs(means(next(video.frames()).rgb) - COLORS).max() <= 4


def test_the_same_pictures_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = (write(tmp_path / name, noise(20)) for name in ("a.mp4", "b.mp4"))
    assert first.read_bytes() == second.read_bytes()


def test_the_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", numbered(2000, 64, 48), sound_s=80)
    resident = []
    with open_video(source) as video, Sound(source, video.info.start) as sound:
        base, rate = video.info.time_base, video.info.rate
        with create_video(
            tmp_path / "b.mp4", width=64, height=48, time_base=base, rate=rate, sound=sound
        ) as writer:
            for frame in video.frames():
                writer.write(frame.rgb, frame.time, frame.duration)
                if frame.index in (500, 1999):
                    pages = int(Path("/proc/self/statm").read_text().split()[1])
                    resident.append(pages * resource.getpagesize())
    assert resident[1] - resident[0] < 4 * 2**20  # 1500 frames of RGB alone are 14 MB


def test_a_player_finds_the_index_at_the_beginning(tmp_path: Path) -> None:
    data = write(tmp_path / "a.mp4", noise(5)).read_bytes()
    assert mp4_boxes(data, b"moov")[0] < mp4_boxes(data, b"mdat")[0]


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize("name", ["a.avi", "a.webm", "a", "a.png", ".mp4"])
def test_other_containers_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"does not end in \.mp4"):
        write(tmp_path / name, noise(1))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ({"crf": 52}, "crf must be 0"),
        ({"crf": -1}, "crf must be 0"),
        ({"preset": "best"}, "'best' is no preset"),
        ({"threads": 0}, "at least one thread"),
        ({"codec": "vp9"}, "'vp9' is no codec; choose from h264, hevc"),
    ],
)
def test_encodings_that_do_not_exist(choice: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        Encoding(**choice)


GOOD = np.zeros((48, 64, 3), np.uint8)


@pytest.mark.parametrize(
    ("rgb", "time", "duration", "sentence"),
    [
        (GOOD[:, :32], Time(2, BASE), 1, "32 x 48 pixels does not fit into a video of 64 x 48"),
        (GOOD[:, :, 0], Time(2, BASE), 1, "must have the shape"),
        (GOOD.astype(float), Time(2, BASE), 1, "must be an array of uint8"),
        (GOOD, Time(1, BASE), 1, "cannot follow one at 1"),
        (GOOD, Time(-1, BASE), 1, "cannot follow"),
        (GOOD, Time(5, Fraction(1, 50)), 1, "no whole number of ticks"),
        (GOOD, Time(2, BASE), 0, "a duration of 0 ticks"),
    ],
)
def test_pictures_that_cannot_come_next(
    tmp_path: Path, rgb: Rgb, time: Time, duration: int, sentence: str
) -> None:
    before = [(GOOD, Time(number, BASE), 1) for number in range(2)]
    with pytest.raises(ValueError, match=sentence):
        write_timed(tmp_path / "a.mp4", [*before, (rgb, time, duration)])
    assert os.listdir(tmp_path) == []


def test_a_video_without_pictures_is_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one picture"):
        write_timed(tmp_path / "a.mp4", [])
    with pytest.raises(UsageError, match="0 x 48 pixels"):
        write_timed(tmp_path / "a.mp4", [], (0, 48))
    assert os.listdir(tmp_path) == []


# ---------------------------------------------------------------- whole, or not there


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt])
def test_what_stood_there_stays_when_the_work_breaks_off(
    tmp_path: Path, failure: type[BaseException]
) -> None:
    def broken() -> Iterator[tuple[Rgb, Time, int]]:
        for number, rgb in enumerate(noise(5)):
            yield rgb, Time(number, BASE), 1
        raise failure

    target = tmp_path / "a.mp4"
    target.write_bytes(b"old")
    with pytest.raises(failure):
        write_timed(target, broken())
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.mp4"]


KILLED = """
import os, signal, sys
import numpy as np
from pathlib import Path
from tests.media.test_writer import create_video, noise, Time, BASE
with create_video(sys.argv[1], width=64, height=48, time_base=BASE, rate=1 / BASE) as writer:
    for number, rgb in enumerate(noise(100)):
        writer.write(rgb, Time(number, BASE), 1)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_leaves_nothing_under_the_final_name(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "a.mp4")], check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = os.listdir(tmp_path)
    assert left.startswith(".a.mp4.")
    assert left.endswith(".part")


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond this size, as a disk that is full would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_wherever_the_disk_ends_there_is_an_error_and_no_file(tmp_path: Path, suffix: str) -> None:
    pictures = noise(12)
    target = tmp_path / f"a{suffix}"
    size = write(target, pictures).stat().st_size
    target.unlink()
    for room in (0, 100, size // 2, size - 2000, size - 100, size - 1):
        with largest_file(room), pytest.raises(OutputError, match=r"cannot write .*a\.m"):
            write(target, pictures)
        assert os.listdir(tmp_path) == []
    with largest_file(size):
        assert write(target, pictures).stat().st_size == size


def test_places_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "folder.mp4").mkdir()
    for path, sentence in [
        (tmp_path / "none" / "a.mp4", "there is no folder"),
        (tmp_path / "folder.mp4", "it is a folder"),
        (tmp_path / "folder.mp4" / "a.png" / "a.mp4", "there is no folder"),
    ]:
        with pytest.raises(OutputError, match=sentence):
            write(path, noise(2))
    assert os.listdir(tmp_path) == ["folder.mp4"]


# ---------------------------------------------------------------- pictures


def test_pictures_come_back(tmp_path: Path) -> None:
    picture = noise(1, 61, 47)[0]
    write_image(tmp_path / "a.png", picture)
    assert (read_image(tmp_path / "a.png") == picture).all()
    chart = COLORS.repeat(24, axis=0).repeat(20, axis=1)
    write_image(str(tmp_path / "a.JPG"), chart)
    assert np.abs(read_image(tmp_path / "a.JPG").astype(int) - chart).max() <= 6
    assert sorted(os.listdir(tmp_path)) == ["a.JPG", "a.png"]


def test_pictures_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"does not end in \.png, \.jpg, \.jpeg"):
        write_image(tmp_path / "a.webp", GOOD)
    with pytest.raises(UsageError, match="uint8"):
        write_image(tmp_path / "a.png", GOOD.astype(float))
    with pytest.raises(OutputError, match="there is no folder"):
        write_image(tmp_path / "none" / "a.png", GOOD)
    with largest_file(1000), pytest.raises(OutputError, match=r"cannot write .*a\.png"):
        write_image(tmp_path / "a.png", noise(1)[0])
    assert os.listdir(tmp_path) == []
