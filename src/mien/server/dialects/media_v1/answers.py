"""What is answered in JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, RootModel, WithJsonSchema
from pydantic.alias_generators import to_camel

from mien.jobs import Asset, AssetFile, Event, Job, Processor, Task
from mien.timeline.edits import EDIT_SCHEMA


class Answer(BaseModel):
    """What is answered."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class ProcessorAnswer(Answer):
    """A media processor."""

    id: str
    name: str
    version: str
    description: str

    @classmethod
    def of(cls, processor: Processor) -> ProcessorAnswer:
        """The answer for a processor."""
        return cls(
            id=processor.id,
            name=processor.name,
            version=processor.version,
            description=processor.description,
        )


class FileAnswer(Answer):
    """A file of an asset; `received` is how many of its bytes are here."""

    id: str
    asset_id: str
    name: str
    size: int
    received: int
    is_primary: bool
    created: datetime

    @classmethod
    def of(cls, file: AssetFile) -> FileAnswer:
        """The answer for a file."""
        return cls(
            id=file.id,
            asset_id=file.asset,
            name=file.name,
            size=file.size,
            received=file.received,
            is_primary=file.is_primary,
            created=file.created,
        )


class AssetAnswer(Answer):
    """An asset."""

    id: str
    name: str
    created: datetime
    files: list[FileAnswer]

    @classmethod
    def of(cls, asset: Asset) -> AssetAnswer:
        """The answer for an asset."""
        files = [FileAnswer.of(file) for file in asset.files]
        return cls(id=asset.id, name=asset.name, created=asset.created, files=files)


class EditAnswer(RootModel[Annotated[dict[str, Any], WithJsonSchema(EDIT_SCHEMA)]]):
    """An edit: its number, when and by whom it was done, and what was done."""


class ErrorDetailAnswer(Answer):
    """Why a task failed."""

    code: str
    message: str


class TaskAnswer(Answer):
    """A task; `state` is a word, `stateNumber` the number that the SDKs had for it."""

    id: str
    name: str
    processor: str
    configuration: str
    input_assets: list[str]
    output_asset: str
    state: str
    state_number: int
    progress: float
    start_time: datetime | None
    end_time: datetime | None
    running_duration: float | None = Field(description="Seconds.")
    error_details: list[ErrorDetailAnswer]

    @classmethod
    def of(cls, task: Task) -> TaskAnswer:
        """The answer for a task."""
        took = None
        if task.started is not None and task.ended is not None:
            took = (task.ended - task.started).total_seconds()
        errors = [ErrorDetailAnswer(code=each.code, message=each.message) for each in task.errors]
        return cls(
            id=task.id,
            name=task.name,
            processor=task.processor,
            configuration=task.configuration,
            input_assets=list(task.inputs),
            output_asset=task.output,
            state=task.state.name,
            state_number=task.state,
            progress=task.progress,
            start_time=task.started,
            end_time=task.ended,
            running_duration=took,
            error_details=errors,
        )


class NotificationAnswer(Answer):
    """Where a job's states are told."""

    url: str
    target: int


class JobAnswer(Answer):
    """A job."""

    id: str
    name: str
    state: str
    state_number: int
    priority: int
    progress: float
    created: datetime
    last_modified: datetime
    start_time: datetime | None
    end_time: datetime | None
    notification: NotificationAnswer | None
    tasks: list[TaskAnswer]

    @classmethod
    def of(cls, job: Job) -> JobAnswer:
        """The answer for a job."""
        told = None
        if job.notify is not None:
            told = NotificationAnswer(url=job.notify.url, target=job.notify.target)
        return cls(
            id=job.id,
            name=job.name,
            state=job.state.name,
            state_number=job.state,
            priority=job.priority,
            progress=round(job.progress, 1),
            created=job.created,
            last_modified=job.modified,
            start_time=job.started,
            end_time=job.ended,
            notification=told,
            tasks=[TaskAnswer.of(task) for task in job.tasks],
        )


class EventAnswer(Answer):
    """Something that became of a job, or of its task `taskId`."""

    id: int
    job_id: str
    task_id: str | None
    code: str
    message: str
    time_stamp: datetime
    previous_state: str | None
    current_state: str

    @classmethod
    def of(cls, event: Event) -> EventAnswer:
        """The answer for an event."""
        return cls(
            id=event.number,
            job_id=event.job,
            task_id=event.task,
            code=event.state.name,
            message=event.message,
            time_stamp=event.at,
            previous_state=None if event.previous is None else event.previous.name,
            current_state=event.state.name,
        )


class SigningKeyAnswer(Answer):
    """64 bytes in Base64, with which messages of job states are signed."""

    signing_key: str
