"""From packets to intact pictures in the order of display.

A picture is handed out once every picture that was to be decoded before it has come out whole:
the ones it may rest on are among those. So damage is noticed before anything that it has touched is
handed out, also with B-frames, whose order of display is not that of decoding.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from mien.media.container import READ_TIMEOUT_S, format_name, nominal_rate
from mien.media.segments import WHOLE, Segment

DEEPEST = 16
"""How many pictures a decoder keeps back at most to put them in order (H.264, A.3.1); each of its
threads keeps one more. A packet that has given no picture after that is taken to hold none, as the
second field of an interlaced one."""

EMPTY_BYTES = 32
"""Packets up to this size can rightly give no picture (the place holders of MPEG-4's packed
B-frames)."""

BROADCAST = frozenset({"mpegts", "mpeg", "mpegvideo"})
"""Formats whose recordings may begin between two key frames: what cannot be decoded before the
first good picture is skipped. FFmpeg marks packets of theirs as damaged that lie near a jump of the
packet counters, as where one recording follows another, so only the decoder's word counts."""

UNTIMED = frozenset({"avi", "mpegvideo"})
"""Formats without times of display. AVI counts its packets: a picture has the count of its own, or
with B-frames, the n-th one shown has the n-th count. A bare MPEG stream has nothing, and its frames
come at the nominal rate."""

TAIL = Fraction(3, 4)
"""How far behind the last picture, in nominal frames, a packet must lie for its picture to be
missed: the second field of an interlaced picture lies half a frame behind."""


class Damage(Exception):
    """The video cannot be decoded further; all intact pictures before have been handed out."""


@dataclass(frozen=True, slots=True)
class _Sent:
    """What goes with a packet through the decoder and comes out with its picture. An object of its
    own for each packet: PyAV tells what is attached apart by identity."""

    number: int
    time: int | None  # pts, or dts where the container knows no pts
    size: int


