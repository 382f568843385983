"""An edited analysis as a file, in each format that `mien analyze` writes, and a list of people."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mien.errors import UsageError
from mien.report.csv_writer import write_csv
from mien.report.mot import write_mot
from mien.report.parquet import write_parquet
from mien.report.webvtt import write_webvtt
from mien.server.studio.video.seen import Seen
from mien.timeline.archive import write_timeline
from mien.timeline.media_analytics import write_media_analytics
from mien.timeline.windows import DEFAULT_MS, check_lengths

FORMULAS = ("=", "+", "-", "@")
"""With these a spreadsheet takes a cell for a formula; a name that begins so gets a quote."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """Of windows, in milliseconds."""

    window: int = DEFAULT_MS
    interval: int = DEFAULT_MS


@dataclass(frozen=True, slots=True)
class Format:
    """One of the formats; `ending` comes after the name of the video without its own."""

    ending: str
    media_type: str
    write: Callable[[Seen, Path, Lengths], None]


def _json(seen: Seen, path: Path, lengths: Lengths) -> None:
    mode = "faces" if seen.timeline.faces.emotion is None else "perFaceEmotion"
    write_media_analytics(seen.timeline, path, mode=mode)


def _aggregate(seen: Seen, path: Path, lengths: Lengths) -> None:
    check_lengths(lengths.window, lengths.interval)
    if seen.timeline.faces.emotion is None:
        raise UsageError("expressions are not in this analysis; choose another format")
    write_media_analytics(
        seen.timeline,
        path,
        mode="aggregateEmotion",
        window_ms=lengths.window,
        interval_ms=lengths.interval,
    )


def _vtt(seen: Seen, path: Path, lengths: Lengths) -> None:
    expressions = seen.timeline.faces.emotion is not None
    write_webvtt(seen.timeline, path, expressions=expressions)


def _people(seen: Seen, path: Path, lengths: Lengths) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "name", "seconds", "first", "last", "frames"])
        for id, presence in seen.presences.items():
            times = (presence.shown, presence.first, presence.last)
            shown = [f"{time.seconds:.3f}" for time in times]
            writer.writerow([id, _text(seen.edited.names.get(id, "")), *shown, presence.frames])


def _text(name: str) -> str:
    return f"'{name}" if name.startswith(FORMULAS) else name


FORMATS: dict[str, Format] = {
    "json": Format("_annotations.json", "application/json", _json),
    "aggregate": Format("_aggregate.json", "application/json", _aggregate),
    "csv": Format(".csv", "text/csv; charset=utf-8", lambda s, p, _: write_csv(s.timeline, p)),
    "parquet": Format(
        ".parquet",
        "application/vnd.apache.parquet",
        lambda s, p, _: write_parquet(s.timeline, p),
    ),
    "mot": Format(".txt", "text/plain; charset=utf-8", lambda s, p, _: write_mot(s.timeline, p)),
    "vtt": Format(".vtt", "text/vtt; charset=utf-8", _vtt),
    "people": Format("_people.csv", "text/csv; charset=utf-8", _people),
    "timeline": Format(
        "_timeline.npz",
        "application/octet-stream",
        lambda s, p, _: write_timeline(s.timeline, p),
    ),
}
"""By the word that the page has for it."""
