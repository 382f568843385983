"""A decoded picture's own planes, to be changed in place before it is encoded anew.

native = frame.native()
for plane in native.planes:                     # Y, U, V, or only Y; as displayed
    plane.samples[10:20, 10:20] = plane.black   # writes through to native.picture
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from mien.media.orientation import Orientation

HD_LINES = 720
"""Pictures of at least so many lines that state no colour matrix count as BT.709, smaller ones as
BT.601, as video players take them (ITU-R BT.601-7 is for 576 and 480 lines, BT.709-6 for HD)."""

CHROMA = {(1, 1): "420", (1, 0): "422", (0, 0): "444", (0, 1): "444"}
"""How often the width and the height of the chroma planes are halved → the layout that holds all
of it; H.264 and HEVC know no planes that are halved in height only."""

DEPTHS = (8, 10)
"""Bits of a sample that the encoders have."""

_MATRICES = {  # ITU-T H.273, table 4 → swscale
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """One plane of a picture.

    Attributes:
        samples: (h, w) uint8 or uint16, a writable view as displayed. Chroma planes may have fewer
            samples than the picture has pixels.
        black: the sample of black: 16 or 0 in luma, 128 in chroma, shifted by the depth.
        top: the largest legal sample: 255 or 1023; in limited range 235 in luma and 240 in chroma,
            shifted by the depth.
    """

    samples: NDArray[Any]
    black: int
    top: int


@dataclass(frozen=True, slots=True)
class Layout:
    """How the pictures of a video are stored when they are encoded anew.

    Attributes:
        name: FFmpeg's pixel format.
        width: of the stored picture, before it is turned to be displayed.
        height: likewise.
        notes: a sentence for each thing in which it differs from how they were stored.
    """

    name: str
    width: int
    height: int
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, picture: av.VideoFrame) -> Layout:
        """The layout that the encoders have, nearest to a picture's own and losing least.

        It is the picture's own for YUV 4:2:0, 4:2:2 and 4:4:4 and gray, with 8 and 10 bits. H.264
        and HEVC have no 4:2:0 with an odd width or height and no 4:2:2 with an odd width
        (ITU-T H.264, 7.4.2.1.1: the picture is cropped by whole chroma samples), so these become
        4:4:4, which keeps the size.
        """
        form = picture.format
        parts = [part for part in form.components if not part.is_alpha]
        notes = []
        if len(parts) < len(form.components):
            notes.append("its transparency is left out")
        bits = max(part.bits for part in parts)
        depth = next((known for known in DEPTHS if bits <= known), DEPTHS[-1])
        if bits > depth:
            notes.append(f"its {bits}-bit samples are encoded with {depth} bits")
        if _is_rgb(form):
            chroma = "444"
            notes.append("its RGB samples are encoded as YUV 4:4:4")
        elif len(parts) < 3:
            chroma = ""
        else:
            chroma = CHROMA[_halved(form)]
        odd = picture.width % 2 or (picture.height % 2 and chroma == "420")
        if odd and chroma in ("420", "422"):
            chroma = "444"
            notes.append(
                f"its odd size of {picture.width} x {picture.height} pixels needs YUV 4:4:4, which "
                "some players, in telephones above all, do not show"
            )
        name = _name(chroma, depth, form.name.startswith("yuvj"))
        return cls(name, picture.width, picture.height, tuple(notes))

    @property
    def ten_bits(self) -> bool:
        """Whether samples have 10 bits, in two bytes."""
        return self.name.endswith("10le")


class NativePicture:
    """A picture in a layout that the encoders have.

    The picture may be one that the decoder still needs. It is copied when `planes` is asked for,
    so one that stays as it is costs nothing.
    """

    def __init__(self, picture: av.VideoFrame, orientation: Orientation) -> None:
        self._orientation = orientation

        self.picture = picture
        """What is to be encoded; it lies as it was stored."""

        self.width, self.height = orientation.size_wh(picture.width, picture.height)

    @cached_property
    def planes(self) -> tuple[Plane, ...]:
        """Y, U and V, or only Y, as displayed. What is written to them changes `picture`, and with
        it what the frame it came from shows when that makes its `rgb` anew."""
        self.picture.make_writable()
        full = is_full_range(self.picture)
        ten = self.picture.format.name.endswith("10le")
        shift = 2 if ten else 0
        kind = np.uint16 if ten else np.uint8
        return tuple(
            Plane(
                samples=self._orientation.view(_samples(plane, kind)),
                black=128 << shift if number else (0 if full else 16) << shift,
                top=(256 << shift) - 1 if full else (240 if number else 235) << shift,
            )
            for number, plane in enumerate(self.picture.planes)
        )


class Fitter:
    """Brings the pictures of a video into its layout; most of them are in it."""

    def __init__(self, layout: Layout, orientation: Orientation) -> None:
        self._layout, self._orientation = layout, orientation
        self._reformatter = VideoReformatter()

    def fit(self, picture: av.VideoFrame) -> NativePicture:
        """The picture itself if it is in the layout, else a converted one."""
        layout = self._layout
        have = (picture.format.name, picture.width, picture.height)
        if have != (layout.name, layout.width, layout.height) or _upside_down(picture):
            picture = self._converted(picture)
        return NativePicture(picture, self._orientation)

    def _converted(self, picture: av.VideoFrame) -> av.VideoFrame:
        """By way of 4:4:4 if it only lies upside down, as swscale leaves alone what has the right
        name."""
        steps = [self._layout.name]
        if picture.format.name == self._layout.name and _upside_down(picture):
            steps.insert(0, "yuv444p10le" if self._layout.ten_bits else "yuv444p")
        matrix, full = color_matrix(picture), is_full_range(picture)
        source = target = ColorRange.JPEG if full else ColorRange.MPEG
        if _is_rgb(picture.format):
            source, target = ColorRange.JPEG, ColorRange.MPEG
        for name in steps:
            picture = self._reformatter.reformat(
                picture,
                self._layout.width,
                self._layout.height,
                name,
                src_colorspace=matrix,
                dst_colorspace=matrix,
                src_color_range=source,
                dst_color_range=target,
                interpolation=Interpolation.BICUBIC | Interpolation.ACCURATE_RND,
                threads=1,
            )
            source = target
        return picture


def color_matrix(picture: av.VideoFrame) -> Colorspace:
    """The matrix between its YUV and RGB, as stated or by its size."""
    by_size = Colorspace.ITU709 if picture.height >= HD_LINES else Colorspace.ITU601
    return _MATRICES.get(picture.colorspace, by_size)


def is_full_range(picture: av.VideoFrame) -> bool:
    """Whether black is 0 and white the largest sample, rather than 16 and 235 of 255."""
    return picture.color_range == ColorRange.JPEG or picture.format.name.startswith("yuvj")


def _samples(plane: Any, kind: type[np.generic]) -> NDArray[Any]:
    rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
    return rows.view(kind)[:, : plane.width]


def _upside_down(picture: av.VideoFrame) -> bool:
    return any(plane.line_size < 0 for plane in picture.planes)


def _is_rgb(form: av.VideoFormat) -> bool:
    return form.is_rgb or form.has_palette or form.is_bayer or form.name.startswith("xyz")


def _halved(form: av.VideoFormat) -> tuple[int, int]:
    """Once at most, also where a quarter of the samples are left: nothing is lost by that."""
    return int(form.chroma_width(64) < 64), int(form.chroma_height(64) < 64)


def _name(chroma: str, depth: int, full: bool) -> str:
    base = f"yuv{chroma}p" if chroma else "gray"
    if depth > 8:
        return f"{base}{depth}le"
    return base.replace("yuv", "yuvj") if full else base
