"""Videos and pictures out, from RGB; see `mien.media.remake` for a video that is changed.

with create_video("out.mp4", width=640, height=360, time_base=base, rate=rate) as writer:
    writer.write(rgb, frame.time, frame.duration)
write_image("out.png", rgb)

A file is there when it is whole, and not before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from fractions import Fraction
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray
from PIL import Image

from mien.atomic import replacing
from mien.errors import UsageError
from mien.media.encoder import (
    VIDEO_FORMATS,
    Encoder,
    Encoding,
    create_container,
    told,
    video_format_for,
)
from mien.media.output import Output
from mien.media.planes import HD_LINES
from mien.media.sound import Sound
from mien.media.soundtrack import Soundtrack
from mien.media.stored import Color
from mien.media.video import VideoInfo
from mien.picture import check_rgb
from mien.timecode import Time

__all__ = [
    "IMAGE_FORMATS",
    "VIDEO_FORMATS",
    "Encoding",
    "create_video",
    "create_video_like",
    "write_image",
]

Rgb = NDArray[Any]

IMAGE_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}

JPEG_QUALITY = 92

_MATRIX = {True: (1, Colorspace.ITU709), False: (6, Colorspace.ITU601)}  # H.273, table 4; swscale


@contextmanager
def create_video(
    path: str | PathLike[str],
    *,
    width: int,
    height: int,
    time_base: Fraction,
    rate: Fraction,
    pixel_aspect: Fraction = Fraction(1),
    sound: Sound | None = None,
    copied: Collection[str] | None = None,
    encoding: Encoding = Encoding(),  # noqa: B008 - frozen
) -> Iterator[VideoWriter]:
    """Give a writer; the file takes its place at `path` when the block ends without an error.

    Args:
        path: ending in .mp4, .m4v, .mov or .mkv.
        width: of the pictures, as displayed. 4:2:0 has no odd sizes: the last column or row is
            repeated once where a side is odd.
        height: likewise.
        time_base: seconds in a tick of the times that will be given. MP4 and MOV keep it, Matroska
            counts milliseconds.
        rate: nominal frames a second, for the encoder.
        pixel_aspect: width to height of a pixel.
        sound: to go with it, as it is where the container takes it.
        copied: codecs of sound; that of others is encoded anew in any case.
        encoding: how to compress.

    Raises:
        UsageError: another suffix, or a picture without pixels.
        OutputError: it cannot be written. What was at `path` is there as it was.
    """
    target = Path(path)
    form = video_format_for(target)
    if width < 1 or height < 1:
        raise UsageError(f"a video cannot have pictures of {width} x {height} pixels")
    with told(target), replacing(target, "wb") as file:
        size_wh = (width, height)
        writer = VideoWriter(file.name, form, size_wh, time_base, rate, pixel_aspect, encoding)
        try:
            writer.prepare(sound, copied)
            yield writer
            writer.finish()
        finally:
            writer.close()


def create_video_like(
    info: VideoInfo,
    path: str | PathLike[str],
    *,
    sound: Sound | None = None,
    copied: Collection[str] | None = None,
    encoding: Encoding = Encoding(),  # noqa: B008 - frozen
) -> AbstractContextManager[VideoWriter]:
    """`create_video` for the frames of a video, changed or not: in their size, at their times."""
    return create_video(
        path,
        width=info.width,
        height=info.height,
        time_base=info.time_base,
        rate=info.rate,
        pixel_aspect=info.pixel_aspect,
        sound=sound,
        copied=copied,
        encoding=encoding,
    )


class VideoWriter(Output):
    """Encodes pictures with exact times; made by `create_video`."""

    def __init__(
        self,
        path: str,
        form: str,
        size_wh: tuple[int, int],
        time_base: Fraction,
        rate: Fraction,
        pixel_aspect: Fraction,
        encoding: Encoding,
    ) -> None:
        self._size_wh = size_wh
        container = create_container(path, form, time_base)
        tag, self._matrix = _MATRIX[size_wh[1] >= HD_LINES]
        width, height = (side + side % 2 for side in size_wh)
        encoder = Encoder(
            container,
            encoding,
            size_wh=(width, height),
            pix_fmt="yuv420p",
            color=Color(ColorRange.MPEG, tag),
            time_base=time_base,
            rate=rate,
            pixel_aspect=pixel_aspect,
        )
        super().__init__(container, encoder)
        self._reformatter = VideoReformatter()

    def prepare(self, sound: Sound | None, copied: Collection[str] | None = None) -> None:
        """Add the sound and write the header."""
        self._soundtrack = Soundtrack(self._container, sound, copied)
        self._container.start_encoding()

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence for each thing that is not as it was in the source."""
        return tuple(self._soundtrack.notes) if self._soundtrack else ()

    def write(self, rgb: Rgb, time: Time, duration: int) -> None:
        """Encode the next picture.

        Args:
            rgb: (height, width, 3) uint8.
            time: when it is shown: a whole number of ticks, later than the one before.
            duration: for how long, in ticks; it counts for the last picture.

        Raises:
            UsageError: it is no picture of the size that was announced.
            ValueError: the time or duration breaks the rules above.
            OutputError: it cannot be written.
        """
        check_rgb(rgb)
        if rgb.shape[1::-1] != self._size_wh:
            raise UsageError(
                f"a picture of {rgb.shape[1]} x {rgb.shape[0]} pixels does not fit into a video of "
                f"{self._size_wh[0]} x {self._size_wh[1]}"
            )
        self._encode(self._coded(rgb), time, duration)

    def _coded(self, rgb: Rgb) -> av.VideoFrame:
        down, right = rgb.shape[0] % 2, rgb.shape[1] % 2
        if down or right:
            rgb = np.pad(rgb, ((0, down), (0, right), (0, 0)), "edge")
        return self._reformatter.reformat(
            av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(rgb), format="rgb24"),
            format="yuv420p",
            src_color_range=ColorRange.JPEG,
            dst_colorspace=self._matrix,
            dst_color_range=ColorRange.MPEG,
            interpolation=Interpolation.AREA,
            threads=1,
        )


def write_image(path: str | PathLike[str], rgb: Rgb) -> None:
    """Write a picture (H, W, 3) uint8 as PNG or JPEG, as the suffix says. No metadata goes along.

    Raises:
        UsageError: another suffix, or no picture.
        OutputError: it cannot be written.
    """
    check_rgb(rgb)
    target = Path(path)
    if target.suffix.lower() not in IMAGE_FORMATS:
        known = ", ".join(IMAGE_FORMATS)
        raise UsageError(f"{target} does not end in {known}; mien writes no other pictures")
    with replacing(target, "wb") as file:
        file.write(image_bytes(rgb, IMAGE_FORMATS[target.suffix.lower()]))


def image_bytes(rgb: Rgb, form: str = "JPEG") -> bytes:
    """The file of a picture (H, W, 3) uint8, "JPEG" or "PNG", without metadata.

    Raises:
        UsageError: it is no picture.
    """
    check_rgb(rgb)
    data = BytesIO()
    Image.fromarray(rgb).save(data, form, quality=JPEG_QUALITY, subsampling=0)
    return data.getvalue()
