"""The report as a page: one HTML file that needs nothing else, to be read by people."""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib.resources import files
from os import PathLike
from pathlib import Path

from mien.atomic import replacing
from mien.fairness import words
from mien.fairness.groups import TITLES
from mien.fairness.measures import Measure, Slice
from mien.fairness.report import Report
from mien.markup import Html, page, table, tag
from mien.models import entry
from mien.version import __version__

BAR_WIDTH, BAR_HEIGHT = 240, 14
"""Of the bar that shows an interval, in its own units."""

MOST_LEFT_OUT = 1000
"""Lines that are listed; the JSON document has all."""


def write_page(report: Report, path: str | PathLike[str]) -> None:
    """Write the page; what stood at the path stays until it is whole.

    Raises:
        OutputError: it cannot be written.
    """
    with replacing(Path(path)) as file:
        file.write(report_page(report))


def report_page(report: Report) -> str:
    """The page as text."""
    style = files("mien.fairness").joinpath("page.css").read_text("utf-8")
    return page(f"Fairness: {report.folder}", _sections(report), style=style)


def _sections(report: Report) -> Iterator[Html]:
    name = tag("bdi", report.folder)
    scope = f": {words.scope(report)}. Detector's profile: {report.profile}."
    lines = [tag("h1", "How evenly mien works over these people"), tag("p", name, scope)]
    if report.left_out:
        lines.append(tag("p", f"{words.left_out(report)}: see below.", class_="warning"))
    yield tag("header", *lines)
    yield _figures(report)
    yield tag("h2", "Groups that differ")
    yield _differences(report)
    for measure in report.measures:
        yield from _measure(measure)
    if report.points:
        yield tag("h2", "Recognition at other thresholds")
        yield _points(report)
    if report.missing:
        yield tag("h2", "Not measured")
        yield tag("ul", *(tag("li", line) for line in words.missing(report)))
    if report.left_out:
        yield tag("h2", "Left out")
        yield from _left_out(report)
    yield tag("h2", "How to read this")
    yield tag("ul", *(tag("li", line) for line in words.HOW_TO_READ))
    yield tag("h2", "Measured by")
    models = ((name, tag("code", entry(name).sha256)) for name in report.models)
    yield table(("model", "SHA-256"), models)
    yield tag("footer", f"mien {__version__}; it took {report.seconds:.0f} s.")


def _figures(report: Report) -> Html:
    cells = (
        tag(
            "div",
            tag("dt", measure.title),
            tag("dd", words.figure(measure.whole.value, measure.unit)),
        )
        for measure in report.measures
    )
    return tag("dl", *cells, class_="figures")


def _differences(report: Report) -> Html:
    found = report.differences
    if not found:
        return tag("p", words.NO_DIFFERENCE)
    return tag("ul", *(tag("li", words.difference(one)) for one in found))


def _measure(measure: Measure) -> Iterator[Html]:
    yield tag("h2", measure.title)
    yield tag("p", measure.says)
    low, high = _scale(measure)
    heads = ("", "group", words.count_head(measure), "", "95 % interval", "")
    rows, before = [], ""
    for one in measure.slices:
        name = TITLES.get(one.dimension, "all")
        shown = "" if name == before else name
        before = name
        rows.append(
            (
                shown,
                "" if one.dimension == "all" else tag("bdi", one.group),
                words.counted(one),
                tag("strong", words.figure(one.value, measure.unit)),
                words.interval(one, measure.unit),
                _bar(one, measure.whole, low, high),
            )
        )
    yield table(heads, rows)
    if measure.undescribed:
        yield tag("p", f"Of {measure.undescribed:,} more, found and labelled, mien says nothing.")


def _scale(measure: Measure) -> tuple[float, float]:
    """What the ends of the bars stand for: the lowest and highest end of any interval."""
    ends = [end for one in measure.slices for end in (one.value, one.low, one.high)]
    known = [end for end in ends if math.isfinite(end)]
    low, high = min([0.0, *known]), max(known, default=1.0)
    if measure.name == "detection_recall":
        low = min(known, default=0.0)
    return low, high if high > low else low + 1.0


def _bar(one: Slice, whole: Slice, low: float, high: float) -> Html:
    """The interval as a line, the value as a dot, and the value over everything as a hairline."""

    def at(value: float) -> float:
        return round(4 + (value - low) / (high - low) * (BAR_WIDTH - 8), 1)

    middle = BAR_HEIGHT / 2
    parts = [tag("line", x1=at(whole.value), x2=at(whole.value), y1=0, y2=BAR_HEIGHT, class_="all")]
    if math.isfinite(one.low):
        ends = {"x1": at(max(one.low, low)), "x2": at(min(one.high, high))}
        parts.append(tag("line", y1=middle, y2=middle, class_="span", **ends))
    if math.isfinite(one.value):
        parts.append(tag("circle", cx=at(one.value), cy=middle, r=4, class_="dot"))
    fit = {"viewBox": f"0 0 {BAR_WIDTH} {BAR_HEIGHT}"}
    kind = "bar few" if one.few else "bar"
    return tag("svg", *parts, class_=kind, aria_hidden="true", **fit)


def _points(report: Report) -> Html:
    heads = ("distance", "of one person missed", "of two persons taken for one", "the card says")
    rows = (
        (
            f"{point.threshold:g}",
            *(
                f"{words.figure(one.value, 'share')} ({words.interval(one, 'share')})"
                for one in (point.false_non_match, point.false_match)
            ),
            words.figure(point.expected, "share"),
        )
        for point in report.points
    )
    return table(heads, rows)


def _left_out(report: Report) -> Iterator[Html]:
    rows = (
        (str(one.line), tag("bdi", one.file), tag("bdi", one.reason))
        for one in report.left_out[:MOST_LEFT_OUT]
    )
    yield table(("line", "file", "why"), rows)
    if (more := len(report.left_out) - MOST_LEFT_OUT) > 0:
        yield tag("p", f"{more:,} more are in the JSON document.")
