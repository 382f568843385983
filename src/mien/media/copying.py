"""A video in a new file without anything that tells where and with what it was taken.

copy_video("a.mp4", "b.mp4")     # the pictures are the same, bit by bit

The packets of the pictures are copied, none is decoded. Where that cannot give the same pictures at
the same times, they are encoded anew, and a note says why.
"""

from __future__ import annotations

from contextlib import suppress
from os import PathLike
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer

from mien.media.companions import carry_over
from mien.media.encoder import Encoding, create_container
from mien.media.limits import Limits
from mien.media.opening import look_at, open_both, origin
from mien.media.packets import (
    Plan,
    UnfitError,
    chosen,
    cleaned,
    pictures_of,
    plan_packets,
    tag_for,
)
from mien.media.remake import REMADE, remake_video
from mien.media.sei import Cleaner
from mien.media.sound import Sound, apart
from mien.media.soundtrack import Soundtrack
from mien.media.source import Source
from mien.media.video import Video, open_video


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
    target, form, video = look_at(source, path, limits)
    try:
        plan = plan_packets(source, video, form, limits)
    except UnfitError as reason:
        notes = _encoded(source, target, encoding, limits)
        return (f"the pictures were encoded anew: {reason}", *notes)
    with open_both(source, target, video, limits) as (container, beside, name):
        out = create_container(name, form, video.info.time_base)
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


def _write(
    container: InputContainer, beside: Sound, video: Video, plan: Plan, out: OutputContainer
) -> tuple[str, ...]:
    stream = pictures_of(container, video)
    pictures = out.add_stream_from_template(stream, opaque=True)
    pictures.time_base = video.info.time_base
    extradata = stream.codec_context.extradata
    cleaner = Cleaner(video.info.codec, extradata)
    if extradata:
        pictures.codec_context.extradata = cleaner.clean_record(extradata)
    if tag := tag_for(stream, container, out.format.name):
        pictures.codec_context.codec_tag = tag
    soundtrack = Soundtrack(out, beside)
    number, zero = video.stream_number, origin(video).exact
    notes = carry_over(beside.container, out, number, pictures, zero)
    out.start_encoding()
    for packet in chosen(container, stream, plan, video):
        assert packet.dts is not None
        soundtrack.until(packet.dts * packet.time_base)
        packet = cleaned(packet, cleaner)
        packet.stream = pictures
        out.mux(packet)
    soundtrack.until(None)
    out.close()
    return (*soundtrack.notes, *notes)
