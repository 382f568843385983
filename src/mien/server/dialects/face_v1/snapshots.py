"""Snapshots: copies of lists and groups, for other accounts to take over."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from mien.gallery import Kind, Operation
from mien.server.bodies import refused
from mien.server.dialects.face_v1 import answers
from mien.server.dialects.face_v1 import parameters as p
from mien.server.dialects.face_v1.bodies import (
    NewSnapshot,
    SnapshotChanges,
    SnapshotTarget,
)
from mien.server.dialects.face_v1.call import Call
from mien.server.dialects.face_v1.collections import deleted
from mien.server.dialects.face_v1.names import BY_KIND, is_id


async def take(call: Call) -> Response:
    """Start to copy a list or group."""
    body = await call.json(NewSnapshot)
    kind = Kind(body.type)
    if not is_id(body.object_id):
        raise refused(BY_KIND[kind].invalid_id)
    operation = await call.run(
        call.gallery.take_snapshot,
        kind,
        body.object_id,
        apply_scope=body.apply_scope,
        user_data=body.user_data,
    )
    return _accepted(operation)


async def list_all(call: Call) -> Response:
    """The snapshots that the account took or may apply."""
    words = p.SNAPSHOT_TYPES.read(call.query)
    kinds: list[Kind | None] = [_kind(word) for word in words] or [None]
    scope = p.APPLY_SCOPE.read(call.query) or None
    found = [each for kind in kinds for each in await call.run(call.gallery.snapshots, kind, scope)]
    return JSONResponse([answers.snapshot(each) for each in found])


async def get(call: Call) -> Response:
    """Show a snapshot."""
    return JSONResponse(answers.snapshot(await call.run(call.gallery.snapshot, _id(call))))


async def update(call: Call) -> Response:
    """Change who may apply a snapshot, its user data, or both."""
    id, body = _id(call), await call.json(SnapshotChanges)
    if body.apply_scope is None and body.user_data is None:
        raise refused("Both 'applyScope' and 'userData' are empty.")
    await call.run(
        call.gallery.update_snapshot,
        id,
        apply_scope=body.apply_scope,
        user_data=body.user_data,
    )
    return Response()


async def delete(call: Call) -> Response:
    """Delete a snapshot."""
    return deleted(call, await call.run(call.gallery.delete_snapshot, _id(call)))


async def apply(call: Call) -> Response:
    """Start to make a list or group of a new id from a snapshot."""
    id, body = _id(call), await call.json(SnapshotTarget)
    if not is_id(body.object_id):
        raise refused("Object ID is invalid.")
    return _accepted(await call.run(call.gallery.apply_snapshot, id, body.object_id))


async def operation(call: Call) -> Response:
    """How far a copying is."""
    id = call.guid("operation", "OperationNotFound", "Operation")
    return JSONResponse(answers.operation(await call.run(call.gallery.operation, id)))


def _id(call: Call) -> str:
    return call.guid("snapshot", "SnapshotNotFound", "Snapshot")


def _kind(word: str) -> Kind:
    by_word = {kind.value.lower(): kind for kind in BY_KIND}
    if word.lower() not in by_word:
        raise refused("'type' is invalid.")
    return by_word[word.lower()]


def _accepted(operation: Operation) -> Response:
    # Relative, since clients of the service split this at "/" and take what is third.
    return Response(status_code=202, headers={"Operation-Location": f"/operations/{operation.id}"})
