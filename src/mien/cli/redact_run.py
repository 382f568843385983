"""What `mien redact` does with each source."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import click

from mien.cli.each import work_on_each
from mien.cli.progress import progress_bar
from mien.cli.redact_job import Job, plan_targets
from mien.cli.sources import Source, make_folder
from mien.errors import ConfigurationError, MienError, UsageError
from mien.media import probe, read_image
from mien.media.encoder import VIDEO_FORMATS
from mien.media.writer import IMAGE_FORMATS, write_image
from mien.redact.audit import (
    Audit,
    FrameAuditor,
    audit_image,
    write_audit,
    write_audit_page,
)
from mien.redact.effects import Look
from mien.redact.files import (
    ANNOTATIONS,
    ID_LIST,
    annotations_name,
    audit_names,
    beside,
    parse_ids,
    read_id_list,
    thumb_name,
)
from mien.redact.photo import PhotoRedactor
from mien.redact.thumbs import best_views
from mien.redact.video import Progress, Stage, find_faces, redact_video, settings_of
from mien.timeline.detectable import detectable
from mien.timeline.media_analytics import write_media_analytics
from mien.timeline.timeline import Timeline

MOST_TOLD = 5
"""Moments that an error names; the others are in the audit."""


class ExposedError(MienError):
    """A face can be seen in what was to hide it."""


def redact_all(sources: Sequence[Source], output: str | None, job: Job) -> None:
    """Redact every source; a failure is told, and does not stop the others.

    Raises:
        MienError: the only source failed, or some of several.
    """
    pairs = plan_targets(sources, output, job)
    annotations = (ConfigurationError,)  # those of a video are its own
    work_on_each(
        pairs, lambda source, target: redact_one(source, target, job), "redacted", own=annotations
    )


def redact_one(source: Path, target: Path, job: Job) -> None:
    """Redact one source.

    Raises:
        MienError: it cannot be read, analysed or written; or a face can be seen.
    """
    kind = probe(source).kind
    if job.mode == "analyze":
        analyze(source, target.parent, kind, job)
        return
    if not target.suffix:
        endings = {"video": ".mp4", "image": _photo_suffix(source)}
        target = target.with_name(target.name + endings[kind])
    _check_target(source, target, kind)
    if job.resume and is_done(source, target, job):
        click.echo(f"{target} is done", err=True)
        return
    found = (_photo if kind == "image" else _video)(source, target, job)
    if found is not None:
        write_both(found, target)
        check_passed(found, target)
    if job.look.effect == "outline":
        raise ExposedError(f"{target} has its faces outlined: an outline hides nothing")


def _photo_suffix(source: Path) -> str:
    return source.suffix.lower() if source.suffix.lower() in IMAGE_FORMATS else ".png"


def _check_target(source: Path, target: Path, kind: str) -> None:
    formats = VIDEO_FORMATS if kind == "video" else IMAGE_FORMATS
    if target.suffix.lower() not in formats:
        what = "video" if kind == "video" else "photo"
        raise UsageError(f"{source.name} is a {what}; its copy must end in {', '.join(formats)}")
    if target.exists() and target.samefile(source):
        raise UsageError(f"{target} is the input; choose another -o")


def _video(source: Path, target: Path, job: Job) -> Audit | None:
    annotations = ids = keep = None
    if job.mode == "redact":
        annotations, ids, keep = _instructions(source, job)
    with progress_bars(source.name) as show:
        done = redact_video(
            source,
            target,
            annotations=annotations,
            ids=ids,
            keep_ids=keep,
            effect=job.look.effect,
            strength=job.look.strength,
            mask=job.look.shape,
            margin=job.margin,
            feather=job.look.feather,
            unsafe=job.unsafe,
            paranoid=job.paranoid,
            encoding=job.encoding,
            engine=job.engine,
            audit=job.audit,
            limit_s=job.audit_limit,
            on_progress=show,
        )
    for note in done.notes:
        click.echo(f"mien: {note}", err=True)
    return done.audit


def _instructions(
    source: Path, job: Job
) -> tuple[Path, tuple[int, ...] | None, tuple[int, ...] | None]:
    """The annotations of a video, the ids to hide and the ids to keep, as given or found beside."""
    annotations = job.annotations or beside(source, ANNOTATIONS)
    if annotations is None:
        raise UsageError(
            f"there is no {annotations_name(source)} beside {source.name}; make it with "
            "--mode analyze, or name it with --annotations"
        )
    keep = None if job.keep_ids is None else _ids(job.keep_ids, "--keep-ids")
    if job.ids is not None:
        return annotations, _ids(job.ids, "--ids"), keep
    listed = None if job.keep_ids is not None else beside(source, ID_LIST)
    return annotations, None if listed is None else read_id_list(listed), keep


def _ids(text: str, option: str) -> tuple[int, ...]:
    """The ids of an option: a list of numbers, or a file of them."""
    path = Path(text)
    if path.is_file() or path.suffix:
        found = read_id_list(path)
    else:
        found = parse_ids(text.replace(",", " ").split(), f"{option}, entry")
    if found is None:
        raise UsageError(f"{option} names nobody; leave it out to hide everyone")
    return found


def _photo(source: Path, target: Path, job: Job) -> Audit | None:
    if job.mode == "redact":
        raise UsageError(f"{source.name} is a photo; --mode redact is for videos")
    rgb = read_image(source)
    redactor = _photo_redactor(job.look, job.margin, job.paranoid, job.unsafe)
    copy, _ = redactor.redacted(rgb)
    write_image(target, copy)
    if not job.audit:
        return None
    return audit_photo(source, target, settings_of(job.look, job.margin, job.paranoid))


def audit_photo(source: Path, target: Path, settings: Mapping[str, Any] | None = None) -> Audit:
    """Audit a redacted photo; see `mien.redact.audit.audit_image`."""
    return audit_image(
        read_image(source),
        read_image(target),
        files=(source, target),
        settings=settings,
        auditor=_auditor(),
    )


@lru_cache(maxsize=1)
def _photo_redactor(look: Look, margin: float, paranoid: bool, unsafe: bool) -> PhotoRedactor:
    return PhotoRedactor(look, margin=margin, paranoid=paranoid, unsafe=unsafe)


@lru_cache(maxsize=1)
def _auditor() -> FrameAuditor:
    return FrameAuditor.load()


def analyze(source: Path, folder: Path, kind: str, job: Job) -> None:
    """Write the annotations of a video and the pictures of its faces into a folder.

    Raises:
        MienError: as of `redact_one`.
    """
    if kind != "video":
        raise UsageError(f"{source.name} is a photo; --mode analyze is for videos")
    make_folder(folder)
    with progress_bar(f"{source.name}, looking") as show:
        timeline = find_faces(source, paranoid=job.paranoid, engine=job.engine, on_progress=show)
    timeline = timeline.relabelled({number: number + 1 for number in timeline.tracks()})
    for number, picture in best_views(source, timeline):
        write_image(folder / thumb_name(source, number), picture)
    write_media_analytics(timeline, folder / annotations_name(source))
    _tell_left_out(timeline, source)


def _tell_left_out(timeline: Timeline, source: Path) -> None:
    """Say so where the document, whose limits are the Redactor's, does not hold everyone."""
    held = len(detectable(timeline, 0, timeline.frame_count).row)
    if left := len(timeline.faces) - held:
        click.echo(
            f"mien: {left} of {len(timeline.faces)} boxes are not in {annotations_name(source)}: "
            "below 24 or above 2048 pixels, beyond 64 in a frame, or seen too shortly to be sure; "
            "--mode combined hides them too",
            err=True,
        )


