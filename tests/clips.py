"""Small clips with known truth, made on the spot with PyAV.

    frames = numbered(50, 320, 180)                   # frame i carries its number, see read_number
    write_clip(tmp_path / "a.mp4", frames)            # H.264, 25 frames a second
    write_clip(tmp_path / "b.wmv", frames, rate="30000/1001", codec="wmv2")
    write_clip(tmp_path / "c.mkv", frames, pts=[0, 40, 120, …], time_base="1/1000")

`write_clip` picks the container and a codec from the file's suffix. `turn` and `cut_edit_list`
change the header of an MP4 or MOV file that it has written, `mp4_boxes` finds its boxes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]

FORMATS = {
    ".wmv": "asf",
    ".ts": "mpegts",
    ".mkv": "matroska",
    ".mka": "matroska",
    ".m4a": "mp4",
    ".mpg": "mpeg",
    ".m1v": "mpeg1video",
}
CODECS = {
    ".mp4": "libx264",
    ".mov": "libx264",
    ".mkv": "libx264",
    ".ts": "libx264",
    ".wmv": "wmv2",
    ".avi": "mpeg4",
    ".webm": "libvpx",
    ".mpg": "mpeg2video",
    ".m1v": "mpeg1video",
    ".flv": "flv",
}
QUIET: dict[str, dict[str, str]] = {
    "libx264": {"preset": "ultrafast", "crf": "18"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
}
"""Options of an encoder that is fast and says nothing on standard error."""

BITS = 16  # of the number that a frame carries, in a grid of 4 × 4 cells


def numbered(n: int, width: int = 160, height: int = 96, *, start: int = 0) -> Iterator[Rgb]:
    """n frames (height, width, 3); frame i shows the 16 bits of start + i as black and white."""
    return (number_picture(start + i, width, height) for i in range(n))


def number_picture(number: int, width: int, height: int) -> Rgb:
    """(height, width, 3): 4 × 4 cells, the lowest bit of `number` at the top left; white is 1."""
    cell_y = np.arange(height) * 4 // height
    cell_x = np.arange(width) * 4 // width
    bits = (number >> (cell_y[:, None] * 4 + cell_x)) & 1
    levels = (24 + 207 * bits).astype(np.uint8)
    return np.repeat(levels[:, :, None], 3, axis=2)


def read_number(rgb: NDArray[Any]) -> int:
    """The number that a picture of `number_picture` carries, after any coding or scaling.

    Raises:
        ValueError: a cell is neither black nor white, so that the picture is damaged.
    """
    height, width = rgb.shape[:2]
    number = 0
    for bit in range(BITS):
        y, x = divmod(bit, 4)
        ys = slice(int((y + 0.3) * height / 4), max(int((y + 0.7) * height / 4), 1))
        xs = slice(int((x + 0.3) * width / 4), max(int((x + 0.7) * width / 4), 1))
        level = float(rgb[ys, xs].mean())
        if 80 < level < 176:
            raise ValueError(f"bit {bit} is unreadable: mean level {level:.0f}")
        number |= int(level >= 128) << bit
    return number


def write_clip(
    path: Path,
    frames: Iterable[Rgb],
    *,
    rate: Fraction | str | int = 25,
    codec: str | None = None,
    pts: Sequence[int] | None = None,
    time_base: Fraction | str | None = None,
    pix_fmt: str = "yuv420p",
    options: Mapping[str, str] | None = None,
    container_options: Mapping[str, str] | None = None,
    format: str | None = None,
    sound_s: float = 0.0,
    color: Mapping[str, int] | None = None,
    coded_as: int | None = None,
) -> Path:
    """Encode frames into a clip and return its path.

    Args:
        path: where; the suffix picks the container, and the codec unless one is named.
        frames: (height, width, 3) uint8 RGB, all of one size.
        rate: nominal frames a second.
        codec: an encoder of FFmpeg.
        pts: a time for every frame in ticks of `time_base`; by default 0, 1, 2 … / rate.
        time_base: of `pts` and of the encoder; by default 1/rate.
        pix_fmt: how the encoder stores it, "yuv420p10le" for 10 bit.
        options: for the encoder, over quiet and fast ones; {"bf": "2"} gives B-frames.
        container_options: for the muxer.
        format: the muxer's name where the suffix does not tell.
        sound_s: seconds of silence to put first, as AAC or what the container takes.
        color: attributes of the encoder: colorspace, color_range, color_trc, color_primaries.
        coded_as: the colour matrix in truth, where it differs from the one in `color`.
    """
    rate = Fraction(rate)
    base = 1 / rate if time_base is None else Fraction(time_base)
    codec = codec or CODECS[path.suffix]
    name = format or FORMATS.get(path.suffix)
    settings = {"g": "12"} | QUIET.get(codec, {}) | dict(options or {})
    muxing = dict(container_options or {})
    with av.open(str(path), "w", format=name, container_options=muxing) as container:
        sound = container.add_stream(_sound_codec(path)) if sound_s else None
        stream = container.add_stream(codec, rate=rate, options=settings)
        assert isinstance(stream, VideoStream)
        stream.pix_fmt = pix_fmt
        stream.codec_context.time_base = base
        for key, value in (color or {}).items():
            setattr(stream.codec_context, key, value)
        ticks = iter(pts) if pts is not None else count()
        for index, (rgb, tick) in enumerate(zip(frames, ticks, strict=False)):
            if index == 0:
                stream.height, stream.width = rgb.shape[:2]
                if isinstance(sound, AudioStream):
                    add_silence(container, sound, sound_s)
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
            picture = _coded(picture, pix_fmt, color or {}, coded_as)
            picture.pts, picture.time_base = tick, base
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def _coded(
    picture: av.VideoFrame, pix_fmt: str, color: Mapping[str, int], matrix: int | None
) -> av.VideoFrame:
    """RGB to the encoder's layout, by this matrix or the one that the clip will announce."""
    if not pix_fmt.startswith("yuv"):
        return picture
    return picture.reformat(
        format=pix_fmt,
        dst_colorspace=matrix or color.get("colorspace", 5),  # BT.601
        dst_color_range=color.get("color_range", 1),  # limited
        interpolation="BICUBIC",
    )


