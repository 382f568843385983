"""A video written anew with only its pictures changed: all that goes with them is carried over.

with open_video("a.mp4") as video, remake_video("a.mp4", "b.mp4") as copy:
    for frame in video.frames():
        native = frame.native()
        ...  # change native.planes, or leave them alone
        copy.write(native, frame.time, frame.duration)

The file is there when it is whole, and not before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike

from mien.atomic import replacing
from mien.errors import UsageError
from mien.media.companions import carry_over
from mien.media.encoder import Encoder, Encoding, create_container, told
from mien.media.limits import Limits
from mien.media.opening import look_at, origin
from mien.media.output import Output
from mien.media.planes import NativePicture
from mien.media.sound import Sound
from mien.media.soundtrack import Soundtrack
from mien.media.source import Source
from mien.media.stored import FieldOrder, Stored
from mien.media.video import Video, VideoInfo
from mien.timecode import Time

REMADE = Encoding(crf=20, preset="veryfast")
"""How a video is compressed again where nothing else is asked for."""

SMALLEST_HEVC = 16
"""Pixels of a side, for x265."""


@contextmanager
def remake_video(
    source: Source,
    path: str | PathLike[str],
    *,
    encoding: Encoding = REMADE,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Iterator[Remake]:
    """Give a writer for the pictures of a video; the rest of it comes along by itself. The file
    takes its place at `path` when the block ends without an error.

    Args:
        source: the video whose pictures are changed. An open file can be read by a `Video` at the
            same time, in the same thread.
        path: ending in .mp4, .m4v, .mov or .mkv.
        encoding: how to compress.
        limits: as of `open_video`.

    Raises:
        UsageError: another suffix, `path` is the source, or the pictures are too small for HEVC.
        InputError, MediaError: as of `open_video`.
        OutputError: it cannot be written. What was at `path` is there as it was.
    """
    target, form, video = look_at(source, path, limits)
    _check_size(video.info, encoding)
    with (
        Sound(source, origin(video), subtitles=True, limits=limits) as beside,
        told(target),
        replacing(target, "wb") as file,
    ):
        copy = Remake(file.name, form, video, beside, encoding)
        try:
            copy.prepare()
            yield copy
            copy.finish()
        finally:
            copy.close()


class Remake(Output):
    """Encodes the changed pictures of a video; made by `remake_video`."""

    def __init__(
        self, path: str, form: str, video: Video, beside: Sound, encoding: Encoding
    ) -> None:
        info, stored = video.info, video.stored
        self._layout = layout = stored.layout
        container = create_container(path, form, info.time_base)
        self._beside, self._zero = beside, origin(video)
        self._number = video.stream_number
        aspect = info.pixel_aspect
        fields, self._notes = _fields(stored, encoding)
        encoder = Encoder(
            container,
            encoding,
            size_wh=(layout.width, layout.height),
            pix_fmt=layout.name,
            color=stored.color,
            time_base=info.time_base,
            rate=info.rate,
            pixel_aspect=1 / aspect if info.orientation.transpose else aspect,
            delay=video.lead,
            field_order=fields,
            mastering=stored.mastering,
        )
        if stored.display_matrix is not None:
            encoder.stream.set_display_matrix(stored.display_matrix)
        super().__init__(container, encoder)

    def prepare(self) -> None:
        """Add what goes with the pictures and write the header."""
        container, beside, pictures = self._container, self._beside, self._encoder.stream
        self._soundtrack = Soundtrack(container, beside)
        self._notes += self._soundtrack.notes
        zero = self._zero.exact
        self._notes += carry_over(beside.container, container, self._number, pictures, zero)
        container.start_encoding()

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence for each thing that is not as it was in the source."""
        return tuple(self._notes)

    def write(self, native: NativePicture, time: Time, duration: int) -> None:
        """Encode the next picture.

        Args:
            native: of a frame of the source, changed or not.
            time: when it is shown: a whole number of ticks, later than the one before.
            duration: for how long, in ticks; it counts for the last picture.

        Raises:
            UsageError: it is a picture of another video.
            ValueError: the time or duration breaks the rules above.
            OutputError: it cannot be written.
        """
        picture, layout = native.picture, self._layout
        have = (picture.format.name, picture.width, picture.height)
        if have != (layout.name, layout.width, layout.height):
            raise UsageError(
                f"a picture of {picture.width} x {picture.height} pixels in {have[0]} is not of "
                f"the video that is remade: {layout.width} x {layout.height} in {layout.name}"
            )
        self._encode(picture, time, duration)


def _check_size(info: VideoInfo, encoding: Encoding) -> None:
    if encoding.codec == "hevc" and min(info.width, info.height) < SMALLEST_HEVC:
        raise UsageError(
            f"HEVC takes no pictures below {SMALLEST_HEVC} pixels, and these have {info.width} x "
            f"{info.height}; use h264"
        )


def _fields(stored: Stored, encoding: Encoding) -> tuple[FieldOrder, list[str]]:
    """How an interlaced video is coded again, and what is to be said about its pictures."""
    layout, fields = stored.layout, stored.field_order
    notes = list(layout.notes)
    if fields and (encoding.codec != "h264" or layout.height % (4 if "420" in layout.name else 2)):
        fields = ""
        notes.append("its interlaced pictures are coded as whole ones, with the same lines")
    if stored.dynamic:
        notes.append("its HDR metadata of single scenes (HDR10+, Dolby Vision) is left out")
    if stored.spatial:
        notes.append("the mark that it is a spherical or stereoscopic video is left out")
    return fields, notes
