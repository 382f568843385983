"""The audit as a page: one HTML file that needs nothing else, to be read by people.

It shows pictures of the output only, never of the source.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from html import escape
from importlib.resources import files
from os import PathLike
from pathlib import Path

import numpy as np

from mien.atomic import replacing
from mien.markup import Html, page, table, tag
from mien.models import entry
from mien.redact.audit.audit import Audit, AuditedFile
from mien.redact.audit.runs import Run
from mien.timecode import format_seconds
from mien.version import __version__

NAMED_TIMES = 3
"""So many places to look at are named in the first lines."""

MOST_ROWS = 500
"""Rows of a table at most; the JSON document has all."""

COLUMNS, LANE, GAP = 1000, 18, 6
"""Width of the timeline in its own units, each a step in time, and the height of its lanes."""

BLIND = (
    "Faces that no detector knows: turned away beyond profile, seen from above, below or upside "
    "down, mostly behind something; and of those less than 24 pixels wide not all.",
    "People as such. Hair, clothes, gait, tattoos, a voice, a name on a screen or a car's plate "
    "can tell who somebody is; only faces are looked for.",
    "Whether a hidden face could be worked out again from what is left of it. That is a question "
    "of the effect, and is answered by an attack on it, not by looking at one video.",
    "A face that the source itself does not show clearly. Where there is no detail, there is none "
    "to be kept.",
)
"""What the audit cannot see."""


UNSURE = (
    "Something looked a little like a face, but no detector was certain of it in any frame. "
    "Mostly it is none, so it counts for nothing above. Have a look."
)


def write_audit_page(audit: Audit, path: str | PathLike[str]) -> None:
    """Write the page; what stood at the path stays until it is whole.

    Raises:
        OutputError: it cannot be written.
    """
    with replacing(Path(path)) as file:
        file.write(audit_page(audit))


def audit_page(audit: Audit) -> str:
    """The page as text."""
    style = files("mien.redact.audit").joinpath("page.css").read_text("utf-8")
    verdict = "passed" if audit.passed() else "failed"
    title = f"Audit {verdict}: {_name(audit.output)}"
    return page(title, _sections(audit), style=style)


def _sections(audit: Audit) -> Iterator[Html]:
    yield _verdict(audit)
    yield _figures(audit)
    if audit.kind == "video":
        yield tag("h2", "When")
        yield _timeline(audit)
    if audit.residual:
        yield tag("h2", "Where to look")
        yield from _where(audit)
    if audit.doubtful:
        yield tag("h2", "Perhaps a face")
        yield tag("p", UNSURE)
        yield tag("div", *_figures_of(audit.doubtful, audit.kind), class_="runs")
    if audit.shown:
        yield tag("h2", "Shown on purpose")
        yield tag("p", "These were to stay visible, so they count for nothing above.")
        yield _run_table(audit.shown)
    yield tag("h2", "What this audit cannot see")
    yield tag("ul", *(tag("li", line) for line in BLIND))
    yield tag("h2", "Files")
    yield _files(audit)
    yield tag("h2", "Settings of the redaction")
    yield _settings(audit)
    yield tag("h2", "Audited by")
    yield _tools(audit)


def _verdict(audit: Audit) -> Html:
    good = audit.passed()
    lines = [tag("h1", headline(audit))]
    named = tag("bdi", _name(audit.output))
    if audit.residual and audit.kind == "video":
        lines.append(tag("p", "Look at ", tag("strong", _times(audit.residual))))
    if audit.doubtful:
        places = _count(len(audit.doubtful), "place")
        lines.append(tag("p", f"{places} that may be a face and most likely is none: see below."))
    lines.append(tag("p", named, f", {_extent(audit)}, every frame looked at."))
    return tag("header", *lines, class_="good" if good else "bad")


def headline(audit: Audit) -> str:
    """The verdict in one line."""
    faces, frames = len(audit.residual), audit.residual_faces
    if not faces:
        return "Passed: no face can be seen that should be hidden"
    said = f"{_count(faces, 'face')} can be seen"
    if audit.kind == "video":
        said += f", in {_count(frames, 'face-frame')}, {_time(audit.exposed_face_seconds)} s in all"
        said += f" (limit {audit.limit_s:g} s)" if audit.limit_s else ""
    return f"{'Passed within the limit' if audit.passed() else 'Failed'}: {said}"


def _times(runs: Sequence[Run]) -> str:
    longest = sorted(runs, key=lambda run: -run.frames)[:NAMED_TIMES]
    told = [_span(run) for run in sorted(longest, key=lambda run: run.first)]
    more = len(runs) - len(told)
    return ", ".join(told) + (f" and {more} more below" if more else "")


def _span(run: Run) -> str:
    return f"{run.first} to {format_seconds(run.end)}"


def _extent(audit: Audit) -> str:
    size = f"{audit.width} × {audit.height} pixels"
    if audit.kind == "photo":
        return size
    return f"{size}, {_count(audit.frames, 'frame')}, {format_seconds(audit.length)} long"


def _figures(audit: Audit) -> Html:
    longest = audit.longest
    shown = sum(run.frames for run in audit.shown)
    if audit.kind == "photo":
        told = [("faces that can be seen", f"{len(audit.residual)}")]
    else:
        told = [
            ("residual face-frames", f"{audit.residual_faces:,}"),
            ("exposed-face-seconds", _time(audit.exposed_face_seconds)),
            ("longest exposed run", _count(longest.frames, "frame") if longest else "none"),
            ("persons exposed", f"{len(audit.persons):,}"),
        ]
    told += [
        (
            "hidden face-frames" if audit.kind == "video" else "faces that are hidden",
            f"{audit.hidden_faces:,}",
        )
    ]
    if audit.doubtful:
        told += [("perhaps faces", f"{len(audit.doubtful):,}")]
    told += [("shown on purpose", f"{shown:,}")] if shown else []
    cells = (tag("div", tag("dt", name), tag("dd", value)) for name, value in told)
    return tag("dl", *cells, class_="figures")


def _timeline(audit: Audit) -> Html:
    lanes = [("residual", "can be seen", audit.residual)]
    if audit.shown:
        lanes.append(("shown", "shown on purpose", audit.shown))
    bars: list[Html] = []
    top = 0
    for kind, _, runs in lanes:
        bars.append(tag("rect", x=0, y=top, width=COLUMNS, height=LANE, class_="ground"))
        for start, stop in stretches(runs, audit.length):
            width = stop - start
            bars.append(tag("rect", x=start, y=top, width=width, height=LANE, class_=kind))
        top += LANE + GAP
    label = f"When faces can be seen: {_times(audit.residual) or 'never'}"
    fit = {"viewBox": f"0 0 {COLUMNS} {top}", "preserveAspectRatio": "none"}
    svg = tag("svg", *bars, role="img", aria_label=label, height=top, **fit)
    moments = (format_seconds(audit.length * share) for share in (0, Fraction(1, 2), 1))
    axis = tag("p", *(tag("span", moment) for moment in moments), class_="axis")
    legend = (Html(tag("i", class_=kind) + escape(name)) for kind, name, _ in lanes)
    return Html(svg + axis + tag("p", *legend, class_="legend"))


def stretches(runs: Sequence[Run], length: Fraction) -> list[tuple[int, int]]:
    """Where the timeline is marked, in its columns; at least two for each run, none twice, so that
    a page of a thousand runs is no longer than one of ten."""
    marked = np.zeros(COLUMNS + 2, np.int8)
    for run in runs:
        start = min(int(run.first.exact / length * COLUMNS), COLUMNS - 2) if length else 0
        stop = int(-(-run.end * COLUMNS // length)) if length else COLUMNS
        marked[start + 1 : max(min(stop, COLUMNS), start + 2) + 1] = 1
    edges = np.flatnonzero(np.diff(marked)).reshape(-1, 2)
    return [(int(start), int(stop)) for start, stop in edges]


def _where(audit: Audit) -> Iterator[Html]:
    pictured = _figures_of(audit.residual, audit.kind)
    yield tag("p", "The box is drawn on the output where the face shows most plainly.")
    yield tag("div", *pictured, class_="runs")
    if audit.kind == "video":
        yield tag("h2", "By person")
        heads = ("person", "first seen", "until", "runs", "face-frames", "seconds")
        yield _table(heads, (_person_row(name, runs) for name, runs in audit.persons.items()))
        if len(audit.residual) > len(pictured):
            yield tag("h2", "All runs")
            yield _run_table(audit.residual)


def _figures_of(runs: Sequence[Run], kind: str) -> list[Html]:
    """A figure of each run that has a picture."""
    return [_figure(run, kind) for run in runs if run.picture is not None]


def _figure(run: Run, kind: str) -> Html:
    assert run.picture is not None
    data = base64.b64encode(run.picture).decode("ascii")
    who = f"person {run.person}" if run.person else "perhaps a face"
    where = who if kind == "photo" else f"{who}, {_span(run)}"
    eyes, mouth = run.best.kept
    kept = f"detail kept: eyes {eyes:.0%}, mouth {mouth:.0%}; detector {run.score:.2f}"
    picture = tag("img", src=f"data:image/jpeg;base64,{data}", alt=f"A face: {where}")
    lines = [tag("strong", who if kind == "photo" else _span(run))]
    if kind == "video":
        lines.append(Html(f"{who}, {_count(run.frames, 'frame')}<br>"))
    return tag("figure", picture, tag("figcaption", *lines, tag("span", kept)))


def _person_row(name: int, runs: Sequence[Run]) -> tuple[str, ...]:
    first, end = min(run.first for run in runs), max(run.end for run in runs)
    frames = sum(run.frames for run in runs)
    total = sum((run.seconds for run in runs), Fraction(0))
    return (
        f"person {name}",
        str(first),
        format_seconds(end),
        f"{len(runs):,}",
        f"{frames:,}",
        _time(total),
    )


def _run_table(runs: Sequence[Run]) -> Html:
    heads = ("first seen", "until", "frames", "seconds")
    rows = (
        (str(run.first), format_seconds(run.end), f"{run.frames:,}", _time(run.seconds))
        for run in runs
    )
    return _table(heads, rows)


def _files(audit: Audit) -> Html:
    named = (("source", audit.source), ("output", audit.output))
    rows = (
        (what, tag("bdi", file.name), f"{file.bytes:,} bytes", tag("code", file.sha256))
        for what, file in named
        if file is not None
    )
    return _table(("", "name", "size", "SHA-256"), rows)


def _settings(audit: Audit) -> Html:
    if not audit.settings:
        return tag("p", "None were given to the audit.")
    told = json.loads(json.dumps(dict(audit.settings), default=str))
    rows = (
        (name, tag("code", value if isinstance(value, str) else json.dumps(value)))
        for name, value in told.items()
    )
    return _table(("", "value"), rows)


def _tools(audit: Audit) -> Html:
    rows = [("mien", __version__, Html(""))]
    rows += [(name, "model", tag("code", entry(name).sha256)) for name in audit.models]
    took = f"The audit took {audit.audit_s:.1f} s and used nothing of the first pass."
    return Html(_table(("", "", "SHA-256"), rows) + tag("footer", took))


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Html:
    every = list(rows)
    shown = table(heads, every[:MOST_ROWS])
    if len(every) <= MOST_ROWS:
        return shown
    rest = f"{len(every) - MOST_ROWS:,} more rows are in the JSON document."
    return Html(shown + tag("p", rest))


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _time(seconds: Fraction) -> str:
    return f"{float(seconds):.3f}"


def _name(file: AuditedFile | None) -> str:
    return "a picture" if file is None else file.name