def _sound_codec(path: Path) -> str:
    return {".webm": "libopus", ".wmv": "wmav2", ".mpg": "mp2"}.get(path.suffix, "aac")


def add_silence(container: Any, sound: AudioStream, seconds: float) -> None:
    """Encode silence into a sound stream of a container that is being written."""
    rate = 48000
    sound.codec_context.sample_rate = rate
    sound.codec_context.layout = "mono"
    sound.codec_context.bit_rate = 64000
    sound.codec_context.open()
    step = sound.codec_context.frame_size or 1024
    layout = sound.codec_context.format.name
    for begin in range(0, int(seconds * rate), step):
        silence = av.AudioFrame(format=layout, layout="mono", samples=step)
        for plane in silence.planes:
            plane.update(bytes(plane.buffer_size))
        silence.sample_rate, silence.pts = rate, begin
        silence.time_base = Fraction(1, rate)
        container.mux(sound.encode(silence))
    container.mux(sound.encode(None))


def write_sound(path: Path, seconds: float = 1.0, *, codec: str | None = None) -> Path:
    """A file with silence and nothing else."""
    with av.open(str(path), "w", format=FORMATS.get(path.suffix)) as container:
        sound = container.add_stream(codec or _sound_codec(path))
        assert isinstance(sound, AudioStream)
        add_silence(container, sound, seconds)
    return path


# ---------------------------------------------------------------- headers of MP4 and MOV

QUARTER_TURNS = {  # degrees clockwise → the a, b, c, d of the display matrix (ISO 14496-12, 6.2.2)
    0: (1, 0, 0, 1),
    90: (0, 1, -1, 0),
    180: (-1, 0, 0, -1),
    270: (0, -1, 1, 0),
}
MIRROR = (-1, 0, 0, 1)


def turn(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """Write a, b, c, d of the display matrix into every track header of an MP4 or MOV file."""
    data = bytearray(path.read_bytes())
    a, b, c, d = (value << 16 for value in matrix)
    for at in mp4_boxes(bytes(data), b"tkhd"):
        start = at + (60 if data[at + 8] == 1 else 48)
        struct.pack_into(">9i", data, start, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


def cut_edit_list(path: Path, skip: int) -> Path:
    """Make the edit list of an MP4 or MOV begin `skip` media ticks later than it did."""
    data = bytearray(path.read_bytes())
    (at,) = mp4_boxes(bytes(data), b"elst")
    assert data[at + 8] == 0, "a version 0 edit list was expected"
    (media_time,) = struct.unpack_from(">i", data, at + 20)
    struct.pack_into(">i", data, at + 20, media_time + skip)
    path.write_bytes(data)
    return path


def mp4_boxes(data: bytes, kind: bytes) -> list[int]:
    """Offsets of the boxes of this kind, by searching for its name: good enough for our clips."""
    found, at = [], data.find(kind)
    while at >= 0:
        found.append(at - 4)
        at = data.find(kind, at + 4)
    return found
