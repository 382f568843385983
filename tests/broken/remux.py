"""Whole packets in a container that tells lies about them: their time, their codec, their order."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import av
import numpy as np
from av.packet import Packet
from av.video.stream import VideoStream

Random = np.random.Generator
Packets = list["Packet[Any]"]
Change = Callable[[Packets, Random], Packets]


def remuxed(source: bytes, suffix: str, change: Change, random: Random) -> bytes:
    """The video packets of a file in a new container, after a change to them."""
    with av.open(io.BytesIO(source), "r") as given:
        stream = given.streams.video[0]
        packets = [packet for packet in given.demux(stream) if packet.size]
        return muxed(stream, change(packets, random), suffix)


def muxed(template: Any, packets: Sequence[Packet[Any]], suffix: str, codec: str = "") -> bytes:
    """Packets in a container, as a stream like the template or of another codec by name."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=FORMATS[suffix]) as target:
        if codec:
            stream = target.add_stream(codec, rate=25)
            assert isinstance(stream, VideoStream)
            stream.width, stream.height = template.width, template.height
        else:
            stream = target.add_stream_from_template(template, opaque=True)
        for packet in packets:
            packet.stream = stream
            # Not `mux`: it sorts, and refuses what the container itself would take.
            target.mux_one(packet)
    return buffer.getvalue()


FORMATS = {
    **{".mp4": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm"},
    **{".ts": "mpegts", ".avi": "avi", ".flv": "flv", ".wmv": "asf", ".mpg": "mpeg"},
}


def _set_times(packets: Packets, times: Sequence[int | None]) -> Packets:
    for packet, time in zip(packets, times, strict=True):
        packet.pts = packet.dts = time
    return packets


def _step(packets: Packets) -> int:
    return max(1, packets[0].duration or 1)


def backwards(packets: Packets, random: Random) -> Packets:
    """The last packet is the first in time."""
    step = _step(packets)
    return _set_times(packets, [step * i for i in reversed(range(len(packets)))])


def equal(packets: Packets, random: Random) -> Packets:
    """All at one time."""
    return _set_times(packets, [_step(packets)] * len(packets))


def missing(packets: Packets, random: Random) -> Packets:
    """No times at all."""
    return _set_times(packets, [None] * len(packets))


def negative(packets: Packets, random: Random) -> Packets:
    """All times long before zero."""
    return _shift(packets, -(10**7) * _step(packets), 0)


def huge(packets: Packets, random: Random) -> Packets:
    """All times near the end of what a container can count."""
    return _shift(packets, 1 << 40, 0)


def jump(packets: Packets, random: Random) -> Packets:
    """Years pass in the middle."""
    return _shift(packets, _step(packets) * 10**8, len(packets) // 2)


def back_again(packets: Packets, random: Random) -> Packets:
    """Ten frames in the middle are a day too late, and those after them are not."""
    step, middle = _step(packets), len(packets) // 2
    _shift(packets, 2_000_000 * step, middle)
    return _shift(packets, -2_000_000 * step, middle + 10)


def scattered(packets: Packets, random: Random) -> Packets:
    """Every packet at a time of its own."""
    times = random.integers(0, 10**6, len(packets)) * _step(packets)
    return _set_times(packets, times.tolist())


def _shift(packets: Packets, ticks: int, start: int) -> Packets:
    for packet in packets[start:]:
        packet.pts = None if packet.pts is None else packet.pts + ticks
        packet.dts = None if packet.dts is None else packet.dts + ticks
    return packets


def shuffled(packets: Packets, random: Random) -> Packets:
    """The contents are in another order, the times are not."""
    times = [(packet.pts, packet.dts) for packet in packets]
    order = [packets[i] for i in random.permutation(len(packets)).tolist()]
    for packet, (pts, dts) in zip(order, times, strict=True):
        packet.pts, packet.dts = pts, dts
    return order


def without_keys(packets: Packets, random: Random) -> Packets:
    """Nothing that a decoder could begin with."""
    return [packet for packet in packets if not packet.is_keyframe]


def first_missing(packets: Packets, random: Random) -> Packets:
    """The recording begins behind its first key frame."""
    return packets[3:]


def cut_short(packets: Packets, random: Random) -> Packets:
    """Every fifth packet ends early."""
    return [
        _copy(packet, bytes(packet)[: 1 + packet.size // 3]) if i % 5 == 4 else packet
        for i, packet in enumerate(packets)
    ]


def noise(packets: Packets, random: Random) -> Packets:
    """Packets of the right size and nothing in them, from the tenth on."""
    return packets[:10] + [_copy(packet, random.bytes(packet.size)) for packet in packets[10:]]


def one_byte(packets: Packets, random: Random) -> Packets:
    """Packets of one byte, from the tenth on."""
    return packets[:10] + [_copy(packet, b"\0") for packet in packets[10:]]


def _copy(packet: Packet[Any], data: bytes) -> Packet[Any]:
    new = Packet(data)
    new.pts, new.dts, new.time_base = packet.pts, packet.dts, packet.time_base
    new.duration, new.is_keyframe = packet.duration, packet.is_keyframe
    return new


CHANGES: tuple[Change, ...] = (
    *(backwards, equal, missing, negative, huge, jump, back_again, scattered),
    *(shuffled, without_keys, first_missing, cut_short, noise, one_byte),
)


def only_sound(source: bytes, suffix: str) -> bytes:
    """The sound of a clip, in the container of a video."""
    buffer = io.BytesIO()
    with av.open(io.BytesIO(source), "r") as given, av.open(buffer, "w", FORMATS[suffix]) as target:
        stream = target.add_stream_from_template(given.streams.audio[0])
        for packet in given.demux(given.streams.audio[0]):
            if packet.size:
                packet.stream = stream
                target.mux_one(packet)
    return buffer.getvalue()


def changed_in_the_middle(first: bytes, second: bytes, suffix: str) -> bytes:
    """The packets of two clips of different size as one stream, with the first one's parameters."""
    with av.open(io.BytesIO(first), "r") as one, av.open(io.BytesIO(second), "r") as other:
        stream = one.streams.video[0]
        packets = [packet for packet in one.demux(stream) if packet.size]
        last, step = max(packet.dts or 0 for packet in packets), _step(packets)
        for number, packet in enumerate(p for p in other.demux(video=0) if p.size):
            packet.pts = packet.dts = last + step * (number + 1)
            packet.time_base = packets[0].time_base
            packets.append(packet)
        return muxed(stream, packets, suffix)


def called_another(source: bytes, codec: str, suffix: str = ".mkv") -> bytes:
    """Packets of one codec in a stream that says it is another."""
    with av.open(io.BytesIO(source), "r") as given:
        stream = given.streams.video[0]
        packets = [packet for packet in given.demux(stream) if packet.size]
        return muxed(stream, packets, suffix, codec)
