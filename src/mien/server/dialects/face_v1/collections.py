"""Face lists and groups of both sizes: made, shown, changed, deleted, listed, trained."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from mien.gallery import Receipt
from mien.server.bodies import refused
from mien.server.dialects.face_v1 import answers
from mien.server.dialects.face_v1 import parameters as p
from mien.server.dialects.face_v1.bodies import Changes, Meta
from mien.server.dialects.face_v1.call import Call
from mien.server.dialects.face_v1.names import FACE_LIST, Noun, is_id

MOST_LISTED = 1000


async def create(noun: Noun, call: Call) -> Response:
    """Make a list or group of an id that the caller chose."""
    id: str = call.request.path_params["collection"]
    if not is_id(id):
        raise refused(noun.invalid_id)
    body = await call.json(Meta)
    await call.run(
        call.gallery.create,
        noun.kind,
        id,
        name=body.name,
        user_data=body.user_data,
        recognition_model=body.recognition_model or p.RECOGNITION_MODELS[0],
    )
    return Response()


async def get(noun: Noun, call: Call) -> Response:
    """Show a list or group; a face list with its faces."""
    id, model = call.collection(noun), p.RETURN_RECOGNITION_MODEL.read(call.query)
    answer = answers.collection(await call.run(call.gallery.get, noun.kind, id), model=model)
    if noun is FACE_LIST:
        faces = await call.run(call.gallery.faces, noun.kind, id)
        answer["persistedFaces"] = [answers.persisted_face(each) for each in faces]
    return JSONResponse(answer)


async def update(noun: Noun, call: Call) -> Response:
    """Change the name, the user data, or both."""
    id, body = call.collection(noun), await call.json(Changes)
    check_any(body)
    await call.run(call.gallery.update, noun.kind, id, name=body.name, user_data=body.user_data)
    return Response()


async def delete(noun: Noun, call: Call) -> Response:
    """Delete a list or group with all that is in it."""
    receipt = await call.run(call.gallery.delete, noun.kind, call.collection(noun))
    return deleted(call, receipt)


async def list_all(noun: Noun, call: Call) -> Response:
    """Show many, in the order of their ids."""
    model = p.RETURN_RECOGNITION_MODEL.read(call.query)
    start, top = "", MOST_LISTED
    if noun is not FACE_LIST:
        start, top = p.START.read(call.query) or "", p.TOP.read(call.query)
    found = await call.run(call.gallery.list, noun.kind, start, top)
    return JSONResponse([answers.collection(each, model=model) for each in found])


async def train(noun: Noun, call: Call) -> Response:
    """Start to train; answered before it is over."""
    await call.run(call.gallery.train, noun.kind, call.collection(noun))
    return Response(status_code=202)


async def training(noun: Noun, call: Call) -> Response:
    """How far the training is."""
    found = await call.run(call.gallery.training, noun.kind, call.collection(noun))
    return JSONResponse(answers.training(found))


def check_any(body: Changes) -> None:
    """Refuse a change that changes nothing."""
    if body.name is None and body.user_data is None:
        raise refused("Both 'name' and 'userData' are empty.")


def deleted(call: Call, receipt: Receipt) -> Response:
    """An empty answer; with the receipt where it was asked for."""
    if p.RETURN_RECEIPT.read(call.query):
        return JSONResponse(answers.receipt(receipt))
    return Response(headers={"mien-receipt": receipt.id})
