"""A frame of a video, and how the decoder's picture becomes RGB."""

from __future__ import annotations

from functools import cached_property
from typing import cast

import av
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from mien.errors import UsageError
from mien.media.orientation import Orientation, Picture
from mien.timecode import Time

HD_LINES = 720
"""Pictures of at least so many lines that state no colour matrix count as BT.709, smaller ones as
BT.601, as video players take them (ITU-R BT.601-7 is for 576 and 480 lines, BT.709-6 for HD)."""

SCALING = Interpolation.AREA
"""Averages where it makes smaller, is bilinear where it enlarges."""

_MATRICES = {  # ITU-T H.273, table 4 → swscale
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}


class Painter:
    """Makes RGB arrays of a video's decoded pictures, all in one displayed size."""

    def __init__(self, width: int, height: int, orientation: Orientation) -> None:
        self.width, self.height = width, height  # as displayed
        self._orientation = orientation
        self._scalers: dict[tuple[int, int], VideoReformatter] = {}

    def paint(self, picture: av.VideoFrame, width: int, height: int) -> Picture:
        """(height, width, 3) uint8, read-only, scaled straight from the decoder's picture."""
        scaler = self._scalers.setdefault((width, height), VideoReformatter())
        stored_width, stored_height = self._orientation.size_wh(width, height)
        painted = scaler.reformat(
            picture,
            stored_width,
            stored_height,
            "rgb24",
            src_colorspace=_matrix(picture),
            src_color_range=_range(picture),
            dst_color_range=ColorRange.JPEG,
            interpolation=SCALING,
            threads=1,
        )
        rgb = self._orientation.apply(cast(Picture, painted.to_ndarray()))
        rgb.flags.writeable = False
        return rgb


def _matrix(picture: av.VideoFrame) -> Colorspace:
    by_size = Colorspace.ITU709 if picture.height >= HD_LINES else Colorspace.ITU601
    return _MATRICES.get(picture.colorspace, by_size)


def _range(picture: av.VideoFrame) -> ColorRange:
    full = picture.color_range == ColorRange.JPEG or picture.format.name.startswith("yuvj")
    return ColorRange.JPEG if full else ColorRange.MPEG


class Frame:
    """One frame: when it is shown, and its pixels as they are displayed, made when asked for.

    It holds on to the decoder's picture, so do not keep more of them than needed.
    """

    def __init__(
        self, index: int, time: Time, duration: int, picture: av.VideoFrame, painter: Painter
    ) -> None:
        self.index = index
        """0, 1, 2 … in the order of display, from the start of the segment."""

        self.time = time
        """When it is first shown; the first frame at 0."""

        self.duration = duration
        """For how long, in ticks of `time.time_base`; at least 1."""

        self.is_key = bool(picture.key_frame)
        """Whether it can be decoded without another."""

        self._picture = picture
        self._painter = painter

    @cached_property
    def rgb(self) -> Picture:
        """(height, width, 3) uint8, read-only; made once, until `forget`."""
        return self._painter.paint(self._picture, self._painter.width, self._painter.height)

    def forget(self) -> None:
        """Free `rgb`; it is made anew when asked for."""
        self.__dict__.pop("rgb", None)

    def rgb_at(self, width: int, height: int) -> Picture:
        """(height, width, 3) uint8, read-only, scaled straight from the decoder's picture.

        It averages where it makes smaller. Made anew at each call.

        Raises:
            UsageError: a side below one pixel.
        """
        if width < 1 or height < 1:
            raise UsageError(f"a frame cannot be scaled to {width} x {height} pixels")
        return self._painter.paint(self._picture, width, height)

    def __repr__(self) -> str:
        return f"<Frame {self.index} at {self.time}>"
