"""Advice on the faces of a picture before one of them is kept (an extension of mien)."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from mien.gallery.advice import NEEDS, Advice, Advisor, Code, shortcomings
from mien.gallery.together import together
from mien.report.face_api import ATTRIBUTES
from mien.server.bodies import refused
from mien.server.dialects.face_v1 import answers
from mien.server.dialects.face_v1 import parameters as p
from mien.server.dialects.face_v1.bodies import TogetherBody, TogetherOfPersonBody
from mien.server.dialects.face_v1.call import Call
from mien.server.dialects.face_v1.names import Noun, guid
from mien.server.dialects.face_v1.pictures import look, read_picture, wants_for
from mien.server.parameters import Parameter
from mien.server.policy import Policy

GRADE = "qualityForRecognition"
OF = {
    Code.TURNED: "headPose",
    Code.BLURRED: "blur",
    Code.TOO_DARK: "exposure",
    Code.TOO_BRIGHT: "exposure",
    Code.NOISY: "noise",
    Code.COVERED: "occlusion",
}
"""Advice that tells of an attribute, which the policy may exclude."""


def query_of(noun: Noun) -> tuple[Parameter, ...]:
    """The parameters for a kind of collection."""
    person = (p.PERSON,) if noun.kind.has_persons else ()
    return (*person, p.DETECTION_MODEL, p.REMEMBER_FACE, p.TIME_TO_LIVE)


async def advise(noun: Noun, call: Call) -> Response:
    """Say of each face, the largest first, how well it shows and whom it looks like."""
    id, person = call.collection(noun), _person(noun, call)
    model, keep = p.DETECTION_MODEL.read(call.query), p.REMEMBER_FACE.read(call.query)
    seconds = p.TIME_TO_LIVE.read(call.query)
    gallery, policy = call.gallery, call.services.policy
    collection = await call.run(gallery.get, noun.kind, id)
    if person is not None:
        await call.run(gallery.person, noun.kind, id, person)
    picture = await read_picture(call)
    columns = {name for name in NEEDS if name != "attributes" or policy.allows("occlusion")}
    wants = wants_for(frozenset(columns), model, recognition=True)
    found = await look(call, picture, wants, square=model == "detection_01")
    rows = range(len(found.faces))
    templates = {row: found.template(row, collection.recognition_model) for row in rows}
    usable = {row: each for row, each in templates.items() if each is not None}
    advisor = Advisor(call.services.storage, call.caller.account_id, call.services.trainer)
    compared = await call.run(
        advisor.likenesses, noun.kind, id, list(usable.values()), person=person
    )
    alike = dict(zip(usable, compared, strict=True))
    kept = await call.run(gallery.remember, list(usable.values()), seconds) if keep else ()
    ids = dict(zip(usable, kept, strict=False))
    whose = "personId" if noun.kind.has_persons else "persistedFaceId"
    told = []
    for row in rows:
        known = [each for each in shortcomings(found.faces, row) if _is_allowed(policy, each)]
        items = [answers.advice(each, whose) for each in (*known, *alike.get(row, ()))]
        grade = ATTRIBUTES[GRADE].write(found.faces, row) if row in usable else "Low"
        graded = {GRADE: grade} if policy.allows(GRADE) else {}
        box = answers.rectangle(found.faces.box_xyxy[row])
        named = {"faceId": ids[row]} if row in ids else {}
        told.append({**named, "faceRectangle": box, **graded, "advice": items})
    return JSONResponse(told)


async def advise_together(noun: Noun, call: Call) -> Response:
    """Say of faces that are to be kept together what to know of each beside the others.

    Of a person who has faces already, the advice on each picture tells whose face is not theirs.
    """
    id, gallery = call.collection(noun), call.gallery
    model = TogetherOfPersonBody if noun.kind.has_persons else TogetherBody
    body = await call.json(model)
    collection = await call.run(gallery.get, noun.kind, id)
    one_person = noun.kind.has_persons
    if isinstance(body, TogetherOfPersonBody) and body.person_id is not None:
        person = await call.run(gallery.person, noun.kind, id, body.person_id)
        one_person = not person.face_ids
    found = await call.run(gallery.recall, body.face_ids)
    if any(each.recognition_model != collection.recognition_model for each in found):
        raise refused("'recognitionModel' is incompatible.")
    templates = dict(zip(body.face_ids, found, strict=True))
    compared = await call.run(together, templates, one_person=one_person)
    return JSONResponse(
        [
            {"faceId": face, "advice": [answers.advice(each, "faceId") for each in advice]}
            for face, advice in compared.items()
        ]
    )


def _is_allowed(policy: Policy, advice: Advice) -> bool:
    return policy.allows(OF.get(advice.code, ""))


def _person(noun: Noun, call: Call) -> str | None:
    """The person whose face it is to be, if the query names one."""
    if not noun.kind.has_persons:
        return None
    text = p.PERSON.read(call.query)
    if text is None:
        return None
    found = guid(text)
    if found is None:
        raise refused("Person ID is invalid.")
    return found
