"""Azure Media Face Detector and Azure Media Redactor: their presets, files and names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mien.errors import ConfigurationError
from mien.jobs.codes import Code, TaskError
from mien.jobs.work import Output, Work
from mien.media.writer import write_image
from mien.pipeline import analyze_video
from mien.redact.effects import Effect, Strength
from mien.redact.files import (
    ANNOTATIONS,
    ID_LIST,
    annotations_name,
    read_id_list,
    redacted_name,
    thumb_name,
)
from mien.redact.thumbs import best_views
from mien.redact.video import Stage, find_faces, redact_video
from mien.timeline.detectable import detectable
from mien.timeline.media_analytics import write_media_analytics
from mien.timeline.presets import DETECTOR, REDACTOR, V3_TYPE, Preset, parse_preset

LOOKS: dict[str, tuple[Effect, Strength]] = {
    "Low": ("blur", "med"),
    "Med": ("blur", "med"),
    "High": ("blur", "high"),
    "Box": ("outline", "med"),
    "Black": ("black", "med"),
}
"""The Redactor's blur types. Its Low can be seen through; whoever asks for it gets Med."""

TOLD = {
    "Low": "a blur of type Low can be seen through; Med was used",
    "Box": "a blur of type Box outlines faces and hides nothing",
}
SHARES: dict[Stage, tuple[float, float]] = {"looking": (0.0, 0.7), "hiding": (0.7, 0.3)}
"""Where each stage of a redaction begins, and how much of the whole it is."""


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


def redact_faces(work: Work) -> list[Output]:
    """Azure Media Redactor. Of `foo.mp4`, analyze makes `foo_annotations.json` and a picture of
    each face, redact `foo_redacted.mp4` by the annotations and ids beside it, combined the same
    of everyone who is found.

    Raises:
        TaskError: the configuration cannot be used, there is no video, or redact lacks annotations.
        MienError: as of `mien.redact_video`.
    """
    preset = preset_of(work, REDACTOR)
    if preset.mode == "analyze":
        return _analyze(work)
    annotations = ids = None
    if preset.mode == "redact":
        found, listed = work.beside(ANNOTATIONS), work.beside(ID_LIST)
        if found is None:
            raise TaskError(
                Code.MALFORMED_INPUT,
                f"mode redact needs {annotations_name(_path(work))} in the input asset; "
                "make it with mode analyze",
            )
        annotations, ids = found.path, None if listed is None else read_id_list(listed.path)
    effect, strength = LOOKS[preset.blur_type]
    made = Output(redacted_name(_path(work)), work.folder / "redacted.mp4")

    def show(stage: Stage, share: float) -> None:
        begin, part = SHARES[stage]
        work.progress(begin + part * share)

    done = redact_video(
        work.video.path,
        made.path,
        annotations=annotations,
        ids=ids,
        effect=effect,
        strength=strength,
        engine=work.engine,
        audit=False,
        on_progress=show,
    )
    for note in (TOLD.get(preset.blur_type), *done.notes):
        if note is not None:
            work.tell(note)
    return [made]


def _analyze(work: Work) -> list[Output]:
    timeline = find_faces(
        work.video.path, engine=work.engine, on_progress=lambda share: work.progress(0.9 * share)
    )
    timeline = timeline.relabelled({number: number + 1 for number in timeline.tracks()})
    outputs = [Output(annotations_name(_path(work)), work.folder / "annotations.json")]
    write_media_analytics(timeline, outputs[0].path)
    for number, picture in best_views(work.video.path, timeline):
        thumb = Output(thumb_name(_path(work), number), work.folder / f"thumb{number}.jpg")
        write_image(thumb.path, picture)
        outputs.append(thumb)
    held = len(detectable(timeline, 0, timeline.frame_count).row)
    if left := len(timeline.faces) - held:
        work.tell(
            f"{left} of {len(timeline.faces)} boxes are not in the annotations: below 24 or above "
            "2048 pixels, beyond 64 in a frame, or seen too shortly; mode combined hides them too"
        )
    return outputs


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
