"""Photos, hidden with the mouse. Nothing of them is kept: the picture comes along with each call.

POST /studio/api/redaction/photo           a picture → the boxes of its faces
POST /studio/api/redaction/photo/before    → the picture as it was read, JPEG
POST /studio/api/redaction/photo/after     → the picture with its faces hidden; `?keep=0,2` by their
                                             numbers in the answer above, `&draw=x0,y0,x1,y1;…`
                                             hides boxes besides, `&effect=…` says how, `&png=true`
POST /studio/api/redaction/photo/audit     the same → whether faces can be seen in that copy:
                                             `{"audit": document, "page": HTML}`; `&name=` its file
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from starlette.responses import JSONResponse, Response

from mien.errors import MediaError, UsageError
from mien.faces import Faces
from mien.media import Limits as MediaLimits
from mien.media import read_image
from mien.media.writer import image_bytes
from mien.redact.audit.document import audit_document
from mien.redact.audit.page import audit_page
from mien.redact.choices import CORNERS
from mien.redact.effects import Look, check_safe
from mien.redact.files import redacted_name
from mien.redact.photo import hide_in_photo
from mien.redact.plan import MARGIN
from mien.redact.video import settings_of
from mien.server.errors import BodyTooLargeError, Refusal
from mien.server.inference import Seen, Wants
from mien.server.studio.call import StudioCall
from mien.server.studio.photo import too_large, unusable
from mien.server.studio.redaction.asked import Array, form_asked, look_asked, picture_answer

AT_ONCE = 2
"""Pictures that are worked on at a time, beside the look for faces."""

MOST_DRAWN = 100
FAR = 10
"""Times the picture's size that a box may reach."""
LONGEST_NAME = 255

_NUMBER = r"-?[0-9]{1,7}(?:\.[0-9]{1,4})?"
_BOX = re.compile(rf"({_NUMBER}),({_NUMBER}),({_NUMBER}),({_NUMBER})")
_NUMBERS = re.compile(r"[0-9]{1,6}(,[0-9]{1,6})*")


@dataclass(frozen=True)
class Wish:
    """What is asked of a photo: how to hide, whom to keep, what to hide besides.

    Attributes:
        keep: numbers of faces.
        drawn: boxes, xyxy.
        form: of the copy.
    """

    look: Look
    margin: float
    keep: frozenset[int]
    drawn: tuple[list[float], ...]
    form: Literal["PNG", "JPEG"]

    @classmethod
    def of(cls, call: StudioCall) -> Wish:
        """What the query says; raises Refusal 400."""
        look, margin = look_asked(call, Look(), MARGIN)
        try:
            check_safe(look, unsafe=False)
        except UsageError as error:
            raise Refusal(400, "BadArgument", f"{error}.") from error
        return cls(look, margin, _kept(call), _drawn(call), form_asked(call))

    def check(self, seen: Seen) -> None:
        """Check that the picture has what is named; raises Refusal 400."""
        if self.keep and max(self.keep) >= len(seen.faces):
            raise Refusal(400, "BadArgument", f"The picture has {len(seen.faces)} faces.")
        if self.drawn and np.abs(self.drawn).max() > FAR * max(seen.width, seen.height):
            raise Refusal(400, "BadArgument", "A drawn box lies far beyond the picture.")

    def copy(self, rgb: Array, faces: Faces) -> bytes:
        """The file of a copy of the picture (H, W, 3) with its faces hidden, all but those kept."""
        copy = np.array(rgb, order="C")
        hidden = [row for row in range(len(faces)) if row not in self.keep]
        hide_in_photo(copy, faces[hidden], self.look, self.margin)
        if self.drawn:
            hide_in_photo(copy, _whole(self.drawn, self.look), self.look, self.margin)
        return image_bytes(copy, self.form)

    @property
    def settings(self) -> dict[str, Any]:
        """For the documents of an audit."""
        return {
            **settings_of(self.look, self.margin, paranoid=False),
            "kept": len(self.keep),
            "drawn": [*self.drawn],
        }


