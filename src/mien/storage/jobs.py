"""Jobs and their tasks: what each one is, in which state, and how it came there."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, case, delete, insert, select, update

from mien.errors import InUseError, NoSuchJobError
from mien.storage.assets import insert_asset, insert_file
from mien.storage.database import Database
from mien.storage.job_rows import OPEN, event_of, job_of, note, settle_job, task_of
from mien.storage.media_records import ErrorDetail, Event, Job, NewTask, Notify, State, Task
from mien.storage.rows import now
from mien.storage.tables import AnyRow, job_events, jobs, tasks

SUSPECT = 3
"""A task that ended so many workers in a row, without a part in between, may end the next."""

LOOKED_AT = 256
"""Open tasks that a worker looks at to find one that nobody works on."""


class Jobs:
    """The jobs of one database. Those of one account and origin are seen by no other."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # ------------------------------------------------------------ for those who submit

    def submit(
        self,
        account_id: str,
        origin: str,
        name: str,
        work: Sequence[NewTask],
        *,
        priority: int,
        notify: Notify | None,
        keep_s: float | None,
    ) -> Job:
        """Add a job whose tasks wait to be worked on."""
        id, at = str(uuid.uuid4()), now()
        with self._database.write() as connection:
            connection.execute(
                insert(jobs).values(
                    id=id,
                    account_id=account_id,
                    origin=origin,
                    name=name,
                    state=State.Queued,
                    priority=priority,
                    created=at,
                    modified=at,
                    keep=None if keep_s is None else round(keep_s * 1e6),
                    notify_url=notify.url if notify else None,
                    notify_target=notify.target if notify else 0,
                    notified=0,
                    notify_tries=0,
                )
            )
            note(connection, account_id, id, None, None, State.Queued)
            for number, task in enumerate(work):
                _insert_task(connection, account_id, id, number, task, priority)
            return _one(connection, account_id, origin, id)

    def get(self, account_id: str, origin: str, id: str) -> Job:
        """A job; raises NoSuchJobError."""
        with self._database.read() as connection:
            return _one(connection, account_id, origin, id)

    def page(self, account_id: str, origin: str, *, after: str, top: int) -> list[Job]:
        """Jobs by id, those after an id."""
        where = (jobs.c.account_id == account_id, jobs.c.origin == origin, jobs.c.id > after)
        with self._database.read() as connection:
            query = select(jobs).where(*where).order_by(jobs.c.id).limit(top)
            return [job_of(row, _tasks(connection, row.id)) for row in connection.execute(query)]

    def of_asset(self, account_id: str, origin: str, asset: str) -> list[Job]:
        """The jobs with a task that works with an asset, or has, in the order in which they were
        submitted."""
        theirs = select(tasks.c.job).where(
            tasks.c.account_id == account_id,
            tasks.c.inputs.contains(json.dumps(asset), autoescape=True),
        )
        query = select(jobs).where(jobs.c.origin == origin, jobs.c.id.in_(theirs))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(jobs.c.created, jobs.c.id))
            return [job_of(row, _tasks(connection, row.id)) for row in rows]

    def events(self, account_id: str, origin: str, id: str, *, after: int = 0) -> list[Event]:
        """What became of a job and its tasks, after an event; raises NoSuchJobError."""
        with self._database.read() as connection:
            _row(connection, account_id, origin, id)
            query = select(job_events).where(job_events.c.job == id, job_events.c.pk > after)
            return [event_of(row) for row in connection.execute(query.order_by(job_events.c.pk))]

    def cancel(self, account_id: str, origin: str, id: str) -> Job:
        """Have the open tasks of a job canceled. Whoever works on one gives it up, and
        `settle` (mien.jobs) makes an end of it.

        Raises:
            NoSuchJobError: there is none.
            InUseError: it is over.
        """
        with self._database.write() as connection:
            row = _row(connection, account_id, origin, id, hold=True)
            if State(row.state).is_final:
                raise InUseError("the job is over; there is nothing to cancel", what=id)
            for task in _open(connection, id):
                if task.state != State.Canceling:
                    _change(connection, task, State.Canceling)
            settle_job(connection, id)
            return _one(connection, account_id, origin, id)

    def delete(self, account_id: str, origin: str, id: str) -> None:
        """Delete a job that is over, with its history; the assets it made stay.

        Raises:
            NoSuchJobError, InUseError
        """
        with self._database.write() as connection:
            row = _row(connection, account_id, origin, id, hold=True)
            if not State(row.state).is_final:
                raise InUseError("the job is not over; cancel it first", what=id)
            connection.execute(delete(job_events).where(job_events.c.job == id))
            connection.execute(delete(tasks).where(tasks.c.job == id))
            connection.execute(delete(jobs).where(jobs.c.id == id))

    def uses(self, asset: str) -> bool:
        """Whether a task that is not over works with an asset."""
        query = select(tasks.c.pk).where(
            tasks.c.state.in_(OPEN), tasks.c.inputs.contains(json.dumps(asset), autoescape=True)
        )
        with self._database.read() as connection:
            return connection.execute(query.limit(1)).first() is not None

    def expired(self) -> list[tuple[str, str, str]]:
        """Account, origin and id of the jobs that are over and whose time is too."""
        query = select(jobs.c.account_id, jobs.c.origin, jobs.c.id)
        due = (jobs.c.expires <= now(),)
        with self._database.read() as connection:
            return [(row[0], row[1], row[2]) for row in connection.execute(query.where(*due))]

    # ------------------------------------------------------------ for those who work

    def waiting(self) -> list[str]:
        """The ids of open tasks, in the order in which they should be taken; whether somebody is
        at one, only its lock tells. A task that ended its worker `SUSPECT` times comes last.
        """
        order = (
            tasks.c.priority.desc(),
            case((tasks.c.attempts >= SUSPECT, 1), else_=0),
            tasks.c.pk,
        )
        query = select(tasks.c.id).where(tasks.c.state.in_(OPEN)).order_by(*order)
        with self._database.read() as connection:
            return list(connection.execute(query.limit(LOOKED_AT)).scalars())

    def processing(self) -> list[Task]:
        """The tasks that are worked on, or were by a worker that has just ended, in the order of
        `waiting`; none that ended `SUSPECT` workers.
        """
        going_on = (tasks.c.state == State.Processing, tasks.c.attempts <= SUSPECT)
        query = select(tasks).where(*going_on).order_by(tasks.c.priority.desc(), tasks.c.pk)
        with self._database.read() as connection:
            return [task_of(row) for row in connection.execute(query.limit(LOOKED_AT))]

    def begin(self, id: str) -> tuple[Task, int] | None:
        """Begin with a task, whose lock the caller holds: the task, and how often in a row a
        worker ended over it before. None if there is nothing to do (any more).
        """
        with self._database.write() as connection:
            row = _held(connection, id)
            if row is None or State(row.state).is_final:
                return None
            if row.state == State.Canceling:
                return task_of(row), row.attempts
            values = {"claim": row.claim + 1, "attempts": row.attempts + 1, "progress": 0.0}
            message = "taken up again, after the worker that had it ended" if row.claim else ""
            started = row.started or now()
            _change(connection, row, State.Scheduled, message, started=started, **values)
            settle_job(connection, row.job)
            return task_of(_held(connection, id)), row.attempts

    def origin_of(self, task: Task) -> str:
        """The API that a task came from, whose assets it may use."""
        with self._database.read() as connection:
            query = select(jobs.c.origin).where(jobs.c.id == task.job)
            return str(connection.execute(query).scalar_one())

    def process(self, task: Task) -> None:
        """Say that the work itself has begun."""
        with self._database.write() as connection:
            row = _held(connection, task.id)
            if _is_mine(row, task) and row.state == State.Scheduled:
                _change(connection, row, State.Processing)
                settle_job(connection, row.job)

    def progressed(self, task: Task, percent: float) -> None:
        """Note how far a task is."""
        with self._database.write() as connection:
            mine = (tasks.c.id == task.id, tasks.c.claim == task.claim)
            connection.execute(update(tasks).where(*mine).values(progress=percent))

    def part_done(self, task: Task) -> None:
        """Note that a part of a task was finished and kept: what ended workers before is over."""
        with self._database.write() as connection:
            mine = (tasks.c.id == task.id, tasks.c.claim == task.claim)
            connection.execute(update(tasks).where(*mine).values(attempts=1))

    def tell(self, task: Task, message: str) -> None:
        """Add a sentence to the history of a task."""
        with self._database.write() as connection:
            row = _held(connection, task.id)
            if _is_mine(row, task):
                state = State(row.state)
                note(connection, row.account_id, row.job, row.id, state, state, message)

    def should_stop(self, task: Task) -> bool:
        """Whether a task is canceled, gone, or somebody else's by now."""
        query = select(tasks.c.state, tasks.c.claim).where(tasks.c.id == task.id)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return row is None or row.claim != task.claim or row.state == State.Canceling

    def finish(self, task: Task, files: Sequence[tuple[str, str, int]]) -> bool:
        """End a task with its results, all in one transaction: the output asset with these files
        (id of the blob, name, size) is there, and the task is Finished. False, and nothing is
        changed, if the task is canceled, or no longer the caller's.
        """
        with self._database.write() as connection:
            row = _held(connection, task.id)
            if not _is_mine(row, task) or row.state not in (State.Scheduled, State.Processing):
                return False
            job = connection.execute(select(jobs).where(jobs.c.id == task.job)).one()
            insert_asset(connection, task.account_id, job.origin, task.output_name, id=task.output)
            for id, name, size in files:
                insert_file(connection, task.account_id, task.output, name, size, id=id)
            _change(connection, row, State.Finished, ended=now(), progress=100.0)
            settle_job(connection, row.job)
            return True

    def fail(self, task: Task, error: ErrorDetail) -> bool:
        """End a task that could not be done; False if it is canceled, or no longer the caller's."""
        with self._database.write() as connection:
            row = _held(connection, task.id)
            if not _is_mine(row, task) or row.state not in (State.Scheduled, State.Processing):
                return False
            told = json.dumps([{"code": error.code, "message": error.message}])
            _change(connection, row, State.Error, error.message, ended=now(), errors=told)
            settle_job(connection, row.job)
            return True

    def canceled(self, id: str) -> None:
        """Make an end of a task that is Canceling, whose lock the caller holds."""
        with self._database.write() as connection:
            row = _held(connection, id)
            if row is not None and row.state == State.Canceling:
                _change(connection, row, State.Canceled, ended=now())
                settle_job(connection, row.job)

    def canceling(self) -> list[str]:
        """The ids of tasks that wait for somebody to make an end of them."""
        query = select(tasks.c.id).where(tasks.c.state == State.Canceling).order_by(tasks.c.pk)
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def over(self, ids: Collection[str]) -> set[str]:
        """Those of some tasks that are over, or not known at all."""
        query = select(tasks.c.id).where(tasks.c.id.in_(ids), tasks.c.state.in_(OPEN))
        with self._database.read() as connection:
            return set(ids) - set(connection.execute(query).scalars())


