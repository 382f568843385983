"""Arrays that get more rows while others read those that are there."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

ROWS_A_SPARE, LEAST_SPARE = 8, 64
"""A larger copy has room for one more row to each of so many, and for so many in any case."""


class Rows:
    """An array (n, …) with room for more rows behind its last.

    Attributes:
        array: the rows. Changes of a row are seen by all who share its memory; see `grown`.
    """

    def __init__(self, array: Array) -> None:
        self.array = array
        self._held, self._used = array, [len(array)]

    @property
    def nbytes(self) -> int:
        """Memory that it holds, with the room that is left."""
        return int(self._held.nbytes)

    def grown(self, more: Array) -> Rows:
        """These rows and more (k, …) behind them.

        This one stays as it is. Both share their memory while there is room; beyond it all is
        copied. Not to be called by two threads at once.
        """
        first, end = len(self.array), len(self.array) + len(more)
        held, used = self._held, self._used
        if end > len(held) or used[0] != first:  # no room, or another's rows are in it
            room = end + max(end // ROWS_A_SPARE, LEAST_SPARE)
            held, used = np.empty((room, *held.shape[1:]), held.dtype), [end]
            held[:first] = self.array
        held[first:end] = more
        used[0] = end
        made = Rows(held[:end])
        made._held, made._used = held, used
        return made
