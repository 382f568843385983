"""Videos and pictures out: the only place that encodes.

with create_video("out.mp4", width=640, height=360, time_base=base, rate=rate) as writer:
    writer.write(rgb, frame.time, frame.duration)
write_image("out.png", rgb)

A file is there when it is whole, and not before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray
from PIL import Image

from mien.atomic import replacing
from mien.errors import OutputError, UsageError
from mien.media.frame import HD_LINES
from mien.media.sound import Sound
from mien.media.soundtrack import Soundtrack
from mien.picture import check_rgb
from mien.timecode import Time

Rgb = NDArray[Any]

VIDEO_FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
"""The container for each suffix of a file's name."""

IMAGE_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}

PRESETS = (
    *("ultrafast", "superfast", "veryfast", "faster", "fast"),
    *("medium", "slow", "slower", "veryslow"),
)
"""Of x264: from fast to small."""

WORST_CRF = 51
JPEG_QUALITY = 92

EDIT_TICKS = 90_000
"""Ticks a second in which MP4 and MOV state when a stream begins; FFmpeg's milliseconds would put
sound that begins later than the pictures up to one beside its place."""

_MATRIX = {True: (1, Colorspace.ITU709), False: (6, Colorspace.ITU601)}  # H.273, table 4; swscale


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a video is compressed with H.264.

    Raises:
        UsageError: a value that x264 does not know.
    """

    crf: int = 20
    """0 (no loss) to 51; six more is about half the size."""

    preset: str = "veryfast"
    """One of `PRESETS`."""

    threads: int = 2
    """The bytes depend on their number."""

    def __post_init__(self) -> None:
        if not 0 <= self.crf <= WORST_CRF:
            raise UsageError(f"crf must be 0 (no loss) to {WORST_CRF}, got {self.crf}")
        if self.preset not in PRESETS:
            raise UsageError(f"'{self.preset}' is no preset; choose from {', '.join(PRESETS)}")
        if self.threads < 1:
            raise UsageError(f"an encoder needs at least one thread, got {self.threads}")


@contextmanager
def create_video(
    path: str | PathLike[str],
    *,
    width: int,
    height: int,
    time_base: Fraction,
    rate: Fraction,
    pixel_aspect: Fraction = Fraction(1),
    sound: Sound | None = None,
    encoding: Encoding = Encoding(),
) -> Iterator[VideoWriter]:
    """Give a writer; the file takes its place at `path` when the block ends without an error.

    Args:
        path: ending in .mp4, .m4v, .mov or .mkv.
        width: of the pictures, as displayed. 4:2:0 has no odd sizes: the last column or row is
            repeated once where a side is odd.
        height: likewise.
        time_base: seconds in a tick of the times that will be given. MP4 and MOV keep it, Matroska
            counts milliseconds.
        rate: nominal frames a second, for the encoder.
        pixel_aspect: width to height of a pixel.
        sound: to go with it, as it is where the container takes it.
        encoding: how to compress.

    Raises:
        UsageError: another suffix, or a picture without pixels.
        OutputError: it cannot be written. What was at `path` is there as it was.
    """
    target = Path(path)
    form = video_format_for(target)
    if width < 1 or height < 1:
        raise UsageError(f"a video cannot have pictures of {width} x {height} pixels")
    with _told(target), replacing(target, "wb") as file:
        writer = VideoWriter(file.name, form, (width, height), time_base, rate, encoding)
        try:
            writer.prepare(pixel_aspect, sound)
            yield writer
            writer.finish()
        finally:
            writer.close()


def video_format_for(path: Path) -> str:
    """What FFmpeg calls the container for this name.

    Raises:
        UsageError: no suffix of `VIDEO_FORMATS`.
    """
    try:
        return VIDEO_FORMATS[path.suffix.lower()]
    except KeyError:
        known = ", ".join(VIDEO_FORMATS)
        raise UsageError(f"{path} does not end in {known}; mien writes no other videos") from None


class VideoWriter:
    """Encodes pictures with exact times; made by `create_video`."""

    def __init__(
        self,
        path: str,
        form: str,
        size_wh: tuple[int, int],
        time_base: Fraction,
        rate: Fraction,
        encoding: Encoding,
    ) -> None:
        self._size_wh, self._time_base = size_wh, time_base
        options = {} if form == "matroska" else {"movflags": "+faststart+write_colr"}
        if options:
            options["movie_timescale"] = str(EDIT_TICKS)
        self._container = av.open(path, "w", format=form, container_options=options)
        settings = {"crf": str(encoding.crf), "preset": encoding.preset}
        self._stream = self._container.add_stream("libx264", rate=rate, options=settings)
        context: VideoCodecContext = self._stream.codec_context
        context.thread_count = encoding.threads
        context.thread_type = "FRAME"  # by slices, PyAV's choice, the file gets larger
        context.time_base = time_base
        context.pix_fmt = "yuv420p"
        context.width, context.height = (side + side % 2 for side in size_wh)
        context.colorspace, self._matrix = _MATRIX[size_wh[1] >= HD_LINES]
        context.color_range = ColorRange.MPEG
        self._soundtrack: Soundtrack | None = None
        self._reformatter = VideoReformatter()
        self._durations: dict[int, int] = {}
        self._last: int | None = None

    def prepare(self, pixel_aspect: Fraction, sound: Sound | None) -> None:
        """Add the sound and write the header."""
        self._stream.codec_context.sample_aspect_ratio = pixel_aspect
        self._soundtrack = Soundtrack(self._container, sound)
        self._container.start_encoding()

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence for each thing that is not as it was in the source."""
        return tuple(self._soundtrack.notes) if self._soundtrack else ()

    def write(self, rgb: Rgb, time: Time, duration: int) -> None:
        """Encode the next picture.

        Args:
            rgb: (height, width, 3) uint8.
            time: when it is shown: a whole number of ticks, later than the one before.
            duration: for how long, in ticks; it counts for the last picture.

        Raises:
            UsageError: it is no picture of the size that was announced.
            ValueError: the time or duration breaks the rules above.
            OutputError: it cannot be written.
        """
        check_rgb(rgb)
        if rgb.shape[1::-1] != self._size_wh:
            raise UsageError(
                f"a picture of {rgb.shape[1]} x {rgb.shape[0]} pixels does not fit into a video of "
                f"{self._size_wh[0]} x {self._size_wh[1]}"
            )
        ticks = self._ticks(time, duration)
        self._durations[ticks] = duration
        self._last = ticks
        picture = self._coded(rgb)
        picture.pts, picture.time_base = ticks, self._time_base
        self._mux(self._stream.encode(picture))

    def _ticks(self, time: Time, duration: int) -> int:
        ticks = time.exact / self._time_base
        if ticks.denominator != 1:
            raise ValueError(f"{time} is no whole number of ticks of {self._time_base} s")
        if ticks < 0 or (self._last is not None and ticks <= self._last):
            raise ValueError(f"a picture at tick {ticks} cannot follow one at {self._last}")
        if duration < 1:
            raise ValueError(f"a picture at tick {ticks} has a duration of {duration} ticks")
        return int(ticks)

    def _coded(self, rgb: Rgb) -> av.VideoFrame:
        down, right = rgb.shape[0] % 2, rgb.shape[1] % 2
        if down or right:
            rgb = np.pad(rgb, ((0, down), (0, right), (0, 0)), "edge")
        return self._reformatter.reformat(
            av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(rgb), format="rgb24"),
            format="yuv420p",
            src_color_range=ColorRange.JPEG,
            dst_colorspace=self._matrix,
            dst_color_range=ColorRange.MPEG,
            interpolation=Interpolation.AREA,
            threads=1,
        )

    def _mux(self, packets: list[Any]) -> None:
        assert self._soundtrack is not None
        for packet in packets:
            self._soundtrack.until(packet.pts * packet.time_base)
            packet.duration = self._durations.pop(packet.pts)
            self._container.mux(packet)

    def finish(self) -> None:
        """Write what is still in the encoder, the rest of the sound, and the index.

        Raises:
            ValueError: no picture was written.
            OutputError: it cannot be written.
        """
        if self._last is None:
            raise ValueError("a video needs at least one picture")
        assert self._soundtrack is not None
        self._mux(self._stream.encode(None))
        self._soundtrack.until(None)
        self._container.close()

    def close(self) -> None:
        """Free the encoder. After an error only; what was written is thrown away."""
        with suppress(av.FFmpegError):
            self._container.close()


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """FFmpeg's errors of writing in our words; those with a sentence of their own pass."""
    try:
        yield
    except av.FFmpegError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error


def write_image(path: str | PathLike[str], rgb: Rgb) -> None:
    """Write a picture (H, W, 3) uint8 as PNG or JPEG, as the suffix says. No metadata goes along.

    Raises:
        UsageError: another suffix, or no picture.
        OutputError: it cannot be written.
    """
    check_rgb(rgb)
    target = Path(path)
    if target.suffix.lower() not in IMAGE_FORMATS:
        known = ", ".join(IMAGE_FORMATS)
        raise UsageError(f"{target} does not end in {known}; mien writes no other pictures")
    form, data = IMAGE_FORMATS[target.suffix.lower()], BytesIO()
    Image.fromarray(rgb).save(data, form, quality=JPEG_QUALITY, subsampling=0)
    with replacing(target, "wb") as file:
        file.write(data.getbuffer())
