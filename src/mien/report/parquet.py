"""The table as Parquet, written with pyarrow, which is an extra: `pip install 'mien[parquet]'`."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np

from mien.errors import UsageError
from mien.report.table import Array, Table, timeline_table
from mien.report.target import Target, opened
from mien.timeline.timeline import Timeline

GROUP_ROWS = 1 << 16
"""Rows of a row group, give or take a block: what is held in memory before it is written."""


def check_parquet() -> None:
    """See whether Parquet can be written, before a long analysis ends in vain.

    Raises:
        UsageError: pyarrow is not installed.
    """
    _pyarrow()


def write_parquet(
    content: Timeline | Table, target: Target, *, columns: Collection[str] | None = None
) -> None:
    """Write the table of a timeline, a group of rows at a time. Cells without a value are null.

    Arguments and errors are those of `write_csv`, but that an open file must be binary, and:

    Raises:
        UsageError: pyarrow is not installed.
    """
    pa = _pyarrow()
    from pyarrow import parquet

    table = content if isinstance(content, Table) else timeline_table(content, columns)
    schema = pa.schema([(field.name, getattr(pa, field.kind)()) for field in table.fields])
    with opened(target, "wb") as file, parquet.ParquetWriter(file, schema) as writer:
        for group in _groups(pa, schema, table):
            writer.write_table(group, row_group_size=group.num_rows)


def _groups(pa: Any, schema: Any, table: Table) -> Iterator[Any]:
    waiting: list[Any] = []
    for block in table.blocks():
        arrays = [
            _array(pa, column, kind) for column, kind in zip(block, schema.types, strict=True)
        ]
        waiting.append(pa.record_batch(arrays, schema=schema))
        if sum(batch.num_rows for batch in waiting) >= GROUP_ROWS:
            yield pa.Table.from_batches(waiting)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting)


def _array(pa: Any, column: Array, kind: Any) -> Any:
    if isinstance(column, np.ma.MaskedArray):
        return pa.array(column.data, kind, mask=np.ma.getmaskarray(column))
    null = np.isnan(column) if column.dtype.kind == "f" else None
    return pa.array(np.ascontiguousarray(column), kind, mask=null)


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise UsageError(
            "Parquet needs the package pyarrow, which is not installed; run: "
            "pip install 'mien[parquet]'"
        ) from error
    return pyarrow
