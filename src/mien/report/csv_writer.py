"""The table as CSV (RFC 4180, lines end in LF, UTF-8): numbers and empty cells, no text at all."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from mien.report.table import Array, Table, timeline_table
from mien.report.target import Target, opened
from mien.timeline.timeline import Timeline


def write_csv(
    content: Timeline | Table, target: Target, *, columns: Collection[str] | None = None
) -> None:
    """Write the table of a timeline, a block of frames at a time.

    Floats are the shortest decimals that give the same number back, so that `read_csv` restores
    the timeline without loss.

    Args:
        content: the video, or a table that was made before (of a photo, say).
        target: a path, which gets the whole file or stays as it was, or an open text file.
        columns: of a timeline's columns, those to write beside box, score and id; None writes all.

    Raises:
        UsageError: `columns` names one that a table cannot hold.
        OutputError: the path cannot be written.
    """
    table = content if isinstance(content, Table) else timeline_table(content, columns)
    with opened(target) as file:
        file.writelines(_text(table))


def _text(table: Table) -> Iterator[str]:
    yield ",".join(field.name for field in table.fields) + "\n"
    for block in table.blocks():
        cells = [_cells(column) for column in block]
        yield "".join(",".join(line) + "\n" for line in zip(*cells, strict=True))


def _cells(column: Array) -> list[str]:
    if isinstance(column, np.ma.MaskedArray):
        return ["" if value is None else str(value) for value in column.tolist()]
    if column.dtype.kind == "f":
        return [text if text != "nan" else "" for text in column.astype("U").tolist()]
    return [*map(str, column.tolist())]
