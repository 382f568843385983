"""Which videos an account has, and what was made of them: assets and jobs of the media API.

The pages of videos and of redaction list, look and make with this one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TypeVar

from mien.errors import InUseError, MienError, NoSuchAssetError, NoSuchJobError, UsageError
from mien.jobs import Asset, AssetFile, Job, NewTask, Queue, State, Task, find_processor
from mien.jobs.analyzer import Analysis
from mien.jobs.copies import TIMELINE
from mien.jobs.processors import REDACTOR, VIDEO_ANALYZER, VIDEO_ANNOTATOR, WEB_VIDEO
from mien.jobs.redactor import EDITS
from mien.jobs.work import BESIDE
from mien.media import probe
from mien.media.image import ImageInfo
from mien.media.playable import is_playable
from mien.timeline.edits import Edit, document_of

T = TypeVar("T", Asset, Job)

PAGE = 1000
PIECE = 1 << 20
CANCEL_S, LOOK_S = 10.0, 0.1
"""How long a job may take to let go of a video that is to be deleted, and how often it is looked
after."""

ANALYZER, COPIER, ANNOTATOR, HIDER = (
    find_processor(name).id for name in (VIDEO_ANALYZER, WEB_VIDEO, VIDEO_ANNOTATOR, REDACTOR)
)


class Stage(StrEnum):
    """How far a video is."""

    UPLOADING = "uploading"
    NEW = "new"
    WAITING = "waiting"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class Step:
    """A task with a video, and the job it belongs to."""

    job: Job
    task: Task


@dataclass(frozen=True, slots=True)
class Clip:
    """A video of an account; `steps` are the tasks with it, the newest first."""

    asset: Asset
    file: AssetFile
    steps: tuple[Step, ...]

    def newest(self, processor: str, *states: State) -> Step | None:
        """The newest task of a processor, in one of these states if any are named."""
        for step in self.steps:
            if step.task.processor == processor and (not states or step.task.state in states):
                return step
        return None

    @property
    def analysis(self) -> Step | None:
        """The newest analysis that is done."""
        return self.newest(ANALYZER, State.Finished)

    @property
    def work(self) -> Step | None:
        """The newest analysis, in whatever state."""
        return self.newest(ANALYZER)

    @property
    def looks(self) -> tuple[Step, ...]:
        """The analyses that a redaction can go by, in whatever state, the newest first."""
        made = (step for step in self.steps if step.task.processor == ANALYZER)
        return tuple(step for step in made if _is_cautious(step.task))

    @property
    def look(self) -> Step | None:
        """The newest of them that is done, with the copy for browsers that its job may make."""
        done = (step for step in self.looks if step.task.state is State.Finished)
        return next((step for step in done if step.job.state.is_final), None)

    @property
    def hidden(self) -> tuple[Step, ...]:
        """The redacted copies that were made by an analysis and its edits, the newest first."""
        made = (step for step in self.steps if step.task.processor == HIDER)
        return tuple(step for step in made if len(step.task.inputs) == 3)

    @property
    def stage(self) -> Stage:
        """How far it is."""
        if not self.file.is_whole:
            return Stage.UPLOADING
        work = self.work
        if work is None:
            return Stage.NEW
        if not work.job.state.is_final:
            waits = work.job.state in (State.Queued, State.Scheduled) and not work.job.progress
            return Stage.WAITING if waits else Stage.RUNNING
        if self.analysis is not None:
            return Stage.READY
        return Stage.CANCELED if work.task.state is State.Canceled else Stage.FAILED


class Library:
    """The videos of one account.

    Args:
        queue: of the account.
    """

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def all(self) -> list[Clip]:
        """All of them, the newest first; also those that are still sent."""
        jobs = list(_every(self._queue.page))
        made = {task.output for job in jobs for task in job.tasks}
        clips = []
        for asset in _every(self._queue.assets.page):
            file = None if asset.id in made else video_of(asset)
            if file is not None:
                clips.append(_clip(asset, file, jobs))
        return sorted(clips, key=lambda clip: clip.asset.created, reverse=True)

    def get(self, id: str) -> Clip:
        """One of them; raises NoSuchAssetError."""
        asset = self._queue.assets.get(id)
        file = video_of(asset)
        if file is None:
            raise NoSuchAssetError("there is no video in this asset", what=id)
        return _clip(asset, file, self._queue.of_asset(id))

    def plan(self, clip: Clip, columns: Sequence[str]) -> list[NewTask]:
        """What is to be done to analyse a video: also a copy, where browsers cannot play it.

        Raises:
            UsageError: it is no video; the message names it as its owner does.
            InUseError: it is not there to its end, or is being analysed.
        """
        if not clip.file.is_whole or clip.stage in (Stage.WAITING, Stage.RUNNING):
            raise InUseError("the video is being sent or analysed; wait until that is over")
        path = self._queue.assets.path(clip.file)
        try:
            if isinstance(probe(path), ImageInfo):
                raise UsageError(f"{clip.file.name} is a photo; go to Photo with it")
            playable = is_playable(path)
        except MienError as error:
            told = str(error).replace(str(path), clip.file.name)
            raise UsageError(f"this cannot be analysed: {told}") from error
        look = Analysis(columns=tuple(columns), cautious=True)
        inputs, stem = (clip.asset.id,), clip.file.name[:100]
        tasks = [NewTask("analyse", VIDEO_ANALYZER, look.text, inputs, f"analysis of {stem}")]
        if not playable and clip.newest(COPIER, State.Finished) is None:
            tasks.append(NewTask("copy", WEB_VIDEO, "", inputs, f"{stem} for browsers"))
        return tasks

    def analyze(self, clip: Clip, tasks: Sequence[NewTask]) -> Job:
        """Have what was planned done; raises as `Queue.submit`."""
        return self._queue.submit(f"analyse {clip.file.name[:100]}", tasks)

    def annotate(self, clip: Clip, timeline: Path, names: Mapping[int, str]) -> Job:
        """Have the faces of a timeline (an archive of one) drawn on a video."""
        stem = clip.file.name.rpartition(".")[0] or clip.file.name
        assets = self._queue.assets
        made = assets.create(f"edited analysis of {clip.file.name[:100]}")
        size = timeline.stat().st_size
        with timeline.open("rb") as file:
            pieces = iter(partial(file.read, PIECE), b"")
            assets.put(made.id, f"{stem[:100]}{TIMELINE}", pieces, size)
        told = json.dumps({"names": {str(id): name for id, name in names.items()}})
        inputs = (clip.asset.id, made.id)
        task = NewTask("draw", VIDEO_ANNOTATOR, told, inputs, f"{stem[:100]} with faces")
        return self._queue.submit(f"draw faces on {clip.file.name[:100]}", [task])

    def hide(self, clip: Clip, edits: Sequence[Edit], *, audit: bool) -> Job:
        """Have a video hidden by its log of edits, as it is now.

        Raises:
            NoSuchAssetError: nobody has looked at it.
        """
        if clip.look is None:
            raise NoSuchAssetError("the video was not looked at", what=clip.asset.id)
        assets = self._queue.assets
        log = assets.create(f"edits of {clip.file.name[:100]}")
        data = json.dumps([document_of(edit) for edit in edits], ensure_ascii=False).encode()
        last = edits[-1].number if edits else 0
        assets.put(log.id, f"{last}{EDITS}", [data], len(data))
        told = {"version": "1.0", "options": {"mode": "redact", "mien": {"audit": audit}}}
        inputs = clip.asset.id, clip.look.task.output, log.id
        task = NewTask("hide", REDACTOR, json.dumps(told), inputs, "redacted")
        return self._queue.submit(f"hide in {clip.file.name[:100]}", [task])

    def last_edit(self, hidden: Step) -> int | None:
        """The number of the last edit that a redacted copy goes by; None if it is not known."""
        log = self.files(hidden.task.inputs[-1])
        number = log[0].name.removesuffix(EDITS) if log else ""
        return int(number) if number.isdecimal() else None

    def files(self, asset: str) -> tuple[AssetFile, ...]:
        """The files of an asset; none of one that is not there (any more)."""
        with suppress(NoSuchAssetError):
            return self._queue.assets.get(asset).files
        return ()

    def file(self, step: Step | None, ending: str) -> AssetFile | None:
        """The file with this ending that a task made; None if there is none (any more)."""
        files = () if step is None else self.files(step.task.output)
        return next((file for file in files if file.name.endswith(ending)), None)

    def delete(self, clip: Clip) -> None:
        """Delete a video with everything that was made of it, its edits, and its jobs.

        Raises:
            InUseError: a job does not let go of it in time.
        """
        for step in clip.steps:
            with suppress(InUseError, NoSuchJobError):  # it is over
                self._queue.cancel(step.job.id)
        until = time.monotonic() + CANCEL_S
        while any(not job.state.is_final for job in self._queue.of_asset(clip.asset.id)):
            if time.monotonic() > until:
                raise InUseError("its jobs are being stopped; try again in a moment")
            time.sleep(LOOK_S)
        for job in self._queue.of_asset(clip.asset.id):
            for id in {each for task in job.tasks for each in (task.output, *task.inputs)}:
                if id != clip.asset.id:
                    self._delete_beside(id, {task.output for task in job.tasks})
            self._queue.delete(job.id)
        self._queue.assets.delete(clip.asset.id)

    def _delete_beside(self, id: str, outputs: set[str]) -> None:
        """Delete what was made, or was put beside a video for a job; another video stays."""
        with suppress(NoSuchAssetError, InUseError):
            if id in outputs or video_of(self._queue.assets.get(id)) is None:
                self._queue.assets.delete(id)


def video_of(asset: Asset) -> AssetFile | None:
    """The file of an asset that a task would work on; None if there is none."""
    named = [file for file in asset.files if file.is_primary]
    other = [file for file in asset.files if _suffix(file.name) not in BESIDE]
    return next(iter(named or other), None)


def _suffix(name: str) -> str:
    return f".{name.rpartition('.')[2].lower()}"


def _is_cautious(task: Task) -> bool:
    try:
        return Analysis.of(task.configuration).cautious
    except UsageError:
        return False


def _clip(asset: Asset, file: AssetFile, jobs: Sequence[Job]) -> Clip:
    steps = [Step(job, task) for job in jobs for task in job.tasks if asset.id in task.inputs]
    steps.sort(key=lambda step: step.job.created, reverse=True)
    return Clip(asset, file, tuple(steps))


def _every(page: Callable[..., list[T]]) -> Iterator[T]:
    """All of the pages."""
    last = ""
    while found := page(after=last, top=PAGE):
        yield from found
        last = found[-1].id
        if len(found) < PAGE:
            return
