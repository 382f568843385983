"""A video of which only parts are encoded anew; the packets of the others are copied.

with splice_video("a.mp4", "b.mp4", lambda time, span: time.seconds < 3) as copy:
    for frame in copy.frames():              # those that must be encoded, and only they
        native = frame.native()
        ...
        copy.write(native, frame.time, frame.duration)

A part begins where a decoder can: with an IDR picture of H.264 that everything decoded before is
shown before. Parts with a changed frame are encoded anew. Their parameter sets get a number of
their own and stand beside the source's, so that each picture names the ones it goes by. Where this
cannot be done, every frame is encoded, as by `remake_video`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from os import PathLike
from typing import Any, Protocol, cast

import av
import numpy as np
from av.codec.context import Flags
from av.container import InputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext

from mien.errors import DecodeError
from mien.media.avc import PROFILES, Record, prefixed
from mien.media.companions import carry_over
from mien.media.container import format_name, open_container
from mien.media.encoder import CODECS, Encoding, create_container
from mien.media.frame import Frame
from mien.media.limits import Limits
from mien.media.opening import look_at, open_both, origin
from mien.media.packets import Plan, UnfitError, chosen, cleaned, pictures_of, plan_packets
from mien.media.planes import NativePicture
from mien.media.remake import REMADE, Remake, remake_video
from mien.media.segments import BY_DISPLAY, ENTERABLE, Segment
from mien.media.sei import Cleaner
from mien.media.sound import Sound, apart
from mien.media.soundtrack import Soundtrack
from mien.media.source import Source, open_source
from mien.media.video import Video, open_video
from mien.timecode import Time

LAYOUTS = ("yuv420p", "yuvj420p")

Changed = Callable[[Time, int], bool]
"""Whether a frame will be changed: when it is shown, and for how many ticks."""


class Writer(Protocol):
    """What `splice_video` gives."""

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence for each thing that is not as it was in the source."""

    def frames(self) -> Iterator[Frame]:
        """The frames that must be written, in order; each before the next is taken."""

    def write(self, native: NativePicture, time: Time, duration: int) -> None:
        """Encode the picture of the frame; see `Remake.write`."""


