"""Values between measurements: what is measured a few times a second, for every frame.

Expressions, age, gender, quality and attributes change slowly and cost most, so in video they are
measured in some frames only. Here each track's other frames get values on the line between the
measurements around them, and expressions are smoothed on demand. The filter is symmetric in time,
so that an onset is neither late nor early.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

SLOW = ("emotion", "agreement", "age", "gender", "quality", "attributes")
"""The columns that are measured in some frames only."""

SMOOTHED = ("emotion", "agreement")
"""Those of them that are smoothed."""

WIDTH_S = 0.15
"""Standard deviation of the Gaussian that measurements are weighed with."""

REACH_S = 0.45
"""How far it reaches: three standard deviations."""

LONGEST_S = 0.5
"""Between measurements that lie further apart there is no line; a value holds for half as long."""


MOST_CELLS = 8
"""Cells of a row that are worked on at a time, all rows of the track together; a bound on memory.
All eight expressions are, since they are smoothed together."""


def fill_between(
    columns: Mapping[str, Array], rows: Array, measured: Array, seconds: Array, *, smooth: bool
) -> None:
    """Fill the rows of one track that were not measured, in place.

    A row between two measurements lies on the line between their values; one at an end of the
    track, or of an absence, has that of the nearest. Next to a measurement that failed (NaN) it is
    NaN.

    Args:
        columns: of `SLOW`, each (m, …) float32, contiguous.
        rows: (n,) those of the track in the columns, in order of time.
        measured: (n,) bool.
        seconds: (n,) when each row's frame is shown.
        smooth: whether to smooth what was measured first.
    """
    if not measured.any() or (measured.all() and not smooth):
        return
    at, others = rows[measured], rows[~measured]
    for name, column in columns.items():
        cells = column.reshape(len(column), -1)
        for first in range(0, cells.shape[1], MOST_CELLS):
            some = slice(first, first + MOST_CELLS)
            values = cells[at, some].astype(np.float64)
            if smooth and name in SMOOTHED:
                cells[at, some] = values = smoothed(values, seconds[measured])
            cells[others, some] = interpolated(values, seconds[measured], seconds[~measured])


def smoothed(values: Array, seconds: Array) -> Array:
    """(k, d) means of the measurements around each, weighed by a Gaussian in time.

    Rows of NaN stay so and do not count; rows that sum to 1 still do.
    """
    out = values.copy()
    read = np.flatnonzero(np.isfinite(values).all(axis=1))
    first = np.searchsorted(seconds[read], seconds[read] - REACH_S, "left")
    last = np.searchsorted(seconds[read], seconds[read] + REACH_S, "right")
    for row, low, high in zip(read, first, last, strict=True):
        near = read[low:high]
        weight = np.exp(-0.5 * ((seconds[near] - seconds[row]) / WIDTH_S) ** 2)
        out[row] = weight @ values[near] / weight.sum()
    return out


def interpolated(values: Array, at: Array, wanted: Array) -> Array:
    """(m, d) values at the times `wanted`, from (k, d) values at the rising times `at`."""
    after = np.searchsorted(at, wanted).clip(1, max(1, len(at) - 1))
    before = after - 1
    if len(at) == 1:
        after = before
    gap = at[after] - at[before]
    share = np.divide(wanted - at[before], gap, out=np.zeros(len(wanted)), where=gap > 0)
    inside = (gap > 0) & (gap <= LONGEST_S) & (share >= 0) & (share <= 1)
    line = (1 - share)[:, None] * values[before] + share[:, None] * values[after]
    nearest = np.where(np.abs(wanted - at[before]) <= np.abs(wanted - at[after]), before, after)
    near = np.abs(wanted - at[nearest]) <= LONGEST_S / 2
    held = np.where(near[:, None], values[nearest], np.nan)
    return np.asarray(np.where(inside[:, None], line, held))
