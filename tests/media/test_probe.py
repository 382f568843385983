from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image

from mien.errors import MediaTooLargeError, UnsupportedMediaError
from mien.media import ImageInfo, Limits, VideoInfo, probe
from tests.clips import numbered, write_clip


def test_a_photo_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (30, 20)).save(path, "JPEG", exif=exif)
    info = probe(path)
    assert isinstance(info, ImageInfo)
    assert info.kind == "image"
    assert (info.width, info.height, info.format) == (20, 30, "JPEG")
    assert info.orientation.rotation == 90


@pytest.mark.parametrize("format", ["PNG", "GIF", "BMP", "WEBP", "TIFF"])
def test_formats_of_photos(format: str) -> None:
    file = io.BytesIO()
    frames = [Image.new("RGB", (30, 20), color) for color in ("red", "blue")]
    many = {"save_all": True, "append_images": frames[1:]} if format in ("GIF", "WEBP") else {}
    frames[0].save(file, format, **many)
    info = probe(file)
    assert isinstance(info, ImageInfo)
    assert (info.width, info.height, info.format) == (30, 20, format)


def test_a_video_by_its_content(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mov", numbered(10), rate="30000/1001", sound_s=0.5)
    info = probe(path.rename(tmp_path / "photo.jpg"))
    assert isinstance(info, VideoInfo)
    assert info.kind == "video"
    assert (info.width, info.height, info.codec, info.container) == (160, 96, "h264", "mov")
    assert info.rate == Fraction(30000, 1001)
    assert info.has_audio
    assert info.duration is not None
    assert info.duration.exact == Fraction(10 * 1001, 30000)


def test_a_photo_that_is_cut_off_still_has_facts() -> None:
    file = io.BytesIO()
    Image.new("RGB", (300, 200)).save(file, "PNG")
    assert probe(file.getvalue()[:60]).width == 300


def test_limits_and_other_files(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedMediaError, match="is text"):
        probe(b"hello\n")
    path = write_clip(tmp_path / "a.mp4", numbered(2))
    with pytest.raises(MediaTooLargeError):
        probe(path, limits=Limits(video_pixels=100))
