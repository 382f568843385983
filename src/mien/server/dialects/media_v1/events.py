"""What becomes of a job, as it happens: server-sent events (WHATWG HTML, 9.2)."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse

from mien.errors import NoSuchJobError
from mien.jobs import Event, Job
from mien.server.dialect import admission_of
from mien.server.dialects.media_v1.answers import EventAnswer
from mien.server.dialects.media_v1.call import Call
from mien.server.errors import Refusal

LOOK_S = 0.5
QUIET_S = 15.0
"""After so long without an event a comment is sent, so that nothing in between gives up."""

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


async def stream(call: Call) -> Response:
    """Events after `Last-Event-ID`, until the job is over, whoever asks may no longer, or the
    service stops."""
    text = call.request.headers.get("last-event-id", "")
    after = int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else 0
    job = await call.run(call.queue.get, call.job)
    told = _told(call, job, after)
    return StreamingResponse(told, media_type="text/event-stream", headers=HEADERS)


async def _told(call: Call, job: Job, after: int) -> AsyncIterator[str]:
    progress, spoke, admit = None, time.monotonic(), admission_of(call.request)
    yield "retry: 1000\n\n"
    while not call.services.closing.is_set():
        try:
            await admit()
            job = await call.run(call.queue.get, job.id)
            events = await call.run(call.queue.history, job.id, after=after)
        except (NoSuchJobError, Refusal):  # it was deleted; or the key, or session, has ended
            return
        for event in events:
            after, spoke = event.number, time.monotonic()
            yield _entry("task" if event.task else "job", event)
        if progress != (progress := round(job.progress, 1)):
            spoke = time.monotonic()
            yield f"event: progress\ndata: {json.dumps({'progress': progress})}\n\n"
        if job.state.is_final:
            return
        if time.monotonic() - spoke > QUIET_S:
            spoke = time.monotonic()
            yield ": still here\n\n"
        await asyncio.sleep(LOOK_S)


def _entry(kind: str, event: Event) -> str:
    data = EventAnswer.of(event).model_dump_json(by_alias=True)
    return f"id: {event.number}\nevent: {kind}\ndata: {data}\n\n"
