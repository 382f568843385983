"""The table read back from CSV, also when a spreadsheet or a program has edited it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from typing import IO, Any

from mien.errors import (
    ConfigurationError,
)
from mien.inputs import open_document
from mien.report.csv_layout import Layout, layout_of
from mien.report.csv_rows import RowReader
from mien.timeline.fragments import Refusal, shown
from mien.timeline.timeline import Timeline, TimelineBuilder

MAX_LINE = 1 << 14
"""Characters of a line; the longest that mien writes has under 1,000."""
UNUSUAL = re.compile(r"[^0-9eE+\-.,\r\n]")
"""What a line of plain numbers does not hold."""


def read_csv(source: str | PathLike[str] | IO[Any]) -> Timeline:
    """Read the table of a video that `write_csv` wrote, in constant memory.

    Taken as they are: columns in any order, a byte-order mark, quoted cells, spaces around
    numbers, whole numbers written 7.0, empty lines, and frames that have a line without a face
    beside lines with one. Of the columns, those of time, box and video must be there; `seconds`
    and `valence` follow from the others and may be left out. Everything else that breaks the
    table is refused.

    Args:
        source: a path, or an open file of text or bytes.

    Raises:
        InputError: the path cannot be opened.
        ConfigurationError: no such table; the message names the line, counted from 1.
        OutputError: the disk is full where temporary files lie.
    """
    name = str(source) if isinstance(source, (str, PathLike)) else getattr(source, "name", "it")
    try:
        with _text_of(source) as file:
            return _timeline(_rows(file))
    except Refusal as error:
        raise ConfigurationError(f"{name} is no table of faces: {error}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"{name} is not text in UTF-8; save it as CSV UTF-8 ({error.reason})"
        ) from error


def _timeline(rows: Iterator[tuple[int, list[str]]]) -> Timeline:
    layout = _layout(rows)
    first = next(rows, None)
    if first is None:
        raise Refusal("it has no rows, so nothing is known of the video")
    reader = RowReader(layout, *first)
    with TimelineBuilder(reader.video) as builder:
        for time, duration, faces in reader.frames(rows):
            builder.add(time, duration, faces)
        return builder.finish()


def _layout(rows: Iterator[tuple[int, list[str]]]) -> Layout:
    _, header = next(rows, (1, None))
    if header is None:
        raise Refusal("it is empty")
    header[0] = header[0].removeprefix("\ufeff")
    if len(header) == 1 and re.search(r"[;\t]", header[0]):
        mark = "semicolons" if ";" in header[0] else "tabs"
        raise Refusal(f"its cells are separated by {mark}; save it with commas and decimal points")
    return layout_of(header)


def _rows(file: IO[str]) -> Iterator[tuple[int, list[str]]]:
    """The number and the cells of each line that is not empty."""
    for number, line in enumerate(_lines(file), 1):
        if not line.strip():
            continue
        if UNUSUAL.search(line):
            yield number, _cells(line, number)
        else:
            yield number, line.rstrip("\r\n").split(",")


def _lines(file: IO[str]) -> Iterator[str]:
    number = 1
    while line := file.readline(MAX_LINE + 1):
        if len(line) > MAX_LINE:
            raise Refusal(f"line {number} is longer than {MAX_LINE} characters")
        yield line
        number += 1


def _cells(line: str, number: int) -> list[str]:
    try:
        (cells,) = csv.reader([line], strict=True)
    except (csv.Error, ValueError) as error:
        raise Refusal(f"line {number} is broken: {shown(line)}") from error
    return [cell.strip() for cell in cells]


@contextmanager
def _text_of(source: str | PathLike[str] | IO[Any]) -> Iterator[IO[str]]:
    if isinstance(source, (str, PathLike)):
        with open_document(source, "CSV") as binary:
            yield io.TextIOWrapper(binary, "utf-8-sig", newline="")
    elif isinstance(source.read(0), str):
        yield source
    else:
        text = io.TextIOWrapper(source, "utf-8-sig", newline="")
        try:
            yield text
        finally:
            text.detach()  # the file stays open: it is the caller's
