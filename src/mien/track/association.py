"""Which detection belongs to which track: the assignment of least total cost.

A pair that only want each other is taken at once; the rest goes to an exact solver, small enough
that importing SciPy's (a quarter of a second) would cost more than it saves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

FORBIDDEN = 1e6
"""Cost of a pair that may not be made."""


def assign(cost: Array, limit: float) -> Array:
    """Pair rows with columns so that Σ cost over pairs + `limit` × rows left over is least.

    Args:
        cost: (n, m); NaN or infinite where a pair is forbidden.
        limit: no pair at or above this cost is made.

    Returns:
        (k, 2) int: the pairs (row, column), by row.
    """
    allowed = cost < limit
    by_row, by_column = allowed.sum(axis=1), allowed.sum(axis=0)
    lone = allowed & (by_row == 1)[:, None] & (by_column == 1)
    pairs = np.argwhere(lone)
    if len(pairs) < np.count_nonzero(by_row):
        open_rows = np.flatnonzero((by_row > 0) & ~lone.any(axis=1))
        open_columns = np.flatnonzero((by_column > 0) & ~lone.any(axis=0))
        part = np.ix_(open_rows, open_columns)
        solved = _with_leftovers(np.where(allowed[part], cost[part], FORBIDDEN), limit)
        found = np.stack([open_rows[solved[:, 0]], open_columns[solved[:, 1]]], axis=1)
        pairs = np.concatenate([pairs, found])
        pairs = pairs[np.argsort(pairs[:, 0])]
    return pairs


def _with_leftovers(cost: Array, limit: float) -> Array:
    """Solve with one spare column a row, which leaves that row over at the cost `limit`."""
    rows, columns = cost.shape
    spare = np.full((rows, rows), FORBIDDEN)
    np.fill_diagonal(spare, limit)
    chosen = solve(np.concatenate([cost, spare], axis=1))
    made = chosen < columns
    return np.stack([np.flatnonzero(made), chosen[made]], axis=1)


def solve(cost: Array) -> Array:
    """(n,) the column of each row in the assignment of least total cost; (n, m) finite, n ≤ m.

    Shortest augmenting paths with potentials (Kuhn 1955; Jonker and Volgenant 1987), O(n² m).
    """
    rows, columns = cost.shape
    row_price, column_price = np.zeros(rows), np.zeros(columns)
    owner = np.full(columns, -1)
    for start in range(rows):
        shortest, through = np.full(columns, np.inf), np.full(columns, -1)
        seen = np.zeros(columns, bool)
        row, column, length = start, -1, 0.0
        while row >= 0:
            reduced = length + cost[row] - row_price[row] - column_price
            better = ~seen & (reduced < shortest)
            shortest[better], through[better] = reduced[better], column
            column = int(np.argmin(np.where(seen, np.inf, shortest)))
            length, seen[column] = shortest[column], True
            row = int(owner[column])
        passed = seen & (owner >= 0)
        row_price[owner[passed]] += length - shortest[passed]
        row_price[start] += length
        column_price[seen] -= length - shortest[seen]
        while column >= 0:
            before = int(through[column])
            owner[column] = owner[before] if before >= 0 else start
            column = before
    taken = np.flatnonzero(owner >= 0)
    chosen = np.empty(rows, np.intp)
    chosen[owner[taken]] = taken
    return chosen


def contested(cost: Array, limit: float, margin: float) -> Array:
    """(m,) bool: the columns whose row is not clear.

    A pair is in the running if it costs less than `limit` and less than `margin` above the best
    of its row and of its column; a column is contested if it, or a row it may go to, has
    more than one pair in the running.
    """
    allowed = np.where(cost < limit, cost, np.inf)
    if not allowed.size:
        return np.zeros(cost.shape[1], bool)
    best = np.minimum(allowed.min(axis=1, keepdims=True), allowed.min(axis=0, keepdims=True))
    running = np.isfinite(allowed) & (allowed < best + margin)
    several = running & (
        (running.sum(axis=1, keepdims=True) > 1) | (running.sum(axis=0, keepdims=True) > 1)
    )
    unclear: Array = several.any(axis=0)
    return unclear
