"""What a request about a redaction asks for in its query."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from numpy.typing import NDArray

from mien.errors import UsageError
from mien.redact.effects import Look
from mien.server.call import Call
from mien.server.errors import Refusal
from mien.server.parameters import Flag, Number

Array = NDArray[Any]

WIDEST = 3840
WIDTH = Number("width", 16, WIDEST, WIDEST, "Pixels that a picture may be wide.")
PNG = Flag("png", default=False, about="Whether to give PNG in place of JPEG.")


def look_asked(call: Call, look: Look, margin: float) -> tuple[Look, float]:
    """How to hide, and the margin: what the query says laid over these; raises Refusal 400."""
    feather = _share(call, "feather")
    chosen: Any = {
        "effect": text_asked(call, "effect") or look.effect,
        "strength": text_asked(call, "strength") or look.strength,
        "shape": text_asked(call, "mask") or look.shape,
        "feather": look.feather if feather is None else feather,
    }
    wide = _share(call, "margin")
    try:
        return Look(**chosen), margin if wide is None else wide
    except UsageError as error:
        raise Refusal(400, "BadArgument", f"{error}.") from error


def text_asked(call: Call, name: str) -> str | None:
    """A word of the query; None where it has none."""
    values = call.query.get(name)
    return values[-1] if values and values[-1] else None


def seconds_asked(call: Call) -> Fraction:
    """The time in `at`; raises Refusal 400."""
    text = text_asked(call, "at") or ""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        raise Refusal(400, "BadArgument", "'at' is a time in seconds, such as 12.5.")
    return Fraction(text)


def _share(call: Call, name: str) -> float | None:
    text = text_asked(call, name)
    if text is None:
        return None
    if not re.fullmatch(r"0(\.[0-9]{1,6})?|1(\.0{1,6})?", text):
        raise Refusal(400, "BadArgument", f"'{name}' is a share between 0 and 1.")
    return float(text)
