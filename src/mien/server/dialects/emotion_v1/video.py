"""RecognizeInVideo: the expressions of a video, worked out as a job; and how far that is.

A video is told to `mien.jobs` under an origin of its own, so that the other APIs do not see it.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from tempfile import TemporaryFile
from typing import IO, Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mien.errors import NoSuchAssetError, NoSuchJobError
from mien.jobs import Job, Queue, State
from mien.jobs.processors import FACE_DETECTOR
from mien.server.bodies import read, refused
from mien.server.call import Call
from mien.server.dialects.emotion_v1.bodies import UNREADABLE, FileUrl
from mien.server.dialects.emotion_v1.parameters import OUTPUT_STYLE
from mien.server.errors import BodyTooLargeError, Refusal, UrlError, UrlTooLargeError
from mien.server.json_body import JSON, OCTETS, check_media_type, parse_json
from mien.server.limits import receive
from mien.server.logs import LOG

PREFIX = "/emotion/v1.0"
ORIGIN = "emotion"
MOST_BYTES = 100 * 2**20
FETCH_S = 300.0
"""For a URL to give a video."""
KEEP = timedelta(hours=24)
"""So long is a result there; the video itself is deleted once it is worked out."""
PIECE = 1 << 20

MOST_FACES = 64
"""Of a video, not of a frame: so the API had it."""

OPTIONS: dict[str, dict[str, str]] = {
    "aggregate": {
        "mode": "aggregateEmotion",
        "aggregateEmotionWindowMs": "2000",
        "aggregateEmotionIntervalMs": "500",
    },
    "perFrame": {"mode": "perFaceEmotion"},
}
"""Of the Face Detector, by `outputStyle`. The API's results had a window of two seconds and four
of them in a fragment of two."""

STATUS = {
    State.Queued: "NotStarted",
    State.Scheduled: "NotStarted",
    State.Processing: "Running",
    State.Finished: "Succeeded",
    State.Error: "Failed",
    State.Canceling: "Running",
    State.Canceled: "Failed",
}

WRONG_SIZE = "Video size is too small or is too big."
NOT_FETCHED = "Failed to download video from the specified URL. Remote server error returned."
HOST = re.compile(r"[A-Za-z0-9.\-]+(:[0-9]+)?|\[[0-9A-Fa-f:.]+\](:[0-9]+)?")


async def recognize_in_video(call: Call) -> Response:
    """Take a video, and say where to ask how far it is."""
    call.services.policy.require_attributes(["emotion"])
    style = OUTPUT_STYLE.read(call.query)
    kind = check_media_type(call.request.headers.get("content-type"), JSON, OCTETS)
    with TemporaryFile() as file:
        if kind == JSON:
            await _fetch(call, file)
        else:
            await _receive(call, file)
        size = file.tell()
        if not size:
            raise Refusal(400, "InvalidVideoSize", WRONG_SIZE)
        await call.services.allowance.video(call.caller)
        job = await call.run(_submit, _queue(call), file, size, style)
    where = f"{_address(call)}{PREFIX}/operations/{job.id}"
    return Response(status_code=202, headers={"Operation-Location": where})


async def operation(call: Call) -> Response:
    """How far a video is; the result, once it is there."""
    try:
        id = str(UUID(call.request.path_params["oid"]))
    except ValueError:
        raise _not_found() from None
    return await call.run(_told, _queue(call), id)


async def no_operation(call: Call) -> Response:
    """Refuse a path without an id."""
    raise refused("Operation ID is missing.")


def _queue(call: Call) -> Queue:
    services = call.services
    return Queue(services.storage, call.caller.account_id, origin=ORIGIN, wake=services.pool.wake)


async def _receive(call: Call, file: IO[bytes]) -> None:
    try:
        seconds = call.services.settings.limits.body_s
        await receive(call.request, file.write, most=MOST_BYTES, seconds=seconds)
    except BodyTooLargeError:
        raise Refusal(400, "InvalidVideoSize", WRONG_SIZE) from None


async def _fetch(call: Call, file: IO[bytes]) -> None:
    text = await call.body(call.services.settings.limits.json_bytes)
    url = read(FileUrl, parse_json(text, message=UNREADABLE)).url
    try:
        await call.services.fetcher.download(url, file, most=MOST_BYTES, seconds=FETCH_S)
    except UrlTooLargeError:
        raise Refusal(400, "InvalidVideoSize", WRONG_SIZE) from None
    except UrlError as error:
        LOG.info("a video was not fetched: %s", error.message)
        raise Refusal(400, "InvalidURL", NOT_FETCHED) from None


def _submit(queue: Queue, file: IO[bytes], size: int, style: str) -> Job:
    file.seek(0)
    options = OPTIONS[style] | {"maxFaces": MOST_FACES}
    return queue.submit_file(
        "recognizeInVideo",
        "video.mp4",
        iter(lambda: file.read(PIECE), b""),
        size,
        processor=FACE_DETECTOR,
        configuration=json.dumps({"version": "1.0", "options": options}),
        keep_s=KEEP.total_seconds(),
    )


def _told(queue: Queue, id: str) -> Response:
    try:
        job = queue.get(id)
        if job.ended is not None and datetime.now(UTC) - job.ended >= KEEP:
            raise _not_found()
        return JSONResponse(_answer(queue, job))
    except (NoSuchJobError, NoSuchAssetError):  # the asset, if it has just been swept away
        raise _not_found() from None


def _answer(queue: Queue, job: Job) -> dict[str, Any]:
    (task,) = job.tasks
    told: dict[str, Any] = {
        "status": STATUS[job.state],
        "progress": round(job.progress, 1),
        "createdDateTime": _time(job.created),
        "lastActionDateTime": _time(job.modified),
        "resourceLocation": None,
    }
    if STATUS[job.state] == "Failed":
        told["message"] = " ".join(each.message for each in task.errors) or "It was canceled."
    if job.state is State.Finished:
        (file,) = queue.assets.get(task.output).files
        told["processingResult"] = queue.assets.path(file).read_text("utf-8")
    return told


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _address(call: Call) -> str:
    """Where clients reach the service; they split the answer at its slashes, so no path is added
    but the one that the operator has in front of it.
    """
    if call.services.settings.public_url:
        return call.services.settings.public_url.rstrip("/")
    return address_of(call.request)


def address_of(request: Request) -> str:
    """The scheme and host that a request was made to, where they are well formed."""
    host = request.headers.get("host", "")
    if not HOST.fullmatch(host):
        name, port = request.scope["server"]
        host = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
    return f"{request.url.scheme}://{host}"


def _not_found() -> Refusal:
    return Refusal(404, "OperationNotFound", "Operation is not found.")
