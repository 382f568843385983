"""A picture's own planes: what is written to them is in the copy, and nothing else changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange

from mien.media import Orientation, open_video
from mien.media.planes import Fitter, Layout
from tests.clips import MIRROR, QUARTER_TURNS, numbered, read_number, turn, write_clip

DISPLAYED = {
    "upright": (1, 0, 0, 1),
    "90": QUARTER_TURNS[90],
    "180": QUARTER_TURNS[180],
    "270": QUARTER_TURNS[270],
    "mirror": MIRROR,
    "transposed": (0, 1, 1, 0),
    "anti-transposed": (0, -1, -1, 0),
    "upside down": (1, 0, 0, -1),
}


def picture(form: str, width: int = 64, height: int = 48, level: int = 90) -> av.VideoFrame:
    """One colour, in this pixel format."""
    rgb = np.full((height, width, 3), level, np.uint8)
    return av.VideoFrame.from_ndarray(rgb, "rgb24").reformat(format=form)


@pytest.mark.parametrize("name", DISPLAYED)
def test_planes_lie_as_displayed(tmp_path: Path, name: str) -> None:
    source = write_clip(tmp_path / "a.mov", numbered(3, 320, 192, start=0x1234))
    turn(source, DISPLAYED[name])
    with open_video(source) as video:
        frame = next(video.frames())
        number, rgb = frame.rgb, frame.rgb.copy()
        native = frame.native()
        assert (native.width, native.height) == (video.info.width, video.info.height)
        luma, *chroma = native.planes
        assert luma.samples.shape == number.shape[:2]
        assert np.abs(luma.samples.astype(int) - (16 + rgb[..., 1] / 255 * 219)).max() <= 2
        assert [plane.samples.shape for plane in chroma] == [
            (native.height // 2, native.width // 2)
        ] * 2
        luma.samples[20:40, 30:100] = luma.black
        for plane in chroma:
            plane.samples[10:20, 15:50] = plane.black
        frame.forget()
        assert (frame.rgb[20:40, 30:100] == 0).all()
        rest = np.ones(rgb.shape[:2], bool)
        rest[20:40, 30:100] = False
        assert (frame.rgb[rest] == rgb[rest]).all()


@pytest.mark.parametrize(
    ("form", "black", "top"),
    [
        ("yuv420p", (16, 128, 128), (235, 240, 240)),
        ("yuvj420p", (0, 128, 128), (255, 255, 255)),
        ("yuv422p", (16, 128, 128), (235, 240, 240)),
        ("yuv444p10le", (64, 512, 512), (940, 960, 960)),
        ("gray", (16,), (235,)),
        ("gray10le", (64,), (940,)),
    ],
)
def test_the_values_of_black_and_the_largest(
    form: str, black: tuple[int, ...], top: tuple[int, ...]
) -> None:
    shot = picture(form)
    native = Fitter(Layout.of(shot), Orientation()).fit(shot)
    assert tuple(plane.black for plane in native.planes) == black
    assert tuple(plane.top for plane in native.planes) == top
    kind = np.uint16 if "10" in form else np.uint8
    assert {plane.samples.dtype for plane in native.planes} == {np.dtype(kind)}


def test_full_range_is_told_by_the_tag_where_the_name_is_silent() -> None:
    shot = picture("yuv420p10le")
    shot.color_range = ColorRange.JPEG
    native = Fitter(Layout.of(shot), Orientation()).fit(shot)
    assert [(plane.black, plane.top) for plane in native.planes] == [(0, 1023)] + [(512, 1023)] * 2


LAYOUTS = {  # a decoder's → ours, and what is said
    "yuv420p": ("yuv420p", ""),
    "yuvj422p": ("yuvj422p", ""),
    "yuv444p10le": ("yuv444p10le", ""),
    "gray10le": ("gray10le", ""),
    "nv12": ("yuv420p", ""),
    "nv16": ("yuv422p", ""),
    "p010le": ("yuv420p10le", ""),
    "yuv420p10be": ("yuv420p10le", ""),
    "yuyv422": ("yuv422p", ""),
    "yuv411p": ("yuv422p", ""),
    "yuv410p": ("yuv420p", ""),
    "yuv440p": ("yuv444p", ""),
    "yuvj440p": ("yuvj444p", ""),
    "yuv420p9le": ("yuv420p10le", ""),
    "yuv422p12le": ("yuv422p10le", "12-bit samples are encoded with 10 bits"),
    "p016le": ("yuv420p10le", "16-bit"),
    "gray16le": ("gray10le", "16-bit"),
    "monob": ("gray", ""),
    "ya8": ("gray", "transparency"),
    "yuva420p": ("yuv420p", "transparency"),
    "rgb24": ("yuv444p", "RGB samples are encoded as YUV 4:4:4"),
    "bgra": ("yuv444p", "transparency"),
    "gbrp10le": ("yuv444p10le", "RGB"),
    "pal8": ("yuv444p", "RGB"),
}


@pytest.mark.parametrize("form", LAYOUTS)
def test_layouts_are_kept_or_become_the_nearest(form: str) -> None:
    shot = picture(form) if form not in ("pal8", "monob") else av.VideoFrame(64, 48, form)
    layout = Layout.of(shot)
    expected, note = LAYOUTS[form]
    assert layout.name == expected
    assert note in " ".join(layout.notes)
    assert bool(note) == bool(layout.notes)
    native = Fitter(layout, Orientation()).fit(shot)
    assert native.picture.format.name == expected
    assert (native.picture is shot) == (form == expected)


@pytest.mark.parametrize(
    "form",
    [name for name in LAYOUTS if name not in ("pal8", "monob", "gray10le", "ya8", "gray16le")],
)
def test_converting_keeps_the_colour(form: str) -> None:
    level = 150
    shot = picture(form, level=level)
    native = Fitter(Layout.of(shot), Orientation()).fit(shot)
    luma = native.planes[0]
    shift = 2 if luma.samples.dtype == np.uint16 else 0
    full = luma.black == 0
    expected = (level if full else 16 + level / 255 * 219) * 2**shift
    assert np.abs(luma.samples.astype(float) - expected).max() <= 1.5 * 2**shift
    for plane in native.planes[1:]:
        assert np.abs(plane.samples.astype(int) - plane.black).max() <= 1.5 * 2**shift


@pytest.mark.parametrize(
    ("form", "width", "height", "expected"),
    [
        ("yuv420p", 65, 48, "yuv444p"),
        ("yuv420p", 64, 47, "yuv444p"),
        ("yuv420p10le", 63, 47, "yuv444p10le"),
        ("yuvj420p", 63, 47, "yuvj444p"),
        ("yuv422p", 64, 47, "yuv422p"),
        ("yuv422p", 63, 48, "yuv444p"),
        ("gray", 63, 47, "gray"),
        ("yuv444p", 63, 47, "yuv444p"),
    ],
)
def test_odd_sizes_keep_their_size(form: str, width: int, height: int, expected: str) -> None:
    layout = Layout.of(picture(form, width, height))
    assert (layout.name, layout.width, layout.height) == (expected, width, height)
    assert any("odd size" in note for note in layout.notes) == (form != expected)


def test_a_picture_is_copied_only_when_it_is_changed(tmp_path: Path) -> None:
    """What the decoder still needs stays: all later pictures rest on the first one here."""
    source = write_clip(tmp_path / "a.mp4", numbered(11), options={"bf": "2", "refs": "4"})
    seen: list[int] = []
    with open_video(source) as video:
        for frame in video.frames():
            native = frame.native()
            before = native.picture.planes[0].buffer_ptr
            seen.append(read_number(frame.rgb))
            assert native.picture.planes[0].buffer_ptr == before
            for plane in native.planes:
                plane.samples[:] = plane.black
    assert seen == list(range(11))


def test_a_picture_of_another_size_is_scaled_to_the_first(tmp_path: Path) -> None:
    first, second = picture("yuv420p", 64, 48), picture("yuv420p", 66, 50)
    native = Fitter(Layout.of(first), Orientation()).fit(second)
    assert (native.picture.width, native.picture.height) == (64, 48)
    assert (native.picture.format.name, native.width) == ("yuv420p", 64)


def test_views_are_views() -> None:
    shot = picture("yuv420p")
    native = Fitter(Layout.of(shot), Orientation(True, True, False)).fit(shot)
    planes: Any = native.planes
    assert planes[0].samples.shape == (64, 48)
    planes[0].samples[0, 47] = 200
    stored = native.picture.to_ndarray()
    assert (stored[:48] == 200).sum() == 1
    assert native.planes is planes
