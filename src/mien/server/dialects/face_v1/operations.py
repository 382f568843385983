"""The table of operations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from mien.server.dialects.face_v1 import (
    advice,
    answers,
    bodies,
    collections,
    detect,
    faces,
    persons,
    snapshots,
    stored_faces,
)
from mien.server.dialects.face_v1 import parameters as p
from mien.server.dialects.face_v1.errors import Context
from mien.server.dialects.face_v1.names import FACE_LIST, NOUNS, Noun
from mien.server.operations import Operation as AnyOperation
from mien.server.pictures import ImageUrl


@dataclass(frozen=True, slots=True)
class Operation(AnyOperation):
    """One operation.

    Attributes:
        context: how it tells of what is not there.
    """

    context: Context = field(default_factory=Context)


LOCATION = {"Operation-Location": "Where to ask how far it is, relative to the prefix."}
IN_BODY = 400
"""The status for a list or faceId that the body of a search names and that is not there."""


def operations() -> list[Operation]:
    """All of them, in the order of the page."""
    found = [*_face()]
    for noun in NOUNS:
        found += _collection(noun)
        found += _persons(noun) if noun.kind.has_persons else ()
        found += _stored_faces(noun)
    return [*found, *_snapshots()]


def _face() -> Iterator[Operation]:
    tag = "Face"
    yield Operation(
        *("Face_Detect", "POST", "/detect", tag, "Find the faces of a picture.", detect.detect),
        query=detect.QUERY,
        body=ImageUrl,
        octets=True,
        answer=list[answers.DetectedFace],
        refusals=(400,),
    )
    yield Operation(
        *("Face_FindSimilar", "POST", "/findsimilars", tag),
        "Find the faces that look most like one, among faceIds or in a face list.",
        faces.find_similar,
        body=bodies.FindSimilarBody,
        answer=list[answers.SimilarFace],
        refusals=(400, 409),
        context=Context(IN_BODY, "Query face cannot be found."),
    )
    yield Operation(
        *("Face_Group", "POST", "/group", tag, "Put faces together by person.", faces.group),
        body=bodies.GroupBody,
        answer=answers.GroupResult,
        refusals=(400,),
        context=Context(IN_BODY, "Current face is not found."),
    )
    yield Operation(
        *("Face_Identify", "POST", "/identify", tag),
        "Find the persons of a trained group that each face may be.",
        faces.identify,
        body=bodies.IdentifyBody,
        answer=list[answers.IdentifyResult],
        refusals=(400, 409),
        context=Context(IN_BODY),
    )
    yield Operation(
        *("Face_Verify", "POST", "/verify", tag),
        "Say whether two faces, or a face and a person of a group, are the same.",
        faces.verify,
        body=bodies.VerifyBody,
        answer=answers.VerifyResult,
        refusals=(400, 404),
        context=Context(face="Face is not found. The faceId is expired or not exist."),
    )


def _collection(noun: Noun) -> Iterator[Operation]:
    code, text = noun.code, noun.text.lower()
    all_path = f"/{noun.path}"
    path = f"{all_path}/{{{noun.id_field}}}"
    model = (p.RETURN_RECOGNITION_MODEL,)
    one = partial(Operation, tag=code)
    yield one(
        *(f"{code}_Create", "PUT", path),
        about=f"Make a {text}.",
        handler=partial(collections.create, noun),
        body=bodies.Meta,
        refusals=(400, 409),
    )
    yield one(
        *(f"{code}_Get", "GET", path),
        about=f"Show a {text}.",
        handler=partial(collections.get, noun),
        query=model,
        answer=answers.CollectionAnswer,
        refusals=(400, 404),
    )
    yield one(
        *(f"{code}_Update", "PATCH", path),
        about=f"Change the name or user data of a {text}.",
        handler=partial(collections.update, noun),
        body=bodies.Changes,
        refusals=(400, 404, 409),
    )
    yield one(
        *(f"{code}_Delete", "DELETE", path),
        about=f"Delete a {text} with all that is in it.",
        handler=partial(collections.delete, noun),
        query=(p.RETURN_RECEIPT,),
        refusals=(400, 404, 409),
    )
    yield one(
        *(f"{code}_List", "GET", all_path),
        about=f"Show the {text}s of the account in the order of their ids.",
        handler=partial(collections.list_all, noun),
        query=model if noun is FACE_LIST else (p.START, p.TOP, *model),
        answer=list[answers.CollectionAnswer],
        refusals=(400,),
    )
    yield one(
        *(f"{code}_Advise", "POST", f"{path}/advice"),
        about=f"Say of the faces of a picture what to know before one is kept in a {text} "
        "(an extension of mien).",
        handler=partial(advice.advise, noun),
        query=advice.query_of(noun),
        body=ImageUrl,
        octets=True,
        answer=list[answers.FaceAdvice],
        refusals=(400, 404),
    )
    yield one(
        *(f"{code}_AdviseTogether", "POST", f"{path}/advice/together"),
        about=f"Say of faces that are to be kept together in a {text} what to know of each beside "
        "the others (an extension of mien).",
        handler=partial(advice.advise_together, noun),
        body=bodies.TogetherOfPersonBody if noun.kind.has_persons else bodies.TogetherBody,
        answer=list[answers.TogetherAdvice],
        refusals=(400, 404),
    )
    if noun.kind.is_trained:
        yield one(
            *(f"{code}_Train", "POST", f"{path}/train"),
            about=f"Start to train a {text}; what is new in it is found after that.",
            handler=partial(collections.train, noun),
            status=202,
            refusals=(404, 409),
        )
        yield one(
            *(f"{code}_GetTrainingStatus", "GET", f"{path}/training"),
            about="How far the training is.",
            handler=partial(collections.training, noun),
            answer=answers.TrainingAnswer,
            refusals=(404,),
        )


def _persons(noun: Noun) -> Iterator[Operation]:
    tag = f"{noun.code}Person"
    all_path = f"/{noun.path}/{{{noun.id_field}}}/persons"
    path = f"{all_path}/{{personId}}"
    one = partial(Operation, tag=tag)
    yield one(
        *(f"{tag}_Create", "POST", all_path),
        about="Add a person without faces.",
        handler=partial(persons.create, noun),
        body=bodies.NewPerson,
        answer=answers.PersonIdAnswer,
        refusals=(400, 404, 409),
    )
    yield one(
        *(f"{tag}_List", "GET", all_path),
        about="Show the persons of a group in the order of their ids.",
        handler=partial(persons.list_all, noun),
        query=(p.START, p.TOP),
        answer=list[answers.PersonAnswer],
        refusals=(400, 404),
    )
    yield one(
        *(f"{tag}_Get", "GET", path),
        about="Show a person.",
        handler=partial(persons.get, noun),
        answer=answers.PersonAnswer,
        refusals=(404,),
    )
    yield one(
        *(f"{tag}_Update", "PATCH", path),
        about="Change the name or user data of a person.",
        handler=partial(persons.update, noun),
        body=bodies.Changes,
        refusals=(400, 404, 409),
    )
    yield one(
        *(f"{tag}_Delete", "DELETE", path),
        about="Delete a person with all faces.",
        handler=partial(persons.delete, noun),
        query=(p.RETURN_RECEIPT,),
        refusals=(400, 404, 409),
    )


def _stored_faces(noun: Noun) -> Iterator[Operation]:
    tag = f"{noun.code}Person" if noun.kind.has_persons else noun.code
    within = "/persons/{personId}" if noun.kind.has_persons else ""
    all_path = f"/{noun.path}/{{{noun.id_field}}}{within}/persistedfaces"
    path = f"{all_path}/{{persistedFaceId}}"
    one = partial(Operation, tag=tag)
    yield one(
        *(f"{tag}_AddFace", "POST", all_path),
        about="Store the face of a picture.",
        handler=partial(stored_faces.add, noun),
        query=stored_faces.ADD_QUERY,
        body=ImageUrl,
        octets=True,
        answer=answers.PersistedFaceId,
        refusals=(400, 404, 409),
    )
    if noun is not FACE_LIST:
        yield one(
            *(f"{tag}_GetFace", "GET", path),
            about="Show a stored face.",
            handler=partial(stored_faces.get, noun),
            answer=answers.PersistedFace,
            refusals=(404,),
        )
        yield one(
            *(f"{tag}_UpdateFace", "PATCH", path),
            about="Change the user data of a stored face.",
            handler=partial(stored_faces.update, noun),
            body=bodies.FaceChanges,
            refusals=(400, 404, 409),
        )
    yield one(
        *(f"{tag}_DeleteFace", "DELETE", path),
        about="Delete a stored face.",
        handler=partial(stored_faces.delete, noun),
        query=(p.RETURN_RECEIPT,),
        refusals=(400, 404, 409),
    )
    if noun.kind.is_trained and not noun.kind.has_persons:
        yield one(
            *(f"{tag}_ListFaces", "GET", all_path),
            about="Show the faces of a list in the order of their ids.",
            handler=partial(stored_faces.list_all, noun),
            query=(p.START, p.TOP),
            answer=list[answers.PersistedFace],
            refusals=(400, 404),
        )


def _snapshots() -> Iterator[Operation]:
    one = partial(Operation, tag="Snapshot")
    path = "/snapshots/{snapshotId}"
    yield one(
        *("Snapshot_Take", "POST", "/snapshots"),
        about="Start to copy a list or group for other accounts.",
        handler=snapshots.take,
        body=bodies.NewSnapshot,
        status=202,
        refusals=(400, 404, 409),
        headers=LOCATION,
    )
    yield one(
        *("Snapshot_List", "GET", "/snapshots"),
        about="Show the snapshots that the account took or may apply.",
        handler=snapshots.list_all,
        query=(p.SNAPSHOT_TYPES, p.APPLY_SCOPE),
        answer=list[answers.SnapshotAnswer],
        refusals=(400,),
    )
    yield one(
        *("Snapshot_Get", "GET", path),
        about="Show a snapshot.",
        handler=snapshots.get,
        answer=answers.SnapshotAnswer,
        refusals=(404,),
    )
    yield one(
        *("Snapshot_Update", "PATCH", path),
        about="Change who may apply a snapshot, or its user data.",
        handler=snapshots.update,
        body=bodies.SnapshotChanges,
        refusals=(400, 404, 409),
    )
    yield one(
        *("Snapshot_Delete", "DELETE", path),
        about="Delete a snapshot.",
        handler=snapshots.delete,
        query=(p.RETURN_RECEIPT,),
        refusals=(400, 404, 409),
    )
    yield one(
        *("Snapshot_Apply", "POST", f"{path}/apply"),
        about="Start to make a list or group from a snapshot.",
        handler=snapshots.apply,
        body=bodies.SnapshotTarget,
        status=202,
        refusals=(400, 404, 409),
        headers=LOCATION,
    )
    yield one(
        *("Snapshot_GetOperationStatus", "GET", "/operations/{operationId}"),
        about="How far the taking or applying of a snapshot is.",
        handler=snapshots.operation,
        answer=answers.OperationAnswer,
        refusals=(404,),
    )
