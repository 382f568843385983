"""The routes of a redaction, and their answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from mien.errors import ConfigurationError, InputError, MediaError
from mien.jobs.redactor import TIMELINE
from mien.media.writer import image_bytes
from mien.server.dialect import Services
from mien.server.dialects.media_v1.errors import MAPPED, refusal_of
from mien.server.errors import Refusal
from mien.server.studio.call import StudioCall
from mien.server.studio.library import Clip
from mien.server.studio.pages import page
from mien.server.studio.player import player_answer
from mien.server.studio.redaction import answers
from mien.server.studio.redaction.asked import (
    WIDTH,
    Array,
    form_asked,
    look_asked,
    picture_answer,
)
from mien.server.studio.redaction.photos import Photos
from mien.server.studio.redaction.review import Review, Reviews, View
from mien.timeline.edits import Edit

AT_ONCE = 2
"""Frames that are decoded to be shown at a time."""

PHOTO = "/api/redaction/photo"
ALWAYS = ("/redaction", *(PHOTO + path for path in ("", "/before", "/after", "/audit")))
"""Paths of photos, which are no matter of the media API, and of the page that has both."""

AUDIT_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox"
"""What the page of an audit may do: it holds its pictures and its style, and runs nothing."""


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

    async def list_page(self, call: StudioCall) -> Response:
        """The page with the videos."""
        return page(call.request, "redaction.html", clip=None)

    async def clip_page(self, call: StudioCall) -> Response:
        """The page of a video."""
        clip = await call.run(call.clip)
        told = {"asset": clip.asset.id, "name": clip.file.name}
        return page(call.request, "redaction_review.html", clip=told)

    async def audit_page(self, call: StudioCall) -> Response:
        """The page of an audit, which may do nothing but be looked at."""
        clip = await call.run(call.clip)
        job = call.request.path_params["jobId"]
        step = next((step for step in clip.hidden if step.job.id == job), None)
        file = await call.run(call.library.file, step, "_audit.html")
        if file is None:
            raise Refusal(404, "NotFound", "There is no audit of this copy.")
        headers = {"content-security-policy": AUDIT_POLICY}
        path = call.queue.assets.path(file)
        return FileResponse(path, media_type="text/html; charset=utf-8", headers=headers)

    async def list_all(self, call: StudioCall) -> Response:
        """The videos."""
        clips = await call.run(call.library.all)
        return JSONResponse([answers.clip_answer(clip) for clip in clips if clip.file.is_whole])

    async def look(self, call: StudioCall) -> Response:
        """Have somebody look for everyone in a video."""
        clip = await call.run(call.clip)
        if clip.look is None and clip.looks and not clip.looks[0].job.state.is_final:
            return JSONResponse(answers.job_answer(clip.looks[0].job))
        tasks = await call.run(call.library.plan, clip, ())
        await call.services.allowance.video(call.caller)
        job = await call.run(call.library.analyze, clip, tasks)
        return JSONResponse(answers.job_answer(job), 201)

    async def review(self, call: StudioCall) -> Response:
        """All about a video; of one that nobody has looked at, how far that is."""
        clip = await call.run(call.clip)
        told = answers.clip_answer(clip)
        told["copies"] = await call.run(answers.copies_answer, clip, call.queue, call.library)
        found = await self._opened(call, clip)
        if found is None:
            if told["analysis"]["state"] == "ready":
                told["analysis"] = {"state": "none"}  # what was found has been deleted
            return JSONResponse(told)
        told["player"] = await call.run(player_answer, call.queue, call.library, clip)
        told |= await call.run(answers.review_answer, found.review, found.view, found.edits)
        return JSONResponse(told)

    async def frames(self, call: StudioCall) -> Response:
        """The boxes of some frames, from a number on, or from the one that is shown at a time."""
        found = await self._open(call)
        span = call.span(found.review.timeline)
        return JSONResponse(await call.run(answers.frames_answer, found.review, found.view, *span))

    async def after(self, call: StudioCall) -> Response:
        """A frame as it will be hidden; the query may say how."""
        found = await self._open(call)
        number, width = self._frame(call, found), WIDTH.read(call.query)
        look, margin = look_asked(call, found.view.look, found.view.margin)
        return await self._picture(
            call, lambda: found.review.after(number, width, found.view, look, margin)
        )

    async def person(self, call: StudioCall) -> Response:
        """Somebody's best picture."""
        found, number = await self._open(call), call.number("person")
        row = found.view.best.get(number)
        if row is None:
            raise Refusal(404, "NotFound", "There is nobody of this number.")
        return await self._picture(call, lambda: found.review.thumb(found.view, row))

    async def render(self, call: StudioCall) -> Response:
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
        if clip.look is None:
            raise Refusal(409, "NotAnalysed", "Nobody has looked at the video yet.")
        await call.services.allowance.video(call.caller)
        job = await call.run(call.library.hide, clip, edits, audit=audit)
        return JSONResponse(answers.job_answer(job), 201)

    async def _opened(self, call: StudioCall, clip: Clip) -> Open | None:
        """The review of a video; None before it was looked at."""
        file = await call.run(call.library.file, clip.look, TIMELINE)
        if file is None:
            return None
        paths = [call.queue.assets.path(each) for each in (clip.file, file)]
        edits = await call.run(call.queue.assets.edits.read, clip.asset.id)
        try:
            review = await call.run(self._reviews.get, *paths)
        except (InputError, MediaError, ConfigurationError) as error:
            raise Refusal(409, "UnusableVideo", f"The video cannot be shown: {error}.") from error
        return Open(clip, review, await call.run(review.view, edits), edits)

    async def _open(self, call: StudioCall) -> Open:
        """The same; raises Refusal 409 before it was looked at."""
        found = await self._opened(call, await call.run(call.clip))
        if found is None:
            raise Refusal(409, "NotAnalysed", "Nobody has looked at the video yet.")
        return found

    def _frame(self, call: StudioCall, found: Open) -> int:
        number = call.number("frame")
        if number >= found.review.timeline.frame_count:
            raise Refusal(404, "NotFound", "The video has no frame of this number.")
        return number

    async def _picture(self, call: StudioCall, make: Callable[[], Array]) -> Response:
        form = form_asked(call)
        try:
            async with self._showing:
                data = await call.run(lambda: image_bytes(make(), form))
        except MediaError as error:
            raise Refusal(409, "UnusableVideo", f"The frame cannot be shown: {error}.") from error
        return picture_answer(data, form)


