"""The media processors: Azure's two by their names, and four of our own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from mien.errors import NoSuchProcessorError
from mien.jobs.analyzer import analyze_to_timeline, columns_of_analysis
from mien.jobs.attention import columns_of_attention, watch
from mien.jobs.copies import annotate, make_playable
from mien.jobs.media_analytics import columns_of_detection, detect_faces
from mien.jobs.redactor import redact_faces
from mien.jobs.work import Output, Processor, Work

FACE_DETECTOR, REDACTOR = "Azure Media Face Detector", "Azure Media Redactor"
VIDEO_ANALYZER, ATTENTION_ANALYZER = "mien Video Analyzer", "mien Attention Analyzer"
WEB_VIDEO, VIDEO_ANNOTATOR = "mien Web Video", "mien Video Annotator"


@dataclass(frozen=True, slots=True)
class Named:
    """A processor made of a function."""

    name: str
    version: str
    description: str
    do: Callable[[Work], list[Output]]
    tells: Callable[[str], Sequence[str]] = lambda configuration: ()

    @property
    def id(self) -> str:
        """Always the same for the same name and version."""
        return f"mb:mpid:UUID:{uuid5(NAMESPACE_URL, f'mien:{self.name}:{self.version}')}"

    def columns(self, configuration: str) -> Sequence[str]:
        """See `Processor.columns`."""
        return self.tells(configuration)

    def run(self, work: Work) -> list[Output]:
        """See `Processor.run`."""
        return self.do(work)


PROCESSORS: tuple[Processor, ...] = (
    Named(
        *(FACE_DETECTOR, "1.0", "Faces of a video and their expressions, as JSON."),
        do=detect_faces,
        tells=columns_of_detection,
    ),
    Named(REDACTOR, "1.0", "A copy of a video in which faces are hidden.", redact_faces),
    Named(
        *(VIDEO_ANALYZER, "1.0", "A video's faces with any columns, as a timeline."),
        do=analyze_to_timeline,
        tells=columns_of_analysis,
    ),
    Named(
        *(ATTENTION_ANALYZER, "1.0", "Who looks at the camera, how far away and how often."),
        do=watch,
        tells=columns_of_attention,
    ),
    Named(WEB_VIDEO, "1.0", "A copy of a video that browsers play.", make_playable),
    Named(VIDEO_ANNOTATOR, "1.0", "A copy of a video with its faces drawn on it.", annotate),
)
"""All that there are, the newest version of each last."""


def find_processor(name: str, processors: Sequence[Processor] = PROCESSORS) -> Processor:
    """The newest processor of a name, in any case, or the one of an id.

    Raises:
        NoSuchProcessorError: there is none; the message names those that there are.
    """
    wanted = name.strip().lower()
    for each in reversed(processors):
        if wanted in (each.name.lower(), each.id.lower()):
            return each
    known = ", ".join(dict.fromkeys(each.name for each in processors))
    raise NoSuchProcessorError(
        f"there is no media processor '{name[:80]}'; take one of {known}", what=name
    )
