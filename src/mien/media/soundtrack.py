"""Sound into a new container: copied bit by bit where the container takes it, else as AAC.

Subtitles go along with it, see `mien.media.subtitles`.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from contextlib import suppress
from fractions import Fraction
from typing import Any

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.subtitles.stream import SubtitleStream

from mien.errors import DecodeError
from mien.media.sound import Sound
from mien.media.subtitles import TEXT, RecodedSubtitles, is_text
from mien.media.tags import label
from mien.timecode import format_seconds

AAC_BIT_RATE = 128_000
"""For each channel, up to two of them: 256 kbit/s for stereo."""

AAC_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000)
"""Samples a second that AAC knows (ISO/IEC 14496-3, table 1.18), without the rare 7350."""

LAYOUTS = {1: "mono", 2: "stereo", 3: "3.0", 4: "4.0", 5: "5.0", 6: "5.1", 8: "7.1"}
"""The loudspeakers for a number of channels, as AAC orders them (ISO/IEC 14496-3, table 1.19)."""


NO_TEXT = b"\0\0"
"""A subtitle of MP4 that shows nothing (3GPP TS 26.245, 5.17). FFmpeg writes these itself, wherever
there is a gap."""


class Soundtrack:
    """Carries the streams of a `Sound` into a container that is being written.

    Attributes:
        notes: a sentence for each stream that does not arrive as it was.
    """

    def __init__(
        self,
        container: OutputContainer,
        sound: Sound | None,
        copied: Collection[str] | None = None,
    ) -> None:
        """Add the streams to the container, whose header must not have been written. With `copied`
        sound of other codecs than these is encoded anew, though the container would take it."""
        self._container, self._sound, self._copied = container, sound, copied
        self._carriers: dict[int, _Copied | _Recoded | RecodedSubtitles] = {}
        self.notes: list[str] = []
        for stream in sound.streams if sound else ():
            self._add(stream)

    def _add(self, stream: AudioStream | SubtitleStream) -> None:
        form = self._container.format.name
        if self._may_copy(stream) and fits(stream, form):
            self._carriers[stream.index] = _Copied(self._container, stream)
            return
        what = self._what(stream)
        into = {"mov": "MOV", "mp4": "MP4"}.get(form, "Matroska")
        if not _is_known(stream):
            self.notes.append(f"{what} can be neither kept in {into} nor decoded and was left out")
        elif isinstance(stream, AudioStream):
            self._carriers[stream.index] = _Recoded(self._container, stream)
            self.notes.append(f"{what} cannot be kept in {into} and was encoded anew as AAC")
        elif is_text(stream):
            self._carriers[stream.index] = RecodedSubtitles(self._container, stream)
            self.notes.append(
                f"{what} cannot be kept in {into} as they are and became {TEXT[form]}"
            )
        else:
            self.notes.append(f"{what} are pictures, which {into} cannot keep, and were left out")

    def _may_copy(self, stream: AudioStream | SubtitleStream) -> bool:
        if self._copied is None or not _is_known(stream):
            return True
        return stream.codec_context.codec.canonical_name in self._copied

    def _what(self, stream: AudioStream | SubtitleStream) -> str:
        assert self._sound is not None
        kind = "sound" if isinstance(stream, AudioStream) else "subtitles"
        return f"the {kind} of {self._sound.name} ({_codec_name(stream)})"

    def until(self, seconds: Fraction | None) -> None:
        """Write what sounds before this time and was not written yet; None: all the rest.

        Raises:
            DecodeError: the source cannot be read further, or not decoded where it must be.
        """
        if self._sound is None:
            return
        for packet in self._sound.until(seconds):
            if carrier := self._carriers.get(packet.stream.index):
                self._container.mux(list(carrier.carry(packet)))
        if seconds is None:
            for carrier in self._carriers.values():
                self._container.mux(list(carrier.carry(None)))


def fits(stream: Stream, form: str, tag: str = "") -> bool:
    """Whether a container of this format takes the stream as it is, under this name of its codec
    if one is given; tried out in memory."""
    if not _is_known(stream):
        return False
    trial = av.open(io.BytesIO(), "w", format=form)
    try:
        added = trial.add_stream_from_template(stream, opaque=True)
        if tag:
            added.codec_context.codec_tag = tag
        trial.start_encoding()
    except (av.FFmpegError, ValueError):
        return False
    finally:
        with suppress(av.FFmpegError):  # an empty file is no file of some formats
            trial.close()
    return True


def _is_known(stream: Stream) -> bool:
    """Whether this FFmpeg knows the codec at all; PyAV gives None in place of a context if not."""
    return stream.codec_context is not None


def _codec_name(stream: Stream) -> str:
    return stream.codec_context.name if _is_known(stream) else "of an unknown codec"


class _Copied:
    def __init__(self, container: OutputContainer, stream: AudioStream | SubtitleStream) -> None:
        self._out: Stream = container.add_stream_from_template(stream)
        self._fills_gaps = stream.type == "subtitle" and container.format.name != "matroska"
        label(self._out, stream, container.format.name)

    def carry(self, packet: Packet[Any] | None) -> Iterator[Packet[Any]]:
        if packet is not None and not (self._fills_gaps and bytes(packet) == NO_TEXT):
            packet.stream = self._out
            yield packet


class _Recoded:
    def __init__(self, container: OutputContainer, stream: AudioStream) -> None:
        own = stream.codec_context
        rate = own.sample_rate if own.sample_rate in AAC_RATES else 48000
        layout = LAYOUTS.get(own.layout.nb_channels, "stereo")
        out = container.add_stream("aac", rate=rate)
        context: AudioCodecContext = out.codec_context
        context.layout = layout
        context.bit_rate = AAC_BIT_RATE * min(2, context.layout.nb_channels)
        context.open()
        label(out, stream, container.format.name)
        self._out, self._decoder = out, own
        self._resampler = AudioResampler("fltp", layout, rate, context.frame_size)
        self._last = Fraction(0)

    def carry(self, packet: Packet[Any] | None) -> Iterator[Packet[Any]]:
        try:
            frames = self._decoder.decode(packet)
        except av.FFmpegError as error:
            raise DecodeError(
                f"the sound can be decoded up to {format_seconds(self._last)} only: "
                f"{error.strerror}",
                time_s=float(self._last),
            ) from error
        if packet is not None:
            self._last = (packet.pts or 0) * packet.time_base
        for frame in [*frames, *([None] if packet is None else [])]:
            for piece in self._resampler.resample(frame):
                yield from self._out.encode(piece)
        if packet is None:
            yield from self._out.encode(None)
