"""Parts that are encoded anew between parts that are copied: no frame is lost, moved or broken."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from mien.errors import OutputError, UsageError
from mien.media import Segment, open_video
from mien.media.avc import Record, prefixed
from mien.media.copying import copy_video
from mien.media.splicing import splice_video
from mien.media.writer import Encoding
from tests.clips import QUARTER_TURNS, cut_edit_list, numbered, read_number, turn, write_clip
from tests.media.test_companions import facts, left_behind, packets, write_rich
from tests.media.test_remake import FAST, sound_of, timed, with_range_stated
from tests.media.test_writer import UNEVEN, largest_file, noise

N = 60
GROUP = 12
EVEN = {"sc_threshold": "0"}


def splice(
    source: Path, target: Path, changed: Collection[int], encoding: Encoding = FAST
) -> tuple[list[int], tuple[str, ...]]:
    """Darken these frames; give the numbers of those that were decoded, and the notes."""
    times = [time for time, _ in timed(source)]
    dark = {times[index] for index in changed}
    seen = []
    with splice_video(
        source, target, lambda time, _: time.exact in dark, encoding=encoding
    ) as copy:
        for frame in copy.frames():
            seen.append(read_number(frame.rgb))
            native = frame.native()
            if frame.time.exact in dark:
                for plane in native.planes:
                    plane.samples[:, : plane.samples.shape[1] // 16] = plane.black
            copy.write(native, frame.time, frame.duration)
    return seen, copy.notes


def is_dark(rgb: Any) -> bool:
    """Whether the left edge is black; in clips it is at least dark gray."""
    return bool(rgb[:, : rgb.shape[1] // 20].mean() < 10)


CLIPS: dict[str, Callable[[Path], Path]] = {
    "no B-frames": lambda p: write_clip(p / "a.mp4", numbered(N), options=EVEN | {"bf": "0"}),
    "B-frames": lambda p: write_clip(p / "a.mp4", numbered(N), options=EVEN | {"bf": "2"}),
    "a pyramid of B-frames": lambda p: write_clip(
        p / "a.mp4",
        numbered(N),
        rate="30000/1001",
        options=EVEN | {"preset": "medium", "bf": "5", "b-pyramid": "normal", "b_strategy": "0"},
    ),
    "baseline": lambda p: write_clip(
        p / "a.mov", numbered(N), options=EVEN | {"profile": "baseline"}
    ),
    "uneven, first not at 0": lambda p: write_clip(
        p / "a.mp4",
        numbered(N),
        pts=np.cumsum([*UNEVEN, *UNEVEN]).tolist()[:N],
        time_base="1/15360",
        options=EVEN | {"bf": "2"},
    ),
    "Matroska": lambda p: write_clip(
        p / "a.mkv", numbered(N), rate="30000/1001", options=EVEN | {"bf": "2"}
    ),
    "turned": lambda p: turn(
        write_clip(p / "a.mov", numbered(N, 320, 192), options=EVEN), QUARTER_TURNS[90]
    ),
    "full range": lambda p: write_clip(
        p / "a.mp4", numbered(N), pix_fmt="yuvj420p", options=EVEN, color={"color_range": 2}
    ),
    "many parameter sets": lambda p: write_clip(
        p / "a.mp4", numbered(N), options=EVEN | {"x264-params": "sps-id=31"}
    ),
    "the beginning hidden": lambda p: cut_edit_list(
        write_clip(p / "a.mp4", numbered(N + GROUP), options=EVEN), GROUP * 512
    ),
}

CHANGED: dict[str, tuple[list[int], list[int]]] = {  # frames → the groups that must be encoded
    "the first": ([0], [0]),
    "the last": ([N - 1], [4]),
    "in the middle": ([14, 15, 16], [1]),
    "across an edge": ([23, 24], [1, 2]),
    "both sides of a part": ([3, 30], [0, 2]),
}


@pytest.mark.parametrize(
    ("where", "suffix"),
    [*((where, ".mp4") for where in CHANGED), ("both sides of a part", ".mkv")],
)
@pytest.mark.parametrize("name", CLIPS)
def test_every_frame_is_the_right_one_at_its_time(
    tmp_path: Path, name: str, where: str, suffix: str
) -> None:
    source, target = CLIPS[name](tmp_path), tmp_path / f"out{suffix}"
    before = timed(source)
    assert len(before) == N
    changed, groups = CHANGED[where]
    seen, notes = splice(source, target, changed)
    assert notes == ()
    assert seen == [before[GROUP * group + k][1] for group in groups for k in range(GROUP)]
    allowed = Fraction(1, 1000) if suffix == ".mkv" and "uneven" in name else 0
    with open_video(target) as video:
        for index, frame in enumerate(video.frames()):
            assert read_number(frame.rgb) == before[index][1]
            assert abs(frame.time.exact - before[index][0]) <= allowed
            assert is_dark(frame.rgb) == (index in changed)
    assert index == N - 1
    with open_video(source) as old, open_video(target) as new:
        assert with_range_stated(new.stored) == with_range_stated(old.stored)
    kept = [k for k in range(N) if k // GROUP not in groups]
    old_data, new_data = ([d for *_, d in packets(p, "video")] for p in (source, target))
    assert [new_data[k] for k in kept] == [old_data[len(old_data) - N + k] for k in kept]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("name", ["B-frames", "a pyramid of B-frames", "uneven, first not at 0"])
def test_every_frame_is_the_right_one_after_a_jump(tmp_path: Path, name: str, suffix: str) -> None:
    """From every key frame on, with a decoder that has seen nothing before."""
    source, target = CLIPS[name](tmp_path), tmp_path / f"out{suffix}"
    splice(source, target, [14, 40])
    with av.open(str(target)) as container:
        stream = container.streams.video[0]
        keys = [p for p in container.demux(stream) if p.size and p.is_keyframe]
        entries = [((p.dts, p.pts)[suffix == ".mkv"], p.pts) for p in keys]
    assert len(entries) >= 5
    for entry, pts in [*entries, *reversed(entries)]:
        assert entry is not None
        with av.open(str(target)) as container:
            container.seek(entry, stream=container.streams.video[0])
            frames = [
                frame for frame in container.decode(video=0) if (frame.pts or 0) >= (pts or 0)
            ]
        numbers = [read_number(frame.to_ndarray(format="rgb24")) for frame in frames]
        assert numbers == list(range(numbers[0], N))
        assert numbers[0] % GROUP == 0
        with open_video(target, segment=Segment(0, pts, None, entry)) as video:
            assert [read_number(frame.rgb) for frame in video.frames()] == numbers


def test_jumps_to_and_fro_with_one_decoder(tmp_path: Path) -> None:
    source, target = CLIPS["B-frames"](tmp_path), tmp_path / "out.mp4"
    splice(source, target, [14, 40])
    with av.open(str(target)) as container:
        stream = container.streams.video[0]
        assert stream.time_base is not None
        for wanted in (50, 13, 37, 0, 25, 59, 14):
            container.seek(int(wanted / 25 / stream.time_base), stream=stream)
            for frame in container.decode(stream):
                number = read_number(frame.to_ndarray(format="rgb24"))
                assert frame.time == pytest.approx(number / 25)
                if number == wanted:
                    break
            assert number == wanted


ENCODED: dict[str, Callable[[Path], Path]] = {
    "open groups": lambda p: write_clip(
        p / "a.mp4", numbered(N), options=EVEN | {"bf": "2", "x264-params": "open-gop=1"}
    ),
    "HEVC": lambda p: write_clip(p / "a.mp4", numbered(N), codec="libx265"),
    "10 bit": lambda p: write_clip(p / "a.mp4", numbered(N), pix_fmt="yuv420p10le", options=EVEN),
    "4:2:2": lambda p: write_clip(p / "a.mp4", numbered(N), pix_fmt="yuv422p", options=EVEN),
    "fields": lambda p: write_clip(
        p / "a.mp4", numbered(N), options=EVEN | {"x264-params": "tff=1"}
    ),
    "a transport stream": lambda p: write_clip(p / "a.ts", numbered(N), options=EVEN),
    "AVI": lambda p: write_clip(p / "a.avi", numbered(N)),
    "hidden ones are needed": lambda p: cut_edit_list(
        write_clip(p / "a.mp4", numbered(N), options=EVEN), 512 * 5
    ),
}


@pytest.mark.parametrize("name", ENCODED)
def test_where_parts_do_not_join_everything_is_encoded(tmp_path: Path, name: str) -> None:
    source, target = ENCODED[name](tmp_path), tmp_path / "out.mp4"
    before = timed(source)
    seen, _ = splice(source, target, [1])
    assert seen == [number for _, number in before]
    assert timed(target) == before


def test_hevc_is_not_put_between_h264(tmp_path: Path) -> None:
    source, target = CLIPS["B-frames"](tmp_path), tmp_path / "out.mp4"
    seen, _ = splice(source, target, [1], Encoding(codec="hevc", preset="ultrafast"))
    assert len(seen) == N
    assert timed(target) == timed(source)


def test_without_changes_it_is_a_copy(tmp_path: Path) -> None:
    source = CLIPS["B-frames"](tmp_path)
    seen, _ = splice(source, tmp_path / "out.mp4", [])
    assert seen == []
    copy_video(source, tmp_path / "copy.mp4")
    assert packets(tmp_path / "out.mp4", "video") == packets(tmp_path / "copy.mp4", "video")


def test_what_goes_along_goes_along(tmp_path: Path) -> None:
    source = write_rich(tmp_path / "a.mp4", sounds=["aac", "aac"], subtitles=["mov_text"])
    target = tmp_path / "b.mp4"
    with splice_video(source, target, lambda time, _: False, encoding=FAST) as copy:
        assert list(copy.frames()) == []
    assert facts(target)[1:] == facts(source)[1:]
    assert left_behind(target) == []
    assert sound_of(target) == sound_of(source)
    assert any("location" in note for note in copy.notes)


def test_the_same_frames_give_the_same_bytes(tmp_path: Path) -> None:
    source = CLIPS["B-frames"](tmp_path)
    splice(source, tmp_path / "b.mp4", [14])
    splice(source, tmp_path / "c.mp4", [14])
    assert (tmp_path / "b.mp4").read_bytes() == (tmp_path / "c.mp4").read_bytes()


# ---------------------------------------------------------------- where it cannot be done


def test_frames_that_are_not_written_are_missed(tmp_path: Path) -> None:
    source = CLIPS["B-frames"](tmp_path)
    with (
        pytest.raises(ValueError, match="not been taken and written to the end"),
        splice_video(source, tmp_path / "b.mp4", lambda time, _: time.pts == 0) as copy,
    ):
        next(iter(copy.frames()))
    assert os.listdir(tmp_path) == ["a.mp4"]


def test_wherever_the_disk_ends_there_is_an_error_and_no_file(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", noise(24), options=EVEN)
    target = tmp_path / "b.mp4"

    def work() -> int:
        with splice_video(
            source, target, lambda time, _: time.seconds > 0.6, encoding=FAST
        ) as copy:
            for frame in copy.frames():
                copy.write(frame.native(), frame.time, frame.duration)
        return target.stat().st_size

    size = work()
    target.unlink()
    for room in (0, 100, size // 2, size - 100, size - 1):
        with largest_file(room), pytest.raises(OutputError, match=r"cannot write .*b\.mp4"):
            work()
        assert os.listdir(tmp_path) == ["a.mp4"]


def test_outputs_that_are_refused(tmp_path: Path) -> None:
    source = CLIPS["B-frames"](tmp_path)
    for target, sentence in ((source, "is the video itself"), (tmp_path / "b.avi", "not end in")):
        with (
            pytest.raises(UsageError, match=sentence),
            splice_video(source, target, lambda *_: False),
        ):
            pass


# ---------------------------------------------------------------- parameter sets


def record(sps: list[int], pps: list[int]) -> bytes:
    """A record with sets of these numbers, below 7."""
    code = {0: 0x80, 1: 0x40, 2: 0x60, 3: 0x20, 4: 0x28, 5: 0x30, 6: 0x38}
    out = bytes([1, 66, 0xC0, 30, 0xFF, 0xE0 | len(sps)])
    out += b"".join(b"\0\5\x67\x42\xc0\x1e" + bytes([code[number]]) for number in sps)
    return out + bytes([len(pps)]) + b"".join(b"\0\2\x68" + bytes([code[n]]) for n in pps)


def test_the_number_of_new_parameter_sets_is_free() -> None:
    own = Record.parse(record([0, 3], [1, 6]))
    assert (own.profile, own.level, len(own.sps), len(own.pps)) == (66, 30, 2, 2)
    assert own.free_number() == 31
    other = Record.of_encoder(b"\0\0\0\1\x67\x64\0\x1f\x04\x0b\0\0\1\x68\x04\x00\x82")
    joined = Record.parse(own.joined(other))
    assert (joined.profile, joined.level) == (100, 31)
    assert joined.sps == own.sps + other.sps
    assert joined.pps == own.pps + other.pps
    assert other.free_number() == 30


@pytest.mark.parametrize(
    "data", [b"", b"\0\0\0\1\x67", record([0], [0])[:-3], b"\1\x42\xc0\x1e\xfd\xe0\0"]
)
def test_records_that_are_none(data: bytes) -> None:
    with pytest.raises(ValueError, match="record of parameter sets"):
        Record.parse(data)


def test_start_codes_become_lengths() -> None:
    assert prefixed(b"\0\0\0\1ab\0\0\1c\0\0\0\1d") == b"\0\0\0\2ab\0\0\0\1c\0\0\0\1d"
