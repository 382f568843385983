"""The log of edits of a video."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import JSONResponse, Response

from mien.server.dialects.media_v1 import parameters as p
from mien.server.dialects.media_v1.bodies import NewEdits
from mien.server.dialects.media_v1.call import Call
from mien.timeline.edits import Edit, action_of, document_of


async def read(call: Call) -> Response:
    """Show what was edited after a number."""
    since = p.SINCE.read(call.query)
    return _told(await call.run(call.assets.edits.read, call.asset, since=since))


async def append(call: Call) -> Response:
    """Add edits."""
    body = await call.json(NewEdits)
    actions = [action_of(each) for each in body.edits]
    append, user = call.assets.edits.append, call.caller.key_name
    made = await call.run(append, call.asset, actions, user=user, expected=body.expected)
    return _told(made, 201)


def _told(edits: Sequence[Edit], status: int = 200) -> Response:
    return JSONResponse([document_of(edit) for edit in edits], status_code=status)
