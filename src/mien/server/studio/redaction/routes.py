"""The routes of a redaction, and their answers."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from mien.errors import (
    ConfigurationError,
    InputError,
    MediaError,
    NoSuchAssetError,
    NoSuchJobError,
)
from mien.jobs import Queue
from mien.media.writer import image_bytes
from mien.server.auth import Caller
from mien.server.call import Call
from mien.server.dialect import Services
from mien.server.dialects.media_v1.errors import MAPPED, refusal_of
from mien.server.errors import Refusal
from mien.server.studio.pages import page
from mien.server.studio.redaction import answers
from mien.server.studio.redaction.asked import PNG, WIDTH, Array, look_asked, seconds_asked
from mien.server.studio.redaction.photos import Photos
from mien.server.studio.redaction.review import Review, Reviews, View
from mien.server.studio.redaction.videos import Clip, Videos
from mien.server.studio.visitors import visitor_of
from mien.timeline.edits import Edit

AT_ONCE = 2
"""Frames that are decoded to be shown at a time."""

AUDIT_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox"
"""What the page of an audit may do: it holds its pictures and its style, and runs nothing."""


class RedactionCall(Call):
    """One request about a video of the visitor."""

    @property
    def caller(self) -> Caller:
        """Who calls."""
        return visitor_of(self.request).caller

    @cached_property
    def videos(self) -> Videos:
        """The videos of the visitor's account."""
        return Videos(self.queue)

    @cached_property
    def queue(self) -> Queue:
        """The jobs of the visitor's account."""
        services = self.services
        return Queue(services.storage, self.caller.account_id, wake=services.pool.wake)

    def clip(self) -> Clip:
        """The video in the path; raises NoSuchAssetError."""
        return self.videos.get(self._id("assetId", NoSuchAssetError))

    @property
    def job(self) -> str:
        """The job in the path; raises NoSuchJobError."""
        return self._id("jobId", NoSuchJobError)

    def number(self, name: str) -> int:
        """A number in the path; raises Refusal 404."""
        text: str = self.request.path_params[name]
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise Refusal(404, "NotFound", f"There is no {name} of this number.")
        return int(text)

    def _id(self, name: str, missing: type[NoSuchAssetError | NoSuchJobError]) -> str:
        text: str = self.request.path_params[name]
        try:
            return str(UUID(text))
        except ValueError:
            raise missing("there is nothing of this id", what=text) from None


@dataclass(frozen=True, eq=False)
class Open:
    """A video that was opened for review."""

    clip: Clip
    review: Review
    view: View
    edits: Sequence[Edit]


