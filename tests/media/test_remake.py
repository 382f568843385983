"""A video written anew: its pictures changed where they were, and nothing else."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.stream import VideoStream

from bench.remake_quality import ssim
from mien.errors import DecodeError, OutputError, UsageError
from mien.media import Frame, open_video
from mien.media.copying import copy_video
from mien.media.planes import NativePicture
from mien.media.remake import REMADE, remake_video
from mien.media.source import Source
from mien.media.stored import Stored
from mien.media.writer import Encoding
from tests.clips import QUARTER_TURNS, cut_edit_list, numbered, read_number, turn, write_clip
from tests.media.test_color import COLORS, means
from tests.media.test_writer import CLIPS as PLAIN
from tests.media.test_writer import largest_file, noise

FAST = Encoding(crf=18, preset="ultrafast")


def remake(
    source: Source,
    target: Path,
    change: Callable[[NativePicture, Frame], None] = lambda native, frame: None,
    encoding: Encoding = FAST,
) -> tuple[str, ...]:
    """Write a video anew and give what is said about it."""
    with open_video(source) as video, remake_video(source, target, encoding=encoding) as copy:
        for frame in video.frames():
            native = frame.native()
            change(native, frame)
            copy.write(native, frame.time, frame.duration)
    return copy.notes


def timed(path: Path) -> list[tuple[Fraction, int]]:
    """When each frame is shown, in seconds, and its number."""
    with open_video(path) as video:
        return [(frame.time.exact, read_number(frame.rgb)) for frame in video.frames()]


def with_range_stated(stored: Stored) -> Stored:
    """MP4 states a limited range where nothing was stated, which means the same."""
    color = stored.color
    return replace(stored, color=replace(color, range=color.range or 1))


def note(payload: bytes, kind: int = 5, head: bytes = b"\6") -> bytes:
    """An SEI unit with one message."""
    size = b"\xff" * (len(payload) // 255) + bytes([len(payload) % 255])
    body = bytes([kind]) + size + payload + b"\x80"
    return head + body.replace(b"\0\0\0", b"\0\0\3\0").replace(b"\0\0\1", b"\0\0\3\1")


def with_notes(source: Path, target: Path, unit: bytes) -> Path:
    """A copy of a clip with a unit in front of each packet."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        stream = old.streams.video[0]
        out = new.add_stream_from_template(stream, opaque=True)
        for packet in old.demux(stream):
            if packet.size:
                marked: Any = av.Packet(len(unit).to_bytes(4, "big") + unit + bytes(packet))
                marked.pts, marked.dts, marked.time_base = packet.pts, packet.dts, packet.time_base
                marked.duration, marked.is_keyframe = packet.duration, packet.is_keyframe
                marked.stream = out
                new.mux(marked)
    return target


CLIPS: dict[str, Callable[[Path], Path]] = PLAIN | {
    "edit list": lambda p: cut_edit_list(
        write_clip(p / "a.mp4", numbered(40), options={"bf": "2"}), 512 * 7
    ),
    "10 bit": lambda p: write_clip(p / "a.mp4", numbered(40), pix_fmt="yuv420p10le"),
}


@pytest.mark.parametrize("name", CLIPS)
def test_every_picture_at_its_time_in_its_size(tmp_path: Path, name: str) -> None:
    source = CLIPS[name](tmp_path)
    before = timed(source)
    assert len(before) >= 33
    for suffix in (".mp4", ".mov"):
        target = tmp_path / f"out{suffix}"
        assert remake(source, target) == ()
        assert timed(target) == before
        with open_video(source) as old, open_video(target) as new:
            for what in ("width", "height", "rotation", "orientation", "pixel_aspect"):
                assert getattr(new.info, what) == getattr(old.info, what)
            assert with_range_stated(new.stored) == with_range_stated(old.stored)


