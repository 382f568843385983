"""What requests carry, in JSON or as a form, and how a wrong value is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
)

from mien.server.dialects.kairos.errors import KairosError
from mien.server.json_body import is_storable

NAME_LENGTH = 256
SMALLEST, LARGEST = 0.015, 0.5
"""The bounds of minHeadScale: 1:64 and 1:2."""
SELECTORS = frozenset({"FRONTAL", "ROLL", "FULL", "SETPOSE", "EYES"})
"""Words that choose a detector. There is one here, which finds faces turned every way."""
LIVENESS = "LIVENESS"

M = TypeVar("M", bound=BaseModel)


class Upload(NamedTuple):
    """A file of a form."""

    name: str | None
    data: bytes


def _name(text: str) -> str:
    if not is_storable(text) or any(letter < " " or letter == "\x7f" for letter in text):
        raise KairosError(1000)
    if len(text) > NAME_LENGTH:
        raise KairosError(1003, f"names have at most {NAME_LENGTH} characters")
    return text


def _image(value: Any) -> str | Upload:
    if not isinstance(value, str | Upload):
        raise KairosError(1003, "image is a URL, a text in base64, or a file")
    return value


def _selector(text: str) -> str:
    words = {word.strip().upper() for word in text.split(",")} - {""}
    if LIVENESS in words:
        raise KairosError(5011, "no model here tells a living face from a picture of one")
    if not words <= SELECTORS:
        known = ", ".join(sorted({*SELECTORS, LIVENESS}))
        raise KairosError(1003, f"selector is one or more of {known}")
    return text


Image = Annotated[Any, AfterValidator(_image), WithJsonSchema({"type": "string"})]
Name = Annotated[str, AfterValidator(_name), WithJsonSchema({"type": "string", "minLength": 1})]
Scale = Annotated[float, Field(ge=SMALLEST, le=LARGEST)]
Selector = Annotated[str, AfterValidator(_selector), WithJsonSchema({"type": "string"})]


class Body(BaseModel):
    """Parameters. What a form or an old client sends as text is read as what it stands for."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


class Nothing(Body):
    """No parameters."""


class Gallery(Body):
    """A gallery, by its name."""

    gallery_name: Name


class Subject(Gallery):
    """A subject of a gallery."""

    subject_id: Name


class SubjectFace(Subject):
    """A subject of a gallery, or one face of theirs."""

    face_id: Name | None = None


class Detect(Body):
    """A picture; `image` is its URL, its file in base64 (a data URI will do), or the file."""

    image: Image
    minHeadScale: Scale = SMALLEST
    selector: Selector = "FRONTAL"


class Enroll(Detect, Subject):
    """A picture of a subject."""

    multiple_faces: bool = False


class Verify(Subject):
    """A picture, and the subject it may show."""

    image: Image
    selector: Selector = "FRONTAL"


class Recognize(Detect, Gallery):
    """A picture, and the gallery to look in."""

    threshold: Annotated[float, Field(ge=0, le=1)] = 0.6
    max_num_results: Annotated[int, Field(ge=1, le=1000)] = 10


class MediaSource(Body):
    """A video or photo: its URL, or in a form the file itself."""

    source: str
    timeout: Annotated[int, Field(ge=0, le=60)] = 10
    landmarks: Annotated[int, Field(ge=0, le=1)] = 0


def read(model: type[M], values: Mapping[str, Any]) -> M:
    """The parameters as this model has them; what is null or empty counts as absent.

    Raises:
        KairosError: 1002 where one is missing, 1003 where one is wrong, 1000 where a name has
            characters that it must not, 5011 for liveness.
    """
    given = {name: value for name, value in values.items() if value is not None and value != ""}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        missing = [str(each["loc"][0]) for each in error.errors() if each["type"] == "missing"]
        if missing:
            raise KairosError(1002, ", ".join(missing)) from None
        wrong = error.errors()[0]
        if wrong["type"] == "string_unicode":
            raise KairosError(1000, str(wrong["loc"][0])) from None
        raise KairosError(1003, f"{wrong['loc'][0]}: {wrong['msg']}") from None
    except OverflowError:
        raise KairosError(1003, "a number is too large") from None
