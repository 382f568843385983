"""Broken videos: what came before the damage is given, whole; then one error says where."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from mien.errors import CorruptMediaError, DecodeError, MediaError
from mien.media import Frame, open_video
from tests.clips import mp4_boxes, numbered, read_number, write_clip
from tests.media.test_video import KINDS

N = 40
FASTSTART = {"container_options": {"movflags": "faststart"}}
CAREFUL = [  # whose decoders notice that a picture is broken
    *(kind for kind in KINDS if "H.264" in kind),
    *("MP4 MPEG-4", "AVI MPEG-4", "AVI MPEG-4 with B-frames", "WMV 1", "WMV 2"),
    *("MPEG-1", "MPEG-2 with B-frames", "TS MPEG-2", "FLV"),
]


def grainy(n: int) -> Iterator[NDArray[np.uint8]]:
    """Numbered frames with noise, so that each takes some kilobytes."""
    random = np.random.default_rng(1)
    for rgb in numbered(n, 320, 192):
        grain = random.integers(-20, 21, (192, 320, 1), np.int16)
        yield (rgb + grain).clip(0, 255).astype(np.uint8)


def clip(folder: Path, kind: str, **changes: Any) -> Path:
    suffix, _, how = KINDS[kind]
    return write_clip(folder / f"clip{suffix}", grainy(N), **(how | changes))


def packets_of(path: Path) -> list[tuple[int, int]]:
    """Where each video packet begins in the file, and its length."""
    with av.open(str(path)) as container:
        packets = list(container.demux(video=0))
    return [(packet.pos or 0, packet.size) for packet in packets if packet.size]


def read_until_damage(data: bytes, **options: Any) -> tuple[list[int], float | None, str]:
    """The numbers of the frames before the damage, the error's time and its sentence."""
    frames: list[Frame] = []

    def read() -> None:
        with open_video(data, **options) as video:
            frames.extend(video.frames())

    with pytest.raises(DecodeError) as caught:
        read()
    assert caught.value.time_s == frames[-1].time.seconds
    return [read_number(frame.rgb) for frame in frames], caught.value.time_s, str(caught.value)