def test_only_what_was_changed_is_different(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", numbered(20, 320, 192), options={"bf": "2"})

    def change(native: NativePicture, frame: Frame) -> None:
        if frame.index % 3 == 1:
            for plane in native.planes:
                height, width = plane.samples.shape
                plane.samples[height // 2 :, width // 2 :] = plane.black

    remake(source, tmp_path / "b.mp4", change, Encoding(crf=1, preset="ultrafast"))
    with open_video(source) as old, open_video(tmp_path / "b.mp4") as new:
        for before, after in zip(old.frames(), new.frames(), strict=True):
            apart = np.abs(before.rgb.astype(int) - after.rgb)
            if before.index % 3 == 1:
                assert after.rgb[98:, 162:].max() <= 4
                apart[96:, 160:] = 0
            assert apart.max() <= 12


# ---------------------------------------------------------------- how pictures are stored

HDR = (
    "mastering-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
    ":cll=1000,400"
)
PQ = {"colorspace": 9, "color_primaries": 9, "color_trc": 16, "color_range": 1}
STORED: dict[str, dict[str, Any]] = {
    "yuvj420p": {"pix_fmt": "yuvj420p", "color": {"color_range": 2}},
    "yuv422p": {"pix_fmt": "yuv422p"},
    "yuv444p": {"pix_fmt": "yuv444p"},
    "yuv422p10le": {"pix_fmt": "yuv422p10le"},
    "BT.709": {"color": {"colorspace": 1, "color_primaries": 1, "color_trc": 1, "color_range": 1}},
    "HDR10": {"pix_fmt": "yuv420p10le", "color": PQ, "options": {"x264-params": HDR}},
    "top field first": {"options": {"x264-params": "tff=1"}},
    "bottom field first": {"options": {"x264-params": "bff=1"}, "pix_fmt": "yuv422p10le"},
}


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
@pytest.mark.parametrize("name", STORED)
def test_tags_depth_and_fields_stay(tmp_path: Path, name: str, suffix: str) -> None:
    source = write_clip(tmp_path / "a.mp4", numbered(12), **STORED[name])
    target = tmp_path / f"b{suffix}"
    assert remake(source, target) == ()
    assert timed(target) == timed(source)
    with open_video(source) as old, open_video(target) as new:
        assert with_range_stated(new.stored) == with_range_stated(old.stored)
        assert bool(new.stored.mastering) == (name == "HDR10")
        assert bool(new.stored.field_order) == ("field" in name)


@pytest.mark.parametrize("name", ["25", "uneven, first not at 0, B-frames", "turned", "10 bit"])
def test_hevc(tmp_path: Path, name: str) -> None:
    source, target = CLIPS[name](tmp_path), tmp_path / "b.mp4"
    remake(source, target, encoding=Encoding(codec="hevc", preset="ultrafast", crf=20))
    assert timed(target) == timed(source)
    with open_video(source) as old, open_video(target) as new:
        assert new.info.codec == "hevc"
        assert with_range_stated(new.stored) == with_range_stated(old.stored)
    with av.open(str(target)) as container:
        assert container.streams.video[0].codec_context.codec_tag == "hvc1"


def test_hdr_in_hevc_and_fields_that_it_does_not_have(tmp_path: Path) -> None:
    hevc = Encoding(codec="hevc", preset="ultrafast")
    source = write_clip(tmp_path / "a.mp4", numbered(5), **STORED["HDR10"])
    assert remake(source, tmp_path / "b.mp4", encoding=hevc) == ()
    with open_video(source) as old, open_video(tmp_path / "b.mp4") as new:
        assert new.stored == old.stored
    source = write_clip(tmp_path / "a.mp4", numbered(5), **STORED["top field first"])
    (note,) = remake(source, tmp_path / "b.mp4", encoding=hevc)
    assert note == "its interlaced pictures are coded as whole ones, with the same lines"


@pytest.mark.parametrize(("width", "height"), [(161, 96), (160, 97), (161, 97), (35, 33)])
def test_odd_sizes_stay(tmp_path: Path, width: int, height: int) -> None:
    frames = [np.full((height, width, 3), level, np.uint8) for level in (40, 200)]
    source = write_clip(tmp_path / "a.mkv", frames, codec="ffv1", pix_fmt="yuv420p")
    (note,) = remake(source, tmp_path / "b.mp4")
    assert f"its odd size of {width} x {height} pixels needs YUV 4:4:4" in note
    with open_video(tmp_path / "b.mp4") as video:
        assert (video.info.width, video.info.height) == (width, height)
        assert [round(frame.rgb.mean() / 10) for frame in video.frames()] == [4, 20]


def test_rgb_becomes_yuv_and_keeps_its_colours(tmp_path: Path) -> None:
    chart = COLORS.repeat(24, axis=0).repeat(20, axis=1)
    source = write_clip(
        tmp_path / "a.mkv", [chart] * 3, codec="libx264rgb", pix_fmt="rgb24", options={"crf": "0"}
    )
    (note,) = remake(source, tmp_path / "b.mp4", encoding=Encoding(crf=4, preset="ultrafast"))
    assert note == "its RGB samples are encoded as YUV 4:4:4"
    with open_video(tmp_path / "b.mp4") as video:
        assert video.stored.color.matrix == 6
        assert np.abs(means(next(video.frames()).rgb) - COLORS).max() <= 4


def test_pixels_that_are_not_square_stay_so(tmp_path: Path) -> None:
    for matrix in (QUARTER_TURNS[0], QUARTER_TURNS[90]):
        with av.open(str(tmp_path / "a.mov"), "w") as container:
            stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
            assert isinstance(stream, VideoStream)
            stream.width, stream.height = 160, 96
            stream.codec_context.sample_aspect_ratio = Fraction(16, 11)
            for rgb in numbered(3):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, "rgb24")))
            container.mux(stream.encode(None))
        turn(tmp_path / "a.mov", matrix)
        remake(tmp_path / "a.mov", tmp_path / "b.mp4")
        with open_video(tmp_path / "a.mov") as old, open_video(tmp_path / "b.mp4") as new:
            assert new.info.pixel_aspect == old.info.pixel_aspect != 1


