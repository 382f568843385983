"""What a file is, by its content, and its facts, without decoding all of it."""

from __future__ import annotations

from mien.media.image import ImageInfo, image_info
from mien.media.limits import Limits
from mien.media.signatures import image_format
from mien.media.source import Source, open_source
from mien.media.video import VideoInfo, open_video


def probe(
    source: Source,
    *,
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> ImageInfo | VideoInfo:
    """Find out whether this is a photo or a video (`.kind`), and its size, format and so on.

    Of a photo the header is read, of a video also the first frame is decoded. An animated GIF or
    WebP is a photo.

    Raises:
        InputError: the source cannot be opened.
        MediaError: it is neither, broken, or over a limit; see `read_image` and `open_video`.
    """
    with open_source(source) as opened:
        if image_format(opened.head()):
            return image_info(opened, limits)
    with open_video(source, limits=limits, threads=1) as video:
        return video.info
