"""The bytes of files: sent in parts, given whole, by ranges, or by fragments of a time range."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from fractions import Fraction
from itertools import chain
from pathlib import Path, PurePath

from starlette.requests import ClientDisconnect
from starlette.responses import FileResponse, Response, StreamingResponse

from mien.errors import ConfigurationError
from mien.jobs import AssetFile
from mien.server.bodies import refused
from mien.server.dialects.media_v1 import parameters as p
from mien.server.dialects.media_v1.call import Call
from mien.server.dialects.media_v1.errors import OFFSET
from mien.server.errors import LateError, Refusal
from mien.server.json_body import JSON, OCTETS
from mien.timeline.excerpt import excerpt

TYPES = {".json": JSON, ".jpg": "image/jpeg", ".txt": "text/plain; charset=utf-8"} | dict.fromkeys(
    (".mp4", ".m4v"), "video/mp4"
)
SAFE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private"}
PIECE = 1 << 20
"""Bytes that are gathered before they are written."""


async def send(call: Call) -> Response:
    """Take bytes of a file from where its upload stopped. Those that have come count, also when the
    connection breaks."""
    text = call.request.headers.get(OFFSET, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise refused(f"The header {OFFSET} must say at which byte the upload goes on.")
    file = await call.run(call.assets.file, call.asset, call.file)
    offset = int(text)
    announced = call.request.headers.get("content-length", "0")
    if not announced.isdigit() or offset + int(announced[:18]) > file.size:
        raise _too_many(file)
    with ExitStack() as opened:  # closed below in a thread; here, if that is cancelled
        receiving = call.assets.receive(call.asset, file.id, offset)
        receiver = await call.run(opened.enter_context, receiving)
        try:
            async for piece in _pieces(call):
                if receiver.offset + len(piece) > file.size:
                    raise _too_many(file)
                await call.run(receiver.write, piece)
        except ClientDisconnect:
            raise LateError from None  # nobody hears it
        finally:
            await call.run(opened.close)
    return Response(status_code=204, headers={OFFSET: str(receiver.offset)})


async def _pieces(call: Call) -> AsyncIterator[bytes]:
    """The body in pieces of about a mebibyte; raises LateError when the client sends nothing for
    as long as a whole body of another request may take."""
    stream, gathered = call.request.stream(), bytearray()
    while True:
        try:
            async with asyncio.timeout(call.services.settings.limits.body_s):
                chunk = await anext(stream, None)
        except TimeoutError:
            raise LateError from None
        if chunk is not None:
            gathered += chunk
        if gathered and (chunk is None or len(gathered) >= PIECE):
            yield bytes(gathered)
            gathered.clear()
        if chunk is None:
            return


def _too_many(file: AssetFile) -> Refusal:
    return refused(f"The file was announced with {file.size} bytes; these would be more.")


async def give(call: Call) -> Response:
    """The bytes of a file; a header Range is kept (RFC 9110, 14)."""
    file, path = await _whole(call)
    media_type = TYPES.get(PurePath(file.name).suffix.lower(), OCTETS)
    return FileResponse(path, media_type=media_type, filename=file.name, headers=SAFE)


async def fragments(call: Call) -> Response:
    """A Media Analytics document with only the fragments of a time range."""
    start, stop = p.FROM.read(call.query) or Fraction(0), p.TO.read(call.query)
    _, path = await _whole(call)
    opened = await call.run(path.open, "rb")
    pieces = excerpt(opened, start, stop)
    try:
        first = await call.run(next, pieces)
    except ConfigurationError as error:
        opened.close()
        raise Refusal(400, "NotADocument", f"The file {error}.") from error

    def told() -> Iterator[str]:
        with opened:
            yield from chain([first], pieces)

    return StreamingResponse(told(), media_type=JSON, headers=SAFE)


async def _whole(call: Call) -> tuple[AssetFile, Path]:
    file = await call.run(call.assets.file, call.asset, call.file)
    if not file.is_whole:
        message = f"Of the file, {file.received} of {file.size} bytes were sent."
        raise Refusal(409, "FileIncomplete", message)
    return file, call.assets.path(file)
