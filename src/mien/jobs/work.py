"""What a processor is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Protocol

from mien.engines import Engine
from mien.jobs.codes import Code, TaskError

BESIDE = frozenset({".json", ".txt", ".jpg", ".jpeg", ".png", ".xml", ".csv", ".vtt", ".npz"})
"""Endings of files that go along with a video and are not what a task works on."""


@dataclass(frozen=True, slots=True)
class Input:
    """A file to work on: what its client calls it, and where its bytes are."""

    name: str
    path: Path
    is_primary: bool = False

    @property
    def plain(self) -> PurePath:
        """The name, for its stem and ending; there is no such file."""
        return PurePath(self.name)


@dataclass(frozen=True, slots=True)
class Output:
    """A file that was made: what it shall be called, and where it lies for now."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Work:
    """One task, as its processor sees it.

    Attributes:
        configuration: the preset, as the client wrote it.
        inputs: the files of all input assets, in their order.
        folder: for what is made; empty at first, and removed in the end.
        engine: keeps each segment's result, so that the task can go on after a death.
        progress: to be called with the share that is done, 0..1.
        tell: adds a sentence to the history of the task.
    """

    configuration: str
    inputs: Sequence[Input]
    folder: Path
    engine: Engine | None = None
    progress: Callable[[float], None] = field(default=lambda share: None)
    tell: Callable[[str], None] = field(default=lambda message: None)

    @property
    def video(self) -> Input:
        """The file to work on: the primary one, else the first that does not go along with a video.

        Raises:
            TaskError: there is none.
        """
        chosen = [each for each in self.inputs if each.is_primary] or [
            each for each in self.inputs if each.plain.suffix.lower() not in BESIDE
        ]
        if not chosen:
            raise TaskError(
                Code.MALFORMED_INPUT, "the input asset holds no video; upload one, then submit anew"
            )
        return chosen[0]

    def beside(self, ending: str) -> Input | None:
        """The input file whose name ends so, in any case; one named after the video before all
        others. None if there is none."""
        found = [each for each in self.inputs if each.name.lower().endswith(ending.lower())]
        own = f"{self.video.plain.stem}{ending}".lower()
        return next((each for each in found if each.name.lower() == own), None) or next(
            iter(found), None
        )


class Processor(Protocol):
    """What a task can be. Its work must come out the same however often it is begun.

    Attributes:
        id: `mb:mpid:UUID:…`, as the media processors of Azure had one.
        name, version: by which programs find it; "1.0" is a version.
        description: one sentence.
    """

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def description(self) -> str: ...

    def columns(self, configuration: str) -> Sequence[str]:
        """What it would tell of people, as columns of `Faces` beside boxes and ids; nothing where
        the configuration cannot be read. A policy may forbid it."""

    def run(self, work: Work) -> list[Output]:
        """Do a task. What it raises becomes the task's error: `mien.jobs.codes` says which."""
