"""Rows of jobs as records, and how the state of a job follows from those of its tasks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from mien.storage.media_records import ErrorDetail, Event, Job, Notify, State, Task
from mien.storage.rows import moment, now
from mien.storage.tables import assets, job_events, jobs, tasks

OPEN = tuple(int(state) for state in State if not state.is_final)


def note(
    connection: Connection,
    account_id: str,
    job: str,
    task: str | None,
    previous: State | None,
    state: State,
    message: str = "",
) -> None:
    """Add to the history. Whoever is to be told of the job's states is due to be told."""
    at = now()
    connection.execute(
        insert(job_events).values(
            account_id=account_id,
            job=job,
            task=task,
            at=at,
            previous=None if previous is None else int(previous),
            state=int(state),
            message=message,
        )
    )
    if task is None:
        due = (jobs.c.id == job, jobs.c.notify_url.is_not(None), jobs.c.notify_at.is_(None))
        connection.execute(update(jobs).where(*due).values(notify_at=at))


def settle_job(connection: Connection, id: str) -> None:
    """Put a job into the state that its tasks make, and say so in its history."""
    row = connection.execute(select(jobs).where(jobs.c.id == id)).one()
    states = connection.execute(select(tasks.c.state).where(tasks.c.job == id)).scalars()
    before, at = State(row.state), now()
    after = job_state(before, [State(state) for state in states])
    if after is before:
        return
    values: dict[str, Any] = {"state": int(after), "modified": at}
    if row.started is None and after in (State.Scheduled, State.Processing):
        values["started"] = at
    if after.is_final:
        values["ended"] = at
        if row.keep is not None:
            values["expires"] = at + row.keep
            _expire_assets(connection, id, at, at + row.keep)
    connection.execute(update(jobs).where(jobs.c.id == id).values(**values))
    note(connection, row.account_id, id, None, before, after)


def _expire_assets(connection: Connection, job: str, inputs_at: int, outputs_at: int) -> None:
    """Say when the assets that a job worked on, and those that it made, are to be deleted."""
    its = connection.execute(select(tasks.c.inputs, tasks.c.output).where(tasks.c.job == job)).all()
    inputs = {asset for row in its for asset in json.loads(row.inputs)}
    for ids, at in ((inputs, inputs_at), ({row.output for row in its}, outputs_at)):
        connection.execute(update(assets).where(assets.c.id.in_(ids)).values(expires=at))


def job_state(before: State, states: Sequence[State]) -> State:
    """The state of a job whose tasks are in these. It never goes back: a task that is taken up
    again leaves the job Processing. Once all are over it is Error if one failed, else Canceled if
    one was canceled, else Finished.
    """
    if all(state.is_final for state in states):
        return next((s for s in (State.Error, State.Canceled) if s in states), State.Finished)
    if State.Canceling in states or before is State.Canceling:
        return State.Canceling
    reached = max((_reached(state) for state in states), default=State.Queued)
    return max(before, reached)


def _reached(state: State) -> State:
    """How far a task has brought its job: one that is over was in Processing, or near it."""
    return State.Processing if state.is_final else state


def job_of(row: Any, its_tasks: tuple[Task, ...]) -> Job:
    """The record of a row."""
    return Job(
        id=row.id,
        name=row.name,
        state=State(row.state),
        priority=row.priority,
        created=moment(row.created),
        modified=moment(row.modified),
        started=None if row.started is None else moment(row.started),
        ended=None if row.ended is None else moment(row.ended),
        notify=None if row.notify_url is None else Notify(row.notify_url, row.notify_target),
        tasks=its_tasks,
    )


def task_of(row: Any) -> Task:
    """The record of a row."""
    return Task(
        id=row.id,
        account_id=row.account_id,
        job=row.job,
        name=row.name,
        processor=row.processor,
        configuration=row.configuration,
        inputs=tuple(json.loads(row.inputs)),
        output=row.output,
        output_name=row.output_name,
        state=State(row.state),
        progress=row.progress,
        claim=row.claim,
        started=None if row.started is None else moment(row.started),
        ended=None if row.ended is None else moment(row.ended),
        errors=tuple(ErrorDetail(each["code"], each["message"]) for each in json.loads(row.errors)),
    )


def event_of(row: Any) -> Event:
    """The record of a row."""
    return Event(
        number=row.pk,
        job=row.job,
        task=row.task,
        at=moment(row.at),
        previous=None if row.previous is None else State(row.previous),
        state=State(row.state),
        message=row.message,
    )
