"""Cuts a video into parts that can be worked on by themselves, by a rule of the video alone.

A segment begins with a key frame and ends before the first key frame shown at least `LENGTH_S`
later. Only time stamps are read, nothing is decoded. What is shown before a key frame and stored
behind it (the leading pictures of an open group of pictures) belongs to the segment before.

A video in a container that cannot be entered exactly in the middle (`ENTERABLE` names those that
can) is one segment, and so is the rest of a video from where its time stamps are missing, repeat,
jump back or are none that a clip can have (`mien.media.clock`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import av
from av.packet import Packet
from av.video.stream import VideoStream

from mien.media.clock import LONGEST_S
from mien.media.container import format_name, open_container, pick_stream
from mien.media.limits import Limits
from mien.media.source import Source, open_source

LENGTH_S = 10
"""Least length of a segment in seconds; the last one may be shorter."""

ENTERABLE = frozenset({"mov", "matroska"})
"""FFmpeg's readers of containers with an index and exact times of display: MP4, MOV, MKV, WebM."""

BY_DISPLAY = frozenset({"matroska"})
"""Those of them whose index holds times of display; that of the others holds times of decoding."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a video, in ticks of its container. The default is the whole video.

    Attributes:
        number: 0, 1, 2 … in order of time.
        start: when its first frame is shown, a key frame; None: the beginning.
        stop: when the first frame of the next segment is shown; None: the end.
        entry: the time of that key frame in the container's index, to seek to.
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
) -> Iterator[Segment]:
    """The segments of a video, each as soon as its end is known. The file must not be used by
    others meanwhile, if it is an open one.

    Raises:
        InputError: the source cannot be opened.
        MediaError: it is no usable video. Damage in the middle ends the plan with a segment that
            has no end; whoever decodes it will meet the damage.
    """
    with open_source(source) as opened, open_container(opened, limits) as container:
        stream = pick_stream(container, opened, limits)
        kind, last = format_name(container), WHOLE
        if kind in ENTERABLE:
            for key in _entries(container.demux(stream), stream):
                yield replace(last, stop=key.pts)
                entry = key.pts if kind in BY_DISPLAY else key.dts
                last = Segment(last.number + 1, key.pts, None, entry)
        yield last


def _entries(
    packets: Iterator[Packet[VideoStream]], stream: VideoStream
) -> Iterator[Packet[VideoStream]]:
    """The key frames at which segments begin, after the first."""
    base = stream.time_base or Fraction(1, av.time_base)
    length, longest = LENGTH_S / base, LONGEST_S / base
    seen: set[int] = set()
    first = last = begun = decoded = None
    try:
        for packet in packets:
            pts, dts = packet.pts, packet.dts
            if not packet.size or packet.is_discard:
                continue
            if pts is None or pts in seen or not _after(dts, decoded):
                return
            if first is None or last is None or begun is None:
                first = last = begun = pts
            elif abs(pts - first) >= longest:
                return
            elif packet.is_keyframe and dts is not None and pts - begun >= length:
                if pts <= last:
                    return
                yield packet
                begun, seen = pts, set()
            seen.add(pts)
            last, decoded = max(last, pts), dts
    except (av.FFmpegError, IndexError):  # PyAV trips over streams that came up only on the way
        return


def _after(dts: int | None, before: int | None) -> bool:
    return dts is None or before is None or dts > before