class Redaction:
    """Answers about redactions."""

    def __init__(self, services: Services) -> None:
        self._reviews = Reviews(services.closing)
        self._showing = asyncio.Semaphore(AT_ONCE)

    async def list_page(self, call: RedactionCall) -> Response:
        """The page with the videos."""
        return page(call.request, "redaction.html", clip=None)

    async def clip_page(self, call: RedactionCall) -> Response:
        """The page of a video."""
        clip = await call.run(call.clip)
        told = {"asset": clip.asset.id, "name": clip.file.name}
        return page(call.request, "redaction_review.html", clip=told)

    async def audit_page(self, call: RedactionCall) -> Response:
        """The page of an audit, which may do nothing but be looked at."""
        clip = await call.run(call.clip)
        step = next((step for step in clip.copies if step.job.id == call.job), None)
        file = None if step is None else await call.run(call.videos.file, step, "_audit.html")
        if file is None:
            raise Refusal(404, "NotFound", "There is no audit of this copy.")
        headers = {"content-security-policy": AUDIT_POLICY}
        path = call.queue.assets.path(file)
        return FileResponse(path, media_type="text/html; charset=utf-8", headers=headers)

    async def list_all(self, call: RedactionCall) -> Response:
        """The videos."""
        clips = await call.run(call.videos.all)
        return JSONResponse([answers.clip_answer(clip) for clip in clips])

    async def look(self, call: RedactionCall) -> Response:
        """Have somebody look for everyone in a video."""
        clip = await call.run(call.clip)
        if clip.found is None and clip.looks and not clip.looks[0].task.state.is_final:
            return JSONResponse(answers.job_answer(clip.looks[0].job))
        return JSONResponse(answers.job_answer(await call.run(call.videos.look, clip)), 201)

    async def review(self, call: RedactionCall) -> Response:
        """All about a video; of one that nobody has looked at, how far that is."""
        clip = await call.run(call.clip)
        told = answers.clip_answer(clip)
        told["copies"] = await call.run(answers.copies_answer, clip, call.videos)
        found = await self._opened(call, clip)
        if found is None:
            if told["analysis"]["state"] == "ready":
                told["analysis"] = {"state": "none"}  # what was found has been deleted
            return JSONResponse(told)
        told |= await call.run(answers.review_answer, found.review, found.view, found.edits)
        return JSONResponse(told)

    async def frame(self, call: RedactionCall) -> Response:
        """The boxes of a frame."""
        found = await self._open(call)
        number = self._frame(call, found)
        return JSONResponse(await call.run(answers.frame_answer, found.review, found.view, number))

    async def frame_at(self, call: RedactionCall) -> Response:
        """The boxes of the frame that is shown at a time."""
        found = await self._open(call)
        number = found.review.frame_at(seconds_asked(call))
        return JSONResponse(await call.run(answers.frame_answer, found.review, found.view, number))

    async def before(self, call: RedactionCall) -> Response:
        """A frame as it is."""
        found = await self._open(call)
        number, width = self._frame(call, found), WIDTH.read(call.query)
        return await self._picture(call, lambda: found.review.before(number, width))

    async def after(self, call: RedactionCall) -> Response:
        """A frame as it will be hidden; the query may say how."""
        found = await self._open(call)
        number, width = self._frame(call, found), WIDTH.read(call.query)
        look, margin = look_asked(call, found.view.look, found.view.margin)
        return await self._picture(
            call, lambda: found.review.after(number, width, found.view, look, margin)
        )

    async def person(self, call: RedactionCall) -> Response:
        """Somebody's best picture."""
        found, number = await self._open(call), call.number("person")
        row = found.view.best.get(number)
        if row is None:
            raise Refusal(404, "NotFound", "There is nobody of this number.")
        return await self._picture(call, lambda: found.review.thumb(found.view, row))

    async def render(self, call: RedactionCall) -> Response:
        """Make a copy by the log as it is, which must be as the client knows it."""
        body = await call.value()
        names = {"number", "audit"}
        if not isinstance(body, dict) or not body.keys() <= names or "number" not in body:
            raise Refusal(400, "BadArgument", "Say which edit is the last, in 'number'.")
        number, audit = body["number"], body.get("audit", True)
        if isinstance(number, bool) or not isinstance(number, int) or not isinstance(audit, bool):
            raise Refusal(400, "BadArgument", "'number' is a number, and 'audit' true or false.")
        clip = await call.run(call.clip)
        edits = await call.run(call.queue.assets.edits.read, clip.asset.id)
        if number != (edits[-1].number if edits else 0):
            text = "Somebody has changed the redaction since. Load the page again, then render."
            raise Refusal(409, "EditsMovedOn", text)
        if clip.found is None:
            raise Refusal(409, "NotAnalysed", "Nobody has looked at the video yet.")
        job = await call.run(call.videos.render, clip, edits, audit=audit)
        return JSONResponse(answers.job_answer(job), 201)

    async def _opened(self, call: RedactionCall, clip: Clip) -> Open | None:
        """The review of a video; None before it was looked at."""
        file = await call.run(call.videos.timeline, clip)
        if file is None:
            return None
        paths = [call.queue.assets.path(each) for each in (clip.file, file)]
        edits = await call.run(call.queue.assets.edits.read, clip.asset.id)
        try:
            review = await call.run(self._reviews.get, *paths)
        except (InputError, MediaError, ConfigurationError) as error:
            raise Refusal(409, "UnusableVideo", f"The video cannot be shown: {error}.") from error
        return Open(clip, review, await call.run(review.view, edits), edits)

    async def _open(self, call: RedactionCall) -> Open:
        """The same; raises Refusal 409 before it was looked at."""
        found = await self._opened(call, await call.run(call.clip))
        if found is None:
            raise Refusal(409, "NotAnalysed", "Nobody has looked at the video yet.")
        return found

    def _frame(self, call: RedactionCall, found: Open) -> int:
        number = call.number("frame")
        if number >= found.review.timeline.frame_count:
            raise Refusal(404, "NotFound", "The video has no frame of this number.")
        return number

    async def _picture(self, call: RedactionCall, make: Callable[[], Array]) -> Response:
        form = "PNG" if PNG.read(call.query) else "JPEG"
        try:
            async with self._showing:
                data = await call.run(lambda: image_bytes(make(), form))
        except MediaError as error:
            raise Refusal(409, "UnusableVideo", f"The frame cannot be shown: {error}.") from error
        return Response(data, media_type=f"image/{form.lower()}")


Handler = Callable[[RedactionCall], Awaitable[Response]]


def routes(services: Services) -> list[BaseRoute]:
    """All routes of the area."""
    area, photos = Redaction(services), Photos()
    api, one = "/api/redaction", "/api/redaction/{assetId}"
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/redaction", area.list_page),
        ("GET", "/redaction/{assetId}", area.clip_page),
        ("GET", "/redaction/{assetId}/audit/{jobId}", area.audit_page),
        ("GET", api, area.list_all),
        ("POST", f"{api}/photo", photos.faces),
        ("POST", f"{api}/photo/before", photos.before),
        ("POST", f"{api}/photo/after", photos.after),
        ("GET", one, area.review),
        ("POST", f"{one}/look", area.look),
        ("POST", f"{one}/render", area.render),
        ("GET", f"{one}/frames", area.frame_at),
        ("GET", f"{one}/frames/{{frame}}", area.frame),
        ("GET", f"{one}/frames/{{frame}}/before", area.before),
        ("GET", f"{one}/frames/{{frame}}/after", area.after),
        ("GET", f"{one}/people/{{person}}", area.person),
    ]
    return [_route(services, *row) for row in table]


def _route(services: Services, method: str, path: str, handler: Handler) -> BaseRoute:
    async def endpoint(request: Request) -> Response:
        try:
            return await handler(RedactionCall(request, services))
        except MAPPED as error:
            raise refusal_of(error) from error

    return Route(path, endpoint, methods=[method], name=f"studio-redaction-{handler.__name__}")
