"""Azure Media Face Detector: its preset and its file; the Redactor is in `mien.jobs.redactor`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mien.errors import ConfigurationError
from mien.jobs.codes import Code, TaskError
from mien.jobs.redactor import redact_faces
from mien.jobs.work import Output, Work
from mien.pipeline import analyze_video
from mien.redact.files import annotations_name
from mien.timeline.media_analytics import write_media_analytics
from mien.timeline.presets import DETECTOR, V3_TYPE, Preset, parse_preset


def detect_faces(work: Work) -> list[Output]:
    """Azure Media Face Detector: `foo_annotations.json` of `foo.mp4`. A FaceDetectorPreset of v3
    has the modes of the Redactor, and is that one's to do.

    Raises:
        TaskError: the configuration cannot be used, or there is no video.
        MienError: as of `mien.analyze_video`.
    """
    if V3_TYPE.lower() in work.configuration.lower():
        return redact_faces(work)
    preset = preset_of(work, DETECTOR)
    timeline = analyze_video(
        work.video.path,
        columns=() if preset.mode == "faces" else ("emotion",),
        threads=1,
        engine=work.engine,
        on_progress=work.progress,
    )
    made = Output(annotations_name(_path(work)), work.folder / "annotations.json")
    write_media_analytics(
        timeline,
        made.path,
        mode=preset.mode,
        window_ms=preset.window_ms,
        interval_ms=preset.interval_ms,
        max_faces=preset.max_faces,
    )
    return [made]


def columns_of_detection(configuration: str) -> Sequence[str]:
    """The columns that a preset of the Face Detector asks for; none if it cannot be read."""
    try:
        mode = parse_preset(configuration, kind=DETECTOR).mode
    except ConfigurationError:
        return ()
    return () if mode == "faces" else ("emotion",)


def preset_of(work: Work, kind: str) -> Preset:
    """The configuration of a task.

    Raises:
        TaskError: it cannot be used; the code says that it is the configuration.
    """
    try:
        return parse_preset(work.configuration, kind=kind)
    except ConfigurationError as error:
        raise TaskError(Code.CONFIGURATION, str(error)) from error


def _path(work: Work) -> Path:
    return Path(work.video.name)
