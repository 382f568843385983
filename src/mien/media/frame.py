"""A frame of a video, and how the decoder's picture becomes RGB."""

from __future__ import annotations

from functools import cached_property
from typing import cast

import av
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from mien.errors import UsageError
from mien.media.orientation import Orientation, Picture
from mien.media.planes import Fitter, Layout, NativePicture, color_matrix, is_full_range
from mien.timecode import Time

SCALING = Interpolation.AREA
"""Averages where it makes smaller, is bilinear where it enlarges."""


class Painter:
    """Makes RGB arrays of a video's decoded pictures, all in one displayed size."""

    def __init__(self, orientation: Orientation, layout: Layout) -> None:
        self.width, self.height = orientation.size_wh(layout.width, layout.height)  # as displayed
        self._orientation = orientation
        self._fitter = Fitter(layout, orientation)
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
            src_colorspace=color_matrix(picture),
            src_color_range=ColorRange.JPEG if is_full_range(picture) else ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
            interpolation=SCALING,
            threads=1,
        )
        rgb = self._orientation.apply(cast(Picture, painted.to_ndarray()))
        rgb.flags.writeable = False
        return rgb

    def native(self, picture: av.VideoFrame) -> NativePicture:
        """The picture in the video's own layout, or the nearest that an encoder has."""
        return self._fitter.fit(picture)


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

    def native(self) -> NativePicture:
        """The picture as it is stored, to be changed and encoded anew; see `mien.media.remake`.

        What is written to its planes can show in `rgb` and `rgb_at` from then on: it is the same
        memory, unless the layout had to be converted.
        """
        return self._painter.native(self._picture)

    def painted(self, native: NativePicture) -> Picture:
        """(height, width, 3) uint8, read-only: how a picture that `native` gave looks once it is
        changed."""
        return self._painter.paint(native.picture, self._painter.width, self._painter.height)

    def __repr__(self) -> str:
        return f"<Frame {self.index} at {self.time}>"
