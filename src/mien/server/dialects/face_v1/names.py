"""The words of the wire for the four kinds of collection, and the forms of ids."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mien.gallery.records import Kind

ID_PATTERN = "^[a-z0-9_-]+$"
ID_LENGTH = 64
GUID_PATTERN = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"

_ID = re.compile(rf"[a-z0-9_-]{{1,{ID_LENGTH}}}")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Noun:
    """What the wire calls a kind of collection.

    Attributes:
        path: the first part of its path, in lower case.
        code: what the codes of its errors begin with, and the `type` of its snapshots.
        id_field: the key of its id in JSON.
        text: its name in a sentence.
    """

    kind: Kind
    path: str
    code: str
    id_field: str
    text: str

    @property
    def invalid_id(self) -> str:
        """What is said of an id that cannot be one."""
        return (
            f"{self.text} ID is invalid. Valid format should be a string composed by numbers, "
            "English letters in lower case, '-', '_', and no longer than 64 characters."
        )


FACE_LIST = Noun(Kind.FACE_LIST, "facelists", "FaceList", "faceListId", "Face list")
LARGE_FACE_LIST = Noun(
    Kind.LARGE_FACE_LIST, "largefacelists", "LargeFaceList", "largeFaceListId", "Large face list"
)
PERSON_GROUP = Noun(
    Kind.PERSON_GROUP, "persongroups", "PersonGroup", "personGroupId", "Person group"
)
LARGE_PERSON_GROUP = Noun(
    Kind.LARGE_PERSON_GROUP,
    "largepersongroups",
    "LargePersonGroup",
    "largePersonGroupId",
    "Large person group",
)
NOUNS = (FACE_LIST, LARGE_FACE_LIST, PERSON_GROUP, LARGE_PERSON_GROUP)
BY_KIND = {noun.kind: noun for noun in NOUNS}


def is_id(text: str) -> bool:
    """Whether this can be the id of a collection."""
    return _ID.fullmatch(text) is not None


def guid(text: str) -> str | None:
    """The GUID in lower case, or None where it is none."""
    return text.lower() if _GUID.fullmatch(text) else None
