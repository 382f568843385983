"""Assets and their files, without the bytes."""

from __future__ import annotations

from starlette.responses import Response

from mien.server.dialects.media_v1 import parameters as p
from mien.server.dialects.media_v1.answers import AssetAnswer, FileAnswer
from mien.server.dialects.media_v1.bodies import NewAsset, NewFile
from mien.server.dialects.media_v1.call import Call, answer
from mien.server.errors import BodyTooLargeError


async def create(call: Call) -> Response:
    """Make an asset."""
    body = await call.json(NewAsset)
    return answer(AssetAnswer.of(await call.run(call.assets.create, body.name or "")), 201)


async def list_all(call: Call) -> Response:
    """Show assets."""
    start, top = p.START.read(call.query) or "", p.TOP.read(call.query)
    found = await call.run(call.assets.page, after=start, top=top)
    return answer([AssetAnswer.of(asset) for asset in found])


async def get(call: Call) -> Response:
    """Show an asset."""
    return answer(AssetAnswer.of(await call.run(call.assets.get, call.asset)))


async def delete(call: Call) -> Response:
    """Delete an asset."""
    await call.run(call.assets.delete, call.asset)
    return Response(status_code=204)


async def add_file(call: Call) -> Response:
    """Announce a file."""
    body = await call.json(NewFile)
    most = call.services.settings.limits.file_bytes
    if body.size > most:
        raise BodyTooLargeError(most)
    primary = bool(body.is_primary)
    file = await call.run(call.assets.add_file, call.asset, body.name, body.size, primary=primary)
    return answer(FileAnswer.of(file), 201)


async def get_file(call: Call) -> Response:
    """Show a file: also how many of its bytes are here."""
    return answer(FileAnswer.of(await call.run(call.assets.file, call.asset, call.file)))


async def delete_file(call: Call) -> Response:
    """Delete a file."""
    await call.run(call.assets.delete_file, call.asset, call.file)
    return Response(status_code=204)
