"""Detect: the faces of a picture, and what was asked for of each."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from mien.report.face_api import columns_for, detect_entries
from mien.server.bodies import refused
from mien.server.dialects.face_v1 import parameters as p
from mien.server.dialects.face_v1.answers import Json
from mien.server.dialects.face_v1.attributes import chosen
from mien.server.dialects.face_v1.call import Call
from mien.server.dialects.face_v1.pictures import Found, look, read_picture, wants_for

QUERY = (
    p.RETURN_FACE_ID,
    p.RETURN_LANDMARKS,
    p.RETURN_ATTRIBUTES,
    p.RECOGNITION_MODEL,
    p.RETURN_RECOGNITION_MODEL,
    p.DETECTION_MODEL,
    p.TIME_TO_LIVE,
)


async def detect(call: Call) -> Response:
    """The faces of a picture, the largest first."""
    query, policy = call.query, call.services.policy
    model, recognition = p.DETECTION_MODEL.read(query), p.RECOGNITION_MODEL.read(query)
    attributes = chosen(p.RETURN_ATTRIBUTES.read(query), model, recognition)
    landmarks, keep = p.RETURN_LANDMARKS.read(query), p.RETURN_FACE_ID.read(query)
    name_model, seconds = p.RETURN_RECOGNITION_MODEL.read(query), p.TIME_TO_LIVE.read(query)
    if landmarks and model == "detection_02":
        raise refused("'returnLandmarks' is not supported by detection_02.")
    policy.require_attributes([*attributes, *(["faceLandmarks"] if landmarks else [])])
    if keep:
        policy.require_gallery()
    columns = frozenset((*columns_for(attributes), *(["mesh"] if landmarks else [])))
    picture = await read_picture(call)
    wants = wants_for(columns, model, recognition=keep)
    found = await look(call, picture, wants, square=model == "detection_01")
    entries = _entries(found, attributes, landmarks=landmarks, nulls=model != "detection_01")
    ids = await _remember(call, found, recognition, seconds) if keep else [None] * len(entries)
    named: Json = {"recognitionModel": recognition} if name_model else {}
    return JSONResponse(
        [
            ({} if id is None else {"faceId": id}) | named | entry
            for id, entry in zip(ids, entries, strict=True)
        ]
    )


def _entries(
    found: Found, attributes: tuple[str, ...], *, landmarks: bool, nulls: bool
) -> list[Json]:
    """What is told of each face. Without `nulls`, what was not asked for is not there."""
    faces = found.faces if landmarks else found.faces.without(["mesh"])
    entries = detect_entries(faces, width=found.width, height=found.height, attributes=attributes)
    if attributes:
        entries = [{"faceAttributes": {}} | entry for entry in entries]
    if nulls:
        absent = {"faceAttributes": None, "faceLandmarks": None}
        entries = [absent | entry for entry in entries]
    order = ("faceRectangle", "faceLandmarks", "faceAttributes")
    return [{key: entry[key] for key in order if key in entry} for entry in entries]


async def _remember(call: Call, found: Found, recognition: str, seconds: int) -> list[str | None]:
    """A faceId for each face that can be recognised, None for the others."""
    templates = [found.template(row, recognition) for row in range(len(found.faces))]
    kept = [template for template in templates if template is not None]
    new = iter(await call.run(call.gallery.remember, kept, seconds) if kept else [])
    return [None if template is None else next(new) for template in templates]
