"""Convolution by fewer multiplications (Winograd), as matrices.

One row of `m` outputs of a convolution with three taps takes m + 2 products instead of 3 m:
out = gather @ ((taps @ w) * (spread @ x)). It is the transpose of Toom and Cook's product of
polynomials, which multiplies values at m + 1 points and at infinity, and interpolates (Lavin and
Gray, "Fast algorithms for convolutional neural networks", 2016). In two dimensions each matrix
works on rows and on columns.

Rounding grows with the number of points and with their spread. The points here were chosen among
small fractions by the error of float32 on random maps, with the scales of `_minimal`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

POINTS = {
    3: (0.0, 1.0, -1.0, 2.0),
    4: (0.0, 0.625, -0.625, 1.5, -1.5),
    6: (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5),
}
"""Outputs of a tile → the finite points."""


class Winograd(NamedTuple):
    """A convolution of one dimension: three taps, stride 1, one zero beyond each end.

    spread: (points, tiles, side), from a row to what is multiplied.
    taps: (points, 3), from the taps to what it is multiplied by.
    gather: (side, points, tiles), from the products to the row that comes out.
    ones: (points,), products of which a row of ones comes out.
    """

    spread: Array
    taps: Array
    gather: Array
    ones: Array


def winograd(side: int, tile: int) -> Winograd:
    """The matrices for rows of `side` values, in tiles of `tile` outputs; the last may overhang."""
    gather, taps, spread = _minimal(POINTS[tile])
    points, tiles = len(taps), -(-side // tile)
    spreads, gathers = np.zeros((points, tiles, side)), np.zeros((side, points, tiles))
    for number in range(tiles):
        first = number * tile
        read = slice(max(first - 1, 0), min(first + tile + 1, side))
        spreads[:, number, read] = spread[:, read.start - first + 1 : read.stop - first + 1]
        written = min(tile, side - first)
        gathers[first : first + written, :, number] = gather[:written]
    # of ones without an end, and the middle tap alone
    return Winograd(spreads, taps, gathers, spread.sum(axis=1) * taps[:, 1])


def _minimal(finite: tuple[float, ...]) -> tuple[Array, Array, Array]:
    """(m, m + 2), (m + 2, 3) and (m + 2, m + 2) matrices of a tile of m outputs.

    Each point may be scaled freely: what is multiplied is at most as large as the largest input,
    and no product is enlarged; the taps, which are transformed once, take up the rest.
    """
    count = len(finite) + 1
    gather, taps = _powers(finite, count - 2).T, _powers(finite, 3)
    # Of each polynomial that is 1 at its own point and 0 at the others: its coefficients. The
    # points are short binary fractions, so that these are exact but for one division.
    spread = np.zeros((count, count))
    for row, point in enumerate(finite):
        others = np.array([other for other in finite if other != point])
        spread[row, :-1] = np.poly(others)[::-1] / np.prod(point - others)
    spread[-1] = np.poly(finite)[::-1]
    small = np.abs(spread).sum(axis=1)
    large = np.abs(gather).max(axis=0)
    return gather / large, taps * (small * large)[:, None], spread / small[:, None]


def _powers(finite: tuple[float, ...], count: int) -> Array:
    """(points, count): the powers of each point; at infinity the highest alone counts."""
    infinity = np.eye(count)[-1:]
    return np.concatenate([np.vander(finite, count, increasing=True), infinity])
