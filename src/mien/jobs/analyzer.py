"""The processor of our own: a video analysed with any columns, given as a whole timeline.

What other APIs answer is made of it: `read_timeline` gives back every column as it was.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from mien.detect import PROFILES
from mien.errors import UsageError
from mien.faces import ROW_SHAPES
from mien.jobs.codes import Code, TaskError
from mien.jobs.work import Output, Work
from mien.pipeline import analyze_video
from mien.pipeline.segment import EVERY_S
from mien.timeline.archive import write_timeline


@dataclass(frozen=True, slots=True)
class Analysis:
    """What to analyse; see the arguments of `mien.analyze_video`. `text` is the configuration of a
    task that does it."""

    columns: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    profile: str = "balanced"
    reid: bool = True
    every_s: float = EVERY_S
    smooth: bool = True
    cautious: bool = False

    def __post_init__(self) -> None:
        for name in ("columns", "keep"):
            if unknown := sorted(set(getattr(self, name)) - ROW_SHAPES.keys()):
                raise UsageError(f"{name}: there is no column '{unknown[0]}'; see mien.faces")
        if self.profile not in PROFILES:
            raise UsageError(f"profile must be one of {', '.join(PROFILES)}")
        if not 0 <= self.every_s < float("inf"):
            raise UsageError(f"every_s must be 0 or more seconds, got {self.every_s}")

    @property
    def text(self) -> str:
        """The configuration, as JSON."""
        return json.dumps({field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def of(cls, text: str) -> Analysis:
        """The analysis that a configuration asks for; raises UsageError."""
        try:
            given = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"the configuration is not valid JSON: {error}") from error
        if not isinstance(given, dict):
            raise UsageError("the configuration must be a JSON object")
        kinds: dict[str, Any] = {
            **{"columns": list, "keep": list, "profile": str},
            **{"reid": bool, "every_s": (int, float), "smooth": bool, "cautious": bool},
        }
        for name, value in given.items():
            if name not in kinds:
                raise UsageError(f"the configuration has '{name}', none of {', '.join(kinds)}")
            wrong = isinstance(value, bool) and kinds[name] is not bool
            texts = (
                all(isinstance(each, str) for each in value) if isinstance(value, list) else True
            )
            if wrong or not texts or not isinstance(value, kinds[name]):
                raise UsageError(f"'{name}' of the configuration has a value of the wrong type")
        lists = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
        return cls(**{**given, **lists})


def columns_of_analysis(configuration: str) -> Sequence[str]:
    """The columns that a configuration asks for; none if it cannot be read."""
    try:
        return Analysis.of(configuration).columns
    except UsageError:
        return ()


def analyze_to_timeline(work: Work) -> list[Output]:
    """Make `foo_timeline.npz` of `foo.mp4`.

    Raises:
        TaskError: the configuration cannot be used, or there is no video.
        MienError: as of `mien.analyze_video`.
    """
    try:
        asked = Analysis.of(work.configuration)
    except UsageError as error:
        raise TaskError(Code.CONFIGURATION, str(error)) from error
    timeline = analyze_video(
        work.video.path,
        columns=asked.columns,
        keep=asked.keep,
        profile=asked.profile,
        reid=asked.reid,
        threads=1,
        engine=work.engine,
        every_s=asked.every_s,
        smooth=asked.smooth,
        cautious=asked.cautious,
        on_progress=work.progress,
    )
    made = Output(f"{work.video.plain.stem}_timeline.npz", work.folder / "timeline.npz")
    write_timeline(timeline, made.path)
    return [made]
