"""One contract for every container and codec: each frame, in order, at its exact time."""

from __future__ import annotations

import io
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from mien.errors import DecodeError, MediaTooLargeError, UsageError
from mien.media import Frame, Limits, Orientation, open_video, probe
from mien.timecode import Time
from tests.clips import (
    MIRROR,
    QUARTER_TURNS,
    cut_edit_list,
    number_picture,
    numbered,
    read_number,
    turn,
    write_clip,
)

NTSC = Fraction(30000, 1001)
B_FRAMES = {"preset": "medium", "bf": "3", "b-pyramid": "normal"}
N = 30

KINDS: dict[str, tuple[str, str, dict[str, Any]]] = {  # name → suffix, codec's name, how to write
    "MP4 H.264": (".mp4", "h264", {}),
    "MP4 H.264 with B-frames": (".mp4", "h264", {"options": B_FRAMES}),
    "MP4 H.264 in fragments": (
        ".mp4",
        "h264",
        {"container_options": {"movflags": "frag_keyframe+empty_moov"}},
    ),
    "MP4 H.264, 10 bit": (".mp4", "h264", {"pix_fmt": "yuv420p10le"}),
    "MP4 HEVC": (".mp4", "hevc", {"codec": "libx265"}),
    "MP4 HEVC, 10 bit": (".mp4", "hevc", {"codec": "libx265", "pix_fmt": "yuv420p10le"}),
    "MP4 MPEG-4": (".mp4", "mpeg4", {"codec": "mpeg4"}),
    "MP4 with sound before": (".mp4", "h264", {"sound_s": 2.0}),
    "MOV H.264": (".mov", "h264", {}),
    "MOV HEVC": (".mov", "hevc", {"codec": "libx265"}),
    "MOV ProRes": (".mov", "prores", {"codec": "prores", "pix_fmt": "yuv422p10le"}),
    "MOV JPEG": (".mov", "mjpeg", {"codec": "mjpeg", "pix_fmt": "yuvj420p"}),
    "WMV 1": (".wmv", "wmv1", {"codec": "wmv1"}),
    "WMV 2": (".wmv", "wmv2", {}),
    "WMV 2 with sound": (".wmv", "wmv2", {"sound_s": 1.0}),
    "MKV H.264 with B-frames": (".mkv", "h264", {"options": B_FRAMES}),
    "MKV FFV1": (".mkv", "ffv1", {"codec": "ffv1"}),
    "AVI MPEG-4": (".avi", "mpeg4", {}),
    "AVI MPEG-4 with B-frames": (".avi", "mpeg4", {"options": {"bf": "2"}}),
    "AVI H.264 with B-frames": (".avi", "h264", {"codec": "libx264", "options": B_FRAMES}),
    "WebM VP8": (".webm", "vp8", {}),
    "WebM VP9 with sound": (".webm", "vp9", {"codec": "libvpx-vp9", "sound_s": 1.0}),
    "TS H.264 with B-frames": (".ts", "h264", {"options": B_FRAMES}),
    "TS MPEG-2": (".ts", "mpeg2video", {"codec": "mpeg2video"}),
    "MPEG-1": (".mpg", "mpeg1video", {"codec": "mpeg1video"}),
    "MPEG-2 with B-frames": (".mpg", "mpeg2video", {"options": {"bf": "2"}}),
    "MPEG-1 without container": (".m1v", "mpeg1video", {}),
    "FLV": (".flv", "flv1", {}),
}


def clip(folder: Path, kind: str, **changes: Any) -> Path:
    suffix, _, how = KINDS[kind]
    size = changes.pop("size", (160, 96))
    return write_clip(folder / f"clip{suffix}", numbered(N, *size), **(how | changes))


def read(source: Any, **options: Any) -> list[Frame]:
    with open_video(source, **options) as video:
        return list(video.frames())


