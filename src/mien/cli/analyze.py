"""`mien analyze`: photos to Face API entries, videos to Media Analytics JSON, both to tables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import click

from mien.cli.copies import Copies, plan_copies
from mien.cli.each import work_on_each
from mien.cli.formats import SUFFIXES, Output, choose_output
from mien.cli.progress import progress_bar
from mien.cli.sources import Source, find_sources, plan_outputs
from mien.detect import PROFILES
from mien.engines import Engine, engine_named
from mien.errors import ConfigurationError, DecodeError
from mien.media import probe, read_image
from mien.media.writer import write_image
from mien.pipeline import PhotoAnalyzer, analyze_video
from mien.report.annotated import annotate_picture, write_annotated
from mien.timeline.presets import Preset, parse_preset
from mien.timeline.timeline import Timeline

MODES = ("faces", "perFaceEmotion", "aggregateEmotion")


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked of every source: what to write, profile, ids over the video, smoothing, where
    to work, copies that the faces are drawn on."""

    output: Output
    profile: str
    reid: bool
    smooth: bool
    engine: Engine | None = None
    copies: Copies = Copies()  # noqa: RUF009 - frozen


@click.command("analyze")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE…")
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    help="File, or folder for several sources; standard output if left out.",
)
@click.option(
    "--mode",
    type=click.Choice(MODES, case_sensitive=False),
    help="What to write for a video [faces].",
)
@click.option(
    "--config", type=click.Path(path_type=Path), help="A JSON preset of Azure Media Face Detector."
)
@click.option(
    "--window-ms", metavar="N", help="aggregateEmotion: length of the window, 250 to 2000 [500]."
)
@click.option(
    "--interval-ms", metavar="N", help="aggregateEmotion: one result every N ms, 250 to 1000 [500]."
)
@click.option(
    "--attributes",
    metavar="LIST|all|none",
    help="Attributes of the faces [photos: all; videos, as csv or parquet: what the mode needs].",
)
@click.option(
    "--profile",
    type=click.Choice([*PROFILES]),
    default="balanced",
    help="Speed against the smallest face [balanced].",
)
@click.option(
    "--reid",
    type=click.Choice(["on", "off"]),
    default="on",
    help="Whether somebody who comes back after a long absence keeps the id [on].",
)
@click.option(
    "--smooth",
    type=click.Choice(["on", "off"]),
    default="on",
    help="Whether expressions in videos are smoothed over their neighbours in time [on].",
)
@click.option(
    "--format",
    "form",
    type=click.Choice([*SUFFIXES]),
    default="json",
    help="What to write; mot (MOTChallenge text) and vtt (captions) are for videos [json].",
)
@click.option(
    "--annotated",
    metavar="FILE",
    help="Also a copy with what was found drawn on it: mp4, mov or mkv; png or jpg of a photo; a "
    "folder for several sources.",
)
@click.option(
    "--engine",
    default="local",
    metavar="none|local|local:N",
    help="Where long videos are worked on: in N processes, or in this one alone [local, a process "
    "for each core]. The result is the same.",
)
def command(
    sources: tuple[str, ...],
    output: str | None,
    profile: str,
    reid: str,
    engine: str,
    smooth: str,
    attributes: str | None,
    form: str,
    annotated: str | None,
    **choices: Any,
) -> None:
    """Find, follow and describe the faces in photos and videos.

    A SOURCE is a file, a folder (searched through) or a pattern. Each gives one JSON document: for
    a photo, its faces as Face API v1.0 `detect` gave them; for a video, the document of Azure Media
    Face Detector.

    As csv or parquet it is a table with a row for each face and frame. That of a video holds ids
    and boxes, expressions with --mode perFaceEmotion, and what --attributes names: age, gender,
    headPose, gaze, openness, emotion, points, quality, attributes.

    \b
    Example: mien analyze clip.mp4 -o clip.json
             mien analyze photos/ 'clips/*.mov' -o results/
             mien analyze interview.mp4 --mode aggregateEmotion --window-ms 1000
             mien analyze clip.mp4 -o clip.csv --format csv --attributes emotion,headPose
             mien analyze clip.mp4 -o clip.json --annotated seen.mp4 --attributes emotion,age
    """
    found = find_sources(sources)
    wanted = choose_output(form, choose_preset(**choices), attributes, output, found)
    pairs = plan_outputs(found, output, wanted.suffix)
    copies = plan_copies(found, annotated, [path for _, path in pairs if path is not None])
    job = Job(wanted, profile, reid == "on", smooth == "on", engine_named(engine), copies)
    work_on_each(pairs, lambda source, path: analyze_one(source, path, job), "analysed")


def choose_preset(
    mode: str | None, config: Path | None, window_ms: str | None, interval_ms: str | None
) -> Preset:
    """The preset of `--config`, with what the other options say laid over it.

    Raises:
        ConfigurationError: the file cannot be read or breaks the rules, or the values do not fit.
    """
    text = '{"version": "1.0"}' if config is None else _text_of(config)
    preset = parse_preset(text, kind="face_detector")
    return preset.replaced(mode=mode, window_ms=window_ms, interval_ms=interval_ms)


def _text_of(config: Path) -> str:
    try:
        return config.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read the preset {config}: {error}") from error


def analyze_one(source: Source, path: Path | None, job: Job) -> None:
    """Analyse one source and write its document to `path`, or to standard output; and its copy.

    Raises:
        MienError: it cannot be read, analysed or written.
    """
    kind = probe(source.path).kind
    copy = job.copies.path_for(source.path, kind)
    (_photo if kind == "image" else _video)(source.path, path, copy, job)


@lru_cache(maxsize=1)
def photo_analyzer(columns: tuple[str, ...], profile: str) -> PhotoAnalyzer:
    """The models for photos, kept for the next one: opening them takes longer than using them."""
    return PhotoAnalyzer(columns=columns, profile=profile)


def _photo(source: Path, path: Path | None, copy: Path | None, job: Job) -> None:
    rgb = read_image(source)
    faces = photo_analyzer(job.output.photo_columns, job.profile).analyze(rgb)
    height, width = rgb.shape[:2]
    job.output.write_photo(faces, path, name=source.name, width=width, height=height)
    if copy is not None:
        write_image(copy, annotate_picture(rgb, faces))


def _video(source: Path, path: Path | None, copy: Path | None, job: Job) -> None:
    columns = job.output.video_columns if copy is None else job.output.drawn_columns
    try:
        with progress_bar(source.name) as show:
            timeline = analyze_video(
                source,
                columns=columns,
                profile=job.profile,
                reid=job.reid,
                engine=job.engine,
                smooth=job.smooth,
                on_progress=show,
            )
    except DecodeError as error:
        if path is None or not isinstance(error.partial, Timeline):
            raise
        kept = path.with_name(f"{path.stem}.partial{job.output.suffix}")
        job.output.write_video(error.partial, kept)
        raise DecodeError(f"{error}; what came before is in {kept}") from error
    job.output.write_video(timeline, path)
    if copy is not None:
        with progress_bar(f"{source.name}, drawing") as show:
            notes = write_annotated(source, timeline, copy, on_progress=show)
        for note in notes:
            click.echo(f"mien: {note}", err=True)