@contextmanager
def splice_video(
    source: Source,
    path: str | PathLike[str],
    changed: Changed,
    *,
    encoding: Encoding = REMADE,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Iterator[Writer]:
    """Give a writer for the frames that must be encoded; the rest of the video comes along by
    itself. The file takes its place at `path` when the block ends without an error.

    Args:
        source: the video.
        path: ending in .mp4, .m4v, .mov or .mkv.
        changed: whether the frame that is shown at a time, for so many ticks, will be changed.
            Asked of every frame, in order, before the first one is given.
        encoding: how to compress.
        limits: as of `open_video`.

    Raises:
        UsageError: another suffix, or `path` is the source.
        InputError, MediaError: as of `open_video`; DecodeError where it is damaged.
        OutputError: it cannot be written. What was at `path` is there as it was.
    """
    target, form, video = look_at(source, path, limits)
    try:
        splice = _Splice.planned(source, video, form, changed, encoding, limits)
    except UnfitError:
        with (
            remake_video(source, target, encoding=encoding, limits=limits) as copy,
            open_video(apart(source), limits=limits) as whole,
        ):
            yield _Whole(copy, whole)
        return
    with open_both(source, target, video, limits) as (container, beside, name):
        try:
            splice.begin(name, form, container, beside)
            yield splice
            splice.finish()
        finally:
            splice.close()


class _Whole:
    """A video all of whose frames are encoded."""

    def __init__(self, copy: Remake, video: Video) -> None:
        self._copy, self.frames, self.write = copy, video.frames, copy.write

    @property
    def notes(self) -> tuple[str, ...]:
        return self._copy.notes


@dataclass(frozen=True, slots=True)
class _Run:
    """Packets, by their place in the plan, that are all encoded anew or all copied."""

    begin: int
    end: int
    is_encoded: bool


class _Splice:
    """Copies and encodes the runs of a video one after the other."""

    def __init__(
        self,
        source: Source,
        video: Video,
        plan: Plan,
        runs: list[_Run],
        encoding: Encoding,
        limits: Limits,
    ) -> None:
        self._source, self._video, self._plan, self._runs = source, video, plan, runs
        self._encoding, self._limits = encoding, limits
        self._at = 0
        self._out: av.container.OutputContainer | None = None

    @classmethod
    def planned(
        cls,
        source: Source,
        video: Video,
        form: str,
        changed: Changed,
        encoding: Encoding,
        limits: Limits,
    ) -> _Splice:
        """Find the runs.

        Raises:
            UnfitError: nothing can be copied beside what is encoded.
        """
        stored = video.stored
        if (
            video.info.container not in ENTERABLE
            or (video.info.codec, encoding.codec) != ("h264", "h264")
            or stored.layout.name not in LAYOUTS
            or stored.layout.notes
            or stored.field_order
        ):
            raise UnfitError("its pictures are not stored as they would be encoded")
        plan = plan_packets(source, video, form, limits)
        runs = _runs(plan, video, changed)
        if all(run.is_encoded for run in runs):
            raise UnfitError("every part has changed frames")
        splice = cls(source, video, plan, runs, encoding, limits)
        with open_source(apart(source)) as opened, open_container(opened, limits) as container:
            splice._fit(container)
        return splice

    def _fit(self, container: InputContainer) -> None:
        """Join the parameter sets of the source and of the encoder."""
        try:
            own = Record.parse(pictures_of(container, self._video).codec_context.extradata or b"")
        except ValueError as error:
            raise UnfitError(str(error)) from error
        number = own.free_number()
        if number is None:
            raise UnfitError("its parameter sets have all numbers")
        self._options = self._encoding.options(mastering=self._video.stored.mastering)
        params = [self._options.get("x264-params", ""), f"sps-id={number}"]
        self._options["x264-params"] = ":".join(filter(None, params))
        if own.profile in PROFILES:
            self._options["profile"] = PROFILES[own.profile]
        encoder = self._encoder()
        self._head = encoder.extradata or b""
        self._record = own.joined(Record.of_encoder(self._head))
        self._dts = _decoding_times(self._plan, encoder.reorder_depth, self._video)

    def _encoder(self) -> VideoCodecContext:
        info, stored, layout = self._video.info, self._video.stored, self._video.stored.layout
        context = av.CodecContext.create(CODECS["h264"], "w")
        assert isinstance(context, VideoCodecContext)
        context.options = self._options
        context.thread_count = self._encoding.threads
        context.thread_type = "FRAME"
        context.time_base, context.framerate = info.time_base, info.rate
        context.pix_fmt, context.width, context.height = layout.name, layout.width, layout.height
        color, aspect = stored.color, info.pixel_aspect
        context.colorspace, context.color_range = color.matrix, color.range
        context.color_primaries, context.color_trc = color.primaries, color.transfer
        context.sample_aspect_ratio = 1 / aspect if info.orientation.transpose else aspect
        context.flags |= Flags.global_header
        context.open()
        return context

    def begin(self, path: str, form: str, container: InputContainer, beside: Sound) -> None:
        """Write the header."""
        video, out = self._video, create_container(path, form, self._video.info.time_base)
        self._out = out
        stream = pictures_of(container, video)
        self._pictures = out.add_stream_from_template(stream, opaque=True)
        self._pictures.time_base = video.info.time_base
        self._pictures.codec_context.extradata = self._record
        self._soundtrack = Soundtrack(out, beside)
        number, zero = video.stream_number, origin(video).exact
        notes = carry_over(beside.container, out, number, self._pictures, zero)
        self._notes = (*self._soundtrack.notes, *notes)
        self._cleaner = Cleaner("h264", stream.codec_context.extradata)
        self._packets = chosen(container, stream, self._plan, video)
        self._by_display = format_name(container) in BY_DISPLAY
        out.start_encoding()

    @property
    def notes(self) -> tuple[str, ...]:
        return self._notes

    def frames(self) -> Iterator[Frame]:
        for run in self._runs:
            if run.is_encoded:
                yield from self._encoded(run)
            else:
                self._copy(run)

    def _copy(self, run: _Run) -> None:
        for _ in range(run.begin, run.end):
            self._mux(cleaned(next(self._packets), self._cleaner))

    def _encoded(self, run: _Run) -> Iterator[Frame]:
        for _ in range(run.begin, run.end):
            next(self._packets)
        self._context = self._encoder()
        self._durations: dict[int, int] = {}
        if self._context.extradata != self._head:
            raise RuntimeError("x264 has written other parameter sets than before")
        with open_video(
            apart(self._source), limits=self._limits, segment=self._segment(run)
        ) as video:
            yield from video.frames()
        self._take(self._context.encode(None))
        if self._at != run.end:
            raise DecodeError(
                f"{self._at - run.begin} pictures were written where the video has "
                f"{run.end - run.begin} packets of them",
                time_s=float(self._plan.pts[run.begin] * self._video.info.time_base),
            )

    def _segment(self, run: _Run) -> Segment:
        plan = self._plan
        entries = plan.source_pts if self._by_display else plan.source_dts
        start, entry, stop = None, None, None
        if run.begin:
            start, entry = int(plan.source_pts[run.begin]), int(entries[run.begin])
        if run.end < len(plan.pts):
            stop = int(plan.source_pts[run.end])
        return Segment(0, start, stop, entry)

    def write(self, native: NativePicture, time: Time, duration: int) -> None:
        picture, base = native.picture, self._video.info.time_base
        ticks = int(time.exact / base) + self._video.lead
        self._durations[ticks] = duration
        picture.pts, picture.time_base, picture.pict_type = ticks, base, 0
        self._take(self._context.encode(picture))

    def _take(self, packets: list[Packet[Any]]) -> None:
        for packet in packets:
            assert packet.pts is not None
            own = cast("Packet[Any]", Packet(prefixed(bytes(packet))))
            own.pts, own.duration = packet.pts, self._durations.pop(packet.pts)
            own.time_base, own.is_keyframe = packet.time_base, packet.is_keyframe
            self._mux(own)

    def _mux(self, packet: Packet[Any]) -> None:
        assert self._out is not None
        packet.dts, self._at = int(self._dts[self._at]), self._at + 1
        self._soundtrack.until(packet.dts * packet.time_base)
        packet.stream = self._pictures
        self._out.mux(packet)

    def finish(self) -> None:
        """Write the rest of what goes with the pictures, and the index.

        Raises:
            ValueError: not every frame was taken and written.
        """
        assert self._out is not None
        if self._at != len(self._plan.pts):
            raise ValueError("the frames have not been taken and written to the end")
        self._soundtrack.until(None)
        self._out.close()

    def close(self) -> None:
        """Free the writer."""
        if self._out is not None:
            with suppress(av.FFmpegError):
                self._out.close()


def _runs(plan: Plan, video: Video, changed: Changed) -> list[_Run]:
    """Parts between places to enter, as long as possible."""
    base = video.info.time_base
    shown = np.sort(plan.pts) - video.lead
    spans = np.append(np.diff(shown), _step(video))
    marks = np.array(
        [changed(Time(t, base), n) for t, n in zip(shown.tolist(), spans.tolist(), strict=True)]
    )
    edges = sorted({0, *np.flatnonzero(plan.enters).tolist(), len(plan.pts)})
    runs: list[_Run] = []
    for begin, end in pairwise(edges):
        is_encoded = bool(marks[begin:end].any())
        if runs and runs[-1].is_encoded == is_encoded:
            runs[-1] = _Run(runs[-1].begin, end, is_encoded)
        else:
            runs.append(_Run(begin, end, is_encoded))
    return runs


def _decoding_times(plan: Plan, reordered: int, video: Video) -> Any:
    """(n,) dts: the times of display in order, as many places later as any picture is moved."""
    shown = np.sort(plan.pts)
    rank = np.empty(len(shown), np.int64)
    rank[np.argsort(plan.pts)] = np.arange(len(shown))
    depth = max(reordered, int((np.arange(len(shown)) - rank).max()))
    before = shown[0] - _step(video) * np.arange(depth, 0, -1)
    return np.concatenate([before, shown])[: len(shown)]


def _step(video: Video) -> int:
    """Ticks of a frame at the nominal rate."""
    return max(1, round(1 / video.info.rate / video.info.time_base))