class Decoder:
    """The intact pictures of one video stream, whose `copy_opaque` must be set.

    Args:
        container: standing at the packet to begin with.
        missing_bytes: how much shorter the file is than it says it is.
        segment: what to hand out; the pictures around it are decoded where that is needed, and
            dropped.
    """

    def __init__(
        self,
        container: InputContainer,
        stream: VideoStream,
        missing_bytes: int = 0,
        segment: Segment = WHOLE,
    ) -> None:
        self._container, self._stream, self._missing_bytes = container, stream, missing_bytes
        self._start, self._stop = segment.start, segment.stop
        self._format = format_name(container)
        self._lookback = DEEPEST + stream.codec_context.thread_count + 1
        self._waiting: dict[int, _Sent] = {}
        self._decode_times: list[int] = []
        self._held: deque[av.VideoFrame] = deque()
        self._packets = 0
        self._shown = 0
        self._last_pts = 0
        self._first_dts: int | None = None
        self._last_dts: int | None = None
        self._frame_s = 1 / nominal_rate(stream)
        self._end = Fraction(0)  # seconds up to which the packets of all streams reach

    def pictures(self) -> Generator[av.VideoFrame]:
        """Yield the intact pictures of the segment in the order of display.

        Raises:
            Damage: there is no further one, and the video should go on.
        """
        for picture in self._from_start():
            if self._stop is not None and picture.pts is not None and picture.pts >= self._stop:
                return
            yield picture

    def _from_start(self) -> Generator[av.VideoFrame]:
        """The pictures of the segment and those that follow it."""
        try:
            for packet in self._own_packets():
                self._send(packet)
                yield from self._whole()
            self._take(self._stream.codec_context.decode(None))
        except (Damage, av.FFmpegError) as error:
            self._drain()
            missing = self._first_missing_time()
            yield from self._until(missing)
            if self._stop is not None and missing is not None and missing >= self._stop:
                return  # it is the damage of a later segment
            raise Damage(_reason(error)) from error
        if self._is_cut_off():
            yield from self._until(self._last_dts)
            raise Damage("the file is cut off")
        yield from self._remaining()
        self._check_tail()

    def _streams(self) -> list[Stream]:
        """What to read: all streams where their end tells whether the file is whole."""
        all_streams = list(self._container.streams)
        if self._format in ("matroska", "asf"):
            return [stream for stream in all_streams if stream.type in ("video", "audio")]
        return [self._stream]

    def _packets_of_all(self) -> Iterator[Packet[Stream]]:
        try:
            yield from self._container.demux(*self._streams())
        except IndexError:  # PyAV trips at the end over streams that came up only on the way
            return

    def _own_packets(self) -> Iterator[Packet[VideoStream]]:
        """The packets of our stream. In a transport stream that is cut off the last one is a part
        that nothing marks, so it is left out."""
        cut = self._format == "mpegts" and self._missing_bytes > 0
        last: Packet[VideoStream] | None = None
        for each in self._packets_of_all():
            self._note_end(each)
            if each.stream is not self._stream or not each.size:
                continue
            packet = cast("Packet[VideoStream]", each)
            if not cut:
                yield packet
            elif last is not None:
                yield last
            last = packet
        if cut and last is not None:
            self._await(last)
            raise Damage("the file is cut off")

    def _send(self, packet: Packet[VideoStream]) -> None:
        packet.opaque = sent = self._await(packet)
        if packet.is_corrupt and self._format not in BROADCAST:
            raise Damage("a part of the data is missing")
        if self._format == "avi" and packet.dts is not None:
            heapq.heappush(self._decode_times, packet.dts)
        try:
            self._take(packet.decode())
        except av.InvalidDataError:
            if not self._joining:
                raise
            self._waiting.pop(sent.number, None)
        self._waiting.pop(self._packets - self._lookback, None)

    def _await(self, packet: Packet[VideoStream]) -> _Sent:
        time = packet.dts if self._format in UNTIMED else packet.pts
        sent = _Sent(self._packets, time, packet.size)
        # What an edit list leaves out does not come out.
        if not packet.is_discard and not self._is_before(time):
            self._waiting[sent.number] = sent
        self._packets += 1
        if self._first_dts is None:
            self._first_dts = packet.dts
        self._last_dts = packet.dts
        return sent

    @property
    def _joining(self) -> bool:
        return self._format in BROADCAST and not self._shown and not self._held

    def _take(self, pictures: list[av.VideoFrame]) -> None:
        for picture in pictures:
            if self._is_before(picture.pts):
                continue
            if picture.is_corrupt and not self._joining:
                raise Damage("a picture is damaged")
            self._waiting.pop(_number(picture), None)
            if picture.is_corrupt:
                continue
            if self._format in UNTIMED:
                picture.pts = self._count_of(picture)
            self._held.append(picture)

    def _is_before(self, time: int | None) -> bool:
        return self._start is not None and time is not None and time < self._start

    def _count_of(self, picture: av.VideoFrame) -> int | None:
        counts = self._decode_times
        lowest = heapq.heappop(counts) if counts else None
        if self._stream.codec_context.has_b_frames or not isinstance(picture.opaque, _Sent):
            return lowest
        return picture.opaque.time if self._format == "avi" else None

    def _whole(self) -> Iterator[av.VideoFrame]:
        first_missing = next(iter(self._waiting), self._packets)
        while self._held and _number(self._held[0]) < first_missing:
            yield self._show(self._held.popleft())

    def _until(self, time: int | None) -> Iterator[av.VideoFrame]:
        """What is whole and is shown up to this time; beyond it a picture may be missing."""
        for picture in self._whole():
            if time is not None and picture.pts is not None and picture.pts > time:
                return
            yield picture

    def _first_missing_time(self) -> int | None:
        times = (sent.time for sent in self._waiting.values())
        return min((time for time in times if time is not None), default=None)

    def _remaining(self) -> Iterator[av.VideoFrame]:
        while self._held:
            yield self._show(self._held.popleft())

    def _show(self, picture: av.VideoFrame) -> av.VideoFrame:
        self._shown += 1
        self._last_pts = picture.pts if picture.pts is not None else self._last_pts
        return picture

    def close(self) -> None:
        """Wait until the decoder's threads rest. PyAV frees them under the interpreter's lock, for
        which a thread may be waiting to let go of what is attached to a packet."""
        context = self._stream.codec_context
        if context.is_open:
            context.flush_buffers()

    def _drain(self) -> None:
        """Take what the decoder still holds; the caller lets only whole pictures out."""
        try:
            self._take(self._stream.codec_context.decode(None))
        except (Damage, av.FFmpegError):
            return  # the first damage is the one to report

    def _note_end(self, packet: Packet[Stream]) -> None:
        start = packet.dts if packet.pts is None else packet.pts
        if start is not None:
            end = (start + (packet.duration or 0)) * packet.time_base
            self._end = max(self._end, end if packet.duration else end + self._frame_s)

    def _check_tail(self) -> None:
        """PyAV drops an error that comes up while the decoder is emptied, and what follows it."""
        after = self._last_pts + TAIL * self._frame_s / (self._stream.time_base or 1)
        for sent in self._waiting.values():
            if sent.size > EMPTY_BYTES and sent.time is not None and sent.time > after:
                raise Damage("its last pictures cannot be decoded")

    def _is_cut_off(self) -> bool:
        """FFmpeg stops without a word where a file is cut off between two packets."""
        if self._format == "mov":
            return self._packets < self._announced_packets()
        if not self._missing_bytes:
            return False
        if self._format == "avi":
            return self._packets < self._stream.frames
        announced = Fraction(self._container.duration or 0, av.time_base)
        return announced == 0 or self._end + self._frame_s / 2 < announced

    def _announced_packets(self) -> int:
        """From the first one that was read, by the index of an MP4 or MOV."""
        entries, first = self._stream.index_entries, self._first_dts
        if self._start is None or first is None:
            return len(entries)
        return sum(entry.timestamp >= first for entry in entries)


def _number(picture: av.VideoFrame) -> int:
    """The number of the packet that it comes from; -1 if the decoder lost what was attached."""
    return picture.opaque.number if isinstance(picture.opaque, _Sent) else -1


def _reason(error: Exception) -> str:
    if isinstance(error, Damage):
        return str(error)
    if isinstance(error, av.InvalidDataError):
        return "the data is damaged"
    if isinstance(error, av.ExitError):
        return f"reading on took longer than {READ_TIMEOUT_S:.0f} s"
    return f"reading stopped ({getattr(error, 'strerror', error)})"
