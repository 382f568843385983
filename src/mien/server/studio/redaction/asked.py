"""What a request about a redaction asks for in its query, and the picture that answers it."""

from __future__ import annotations

import re
from typing import Any, Literal

from numpy.typing import NDArray
from starlette.responses import Response

from mien.errors import UsageError
from mien.redact.effects import Look
from mien.server.errors import Refusal
from mien.server.parameters import Flag, Number
from mien.server.studio.call import StudioCall

Array = NDArray[Any]

WIDEST = 3840
WIDTH = Number("width", 16, WIDEST, WIDEST, "Pixels that a picture may be wide.")
PNG = Flag("png", default=False, about="Whether to give PNG in place of JPEG.")


def form_asked(call: StudioCall) -> Literal["PNG", "JPEG"]:
    """What a picture is given as; raises Refusal 400."""
    return "PNG" if PNG.read(call.query) else "JPEG"


def picture_answer(data: bytes, form: str) -> Response:
    """A picture that was written as `form`."""
    return Response(data, media_type=f"image/{form.lower()}")


def look_asked(call: StudioCall, look: Look, margin: float) -> tuple[Look, float]:
    """How to hide, and the margin: what the query says laid over these; raises Refusal 400."""
    feather = _share(call, "feather")
    chosen: Any = {
        "effect": call.text("effect") or look.effect,
        "strength": call.text("strength") or look.strength,
        "shape": call.text("mask") or look.shape,
        "feather": look.feather if feather is None else feather,
    }
    wide = _share(call, "margin")
    try:
        return Look(**chosen), margin if wide is None else wide
    except UsageError as error:
        raise Refusal(400, "BadArgument", f"{error}.") from error


def _share(call: StudioCall, name: str) -> float | None:
    text = call.text(name)
    if text is None:
        return None
    if not re.fullmatch(r"0(\.[0-9]{1,6})?|1(\.0{1,6})?", text):
        raise Refusal(400, "BadArgument", f"'{name}' is a share between 0 and 1.")
    return float(text)
