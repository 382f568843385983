"""Pictures of requests: fetched, decoded from base64 or sent; and the faces seen on them."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import numpy as np

from mien.describe.fitness import visibility
from mien.errors import MediaError
from mien.faces import Array, Faces
from mien.gallery import Template
from mien.server.dialects.kairos.bodies import Upload
from mien.server.dialects.kairos.call import Call
from mien.server.dialects.kairos.errors import KairosError
from mien.server.errors import UrlError, UrlTooLargeError
from mien.server.fetch import MOST_CHARACTERS
from mien.server.inference import Seen, Wants
from mien.server.logs import LOG
from mien.server.pictures import is_web_address
from mien.server.rectangles import rectangles

SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
"""How files of JPEG and PNG begin; mien reads more kinds, the API did not."""

MOST_FACES = 100
RECOGNITION_MODEL = "recognition_04"
"""All galleries are of one model; the API knew no name of it."""

NEEDED = frozenset({"pose_deg", "quality"})
"""The columns that a face's quality is read from."""

DATA_URI = re.compile(r"data:[^,]{0,100};base64,", re.IGNORECASE)
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


class Picture(NamedTuple):
    """The file of a picture, and its name where it has one."""

    data: bytes
    name: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """The faces of a picture that are large enough, the largest first.

    Attributes:
        faces: their boxes are whole pixels inside the picture.
        quality: (n,) 0..1, how well each shows; NaN where that cannot be told.
    """

    faces: Faces
    width: int
    height: int
    quality: Array

    def template(self, row: int) -> Template | None:
        """What is kept of a face; None where it has no embedding."""
        embedding = self.faces.embedding
        if embedding is None or not np.isfinite(embedding[row]).all():
            return None
        weight = float(np.nan_to_num(self.quality[row]))
        return Template(embedding[row], weight, RECOGNITION_MODEL)


async def read_picture(call: Call, image: str | Upload) -> Picture:
    """The picture that a parameter names or holds.

    Raises:
        KairosError: 1004, 5000, 5001.
    """
    most = call.services.settings.limits.image_bytes
    if isinstance(image, Upload):
        picture = Picture(image.data, image.name)
    elif SCHEME.match(image.strip()):
        picture = await _fetched(call, image.strip(), most)
    else:
        picture = Picture(await call.run(_decoded, image), None)
    if len(picture.data) > most:
        raise KairosError(5000, f"its file has more than {most} bytes")
    if not picture.data.startswith(SIGNATURES):
        raise KairosError(5000)
    return picture


async def look(
    call: Call,
    picture: Picture,
    *,
    scale: float,
    columns: frozenset[str] = frozenset(),
    recognition: bool = False,
) -> Found:
    """The faces of a picture; at least one.

    Args:
        call: the request.
        picture: what to look at.
        scale: of the smallest face; its longer side to that of the picture.
        columns: of `Faces`, to fill beside those of `NEEDED`.
        recognition: whether templates are to be made.

    Raises:
        KairosError: 5000, 5002.
        Refusal: 408, 503.
    """
    wants = Wants(columns | NEEDED | ({"embedding"} if recognition else set()))
    try:
        seen = await call.services.analyst.faces(picture.data, wants, gone=call.gone)
    except MediaError as error:
        raise KairosError(5000, str(error)) from error
    found = _as_told(seen, scale)
    if not len(found.faces):
        raise KairosError(5002)
    return found


def _as_told(seen: Seen, scale: float) -> Found:
    boxes = rectangles(seen.faces.box_xyxy, seen.width, seen.height, square=False)
    sides = boxes[:, 2:] - boxes[:, :2]
    large = np.flatnonzero(sides.max(axis=1, initial=0) >= scale * max(seen.width, seen.height))
    order = large[np.argsort(-sides[large].prod(axis=1), kind="stable")][:MOST_FACES]
    quality = visibility(seen.faces)[order]
    faces = replace(seen.faces, box_xyxy=boxes)[order]
    return Found(faces, seen.width, seen.height, quality)


async def _fetched(call: Call, url: str, most: int) -> Picture:
    if len(url) > MOST_CHARACTERS:
        raise KairosError(1004)
    if not is_web_address(url):
        raise KairosError(5001)
    try:
        data = await call.services.fetcher.fetch(url, most=most)
    except UrlTooLargeError as error:
        raise KairosError(5000, error.message) from None
    except UrlError as error:
        LOG.info("a picture was not fetched: %s", error.message)
        raise KairosError(5001) from None
    return Picture(data, PurePosixPath(unquote(urlsplit(url).path)).name or None)


def _decoded(text: str) -> bytes:
    """The bytes of a text in base64, or of a data URI; blanks and missing padding do not matter."""
    start = DATA_URI.match(text.lstrip())
    bare = "".join(text.lstrip()[start.end() if start else 0 :].split())
    bare = bare.replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise KairosError(5000, "the text is no base64") from None