Handler = Callable[[StudioCall], Awaitable[Response]]


def routes(services: Services) -> list[BaseRoute]:
    """All routes of the area."""
    area, photos = Redaction(services), Photos()
    api, one = "/api/redaction", "/api/redaction/{assetId}"
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/redaction", area.list_page),
        ("GET", "/redaction/{assetId}", area.clip_page),
        ("GET", "/redaction/{assetId}/audit/{jobId}", area.audit_page),
        ("GET", api, area.list_all),
        ("POST", PHOTO, photos.faces),
        ("POST", f"{PHOTO}/before", photos.before),
        ("POST", f"{PHOTO}/after", photos.after),
        ("POST", f"{PHOTO}/audit", photos.audit),
        ("GET", one, area.review),
        ("POST", f"{one}/look", area.look),
        ("POST", f"{one}/render", area.render),
        ("GET", f"{one}/frames", area.frames),
        ("GET", f"{one}/frames/{{frame}}/after", area.after),
        ("GET", f"{one}/people/{{person}}", area.person),
    ]
    return [_route(services, *row) for row in table]


def _route(services: Services, method: str, path: str, handler: Handler) -> BaseRoute:
    async def endpoint(request: Request) -> Response:
        if path not in ALWAYS:
            services.policy.require_dialect("media")
        try:
            return await handler(StudioCall(request, services))
        except MAPPED as error:
            raise refusal_of(error) from error

    return Route(path, endpoint, methods=[method], name=f"studio-redaction-{handler.__name__}")
