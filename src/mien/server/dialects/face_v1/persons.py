"""Persons of a group: added, shown, changed, deleted, listed."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from mien.server.dialects.face_v1 import answers
from mien.server.dialects.face_v1 import parameters as p
from mien.server.dialects.face_v1.bodies import Changes, NewPerson
from mien.server.dialects.face_v1.call import Call
from mien.server.dialects.face_v1.collections import check_any, deleted
from mien.server.dialects.face_v1.names import Noun


async def create(noun: Noun, call: Call) -> Response:
    """Add a person without faces."""
    id, body = call.collection(noun), await call.json(NewPerson)
    person = await call.run(
        call.gallery.add_person, noun.kind, id, name=body.name, user_data=body.user_data
    )
    return JSONResponse({"personId": person})


async def get(noun: Noun, call: Call) -> Response:
    """Show a person and the ids of their faces."""
    id, person = call.collection(noun), call.person()
    return JSONResponse(answers.person(await call.run(call.gallery.person, noun.kind, id, person)))


async def update(noun: Noun, call: Call) -> Response:
    """Change the name, the user data, or both."""
    id, person, body = call.collection(noun), call.person(), await call.json(Changes)
    check_any(body)
    await call.run(
        call.gallery.update_person,
        noun.kind,
        id,
        person,
        name=body.name,
        user_data=body.user_data,
    )
    return Response()


async def delete(noun: Noun, call: Call) -> Response:
    """Delete a person with all faces."""
    id, person = call.collection(noun), call.person()
    return deleted(call, await call.run(call.gallery.delete_person, noun.kind, id, person))


async def list_all(noun: Noun, call: Call) -> Response:
    """Show many persons of a group, in the order of their ids."""
    id = call.collection(noun)
    start, top = p.START.read(call.query) or "", p.TOP.read(call.query)
    found = await call.run(call.gallery.persons, noun.kind, id, start, top)
    return JSONResponse([answers.person(each) for each in found])
