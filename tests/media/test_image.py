from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

from mien.errors import (
    CorruptMediaError,
    InputError,
    InputNotFoundError,
    MediaTooLargeError,
    UnsupportedMediaError,
    UsageError,
)
from mien.media import Limits, read_image

Rgb = NDArray[np.uint8]

COLORS = np.array(
    [[[220, 30, 30], [30, 200, 40], [40, 40, 210]], [[250, 250, 250], [128, 128, 128], [8, 8, 8]]],
    np.uint8,
)


def picture(scale: int = 16) -> Rgb:
    """2 × 3 patches of different colours, so that every turn and mirror shows."""
    return COLORS.repeat(scale, axis=0).repeat(scale, axis=1)


def encoded(image: Image.Image, format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def rgb(mode: str = "RGB") -> Image.Image:
    return Image.fromarray(picture()).convert(mode)


def noisy(size: int = 256) -> Image.Image:
    """A picture that does not compress away, so that cutting its file cuts its pixels."""
    random = np.random.default_rng(7)
    return Image.fromarray(random.integers(0, 256, (size, size, 3), np.uint8))


def patches(array: Rgb) -> NDArray[np.float64]:
    """The mean colour of each of the 2 × 3 patches."""
    height, width = array.shape[0] // 2, array.shape[1] // 3
    cells = array.reshape(2, height, 3, width, 3)[:, height // 4 : -height // 4]
    means: NDArray[np.float64] = cells[:, :, :, width // 4 : -width // 4].mean(axis=(1, 3))
    return means


GRAY = np.array(Image.fromarray(COLORS).convert("L").convert("RGB"), np.float64)


@pytest.mark.parametrize(
    ("data", "want", "tolerance"),
    [
        pytest.param(encoded(rgb(), "PNG"), COLORS, 0, id="PNG"),
        pytest.param(encoded(rgb("RGBA"), "PNG"), COLORS, 0, id="PNG, opaque alpha"),
        pytest.param(encoded(rgb("P"), "PNG"), COLORS, 40, id="PNG, palette"),
        pytest.param(encoded(rgb("L"), "PNG"), GRAY, 0, id="PNG, gray"),
        pytest.param(encoded(rgb("LA"), "PNG"), GRAY, 0, id="PNG, gray with alpha"),
        pytest.param(encoded(rgb(), "JPEG", quality=95), COLORS, 4, id="JPEG"),
        pytest.param(encoded(rgb(), "JPEG", progressive=True), COLORS, 6, id="JPEG, progressive"),
        pytest.param(encoded(rgb("L"), "JPEG"), GRAY, 3, id="JPEG, gray"),
        pytest.param(encoded(rgb("CMYK"), "JPEG", quality=95), COLORS, 5, id="JPEG, CMYK"),
        pytest.param(encoded(rgb(), "BMP"), COLORS, 0, id="BMP"),
        pytest.param(encoded(rgb(), "WEBP", lossless=True), COLORS, 0, id="WebP"),
        pytest.param(encoded(rgb(), "TIFF"), COLORS, 0, id="TIFF"),
        pytest.param(encoded(rgb(), "TIFF", compression="tiff_lzw"), COLORS, 0, id="TIFF, LZW"),
        pytest.param(encoded(rgb("CMYK"), "TIFF"), COLORS, 0, id="TIFF, CMYK"),
        pytest.param(encoded(rgb("L"), "TIFF"), GRAY, 0, id="TIFF, gray"),
        pytest.param(encoded(rgb().quantize(16), "GIF"), COLORS, 2, id="GIF"),
    ],
)
def test_formats(data: bytes, want: NDArray[Any], tolerance: int) -> None:
    got = read_image(data)
    assert got.shape == (32, 48, 3)
    assert got.dtype == np.uint8
    assert got.flags.c_contiguous
    assert np.abs(patches(got) - want).max() <= tolerance


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_one_bit(format: str) -> None:
    stripes = np.zeros((8, 16), bool)
    stripes[:, 8:] = True
    got = read_image(encoded(Image.fromarray(stripes), format))
    assert (got == stripes[:, :, None] * np.uint8(255)).all()


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_sixteen_bit_gray_keeps_its_upper_eight(format: str) -> None:
    ramp = np.arange(0, 65536, 256, dtype=np.uint16).reshape(16, 16) + 200
    got = read_image(encoded(Image.fromarray(ramp), format))
    assert (got[:, :, 0] == ramp >> 8).all()
    assert (got[:, :, 0] == got[:, :, 2]).all()


def test_sixteen_bit_rgb_png() -> None:
    values = np.zeros((4, 4, 3), np.uint16)
    values[...] = [0x1234, 0x8001, 0xFFFF]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    got = read_image(png((4, 4), 16, rows))
    assert (got == [0x12, 0x80, 0xFF]).all()


def png(size: tuple[int, int], depth: int, rows: bytes) -> bytes:
    """A true-colour PNG made by hand (Pillow writes none of 16 bit)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", *size, depth, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def test_thirty_two_bit_samples_are_refused() -> None:
    data = encoded(Image.fromarray(np.ones((4, 4), np.float32)), "TIFF")
    with pytest.raises(UnsupportedMediaError, match="32-bit"):
        read_image(data)


def test_transparency_lies_on_white() -> None:
    layer = np.zeros((2, 2, 4), np.uint8)
    layer[0, 0] = [10, 20, 30, 255]
    layer[1, 1] = [0, 0, 0, 128]
    got = read_image(encoded(Image.fromarray(layer), "PNG"))
    assert got[0, 0].tolist() == [10, 20, 30]
    assert got[0, 1].tolist() == [255, 255, 255]
    assert abs(int(got[1, 1, 0]) - 127) <= 1


def test_transparent_palette_entry_is_white() -> None:
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 200, 0, 0])
    got = read_image(encoded(image, "GIF", transparency=1))
    assert (got == 255).all()


@pytest.mark.parametrize("format", ["GIF", "WEBP"])
def test_animations_give_their_first_frame(format: str) -> None:
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "green", "blue")]
    options = {"lossless": True} if format == "WEBP" else {}
    data = encoded(frames[0], format, save_all=True, append_images=frames[1:], **options)
    assert (read_image(data) == [255, 0, 0]).all()


def test_multi_page_tiff_gives_its_first_page() -> None:
    pages = [Image.new("RGB", (8, 8), color) for color in ("blue", "red")]
    data = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert (read_image(data) == [0, 0, 255]).all()


def test_jpeg_with_a_second_picture_behind_gives_the_first() -> None:
    """As telephones write it (multi-picture format)."""
    first, second = Image.new("RGB", (16, 16), "red"), Image.new("RGB", (16, 16), "blue")
    data = encoded(first, "MPO", save_all=True, append_images=[second])
    assert data[:3] == b"\xff\xd8\xff"
    assert np.abs(read_image(data).astype(int) - [254, 0, 0]).max() <= 1


TURNS: dict[int, Callable[[Rgb], Rgb]] = {  # from what is to be shown to what is stored
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, 1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, -1),
}


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", TURNS)
def test_exif_orientation(format: str, orientation: int) -> None:
    stored = Image.fromarray(np.ascontiguousarray(TURNS[orientation](picture())))
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if format == "WEBP" else {}
    got = read_image(encoded(stored, format, exif=exif, **options))
    assert got.shape == (32, 48, 3)
    assert np.abs(patches(got) - COLORS).max() <= 5


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_is_upright(value: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = value
    assert np.abs(patches(read_image(encoded(rgb(), "PNG", exif=exif))) - COLORS).max() == 0


def test_damaged_exif_data_does_not_spoil_the_picture() -> None:
    data = encoded(rgb(), "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xffgarbage", quality=95)
    assert np.abs(patches(read_image(data)) - COLORS).max() <= 4


def test_a_colour_profile_is_applied() -> None:
    """Half of the light is 188 in sRGB (IEC 61966-2-1); a profile of gamma 1 says 128 is half."""
    profile = linear_profile()
    image = Image.new("RGB", (8, 8), (128, 128, 128))
    got = read_image(encoded(image, "PNG", icc_profile=profile))
    assert np.abs(got.astype(int) - 188).max() <= 1


def linear_profile() -> bytes:
    """sRGB with another title and its three tone curves set to gamma 1."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    data = data.replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))
    (count,) = struct.unpack_from(">I", data, 128)
    for entry in range(count):
        name, offset, _ = struct.unpack_from(">4sII", data, 132 + 12 * entry)
        if name in (b"rTRC", b"gTRC", b"bTRC"):
            struct.pack_into(">4sIHHI", data, offset, b"para", 0, 0, 0, 1 << 16)
    return bytes(data)


@pytest.mark.parametrize(
    "profile", [b"garbage", b"", ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()]
)
def test_a_useless_colour_profile_is_left_out(profile: bytes) -> None:
    data = encoded(rgb(), "PNG", icc_profile=profile)
    assert np.abs(patches(read_image(data)) - COLORS).max() == 0


def test_one_pixel() -> None:
    assert read_image(encoded(Image.new("RGB", (1, 1), "red"), "PNG")).tolist() == [[[255, 0, 0]]]


def test_sources(tmp_path: Path) -> None:
    data = encoded(rgb(), "PNG")
    path = tmp_path / "holiday.txt"  # a name says nothing
    path.write_bytes(data)
    with path.open("rb") as file:
        file.seek(5)
        for source in (path, str(path), data, io.BytesIO(data), file):
            assert (read_image(source) == picture()).all()
        assert not file.closed


def test_bad_sources(tmp_path: Path) -> None:
    with pytest.raises(InputNotFoundError, match="no file"):
        read_image(tmp_path / "none.jpg")
    with pytest.raises(InputError, match="folder"):
        read_image(tmp_path)
    with pytest.raises(UsageError, match="binary mode"):
        read_image(io.StringIO("text"))  # type: ignore[arg-type]
    with pytest.raises(CorruptMediaError, match="empty"):
        read_image(b"")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"Dear reader,\n", "is text"),
        (b"%PDF-1.7\n\xff", "PDF"),
        (b"PK\3\4\xff\xff", "ZIP"),
        (b"\0\0\0\x20ftypheic\0\0\0\0\xff", "HEIC"),
        (b"\0\0\0\x20ftypisom\0\0\0\0\xff", "is a video"),
        (bytes(range(256)), "not a photo"),
    ],
)
def test_other_files_are_named(data: bytes, message: str) -> None:
    with pytest.raises(UnsupportedMediaError, match=message):
        read_image(data)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.97])