def test_captions_within_the_pictures_stay(tmp_path: Path) -> None:
    plain = write_clip(tmp_path / "plain.mp4", numbered(10))
    said = b"\xb5\0\x31GA94\x03" + bytes([0xC3, 0xFF]) + b"\xfc\x94\x2c" * 3 + b"\xff"
    source = with_notes(plain, tmp_path / "a.mp4", note(said, kind=4))
    for number, codec in enumerate(("h264", "hevc")):
        target = tmp_path / f"{number}.mp4"
        remake(source, target, encoding=Encoding(preset="ultrafast", codec=codec))
        with av.open(str(target)) as container:
            frames: list[Any] = list(container.decode(video=0))
        kinds = [{side.type.name for side in frame.side_data} for frame in frames]
        assert ["A53_CC" in kind for kind in kinds] == [True] * 10


# ---------------------------------------------------------------- where it cannot be done


def broken(source: Path, target: Path, failure: BaseException) -> None:
    """Write a video anew and give up at its tenth frame."""

    def change(native: NativePicture, frame: Frame) -> None:
        if frame.index == 10:
            raise failure

    remake(source, target, change)


@pytest.mark.parametrize("failure", [RuntimeError("no"), KeyboardInterrupt()])
def test_what_stood_there_stays_when_the_work_breaks_off(
    tmp_path: Path, failure: BaseException
) -> None:
    source = write_clip(tmp_path / "a.mp4", numbered(40), sound_s=1)
    target = tmp_path / "b.mp4"
    target.write_bytes(b"old")
    with pytest.raises(type(failure)):
        broken(source, target, failure)
    assert target.read_bytes() == b"old"
    assert sorted(os.listdir(tmp_path)) == ["a.mp4", "b.mp4"]


