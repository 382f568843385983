"""Columns of rows kept on disk while they grow, and read back as memory-mapped arrays."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mien.errors import OutputError

Array = NDArray[Any]
FLUSH_BYTES = 1 << 18


class Column:
    """One column. Its file has no name, so it is gone with its last user, whatever happens.

    Rows nobody gave are filled with `fill`.
    """

    def __init__(self, dtype: str, row_shape: tuple[int, ...], fill: float, folder: str) -> None:
        self._dtype, self._row_shape, self._fill = np.dtype(dtype), row_shape, fill
        self._row_size = self._dtype.itemsize * prod(row_shape)
        self._folder = folder
        self._rows = 0
        self._pending = bytearray()
        with _explained(folder):
            self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115

    def append(self, values: Array, *, at_row: int) -> None:
        """Add rows that begin at row `at_row`; those missing before it are filled.

        Raises:
            ValueError: the rows do not have this column's shape.
            OutputError: the disk is full.
        """
        if values.shape[1:] != self._row_shape:
            raise ValueError(f"rows of shape {self._row_shape} expected, got {values.shape[1:]}")
        self._fill_to(at_row)
        self._write(values)

    def array(self, rows: int, *, writeable: bool = False) -> Array:
        """All rows, filled up to `rows`, as an array that is mapped and not loaded.

        Raises:
            OutputError: the disk is full.
        """
        self._fill_to(rows)
        self._flush()
        if not rows or not self._row_size:
            return np.empty((rows, *self._row_shape), self._dtype)
        mode: Literal["r", "r+"] = "r+" if writeable else "r"
        return np.asarray(np.memmap(self._file, self._dtype, mode, shape=(rows, *self._row_shape)))

    def close(self) -> None:
        """Let go of the file; arrays that were handed out live on."""
        self._file.close()

    def _fill_to(self, rows: int) -> None:
        step = max(1, FLUSH_BYTES // max(1, self._row_size))
        while self._rows < rows:
            count = min(step, rows - self._rows)
            self._write(np.full((count, *self._row_shape), self._fill, self._dtype))

    def _write(self, values: Array) -> None:
        self._pending += np.ascontiguousarray(values, self._dtype).tobytes()
        self._rows += len(values)
        if len(self._pending) >= FLUSH_BYTES:
            self._flush()

    def _flush(self) -> None:
        with _explained(self._folder):
            rest = memoryview(bytes(self._pending))
            while rest:
                rest = rest[self._file.write(rest) :]
        self._pending.clear()


@contextmanager
def _explained(folder: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            what = "is on a full disk"
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            what = "is not writable for you"
        elif not os.path.isdir(folder):
            what = "does not exist"
        else:
            what = f"cannot be used ({error.strerror})"
        raise OutputError(
            f"the folder for temporary files, {folder}, {what}; set TMPDIR to one with room"
        ) from error
