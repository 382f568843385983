"""Processors, jobs, and what becomes of jobs."""

from __future__ import annotations

import base64

from starlette.responses import Response

from mien.errors import JobsError
from mien.jobs import PROCESSORS, NewTask, Notify, find_processor
from mien.server.dialects.media_v1 import parameters as p
from mien.server.dialects.media_v1.answers import (
    EventAnswer,
    JobAnswer,
    ProcessorAnswer,
    SigningKeyAnswer,
)
from mien.server.dialects.media_v1.bodies import NewJob
from mien.server.dialects.media_v1.call import Call, answer
from mien.server.dialects.media_v1.errors import refusal_of


async def processors(call: Call) -> Response:
    """Show the media processors."""
    return answer([ProcessorAnswer.of(each) for each in PROCESSORS])


async def submit(call: Call) -> Response:
    """Submit a job."""
    body = await call.json(NewJob)
    notify = None
    if body.notification is not None and body.notification.target:
        call.services.fetcher.check(body.notification.url)
        notify = Notify(body.notification.url, body.notification.target)
    tasks = [
        NewTask(
            task.name or "",
            task.processor,
            task.configuration or "",
            tuple(task.input_assets),
            task.output_asset_name or "",
        )
        for task in body.tasks
    ]
    try:
        for task in tasks:
            shown = find_processor(task.processor).columns(task.configuration)
            call.services.policy.require_attributes(shown)
        await call.run(call.queue.check, tasks)
        await call.services.allowance.video(call.caller, len(tasks))
        job = await call.run(
            call.queue.submit, body.name or "", tasks, priority=body.priority, notify=notify
        )
    except JobsError as error:
        raise refusal_of(error, in_body=True) from error
    return answer(JobAnswer.of(job), 201)


async def list_all(call: Call) -> Response:
    """Show jobs."""
    start, top = p.START.read(call.query) or "", p.TOP.read(call.query)
    found = await call.run(call.queue.page, after=start, top=top)
    return answer([JobAnswer.of(job) for job in found])


async def get(call: Call) -> Response:
    """Show a job."""
    return answer(JobAnswer.of(await call.run(call.queue.get, call.job)))


async def delete(call: Call) -> Response:
    """Delete a job that is over."""
    await call.run(call.queue.delete, call.job)
    return Response(status_code=204)


async def cancel(call: Call) -> Response:
    """Have a job canceled."""
    return answer(JobAnswer.of(await call.run(call.queue.cancel, call.job)), 202)


async def history(call: Call) -> Response:
    """Show what became of a job and its tasks."""
    found = await call.run(call.queue.history, call.job, after=p.AFTER.read(call.query))
    return answer([EventAnswer.of(event) for event in found])


async def signing_key(call: Call) -> Response:
    """Show the key with which messages to this account's programs are signed."""
    key = call.services.storage.signing_key(call.caller.account_id)
    return answer(SigningKeyAnswer(signing_key=base64.b64encode(key).decode()))