class Photos:
    """Answers about photos."""

    def __init__(self) -> None:
        self._showing = asyncio.Semaphore(AT_ONCE)

    async def faces(self, call: StudioCall) -> Response:
        """The boxes of the faces of a picture, numbered from 0."""
        seen = await _seen(call, await _picture(call))
        boxes = seen.faces.box_xyxy.tolist()
        found = [{"box": box} for box in boxes]
        return JSONResponse({"width": seen.width, "height": seen.height, "faces": found})

    async def before(self, call: StudioCall) -> Response:
        """The picture as it was read: upright, the first frame or page."""
        form = form_asked(call)
        data = await self._made(call, await _picture(call), lambda rgb: image_bytes(rgb, form))
        return picture_answer(data, form)

    async def after(self, call: StudioCall) -> Response:
        """The picture with its faces hidden, all but those that are kept."""
        wish = Wish.of(call)
        copy, _ = await self._hidden(call, wish, await _picture(call))
        return picture_answer(copy, wish.form)

    async def audit(self, call: StudioCall) -> Response:
        """That copy, looked at anew for faces that can be seen: the document, and the page."""
        wish, data = Wish.of(call), await _picture(call)
        copy, seen = await self._hidden(call, wish, data)
        kept = seen.faces.box_xyxy[sorted(wish.keep)]
        found = await call.services.analyst.audit(data, copy, kept, gone=call.gone)
        assert found.source is not None
        assert found.output is not None
        source = Path((call.text("name") or "photo")[:LONGEST_NAME])
        output = redacted_name(source, ".png" if wish.form == "PNG" else ".jpg")
        told = replace(
            found,
            source=replace(found.source, name=source.name),
            output=replace(found.output, name=output),
            settings=wish.settings,
        )
        document, shown = await call.run(lambda: (audit_document(told), audit_page(told)))
        return JSONResponse({"audit": document, "page": shown})

    async def _hidden(self, call: StudioCall, wish: Wish, data: bytes) -> tuple[bytes, Seen]:
        """The file of the copy, and whom the picture shows."""
        seen = await _seen(call, data)
        wish.check(seen)
        return await self._made(call, data, lambda rgb: wish.copy(rgb, seen.faces)), seen

    async def _made(self, call: StudioCall, data: bytes, make: Callable[[Array], bytes]) -> bytes:
        limits = call.services.settings.limits
        media = MediaLimits(limits.photo_bytes, limits.image_pixels)
        try:
            async with self._showing:
                return await call.run(lambda: make(read_image(data, limits=media)))
        except MediaError as error:
            raise unusable(error, data) from error


def _whole(drawn: Sequence[list[float]], look: Look) -> Faces:
    """Drawn boxes, so large that their masks hold their corners."""
    boxes = np.array(drawn, float)
    grown = CORNERS if look.shape == "ellipse" else 1.0
    middle, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2 * grown
    return Faces(np.concatenate([middle - half, middle + half], axis=1), np.ones(len(boxes)))


def _kept(call: StudioCall) -> frozenset[int]:
    text = call.text("keep")
    if text is None:
        return frozenset()
    if not _NUMBERS.fullmatch(text) or len(text) > 4000:
        raise Refusal(400, "BadArgument", "'keep' is a list of numbers of faces, such as 0,2.")
    return frozenset(int(number) for number in text.split(","))


def _drawn(call: StudioCall) -> tuple[list[float], ...]:
    text = call.text("draw")
    if text is None:
        return ()
    found = [_BOX.fullmatch(part) for part in text.split(";")[: MOST_DRAWN + 1]]
    boxes = [[float(value) for value in match.groups()] for match in found if match]
    wrong = len(boxes) < len(found) or len(found) > MOST_DRAWN
    if wrong or any(x0 >= x1 or y0 >= y1 for x0, y0, x1, y1 in boxes):
        text = f"'draw' is at most {MOST_DRAWN} boxes x0,y0,x1,y1 with a semicolon between."
        raise Refusal(400, "BadArgument", text)
    return tuple(boxes)


async def _picture(call: StudioCall) -> bytes:
    most = call.services.settings.limits.photo_bytes
    try:
        return await call.body(most)
    except BodyTooLargeError:
        raise too_large(most) from None


async def _seen(call: StudioCall, data: bytes) -> Seen:
    await call.services.allowance.call(call.caller)
    try:
        return await call.services.analyst.faces(data, Wants(accurate=True), gone=call.gone)
    except MediaError as error:
        raise unusable(error, data) from error