def test_a_damaged_video_gives_none(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mkv", numbered(60), sound_s=2)
    source.write_bytes(source.read_bytes()[:-6000])
    with pytest.raises(DecodeError, match="cut off"):
        remake(source, tmp_path / "b.mp4")
    assert os.listdir(tmp_path) == ["a.mkv"]


KILLED = """
import os, signal, sys
from mien.media import open_video
from mien.media.remake import REMADE, remake_video
with open_video(sys.argv[1]) as video, remake_video(sys.argv[1], sys.argv[2]) as copy:
    for frame in video.frames():
        copy.write(frame.native(), frame.time, frame.duration)
        if frame.index == 30:
            os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kill_leaves_nothing_under_the_final_name(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", numbered(40))
    command = [sys.executable, "-c", KILLED, str(source), str(tmp_path / "b.mp4")]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert not (tmp_path / "b.mp4").exists()
    assert all(name == "a.mp4" or name.endswith(".part") for name in os.listdir(tmp_path))


@pytest.mark.parametrize("way", [remake, copy_video])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_wherever_the_disk_ends_there_is_an_error_and_no_file(
    tmp_path: Path, suffix: str, way: Callable[[Path, Path], object]
) -> None:
    source = write_clip(tmp_path / "a.mp4", noise(12), sound_s=0.4)
    target = tmp_path / f"b{suffix}"
    way(source, target)
    size = target.stat().st_size
    target.unlink()
    for room in (0, 100, size // 2, size - 2000, size - 100, size - 1):
        with largest_file(room), pytest.raises(OutputError, match=r"cannot write .*b\.m"):
            way(source, target)
        assert os.listdir(tmp_path) == ["a.mp4"]
    with largest_file(size):
        way(source, target)
    assert target.stat().st_size == size


@pytest.mark.parametrize("way", [remake, copy_video])
def test_places_that_cannot_be_written_to(
    tmp_path: Path, way: Callable[[Path, Path], object]
) -> None:
    source = write_clip(tmp_path / "a.mp4", numbered(5))
    (tmp_path / "folder.mp4").mkdir()
    for path, sentence in [
        (tmp_path / "none" / "b.mp4", "there is no folder"),
        (tmp_path / "folder.mp4", "it is a folder"),
    ]:
        with pytest.raises(OutputError, match=sentence):
            way(source, path)
    assert sorted(os.listdir(tmp_path)) == ["a.mp4", "folder.mp4"]


def test_pictures_that_are_too_small_for_hevc(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", [np.zeros((8, 64, 3), np.uint8)] * 3)
    with pytest.raises(UsageError, match="below 16 pixels, and these have 64 x 8; use h264"):
        remake(source, tmp_path / "b.mp4", encoding=Encoding(codec="hevc"))
    assert os.listdir(tmp_path) == ["a.mp4"]


def test_pictures_of_another_video_are_refused(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", numbered(3))
    other = write_clip(tmp_path / "b.mp4", numbered(3, 64, 48))
    with open_video(other) as video:
        frame = next(video.frames())
        with (
            pytest.raises(UsageError, match="64 x 48 pixels in yuv420p is not of the video"),
            remake_video(source, tmp_path / "c.mp4") as copy,
        ):
            copy.write(frame.native(), frame.time, frame.duration)
    assert sorted(os.listdir(tmp_path)) == ["a.mp4", "b.mp4"]


def test_a_video_without_pictures_is_none(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", numbered(3))
    with (
        pytest.raises(ValueError, match="at least one picture"),
        remake_video(source, tmp_path / "b.mp4"),
    ):
        pass
    assert os.listdir(tmp_path) == ["a.mp4"]


def test_an_open_file_is_read_beside_the_video(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", numbered(40), sound_s=1.6, options={"bf": "2"})
    with path.open("rb") as file:
        remake(file, tmp_path / "b.mp4")
    remake(path.read_bytes(), tmp_path / "c.mp4")
    assert timed(tmp_path / "b.mp4") == timed(path)
    assert (tmp_path / "b.mp4").read_bytes() == (tmp_path / "c.mp4").read_bytes()


def test_the_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", numbered(2000, 64, 48), sound_s=80)
    resident = []

    def change(native: NativePicture, frame: Frame) -> None:
        for plane in native.planes:
            plane.samples[:8, :8] = plane.black
        if frame.index in (500, 1999):
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            resident.append(pages * resource.getpagesize())

    remake(source, tmp_path / "b.mp4", change)
    assert resident[1] - resident[0] < 4 * 2**20  # the planes of 1500 frames are 7 MB


@pytest.mark.parametrize("name", ["a.avi", "a.webm", "a"])
def test_other_containers_are_refused(tmp_path: Path, name: str) -> None:
    source = write_clip(tmp_path / "source.mp4", numbered(3))
    with pytest.raises(UsageError, match=r"does not end in \.mp4"):
        remake(source, tmp_path / name)
    assert os.listdir(tmp_path) == ["source.mp4"]


def test_a_video_is_not_its_own_copy(tmp_path: Path) -> None:
    source = write_clip(tmp_path / "a.mp4", numbered(3))
    (tmp_path / "link.mp4").symlink_to(source)
    data = source.read_bytes()
    for target in (source, tmp_path / "link.mp4"):
        with pytest.raises(UsageError, match="is the video itself"):
            remake(str(source), target)
    assert source.read_bytes() == data


# ---------------------------------------------------------------- real clips


def sound_of(path: Path) -> list[bytes]:
    """The packets of all sound streams."""
    with av.open(str(path)) as container:
        if not (streams := container.streams.audio):
            return []
        return [bytes(packet) for packet in container.demux(*streams) if packet.size]


@pytest.mark.parametrize("name", ["single_face.mp4", "no_face.mp4", "face_noface.mov"])
def test_real_clips(shared_media: Path, tmp_path: Path, name: str) -> None:
    source, trimmed = shared_media / name, name == "no_face.mp4"
    remade, copied = tmp_path / "remade.mp4", tmp_path / "copied.mp4"
    assert remake(source, remade, encoding=REMADE) == ()
    assert bool(copy_video(source, copied)) == trimmed  # its first picture rests on a hidden one
    for target, least in ((remade, 0.98), (copied, 0.98 if trimmed else 1.0)):
        with open_video(source) as old, open_video(target) as new:
            assert with_range_stated(new.stored) == with_range_stated(old.stored)
            for before, after in zip(old.frames(), new.frames(), strict=True):
                assert after.time == before.time
                if before.index % 20 == 0:
                    a, b = before.native().planes[0], after.native().planes[0]
                    assert ssim(a.samples, b.samples, a.top) >= least
        assert sound_of(target) == sound_of(source)
