"""Pictures of requests as Azure's APIs take them: sent, or fetched from a URL in JSON."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from mien.errors import MediaError, MediaTooLargeError
from mien.server.bodies import Body, read
from mien.server.call import Call
from mien.server.errors import BodyTooLargeError, Refusal, UrlError, UrlTooLargeError
from mien.server.json_body import JSON, OCTETS, check_media_type, parse_json
from mien.server.logs import LOG

SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM")
"""How files of JPEG, PNG, GIF and BMP begin; mien reads more kinds, the APIs did not."""

TOO_SMALL = (
    "Image size is too small. The valid image file size should be larger than or equal to 1KB."
)
UNDECODABLE = "Decoding error, image format unsupported."
NOT_AN_IMAGE = (
    "Invalid image format or URL. Supported formats include JPEG, PNG, GIF(the first frame) "
    "and BMP."
)
DOWNLOAD_FAILED = "Failed to download image from the specified URL. Remote server error returned."


class ImageUrl(Body):
    """A picture, by its address."""

    url: str


class Picture(NamedTuple):
    """The file of a picture, and whether it came from a URL."""

    data: bytes
    from_url: bool


async def read_picture(
    call: Call,
    *,
    most: int,
    unreadable: str,
    least: int = 0,
    body: type[ImageUrl] = ImageUrl,
) -> Picture:
    """The picture in the body of a request, or the one whose URL it gives.

    Args:
        call: the request.
        most: bytes of its file, at most.
        unreadable: the message where the body is no JSON, though it says that it is.
        least: bytes of its file, at least.
        body: how the URL stands in JSON.

    Raises:
        Refusal: 400, 408, 413, 415.
    """
    header = call.request.headers.get("content-type")
    from_url = check_media_type(header, JSON, OCTETS) == JSON
    if from_url:
        text = await call.body(call.services.settings.limits.json_bytes)
        data = await _fetch(call, read(body, parse_json(text, message=unreadable)).url, most)
    else:
        try:
            data = await call.body(most)
        except BodyTooLargeError:
            raise too_big(most) from None
    if len(data) < least:
        raise Refusal(400, "InvalidImageSize", TOO_SMALL)
    if not data.startswith(SIGNATURES):
        raise not_a_picture(from_url=from_url)
    return Picture(data, from_url)


def refusal_of_picture(error: MediaError, *, from_url: bool) -> Refusal:
    """The refusal of a picture that cannot be decoded."""
    if isinstance(error, MediaTooLargeError):
        return Refusal(400, "InvalidImageSize", sentence(f"Image size is too big: {error}"))
    return not_a_picture(from_url=from_url)


def too_big(most: int) -> Refusal:
    """Of a file with more bytes than this."""
    limit = f"{most // 2**20}MB" if most % 2**20 == 0 else f"{most} bytes"
    return Refusal(
        400,
        "InvalidImageSize",
        f"Image size is too big. The valid image file size should be no larger than {limit}.",
    )


def not_a_picture(*, from_url: bool) -> Refusal:
    """Of bytes that are no picture of a kind that the API takes."""
    if from_url:
        return Refusal(400, "InvalidURL", NOT_AN_IMAGE)
    return Refusal(400, "InvalidImage", UNDECODABLE)


def sentence(text: str) -> str:
    """The text with a full stop."""
    return text if text.endswith(".") else f"{text}."


async def _fetch(call: Call, url: str, most: int) -> bytes:
    if not is_web_address(url):
        raise not_a_picture(from_url=True)
    try:
        return await call.services.fetcher.fetch(url, most=most)
    except UrlTooLargeError:
        raise too_big(most) from None
    except UrlError as error:
        LOG.info("a picture was not fetched: %s", error.message)
        raise Refusal(400, "InvalidURL", DOWNLOAD_FAILED) from None


def is_web_address(url: str) -> bool:
    """Whether this is a URL of http or https with a host."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
