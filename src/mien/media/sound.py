"""The sound of a video, for the one that is made of it: packets on the clock of its pictures.

Its subtitles come along where that is asked for.

Nothing is decoded here. A second reader goes through the source, in step with the pictures that are
written, so that the memory does not grow with the length.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from fractions import Fraction
from typing import Any, Self, TypeAlias, cast

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.subtitles.stream import SubtitleStream

from mien.errors import DecodeError, UsageError
from mien.media.container import open_container, tick_s
from mien.media.limits import Limits
from mien.media.source import Source, open_source
from mien.timecode import Time, format_seconds

SoundPacket: TypeAlias = "Packet[AudioStream] | Packet[SubtitleStream]"

LEAD_S = Fraction(1, 5)
"""Sound from so long before the first picture is handed on: decoders of AAC and Opus need some to
get going, and players leave out what lies before 0."""

JUMP_S = 1
"""A time that jumps back by so much, in seconds, starts a new count, as it does for pictures."""


class Sound:
    """The sound streams of a source, from its first picture on. A context manager.

    Attributes:
        name: of the source, for messages.
        streams: those it gives packets of, in order.
    """

    def __init__(
        self,
        source: Source,
        start: Time,
        *,
        subtitles: bool = False,
        limits: Limits = Limits(),  # noqa: B008 - frozen
    ) -> None:
        """
        Args:
            source: of the video.
            start: the container's time that becomes 0; that of the first picture
                (`VideoInfo.start`), or one before it.
            subtitles: whether to give them as well.
            limits: as of `open_video`.

        An open file keeps its position: it can be read by a `Video` at the same time, in the same
        thread.

        Raises:
            InputError, MediaError: as of `open_video`.
        """
        self._opened = open_source(apart(source))
        self.name = self._opened.name
        self._container: InputContainer | None = None
        try:
            self._container = open_container(self._opened, limits)
        except BaseException:
            self.close()
            raise
        container = self._container
        self.streams: tuple[AudioStream | SubtitleStream, ...] = (
            *container.streams.audio,
            *(container.streams.subtitles if subtitles else ()),
        )
        self._clocks = {
            stream.index: (_Clock if stream.type == "audio" else _TextClock)(start, stream)
            for stream in self.streams
        }
        self._packets = self._timed()
        self._next: SoundPacket | None = None

    @property
    def container(self) -> InputContainer:
        """Where the streams are from, with all else that goes beside the pictures.

        Raises:
            UsageError: it has been closed.
        """
        if self._container is None:
            raise UsageError(f"{self.name} has been closed; open it again")
        return self._container

    def until(self, seconds: Fraction | None) -> Iterator[SoundPacket]:
        """The packets from before this time that were not given yet; None: all the rest.

        Their time stamps count from the first picture.

        Raises:
            DecodeError: the source cannot be read further.
        """
        while True:
            packet = self._next or next(self._packets, None)
            self._next = packet
            if packet is None or (seconds is not None and _time(packet) >= seconds):
                return
            self._next = None
            yield packet

    def _timed(self) -> Generator[SoundPacket]:
        last = Fraction(0)
        try:
            for packet in self._read():
                if self._clocks[packet.stream.index].set(packet):
                    last = _time(packet)
                    yield packet
        except av.FFmpegError as error:
            raise DecodeError(
                f"the sound of {self.name} can be read up to {format_seconds(last)} only: "
                f"{error.strerror}",
                time_s=float(last),
            ) from error

    def _read(self) -> Iterator[SoundPacket]:
        if not self.streams or self._container is None:
            return
        try:
            for packet in self._container.demux(*self.streams):
                if packet.size and packet.stream in self.streams:
                    yield cast(SoundPacket, packet)
        except IndexError:  # PyAV trips at the end over streams that came up only on the way
            return

    def close(self) -> None:
        """Free the reader."""
        if self._container is not None:
            self._packets.close()
            self._container.close()
            self._container = None
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Clock:
    """Moves the times of one stream to those of the pictures; they rise from packet to packet."""

    def __init__(self, start: Time, stream: AudioStream | SubtitleStream) -> None:
        base = tick_s(stream)
        self._shift = start.rescaled(base).pts
        self._jump = JUMP_S / base
        self._earliest = -LEAD_S / base
        self._last: int | None = None
        self._expected = 0

    def set(self, packet: SoundPacket) -> bool:
        """Set the times of a packet; False if it lies too early to be of use."""
        given = packet.pts if packet.dts is None else packet.dts
        now = self._expected if given is None else given - self._shift
        if self._last is not None and self._last - now >= self._jump:
            self._shift += now - self._expected
            now = self._expected
        if now < self._earliest:
            return False
        if self._last is not None:
            now = max(now, self._last + 1)
        packet.pts = packet.dts = now
        self._last, self._expected = now, now + (packet.duration or 1)
        return True


class _TextClock(_Clock):
    """For subtitles: what is on screen when the pictures begin is shown from then on."""

    def set(self, packet: SoundPacket) -> bool:
        """Set the times of a packet; False if it is over before the start."""
        given = packet.pts if packet.dts is None else packet.dts
        now, lasts = (given or 0) - self._shift, packet.duration or 0
        if given is None or (now < 0 and now + lasts <= 0):
            return False
        if now < 0:
            packet.duration = now + lasts
        self._last = max(now, 0, self._last or 0)
        packet.pts = packet.dts = self._last
        return True


class _SecondReader:
    """Reads an open file of the caller's from a place of its own, and puts its position back."""

    def __init__(self, file: Any) -> None:
        self._file, self._at = file, 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        before = self._file.tell()
        try:
            self._file.seek(self._at)
            data: bytes = self._file.read(size)
        finally:
            self._file.seek(before)
        self._at += len(data)
        return data

    def seek(self, to: int, whence: int = os.SEEK_SET) -> int:
        """Move to a place, as `io.IOBase.seek`."""
        if whence == os.SEEK_END:
            before = self._file.tell()
            to = self._file.seek(to, whence)
            self._file.seek(before)
        elif whence == os.SEEK_CUR:
            to += self._at
        self._at = to
        return to

    def tell(self) -> int:
        """The place."""
        return self._at


def apart(source: Source) -> Source:
    """The source for one more reader: an open file of the caller's keeps its position."""
    if isinstance(source, (str, os.PathLike, bytes, bytearray, memoryview)):
        return source
    return cast(Source, _SecondReader(source))


def _time(packet: SoundPacket) -> Fraction:
    return cast(int, packet.dts) * packet.time_base
