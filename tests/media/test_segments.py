"""Cutting a video into segments, and reading each by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import chain, pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from mien.errors import CorruptMediaError, DecodeError, InputNotFoundError, MediaError, MienError
from mien.media import Frame, Segment, open_video, plan_halves, plan_segments
from mien.media.segments import _entries
from mien.models import file_of
from tests.broken import stamps
from tests.clips import cut_edit_list, numbered, read_number, write_clip

RATE = 2  # frames a second, so that short clips are long
N = 100
HEADER = 40  # bytes of a packet within which FFmpeg tells key frames
NTSC = Fraction(30000, 1001)
LENGTH = Fraction(100)  # ticks

KINDS: dict[str, dict[str, Any]] = {
    "closed.mp4": {"gop": 7},
    "b.mp4": {"gop": 11, "options": {"bf": "3", "preset": "veryfast"}},
    "open.mp4": {
        "gop": 11,
        "options": {"bf": "3", "preset": "veryfast", "x264-params": "open-gop=1"},
    },
    "b.mov": {"gop": 9, "options": {"bf": "2", "preset": "veryfast"}},
    "b.mkv": {"gop": 9, "options": {"bf": "2", "preset": "veryfast"}},
    "vp8.webm": {"gop": 8},
    "intra.mp4": {"gop": 1},
    "one_group.mp4": {"gop": 1000},
    "hevc.mp4": {
        "gop": 9,
        "codec": "libx265",
        "options": {
            "preset": "ultrafast",
            "x265-params": "log-level=none:open-gop=1:bframes=3:keyint=9:min-keyint=9",
        },
    },
    "late.mkv": {"gop": 7, "pts": [3000 + 500 * i for i in range(N)], "time_base": "1/1000"},
    "variable.mp4": {"gop": 9, "pts": [i * 5 + i % 3 for i in range(N)], "time_base": "1/10"},
}


def clip(folder: Path, name: str) -> Path:
    changes: dict[str, Any] = {"rate": RATE, **KINDS[name]}
    return grouped(folder / name, numbered(N), **changes)


def grouped(
    path: Path,
    frames: Iterator[NDArray[np.uint8]],
    *,
    gop: int,
    options: dict[str, str] | None = None,
    **changes: Any,
) -> Path:
    """A clip with a key frame every `gop` frames."""
    return write_clip(
        path, frames, options={"g": str(gop), "sc_threshold": "0"} | (options or {}), **changes
    )


def read(source: Any, segment: Segment) -> list[Frame]:
    with open_video(source, segment=segment) as video:
        return list(video.frames())


def facts(frames: list[Frame]) -> list[tuple[int, Fraction, Fraction, bytes]]:
    return [
        (read_number(f.rgb), f.time.exact, f.duration * f.time.time_base, f.rgb.tobytes())
        for f in frames
    ]


@pytest.mark.parametrize("name", KINDS)
def test_the_parts_are_the_whole(tmp_path: Path, name: str) -> None:
    path = clip(tmp_path, name)
    segments = list(plan_segments(path))
    with open_video(path) as video:
        whole = facts(list(video.frames()))
    parts = [facts(read(path, segment)) for segment in segments]
    assert [number for number, *_ in whole] == list(range(N))
    assert [*chain.from_iterable(parts)] == whole
    assert len(segments) == (1 if name == "one_group.mp4" else len(segments))
    lengths = [part[-1][1] + part[-1][2] - part[0][1] for part in parts]
    assert all(length >= 10 for length in lengths[:-1])
    assert name == "one_group.mp4" or len(segments) >= 3
    assert [segment.number for segment in segments] == list(range(len(segments)))


@pytest.mark.parametrize("name", ["b.mp4", "vp8.webm"])
def test_a_segment_ends_at_the_first_key_frame_after_ten_seconds(tmp_path: Path, name: str) -> None:
    path = clip(tmp_path, name)
    with open_video(path) as video:
        keys = [frame.time.exact for frame in video.frames() if frame.is_key]
    starts = [read(path, segment)[0].time.exact for segment in plan_segments(path)]
    expected = [Fraction(0)]
    for key in keys:
        if key >= expected[-1] + 10:
            expected.append(key)
    assert starts == expected


def test_bytes_and_open_files(tmp_path: Path) -> None:
    path = clip(tmp_path, "b.mkv")
    by_path = list(plan_segments(path))
    assert list(plan_segments(path.read_bytes())) == by_path
    with path.open("rb") as file:
        assert list(plan_segments(file)) == by_path
        assert facts(read(file, by_path[1])) == facts(read(path, by_path[1]))


@pytest.mark.parametrize("suffix", [".avi", ".ts", ".wmv", ".mpg", ".flv"])
def test_containers_without_exact_times_or_index_are_one_segment(
    tmp_path: Path, suffix: str
) -> None:
    path = grouped(tmp_path / f"a{suffix}", numbered(300), rate=25, gop=5)
    assert list(plan_segments(path)) == [Segment()]


def test_a_short_video_is_one_segment(tmp_path: Path) -> None:
    path = grouped(tmp_path / "a.mp4", numbered(19), rate=2, gop=1)
    assert list(plan_segments(path)) == [Segment()]


def test_edit_list(tmp_path: Path) -> None:
    path = cut_edit_list(clip(tmp_path, "closed.mp4"), 3)
    segments = list(plan_segments(path))
    with open_video(path) as video:
        whole = facts(list(video.frames()))
    assert [fact for segment in segments for fact in facts(read(path, segment))] == whole
    assert whole[0][0] > 0  # frames were left out
    assert whole[0][1] == 0
    assert len(segments) > 2


def test_2997_in_milliseconds(tmp_path: Path) -> None:
    """Times that a container rounds are the exact ones in every segment."""
    path = grouped(tmp_path / "a.mkv", numbered(700), rate=NTSC, gop=25)
    segments = list(plan_segments(path))
    frames = [frame for segment in segments for frame in read(path, segment)]
    assert len(segments) == 3
    assert [frame.time.exact for frame in frames] == [i / NTSC for i in range(700)]
    assert {frame.duration * frame.time.time_base for frame in frames} == {1 / NTSC}


@pytest.mark.parametrize(
    "changed",
    [{"pts": None}, {"pts": 119, "dts": 140}, {"dts": 30}],
    ids=["no time", "a time that was there before", "decoded before the one before"],
)
def test_wrong_times_end_the_cutting(changed: dict[str, int | None]) -> None:
    """Ticks of a tenth of a second; one key frame a second."""
    stream = SimpleNamespace(time_base=Fraction(1, 10))
    packets = [
        SimpleNamespace(pts=tick, dts=tick, size=1, is_discard=False, is_keyframe=tick % 10 == 0)
        for tick in range(300)
    ]
    assert [at for at, _ in _entries(iter(packets), stream, LENGTH)] == [100, 200]  # type: ignore[arg-type]
    vars(packets[140]).update(changed)
    assert [at for at, _ in _entries(iter(packets), stream, LENGTH)] == [100]  # type: ignore[arg-type]


@pytest.mark.parametrize("name", KINDS)
def test_halves_are_the_whole(tmp_path: Path, name: str) -> None:
    """The second one begins at any frame, whatever pictures that is made from."""
    path = clip(tmp_path, name)
    with open_video(path) as video:
        length = video.info.duration
        whole = facts(list(video.frames()))
    first, second = (read(path, segment) for segment in plan_halves(path))
    assert facts(first) + facts(second) == whole
    assert length is not None
    begun = second[0].time.exact - first[0].time.exact
    assert length.exact / 2 <= begun < length.exact / 2 + 4  # the next picture that is shown last
    assert name != "one_group.mp4" or not second[0].is_key


def test_what_is_not_cut_in_halves(tmp_path: Path) -> None:
    short = grouped(tmp_path / "short.mp4", numbered(19), rate=10, gop=30)
    assert plan_halves(short) == [Segment()]
    elsewhere = grouped(tmp_path / "a.avi", numbered(100), rate=25, gop=5)
    assert plan_halves(elsewhere) == [Segment()]


def test_real_video() -> None:
    for name in ("sample-bikes", "sample-bunny"):
        path = file_of(name)
        with open_video(path) as video:
            whole = [(frame.time, frame.duration, digest(frame.rgb)) for frame in video.frames()]
        parts = [
            (frame.time, frame.duration, digest(frame.rgb))
            for segment in plan_segments(path)
            for frame in read(path, segment)
        ]
        assert parts == whole


def digest(rgb: NDArray[np.uint8]) -> int:
    return hash(rgb.tobytes())


def damaged(folder: Path, at_frame: int) -> Path:
    """With noise in the packets from this frame on, for five frames; their headers stay."""
    path = grouped(folder / "a.mp4", grainy(N), rate=RATE, gop=7)
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        packets = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    noise = np.random.default_rng(1)
    for position, size in packets[at_frame : at_frame + 5]:
        assert position is not None
        body = size - HEADER
        data[position + HEADER : position + size] = noise.integers(0, 256, body, np.uint8).tobytes()
    path.write_bytes(data)
    return path


def grainy(n: int) -> Iterator[NDArray[np.uint8]]:
    noise = np.random.default_rng(0)
    for picture in numbered(n):
        yield (picture // 2 + noise.integers(0, 60, picture.shape, np.uint8)).astype(np.uint8)


def test_damage_belongs_to_the_segment_it_lies_in(tmp_path: Path) -> None:
    path = damaged(tmp_path, 50)
    segments = list(plan_segments(path))
    told: list[int | str] = []
    for segment in segments:
        try:
            told.append(len(read(path, segment)))
        except MienError as error:
            told.append(type(error).__name__)
    # Segments of 21 frames: 0-20, 21-41, 42-62, 63-83, 84-99.
    assert told == [21, 21, "DecodeError", 21, 16]


def test_damage_where_a_segment_begins(tmp_path: Path) -> None:
    path = damaged(tmp_path, 42)  # the third segment begins with it
    third = list(plan_segments(path))[2]
    with pytest.raises(DecodeError, match=r"can be read up to .*21.* only") as caught:
        open_video(path, segment=third)
    assert caught.value.time_s == 21


def test_a_file_cut_off_is_reported_by_its_last_segment(tmp_path: Path) -> None:
    path = grouped(
        tmp_path / "a.mp4", grainy(N), rate=RATE, gop=7, container_options={"movflags": "faststart"}
    )
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 7 // 10])
    segments = list(plan_segments(path))
    assert len(segments) > 2
    for segment in segments[:-2]:
        assert len(read(path, segment)) == 21
    with pytest.raises(DecodeError):
        read(path, segments[-1])


def test_bad_sources(tmp_path: Path) -> None:
    with pytest.raises(InputNotFoundError):
        list(plan_segments(tmp_path / "none.mp4"))
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(CorruptMediaError):
        list(plan_segments(tmp_path / "empty.mp4"))


@pytest.mark.parametrize("name", ["b.mp4", "fragments.mp4"])
def test_time_stamps_that_make_no_sense_never_bring_segments_out_of_order(
    tmp_path: Path, name: str
) -> None:
    """Either all frames come in order of time, or an error says where that ends."""
    if name == "fragments.mp4":
        movflags = {"movflags": "frag_keyframe+empty_moov"}
        path = grouped(tmp_path / name, numbered(N), gop=9, rate=RATE, container_options=movflags)
    else:
        path = clip(tmp_path, name)
    data, several = path.read_bytes(), 0
    for seed in range(8):
        random = np.random.default_rng(seed)
        for way in stamps.WAYS:
            broken, times = way(data, random), [Fraction(-1)]
            with suppress(MediaError):
                segments = list(plan_segments(broken))
                several += len(segments) > 1
                for segment in segments:
                    times += [frame.time.exact for frame in read(broken, segment)]
            assert all(a < b for a, b in pairwise(times)), (way.__name__, seed)
    assert several
