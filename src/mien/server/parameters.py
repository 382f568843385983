"""Parameters of the query: how each is read, and how the OpenAPI page shows it.

Names are compared without case. An empty value counts as none: the old SDK sends
`returnFaceAttributes=` where nothing is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from mien.server.errors import Refusal
from mien.server.json_body import is_storable

Schema = dict[str, Any]
Query = Mapping[str, Sequence[str]]
"""Values by name in lower case."""

SEPARATOR = re.compile(r"(?:[,+\s]|%2[bBcC]|%20)+")
"""What lies between the items of a list: clients join them with commas, plus signs or blanks, and
some encode these twice."""


class Parameter(Protocol):
    """What the OpenAPI page needs of a parameter."""

    @property
    def name(self) -> str:
        """As the documentation spells it."""

    @property
    def about(self) -> str:
        """What it is for, in a sentence."""

    def schema(self) -> Schema:
        """Its JSON schema."""


@dataclass(frozen=True, slots=True)
class Flag:
    """`true` or `false`, in any case."""

    name: str
    default: bool
    about: str

    def read(self, query: Query) -> bool:
        """The value, or the default; raises Refusal 400."""
        text = _last(query, self.name)
        if text is None:
            return self.default
        if text.lower() not in ("true", "false"):
            raise _invalid(f"'{self.name}' is invalid. Supported values are true and false.")
        return text.lower() == "true"

    def schema(self) -> Schema:
        return {"type": "boolean", "default": self.default}


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number within bounds."""

    name: str
    least: int
    most: int
    default: int
    about: str

    def read(self, query: Query) -> int:
        """The value, or the default; raises Refusal 400."""
        text = _last(query, self.name)
        if text is None:
            return self.default
        value = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else -1
        if not self.least <= value <= self.most:
            raise _invalid(f"'{self.name}' is invalid. Range is [{self.least}, {self.most}].")
        return value

    def schema(self) -> Schema:
        bounds = {"minimum": self.least, "maximum": self.most}
        return {"type": "integer", **bounds, "default": self.default}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some words."""

    name: str
    words: tuple[str, ...]
    default: str
    about: str

    def read(self, query: Query) -> str:
        """The word, or the default; raises Refusal 400."""
        text = _last(query, self.name)
        if text is None:
            return self.default
        if text not in self.words:
            raise _invalid(f"'{self.name}' is invalid.")
        return text

    def schema(self) -> Schema:
        return {"type": "string", "enum": list(self.words), "default": self.default}


@dataclass(frozen=True, slots=True)
class Text:
    """A text of at most so many characters."""

    name: str
    most: int
    about: str

    def read(self, query: Query) -> str | None:
        """The text, or None; raises Refusal 400."""
        text = _last(query, self.name)
        if text is not None and (len(text) > self.most or not is_storable(text)):
            raise _invalid(f"'{self.name}' is invalid. It has at most {self.most} characters.")
        return text

    def schema(self) -> Schema:
        return {"type": "string", "maxLength": self.most}


@dataclass(frozen=True, slots=True)
class Words:
    """Words with commas, plus signs or blanks between them, encoded or not."""

    name: str
    about: str

    def read(self, query: Query) -> tuple[str, ...]:
        """The words, each once, in order."""
        text = ",".join(query.get(self.name.lower(), ()))
        return tuple(dict.fromkeys(word for word in SEPARATOR.split(text) if word))

    def schema(self) -> Schema:
        return {"type": "string"}


class Rectangle(NamedTuple):
    """A part of a picture in whole pixels."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Target:
    """A rectangle as four whole numbers: left, top, width, height."""

    name: str
    about: str

    def read(self, query: Query) -> Rectangle | None:
        """The rectangle, or None; raises Refusal 400."""
        text = _last(query, self.name)
        if text is None:
            return None
        parts = SEPARATOR.split(text.strip())
        if len(parts) != 4 or not all(re.fullmatch(r"[0-9]{1,9}", part) for part in parts):
            raise _invalid(f"'{self.name}' is invalid. It has the form left,top,width,height.")
        left, top, width, height = (int(part) for part in parts)
        if not width or not height:
            raise _invalid(f"'{self.name}' is invalid. Its width and height are at least 1.")
        return Rectangle(left, top, width, height)

    def schema(self) -> Schema:
        return {"type": "string", "pattern": "^[0-9]{1,9}(,[0-9]{1,9}){3}$"}


def _last(query: Query, name: str) -> str | None:
    values = query.get(name.lower(), ())
    return values[-1] if values and values[-1] else None


def _invalid(message: str) -> Refusal:
    return Refusal(400, "BadArgument", message)
