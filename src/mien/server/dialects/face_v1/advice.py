"""Advice on the faces of a picture before one of them is kept (an extension of mien)."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from mien.gallery.advice import NEEDS, Advice, Advisor, Code, shortcomings
from mien.report.face_api import ATTRIBUTES
from mien.server.bodies import refused
from mien.server.dialects.face_v1 import answers
from mien.server.dialects.face_v1 import parameters as p
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
    return (p.PERSON, p.DETECTION_MODEL) if noun.kind.has_persons else (p.DETECTION_MODEL,)


async def advise(noun: Noun, call: Call) -> Response:
    """Say of each face, the largest first, how well it shows and whom it looks like."""
    id, person = call.collection(noun), _person(noun, call)
    model = p.DETECTION_MODEL.read(call.query)
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
    told = []
    for row in rows:
        known = [each for each in shortcomings(found.faces, row) if _is_allowed(policy, each)]
        items = [answers.advice(each, noun) for each in (*known, *alike.get(row, ()))]
        grade = ATTRIBUTES[GRADE].write(found.faces, row) if row in usable else "Low"
        graded = {GRADE: grade} if policy.allows(GRADE) else {}
        box = answers.rectangle(found.faces.box_xyxy[row])
        told.append({"faceRectangle": box, **graded, "advice": items})
    return JSONResponse(told)


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
