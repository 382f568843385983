"""The parameters of the query."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mien.server.bodies import refused
from mien.server.parameters import SEPARATOR, Choice, Query, Rectangle, Schema

MOST_RECTANGLES = 64
RECTANGLE_BREAK = re.compile(r";|%3[bB]")
"""What lies between two rectangles; some clients encode it twice."""
NUMBER = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Rectangles:
    """Rectangles with semicolons between them, each as left,top,width,height."""

    name: str
    about: str

    def read(self, query: Query) -> tuple[Rectangle, ...]:
        """The rectangles, none where the parameter is absent or empty; raises Refusal 400."""
        text = ";".join(query.get(self.name.lower(), ()))
        parts = [part.strip() for part in RECTANGLE_BREAK.split(text)]
        while parts and not parts[-1]:
            parts.pop()
        if len(parts) > MOST_RECTANGLES:
            raise refused(f"'{self.name}' is invalid. It has at most {MOST_RECTANGLES} rectangles.")
        return tuple(self._rectangle(part) for part in parts)

    def schema(self) -> Schema:
        one = "[0-9]{1,9}(,[0-9]{1,9}){3}"
        return {"type": "string", "pattern": f"^{one}(;{one})*;?$"}

    def _rectangle(self, text: str) -> Rectangle:
        numbers = SEPARATOR.split(text)
        if len(numbers) != 4 or not all(NUMBER.fullmatch(number) for number in numbers):
            raise refused(
                f"'{self.name}' is invalid. It has the form "
                "left,top,width,height;left,top,width,height."
            )
        found = Rectangle(*(int(number) for number in numbers))
        if not found.width or not found.height:
            raise refused(f"'{self.name}' is invalid. Widths and heights are at least 1.")
        return found


@dataclass(frozen=True, slots=True)
class AnyCaseChoice(Choice):
    """One of some words, in any case."""

    def read(self, query: Query) -> str:
        """The word as the documentation spells it, or the default; raises Refusal 400."""
        words = {word.lower(): word for word in self.words}
        given = [value for value in query.get(self.name.lower(), ()) if value]
        word = words.get((given or [self.default])[-1].lower())
        if word is None:
            raise refused(f"'{self.name}' is invalid. It is {' or '.join(self.words)}.")
        return word


OUTPUT_STYLE = AnyCaseChoice(
    "outputStyle",
    ("aggregate", "perFrame"),
    "aggregate",
    "The mean over all faces, four times in two seconds; or each face in each frame.",
)
FACE_RECTANGLES = Rectangles(
    "faceRectangles",
    "Where the faces are: left,top,width,height of each in pixels, with semicolons between them. "
    "None are looked for then.",
)
