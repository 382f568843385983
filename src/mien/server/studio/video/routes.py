"""The routes of videos, and their answers."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from mien.errors import ConfigurationError, InputError, MediaError
from mien.jobs.copies import TIMELINE
from mien.server.dialect import Services
from mien.server.dialects.media_v1.errors import MAPPED, refusal_of
from mien.server.errors import Refusal
from mien.server.parameters import Number
from mien.server.studio.call import StudioCall
from mien.server.studio.library import Clip
from mien.server.studio.pages import page
from mien.server.studio.player import player_answer
from mien.server.studio.video import answers
from mien.server.studio.video.exports import FORMATS, Lengths
from mien.server.studio.video.seen import Analyzed, Seen, Shelf
from mien.timeline.archive import write_timeline
from mien.timeline.edits import Edit
from mien.timeline.overview import lanes, windows_at
from mien.timeline.windows import DEFAULT_MS, INTERVAL_MS, WINDOW_MS, Slicing, check_lengths

COLUMNS = ("emotion", "age", "gender")
"""What is asked for of everybody, as far as the policy lets it."""

AT_ONCE = 2
"""Pictures that are cut from videos at a time."""

MOST_WINDOWS = 5000
"""Of one answer."""
SLICES = Number("slices", 1, 2000, 400, "Equal parts of the video.")
WINDOW = Number("window", *WINDOW_MS, DEFAULT_MS, "Milliseconds that are summed up.")
INTERVAL = Number("interval", *INTERVAL_MS, DEFAULT_MS, "Milliseconds from one to the next.")
FOREVER = {"Cache-Control": "private, max-age=31536000, immutable"}


class VideoCall(StudioCall):
    """One request about a video of the visitor."""

    @property
    def offered(self) -> list[str]:
        """What is asked for of everybody."""
        return [name for name in COLUMNS if self.services.policy.allows(name)]


@dataclass(frozen=True, eq=False)
class Open:
    """A video that was analysed."""

    clip: Clip
    analyzed: Analyzed
    seen: Seen
    edits: list[Edit]


class Videos:
    """Answers about videos."""

    def __init__(self) -> None:
        self._shelf = Shelf()
        self._cutting = asyncio.Semaphore(AT_ONCE)

    async def list_page(self, call: VideoCall) -> Response:
        """The page with the videos."""
        return page(call.request, "videos.html")

    async def clip_page(self, call: VideoCall) -> Response:
        """The page of a video."""
        clip = await call.run(call.clip)
        told = {"asset": clip.asset.id, "name": clip.file.name}
        return page(call.request, "video.html", clip=told)

    async def list_all(self, call: VideoCall) -> Response:
        """The videos."""
        clips = await call.run(call.library.all)
        return JSONResponse([answers.clip_answer(clip) for clip in clips])

    async def analyze(self, call: VideoCall) -> Response:
        """Have a video analysed."""
        clip = await call.run(call.clip)
        tasks = await call.run(call.library.plan, clip, call.offered)
        await call.services.allowance.video(call.caller)
        job = await call.run(call.library.analyze, clip, tasks)
        return JSONResponse({"job": job.id}, 201)

    async def get(self, call: VideoCall) -> Response:
        """All about a video: how far it is, what plays, and who is there once it is analysed."""
        clip = await call.run(call.clip)
        told = answers.clip_answer(clip)
        found = await self._opened(call, clip)
        if found is not None:
            told["player"] = await call.run(player_answer, call.queue, call.library, clip)
            told["offered"] = call.offered
            told["copies"] = await call.run(answers.copies_answer, clip, call.library)
            asset, answer = clip.asset.id, answers.analysis_answer
            told |= await call.run(answer, asset, found.seen, found.edits)
        return JSONResponse(told)

    async def frames(self, call: VideoCall) -> Response:
        """The faces of some frames, from a number on, or from the one that is shown at a time."""
        timeline = (await self._open(call)).seen.timeline
        return JSONResponse(await call.run(answers.frames_answer, timeline, *call.span(timeline)))

    async def lanes(self, call: VideoCall) -> Response:
        """Everybody over equal parts of the video."""
        found, slices = await self._open(call), SLICES.read(call.query)
        timeline = found.seen.timeline
        slices = min(slices, max(1, timeline.frame_count))
        made = await call.run(lanes, timeline, slices)
        return JSONResponse(answers.lanes_answer(timeline, made))

    async def windows(self, call: VideoCall) -> Response:
        """The expressions of the room, or of one `person`, in windows of time."""
        found, lengths = await self._open(call), _lengths(call)
        check_lengths(lengths.window, lengths.interval)
        timeline, clock = found.seen.timeline, found.seen.clock
        if (person := _person(call)) is not None:
            if person not in found.seen.presences:
                raise Refusal(404, "NotFound", "There is nobody of this number.")
            timeline = timeline.relabelled({person: person})
        if len(clock.ticks) < 2 or timeline.faces.emotion is None:
            raise Refusal(409, "NoExpressions", "There are no expressions in this analysis.")
        slicing = Slicing.on(clock, lengths.window, lengths.interval)
        first, end = int(clock.ticks[0]), int(clock.ticks[-1])
        starts = np.arange(first, end, slicing.interval)
        middles = (starts + slicing.interval / 2) / clock.timescale
        begin, over = (call.seconds(name) for name in ("from", "to"))
        kept = middles >= float(begin or 0)
        if over is not None:
            kept &= middles < float(over)
        starts, middles = starts[kept][:MOST_WINDOWS], middles[kept][:MOST_WINDOWS]
        stops = np.minimum(starts + slicing.interval + slicing.after, end)
        made = await call.run(
            windows_at, timeline, clock, np.maximum(starts - slicing.before, first), stops
        )
        return JSONResponse(answers.windows_answer(middles, made))

    async def picture(self, call: VideoCall) -> Response:
        """The face of a row of the analysis, which is cut once and kept with the video."""
        found, row = await self._open(call), call.number("row")
        if row >= len(found.seen.timeline.faces):
            raise Refusal(404, "NotFound", "There is no face of this number.")
        name = f"face.{answers.face_name(found.seen, row)}.jpg"
        kept, asset = call.services.storage.derived, found.clip.asset.id
        data = await call.run(kept.read, asset, name)
        if data is None:
            async with self._cutting:
                data = await call.run(found.analyzed.picture, found.seen, row)
            await call.run(kept.write, asset, name, data)
        return Response(data, media_type="image/jpeg", headers=FOREVER)

    async def export(self, call: VideoCall) -> Response:
        """The analysis after all edits, as a file."""
        form = FORMATS.get(call.request.path_params["format"])
        if form is None:
            raise Refusal(404, "NotFound", f"The formats are {', '.join(FORMATS)}.")
        found, lengths = await self._open(call), _lengths(call)
        folder = tempfile.TemporaryDirectory(prefix="mien-export-")
        try:
            path = Path(folder.name) / "export"
            await call.run(form.write, found.seen, path, lengths)
        except BaseException:
            folder.cleanup()
            raise
        stem = found.clip.file.name.rpartition(".")[0] or found.clip.file.name
        return FileResponse(
            path,
            media_type=form.media_type,
            filename=f"{stem}{form.ending}",
            background=BackgroundTask(folder.cleanup),
        )

    async def annotate(self, call: VideoCall) -> Response:
        """Have the faces drawn on a copy of the video, as the log of edits has them now."""
        found = await self._open(call)
        await call.services.allowance.video(call.caller)

        def submit() -> str:
            with tempfile.TemporaryDirectory(prefix="mien-export-") as folder:
                path = Path(folder) / "timeline.npz"
                write_timeline(found.seen.timeline, path)
                return call.library.annotate(found.clip, path, found.seen.edited.names).id

        return JSONResponse({"job": await call.run(submit)}, 201)

    async def delete(self, call: VideoCall) -> Response:
        """Delete a video and all that was made of it."""
        await call.run(call.library.delete, await call.run(call.clip))
        return Response(status_code=204)

    async def _opened(self, call: VideoCall, clip: Clip) -> Open | None:
        """The analysis of a video; None if there is none (any more)."""
        file = await call.run(call.library.file, clip.analysis, TIMELINE)
        if file is None:
            return None
        assets = call.queue.assets
        edits = await call.run(assets.edits.read, clip.asset.id)
        try:
            video, timeline = assets.path(clip.file), assets.path(file)
            analyzed = await call.run(self._shelf.get, video, timeline)
        except (InputError, ConfigurationError) as error:
            text = "The analysis cannot be read. Analyse the video again."
            raise Refusal(409, "UnusableAnalysis", text) from error
        return Open(clip, analyzed, await call.run(analyzed.seen, edits), edits)

    async def _open(self, call: VideoCall) -> Open:
        """The same; raises Refusal 409 where there is none."""
        found = await self._opened(call, await call.run(call.clip))
        if found is None:
            raise Refusal(409, "NotAnalysed", "The video is not analysed yet. Analyse it first.")
        return found


def _lengths(call: VideoCall) -> Lengths:
    return Lengths(WINDOW.read(call.query), INTERVAL.read(call.query))


def _person(call: VideoCall) -> int | None:
    text = call.text("person")
    if text is not None and not re.fullmatch(r"[0-9]{1,9}", text):
        raise Refusal(400, "BadArgument", "'person' is a number.")
    return None if text is None else int(text)


Handler = Callable[[VideoCall], Awaitable[Response]]


def routes(services: Services) -> list[BaseRoute]:
    """All routes of the area."""
    area = Videos()
    api, one = "/api/video", "/api/video/{assetId}"
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/video", area.list_page),
        ("GET", "/video/{assetId}", area.clip_page),
        ("GET", api, area.list_all),
        ("GET", one, area.get),
        ("DELETE", one, area.delete),
        ("POST", f"{one}/analysis", area.analyze),
        ("GET", f"{one}/frames", area.frames),
        ("GET", f"{one}/lanes", area.lanes),
        ("GET", f"{one}/windows", area.windows),
        ("GET", f"{one}/faces/{{row}}", area.picture),
        ("GET", f"{one}/export/{{format}}", area.export),
        ("POST", f"{one}/annotated", area.annotate),
    ]
    return [_route(services, *row) for row in table]


def _route(services: Services, method: str, path: str, handler: Handler) -> BaseRoute:
    async def endpoint(request: Request) -> Response:
        services.policy.require_dialect("media")
        try:
            return await handler(VideoCall(request, services))
        except MAPPED as error:
            raise refusal_of(error) from error
        except MediaError as error:  # it was read once; nothing of it can be shown now
            raise Refusal(409, "UnusableVideo", f"It cannot be shown: {error}.") from error

    return Route(path, endpoint, methods=[method], name=f"studio-video-{handler.__name__}")
