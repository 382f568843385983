"""Jobs: put together, submitted, waited for."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mien.client.assets import Asset, pages
from mien.client.states import JobState
from mien.client.wire import Wire
from mien.errors import ServiceError, UsageError

if TYPE_CHECKING:
    from mien.client.context import MediaProcessor

TRIES = 10
PAUSE_S = 1.0


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """Why a task failed."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class HistoricalEvent:
    """Something that became of a task, or of the job if `task_id` is None."""

    code: str
    message: str
    time_stamp: datetime
    task_id: str | None


@dataclass(frozen=True, slots=True)
class StateChange:
    """What those are told who listen to a job's `state_changed`."""

    job: Job
    previous_state: JobState
    current_state: JobState


class OutputAssets:
    """The assets that a task will make."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def add_new(self, name: str) -> None:
        """Name the asset; a task makes one."""
        if self.names:
            raise UsageError("a task makes one output asset; it is named already")
        self.names.append(name)


class Task:
    """One piece of work of a job.

    Attributes:
        input_assets: what it works on; to be filled before the job is submitted.
        output_assets: what it makes; likewise.
        error_details: why it failed.
    """

    def __init__(self, name: str, processor: str, configuration: str) -> None:
        self.name, self.processor, self.configuration = name, processor, configuration
        self.input_assets: list[Asset] = []
        self.output_assets = OutputAssets()
        self.id: str | None = None
        self.state = JobState.Queued
        self.progress = 0.0
        self.error_details: list[ErrorDetail] = []
        self.output_asset_id: str | None = None

    @property
    def body(self) -> dict[str, Any]:
        """As the service takes it."""
        return {
            "name": self.name,
            "processor": self.processor,
            "configuration": self.configuration,
            "inputAssets": [asset.id for asset in self.input_assets],
            "outputAssetName": "".join(self.output_assets.names),
        }

    @classmethod
    def of(cls, told: dict[str, Any]) -> Task:
        """The task as the service has it."""
        task = cls(told["name"], told["processor"], told["configuration"])
        task.learn(told)
        return task

    def learn(self, told: dict[str, Any]) -> None:
        """Take over what the service says."""
        self.id, self.output_asset_id = told["id"], told["outputAsset"]
        self.state, self.progress = JobState(told["stateNumber"]), told["progress"]
        self.error_details = [
            ErrorDetail(each["code"], each["message"]) for each in told["errorDetails"]
        ]


class Tasks(list[Task]):
    """The tasks of a job."""

    def add_new(self, name: str, processor: MediaProcessor, configuration: str) -> Task:
        """Add a task: its preset is text, as the documentation of its processor has it."""
        self.append(task := Task(name, processor.id, configuration))
        return task


class Job:
    """Tasks that are submitted together.

    Attributes:
        state_changed: called with a `StateChange`, while `wait` waits.
        state: as of the last that was heard.
    """

    def __init__(self, wire: Wire, name: str, *, priority: int = 0) -> None:
        self._wire, self._seen = wire, 0
        self.name, self.priority = name, priority
        self.id: str | None = None
        self.state = JobState.Queued
        self.progress = 0.0
        self.tasks = Tasks()
        self.state_changed: list[Callable[[StateChange], None]] = []
        self._notification: dict[str, Any] | None = None

    @classmethod
    def of(cls, wire: Wire, told: dict[str, Any]) -> Job:
        """The job as the service has it."""
        job = cls(wire, told["name"], priority=told["priority"])
        job.tasks.extend(Task.of(each) for each in told["tasks"])
        job._learn(told)
        return job

    def notify(self, url: str, *, final_states_only: bool = False) -> None:
        """Have the service tell a URL of the job's states; before it is submitted."""
        self._notification = {"url": url, "target": 1 if final_states_only else 2}

    def submit(self) -> None:
        """Submit it.

        Raises:
            ServiceError: the service refuses it, or cannot be reached.
            UsageError: it was submitted.
        """
        if self.id is not None:
            raise UsageError(f"the job {self.id} was submitted already; create another")
        body: dict[str, Any] = {
            "name": self.name,
            "priority": self.priority,
            "tasks": [task.body for task in self.tasks],
        }
        if self._notification is not None:
            body["notification"] = self._notification
        self._learn(self._wire.json("POST", "/jobs", body))

    def wait(self, *, on_progress: Callable[[float], None] = lambda share: None) -> JobState:
        """Wait until the job is over, and tell those who listen of each state on the way.

        Args:
            on_progress: called with the share that is done, 0..1.

        Returns:
            Its last state.

        Raises:
            ServiceError: the service cannot be reached for a while, or has no such job.
        """
        tries = 0
        while not self.state.is_final:
            seen = self._seen
            try:
                self._listen(on_progress)
                tries = 0
                if not self.state.is_final:  # the service is about to stop
                    time.sleep(PAUSE_S)
            except ServiceError as error:
                tries = 0 if self._seen > seen else tries + 1
                if error.status not in (None, 429, 502, 503, 504) or tries == TRIES:
                    raise
                time.sleep(PAUSE_S)
        self.refresh()
        return self.state

    def refresh(self) -> None:
        """Ask the service for the state of job and tasks; raises ServiceError."""
        self._learn(self._wire.json("GET", self._path))

    def cancel(self) -> None:
        """Have it canceled; raises ServiceError."""
        self._learn(self._wire.json("POST", f"{self._path}/cancel"))

    def delete(self) -> None:
        """Delete it once it is over; raises ServiceError."""
        self._wire.json("DELETE", self._path)

    @property
    def output_media_assets(self) -> list[Asset]:
        """What its finished tasks made; raises ServiceError."""
        return [
            Asset(self._wire, self._wire.json("GET", f"/assets/{task.output_asset_id}"))
            for task in self.tasks
            if task.state is JobState.Finished
        ]

    @property
    def historical_events(self) -> list[HistoricalEvent]:
        """What became of it and its tasks so far; raises ServiceError."""
        return [
            HistoricalEvent(
                each["code"],
                each["message"],
                datetime.fromisoformat(each["timeStamp"]),
                each["taskId"],
            )
            for each in self._wire.json("GET", f"{self._path}/history")
        ]

    @property
    def _path(self) -> str:
        if self.id is None:
            raise UsageError("the job was not submitted yet; call submit first")
        return f"/jobs/{self.id}"

    def _listen(self, on_progress: Callable[[float], None]) -> None:
        with self._wire.stream(f"{self._path}/events", {"Last-Event-ID": str(self._seen)}) as told:
            for kind, number, data in _events(told.iter_lines()):
                if kind == "progress":
                    self.progress = data["progress"]
                    on_progress(self.progress / 100)
                if number is not None:
                    self._seen = number
                if kind == "job":
                    self._tell(data)

    def _tell(self, data: dict[str, Any]) -> None:
        now = JobState[data["currentState"]]
        before = now if data["previousState"] is None else JobState[data["previousState"]]
        self.state = now
        if before is not now:
            for listener in self.state_changed:
                listener(StateChange(self, before, now))

    def _learn(self, told: dict[str, Any]) -> None:
        self.id, self.progress = told["id"], told["progress"]
        self.state = JobState(told["stateNumber"])
        for task, its in zip(self.tasks, told["tasks"], strict=True):
            task.learn(its)


class Jobs:
    """The jobs of the account."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def create(self, name: str, *, priority: int = 0) -> Job:
        """A job to fill with tasks and submit; 1 goes before 0, and that before -1."""
        return Job(self._wire, name, priority=priority)

    def get(self, id: str) -> Job:
        """The job of an id; raises ServiceError."""
        return Job.of(self._wire, self._wire.json("GET", f"/jobs/{id}"))

    def __iter__(self) -> Iterator[Job]:
        for told in pages(self._wire, "/jobs"):
            yield Job.of(self._wire, told)


def _events(lines: Iterator[str]) -> Iterator[tuple[str, int | None, dict[str, Any]]]:
    """Kind, number and data of each server-sent event."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif "data" in fields:
            number = int(fields["id"]) if "id" in fields else None
            yield fields.get("event", ""), number, json.loads(fields["data"])
            fields = {}
        else:
            fields = {}
