"""Photos: bytes in, the picture as it is displayed out."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

import numpy as np
from PIL import Image, ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from mien.errors import CorruptMediaError, MediaTooLargeError, UnsupportedMediaError
from mien.media.limits import Limits
from mien.media.orientation import Orientation, Picture
from mien.media.signatures import NAMES, READABLE, foreign_format, image_format, video_format
from mien.media.source import OpenSource, Source, open_source

ORIENTATION_TAG = 0x0112
TILE_TAGS = (322, 323)  # TIFF 6.0, section 15: width and height of a tile

_READERS: dict[str, Callable[..., ImageFile.ImageFile]] = {
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "GIF": GifImageFile,
    "BMP": BmpImageFile,
    "WEBP": WebPImageFile,
    "TIFF": TiffImageFile,
}
_BROKEN = (
    *(OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError),
    *(struct.error, ArithmeticError, AttributeError),
)
"""What Pillow's readers raise on damaged files; each of these has been seen."""


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """Facts about a photo, from its header."""

    width: int
    """Pixels, as displayed."""

    height: int
    format: str
    """JPEG, PNG, GIF, BMP, WEBP or TIFF."""

    orientation: Orientation
    kind: Literal["image"] = "image"


def read_image(source: Source, *, limits: Limits = Limits()) -> Picture:  # noqa: B008 - frozen
    """Decode a photo: the first frame or page, turned as it is displayed, transparency on white.

    Args:
        source: a path, the bytes of a file, or an open binary file.
        limits: the largest file and picture to accept.

    Returns:
        (height, width, 3) uint8, RGB. A colour profile in the file is applied, so it is sRGB.

    Raises:
        InputError: the source cannot be opened.
        MediaTooLargeError: over a limit; nothing has been decoded.
        UnsupportedMediaError: no picture of a kind that mien reads.
        CorruptMediaError: damaged or cut off.
    """
    with open_source(source) as opened, _reading(opened, limits) as image:
        _load(image, opened.name)
        orientation = _orientation(image)
        return orientation.apply(np.asarray(_to_rgb(image, opened.name)))


def image_info(opened: OpenSource, limits: Limits) -> ImageInfo:
    """Facts about a photo without decoding it. Raises as `read_image`."""
    with _reading(opened, limits) as image:
        orientation = _orientation(image)
        width, height = orientation.size_wh(*image.size)
        return ImageInfo(width, height, image_format(opened.head()) or "", orientation)


@contextmanager
def _reading(opened: OpenSource, limits: Limits) -> Iterator[ImageFile.ImageFile]:
    if opened.size > limits.image_bytes:
        raise MediaTooLargeError(
            f"{opened.name} has {opened.size} bytes and the limit for a photo is "
            f"{limits.image_bytes}; raise Limits.image_bytes if that is meant"
        )
    name = image_format(opened.head())
    if name is None:
        raise _not_a_photo(opened)
    # Pillow warns of damaged metadata, which does not concern the picture, and of more pixels than
    # its own bound, in place of which ours is checked.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            image = _READERS[name](opened.file)
        except Image.DecompressionBombError as error:
            raise MediaTooLargeError(f"{opened.name}: {error}") from error
        except _BROKEN as error:
            raise CorruptMediaError(
                f"{opened.name} is a damaged {name} file; copy it again from where it came"
            ) from error
        with image:
            _check_pixels(image, opened.name, limits)
            yield image


def _not_a_photo(opened: OpenSource) -> UnsupportedMediaError:
    head = opened.head()
    what = foreign_format(head)
    if what is None and (video := video_format(head)):
        return UnsupportedMediaError(f"{opened.name} is a video ({NAMES[video]}), not a photo")
    found = f"is {what}, not a photo" if what else "is not a photo of a kind"
    return UnsupportedMediaError(f"{opened.name} {found} that mien reads ({READABLE})")


def _check_pixels(image: ImageFile.ImageFile, name: str, limits: Limits) -> None:
    sizes = [image.size]
    tags = getattr(image, "tag_v2", {})
    if all(tag in tags for tag in TILE_TAGS):  # a small TIFF can claim a huge tile
        sizes.append((int(tags[TILE_TAGS[0]]), int(tags[TILE_TAGS[1]])))
    for width, height in sizes:
        if width * height > limits.image_pixels:
            raise MediaTooLargeError(
                f"{name} has {width} x {height} pixels and the limit for a photo is "
                f"{limits.image_pixels}; scale it down or raise Limits.image_pixels"
            )
        if width < 1 or height < 1:
            raise CorruptMediaError(f"{name} has no pixels ({width} x {height})")


def _load(image: ImageFile.ImageFile, name: str) -> None:
    try:
        image.load()
    except Image.DecompressionBombError as error:
        raise MediaTooLargeError(f"{name}: {error}") from error
    except (*_BROKEN, MemoryError) as error:
        raise CorruptMediaError(
            f"{name} is damaged or cut off ({error}); copy it again from where it came"
        ) from error


def _orientation(image: ImageFile.ImageFile) -> Orientation:
    """Read after loading: Pillow turns a TIFF by itself and takes the tag away then."""
    try:
        return Orientation.from_exif(image.getexif().get(ORIENTATION_TAG))
    except _BROKEN:  # damaged Exif data says nothing about how the picture is to be turned
        return Orientation()


def _to_rgb(image: Image.Image, name: str) -> Image.Image:
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise UnsupportedMediaError(
            f"{name} has 32-bit samples, whose black and white are not stated; save it with 8 or 16"
        )
    if image.has_transparency_data:
        image = _on_white(image)
    if profile:
        image = _to_srgb(image, profile)
    return image if image.mode == "RGB" else image.convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    layer = image.convert("RGBA")
    paper = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(paper, layer).convert("RGB")


def _to_srgb(image: Image.Image, profile: Any) -> Image.Image:
    """Apply a colour profile; one that is damaged or for another kind of picture is left out,
    as viewers do, since without a usable profile the values count as sRGB."""
    from PIL import ImageCms  # here, because few pictures need it

    try:
        own = ImageCms.ImageCmsProfile(BytesIO(profile))
        title = ImageCms.getProfileDescription(own).lower()
        if title.startswith("srgb") and "linear" not in title:  # most are; nothing to do
            return image
        turned = ImageCms.profileToProfile(
            image, own, ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, *_BROKEN):
        return image
    return image if turned is None else turned