def with_noise(path: Path, index: int) -> bytes:
    """The file with 500 bytes overwritten inside or, in multiplexed formats, near a packet."""
    places = [place for place in packets_of(path)[index:] if place[0] > 0]
    at, size = places[0] if index else packets_of(path)[0]
    start = at + min(size // 2, 700)
    data = bytearray(path.read_bytes())
    data[start : start + 500] = (
        np.random.default_rng(index).integers(0, 256, 500, np.uint8).tobytes()
    )
    return bytes(data)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("kind", CAREFUL)
def test_damage_in_the_middle(tmp_path: Path, kind: str, threads: int) -> None:
    data = with_noise(clip(tmp_path, kind), 19)
    numbers, _, sentence = read_until_damage(data, threads=threads)
    assert numbers == list(range(len(numbers)))
    assert 14 <= len(numbers) <= 23  # B-frames are shown before or after their place in the file
    assert sentence.startswith("the data can be read up to 0:00:00.")


@pytest.mark.parametrize("index", [13, 21, 30])
@pytest.mark.parametrize(
    "kind",
    [
        *("MP4 H.264", "MP4 H.264 with B-frames", "MP4 H.264 in fragments", "MOV HEVC"),
        *("MKV H.264 with B-frames", "WebM VP8", "AVI MPEG-4", "TS H.264 with B-frames", "FLV"),
        *("WMV 1", "WMV 2"),
    ],
)
def test_cut_off_in_the_middle(tmp_path: Path, kind: str, index: int) -> None:
    changes = FASTSTART if kind.startswith("M") and "fragments" not in kind else {}
    path = clip(tmp_path, kind, **({} if kind.startswith("MKV") else changes))
    places = packets_of(path)
    at, size = places[index]
    before = sum(place < at for place, _ in places)  # some share a block of the container with it
    numbers, _, _ = read_until_damage(path.read_bytes()[: at + size // 2])
    assert numbers == list(range(len(numbers)))
    assert before - 5 <= len(numbers) <= index + 1


@pytest.mark.parametrize("keep", [10, 25])
def test_cut_off_exactly_between_two_frames(tmp_path: Path, keep: int) -> None:
    """FFmpeg alone would end here without a word."""
    path = clip(tmp_path, "MP4 H.264", **FASTSTART)
    end, _ = packets_of(path)[keep]
    numbers, time_s, sentence = read_until_damage(path.read_bytes()[:end])
    assert numbers == list(range(keep))
    assert time_s == pytest.approx((keep - 1) / 25)
    assert sentence.endswith("the file is cut off")


def test_without_its_index(tmp_path: Path) -> None:
    path = clip(tmp_path, "MP4 H.264 with B-frames")
    data = path.read_bytes()
    for end in (data.index(b"moov") - 4, data.index(b"moov") + 200, len(data) - 1):
        path.write_bytes(data[:end])
        with pytest.raises(CorruptMediaError, match=r"clip\.mp4 lacks its index \(the moov box\)"):
            open_video(path)


def test_damage_in_the_first_picture(tmp_path: Path) -> None:
    data = with_noise(clip(tmp_path, "MP4 H.264"), 0)
    with pytest.raises(CorruptMediaError, match="nothing of the data can be decoded"):
        open_video(data)


@contextmanager
def no_thread_stays() -> Iterator[None]:
    """At the end there are no more native threads than before, without the garbage collector."""
    if not os.path.isdir("/proc/self/task"):
        pytest.skip("native threads are counted in /proc")
    gc.collect()
    before = len(os.listdir("/proc/self/task"))
    gc.disable()
    try:
        yield
        assert len(os.listdir("/proc/self/task")) == before
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("kind", "index"),
    [("MP4 H.264", 0), ("MP4 H.264", 19), ("TS MPEG-2", 19), ("AVI MPEG-4", 0), ("AVI MPEG-4", 19)],
)
def test_no_thread_waits_behind_an_error_that_is_kept(
    tmp_path: Path, kind: str, index: int
) -> None:
    """Its traceback must not hold the decoder; `index` 0 spoils the first picture."""
    data, kept = with_noise(clip(tmp_path, kind), index), []
    with no_thread_stays():
        try:
            with open_video(data, threads=4) as video:
                for _ in video.frames():
                    pass
        except MediaError as error:
            kept.append(error)
    assert kept


def test_no_thread_waits_behind_a_reader_that_raises(tmp_path: Path) -> None:
    """Nor the file: also where frames and the error itself are kept."""
    path = clip(tmp_path, "MP4 H.264")
    kept: list[object] = []
    with no_thread_stays():
        try:
            with open_video(path, threads=4) as video:
                for frame in video.frames():
                    kept.append(frame)
                    if frame.index == 5:
                        raise RuntimeError("the stage broke")
        except RuntimeError as error:
            kept.append(error)
        numbers = os.listdir("/proc/self/fd")
        assert str(path) not in [os.path.realpath(f"/proc/self/fd/{n}") for n in numbers]
    assert len(kept) == 7


def test_a_rate_slower_than_any_clip_is_not_believed(tmp_path: Path) -> None:
    """A frame lasts 2³¹ − 1 ticks of a second: decades."""
    options = {"use_editlist": "0"}
    path = write_clip(tmp_path / "clip.mp4", numbered(3), container_options=options)
    data = bytearray(path.read_bytes())
    (header,), (table,) = mp4_boxes(bytes(data), b"mdhd"), mp4_boxes(bytes(data), b"stts")
    data[header + 20 : header + 24] = (1).to_bytes(4, "big")
    data[table + 20 : table + 24] = (2**31 - 1).to_bytes(4, "big")
    with open_video(bytes(data)) as video:
        assert video.info.rate == 1
        assert [read_number(frame.rgb) for frame in video.frames()] == [0, 1, 2]


def flip(data: bytearray, random: np.random.Generator) -> bytes:
    for at in random.integers(0, len(data), 8):
        data[at] ^= 1 << random.integers(8)
    return bytes(data)


def cut(data: bytearray, random: np.random.Generator) -> bytes:
    return bytes(data[: random.integers(1, len(data))])


def hole(data: bytearray, random: np.random.Generator) -> bytes:
    start = random.integers(0, len(data))
    del data[start : start + random.integers(1, 2000)]
    return bytes(data)


def wild_numbers(data: bytearray, random: np.random.Generator) -> bytes:
    """In the header, where sizes and counts stand."""
    for at in random.integers(0, min(len(data) - 4, 1500), 3):
        data[at : at + 4] = random.choice([b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0"])
    return bytes(data)


WAYS: tuple[Callable[[bytearray, np.random.Generator], bytes], ...] = (
    flip,
    cut,
    hole,
    wild_numbers,
)
FUZZED = ["MP4 H.264 with B-frames", "MOV HEVC", "WMV 2", "MKV H.264 with B-frames"]
FUZZED += ["AVI MPEG-4", "WebM VP8", "WebM VP9 with sound", "TS H.264 with B-frames", "MPEG-1"]


def survive(data: bytes) -> None:
    """Read it to the end: frames in order of time, then nothing or one of our errors, soon."""
    began, last = time.monotonic(), -1
    with suppress(MediaError), open_video(data) as video:
        for frame in video.frames():
            assert frame.time.pts > last
            assert frame.duration >= 1
            last = frame.time.pts
            if frame.index % 10 == 0:
                frame.rgb_at(64, 36)
    assert time.monotonic() - began < 20


def fuzz(folder: Path, kind: str, rounds: int) -> None:
    suffix, _, how = KINDS[kind]
    path = write_clip(folder / f"clip{suffix}", numbered(N, 160, 96), **how)
    data = path.read_bytes()
    random = np.random.default_rng(len(kind))
    for turn in range(rounds):
        survive(WAYS[turn % len(WAYS)](bytearray(data), random))


@pytest.mark.parametrize("kind", FUZZED)
def test_random_damage_is_survived(tmp_path: Path, kind: str) -> None:
    fuzz(tmp_path, kind, 12)


@pytest.mark.long
@pytest.mark.parametrize("kind", FUZZED)
def test_much_random_damage_is_survived(tmp_path: Path, kind: str) -> None:
    fuzz(tmp_path, kind, 400)


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("index", [N - 1, N - 2, N - 3])
@pytest.mark.parametrize(
    "kind", ["MP4 H.264", "MP4 H.264 with B-frames", "MKV H.264 with B-frames"]
)
def test_damage_at_the_end(tmp_path: Path, kind: str, index: int, threads: int) -> None:
    """PyAV drops an error that comes up while it empties the decoder, and the pictures behind."""
    path = clip(tmp_path, kind)
    at, size = packets_of(path)[index]
    data = bytearray(path.read_bytes())
    data[at + 16 : at + size] = bytes([0, 0, 0, 4] * size)[: size - 16]
    numbers, _, _ = read_until_damage(bytes(data), threads=threads)
    assert numbers == list(range(len(numbers)))
    assert index - 4 <= len(numbers) < N
