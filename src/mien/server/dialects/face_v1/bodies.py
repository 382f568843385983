"""What requests carry in JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from mien.server.bodies import Body, refused
from mien.server.dialects.face_v1.names import (
    GUID_PATTERN,
    ID_LENGTH,
    ID_PATTERN,
    LARGE_PERSON_GROUP,
    PERSON_GROUP,
    guid,
    is_id,
)
from mien.server.dialects.face_v1.parameters import RECOGNITION_MODELS

NAME_LENGTH = 128
DATA_LENGTH = 16384
FACE_DATA_LENGTH = 1024


def _is_guid(message: str) -> AfterValidator:
    def check(text: str) -> str:
        found = guid(text)
        if found is None:
            raise refused(message)
        return found

    return AfterValidator(check)


def _is_id(message: str) -> AfterValidator:
    def check(text: str) -> str:
        if not is_id(text):
            raise refused(message)
        return text

    return AfterValidator(check)


def _within(least: float, most: float, message: str) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        # A number of the wrong kind goes on to the check of types.
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if number and not least <= value <= most:
            raise refused(message)
        return value

    return check


def _sized(least: int, most: int, message: str) -> Callable[[list[str]], list[str]]:
    def check(items: list[str]) -> list[str]:
        if not least <= len(items) <= most:
            raise refused(message)
        return items

    return check


def _long(least: int, most: int, message: str) -> AfterValidator:
    def check(text: str) -> str:
        if not least <= len(text) <= most:
            raise refused(message)
        return text

    return AfterValidator(check)


def _texts(least: int, most: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "minLength": least, "maxLength": most})


def _model(text: str) -> str:
    if text not in RECOGNITION_MODELS:
        raise refused("'recognitionModel' is invalid.")
    return text


_GUIDS = WithJsonSchema({"type": "string", "format": "uuid", "pattern": GUID_PATTERN})
_IDS = WithJsonSchema(
    {"type": "string", "pattern": ID_PATTERN, "minLength": 1, "maxLength": ID_LENGTH}
)
_LONG_DATA = f"'userData' is too long. It has at most {DATA_LENGTH} characters."
_LONG_FACE_DATA = f"'userData' is too long. It has at most {FACE_DATA_LENGTH} characters."
_WRONG_NAME = f"'name' is invalid. It has from 1 to {NAME_LENGTH} characters."

FaceId = Annotated[str, _is_guid("Face ID is invalid."), _GUIDS]
PersonId = Annotated[str, _is_guid("Person ID is invalid."), _GUIDS]
PersonGroupId = Annotated[str, _is_id(PERSON_GROUP.invalid_id), _IDS]
LargePersonGroupId = Annotated[str, _is_id(LARGE_PERSON_GROUP.invalid_id), _IDS]
Name = Annotated[str, _long(1, NAME_LENGTH, _WRONG_NAME), _texts(1, NAME_LENGTH)]
UserData = Annotated[str, _long(0, DATA_LENGTH, _LONG_DATA), _texts(0, DATA_LENGTH)]
FaceUserData = Annotated[
    str, _long(0, FACE_DATA_LENGTH, _LONG_FACE_DATA), _texts(0, FACE_DATA_LENGTH)
]
RecognitionModel = Annotated[
    str,
    AfterValidator(_model),
    WithJsonSchema({"type": "string", "enum": list(RECOGNITION_MODELS)}),
]


class Meta(Body):
    """What a new list or group is called."""

    name: Name
    user_data: UserData | None = None
    recognition_model: RecognitionModel | None = None


class Changes(Body):
    """New name, new user data, or both; what is absent or null stays as it is."""

    name: Name | None = None
    user_data: UserData | None = None


class NewPerson(Body):
    """What a new person is called."""

    name: Name
    user_data: UserData | None = None


class FaceChanges(Body):
    """New user data of a stored face."""

    user_data: FaceUserData | None = None


class VerifyBody(Body):
    """Two faces, or a face and a person of a group."""

    face_id1: FaceId | None = Field(None, alias="faceId1")
    face_id2: FaceId | None = Field(None, alias="faceId2")
    face_id: FaceId | None = None
    person_id: PersonId | None = None
    person_group_id: PersonGroupId | None = None
    large_person_group_id: LargePersonGroupId | None = None


_CANDIDATES = "The argument maxNumOfCandidatesReturned is not valid."


class IdentifyBody(Body):
    """Faces to be named, and the group to look in."""

    face_ids: Annotated[
        list[FaceId],
        AfterValidator(
            _sized(1, 10, "The length of faceIds is not in a valid range. Out of range [1, 10].")
        ),
        Field(json_schema_extra={"minItems": 1, "maxItems": 10}),
    ]
    person_group_id: PersonGroupId | None = None
    large_person_group_id: LargePersonGroupId | None = None
    max_num_of_candidates_returned: Annotated[
        int | None,
        BeforeValidator(_within(1, 100, f"{_CANDIDATES} Range is [1,100]")),
        Field(json_schema_extra={"minimum": 1, "maximum": 100}),
    ] = None
    confidence_threshold: Annotated[
        float | None,
        BeforeValidator(
            _within(0, 1, "The argument confidenceThreshold is not valid. Range is [0, 1]")
        ),
        Field(json_schema_extra={"minimum": 0, "maximum": 1}),
    ] = None


class FindSimilarBody(Body):
    """A face, and where to look for ones like it: exactly one of the three."""

    face_id: FaceId
    face_list_id: str | None = None
    large_face_list_id: str | None = None
    face_ids: list[FaceId] | None = Field(None, json_schema_extra={"minItems": 1, "maxItems": 1000})
    max_num_of_candidates_returned: Annotated[
        int | None,
        BeforeValidator(_within(1, 1000, _CANDIDATES)),
        Field(json_schema_extra={"minimum": 1, "maximum": 1000}),
    ] = None
    mode: Annotated[
        str | None, WithJsonSchema({"type": "string", "enum": ["matchPerson", "matchFace"]})
    ] = None


class GroupBody(Body):
    """Faces to be put together by person."""

    face_ids: Annotated[
        list[FaceId],
        AfterValidator(
            _sized(
                2, 1000, "The length of faceIds is not in a valid range. Out of range [2, 1000]."
            )
        ),
        Field(json_schema_extra={"minItems": 2, "maxItems": 1000}),
    ]


class TogetherBody(GroupBody):
    """Faces that are to be kept together."""


class TogetherOfPersonBody(TogetherBody):
    """Faces that are to be kept as those of one person, whose id is given once they are there."""

    person_id: PersonId | None = None


SnapshotType = Literal["FaceList", "LargeFaceList", "LargePersonGroup", "PersonGroup"]
Scope = Annotated[list[str], Field(min_length=1, max_length=1000)]


class NewSnapshot(Body):
    """What to copy, and the accounts that may take the copy over."""

    type: SnapshotType
    object_id: Annotated[str, _IDS]
    apply_scope: Scope
    user_data: UserData | None = None


class SnapshotChanges(Body):
    """New scope, new user data, or both."""

    apply_scope: Scope | None = None
    user_data: UserData | None = None


class SnapshotTarget(Body):
    """The id of the list or group that is made from a snapshot."""

    object_id: Annotated[str, _IDS]
    mode: Literal["CreateNew"] | None = None
