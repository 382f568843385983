"""Figures of the report as people read them, the same on the terminal and on the page."""

from __future__ import annotations

import math

from mien.fairness.measures import FEW, Measure, Slice, Unit
from mien.fairness.report import Difference, Report

NO_DIFFERENCE = "No difference between groups is larger than chance explains easily."

HOW_TO_READ = (
    "An interval holds the true figure 19 times in 20 (Wilson's for shares, Student's for means). "
    "It stands for people like those in the pictures, and for no others.",
    f"* marks a figure that stands on fewer than {FEW} faces, or persons: it says little.",
    "Two groups are said to differ where their intervals do not overlap. With so many groups, "
    "now and then two do so by chance; and groups differ in more than their name: in age, pose, "
    "light, and who took the pictures.",
    "Skin tone is measured in the picture (individual typology angle of forehead and cheeks) where "
    "it is not labelled, so it moves with light and camera. Grey pictures have none.",
    "Pairs count by pose and blur in the group of the worse face, else where both faces are in the "
    "group. Pairs of the same persons hang together; intervals allow for it.",
)


def figure(value: float, unit: Unit) -> str:
    """A value with its unit; "–" where there is none. Shares near 0 keep their digits."""
    if math.isnan(value):
        return "–"
    if unit == "years":
        return f"{round(value, 1) + 0.0:.1f} years".replace("-", "−")  # + 0.0: no minus zero
    percent = 100 * value
    digits = 1 if percent >= 1 or percent == 0 else 2 if percent >= 0.1 else 3
    return f"{percent:.{digits}f} %"


def interval(one: Slice, unit: Unit) -> str:
    """The interval without its unit: "1.2 to 3.4"."""
    if math.isnan(one.low):
        return "–"
    low, high = (figure(edge, unit).rpartition(" ")[0] for edge in (one.low, one.high))
    return f"{low} to {high}"


def counted(one: Slice) -> str:
    """What it stands on: faces, or pairs and persons; marked if few."""
    mark = " *" if one.few else ""
    if one.persons is None:
        return f"{one.trials:,}{mark}"
    return f"{one.trials:,} of {one.persons:,}{mark}"


def count_head(measure: Measure) -> str:
    """What `counted` counts."""
    return "faces" if measure.whole.persons is None else "pairs, persons"


def difference(found: Difference) -> str:
    """A difference in a sentence."""
    unit = found.measure.unit
    high, low = (
        f"{one.group} {figure(one.value, unit)} ({interval(one, unit)})"
        for one in (found.highest, found.lowest)
    )
    return f"{found.measure.title}, by {found.dimension}: {high}, {low}"


def missing(report: Report) -> list[str]:
    """The measures that are left out, in a line for each reason."""
    titles: dict[str, list[str]] = {}
    for one in report.missing:
        titles.setdefault(one.reason, []).append(one.title)
    return [f"{'; '.join(names)}: left out, {reason}" for reason, names in titles.items()]


def scope(report: Report) -> str:
    """What was measured on."""
    faces = _count(report.faces, "labelled face")
    people = f", {_count(report.persons, 'person')} named" if report.persons else ""
    return f"{faces} in {_count(report.pictures, 'picture')}{people}"


def left_out(report: Report) -> str:
    """How many lines count nowhere."""
    return (
        f"{_count(len(report.left_out), 'line')} of {report.lines:,} left out, whose pictures or "
        "boxes cannot be used"
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
