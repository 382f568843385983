"""The source of a media object, in a file of its own: a file of a form, or what a URL leads to."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import IO

from mien.media.signatures import HEAD_BYTES, image_format, video_format
from mien.server.dialects.kairos.call import FILE_NAME_LENGTH, Call
from mien.server.dialects.kairos.errors import MediaError
from mien.server.errors import BodyTooLargeError, Refusal, UrlError, UrlTooLargeError
from mien.server.fetch import MOST_CHARACTERS
from mien.server.json_body import JSON, media_type, parse_json
from mien.server.limits import pieces
from mien.server.logs import LOG
from mien.server.multipart import MULTIPART, Field, FormError, FormReader, boundary_of
from mien.server.pictures import is_web_address

MOST_BYTES = 2**30
"""Of a file that is sent: 1 GiB."""

MOST_FETCHED = 100 * 2**20
"""Of a file that is fetched, which is in memory meanwhile."""

MOST_TEXT = 4096
BLOCK = 2**20

ENDINGS = {
    **{"JPEG": "jpg", "PNG": "png", "GIF": "gif", "BMP": "bmp", "WEBP": "webp", "TIFF": "tif"},
    **{"mov": "mp4", "asf": "wmv", "matroska": "mkv", "avi": "avi", "mpegts": "ts"},
    **{"mpeg": "mpg", "mpegvideo": "mpg", "flv": "flv", "ogg": "ogv"},
}
"""The ending of each format's files."""

MISSING = "Required source parameter missing."


@dataclass(frozen=True, slots=True)
class Source:
    """A video or photo that was sent or fetched.

    Attributes:
        file: open, and closed with the block of `source_of`.
        size: of it in bytes.
        ending: that files of its format have.
        values: the other parameters of the request, by name in lower case.
    """

    file: IO[bytes]
    size: int
    ending: str
    values: Mapping[str, list[str]]

    def chunks(self) -> Iterator[bytes]:
        """Its bytes."""
        self.file.seek(0)
        while block := self.file.read(BLOCK):
            yield block


@asynccontextmanager
async def source_of(call: Call) -> AsyncIterator[Source]:
    """The source of a request, wherever it is named; it is gone when the block is left.

    Raises:
        MediaError: 1001 to 1004, 5000, 5001, 3001.
        Refusal: 408, 413.
    """
    header = call.request.headers.get("content-type")
    with tempfile.TemporaryFile() as file:
        values = {name: list(texts) for name, texts in call.query.items()}
        kind = media_type(header)
        if kind == MULTIPART:
            values |= await _form(call, header, file)
        elif kind == JSON:
            values |= await _json(call)
        size = file.tell()
        if not size:
            size = await _fetched(call, (values.get("source") or [""])[-1].strip(), file)
        file.seek(0)
        head = file.read(HEAD_BYTES)
        form = image_format(head) or video_format(head)
        if form is None:
            raise MediaError(5000, text="the source is no video or image that can be read")
        yield Source(file, size, ENDINGS[form], values)


async def _form(call: Call, header: str | None, file: IO[bytes]) -> dict[str, list[str]]:
    """The fields of a form; the bytes of the source go into the file, and nowhere else."""
    texts: dict[str, bytes] = {}
    field, seconds = Field("", None), call.services.settings.limits.body_s
    try:
        reader = FormReader(boundary_of(header))
        async for chunk in pieces(call.request, most=MOST_BYTES, seconds=seconds):
            for event in reader.feed(chunk):
                if isinstance(event, Field):
                    field = event
                    _check_name(field)
                elif field.filename is not None and field.name.lower() == "source":
                    await call.run(file.write, event)
                elif field.filename is None:
                    text = texts.get(field.name.lower(), b"") + event
                    texts[field.name.lower()] = text[: MOST_TEXT + 1]
        reader.close()
    except BodyTooLargeError:
        raise MediaError(5000, text=f"the source has more than {MOST_BYTES} bytes") from None
    except FormError as error:
        raise MediaError(1003, f"the form cannot be read, {error}") from None
    except OSError as error:
        LOG.error("a source could not be kept", extra={"fields": {"reason": str(error)}})
        raise MediaError(3001) from error
    return {name: [text.decode("utf-8", "replace")] for name, text in texts.items()}


async def _json(call: Call) -> dict[str, list[str]]:
    body = await call.body(call.services.settings.limits.json_bytes)
    try:
        values = parse_json(body)
    except Refusal:
        raise MediaError(1003, "the body is no JSON") from None
    if not isinstance(values, dict):
        raise MediaError(1003, "the body is no JSON object")
    return {name.lower(): [str(value)] for name, value in values.items() if value is not None}


async def _fetched(call: Call, url: str, file: IO[bytes]) -> int:
    """Put what a URL leads to into the file; its size."""
    if not url:
        raise MediaError(1002, text=MISSING)
    if len(url) > MOST_CHARACTERS:
        raise MediaError(1004)
    if not is_web_address(url):
        raise MediaError(5001, text="the source is no URL")
    try:
        data = await call.services.fetcher.fetch(url, most=MOST_FETCHED)
    except UrlTooLargeError as error:
        raise MediaError(5000, text=error.message) from None
    except UrlError as error:
        LOG.info("a source was not fetched: %s", error.message)
        raise MediaError(5001, text="the source could not be fetched") from None
    return await call.run(file.write, data)


def _check_name(field: Field) -> None:
    if field.filename is not None and len(field.filename) > FILE_NAME_LENGTH:
        raise MediaError(1004)