@pytest.mark.parametrize("rate", [Fraction(25), NTSC])
@pytest.mark.parametrize("kind", KINDS)
def test_every_frame_at_its_exact_time(tmp_path: Path, kind: str, rate: Fraction) -> None:
    path = clip(tmp_path, kind, rate=rate)
    with open_video(path) as video:
        frames = list(video.frames())
    info = video.info
    assert [read_number(frame.rgb) for frame in frames] == list(range(N))
    assert [frame.index for frame in frames] == list(range(N))
    assert [frame.time.exact for frame in frames] == [i / rate for i in range(N)]
    assert {frame.duration * info.time_base for frame in frames} == {1 / rate}
    assert frames[0].is_key
    assert frames[0].rgb.shape == (96, 160, 3)
    assert (info.width, info.height, info.rotation) == (160, 96, 0)
    assert info.rate == rate
    assert info.codec == KINDS[kind][1]
    assert info.has_audio == ("sound" in kind)


@pytest.mark.parametrize(
    "kind", [k for k in KINDS if not k.startswith(("MPEG", "MP4 with", "WMV 2 with", "WebM VP9"))]
)
def test_duration_as_announced(tmp_path: Path, kind: str) -> None:
    info = probe(clip(tmp_path, kind))
    assert info.kind == "video"
    assert info.duration is not None
    assert abs(info.duration.exact - Fraction(N, 25)) < Fraction(1, 500)


