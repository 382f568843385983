"""The media calls: a video or photo is analysed by a job, and told of frame by frame or in sum."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

from starlette.responses import JSONResponse, Response, StreamingResponse

from mien.errors import InUseError, NoSuchAssetError, NoSuchJobError
from mien.jobs import Job, Queue, State
from mien.jobs.attention import MEASURES, TIMELINE, configuration, read_watched
from mien.jobs.processors import ATTENTION_ANALYZER
from mien.server.dialects.kairos.call import Call
from mien.server.dialects.kairos.errors import MediaError
from mien.server.dialects.kairos.upload import source_of
from mien.server.dialects.kairos.watched import PHOTO_ENDINGS, Document, columns_for
from mien.server.errors import Refusal
from mien.server.parameters import Number, Query, Text

ORIGIN = "kairos"
"""Jobs and assets of these calls are seen by no other API."""

KEPT_S = 30 * 86_400.0
"""Results are there for so long, unless they are deleted before; the source, until it is analysed.
"""

LOOK_S, PATIENCE_S = 0.1, 5.0
"""How often to look whether a job is over, and how long to wait until a canceled one is."""

ID_LENGTH = 24
SOURCE = Text(
    "source", 2048, "The URL of a video or photo; its file may be sent as a form instead."
)
TIMEOUT = Number("timeout", 0, 60, 10, "Seconds to wait for the result.")
LANDMARKS = Number("landmarks", 0, 1, 0, "1 to get the landmarks of each face.")

NO_RECORD = "Media record not found."
OVER = (State.Canceled, State.Canceling)


async def create(call: Call) -> Response:
    """Analyse a video or photo; answered with the result if it comes in time."""
    queue = _queue(call)
    async with source_of(call) as source:
        timeout, landmarks = _read(TIMEOUT, source.values), _read(LANDMARKS, source.values)
        allowance = call.services.allowance
        is_photo = source.ending in PHOTO_ENDINGS
        await (allowance.image if is_photo else allowance.video)(call.caller)
        asked = configuration(columns_for(call.services.policy), landmarks=bool(landmarks))
        job = await call.run(
            queue.submit_file,
            source.ending,
            f"media.{source.ending}",
            source.chunks(),
            source.size,
            processor=ATTENTION_ANALYZER,
            configuration=asked,
            keep_s=KEPT_S,
        )
    until = time.monotonic() + timeout
    while not job.state.is_final and time.monotonic() < until:
        if call.services.closing.is_set():
            break
        await asyncio.sleep(LOOK_S)
        job = await call.run(queue.get, job.id)
    return await _media(call, queue, job)


async def show(call: Call) -> Response:
    """The result, or how far it is."""
    queue = _queue(call)
    job = await _find(call, queue)
    return _not_found(call) if job is None else await _media(call, queue, job)


async def analytics(call: Call) -> Response:
    """The result in sum."""
    queue = _queue(call)
    job = await _find(call, queue)
    if job is None:
        return _not_found(call)
    if job.state is not State.Finished:
        return _unfinished(job)
    document = await call.run(_document, call, queue, job)
    return JSONResponse(await call.run(document.analytics))


async def delete(call: Call) -> Response:
    """Delete a media object with its file and results, also one that is being worked on."""
    queue = _queue(call)
    job = await _find(call, queue)
    if job is None:
        raise MediaError(5003, text="Unable to delete media.")
    with suppress(InUseError):  # it is over
        job = await call.run(queue.cancel, job.id)
    until = time.monotonic() + PATIENCE_S
    while not job.state.is_final and time.monotonic() < until:
        await asyncio.sleep(LOOK_S)
        job = await call.run(queue.get, job.id)
    if job.state.is_final:
        await call.run(_delete, queue, job)
    return JSONResponse({"id": media_id(job), "status_code": "5", "status_message": "Deleted"})


def media_id(job: Job) -> str:
    """The id of the media object that a job is about: the first 24 digits of the job's own."""
    return job.id.replace("-", "")[:ID_LENGTH]


def _queue(call: Call) -> Queue:
    services = call.services
    account = call.caller.account_id
    return Queue(services.storage, account, origin=ORIGIN, wake=services.pool.wake)


async def _find(call: Call, queue: Queue) -> Job | None:
    """The job of the id in the path; None where there is none, or no more."""
    id: str = call.request.path_params["id"].lower()
    if len(id) != ID_LENGTH or not set(id) <= set("0123456789abcdef"):
        return None
    start = f"{id[:8]}-{id[8:12]}-{id[12:16]}-{id[16:20]}-{id[20:]}"
    found = await call.run(queue.page, after=start, top=1)
    if not found or not found[0].id.startswith(start) or found[0].state in OVER:
        return None
    return found[0]


async def _media(call: Call, queue: Queue, job: Job) -> Response:
    if job.state is not State.Finished:
        return _unfinished(job)
    document = await call.run(_document, call, queue, job)
    return StreamingResponse(document.media(), media_type="application/json")


def _document(call: Call, queue: Queue, job: Job) -> Document:
    (task,) = job.tasks
    asset = queue.assets.get(task.output)
    paths = {file.name: queue.assets.path(file) for file in asset.files}
    watched = read_watched(paths[TIMELINE], paths[MEASURES])
    return Document(media_id(job), job.created, job.name, watched, call.services.policy)


def _unfinished(job: Job) -> Response:
    id = media_id(job)
    if job.state is State.Error:
        message = "; ".join(error.message for error in job.tasks[0].errors)
        return JSONResponse({"id": id, "status_code": 3, "status_message": f"Error. {message}."})
    waiting = {"status_code": 2, "id": id, "status_message": "Processing"}
    return JSONResponse(waiting, status_code=202)


def _not_found(call: Call) -> Response:
    id = call.request.path_params["id"]
    return JSONResponse({"id": id, "status_code": 3, "status_message": f"Error. {NO_RECORD}"})


def _delete(queue: Queue, job: Job) -> None:
    with suppress(NoSuchJobError):  # another request was quicker
        queue.delete(job.id)
    for asset in (*job.tasks[0].inputs, job.tasks[0].output):
        with suppress(NoSuchAssetError):
            queue.assets.delete(asset)


def _read(parameter: Number, values: Query) -> int:
    try:
        return parameter.read(values)
    except Refusal as refusal:
        raise MediaError(1003, refusal.message) from None
