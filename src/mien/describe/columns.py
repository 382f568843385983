"""What every stage does with the record: read the column it needs, and tell the rows it can use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.errors import UsageError
from mien.faces import Faces, Problem

Array = NDArray[Any]


def column(faces: Faces, name: str) -> Array:
    """The column of that name.

    Raises:
        UsageError: the stage that fills it did not run.
    """
    found = faces.columns.get(name)
    if found is None:
        raise UsageError(f"this stage needs the column '{name}'; run the stage that fills it first")
    return found


def usable_rows(
    faces: Faces, needed: str, filled: str, *, places: Sequence[int] | None = None
) -> tuple[list[int], list[Problem]]:
    """The rows where the column needed has values, and a problem for each of the others.

    Args:
        faces: those of a frame.
        needed: the column.
        filled: the column that is made from it, for the problem.
        places: of the column's second axis, those that matter; by default all.

    Raises:
        UsageError: the stage that fills the column needed did not run.
    """
    values = column(faces, needed)
    if places is not None:
        values = values[:, list(places)]
    finite = np.isfinite(values).all(axis=tuple(range(1, values.ndim)))
    reason = f"it needs the {needed} of this face, which is missing"
    problems = [Problem(int(row), filled, reason) for row in np.flatnonzero(~finite)]
    return [int(row) for row in np.flatnonzero(finite)], problems
