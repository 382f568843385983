"""Which videos an account has, what was found in them, and their redacted copies: all of it assets
and jobs of the media API."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from mien.errors import NoSuchAssetError, UsageError
from mien.jobs import Asset, AssetFile, Job, NewTask, Queue, State, Task, find_processor
from mien.jobs.analyzer import Analysis
from mien.jobs.processors import REDACTOR, VIDEO_ANALYZER
from mien.jobs.redactor import EDITS, TIMELINE
from mien.jobs.work import BESIDE
from mien.timeline.edits import Edit, document_of

T = TypeVar("T", Asset, Job)

PAGE = 1000

LOOK = Analysis(cautious=True)
"""What a redaction needs to know of a video."""


@dataclass(frozen=True, slots=True)
class Step:
    """A task with a video, and the job it belongs to."""

    job: Job
    task: Task


@dataclass(frozen=True, slots=True)
class Clip:
    """A video of an account.

    Attributes:
        looks: the tasks that look for everyone in it, the newest first.
        copies: those that hide by what was chosen, the newest first.
    """

    asset: Asset
    file: AssetFile
    looks: tuple[Step, ...]
    copies: tuple[Step, ...]

    @property
    def found(self) -> Step | None:
        """The newest look that is done."""
        done = (step for step in self.looks if step.task.state is State.Finished)
        return next(done, None)


class Videos:
    """The videos of one account.

    Args:
        queue: of the account.
    """

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def all(self) -> list[Clip]:
        """All that were uploaded whole, the newest first."""
        jobs = list(_every(self._queue.page))
        made = {task.output for job in jobs for task in job.tasks}
        clips = []
        for asset in _every(self._queue.assets.page):
            file = None if asset.id in made else video_of(asset)
            if file is not None and file.is_whole:
                clips.append(self._clip(asset, file, jobs))
        return sorted(clips, key=lambda clip: clip.asset.created, reverse=True)

    def get(self, id: str) -> Clip:
        """One of them; raises NoSuchAssetError."""
        asset = self._queue.assets.get(id)
        file = video_of(asset)
        if file is None or not file.is_whole:
            raise NoSuchAssetError("the asset holds no whole video", what=id)
        return self._clip(asset, file, self._queue.of_asset(id))

    def look(self, clip: Clip) -> Job:
        """Have somebody look for everyone in a video."""
        task = NewTask("look", VIDEO_ANALYZER, LOOK.text, (clip.asset.id,), "who is there")
        return self._queue.submit(f"look at {clip.file.name}"[:200], [task])

    def render(self, clip: Clip, edits: Sequence[Edit], *, audit: bool) -> Job:
        """Have a video hidden by its log of edits, as it is now.

        Raises:
            NoSuchAssetError: nobody has looked at it.
        """
        if clip.found is None:
            raise NoSuchAssetError("the video was not looked at", what=clip.asset.id)
        assets = self._queue.assets
        log = assets.create(f"edits of {clip.file.name}"[:200])
        data = json.dumps([document_of(edit) for edit in edits], ensure_ascii=False).encode()
        assets.put(log.id, f"log{EDITS}", [data], len(data))
        configuration = {"version": "1.0", "options": {"mode": "redact", "mien": {"audit": audit}}}
        inputs = clip.asset.id, clip.found.task.output, log.id
        task = NewTask("hide", REDACTOR, json.dumps(configuration), inputs, "redacted")
        return self._queue.submit(f"hide in {clip.file.name}"[:200], [task])

    def timeline(self, clip: Clip) -> AssetFile | None:
        """What was found in a video; None before that, or when it was deleted."""
        if clip.found is None:
            return None
        return self.file(clip.found, TIMELINE)

    def file(self, step: Step, ending: str) -> AssetFile | None:
        """The file with this ending that a task made; None if there is none."""
        try:
            files = self._queue.assets.get(step.task.output).files
        except NoSuchAssetError:
            return None
        return next((file for file in files if file.name.endswith(ending)), None)

    def files(self, step: Step) -> tuple[AssetFile, ...]:
        """The files that a task made."""
        try:
            return self._queue.assets.get(step.task.output).files
        except NoSuchAssetError:
            return ()

    def _clip(self, asset: Asset, file: AssetFile, jobs: Sequence[Job]) -> Clip:
        looker, hider = (find_processor(name).id for name in (VIDEO_ANALYZER, REDACTOR))
        steps = [Step(job, task) for job in jobs for task in job.tasks if asset.id in task.inputs]
        steps.sort(key=lambda step: step.job.created, reverse=True)
        return Clip(
            asset,
            file,
            tuple(s for s in steps if s.task.processor == looker and _is_cautious(s.task)),
            tuple(s for s in steps if s.task.processor == hider and len(s.task.inputs) == 3),
        )


def video_of(asset: Asset) -> AssetFile | None:
    """The file of an asset that a task would work on; None if there is none."""
    named = [file for file in asset.files if file.is_primary]
    other = [file for file in asset.files if _suffix(file.name) not in BESIDE]
    return next(iter(named or other), None)


def _suffix(name: str) -> str:
    dot = name.rfind(".")
    return name[dot:].lower() if dot > 0 else ""


def _is_cautious(task: Task) -> bool:
    try:
        return Analysis.of(task.configuration).cautious
    except UsageError:
        return False


def _every(page: Callable[..., list[T]]) -> Iterator[T]:
    """All of the pages."""
    last = ""
    while found := page(after=last, top=PAGE):
        yield from found
        last = found[-1].id
        if len(found) < PAGE:
            return