@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("PNG", {}),
        ("GIF", {}),
        ("BMP", {}),
        ("WEBP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
    ],
)
def test_a_cut_file_is_an_error_and_no_half_picture(
    format: str, options: dict[str, Any], share: float
) -> None:
    data = encoded(noisy(), format, **options)
    with pytest.raises((CorruptMediaError, UnsupportedMediaError)):
        read_image(data[: int(len(data) * share)])


def test_random_damage_gives_a_picture_or_our_error() -> None:
    random = np.random.default_rng(3)
    for format in ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF"):
        data = encoded(noisy(48), format)
        for _ in range(40):
            broken = bytearray(data)
            for at in random.integers(0, len(data), 4):
                broken[at] = random.integers(256)
            with suppress(CorruptMediaError, UnsupportedMediaError, MediaTooLargeError):
                got = read_image(bytes(broken), limits=Limits(image_pixels=10**6))
                assert got.ndim == 3


def test_byte_limit() -> None:
    data = encoded(rgb(), "PNG")
    with pytest.raises(MediaTooLargeError, match="image_bytes"):
        read_image(data, limits=Limits(image_bytes=len(data) - 1))
    assert read_image(data, limits=Limits(image_bytes=len(data))).shape == (32, 48, 3)


def test_pixel_limit() -> None:
    data = encoded(rgb(), "JPEG")
    with pytest.raises(MediaTooLargeError, match="48 x 32 pixels"):
        read_image(data, limits=Limits(image_pixels=48 * 32 - 1))
    assert read_image(data, limits=Limits(image_pixels=48 * 32)).shape == (32, 48, 3)


