"""The error map, against the rows of the documentation's tables."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mien import errors as e
from mien.gallery import Kind
from mien.server.dialects.face_v1 import errors as wire
from mien.server.dialects.face_v1.operations import operations
from mien.server.pictures import refusal_of_picture

CONTEXTS = {each.name: each.context for each in operations()}
Row = tuple[str, e.GalleryError, int, str, str]

FACE = e.NoSuchFaceError("no such face", what="x")
LARGE, SMALL = Kind.LARGE_PERSON_GROUP, Kind.PERSON_GROUP


def of(error: Callable[..., e.GalleryError], kind: Kind) -> e.GalleryError:
    return error("what is wrong", kind=kind, what="family")


ROWS: list[Row] = [
    ("Face_FindSimilar", FACE, 400, "FaceNotFound", "Query face cannot be found."),
    ("Face_FindSimilar", of(e.NoSuchCollectionError, Kind.FACE_LIST), 400, "FaceListNotFound",
     "Face list is not found."),
    ("Face_FindSimilar", of(e.NoSuchCollectionError, Kind.LARGE_FACE_LIST), 400,
     "LargeFaceListNotFound", "Large face list is not found."),
    ("Face_FindSimilar", of(e.NotTrainedError, Kind.LARGE_FACE_LIST), 400,
     "LargeFaceListNotTrained", "Large face list is not trained."),
    ("Face_FindSimilar", of(e.EmptyCollectionError, Kind.FACE_LIST), 400, "FaceListNotReady",
     "Face list is empty."),
    ("Face_FindSimilar", of(e.TrainingRunningError, Kind.LARGE_FACE_LIST), 409,
     "LargeFaceListTrainingNotFinished", "Large face list training is not finished."),
    ("Face_FindSimilar", e.IncompatibleModelsError("x"), 400, "BadArgument",
     "'recognitionModel' is incompatible."),
    ("Face_Group", FACE, 400, "FaceNotFound", "Current face is not found."),
    ("Face_Group", e.IncompatibleModelsError("x"), 400, "BadArgument",
     "'recognitionModel' is incompatible."),
    ("Face_Identify", FACE, 400, "FaceNotFound", "Face is not found."),
    ("Face_Identify", of(e.NoSuchCollectionError, SMALL), 400, "PersonGroupNotFound",
     "Person group is not found."),
    ("Face_Identify", of(e.NoSuchCollectionError, LARGE), 400, "LargePersonGroupNotFound",
     "Large person group is not found."),
    ("Face_Identify", of(e.NotTrainedError, SMALL), 400, "PersonGroupNotTrained",
     "Person group not trained."),
    ("Face_Identify", of(e.NotTrainedError, LARGE), 400, "LargePersonGroupNotTrained",
     "Large person group not trained."),
    ("Face_Identify", of(e.TrainingRunningError, SMALL), 409, "PersonGroupTrainingNotFinished",
     "Person group is under training."),
    ("Face_Identify", of(e.TrainingRunningError, LARGE), 409,
     "LargePersonGroupTrainingNotFinished", "Large person group is under training."),
    ("Face_Verify", FACE, 404, "FaceNotFound",
     "Face is not found. The faceId is expired or not exist."),
    ("Face_Verify", of(e.NoSuchPersonError, SMALL), 404, "PersonNotFound", "Person is not found."),
    ("Face_Verify", of(e.NoSuchCollectionError, SMALL), 404, "PersonGroupNotFound",
     "Person group is not found."),
    ("Face_Verify", of(e.NoSuchCollectionError, LARGE), 404, "LargePersonGroupNotFound",
     "Large person group is not found."),
    ("Face_Verify", of(e.NoSuchStoredFaceError, SMALL), 404, "PersistedFaceNotFound",
     "Persisted face is not found."),
    ("FaceList_Create", of(e.ExistsError, Kind.FACE_LIST), 409, "FaceListExists",
     "Face list 'family' already exists."),
    ("LargeFaceList_Create", of(e.ExistsError, Kind.LARGE_FACE_LIST), 409, "LargeFaceListExists",
     "Large face list 'family' already exists."),
    ("PersonGroup_Create", of(e.ExistsError, SMALL), 409, "PersonGroupExists",
     "Person group 'family' already exists."),
    ("LargePersonGroup_Create", of(e.ExistsError, LARGE), 409, "LargePersonGroupExists",
     "Large person group 'family' already exists."),
    ("PersonGroup_Create", of(e.LimitReachedError, SMALL), 403, "QuotaExceeded", "what is wrong."),
    ("PersonGroup_Delete", of(e.TrainingRunningError, SMALL), 409,
     "PersonGroupTrainingNotFinished", "Person group is under training."),
    ("PersonGroup_GetTrainingStatus", of(e.NotTrainedError, SMALL), 404, "PersonGroupNotTrained",
     "Person group not trained."),
    ("LargeFaceList_GetTrainingStatus", of(e.NotTrainedError, Kind.LARGE_FACE_LIST), 404,
     "LargeFaceListNotTrained", "Large face list is not trained."),
    ("PersonGroup_Update", of(e.ConflictError, SMALL), 409, "ConcurrentOperationConflict",
     "There is a conflict operation on this resource, please try again later."),
    ("Snapshot_Get", e.NoSuchSnapshotError("x"), 404, "SnapshotNotFound", "Snapshot is not found."),
    ("Snapshot_Apply", of(e.ExistsError, SMALL), 409, "PersonGroupExists",
     "Person group 'family' already exists."),
    ("Snapshot_GetOperationStatus", e.NoSuchOperationError("x"), 404, "OperationNotFound",
     "Operation is not found."),
]  # fmt: skip


@pytest.mark.parametrize(("operation", "error", "status", "code", "message"), ROWS)
def test_the_map(
    operation: str, error: e.GalleryError, status: int, code: str, message: str
) -> None:
    refusal = wire.refusal_of(error, CONTEXTS[operation])
    assert (refusal.status, refusal.code, refusal.message) == (status, code, message)


def test_every_error_of_the_gallery_that_a_request_can_meet_is_in_the_map() -> None:
    met = {type(error) for _, error, *_ in ROWS}
    elsewhere = {e.NotFoundError, e.NoSuchAccountError, e.NoSuchReceiptError}
    assert _family(e.GalleryError) - elsewhere == met


def test_an_error_without_a_row_stays_what_it_is() -> None:
    with pytest.raises(e.NoSuchReceiptError):
        wire.refusal_of(e.NoSuchReceiptError("x"), wire.Context())


def test_pictures_that_cannot_be_used() -> None:
    sent = refusal_of_picture(e.CorruptMediaError("x"), from_url=False)
    assert (sent.code, sent.message) == (
        "InvalidImage",
        "Decoding error, image format unsupported.",
    )
    fetched = refusal_of_picture(e.UnsupportedMediaError("x"), from_url=True)
    assert fetched.code == "InvalidURL"
    large = refusal_of_picture(e.MediaTooLargeError("too many pixels"), from_url=False)
    assert large.code == "InvalidImageSize"
    assert "too many pixels" in large.message


def _family(error: type[e.GalleryError]) -> set[type[e.GalleryError]]:
    below = error.__subclasses__()
    return set(below).union(*(_family(each) for each in below))
