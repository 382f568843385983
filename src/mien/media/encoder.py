"""The video stream of a file that is being written: pictures in, packets with exact times out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.container import OutputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from mien.errors import OutputError, UsageError
from mien.media.stored import Color, FieldOrder
from mien.timecode import Time

VIDEO_FORMATS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
"""The container for each suffix of a file's name."""

CODECS = {"h264": "libx264", "hevc": "libx265"}
"""What pictures can be compressed with, and FFmpeg's encoder for it."""

PRESETS = (
    *("ultrafast", "superfast", "veryfast", "faster", "fast"),
    *("medium", "slow", "slower", "veryslow"),
)
"""Of x264 and x265: from fast to small."""

WORST_CRF = 51

EDIT_TICKS = 90_000
"""Least ticks a second in which MP4 and MOV state when a stream begins; FFmpeg's milliseconds would
put sound that begins later than the pictures up to one beside its place."""

MOST_EDIT_TICKS = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a video is compressed.

    Raises:
        UsageError: a value that the encoder does not know.
    """

    crf: int = 20
    """0 (no loss) to 51; six more is about half the size."""

    preset: str = "veryfast"
    """One of `PRESETS`."""

    threads: int = 2
    """The bytes depend on their number."""

    codec: str = "h264"
    """One of `CODECS`. HEVC is smaller and several times slower, and not every player has it."""

    def __post_init__(self) -> None:
        if not 0 <= self.crf <= WORST_CRF:
            raise UsageError(f"crf must be 0 (no loss) to {WORST_CRF}, got {self.crf}")
        if self.preset not in PRESETS:
            raise UsageError(f"'{self.preset}' is no preset; choose from {', '.join(PRESETS)}")
        if self.threads < 1:
            raise UsageError(f"an encoder needs at least one thread, got {self.threads}")
        if self.codec not in CODECS:
            raise UsageError(f"'{self.codec}' is no codec; choose from {', '.join(CODECS)}")

    def options(self, field_order: FieldOrder = "", mastering: str = "") -> dict[str, str]:
        """For FFmpeg's encoder. `field_order` counts for H.264 only."""
        settings = {"crf": str(self.crf), "preset": self.preset}
        if self.codec == "h264":
            own = [f"{field_order}=1"] if field_order else []
            own += [mastering] if mastering else []
            return settings | ({"x264-params": ":".join(own)} if own else {})
        own = ["log-level=none", f"pools={self.threads}"]
        if mastering:
            own.append(mastering.replace("mastering-display", "master-display"))
        # Captions within the pictures are kept by x264 unasked.
        params = ":".join(own).replace("cll=", "max-cll=")
        return settings | {"x265-params": params, "a53cc": "1"}


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


def create_container(path: str, form: str, time_base: Fraction) -> OutputContainer:
    """A file to be written, with its index at the beginning, and exact in the beginning of pictures
    whose times have this base."""
    options = {}
    if form != "matroska":
        ticks = time_base.denominator * -(-EDIT_TICKS // time_base.denominator)
        ticks = ticks if ticks <= MOST_EDIT_TICKS else EDIT_TICKS
        options = {"movflags": "+faststart+write_colr", "movie_timescale": str(ticks)}
    return av.open(path, "w", format=form, container_options=options)


class Encoder:
    """Compresses the pictures of one video.

    Args:
        container: to which the stream is added; its header must not have been written.
        size_wh: of the stored pictures.
        pix_fmt: their layout.
        time_base: seconds in a tick of their times.
        rate: nominal frames a second.
        pixel_aspect: width to height of a stored pixel.
        delay: ticks from the beginning of the file to time 0.
    """

    def __init__(
        self,
        container: OutputContainer,
        encoding: Encoding,
        *,
        size_wh: tuple[int, int],
        pix_fmt: str,
        color: Color,
        time_base: Fraction,
        rate: Fraction,
        pixel_aspect: Fraction = Fraction(1),
        delay: int = 0,
        field_order: FieldOrder = "",
        mastering: str = "",
    ) -> None:
        options = encoding.options(field_order, mastering)
        stream = container.add_stream(CODECS[encoding.codec], rate=rate, options=options)
        assert isinstance(stream, VideoStream)
        self.stream = stream
        context: VideoCodecContext = stream.codec_context
        context.thread_count = encoding.threads
        context.thread_type = "FRAME"  # by slices, PyAV's choice, the file gets larger
        context.time_base = self._time_base = time_base
        context.pix_fmt = pix_fmt
        context.width, context.height = size_wh
        context.colorspace, context.color_range = color.matrix, color.range
        context.color_primaries, context.color_trc = color.primaries, color.transfer
        context.sample_aspect_ratio = pixel_aspect
        if encoding.codec == "hevc" and container.format.name != "matroska":
            context.codec_tag = "hvc1"  # the kind that Apple's players take
        self._delay = delay
        self._durations: dict[int, int] = {}
        self._last: int | None = None

    def ticks(self, time: Time, duration: int) -> int:
        """When a picture is shown, in ticks.

        Raises:
            ValueError: it is no whole number, not after the picture before, or the duration is
                none.
        """
        ticks = time.exact / self._time_base
        if ticks.denominator != 1:
            raise ValueError(f"{time} is no whole number of ticks of {self._time_base} s")
        if ticks < 0 or (self._last is not None and ticks <= self._last):
            raise ValueError(f"a picture at tick {ticks} cannot follow one at {self._last}")
        if duration < 1:
            raise ValueError(f"a picture at tick {ticks} has a duration of {duration} ticks")
        return int(ticks)

    def encode(self, picture: av.VideoFrame, ticks: int, duration: int) -> Iterator[Packet[Any]]:
        """Give a picture, and take what is ready, in the order of decoding."""
        self._last = ticks
        picture.pts, picture.time_base = ticks + self._delay, self._time_base
        self._durations[picture.pts] = duration
        picture.pict_type = 0  # what it was in its old stream is no order to the encoder
        return self._timed(self.stream.encode(picture))

    def rest(self) -> Iterator[Packet[Any]]:
        """What is still in the encoder.

        Raises:
            ValueError: no picture was given.
        """
        if self._last is None:
            raise ValueError("a video needs at least one picture")
        return self._timed(self.stream.encode(None))

    def _timed(self, packets: list[Packet[Any]]) -> Iterator[Packet[Any]]:
        for packet in packets:
            assert packet.pts is not None
            packet.duration = self._durations.pop(packet.pts)
            yield packet


@contextmanager
def told(path: Path) -> Iterator[None]:
    """FFmpeg's errors of writing in our words; those with a sentence of their own pass."""
    try:
        yield
    except av.InvalidDataError as error:
        raise OutputError(
            f"cannot write {path}: the sound or the subtitles that go into it are damaged; repair "
            "the source, or leave them out of it"
        ) from error
    except av.FFmpegError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error