@pytest.mark.parametrize("side", [12_000, 20_000, 2**31 - 1])
def test_bombs_are_refused_from_their_header(side: int) -> None:
    """Over our limit, over Pillow's bound for a warning, and over that for an error."""
    with pytest.raises(MediaTooLargeError, match=str(side)):
        read_image(png((side, side), 8, b"\0"))


def test_a_photo_of_a_hundred_megapixels_passes_the_limit() -> None:
    """Between Pillow's bound for a warning and our limit: it is decoded, and found to be short."""
    with pytest.raises(CorruptMediaError):
        read_image(png((12_000, 9_000), 8, b"\0"))


def test_a_small_tiff_with_a_huge_tile_is_refused() -> None:
    data = bytearray(encoded(rgb(), "TIFF"))
    entries = [(256, 4, 1), (257, 4, 1), (258, 3, 8), (259, 3, 1), (262, 3, 1)]
    entries += [(277, 3, 1), (322, 4, 60_000), (323, 4, 60_000), (324, 4, 8), (325, 4, 4)]
    ifd = struct.pack("<H", len(entries))
    for tag, kind, value in entries:
        ifd += struct.pack("<HHII", tag, kind, 1, value)
    data = bytearray(b"II*\0" + struct.pack("<I", 12) + b"\0\0\0\0" + ifd + struct.pack("<I", 0))
    with pytest.raises(MediaTooLargeError, match="60000 x 60000"):
        read_image(bytes(data))


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_sixteen_bit_colour_of_another_writer(suffix: str) -> None:
    blue_first = np.zeros((8, 8, 3), np.uint16)
    blue_first[...] = [0xFFFF, 0x8001, 0x1234]
    written, data = cv2.imencode(suffix, blue_first)
    assert written
    assert (read_image(data.tobytes()) == [0x12, 0x80, 0xFF]).all()
