"""A measure of faces, over all and by group."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.fairness.groups import NOT_KNOWN, Dimension, dimensions_of, places
from mien.fairness.intervals import mean_interval, wilson
from mien.fairness.labels import Label
from mien.fairness.looking import Seen

Array = NDArray[Any]
Unit = Literal["share", "years"]

FEW = 30
"""Fewer trials than this say little; every one of them moves the figure by 3 % and more."""


@dataclass(frozen=True, slots=True)
class Slice:
    """A measure over one group.

    Attributes:
        dimension: what it is sorted by, as in `groups.TITLES`; "all" for everything.
        group: its name.
        trials: faces, or pairs of faces.
        value: a share, or a mean in years; NaN without trials.
        low: of the 95 % interval; NaN where there is none.
        high: likewise.
        events: of a share, how many trials count; None of a mean.
        persons: of pairs, how many persons there are in them; None of faces.
    """

    dimension: str
    group: str
    trials: int
    value: float
    low: float
    high: float
    events: int | None = None
    persons: int | None = None

    @property
    def few(self) -> bool:
        """Whether the figure stands on too few faces, or persons, to say much."""
        return min(self.trials, self.trials if self.persons is None else self.persons) < FEW


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure: over everything first, then by group; groups without trials are not there.

    Attributes:
        name: as the JSON document has it.
        title: as people read it.
        says: what exactly it is, a sentence.
        unit: "share" or "years".
        slices: the first is of everything.
        undescribed: faces that were labelled and found, and of which mien gave no value.
    """

    name: str
    title: str
    says: str
    unit: Unit
    slices: tuple[Slice, ...]
    undescribed: int = 0

    @property
    def whole(self) -> Slice:
        """Over everything."""
        return self.slices[0]


class FaceMeasure(NamedTuple):
    """How a measure is taken of a face.

    Attributes:
        label: the column of labels.csv that it needs; None for none but the face.
        applies: whether the label allows it.
        value: 1 or 0, or years, of a face that was found (of any, where `label` is None).
        least: the value cannot be below this.
    """

    name: str
    title: str
    says: str
    unit: Unit
    label: str | None
    applies: Callable[[Label], bool]
    value: Callable[[Seen], float]
    least: float = 0.0


def measure_faces(how: FaceMeasure, seen: Sequence[Seen]) -> Measure:
    """A measure over all faces that it applies to, and by group."""
    allowed = [one for one in seen if how.applies(one.label) and (one.found or how.label is None)]
    values = np.array([how.value(one) for one in allowed], float)
    known = np.isfinite(values)
    kept, of_kept = values[known], [one for one, good in zip(allowed, known, strict=True) if good]
    slices = [_slice("all", "all", kept, how)]
    for dimension in dimensions_of(seen):
        slices += _by(dimension, kept, of_kept, how)
    undescribed = int((~known).sum())
    return Measure(how.name, how.title, how.says, how.unit, tuple(slices), undescribed)


def _by(dimension: Dimension, values: Array, seen: Sequence[Seen], how: FaceMeasure) -> list[Slice]:
    """The groups that have trials; none where no group is known of any."""
    place = places(dimension, seen)
    if not (place >= 0).any():
        return []
    named = [*enumerate(dimension.groups), (-1, NOT_KNOWN)]
    return [
        _slice(dimension.name, group, values[place == index], how)
        for index, group in named
        if (place == index).any()
    ]


def _slice(dimension: str, group: str, values: Array, how: FaceMeasure) -> Slice:
    n = len(values)
    value = float(np.mean(values)) if n else math.nan
    if how.unit == "years":
        low, high = mean_interval(values)
        return Slice(dimension, group, n, value, max(low, how.least), high)
    events = int(values.sum())
    return Slice(dimension, group, n, value, *wilson(events, n), events)
