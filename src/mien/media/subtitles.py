"""Subtitles into a new container: copied bit by bit where it takes them, else as its own text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import av
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.subtitles.codeccontext import SubtitleCodecContext
from av.subtitles.stream import SubtitleStream

from mien.media.container import tick_s
from mien.media.tags import label

TEXT = {"mp4": "mov_text", "mov": "mov_text", "matroska": "subrip"}
"""What text becomes in a container that does not take it as it is."""

BITMAPS = frozenset(
    {"dvdsub", "dvd_subtitle", "dvbsub", "dvb_subtitle", "pgssub", "hdmv_pgs_subtitle", "xsub"}
)
"""Decoders of subtitles that are pictures."""


def is_text(stream: SubtitleStream) -> bool:
    """Whether the subtitles can be turned into another kind of text."""
    return stream.codec_context is not None and stream.codec_context.name not in BITMAPS


class RecodedSubtitles:
    """Carries text from one kind to another: the words, bold, italics and underlines."""

    def __init__(self, container: OutputContainer, stream: SubtitleStream) -> None:
        self._decoder = stream.codec_context
        self._decoder.open(strict=False)
        out = container.add_stream(TEXT[container.format.name])
        assert isinstance(out, SubtitleStream)
        header = _header(self._decoder) or _header(_opened("subrip"))
        setattr(out.codec_context, "subtitle_header", header)  # noqa: B010 - not in PyAV's stubs
        out.codec_context.time_base = tick_s(stream)
        label(out, stream, container.format.name)
        self._out = out

    def carry(self, packet: Packet[Any] | None) -> Iterator[Packet[Stream]]:
        """The packet as the new text; None when it says nothing.

        Raises:
            av.FFmpegError: it cannot be decoded.
        """
        if packet is None:
            return
        decoder: Any = self._decoder
        said = decoder.decode2(packet)
        if said is None:
            return
        encoder: Any = self._out.codec_context
        coded: Packet[Stream] = encoder.encode_subtitle(said)
        coded.pts = coded.dts = packet.pts
        coded.duration, coded.time_base = packet.duration, packet.time_base
        coded.stream = self._out
        yield coded


def _header(context: SubtitleCodecContext) -> bytes | None:
    header: bytes | None = getattr(context, "subtitle_header")  # noqa: B009 - not in PyAV's stubs
    return header


def _opened(name: str) -> SubtitleCodecContext:
    context = av.CodecContext.create(name, "r")
    assert isinstance(context, SubtitleCodecContext)
    context.open()
    return context
