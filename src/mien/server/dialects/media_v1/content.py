"""The bytes of files: sent in parts, given whole, by ranges, or by fragments of a time range."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from itertools import chain
from pathlib import Path, PurePath

from starlette.responses import FileResponse, Response, StreamingResponse

from mien.errors import ConfigurationError
from mien.jobs import AssetFile
from mien.server.bodies import refused
from mien.server.dialects.media_v1 import parameters as p
from mien.server.dialects.media_v1.call import Call
from mien.server.dialects.media_v1.errors import OFFSET
from mien.server.dialects.media_v1.ranges import ranges_within
from mien.server.errors import BodyTooLargeError, Refusal
from mien.server.json_body import JSON, OCTETS
from mien.server.limits import pieces
from mien.timeline.excerpt import excerpt

TYPES = {".json": JSON, ".jpg": "image/jpeg", ".txt": "text/plain; charset=utf-8"} | dict.fromkeys(
    (".mp4", ".m4v"), "video/mp4"
)
SAFE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private"}


async def send(call: Call) -> Response:
    """Take bytes of a file from where its upload stopped. Those that have come count, also when the
    connection breaks."""
    text = call.request.headers.get(OFFSET, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise refused(f"The header {OFFSET} must say at which byte the upload goes on.")
    file = await call.run(call.assets.file, call.asset, call.file)
    offset = int(text)
    seconds = call.services.settings.limits.body_s
    with ExitStack() as opened:  # closed below in a thread; here, if that is cancelled
        receiving = call.assets.receive(call.asset, file.id, offset)
        receiver = await call.run(opened.enter_context, receiving)
        try:
            async for piece in pieces(call.request, most=file.size - offset, seconds=seconds):
                await call.run(receiver.write, piece)
        except BodyTooLargeError:
            text = f"The file was announced with {file.size} bytes; these would be more."
            raise refused(text) from None
        finally:
            await call.run(opened.close)
    return Response(status_code=204, headers={OFFSET: str(receiver.offset)})


async def give(call: Call) -> Response:
    """The bytes of a file, or the ranges of them that the header Range names.

    Raises:
        Refusal: 416, the file ends before the first of them.
    """
    file, path = await _whole(call)
    wanted = ranges_within(call.request.headers.get("range"), file.size)
    headers = [pair for pair in call.request.scope["headers"] if pair[0] != b"range"]
    call.request.scope["headers"] = headers if wanted is None else [*headers, (b"range", wanted)]
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
