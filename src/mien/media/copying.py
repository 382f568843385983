"""A video in a new file without anything that tells where and with what it was taken.

copy_video("a.mp4", "b.mp4")     # the pictures are the same, bit by bit

The packets of the pictures are copied, none is decoded. Where that cannot give the same pictures at
the same times, they are encoded anew, and a note says why.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream
from numpy.typing import NDArray

from mien.atomic import replacing
from mien.media.clock import Clock
from mien.media.companions import carry_over
from mien.media.container import format_name, open_container
from mien.media.decoder import BROADCAST, UNTIMED
from mien.media.encoder import Encoding, create_container, told, video_format_for
from mien.media.extent import missing_bytes
from mien.media.limits import Limits
from mien.media.remake import REMADE, check_not_same, origin, remake_video
from mien.media.sei import Cleaner, holds_notes
from mien.media.sound import Sound, apart
from mien.media.soundtrack import Soundtrack, fits
from mien.media.source import Source, open_source
from mien.media.video import Video, clock_for, open_video

Ticks = NDArray[np.int64]

NONE = -(1 << 62)

CODECS = frozenset(
    {"h264", "hevc", "vp9", "av1", "prores", "ffv1", "mpeg4", "mpeg2video", "mpeg1video"}
)
"""Whose packets are known to tell nothing of the camera, or can be cleaned of it. JPEG and DV are
not among them. Packets of VP8 can hold pictures that are never shown, with times of their own."""


def copy_video(
    source: Source,
    path: str | PathLike[str],
    *,
    encoding: Encoding = REMADE,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> tuple[str, ...]:
    """Copy a video without its places, devices, covers and data; see `mien.media.companions`.

    Pictures that an edit list hides are not copied. Where others rest on them, all are encoded
    anew.

    Args:
        source: the video.
        path: ending in .mp4, .m4v, .mov or .mkv.
        encoding: how to compress where the pictures cannot be copied.
        limits: as of `open_video`.

    Returns:
        A sentence for each thing that is not as it was.

    Raises:
        UsageError: another suffix, or `path` is the source.
        InputError, MediaError: as of `open_video`; DecodeError where it is damaged.
        OutputError: it cannot be written. What was at `path` is there as it was.
    """
    target = Path(path)
    form = video_format_for(target)
    check_not_same(source, target)
    with open_video(apart(source), limits=limits, threads=1) as video:
        pass  # what is known of it stays
    try:
        plan = _plan(source, video, form, limits)
    except _UnfitError as reason:
        notes = _encoded(source, target, encoding, limits)
        return (f"the pictures were encoded anew: {reason}", *notes)
    with (
        open_source(apart(source)) as opened,
        open_container(opened, limits) as container,
        Sound(source, origin(video), subtitles=True, limits=limits) as beside,
        told(target),
        replacing(target, "wb") as file,
    ):
        out = create_container(file.name, form, video.info.time_base)
        try:
            return _write(container, beside, video, plan, out)
        finally:
            with suppress(av.FFmpegError):
                out.close()


def _encoded(source: Source, target: Path, encoding: Encoding, limits: Limits) -> tuple[str, ...]:
    with (
        open_video(apart(source), limits=limits) as video,
        remake_video(source, target, encoding=encoding, limits=limits) as copy,
    ):
        for frame in video.frames():
            copy.write(frame.native(), frame.time, frame.duration)
    return copy.notes


class _UnfitError(Exception):
    """Why the packets of a video cannot be copied, as a part of a sentence."""


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """The packets of the pictures to copy, in the order of decoding, and their times in ticks of
    the copy.

    Attributes:
        first: the number of the first one among the source's.
        kept: (n,) bool, for it and those that follow it: whether to copy them.
        pts, dts, duration: (n,) of those that are kept.
    """

    first: int
    kept: NDArray[np.bool_]
    pts: Ticks
    dts: Ticks
    duration: Ticks


def _plan(source: Source, video: Video, form: str, limits: Limits) -> _Plan:
    kind, codec = video.info.container, video.info.codec
    if kind in UNTIMED:
        raise _UnfitError("the file does not say when they are shown")
    if codec not in CODECS:
        raise _UnfitError(f"what else {codec} holds would come along")
    if video.stored.field_order and kind in BROADCAST:
        raise _UnfitError("their fields are stored one by one")
    with open_source(apart(source)) as opened, open_container(opened, limits) as container:
        stream = _stream(container, video)
        if missing_bytes(opened):
            raise _UnfitError("the file is cut off")
        if holds_notes(codec, stream.codec_context.extradata or b""):
            raise _UnfitError("there are notes with them")
        if not fits(stream, form):
            raise _UnfitError(f"the new file cannot hold {codec}")
        seen = _read(container, stream, codec)
        first, kept = _range(seen, video.info.start.pts)
        own = {name: column[first : first + len(kept)][kept] for name, column in seen.items()}
        pts, dts, duration = _retimed(own, clock_for(container, stream))
        if len(pts) == len(seen["pts"]):
            _lengthen(pts, duration, video)
        return _Plan(first, kept, pts + video.lead, dts + video.lead, duration)


def _stream(container: InputContainer, video: Video) -> VideoStream:
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
    """Of each packet in the order of decoding: pts, dts, duration, whether it is shown and is a key
    frame. `NONE` stands for a dts that is missing."""
    rows = array("q")
    try:
        for packet in _packets(container, stream):
            if packet.pts is None:
                raise _UnfitError("some of them have no time")
            if packet.has_sidedata("new_extradata"):
                raise _UnfitError("their format changes in the middle")
            if packet.is_corrupt:
                raise _UnfitError("some of them are damaged")
            if holds_notes(codec, bytes(packet)):
                raise _UnfitError("there are notes within them")
            dts, shown = NONE if packet.dts is None else packet.dts, not packet.is_discard
            rows.extend((packet.pts, dts, packet.duration or 0, shown, packet.is_keyframe))
    except av.FFmpegError as error:
        raise _UnfitError(f"the file cannot be read to its end ({error.strerror})") from error
    names = ("pts", "dts", "duration", "shown", "key")
    return dict(zip(names, np.frombuffer(rows, np.int64).reshape(-1, len(names)).T, strict=True))


def _range(seen: dict[str, Ticks], start: int) -> tuple[int, NDArray[np.bool_]]:
    """The number of the first packet to copy, and which of it and those behind it are."""
    pts, shown = seen["pts"], seen["shown"] > 0
    (begins,) = np.nonzero((pts == start) & shown & (seen["key"] > 0))
    if not len(begins):
        raise _UnfitError("the first one that is shown rests on one that is not")
    first, last = int(begins[0]), int(np.flatnonzero(shown)[-1])
    body = slice(first, last + 1)
    kept = pts[body] >= start  # what comes before rests on what is not there
    if not shown[body][kept].all():
        raise _UnfitError("some of them rest on others that are not shown")
    if len(np.unique(pts[body][kept])) != kept.sum():
        raise _UnfitError("some of them have the same time")
    return first, kept


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


def _write(
    container: InputContainer, beside: Sound, video: Video, plan: _Plan, out: OutputContainer
) -> tuple[str, ...]:
    stream = _stream(container, video)
    pictures = out.add_stream_from_template(stream, opaque=True)
    pictures.time_base = video.info.time_base
    if tag := _tag(stream, container, out.format.name):
        pictures.codec_context.codec_tag = tag
    soundtrack = Soundtrack(out, beside)
    number, zero = video.stream_number, origin(video).exact
    notes = carry_over(beside.container, out, number, pictures, zero)
    out.start_encoding()
    cleaner = Cleaner(video.info.codec, stream.codec_context.extradata)
    for packet in _chosen(container, stream, plan, video):
        assert packet.dts is not None
        soundtrack.until(packet.dts * packet.time_base)
        packet = _cleaned(packet, cleaner)
        packet.stream = pictures
        out.mux(packet)
    soundtrack.until(None)
    out.close()
    return (*soundtrack.notes, *notes)


def _chosen(
    container: InputContainer, stream: VideoStream, plan: _Plan, video: Video
) -> Iterator[Packet[VideoStream]]:
    """The packets of the plan, with their new times."""
    times = zip(plan.pts.tolist(), plan.dts.tolist(), plan.duration.tolist(), strict=True)
    for number, packet in enumerate(_packets(container, stream), -plan.first):
        if 0 <= number < len(plan.kept) and plan.kept[number]:
            packet.time_base = video.info.time_base
            packet.pts, packet.dts, packet.duration = next(times)
            yield packet


def _cleaned(packet: Packet[VideoStream], cleaner: Cleaner) -> Packet[VideoStream]:
    data = cleaner.clean(bytes(packet))
    if data is None:
        return packet
    clean = cast("Packet[VideoStream]", Packet(data))
    clean.pts, clean.dts, clean.duration = packet.pts, packet.dts, packet.duration
    clean.time_base, clean.is_keyframe = packet.time_base, packet.is_keyframe
    for extra in packet.iter_sidedata():
        clean.set_sidedata(extra)
    return clean


def _tag(stream: VideoStream, container: InputContainer, form: str) -> str:
    """What MP4 and MOV call the codec: as the source does, if it is one of them; "": FFmpeg's
    choice."""
    if form == "matroska":
        return ""
    if format_name(container) == "mov" and fits(stream, form, stream.codec_context.codec_tag):
        return stream.codec_context.codec_tag
    return "hvc1" if stream.codec_context.name == "hevc" else ""
