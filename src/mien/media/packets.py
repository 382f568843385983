"""The packets of a video's pictures: which of them a copy takes, and the times they get there.

A packet is copied only if the pictures it gives, and their times, are sure to be those that a
`Video` gives.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream
from numpy.typing import NDArray

from mien.media.avc import is_idr
from mien.media.clock import Clock
from mien.media.container import format_name, open_container
from mien.media.decoder import BROADCAST, UNTIMED
from mien.media.extent import missing_bytes
from mien.media.limits import Limits
from mien.media.sei import Cleaner, holds_notes
from mien.media.sound import apart
from mien.media.soundtrack import fits
from mien.media.source import Source, open_source
from mien.media.video import Video, clock_for

Ticks = NDArray[np.int64]

NONE = -(1 << 62)

CODECS = frozenset(
    {"h264", "hevc", "vp9", "av1", "prores", "ffv1", "mpeg4", "mpeg2video", "mpeg1video"}
)
"""Whose packets are known to tell nothing of the camera, or can be cleaned of it. JPEG and DV are
not among them. Packets of VP8 can hold pictures that are never shown, with times of their own."""


class UnfitError(Exception):
    """Why the packets of a video cannot be copied, as a part of a sentence."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The packets of the pictures to copy, in the order of decoding, and their times in ticks of
    the copy.

    Attributes:
        first: the number of the first one among the source's.
        kept: (n,) bool, for it and those that follow it: whether to copy them.
        pts, dts, duration: (n,) of those that are kept.
        source_pts, source_dts: (n,) as they stand in the source.
        enters: (n,) bool, whether a decoder can begin there, and what was decoded before is shown
            before.
    """

    first: int
    kept: NDArray[np.bool_]
    pts: Ticks
    dts: Ticks
    duration: Ticks
    source_pts: Ticks
    source_dts: Ticks
    enters: NDArray[np.bool_]


def plan_packets(source: Source, video: Video, form: str, limits: Limits) -> Plan:
    """Read the whole file, without decoding, for what a copy in a container of this format takes.

    Raises:
        UnfitError: the packets cannot be copied.
    """
    kind, codec = video.info.container, video.info.codec
    if kind in UNTIMED:
        raise UnfitError("the file does not say when they are shown")
    if codec not in CODECS:
        raise UnfitError(f"what else {codec} holds would come along")
    if video.stored.field_order and kind in BROADCAST:
        raise UnfitError("their fields are stored one by one")
    with open_source(apart(source)) as opened, open_container(opened, limits) as container:
        stream = pictures_of(container, video)
        if missing_bytes(opened):
            raise UnfitError("the file is cut off")
        if holds_notes(codec, stream.codec_context.extradata or b""):
            raise UnfitError("there are notes with them")
        if not fits(stream, form):
            raise UnfitError(f"the new file cannot hold {codec}")
        seen = _read(container, stream, codec)
        first, kept = _range(seen, video.info.start.pts)
        own = {name: column[first : first + len(kept)][kept] for name, column in seen.items()}
        pts, dts, duration = _retimed(own, clock_for(container, stream))
        if len(pts) == len(seen["pts"]):
            _lengthen(pts, duration, video)
        return Plan(
            first,
            kept,
            pts + video.lead,
            dts + video.lead,
            duration,
            own["pts"],
            own["dts"],
            _enters(own),
        )


def pictures_of(container: InputContainer, video: Video) -> VideoStream:
    """The stream of a video in its container, opened once more."""
    stream = container.streams[video.stream_number]
    assert isinstance(stream, VideoStream)
    return stream


def _packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    try:
        for packet in container.demux(stream):
            if packet.size and packet.stream is stream:
                yield packet
    except IndexError:  # PyAV trips at the end over streams that came up only on the way
        return


def _read(container: InputContainer, stream: VideoStream, codec: str) -> dict[str, Ticks]:
    """Of each packet in the order of decoding: pts, dts, duration, whether it is shown, is a key
    frame, and is an IDR picture of H.264 in a packet of MP4 or Matroska. `NONE` stands for a dts
    that is missing."""
    rows = array("q")
    try:
        for packet in _packets(container, stream):
            if packet.pts is None:
                raise UnfitError("some of them have no time")
            if packet.has_sidedata("new_extradata"):
                raise UnfitError("their format changes in the middle")
            if packet.is_corrupt:
                raise UnfitError("some of them are damaged")
            if codec.startswith("mpeg") and holds_notes(codec, bytes(packet)):
                raise UnfitError("there are notes within them")
            dts, shown = NONE if packet.dts is None else packet.dts, not packet.is_discard
            idr = codec == "h264" and packet.is_keyframe and is_idr(bytes(packet))
            rows.extend((packet.pts, dts, packet.duration or 0, shown, packet.is_keyframe, idr))
    except av.FFmpegError as error:
        raise UnfitError(f"the file cannot be read to its end ({error.strerror})") from error
    names = ("pts", "dts", "duration", "shown", "key", "idr")
    return dict(zip(names, np.frombuffer(rows, np.int64).reshape(-1, len(names)).T, strict=True))


def _range(seen: dict[str, Ticks], start: int) -> tuple[int, NDArray[np.bool_]]:
    """The number of the first packet to copy, and which of it and those behind it are."""
    pts, shown = seen["pts"], seen["shown"] > 0
    (begins,) = np.nonzero((pts == start) & shown & (seen["key"] > 0))
    if not len(begins):
        raise UnfitError("the first one that is shown rests on one that is not")
    first, last = int(begins[0]), int(np.flatnonzero(shown)[-1])
    body = slice(first, last + 1)
    kept = pts[body] >= start  # what comes before rests on what is not there
    if not shown[body][kept].all():
        raise UnfitError("some of them rest on others that are not shown")
    if len(np.unique(pts[body][kept])) != kept.sum():
        raise UnfitError("some of them have the same time")
    return first, kept


def _enters(own: dict[str, Ticks]) -> NDArray[np.bool_]:
    pts = own["pts"]
    latest_before = np.concatenate([[np.iinfo(np.int64).min], np.maximum.accumulate(pts)[:-1]])
    earliest_from = np.minimum.accumulate(pts[::-1])[::-1]
    enters: NDArray[np.bool_] = (own["idr"] > 0) & (latest_before < pts) & (earliest_from == pts)
    return enters


def _retimed(own: dict[str, Ticks], clock: Clock) -> tuple[Ticks, Ticks, Ticks]:
    """New pts, dts and durations: pts as the frames of a `Video` have them. dts stay as they are
    where they can; else they are the pts in order, so much earlier that none is after its own."""
    order = np.argsort(own["pts"])
    times = np.array([clock.at(pts) for pts in own["pts"][order].tolist()])
    pts = np.empty_like(times)
    pts[order] = times
    dts = np.array([clock.of(each) for each in own["dts"].tolist()])
    if (own["dts"] == NONE).any() or (np.diff(dts) <= 0).any() or (dts > pts).any():
        dts = times - max(0, int((times - pts).max()))
    return pts, dts, np.array([clock.length(each) for each in own["duration"].tolist()])


def _lengthen(pts: Ticks, duration: Ticks, video: Video) -> None:
    """Let a copy of the whole last as long as an MP4 or MOV says it does. What it says about the
    packet shown last is how long it takes to decode, if others come after it."""
    last, stated = int(pts.argmax()), video.info.duration
    if video.info.container == "mov" and stated is not None and last < len(pts) - 1:
        duration[last] = max(1, stated.pts - int(pts[last]))


def chosen(
    container: InputContainer, stream: VideoStream, plan: Plan, video: Video
) -> Iterator[Packet[VideoStream]]:
    """The packets of the plan, with their new times."""
    times = zip(plan.pts.tolist(), plan.dts.tolist(), plan.duration.tolist(), strict=True)
    for number, packet in enumerate(_packets(container, stream), -plan.first):
        if 0 <= number < len(plan.kept) and plan.kept[number]:
            packet.time_base = video.info.time_base
            packet.pts, packet.dts, packet.duration = next(times)
            yield packet


def cleaned(packet: Packet[VideoStream], cleaner: Cleaner) -> Packet[VideoStream]:
    """The packet without free notes."""
    data = cleaner.clean(bytes(packet))
    if data is None:
        return packet
    clean = cast("Packet[VideoStream]", Packet(data))
    clean.pts, clean.dts, clean.duration = packet.pts, packet.dts, packet.duration
    clean.time_base, clean.is_keyframe = packet.time_base, packet.is_keyframe
    for extra in packet.iter_sidedata():
        clean.set_sidedata(extra)
    return clean


def tag_for(stream: VideoStream, container: InputContainer, form: str) -> str:
    """What MP4 and MOV call the codec: as the source does, if it is one of them; "": FFmpeg's
    choice."""
    if form == "matroska":
        return ""
    if format_name(container) == "mov" and fits(stream, form, stream.codec_context.codec_tag):
        return stream.codec_context.codec_tag
    return "hvc1" if stream.codec_context.name == "hevc" else ""
