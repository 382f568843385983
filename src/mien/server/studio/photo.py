"""Photos: a picture in, all that is known of its faces out. Nothing of it is kept.

POST /studio/api/photo              a picture → JSON; ?mesh=true: with 478 points of each face
POST /studio/api/photo/table        → CSV
POST /studio/api/photo/annotated    → a JPEG with the faces drawn on it
POST /studio/api/photo/preview      → a JPEG of the picture as it was read
POST /studio/api/photo/compare      a form with two faces → whether they are of one person
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from mien.describe.embedding import distance
from mien.errors import MediaError, MediaTooLargeError
from mien.faces import Array, Faces
from mien.gallery.matching import verdict
from mien.media import Limits as MediaLimits
from mien.media import read_image
from mien.media.signatures import HEAD_BYTES, image_format, still_brand, video_format
from mien.media.writer import image_bytes
from mien.server.call import Call
from mien.server.dialect import Services
from mien.server.errors import BodyTooLargeError, Refusal
from mien.server.inference import Box, Seen, Wants
from mien.server.parameters import Flag
from mien.server.settings import Limits
from mien.server.studio import photo_words
from mien.server.studio.pages import page
from mien.server.studio.photo_form import read_pair
from mien.server.studio.visitors import visitor_of

AT_ONCE = 2
"""Pictures that are decoded to be shown at a time; each may take some hundred megabytes."""

FORM_BYTES = 2**16
"""Of a form, beside its pictures."""

MESH = Flag("mesh", default=False, about="Whether to give 478 points of each face.")
KINDS = "JPEG, PNG, WebP, GIF, BMP or TIFF"


class Photos:
    """Answers about pictures."""

    def __init__(self) -> None:
        self._showing = asyncio.Semaphore(AT_ONCE)

    async def analysis(self, call: Call) -> Response:
        """All that is known of the faces of a picture."""
        mesh, names = MESH.read(call.query), photo_words.offered(call.services.policy)
        seen = await _look(call, await _picture(call), _wants(names))
        told = photo_words.document(*(seen.faces, seen.width, seen.height), names=names, mesh=mesh)
        return JSONResponse(told)

    async def table(self, call: Call) -> Response:
        """The same as a table."""
        names = photo_words.offered(call.services.policy)
        seen = await _look(call, await _picture(call), _wants(names))
        text = photo_words.table(seen.faces, seen.width, seen.height, names=names)
        return Response(text, media_type="text/csv; charset=utf-8")

    async def annotated(self, call: Call) -> Response:
        """The picture with its faces drawn on it."""
        names = photo_words.offered(call.services.policy)
        data = await _picture(call)
        seen = await _look(call, data, _wants(names))

        def drawn(rgb: Array) -> bytes:
            return photo_words.picture(rgb, seen.faces, names=names)

        return await self._shown(call, data, drawn)

    async def preview(self, call: Call) -> Response:
        """The picture as it was read: upright, the first frame or page, on white."""
        return await self._shown(call, await _picture(call), image_bytes)

    async def _shown(self, call: Call, data: bytes, make: Callable[[Array], bytes]) -> Response:
        limits = _media_limits(call.services.settings.limits)

        def work() -> bytes:
            return make(read_image(data, limits=limits))

        try:
            async with self._showing:
                body = await call.run(work)
        except MediaError as error:
            raise unusable(error, data) from error
        return Response(body, media_type="image/jpeg")


async def compare(call: Call) -> Response:
    """Whether two faces are of one person. Their templates are made anew, and not kept."""
    call.services.policy.require_gallery()
    most = call.services.settings.limits.photo_bytes
    body = await call.body(2 * most + FORM_BYTES)
    pair = await call.run(read_pair, call.request.headers.get("content-type"), body)
    (first, second), (one, other) = pair
    if any(len(data) > most for data in pair.pictures):
        raise too_large(most)
    if second:
        a, b = await _template(call, first, one), await _template(call, second, other)
    else:
        a, b = await _templates(call, first, (one, other))
    told = verdict(float(distance(a, b)))
    sure = math.floor(1000 * told.confidence) / 1000  # 0.4999 must not become 0.5
    return JSONResponse({"isIdentical": told.is_same, "confidence": sure})


def unusable(error: MediaError, data: bytes) -> Refusal:
    """The refusal of a picture that cannot be read: what is wrong with it, and what to do."""
    head = data[:HEAD_BYTES]
    if isinstance(error, MediaTooLargeError):
        text = "The picture has more pixels than are read; scale it down."
        return Refusal(413, "PictureTooLarge", text)
    if brand := still_brand(head):
        text = f"This is a {brand} picture, which the service does not read; save it as JPEG first."
    elif video_format(head):
        text = "This is a video; add it on the page Video."
    elif data and image_format(head) is None:
        text = f"This is no picture that the service reads; choose a {KINDS}."
    else:
        said = str(error).replace("the data", "the file", 1)
        text = f"{said[0].upper()}{said[1:]}."
    return Refusal(400, "UnusablePicture", text)


def too_large(most: int) -> Refusal:
    """Of a picture with more bytes than this."""
    text = f"The file has more than {most / 2**20:.3g} MB; save the picture smaller."
    return Refusal(413, "PictureTooLarge", text)


async def _picture(call: Call) -> bytes:
    most = call.services.settings.limits.photo_bytes
    try:
        return await call.body(most)
    except BodyTooLargeError:
        raise too_large(most) from None


def _wants(names: tuple[str, ...]) -> Wants:
    return Wants(photo_words.columns_of(names))


async def _look(call: Call, data: bytes, wants: Wants) -> Seen:
    await call.services.allowance.call(call.caller)
    try:
        return await call.services.analyst.faces(data, wants, gone=call.gone)
    except MediaError as error:
        raise unusable(error, data) from error


async def _template(call: Call, data: bytes, box: Box) -> Array:
    (template,) = await _templates(call, data, (box,))
    return template


async def _templates(call: Call, data: bytes, boxes: tuple[Box, ...]) -> list[Array]:
    """The embeddings of the faces in these boxes; raises Refusal 400 where there is none."""
    seen = await _look(call, data, Wants(frozenset({"embedding"}), boxes=boxes))
    return [_embedding(seen.faces, row) for row in range(len(boxes))]


def _embedding(faces: Faces, row: int) -> Array:
    assert faces.embedding is not None
    embedding: Array = faces.embedding[row]
    if not np.isfinite(embedding).all():
        reasons = {problem.reason for problem in faces.problems if problem.row == row}
        text = f"A face cannot be compared: {'; '.join(sorted(reasons))}. Choose another."
        raise Refusal(400, "FaceNotComparable", text)
    return embedding


def _media_limits(limits: Limits) -> MediaLimits:
    return MediaLimits(limits.photo_bytes, limits.image_pixels)


Handler = Callable[[Call], Awaitable[Response]]


def routes(services: Services) -> list[BaseRoute]:
    """The page, and what its script calls."""
    photos = Photos()
    handlers: dict[str, Handler] = {
        "": photos.analysis,
        "/table": photos.table,
        "/annotated": photos.annotated,
        "/preview": photos.preview,
        "/compare": compare,
    }
    return [
        Route("/photo", _page, name="studio-photo"),
        *(_route(path, handler, services) for path, handler in handlers.items()),
    ]


async def _page(request: Request) -> Response:
    return page(request, "photo.html", kinds=KINDS)


def _route(path: str, handler: Handler, services: Services) -> Route:
    async def endpoint(request: Request) -> Response:
        request.scope["state"]["caller"] = visitor_of(request).caller
        return await handler(Call(request, services))

    name = f"studio-photo{path.replace('/', '-')}-made"
    return Route(f"/api/photo{path}", endpoint, methods=["POST"], name=name)
