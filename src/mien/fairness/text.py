"""The report as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from mien.fairness import words
from mien.fairness.groups import TITLES
from mien.fairness.measures import FEW, Measure, Slice
from mien.fairness.report import Report

MOST_LEFT_OUT = 10
"""Lines that are listed; the JSON document and the page have all."""
LONGEST_GROUP = 24
"""Characters of a group's name."""


def report_text(report: Report) -> str:
    """The whole report; every line under 100 characters unless a file's name is long."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield words.scope(report)
    for measure in report.measures:
        yield ""
        yield from _measure(measure)
    if report.points:
        yield ""
        yield from _points(report)
    yield ""
    if differences := report.differences:
        yield "Groups that differ:"
        yield from (f"  {_plain(words.difference(one))}" for one in differences)
    else:
        yield words.NO_DIFFERENCE
    if any(one.few for measure in report.measures for one in measure.slices):
        yield f"* fewer than {FEW} faces, or persons: says little"
    yield from words.missing(report)
    if report.left_out:
        yield f"{words.left_out(report)}:"
        for one in report.left_out[:MOST_LEFT_OUT]:
            yield f"  line {one.line}, {_plain(one.file)}: {_plain(one.reason)}"
        if (more := len(report.left_out) - MOST_LEFT_OUT) > 0:
            yield f"  and {more:,} more; --json and --html list all"


def _measure(measure: Measure) -> Iterator[str]:
    yield measure.title
    head = ("", "", words.count_head(measure), "", "95 % interval")
    rows = [head, *(_row(measure, one) for one in measure.slices)]
    width, before = max(14, *(len(row[1]) + 1 for row in rows)), ""
    for name, group, count, value, interval in rows:
        shown = "" if name == before else name
        before = name
        yield f"  {shown:<10}{group:<{width}}{count:>17}  {value:>10}  {interval}".rstrip()
    if measure.undescribed:
        yield f"  of {measure.undescribed:,} more, found and labelled, mien says nothing"


def _row(measure: Measure, one: Slice) -> tuple[str, ...]:
    name = TITLES.get(one.dimension, "")
    value, interval = words.figure(one.value, measure.unit), words.interval(one, measure.unit)
    return name, _plain(one.group)[:LONGEST_GROUP], words.counted(one), value, interval


def _points(report: Report) -> Iterator[str]:
    yield "Recognition at other thresholds"
    yield f"  {'distance':<10}{'one person missed':>22}{'two taken for one':>26}{'card says':>12}"
    for point in report.points:
        missed, taken = (
            f"{words.figure(one.value, 'share')} ({words.interval(one, 'share')})"
            for one in (point.false_non_match, point.false_match)
        )
        expected = words.figure(point.expected, "share")
        yield f"  {point.threshold:<10g}{missed:>22}{taken:>26}{expected:>12}"


def _plain(text: str) -> str:
    """Text from a file, without what would move a terminal's cursor or turn its writing."""
    return "".join(part if part.isprintable() else "\N{REPLACEMENT CHARACTER}" for part in text)
