"""How the pictures of a video are stored and meant: what a copy of it must state again."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

import av
import numpy as np
from av.sidedata.sidedata import Type
from av.video.reformatter import ColorRange
from av.video.stream import VideoStream

from mien.media.planes import HD_LINES, Layout, is_full_range

FieldOrder = Literal["", "tff", "bff"]

_BOTTOM_FIRST = frozenset({3, 4})
_INTERLACED = frozenset({2, 3, 4, 5})  # AVFieldOrder: TT, BB, TB, BT; the second letter is shown


@classmethod  # type: ignore[misc]
def _unnamed(cls: type[Type], value: object) -> Type:
    member = object.__new__(cls)
    vars(member).update(_name_=f"UNNAMED_{value}", _value_=value)
    return member


# PyAV refuses to give any side data of a picture if it has no name for one kind of it, such as the
# EXIF that FFmpeg 8 finds in motion JPEG.
Type._missing_ = _unnamed  # type: ignore[method-assign, assignment]

CHROMATICITY, LUMINANCE = 50_000, 10_000
"""Steps in one unit of x and y, and in one cd/m², of mastering metadata (ITU-T H.265, D.3.28)."""


@dataclass(frozen=True, slots=True)
class Color:
    """The colour tags of a video, as numbers of ITU-T H.273; 2 = not stated.

    Attributes:
        range: 1 limited, 2 full, 0 not stated (FFmpeg's numbers).
        matrix: between RGB and YUV.
        primaries: the colours of R, G and B.
        transfer: from light to samples.
    """

    range: int
    matrix: int
    primaries: int = 2
    transfer: int = 2

    @classmethod
    def of(cls, picture: av.VideoFrame) -> Color:
        """Of a picture; RGB counts as what it becomes: limited BT.709 or BT.601."""
        primaries, transfer = picture.color_primaries, picture.color_trc
        if picture.format.is_rgb or picture.format.has_palette:
            matrix = 1 if picture.height >= HD_LINES else 6
            return cls(ColorRange.MPEG, matrix, primaries, transfer)
        stated = ColorRange.JPEG if is_full_range(picture) else picture.color_range
        return cls(int(stated), picture.colorspace, primaries, transfer)


@dataclass(frozen=True, slots=True)
class Stored:
    """What the first picture of a video tells about all of them.

    Attributes:
        layout: to encode them in.
        color: the tags.
        display_matrix: nine numbers, ISO/IEC 14496-12, 6.2.2; None: upright.
        field_order: the field shown first where a picture is interlaced.
        mastering: the display it was mastered on and its light levels, as x264 takes them: "" or
            "mastering-display=…" and "cll=…" joined by a colon.
        dynamic: whether there is HDR metadata of single scenes (HDR10+, Dolby Vision, Vivid).
        spatial: whether it is marked as spherical or stereoscopic.
    """

    layout: Layout
    color: Color
    display_matrix: tuple[int, ...] | None
    field_order: FieldOrder
    mastering: str
    dynamic: bool
    spatial: bool

    @classmethod
    def of(cls, picture: av.VideoFrame, stream: VideoStream) -> Stored:
        """From the first picture, once the decoder has given it."""
        # PyAV never frees a picture whose side data was looked at, so a tiny copy is looked at.
        tiny = picture.reformat(2, 2, "gray", threads=1)
        sides = {data.type.name: bytes(data) for data in cast(Iterable[Any], tiny.side_data)}
        matrix = sides.get("DISPLAYMATRIX")
        return cls(
            layout=Layout.of(picture),
            color=Color.of(picture),
            display_matrix=None if matrix is None else _nine(matrix),
            field_order=_field_order(picture, stream),
            mastering=_mastering(sides),
            dynamic=any("DYNAMIC" in name or "DOVI" in name for name in sides),
            spatial=bool({"SPHERICAL", "STEREO3D"} & set(sides)),
        )


def _nine(matrix: bytes) -> tuple[int, ...]:
    return tuple(np.frombuffer(matrix, np.int32).tolist())


def _field_order(picture: av.VideoFrame, stream: VideoStream) -> FieldOrder:
    order = stream.codec_context.field_order
    if not picture.interlaced_frame and order not in _INTERLACED:
        return ""
    return "bff" if order in _BOTTOM_FIRST else "tff"


def _mastering(sides: Mapping[str, bytes]) -> str:
    """From FFmpeg's AVMasteringDisplayMetadata and AVContentLightMetadata."""
    parts = []
    if (display := sides.get("MASTERING_DISPLAY_METADATA")) is not None:
        *pairs, has_primaries, has_luminance = struct.unpack("@22i", display[:88])
        values = [a / b if b else 0.0 for a, b in zip(pairs[::2], pairs[1::2], strict=True)]
        if has_primaries and has_luminance:
            red, green, blue, white = (
                f"({round(x * CHROMATICITY)},{round(y * CHROMATICITY)})"
                for x, y in zip(values[0:8:2], values[1:8:2], strict=True)
            )
            low, high = (round(value * LUMINANCE) for value in values[8:])
            parts.append(f"mastering-display=G{green}B{blue}R{red}WP{white}L({high},{low})")
    if (light := sides.get("CONTENT_LIGHT_LEVEL")) is not None:
        most, mean = struct.unpack("@2I", light[:8])
        parts.append(f"cll={most},{mean}")
    return ":".join(parts)