def test_no_duration_where_none_is_known(tmp_path: Path) -> None:
    """A pipe cannot be written back to, so the muxer could not fill the duration in."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = b""

        def write(self, data: Any) -> int:
            self.data += bytes(data)
            return len(data)

        def writable(self) -> bool:
            return True

    pipe = Pipe()
    whole = clip(tmp_path, "WebM VP8")
    with av.open(str(whole)) as source, av.open(pipe, "w", format="webm") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                target.mux(packet)
    with open_video(pipe.data) as video:
        assert video.info.duration is None
        assert [read_number(frame.rgb) for frame in video.frames()] == list(range(N))


@pytest.mark.parametrize(
    "kind", ["MP4 H.264", "MP4 H.264 with B-frames", "MKV H.264 with B-frames", "WMV 2", "WebM VP8"]
)
def test_variable_frame_rate(tmp_path: Path, kind: str) -> None:
    pts = [0, 1, 2, 5, 6, 9, 10, 20, 21, 22, *range(25, 45)]
    path = clip(tmp_path, kind, pts=pts, time_base="1/25")
    frames = read(path)
    assert [read_number(frame.rgb) for frame in frames] == list(range(N))
    assert [frame.time.exact for frame in frames] == [Fraction(tick, 25) for tick in pts]
    gaps = [b - a for a, b in pairwise(pts)]
    lengths = [frame.duration * frame.time.time_base for frame in frames]
    assert lengths[:-1] == [Fraction(gap, 25) for gap in gaps]


@pytest.mark.parametrize("kind", ["MP4 H.264", "MKV H.264 with B-frames", "TS H.264 with B-frames"])
def test_a_first_time_that_is_not_zero(tmp_path: Path, kind: str) -> None:
    path = clip(tmp_path, kind, pts=range(50, 50 + N), time_base="1/25")
    with open_video(path) as video:
        frames = list(video.frames())
    assert [frame.time.exact for frame in frames] == [Fraction(i, 25) for i in range(N)]
    muxing_delay = 2 if kind.startswith("TS") else 0
    assert Time(2, Fraction(1)) <= video.info.start <= Time(2 + muxing_delay, Fraction(1))


@pytest.mark.parametrize("kind", ["MP4 H.264", "MP4 H.264 with B-frames", "MOV HEVC"])
def test_edit_list_leaves_frames_out(tmp_path: Path, kind: str) -> None:
    path = cut_edit_list(clip(tmp_path, kind), 7 * 512)
    frames = read(path)
    assert [read_number(frame.rgb) for frame in frames] == list(range(7, N))
    assert [frame.time.exact for frame in frames] == [Fraction(i, 25) for i in range(N - 7)]


def test_2997_hundredths_is_2997(tmp_path: Path) -> None:
    assert probe(clip(tmp_path, "MP4 H.264", rate="2997/100")).rate == NTSC  # type: ignore[union-attr]


@pytest.mark.parametrize("size", [(161, 97), (33, 17), (1, 1), (2, 50)])
@pytest.mark.parametrize(
    "how",
    [
        {"suffix": ".mp4", "pix_fmt": "yuv444p"},
        {"suffix": ".webm", "codec": "libvpx-vp9"},
        {"suffix": ".mov", "codec": "png", "pix_fmt": "rgb24"},
    ],
)
def test_odd_sizes(tmp_path: Path, size: tuple[int, int], how: dict[str, Any]) -> None:
    how = dict(how)
    path = tmp_path / f"odd{how.pop('suffix')}"
    pictures = [np.full((size[1], size[0], 3), level, np.uint8) for level in (30, 120, 220)]
    for frame, level in zip(read(write_clip(path, pictures, **how)), (30, 120, 220), strict=True):
        assert frame.rgb.shape == (size[1], size[0], 3)
        assert np.abs(frame.rgb.astype(int) - level).max() <= 8
        assert frame.rgb_at(7, 5).shape == (5, 7, 3)


@pytest.mark.parametrize("size", [(160, 96), (162, 98)])
@pytest.mark.parametrize("degrees", QUARTER_TURNS)
@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
def test_rotation(tmp_path: Path, suffix: str, degrees: int, size: tuple[int, int]) -> None:
    """What is stored lies on its side; what is read stands."""
    upright = number_picture(0b1010_0000_1111_0001, *size)
    stored = np.rot90(upright, degrees // 90)  # counter-clockwise, so that the turn undoes it
    path = turn(write_clip(tmp_path / f"t{suffix}", [stored] * 3), QUARTER_TURNS[degrees])
    with open_video(path) as video:
        (frame, *_) = video.frames()
    assert video.info.rotation == degrees
    assert not video.info.orientation.mirrored
    assert (video.info.width, video.info.height) == size
    assert frame.rgb.shape == upright.shape
    assert read_number(frame.rgb) == 0b1010_0000_1111_0001
    assert read_number(frame.rgb_at(64, 40)) == 0b1010_0000_1111_0001
    assert frame.rgb_at(64, 40).shape == (40, 64, 3)


def test_mirrored_video(tmp_path: Path) -> None:
    upright = number_picture(0b0001_0011_0111_0001, 160, 96)
    path = turn(write_clip(tmp_path / "m.mp4", [upright[:, ::-1]] * 3), MIRROR)
    with open_video(path) as video:
        (frame, *_) = video.frames()
    assert video.info.orientation == Orientation(flip_x=True)
    assert read_number(frame.rgb) == 0b0001_0011_0111_0001


def test_frames_and_times_do_not_depend_on_threads(tmp_path: Path) -> None:
    path = clip(tmp_path, "MP4 H.264 with B-frames")
    one, *others = (read(path, threads=threads) for threads in (1, 2, 3))
    for other in others:
        for a, b in zip(one, other, strict=True):
            assert (a.time, a.duration, a.is_key) == (b.time, b.duration, b.is_key)
            assert (a.rgb == b.rgb).all()


def test_rgb_is_made_once_and_read_only(tmp_path: Path) -> None:
    (frame, *_) = read(clip(tmp_path, "MP4 H.264"))
    assert frame.rgb is frame.rgb
    for array in (frame.rgb, frame.rgb_at(40, 24)):
        assert array.flags.c_contiguous
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0, 0] = 1
    with pytest.raises(UsageError, match="0 x 5"):
        frame.rgb_at(0, 5)
    assert repr(frame) == "<Frame 0 at 0:00:00.000>"


@pytest.mark.parametrize("size", [(40, 24), (320, 192), (64, 64), (1, 1)])
def test_scaling_is_an_average_of_the_full_picture(tmp_path: Path, size: tuple[int, int]) -> None:
    gradient = np.linspace(16, 240, 160)[None, :, None] * np.ones((96, 1, 3))
    (frame, *_) = read(write_clip(tmp_path / "g.mp4", [gradient.astype(np.uint8)] * 2))
    want = Image.fromarray(frame.rgb).resize(size, Image.Resampling.BOX)
    got = frame.rgb_at(*size).astype(int)
    assert got.shape == (size[1], size[0], 3)
    assert np.abs(got - np.asarray(want)).max() <= 6
    assert abs(float(np.mean(got - np.asarray(want)))) <= 2.5  # swscale rounds down when scaling


def test_sources(tmp_path: Path) -> None:
    path = clip(tmp_path, "MP4 H.264")
    path = path.rename(tmp_path / "really, a %d clip: é.jpg")  # a name says nothing
    with path.open("rb") as file:
        file.seek(99)
        for source in (path, str(path), path.read_bytes(), io.BytesIO(path.read_bytes()), file):
            assert [read_number(frame.rgb) for frame in read(source)] == list(range(N))
        assert not file.closed


def test_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip(tmp_path, "MP4 H.264")
    monkeypatch.chdir(tmp_path)
    assert len(read("clip.mp4")) == N


def test_cover_art_is_no_video(tmp_path: Path) -> None:
    """The picture comes first, is larger, and is not what is decoded."""
    path = tmp_path / "cover.mp4"
    with av.open(str(path), "w") as container:
        cover: Any = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 640, 480, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        video: Any = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 160, 96, "yuv420p"
        art = av.VideoFrame.from_ndarray(np.zeros((480, 640, 3), np.uint8), format="rgb24")
        container.mux(cover.encode(art))
        for rgb in numbered(5):
            container.mux(video.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(video.encode(None))
    assert [read_number(frame.rgb) for frame in read(path)] == list(range(5))


def test_of_two_videos_the_larger_is_read(tmp_path: Path) -> None:
    path = tmp_path / "two.ts"
    with av.open(str(path), "w", format="mpegts") as container:
        streams: list[Any] = []
        for width, height in ((80, 48), (160, 96)):
            stream: Any = container.add_stream("mpeg2video", rate=25)
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            streams.append(stream)
        for rgb in numbered(5):
            for stream in streams:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        for stream in streams:
            container.mux(stream.encode(None))
    with open_video(path) as video:
        assert (video.info.width, video.info.height) == (160, 96)
        assert [read_number(frame.rgb) for frame in video.frames()] == list(range(5))


def joined(folder: Path, first: tuple[int, int], second: tuple[int, int]) -> bytes:
    """Two transport streams, one behind the other: the picture changes its size."""
    a = write_clip(folder / "a.ts", numbered(6, *first))
    b = write_clip(
        folder / "b.ts",
        numbered(6, *second, start=6),
        pts=range(6, 12),
        time_base="1/25",
    )
    return a.read_bytes() + b.read_bytes()


def test_a_change_of_size_is_scaled_to_the_first(tmp_path: Path) -> None:
    frames = read(joined(tmp_path, (160, 96), (320, 192)))
    assert [read_number(frame.rgb) for frame in frames] == list(range(12))
    assert {frame.rgb.shape for frame in frames} == {(96, 160, 3)}


def test_a_change_of_shape_ends_the_video(tmp_path: Path) -> None:
    numbers = []
    with (
        open_video(joined(tmp_path, (160, 96), (96, 160))) as video,
        pytest.raises(DecodeError, match="changes from 160 x 96 to 96 x 160") as caught,
    ):
        numbers += [read_number(frame.rgb) for frame in video.frames()]
    assert caught.value.time_s == pytest.approx(0.2)


def test_times_that_start_again_go_on(tmp_path: Path) -> None:
    """Two recordings one behind the other, each with times of its own."""
    data = b"".join(
        write_clip(
            tmp_path / "part.ts",
            numbered(50, start=50 * part),
            codec="mpeg2video",
        ).read_bytes()
        for part in (0, 1)
    )
    frames = read(data)
    assert [read_number(frame.rgb) for frame in frames] == list(range(100))
    assert [frame.time.exact for frame in frames] == [Fraction(i, 25) for i in range(100)]


def test_a_recording_that_begins_between_key_frames(tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "w.ts", numbered(40), options={"g": "12"}).read_bytes()
    numbers = [read_number(frame.rgb) for frame in read(whole[188 * 20 :])]
    assert numbers == list(range(numbers[0], 40))
    assert numbers[0] in (12, 24)


def test_pixel_aspect_is_told_and_not_applied(tmp_path: Path) -> None:
    path = tmp_path / "sar.mp4"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(16, 11)
        for rgb in numbered(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        container.mux(stream.encode(None))
    with open_video(path) as video:
        assert video.info.pixel_aspect == Fraction(16, 11)
        assert next(video.frames()).rgb.shape == (96, 160, 3)
    with open_video(turn(path, QUARTER_TURNS[90])) as video:
        assert video.info.pixel_aspect == Fraction(11, 16)


def test_frames_are_read_once_and_only_while_open(tmp_path: Path) -> None:
    path = clip(tmp_path, "MP4 H.264")
    with open_video(path) as video:
        frames = video.frames()
        first = next(frames)
        with pytest.raises(UsageError, match="used up"):
            video.frames()
    with pytest.raises(UsageError, match="closed"):
        list(frames)
    assert read_number(first.rgb) == 0  # what was yielded stays usable
    with open_video(path) as video:
        pass
    with pytest.raises(UsageError, match="used up"):
        video.frames()


def test_leaving_early_leaves_nothing_behind(tmp_path: Path) -> None:
    path = clip(tmp_path, "MP4 H.264 with B-frames")

    def in_use() -> tuple[int, int]:
        return len(list(Path("/proc/self/task").iterdir())), len(
            list(Path("/proc/self/fd").iterdir())
        )

    if not Path("/proc/self/task").exists():
        pytest.skip("this system has no /proc to count threads and files with")
    read(path)
    before = in_use()
    for closing in ("generator", "video", "neither", "unstarted"):
        for _ in range(3):
            video = open_video(path, threads=3)
            if closing == "unstarted":
                video.close()
                continue
            frames = video.frames()
            next(frames)
            if closing == "generator":
                frames.close()  # type: ignore[attr-defined]
            elif closing == "video":
                video.close()
            del frames
            video.close()
    del video
    assert in_use() == before


def test_limits(tmp_path: Path) -> None:
    path = clip(tmp_path, "MP4 H.264")
    with pytest.raises(MediaTooLargeError, match="160 x 96"):
        open_video(path, limits=Limits(video_pixels=160 * 96 - 1))
    assert len(read(path, limits=Limits(video_pixels=160 * 96))) == N
    with pytest.raises(UsageError, match="thread"):
        open_video(path, threads=0)


@pytest.mark.parametrize("size", [(8192, 4320), (8704, 4352)])
def test_a_frame_of_8k_is_read_and_a_larger_one_refused(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    flat = np.full((size[1], size[0], 3), 90, np.uint8)
    path = write_clip(tmp_path / "8k.mp4", [flat])
    if size == (8192, 4320):
        (frame,) = read(path)
        assert np.abs(frame.rgb_at(64, 36).astype(int) - 90).max() <= 2
    else:
        with pytest.raises(MediaTooLargeError, match="8704 x 4352"):
            open_video(path)


def test_memory_does_not_grow_with_videos_and_frames(tmp_path: Path) -> None:
    if not Path("/proc/self/statm").exists():
        pytest.skip("this system has no /proc to measure memory with")
    path = write_clip(tmp_path / "a.mp4", [np.zeros((720, 1280, 3), np.uint8)] * 8)

    def megabytes_after(rounds: int) -> float:
        for _ in range(rounds):
            for frame in read(path):
                frame.rgb_at(64, 36)
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

    before = megabytes_after(10)
    assert megabytes_after(30) < before + 15  # one picture kept of each would be 40
