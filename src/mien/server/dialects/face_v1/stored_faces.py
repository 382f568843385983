"""Stored faces: of a list, or of a person of a group."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from mien.server.dialects.face_v1 import answers
from mien.server.dialects.face_v1 import parameters as p
from mien.server.dialects.face_v1.bodies import FaceChanges
from mien.server.dialects.face_v1.call import Call
from mien.server.dialects.face_v1.collections import deleted
from mien.server.dialects.face_v1.names import Noun
from mien.server.dialects.face_v1.pictures import look, meant, read_picture, wants_for
from mien.server.errors import Refusal

ADD_QUERY = (p.FACE_USER_DATA, p.TARGET_FACE, p.DETECTION_MODEL)


async def add(noun: Noun, call: Call) -> Response:
    """Store the one face of a picture, or the one in the target rectangle."""
    query = call.query
    user_data, target = p.FACE_USER_DATA.read(query), p.TARGET_FACE.read(query)
    model = p.DETECTION_MODEL.read(query)
    id, person = call.collection(noun), _person(noun, call)
    picture = await read_picture(call)
    collection = await call.run(call.gallery.get, noun.kind, id)
    if person is not None:
        await call.run(call.gallery.person, noun.kind, id, person)
    wants = wants_for(frozenset(), model, recognition=True)
    found = await look(call, picture, wants, square=model == "detection_01")
    template = found.template(meant(found, target), collection.recognition_model)
    if template is None:
        raise Refusal(400, "InvalidImage", "The face in the image cannot be recognized.")
    face = await call.run(
        call.gallery.add_face, noun.kind, id, template, person=person, user_data=user_data
    )
    return JSONResponse({"persistedFaceId": face})


async def get(noun: Noun, call: Call) -> Response:
    """Show a stored face."""
    id, person, face = call.collection(noun), _person(noun, call), call.face()
    found = await call.run(call.gallery.face, noun.kind, id, face, person=person)
    return JSONResponse(answers.persisted_face(found))


async def update(noun: Noun, call: Call) -> Response:
    """Change the user data of a stored face; an absent one stays as it is."""
    id, person, face = call.collection(noun), _person(noun, call), call.face()
    body = await call.json(FaceChanges)
    await call.run(
        call.gallery.update_face, noun.kind, id, face, person=person, user_data=body.user_data
    )
    return Response()


async def delete(noun: Noun, call: Call) -> Response:
    """Delete a stored face."""
    id, person, face = call.collection(noun), _person(noun, call), call.face()
    receipt = await call.run(call.gallery.delete_face, noun.kind, id, face, person=person)
    return deleted(call, receipt)


async def list_all(noun: Noun, call: Call) -> Response:
    """Show many faces of a list, in the order of their ids."""
    start, top = p.START.read(call.query) or "", p.TOP.read(call.query)
    found = await call.run(call.gallery.faces, noun.kind, call.collection(noun), start, top)
    return JSONResponse([answers.persisted_face(each) for each in found])


def _person(noun: Noun, call: Call) -> str | None:
    return call.person() if noun.kind.has_persons else None
