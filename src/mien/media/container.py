"""Opening a video with FFmpeg: nothing but the given file, in bounded time, errors in our words."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

from mien.errors import (
    CorruptMediaError,
    MediaError,
    MediaTooLargeError,
    NoVideoError,
    UnsupportedMediaError,
)
from mien.media.extent import has_mp4_index
from mien.media.limits import Limits
from mien.media.mp4_index import falsehood
from mien.media.signatures import (
    NAMES,
    READABLE,
    foreign_format,
    image_format,
    is_mp4,
    still_brand,
    video_format,
)
from mien.media.source import OpenSource
from mien.timecode import SLOWEST, Time, parse_rate

DEMUXERS = "mov,asf,matroska,avi,mpegts,mpeg,mpegvideo,flv,ogg,mp3,wav,flac,aac"
"""FFmpeg's readers that may be used. Those that open further files or addresses (playlists,
`concat`, SDP) are not among them. The last four are there to say that a file holds only sound."""

OPEN_TIMEOUT_S, READ_TIMEOUT_S = 30.0, 60.0
"""For opening, and for reading one packet: longer than any working disk needs."""

MOST_STREAMS = 200
"""FFmpeg opens a decoder for each. The whole of a television channel's multiplex has fewer."""

HEADROOM = 2
"""The decoder's own bound on pixels, in multiples of ours: it counts whole blocks."""

GUESSED_LENGTHS = ("mpegvideo",)
"""Without time stamps: FFmpeg divides the bytes by the nominal bit rate, which means nothing."""

STILL = Disposition.attached_pic | Disposition.still_image | Disposition.timed_thumbnails
SANE_RATES = (Fraction(1), Fraction(300))


class _Reader:
    """Only what FFmpeg needs of an open file, so that its name is not taken for an address."""

    def __init__(self, file: Any) -> None:
        self.read, self.seek, self.tell = file.read, file.seek, file.tell


def open_container(opened: OpenSource, limits: Limits) -> InputContainer:
    """Open a container of one of `DEMUXERS`.

    Raises:
        UnsupportedMediaError: it is something else.
        CorruptMediaError: it is damaged, or its index is missing.
    """
    head = opened.head()
    if (still := still_brand(head)) is not None:
        raise UnsupportedMediaError(f"{opened.name} is a picture in {still}; save it as JPEG first")
    if is_mp4(head) and not has_mp4_index(opened):
        raise CorruptMediaError(
            f"{opened.name} lacks its index (the moov box), whole or in part: its recording or "
            "copying was broken off; copy it again, or repair it with a tool made for that"
        )
    if is_mp4(head) and (lie := falsehood(opened)):
        raise CorruptMediaError(f"{opened.name} has an index that cannot be true: {lie}")
    opened.file.seek(0)
    target = _Reader(opened.file) if opened.path is None else f"file:{opened.path}"
    options = {
        "protocol_whitelist": "file",
        "format_whitelist": DEMUXERS,
        "max_pixels": str(HEADROOM * limits.video_pixels),
        "max_streams": str(MOST_STREAMS),
    }
    try:
        return av.open(
            target,
            mode="r",
            format=video_format(head),  # by content; FFmpeg would also go by the file's name
            options=options,
            metadata_errors="replace",
            timeout=(OPEN_TIMEOUT_S, READ_TIMEOUT_S),
        )
    except (av.FFmpegError, ValueError) as error:
        raise _why_not(opened, error) from error


def _why_not(opened: OpenSource, error: Exception) -> MediaError:
    head, name = opened.head(), opened.name
    if isinstance(error, av.ExitError):
        return CorruptMediaError(f"{name} could not be opened within {OPEN_TIMEOUT_S:.0f} s")
    if photo := image_format(head):
        return UnsupportedMediaError(f"{name} is a photo ({photo}), not a video")
    if (what := foreign_format(head)) is not None:
        return UnsupportedMediaError(f"{name} is {what}; mien reads {READABLE}")
    if video := video_format(head):
        return CorruptMediaError(
            f"{name} is a damaged {NAMES[video]} file; copy it again from where it came"
        )
    return UnsupportedMediaError(
        f"{name} is no photo or video that mien knows; it reads {READABLE}"
    )


def pick_stream(container: InputContainer, opened: OpenSource, limits: Limits) -> VideoStream:
    """The video stream to decode: the default one, else the one with the most pixels. Cover art
    and thumbnails are no video.

    Raises:
        NoVideoError: there is none.
        UnsupportedMediaError: its codec is not known.
        MediaTooLargeError: its frames have too many pixels.
    """
    name = opened.name
    moving = [s for s in container.streams.video if not s.disposition & STILL]
    if not moving:
        rest = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
        raise NoVideoError(f"{name} has no video stream, only {rest}; give a file with video")
    known = [stream for stream in moving if stream.codec_context is not None]
    if not known:
        raise UnsupportedMediaError(f"{name} is in a codec that this FFmpeg cannot decode")
    stream = max(known, key=_preference)
    _check_pixels(stream.codec_context.width, stream.codec_context.height, name, limits)
    return stream


def _preference(stream: VideoStream) -> tuple[bool, int]:
    context = stream.codec_context
    return bool(stream.disposition & Disposition.default), context.width * context.height


def _check_pixels(width: int, height: int, name: str, limits: Limits) -> None:
    if width * height > limits.video_pixels:
        raise MediaTooLargeError(
            f"{name} has frames of {width} x {height} pixels and the limit is "
            f"{limits.video_pixels}; scale it down or raise Limits.video_pixels"
        )


def prepare(stream: VideoStream, limits: Limits, threads: int) -> None:
    """Set the decoder up: with this many threads, and so that a packet's number comes out with its
    picture."""
    context = stream.codec_context
    context.thread_type = "FRAME" if threads > 1 else "NONE"
    context.thread_count = threads
    context.copy_opaque = True
    context.options = {"max_pixels": str(HEADROOM * limits.video_pixels)}


def format_name(container: InputContainer) -> str:
    """What FFmpeg calls the container's reader, the first of its names."""
    return container.format.name.partition(",")[0]


def tick_s(stream: Stream) -> Fraction:
    """Seconds in a tick of a stream."""
    return stream.time_base or Fraction(1, av.time_base)


def announced_length(container: InputContainer, stream: VideoStream) -> Time | None:
    """How long the container says that the video is."""
    if format_name(container) in GUESSED_LENGTHS:
        return None
    if stream.duration is not None and stream.duration > 0:
        return Time(stream.duration, tick_s(stream))
    if container.duration is not None and container.duration > 0:
        return Time(container.duration, Fraction(1, av.time_base))
    return None


def nominal_rate(stream: VideoStream) -> Fraction:
    """Frames a second, as FFmpeg guesses from what the container says and the first frames show."""
    stated = (stream.guessed_rate, stream.average_rate, stream.base_rate)
    rates = [rate for rate in stated if rate is not None and rate >= SLOWEST]
    sane = [rate for rate in rates if SANE_RATES[0] <= rate <= SANE_RATES[1]]
    return parse_rate((sane or rates or [Fraction(1)])[0])
