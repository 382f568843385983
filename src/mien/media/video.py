"""Videos: a lazy stream of frames with exact time.

with open_video("clip.mp4") as video:
    for frame in video.frames():
        print(frame.time, frame.rgb.shape)
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from typing import Literal, Self

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from mien.errors import CorruptMediaError, DecodeError, UsageError
from mien.media.clock import Clock
from mien.media.container import (
    announced_length,
    format_name,
    nominal_rate,
    open_container,
    pick_stream,
    prepare,
    tick_s,
)
from mien.media.decoder import Damage, Decoder
from mien.media.extent import missing_bytes
from mien.media.frame import Frame, Painter
from mien.media.limits import Limits
from mien.media.orientation import Orientation
from mien.media.segments import WHOLE, Segment
from mien.media.source import OpenSource, Source, open_source
from mien.media.stored import Stored
from mien.timecode import Time, format_seconds

DECODER_THREADS = 2
"""Measured on two cores, see docs/concepts/media.md."""

ASPECT_TOLERANCE = 0.02
"""Pictures that change their size in the middle are scaled to the first one's, unless their shape
changes by more than this."""

ROUNDING_FORMATS = ("asf", "matroska", "flv")
"""Containers that count milliseconds; see `mien.media.clock`."""

FROM_ZERO = ("mov", "matroska")
"""Containers in which a clip is played from time 0 on."""

LONGEST_LEAD_S = 3600
"""Sound that begins earlier than this before the first picture is taken for a jump of the clock."""


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """Facts about a video."""

    width: int
    """Pixels, as displayed."""

    height: int
    orientation: Orientation
    """How the stored pictures are turned to be displayed."""

    rate: Fraction
    """Nominal frames a second, as the container states or FFmpeg guesses; 30000/1001 for 29.97.
    1 if nothing tells, in a clip of one frame."""

    time_base: Fraction
    """Seconds in a tick of `Frame.time` and `Frame.duration`."""

    start: Time
    """The first shown frame's time in the container's own count."""

    duration: Time | None
    """As the container announces it, or as FFmpeg estimates for transport and program streams."""

    codec: str
    container: str
    has_audio: bool
    pixel_aspect: Fraction
    """Width to height of a pixel. Frames are not stretched by it."""

    kind: Literal["video"] = "video"

    @property
    def rotation(self) -> int:
        """Degrees clockwise by which the stored pictures are turned: 0, 90, 180 or 270."""
        return self.orientation.rotation


class Video:
    """An open video: its facts, and the frames of a segment of it, once. A context manager; made
    by `open_video`."""

    info: VideoInfo
    stored: Stored
    """How its pictures are stored, for a copy of it."""

    lead: int
    """How long before its first picture it begins, in ticks: with sound, or in MP4 and MOV with
    nothing. A copy shows its first picture as late."""

    stream_number: int
    """Of the stream that is decoded, among all in the container."""

    def __init__(self, opened: OpenSource, limits: Limits, threads: int, segment: Segment) -> None:
        self._opened, self._limits, self._threads = opened, limits, threads
        self._segment = segment
        self._container: InputContainer | None = None
        self._stream: VideoStream | None = None
        self._decoder: Decoder | None = None
        self._pictures: Generator[av.VideoFrame] | None = None
        self._streaming = False
        try:
            self._missing = missing_bytes(opened)
            self._begin(segment if segment.start is None else WHOLE)
            self._first = self._ahead = self._first_picture()
            self._note_facts()
            if segment.start is not None:
                self._ticks = self._clock.at(segment.start)
                self._ahead = self._enter()
        except BaseException:
            self.close()
            raise

    def _begin(self, segment: Segment) -> None:
        """Open the container anew and decode a segment, from its `entry` where it has one."""
        self._stop_decoding()
        self._container = open_container(self._opened, self._limits)
        stream = pick_stream(self._container, self._opened, self._limits)
        prepare(stream, self._limits, self._threads)
        if segment.entry is not None:
            self._container.seek(segment.entry, stream=stream)
        self._stream = stream
        self._decoder = Decoder(self._container, stream, self._missing, segment)
        self._pictures = self._decoder.pictures()

    def _note_facts(self) -> None:
        container, stream = self._container, self._stream
        assert container is not None
        assert stream is not None
        self._clock = clock_for(container, stream)
        self._ticks = self._clock.at(self._first.pts)
        stop = self._segment.stop
        self._stop = None if stop is None else self._clock.of(stop)
        self.stored = Stored.of(self._first, stream)
        matrix = self.stored.display_matrix
        orientation = Orientation() if matrix is None else Orientation.from_matrix(matrix)
        self.info = _facts(container, stream, self._first, orientation, self._clock.time_base)
        self.lead = _lead(container, self.info)
        self.stream_number = stream.index

    def _enter(self) -> av.VideoFrame:
        """The first frame of a segment in the middle. It is gone to straight, or, where the decoder
        cannot begin there after all, through all that comes before."""
        segment, damage = self._segment, ""
        for entry in (segment.entry, None):
            try:
                self._begin(replace(segment, entry=entry))
            except av.FFmpegError:  # there is no such place in the index
                continue
            picture, damage = self._next_picture()
            if picture is not None and picture.pts == segment.start:
                return picture
        begin = Time(self._ticks, self.info.time_base)
        raise DecodeError(
            f"{self._opened.name} can be read up to {format_seconds(begin.exact)} only: "
            f"{damage or 'the next picture is missing'}",
            time_s=begin.seconds,
        )

    def frames(self) -> Iterator[Frame]:
        """The frames of the segment in the order of display, decoded as they are asked for. Once.

        Raises:
            DecodeError: the video is damaged in the middle or cut off, or its picture changes its
                shape; all intact frames before that have been yielded.
            UsageError: it was called before, or the video has been closed.
        """
        if self._streaming or self._container is None:
            raise UsageError(f"the frames of {self._opened.name} are used up; open it again")
        self._streaming = True
        return self._frames()

    def _frames(self) -> Iterator[Frame]:
        painter = Painter(self.info.orientation, self.stored.layout)
        picture: av.VideoFrame | None = self._ahead
        ticks, index = self._ticks, 0
        damage = ""
        try:
            while picture is not None:
                following, after, damage = self._following()
                end = ticks + self._clock.length(picture.duration) if after is None else after
                time = Time(ticks, self.info.time_base)
                yield Frame(index, time, end - ticks, picture, painter)
                picture, ticks, index = following, end, index + 1
        finally:
            self.close()
        if damage:
            raise DecodeError(
                f"{self._opened.name} can be read up to {format_seconds(time.exact)} only: "
                f"{damage}",
                time_s=time.seconds,
            )

    def _following(self) -> tuple[av.VideoFrame | None, int | None, str]:
        """The next picture, when it is shown or the segment ends, and why there is none."""
        picture, damage = self._next_picture()
        if damage:
            return None, None, damage
        if picture is None:
            return None, self._stop, ""
        ticks = self._clock.at(picture.pts)
        if self._stop is not None and ticks >= self._stop:
            return None, None, "its time stamps jump to and fro"
        return picture, ticks, ""

    def _next_picture(self) -> tuple[av.VideoFrame | None, str]:
        """The next picture, or why there is none; "" at the end. Not the exception that says so:
        as long as its traceback is kept, so is the decoder, and its threads wait."""
        if self._pictures is None:
            raise UsageError(f"{self._opened.name} has been closed; open it again")
        try:
            picture = next(self._pictures, None)
        except Damage as damage:
            return None, str(damage)
        if picture is not None and _shape_differs(picture, self._first):
            old, new = _size_text(self._first), _size_text(picture)
            return None, f"the picture changes from {old} to {new} pixels; split it there"
        return picture, ""

    def _first_picture(self) -> av.VideoFrame:
        assert self._pictures is not None
        reason = "there is no picture in its video stream"
        try:
            if picture := next(self._pictures, None):
                return picture
        except Damage as damage:
            reason = str(damage)
        raise CorruptMediaError(f"nothing of {self._opened.name} can be decoded: {reason}")

    def close(self) -> None:
        """Free the decoder and the file. Frames that were yielded stay usable."""
        self._stop_decoding()
        self._opened.close()

    def _stop_decoding(self) -> None:
        if self._decoder is not None and self._pictures is not None:
            self._pictures.close()
            self._decoder.close()
            self._decoder = self._pictures = self._stream = None
        if self._container is not None:
            self._container.close()
            self._container = None

    def __del__(self) -> None:
        if hasattr(self, "_container"):
            self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_video(
    source: Source,
    *,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    threads: int = DECODER_THREADS,
    segment: Segment = WHOLE,
) -> Video:
    """Open a video and decode its first frame.

    Args:
        source: a path, the bytes of a file, or an open binary file that can seek.
        limits: the largest frame to accept.
        threads: of the decoder. The frames and times do not depend on it.
        segment: the part whose frames to give, one of `plan_segments`; by default the whole video.
            Frames and times are those that the whole video has there.

    Raises:
        InputError: the source cannot be opened.
        UnsupportedMediaError: no video of a kind that mien reads.
        NoVideoError: only sound, or cover art.
        MediaTooLargeError: frames over the limit.
        CorruptMediaError: empty, cut off before its index, or nothing can be decoded.
        DecodeError: it is damaged before the segment, or where that begins.
        UsageError: `threads` below 1.
    """
    if threads < 1:
        raise UsageError(f"a decoder needs at least one thread, got {threads}")
    return Video(open_source(source), limits, threads, segment)


def _facts(
    container: InputContainer,
    stream: VideoStream,
    first: av.VideoFrame,
    orientation: Orientation,
    time_base: Fraction,
) -> VideoInfo:
    width, height = orientation.size_wh(first.width, first.height)
    aspect = Fraction(stream.sample_aspect_ratio or 1)
    length = announced_length(container, stream)
    return VideoInfo(
        width=width,
        height=height,
        orientation=orientation,
        rate=nominal_rate(stream),
        time_base=time_base,
        start=Time(first.pts or 0, tick_s(stream)),
        duration=None if length is None else length.rescaled(time_base),
        codec=stream.codec_context.codec.canonical_name,
        container=format_name(container),
        has_audio=bool(container.streams.audio),
        pixel_aspect=1 / aspect if orientation.transpose else aspect,
    )


def clock_for(container: InputContainer, stream: VideoStream) -> Clock:
    """The clock of a video's frames, at its beginning."""
    rounded = format_name(container) in ROUNDING_FORMATS
    return Clock(tick_s(stream), nominal_rate(stream), rounded=rounded)


def _lead(container: InputContainer, info: VideoInfo) -> int:
    begins = [
        stream.start_time * tick_s(stream)
        for stream in container.streams.audio
        if stream.start_time is not None
    ]
    if info.container in FROM_ZERO:
        begins = [max(begin, Fraction(0)) for begin in begins]  # what lies before is not played
    if info.container == "mov":
        begins = [Fraction(0)]
    lead = info.start.exact - min(begins, default=info.start.exact)
    return ceil(lead / info.time_base) if 0 < lead <= LONGEST_LEAD_S else 0


def _shape_differs(picture: av.VideoFrame, first: av.VideoFrame) -> bool:
    ratio = picture.width * first.height / (picture.height * first.width)
    return abs(ratio - 1) > ASPECT_TOLERANCE


def _size_text(picture: av.VideoFrame) -> str:
    return f"{picture.width} x {picture.height}"