def _insert_task(
    connection: Connection, account_id: str, job: str, number: int, task: NewTask, priority: int
) -> None:
    id = str(uuid.uuid4())
    connection.execute(
        insert(tasks).values(
            id=id,
            account_id=account_id,
            job=job,
            number=number,
            name=task.name,
            processor=task.processor,
            configuration=task.configuration,
            inputs=json.dumps(list(task.inputs)),
            output=str(uuid.uuid4()),
            output_name=task.output_name,
            state=State.Queued,
            priority=priority,
            progress=0.0,
            claim=0,
            attempts=0,
            errors="[]",
        )
    )
    note(connection, account_id, job, id, None, State.Queued)


def _change(
    connection: Connection, row: AnyRow, state: State, message: str = "", **values: Any
) -> None:
    """Put a task into a state, and say so in its history."""
    connection.execute(update(tasks).where(tasks.c.pk == row.pk).values(state=state, **values))
    note(connection, row.account_id, row.job, row.id, State(row.state), state, message)


def _held(connection: Connection, id: str) -> Any:
    """The row of a task, held until the transaction is over; None if it is gone.

    The job's row is held first, as everywhere: two tasks of one job end one after the other, and
    the second sees what became of the first.
    """
    job = connection.execute(select(tasks.c.job).where(tasks.c.id == id)).scalar()
    connection.execute(select(jobs.c.id).where(jobs.c.id == job).with_for_update())
    return connection.execute(select(tasks).where(tasks.c.id == id)).one_or_none()


def _is_mine(row: Any, task: Task) -> bool:
    return row is not None and row.claim == task.claim


def _open(connection: Connection, job: str) -> Sequence[AnyRow]:
    return connection.execute(
        select(tasks).where(tasks.c.job == job, tasks.c.state.in_(OPEN)).order_by(tasks.c.number)
    ).all()


def _tasks(connection: Connection, job: str) -> tuple[Task, ...]:
    rows = connection.execute(select(tasks).where(tasks.c.job == job).order_by(tasks.c.number))
    return tuple(task_of(row) for row in rows)


def _row(
    connection: Connection, account_id: str, origin: str, id: str, *, hold: bool = False
) -> AnyRow:
    query = select(jobs).where(
        jobs.c.account_id == account_id, jobs.c.origin == origin, jobs.c.id == id
    )
    row = connection.execute(query.with_for_update() if hold else query).one_or_none()
    if row is None:
        raise NoSuchJobError(f"there is no job {id}", what=id)
    return row


def _one(connection: Connection, account_id: str, origin: str, id: str) -> Job:
    return job_of(_row(connection, account_id, origin, id), _tasks(connection, id))
