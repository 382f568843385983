"""Verify, identify, find similar, group: faceIds compared with faces, persons and each other."""

from __future__ import annotations

from typing import Literal

from starlette.responses import JSONResponse, Response

from mien.gallery import Kind
from mien.server.bodies import INVALID, refused
from mien.server.dialects.face_v1 import answers
from mien.server.dialects.face_v1.bodies import (
    FindSimilarBody,
    GroupBody,
    IdentifyBody,
    VerifyBody,
)
from mien.server.dialects.face_v1.call import Call
from mien.server.dialects.face_v1.names import FACE_LIST, LARGE_FACE_LIST, is_id
from mien.server.errors import Refusal

IDENTIFY_CANDIDATES = 10
SIMILAR_CANDIDATES = 20
MOST_FACE_IDS = 1000

ALL_NULL = "LargeFaceListId, faceListId and faceIds are all null."
SEVERAL = "2 or more of largeFaceListId, faceListId and faceIds are not null."


async def verify(call: Call) -> Response:
    """Whether two faces, or a face and a person, are the same."""
    body = await call.json(VerifyBody, unreadable="Bad and unrecognizable JSON body.")
    if body.face_id1 is not None or body.face_id2 is not None:
        if body.face_id1 is None or body.face_id2 is None:
            raise refused(INVALID)
        verdict = await call.run(call.gallery.verify, body.face_id1, body.face_id2)
    else:
        if body.face_id is None or body.person_id is None:
            raise refused(INVALID)
        kind, id = _group(body.person_group_id, body.large_person_group_id, INVALID, INVALID)
        verdict = await call.run(call.gallery.verify_person, body.face_id, kind, id, body.person_id)
    return JSONResponse(
        {"isIdentical": verdict.is_same, "confidence": answers.confidence(verdict.confidence)}
    )


async def identify(call: Call) -> Response:
    """The persons of a group that each face may be."""
    body = await call.json(IdentifyBody)
    kind, id = _group(body.person_group_id, body.large_person_group_id)
    found = await call.run(
        call.gallery.identify,
        body.face_ids,
        kind,
        id,
        candidates=body.max_num_of_candidates_returned or IDENTIFY_CANDIDATES,
        threshold=body.confidence_threshold,
    )
    return JSONResponse(
        [
            {
                "faceId": face_id,
                "candidates": [answers.candidate(each, "personId") for each in candidates],
            }
            for face_id, candidates in zip(body.face_ids, found, strict=True)
        ]
    )


async def find_similar(call: Call) -> Response:
    """The faces that look most like one."""
    body = await call.json(FindSimilarBody)
    collection = _list(body)
    found = await call.run(
        call.gallery.similar,
        body.face_id,
        face_ids=None if collection else body.face_ids,
        collection=collection,
        mode=_mode(body.mode),
        top=body.max_num_of_candidates_returned or SIMILAR_CANDIDATES,
    )
    field = "persistedFaceId" if collection else "faceId"
    return JSONResponse([answers.candidate(each, field) for each in found])


async def group(call: Call) -> Response:
    """Faces put together by person."""
    body = await call.json(GroupBody)
    found = await call.run(call.gallery.group, body.face_ids)
    return JSONResponse(
        {"groups": [list(each) for each in found.groups], "messyGroup": list(found.messy)}
    )


def _group(
    small: str | None,
    large: str | None,
    neither: str | None = None,
    both: str | None = None,
) -> tuple[Kind, str]:
    """The one group of the two; a message in place of the code of its own for none and for both."""
    if small is not None and large is not None:
        if both:
            raise refused(both)
        raise Refusal(
            400,
            "PersonGroupIdAndLargePersonGroupIdBothNotNull",
            "Large person group ID and person group ID are both not null.",
        )
    if small is not None:
        return Kind.PERSON_GROUP, small
    if large is not None:
        return Kind.LARGE_PERSON_GROUP, large
    if neither:
        raise refused(neither)
    raise Refusal(
        400,
        "PersonGroupIdAndLargePersonGroupIdBothNull",
        "Large person group ID and person group ID are both null.",
    )


def _list(body: FindSimilarBody) -> tuple[Kind, str] | None:
    """The list to look in, or None for the faceIds of the body."""
    given = [body.face_list_id, body.large_face_list_id, body.face_ids]
    named = [each for each in given if each is not None]
    if not named:
        raise refused(ALL_NULL)
    if len(named) > 1:
        raise refused(SEVERAL)
    if body.face_ids is not None:
        if not 1 <= len(body.face_ids) <= MOST_FACE_IDS:
            raise refused("The length of faceIds is not in a valid range.")
        return None
    noun = FACE_LIST if body.face_list_id is not None else LARGE_FACE_LIST
    id = str(named[0])
    if not id:
        raise refused("LargeFaceListId, faceListId and faceIds, not exactly one of them is valid.")
    if not is_id(id):
        raise refused(f"{noun.text} ID is invalid.")
    return noun.kind, id


def _mode(text: str | None) -> Literal["matchPerson", "matchFace"]:
    if text is None or text == "matchPerson":
        return "matchPerson"
    if text == "matchFace":
        return "matchFace"
    raise refused("Mode is invalid.")
