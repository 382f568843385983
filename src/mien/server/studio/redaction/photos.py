"""Photos, hidden with the mouse. Nothing of them is kept: the picture comes along with each call.

POST /studio/api/redaction/photo           a picture → the boxes of its faces
POST /studio/api/redaction/photo/before    → the picture as it was read, JPEG
POST /studio/api/redaction/photo/after     → the picture with its faces hidden; `?keep=0,2` by their
                                             numbers in the answer above, `&draw=x0,y0,x1,y1;…`
                                             hides boxes besides, `&effect=…` says how, `&png=true`
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import numpy as np
from starlette.responses import JSONResponse, Response

from mien.errors import MediaError, UsageError
from mien.faces import Faces
from mien.media import Limits as MediaLimits
from mien.media import read_image
from mien.media.writer import image_bytes
from mien.redact.choices import CORNERS
from mien.redact.effects import Look, check_safe
from mien.redact.photo import hide_in_photo
from mien.redact.plan import MARGIN
from mien.server.call import Call
from mien.server.errors import BodyTooLargeError, Refusal
from mien.server.inference import Seen, Wants
from mien.server.studio.photo import too_large, unusable
from mien.server.studio.redaction.asked import PNG, Array, look_asked, text_asked

AT_ONCE = 2
"""Pictures that are worked on at a time, beside the look for faces."""

MOST_DRAWN = 100
FAR = 10
"""Times the picture's size that a box may reach."""

_NUMBER = r"-?[0-9]{1,7}(?:\.[0-9]{1,4})?"
_BOX = re.compile(rf"({_NUMBER}),({_NUMBER}),({_NUMBER}),({_NUMBER})")
_NUMBERS = re.compile(r"[0-9]{1,6}(,[0-9]{1,6})*")


class Photos:
    """Answers about photos."""

    def __init__(self) -> None:
        self._showing = asyncio.Semaphore(AT_ONCE)

    async def faces(self, call: Call) -> Response:
        """The boxes of the faces of a picture, numbered from 0."""
        seen = await _seen(call, await _picture(call))
        boxes = seen.faces.box_xyxy.tolist()
        found = [{"box": box} for box in boxes]
        return JSONResponse({"width": seen.width, "height": seen.height, "faces": found})

    async def before(self, call: Call) -> Response:
        """The picture as it was read: upright, the first frame or page."""
        return await self._shown(call, await _picture(call), lambda rgb: rgb)

    async def after(self, call: Call) -> Response:
        """The picture with its faces hidden, all but those that are kept."""
        look, margin = look_asked(call, Look(), MARGIN)
        try:
            check_safe(look, unsafe=False)
        except UsageError as error:
            raise Refusal(400, "BadArgument", f"{error}.") from error
        keep, drawn = _kept(call), _drawn(call)
        data = await _picture(call)
        seen = await _seen(call, data)
        if keep and max(keep) >= len(seen.faces):
            raise Refusal(400, "BadArgument", f"The picture has {len(seen.faces)} faces.")
        if drawn and np.abs(drawn).max() > FAR * max(seen.width, seen.height):
            raise Refusal(400, "BadArgument", "A drawn box lies far beyond the picture.")
        hidden = seen.faces[[row for row in range(len(seen.faces)) if row not in keep]]

        def work(rgb: Array) -> Array:
            copy = np.array(rgb, order="C")
            hide_in_photo(copy, hidden, look, margin)
            if drawn:
                hide_in_photo(copy, _whole(drawn, look), look, margin)
            return copy

        return await self._shown(call, data, work)

    async def _shown(self, call: Call, data: bytes, work: Callable[[Array], Array]) -> Response:
        form = "PNG" if PNG.read(call.query) else "JPEG"
        limits = call.services.settings.limits
        media = MediaLimits(limits.photo_bytes, limits.image_pixels)
        try:
            async with self._showing:
                made = await call.run(
                    lambda: image_bytes(work(read_image(data, limits=media)), form)
                )
        except MediaError as error:
            raise unusable(error, data) from error
        return Response(made, media_type=f"image/{form.lower()}")


def _whole(drawn: list[list[float]], look: Look) -> Faces:
    """Drawn boxes, so large that their masks hold their corners."""
    boxes = np.array(drawn, float)
    grown = CORNERS if look.shape == "ellipse" else 1.0
    middle, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2 * grown
    return Faces(np.concatenate([middle - half, middle + half], axis=1), np.ones(len(boxes)))


def _kept(call: Call) -> set[int]:
    text = text_asked(call, "keep")
    if text is None:
        return set()
    if not _NUMBERS.fullmatch(text) or len(text) > 4000:
        raise Refusal(400, "BadArgument", "'keep' is a list of numbers of faces, such as 0,2.")
    return {int(number) for number in text.split(",")}


def _drawn(call: Call) -> list[list[float]]:
    text = text_asked(call, "draw")
    if text is None:
        return []
    found = [_BOX.fullmatch(part) for part in text.split(";")[: MOST_DRAWN + 1]]
    boxes = [[float(value) for value in match.groups()] for match in found if match]
    wrong = len(boxes) < len(found) or len(found) > MOST_DRAWN
    if wrong or any(x0 >= x1 or y0 >= y1 for x0, y0, x1, y1 in boxes):
        text = f"'draw' is at most {MOST_DRAWN} boxes x0,y0,x1,y1 with a semicolon between."
        raise Refusal(400, "BadArgument", text)
    return boxes


async def _picture(call: Call) -> bytes:
    most = call.services.settings.limits.photo_bytes
    try:
        return await call.body(most)
    except BodyTooLargeError:
        raise too_large(most) from None


async def _seen(call: Call, data: bytes) -> Seen:
    await call.services.allowance.call(call.caller)
    try:
        return await call.services.analyst.faces(data, Wants(accurate=True))
    except MediaError as error:
        raise unusable(error, data) from error
