"""Assets, jobs and tasks as they are kept; `mien.jobs` gives them to its callers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


class State(IntEnum):
    """The state of a job or task, by the numbers and words of Azure Media Services v2."""

    Queued = 0
    Scheduled = 1
    Processing = 2
    Finished = 3
    Error = 4
    Canceled = 5
    Canceling = 6

    @property
    def is_final(self) -> bool:
        """Whether nothing will change any more."""
        return self in (State.Finished, State.Error, State.Canceled)


@dataclass(frozen=True, slots=True)
class AssetFile:
    """A file of an asset.

    Attributes:
        id: names its bytes, wherever they are kept.
        name: what the client calls it; never a path, and never part of one.
        size: in bytes, as it was announced.
        received: how many of them are here.
        is_primary: whether it was named as the one that a task works on.
    """

    id: str
    asset: str
    name: str
    size: int
    received: int
    is_primary: bool
    created: datetime

    @property
    def is_whole(self) -> bool:
        """Whether all bytes are here."""
        return self.received == self.size


@dataclass(frozen=True, slots=True)
class Asset:
    """Some files under a name, in the order in which they were added."""

    id: str
    name: str
    created: datetime
    files: tuple[AssetFile, ...]


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """Why a task failed: one of the documented codes (`mien.jobs.errors`), and a sentence."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that became of a job (`task` is None) or of one of its tasks.

    Attributes:
        number: rises over all events of the database; a reader goes on after the last it saw.
        previous: the state before; the same as `state` where only `message` is new, and None
            at the beginning.
    """

    number: int
    job: str
    task: str | None
    at: datetime
    previous: State | None
    state: State
    message: str


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work of a job.

    Attributes:
        processor: the id of a `mien.jobs.processors.Processor`.
        configuration: the preset, as the client wrote it.
        inputs: ids of assets.
        output: the id of the asset with the results; it is there once the task is Finished.
        progress: 0..100.
        claim: how often a worker began with it.
    """

    id: str
    account_id: str
    job: str
    name: str
    processor: str
    configuration: str
    inputs: tuple[str, ...]
    output: str
    output_name: str
    state: State
    progress: float
    claim: int
    started: datetime | None
    ended: datetime | None
    errors: tuple[ErrorDetail, ...]


@dataclass(frozen=True, slots=True)
class Notify:
    """Where to tell of a job's states by HTTP, and of which: 1 the final ones, 2 all."""

    url: str
    target: int = 2


@dataclass(frozen=True, slots=True)
class Job:
    """Tasks that were submitted together; see `mien.jobs.Queue`."""

    id: str
    name: str
    state: State
    priority: int
    created: datetime
    modified: datetime
    started: datetime | None
    ended: datetime | None
    notify: Notify | None
    tasks: tuple[Task, ...]

    @property
    def progress(self) -> float:
        """0..100, the mean of its tasks."""
        return sum(task.progress for task in self.tasks) / max(1, len(self.tasks))


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task to submit; see `Task`. `output_name` names the asset that it makes."""

    name: str
    processor: str
    configuration: str
    inputs: tuple[str, ...]
    output_name: str = ""
