"""Detect, enroll, verify, recognize: the faces of one picture."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.responses import JSONResponse, Response

from mien.gallery import Match, Template
from mien.server.dialects.kairos import faces as told
from mien.server.dialects.kairos.bodies import Detect, Enroll, Recognize, Verify
from mien.server.dialects.kairos.call import Call
from mien.server.dialects.kairos.errors import TEXTS, KairosError
from mien.server.dialects.kairos.faces import LOOKS, Json, columns_for
from mien.server.dialects.kairos.pictures import Found, look, read_picture

ANY_SCALE = 0.0


async def detect(call: Call) -> Response:
    """The faces of a picture and their looks."""
    body, policy = await call.arguments(Detect), call.services.policy
    picture = await read_picture(call, body.image)
    columns = columns_for(policy, (*LOOKS, "headPose", "faceLandmarks"))
    found = await look(call, picture, scale=body.minHeadScale, columns=columns)
    image: Json = {"status": "Complete", "width": found.width, "height": found.height}
    image |= {} if picture.name is None else {"file": picture.name}
    image["faces"] = [
        told.rectangle(found, row)
        | told.marks(found, row, policy)
        | told.confidence(found, row)
        | told.quality(found, row)
        | {"face_id": row + 1, "attributes": told.attributes(found, row, policy)}
        for row in range(len(found.faces))
    ]
    return JSONResponse({"images": [image]})


async def enroll(call: Call) -> Response:
    """Store the face of a picture, or all of them, as a subject's."""
    body, galleries, policy = await call.arguments(Enroll), call.galleries, call.services.policy
    picture = await read_picture(call, body.image)
    columns = columns_for(policy, LOOKS)
    found = await look(call, picture, scale=body.minHeadScale, columns=columns, recognition=True)
    if len(found.faces) > 1 and not body.multiple_faces:
        raise KairosError(5010)
    kept = _templates(found)
    stored = await call.run(
        galleries.enrol, body.gallery_name, body.subject_id, [each for _, each in kept]
    )
    images = [
        {
            "attributes": told.attributes(found, row, policy),
            "transaction": {
                "status": "success",
                **told.rectangle(found, row),
                **told.confidence(found, row),
                **told.quality(found, row),
                "gallery_name": body.gallery_name,
                "subject_id": body.subject_id,
                "timestamp": told.stamp(face.enrolled),
                "face_id": row + 1,
            },
        }
        for (row, _), face in zip(kept, stored, strict=True)
    ]
    return JSONResponse({"face_id": stored[0].id, "images": images})


async def verify(call: Call) -> Response:
    """Compare the one face of a picture with a subject."""
    body, galleries = await call.arguments(Verify), call.galleries
    await call.run(galleries.check, body.gallery_name, body.subject_id)  # before any work
    picture = await read_picture(call, body.image)
    found = await look(call, picture, scale=ANY_SCALE, recognition=True)
    if len(found.faces) > 1:
        raise KairosError(5010)
    ((row, template),) = _templates(found)
    sure = await call.run(galleries.verify, template, body.gallery_name, body.subject_id)
    transaction = {
        "status": "success",
        **told.rectangle(found, row),
        **told.quality(found, row),
        "gallery_name": body.gallery_name,
        "subject_id": body.subject_id,
        "confidence": told.cut(sure),
    }
    return JSONResponse({"images": [{"transaction": transaction}]})


async def recognize(call: Call) -> Response:
    """Find the subjects whom each face of a picture may be."""
    body, galleries = await call.arguments(Recognize), call.galleries
    await call.run(galleries.check, body.gallery_name)
    picture = await read_picture(call, body.image)
    found = await look(call, picture, scale=body.minHeadScale, recognition=True)
    kept = _templates(found)
    matches = await call.run(
        galleries.recognize,
        [each for _, each in kept],
        body.gallery_name,
        threshold=body.threshold,
        top=body.max_num_results,
    )
    if not any(matches):
        raise KairosError(5012)
    by_row = {row: line for (row, _), line in zip(kept, matches, strict=True)}
    return JSONResponse(
        {
            "images": [
                _recognized(found, row, body.gallery_name, by_row.get(row, []))
                for row in range(len(found.faces))
            ]
        }
    )


def _recognized(found: Found, row: int, gallery: str, matches: Sequence[Match]) -> Json:
    """What is told of one face and the subjects whom it may be."""
    transaction = {
        **told.rectangle(found, row),
        **told.quality(found, row),
        "gallery_name": gallery,
        "face_id": row + 1,
    }
    if not matches:
        return {"transaction": {"status": "failure", "message": TEXTS[5012], **transaction}}
    candidates: list[Json] = [
        {
            "subject_id": each.subject,
            "confidence": told.cut(each.confidence),
            "enrollment_timestamp": told.stamp(each.enrolled),
        }
        for each in matches
    ]
    best = {name: candidates[0][name] for name in ("subject_id", "confidence")}
    return {
        "transaction": {"status": "success", **transaction, **best},
        "candidates": candidates,
    }


def _templates(found: Found) -> list[tuple[int, Template]]:
    """The rows of the faces that can be recognised, and what is kept of each.

    Raises:
        KairosError: 5005, there are none.
    """
    made = [(row, found.template(row)) for row in range(len(found.faces))]
    kept = [(row, template) for row, template in made if template is not None]
    if not kept:
        raise KairosError(5005)
    return kept