def is_done(source: Path, target: Path, job: Job) -> bool:
    """Whether a run before has redacted the file as it is now, with these settings, and the audit
    passed where one is wanted."""
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        return False
    if not job.audit:
        return True
    asked = settings_of(job.look, job.margin, job.paranoid)
    if target.suffix.lower() in VIDEO_FORMATS:
        _, ids, keep = _instructions(source, job) if job.mode == "redact" else (None, None, None)
        asked = settings_of(job.look, job.margin, job.paranoid, job.encoding, ids, keep)
    document = audit_names(target)[0]
    try:
        told = json.loads(document.read_text("utf-8"))
        return bool(told["passed"]) and told["settings"] == asked
    except (OSError, ValueError, KeyError, TypeError):
        return False  # there is no such audit, so it is done again


def write_both(audit: Audit, target: Path) -> None:
    """Write the documents of an audit beside the file that was audited.

    Raises:
        OutputError: they cannot be written.
    """
    document, page = audit_names(target)
    write_audit(audit, document)
    write_audit_page(audit, page)


def check_passed(audit: Audit, target: Path) -> None:
    """Check that nobody can be seen.

    Raises:
        ExposedError: somebody can; it says when.
    """
    if audit.passed():
        return
    moments = [f"{run.first} to {run.last}" for run in audit.residual[:MOST_TOLD]]
    more = len(audit.residual) - len(moments)
    where = ", ".join(moments) + (f" and {more} times more" if more else "")
    when = f" at {where}" if audit.kind == "video" else ""
    raise ExposedError(f"faces can be seen in {target}{when}; look at {audit_names(target)[1]}")


@contextmanager
def progress_bars(name: str) -> Iterator[Progress]:
    """Give a function that shows a bar for each stage, one after the other."""
    with ExitStack() as bars:
        shown: dict[Stage, Callable[[float], None]] = {}

        def show(stage: Stage, share: float) -> None:
            if stage not in shown:
                bars.close()
                shown[stage] = bars.enter_context(progress_bar(f"{name}, {stage}"))
            shown[stage](share)

        yield show
