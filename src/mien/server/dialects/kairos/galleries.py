"""Galleries: listed, shown, removed."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import JSONResponse, Response

from mien.gallery import Receipt
from mien.server.dialects.kairos.bodies import Gallery, Subject, SubjectFace
from mien.server.dialects.kairos.call import Call
from mien.server.dialects.kairos.faces import stamp


async def list_all(call: Call) -> Response:
    """The names of all galleries."""
    galleries = call.galleries
    await call.nothing()
    return _complete(gallery_ids=await call.run(galleries.galleries))


async def view(call: Call) -> Response:
    """The names of a gallery's subjects."""
    body, galleries = await call.arguments(Gallery), call.galleries
    return _complete(subject_ids=await call.run(galleries.subjects, body.gallery_name))


async def view_subject(call: Call) -> Response:
    """The faces of a subject."""
    body, galleries = await call.arguments(Subject), call.galleries
    faces = await call.run(galleries.faces, body.gallery_name, body.subject_id)
    return _complete(
        face_ids=[
            {"face_id": face.id, "enrollment_timestamp": stamp(face.enrolled)} for face in faces
        ]
    )


async def remove(call: Call) -> Response:
    """Delete a gallery with all that is in it."""
    body, galleries = await call.arguments(Gallery), call.galleries
    receipt = await call.run(galleries.remove, body.gallery_name)
    return _removed([receipt], f"gallery {body.gallery_name} was removed")


async def remove_subject(call: Call) -> Response:
    """Delete a subject, or one of their faces; a gallery goes with its last subject."""
    body, galleries = await call.arguments(SubjectFace), call.galleries
    receipts = await call.run(
        galleries.remove_subject, body.gallery_name, body.subject_id, body.face_id
    )
    face = "" if body.face_id is None else f" with face id {body.face_id}"
    return _removed(receipts, f"subject id {body.subject_id}{face} has been successfully removed")


def _removed(receipts: Sequence[Receipt], message: str) -> Response:
    """An answer that names its receipts in a header."""
    answer = _complete(message=message)
    answer.headers["mien-receipt"] = ", ".join(receipt.id for receipt in receipts)
    return answer


def _complete(**values: object) -> JSONResponse:
    return JSONResponse({"status": "Complete", **values})
