"""The formats `mien analyze` writes: what each of them can hold, and how it is written."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mien.cli.sources import IMAGE_SUFFIXES, Source
from mien.errors import UsageError
from mien.faces import Faces
from mien.report.csv_writer import write_csv
from mien.report.face_api import ATTRIBUTES, columns_for, parse_attributes, write_photo_document
from mien.report.mot import write_mot
from mien.report.parquet import check_parquet, write_parquet
from mien.report.table import TABLE_ATTRIBUTES, columns_of, photo_table
from mien.report.webvtt import write_webvtt
from mien.timeline.media_analytics import write_media_analytics
from mien.timeline.presets import Preset
from mien.timeline.timeline import Timeline

SUFFIXES = {"json": ".json", "csv": ".csv", "parquet": ".parquet", "mot": ".txt", "vtt": ".vtt"}
TABLES = ("csv", "parquet")
OF_VIDEOS = ("mot", "vtt")
DRAWN = ("emotion", "age", "gender")
"""Columns that an annotated video shows, beside box and id."""


@dataclass(frozen=True, slots=True)
class Output:
    """A format, the mode of videos, and the attributes of the faces.

    `attributes` are those of photos; `chosen` says whether they were named, so that they hold for
    the tables of videos too.
    """

    format: str
    preset: Preset
    attributes: tuple[str, ...]
    chosen: bool

    @property
    def suffix(self) -> str:
        """The ending of its files."""
        return SUFFIXES[self.format]

    @property
    def photo_columns(self) -> tuple[str, ...]:
        """The columns of `Faces` to fill for a photo."""
        if self.format in TABLES:
            return columns_of(self.attributes)
        return ("mesh", *columns_for(self.attributes))

    @property
    def video_columns(self) -> tuple[str, ...]:
        """The columns of `Faces` to fill for a video."""
        asked = columns_of(self.attributes) if self.format in TABLES and self.chosen else ()
        expressions = () if self.preset.mode == "faces" else TABLE_ATTRIBUTES["emotion"]
        return tuple(dict.fromkeys((*expressions, *asked)))

    @property
    def drawn_columns(self) -> tuple[str, ...]:
        """Those of a video that the faces are drawn on: the same, and what was named of that which
        can be drawn."""
        named = [column for column in self.photo_columns if column in DRAWN] if self.chosen else []
        return tuple(dict.fromkeys((*self.video_columns, *named)))

    def write_photo(
        self, faces: Faces, path: Path | None, *, name: str, width: int, height: int
    ) -> None:
        """Write the faces of a photo to `path`, or to standard output.

        Raises:
            UsageError: the format is one of videos.
            OutputError: the path cannot be written.
        """
        if self.format in OF_VIDEOS:
            raise UsageError(f"--format {self.format} is for videos, and {name} is a photo")
        target = path or sys.stdout
        if self.format == "json":
            size = {"width": width, "height": height}
            write_photo_document(faces, target, name=name, attributes=self.attributes, **size)
            return
        table = photo_table(faces, width=width, height=height, columns=self.photo_columns)
        (write_csv if self.format == "csv" else write_parquet)(table, target)

    def write_video(self, timeline: Timeline, path: Path | None) -> None:
        """Write the timeline of a video to `path`, or to standard output.

        Raises:
            OutputError: the path cannot be written.
        """
        target = path or sys.stdout
        columns = self.video_columns
        if timeline.faces.measured is not None:
            columns = (*columns, "measured")
        match self.format:
            case "csv":
                write_csv(timeline, target, columns=columns)
            case "parquet":
                write_parquet(timeline, target, columns=columns)
            case "mot":
                write_mot(timeline, target)
            case "vtt":
                write_webvtt(timeline, target, expressions=self.preset.mode != "faces")
            case _:
                write_media_analytics(
                    timeline,
                    target,
                    mode=self.preset.mode,
                    window_ms=self.preset.window_ms,
                    interval_ms=self.preset.interval_ms,
                    max_faces=self.preset.max_faces,
                )


def choose_output(
    form: str, preset: Preset, attributes: str | None, output: str | None, sources: Sequence[Source]
) -> Output:
    """Understand what is to be written, and refuse what does not go together.

    Raises:
        UsageError: the format cannot hold what is asked for, or cannot be written here.
    """
    if form != "json" and preset.mode == "aggregateEmotion":
        raise UsageError(
            f"--format {form} has no place for the windows of aggregateEmotion; "
            "use --format json, or another mode"
        )
    if form != "json" and preset.max_faces is not None:
        raise UsageError(f"--format {form} tells of all faces; leave maxFaces out of the preset")
    if form in OF_VIDEOS:
        _check_video_format(form, preset, attributes, sources)
    if form == "parquet":
        check_parquet()
        if output is None:
            raise UsageError("Parquet is no text for standard output; name a file with -o")
    known = TABLE_ATTRIBUTES if form in TABLES else ATTRIBUTES
    text = "all" if attributes is None else attributes
    names = () if text.strip().lower() == "none" else parse_attributes(text, known)
    return Output(form, preset, names, attributes is not None)


def _check_video_format(
    form: str, preset: Preset, attributes: str | None, sources: Sequence[Source]
) -> None:
    for source in sources:
        if source.path.suffix.lower() in IMAGE_SUFFIXES:
            raise UsageError(
                f"--format {form} is for videos, and {source.path.name} is a photo; "
                "leave photos out, or use --format csv"
            )
    if attributes is not None:
        raise UsageError(f"--format {form} holds no attributes; use --format csv for them")
    if form == "mot" and preset.mode == "perFaceEmotion":
        raise UsageError("--format mot holds no expressions; use --mode faces, or --format csv")
