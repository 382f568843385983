"""What browsers play, and a copy that they play of what they do not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from os import PathLike

from mien.media.container import open_container
from mien.media.encoder import Encoding
from mien.media.limits import Limits
from mien.media.sound import Sound
from mien.media.source import Source, open_source
from mien.media.video import open_video
from mien.media.writer import create_video_like

PIXELS = ("yuv420p", "yuvj420p")
"""8 bit, 4:2:0: what every browser decodes."""

PLAYED = {
    "mov": (frozenset({"h264"}), frozenset({"aac", "mp3"})),
    "webm": (frozenset({"vp8", "vp9", "av1"}), frozenset({"opus", "vorbis"})),
}
"""Codecs of pictures and of sound that all of them play, by container
(https://developer.mozilla.org/en-US/docs/Web/Media/Guides/Formats/Containers)."""


def is_playable(
    source: Source,
    *,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> bool:
    """Whether every common browser plays a video as it is: H.264 with AAC or MP3 in MP4, VP8, VP9
    or AV1 with Opus or Vorbis in WebM; in pictures of 8 bit and 4:2:0.

    Raises:
        InputError, MediaError: as of `open_video`.
    """
    with open_video(source, limits=limits, threads=1) as video:
        info, pixels = video.info, video.stored.layout.name
    form = info.container
    with open_source(source) as opened:
        if form == "matroska" and b"webm" in opened.head():
            form = "webm"
        with open_container(opened, limits) as container:
            sounds = {
                stream.codec_context.codec.canonical_name for stream in container.streams.audio
            }
    pictures, sound = PLAYED.get(form, (frozenset(), frozenset()))
    return info.codec in pictures and pixels in PIXELS and sounds <= sound


def write_playable(
    source: Source,
    path: str | PathLike[str],
    *,
    encoding: Encoding = Encoding(),  # noqa: B008 - frozen
    limits: Limits = Limits(),  # noqa: B008 - frozen
    on_progress: Callable[[float], None] = lambda share: None,
) -> tuple[str, ...]:
    """Write a copy as MP4 with H.264 and AAC: every frame at its own time, as it is displayed.

    Args:
        source: the video.
        path: ending in .mp4.
        encoding: how to compress.
        limits: as of `open_video`.
        on_progress: called with the share that is done, 0..1, where the length is known.

    Returns:
        A sentence for each thing that is not as it was, such as sound that was encoded anew.

    Raises:
        InputError, MediaError: as of `open_video`; DecodeError where it is damaged.
        OutputError: it cannot be written. Nothing is left of it then.
    """
    with ExitStack() as open_things:
        video = open_things.enter_context(open_video(source, limits=limits))
        info = video.info
        sound = open_things.enter_context(Sound(source, info.start)) if info.has_audio else None
        played = PLAYED["mov"][1]
        writer = open_things.enter_context(
            create_video_like(info, path, sound=sound, copied=played, encoding=encoding)
        )
        length = None if info.duration is None else info.duration.exact
        for frame in video.frames():
            writer.write(frame.rgb, frame.time, frame.duration)
            if length:
                on_progress(min(1.0, float(frame.time.exact / length)))
        return writer.notes
