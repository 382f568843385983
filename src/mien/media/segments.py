"""Cuts a video into parts that can be worked on by themselves, by a rule of the video alone.

A segment begins with a key frame and ends before the first key frame shown at least `LENGTH_S`
later. Only time stamps are read, nothing is decoded. What is shown before a key frame and stored
behind it (the leading pictures of an open group of pictures) belongs to the segment before.
`plan_halves` cuts a video in two at any frame; the second half is decoded from the key frame before
it.

A video in a container that cannot be entered exactly in the middle (`ENTERABLE` names those that
can) is one segment, and so is the rest of a video from where its time stamps are missing, repeat,
jump back or are none that a clip can have (`mien.media.clock`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from mien.media.clock import LONGEST_S
from mien.media.container import (
    announced_length,
    format_name,
    open_container,
    pick_stream,
    tick_s,
)
from mien.media.limits import Limits
from mien.media.source import Source, open_source

LENGTH_S = 10
"""Least length of a segment in seconds; the last one may be shorter."""

LEAST_S = 2
"""Least length of a video in seconds that is cut in halves."""

ENTERABLE = frozenset({"mov", "matroska"})
"""FFmpeg's readers of containers with an index and exact times of display: MP4, MOV, MKV, WebM."""

BY_DISPLAY = frozenset({"matroska"})
"""Those of them whose index holds times of display; that of the others holds times of decoding."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a video, in ticks of its container. The default is the whole video.

    Attributes:
        number: 0, 1, 2 … in order of time.
        start: when its first frame is shown; None: the beginning.
        stop: when the first frame of the next segment is shown; None: the end.
        entry: the time in the container's index, to seek to, of the key frame that it begins with
            or that its first frame is decoded from.
    """

    number: int = 0
    start: int | None = None
    stop: int | None = None
    entry: int | None = None


WHOLE = Segment()


def plan_segments(
    source: Source,
    *,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    length_s: int = LENGTH_S,
) -> Iterator[Segment]:
    """The segments of a video, each as soon as its end is known. The file must not be used by
    others meanwhile, if it is an open one.

    Args:
        source: the video.
        limits: as of `open_video`.
        length_s: their least length in seconds. What is kept of segments stands on the default.

    Raises:
        InputError: the source cannot be opened.
        MediaError: it is no usable video. Damage in the middle ends the plan with a segment that
            has no end; whoever decodes it will meet the damage.
    """
    with open_source(source) as opened, open_container(opened, limits) as container:
        stream = pick_stream(container, opened, limits)
        last = WHOLE
        for following in _following(container, stream, length_s / tick_s(stream), at_keys=True):
            yield replace(last, stop=following.start)
            last = following
        yield last


def plan_halves(
    source: Source,
    *,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> list[Segment]:
    """A video in two segments, cut at the first frame after its middle; or in one, where it is
    shorter than `LEAST_S`, its container does not say how long it is, or it cannot be cut.

    Raises:
        InputError: the source cannot be opened.
        MediaError: it is no usable video.
    """
    with open_source(source) as opened, open_container(opened, limits) as container:
        stream = pick_stream(container, opened, limits)
        length = announced_length(container, stream)
        if length is None or length.exact < LEAST_S:
            return [WHOLE]
        half = length.exact / 2 / tick_s(stream)
        second = next(_following(container, stream, half, at_keys=False), None)
        return [WHOLE] if second is None else [replace(WHOLE, stop=second.start), second]


def _following(
    container: InputContainer, stream: VideoStream, length: Fraction, *, at_keys: bool
) -> Iterator[Segment]:
    """The segments after the first, each at least so many ticks after the one before, and without
    its end; none of a container that cannot be entered."""
    kind = format_name(container)
    if kind in ENTERABLE:
        starts = _entries(container.demux(stream), stream, length, at_keys=at_keys)
        for number, (start, key) in enumerate(starts, 1):
            yield Segment(number, start, None, key.pts if kind in BY_DISPLAY else key.dts)


def _entries(
    packets: Iterator[Packet[VideoStream]],
    stream: VideoStream,
    length: Fraction,
    *,
    at_keys: bool = True,
) -> Iterator[tuple[int, Packet[VideoStream]]]:
    """When segments begin, after the first, and the key frame that each is decoded from."""
    longest = LONGEST_S / tick_s(stream)
    seen: set[int] = set()
    key = first = last = begun = decoded = None
    try:
        for packet in packets:
            pts, dts = packet.pts, packet.dts
            if not packet.size or packet.is_discard:
                continue
            if pts is None or pts in seen or not _after(dts, decoded):
                return
            if packet.is_keyframe and dts is not None:
                key = packet
            if first is None or last is None or begun is None:
                first = last = begun = pts
            elif abs(pts - first) >= longest:
                return
            elif key is not None and pts - begun >= length and (key is packet or not at_keys):
                if pts > last:
                    yield pts, key
                    begun, seen = pts, set()
                elif at_keys:
                    return
            seen.add(pts)
            last, decoded = max(last, pts), dts
    except (av.FFmpegError, IndexError):  # PyAV trips over streams that came up only on the way
        return


def _after(dts: int | None, before: int | None) -> bool:
    return dts is None or before is None or dts > before
