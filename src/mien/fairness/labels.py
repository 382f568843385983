"""`labels.csv`: what people know of the faces in a folder of pictures.

A line is a face. Columns, in any order; all but `file` may be left out, and any cell but that of
`file` may be empty, which means that nothing is known:

| column | values |
|---|---|
| file | the picture, as a path below the folder, with `/` |
| left, top, width, height | the box of the face in pixels of the picture as displayed |
| person | any name or number; the same in all pictures of one person |
| gender | female, male, other (f and m are short for the first two) |
| age | years ("34", "0.5"), a decade ("30s") or "70+" |
| smile | yes or no (also 1, 0, true, false) |
| glasses | none, reading, sunglasses, goggles; or yes and no where the kind does not matter |
| emotion | one of the eight of `mien.faces.EMOTIONS` |
| skin_tone | very light, light, intermediate, tan, brown, dark; measured where it is empty |
| group | any name of your own: a place, an origin, a camera; at most 50 of them |
"""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from mien.errors import (
    ConfigurationError,
    InputError,
    InputNotFoundError,
    InputPermissionError,
)
from mien.faces import EMOTIONS
from mien.fairness.skin import TONES
from mien.inputs import open_document

FILE_NAME = "labels.csv"
BOX = ("left", "top", "width", "height")
LABELS = ("person", "gender", "age", "smile", "glasses", "emotion", "skin_tone", "group")
COLUMNS = ("file", *BOX, *LABELS)

GENDERS = ("female", "male", "other")
GLASSES = ("none", "reading", "sunglasses", "goggles", "some")
"""Kinds of glasses; "some" are there, of a kind that is not said."""

OLDEST_DECADE = 70
"""The last group of ages begins here: the network that estimates ages knows nobody above 80."""
MOST_YEARS = 130
LONGEST_CELL = 1000
MOST_GROUPS = 50
SHOWN = 40
"""Characters of a cell that a message shows."""

_ALIASES = {
    "gender": {"f": "female", "m": "male"} | {name: name for name in GENDERS},
    "smile": {"yes": "yes", "1": "yes", "true": "yes", "no": "no", "0": "no", "false": "no"},
    "glasses": {"no": "none", "0": "none", "false": "none", "noglasses": "none"}
    | {"yes": "some", "1": "some", "true": "some", "readingglasses": "reading"}
    | {"swimminggoggles": "goggles"}
    | {name: name for name in GLASSES if name != "some"},
    "emotion": {name: name for name in EMOTIONS},
    "skin_tone": {name: name for name in TONES},
}
_SAID = {
    "gender": "female, male or other",
    "smile": "yes or no",
    "glasses": "none, reading, sunglasses, goggles, yes or no",
    "emotion": ", ".join(EMOTIONS),
    "skin_tone": ", ".join(TONES),
}


class Age(NamedTuple):
    """A labelled age: `low` years exactly when both are equal, else from `low` to below `high`."""

    low: float
    high: float

    @property
    def decade(self) -> int:
        """The first year of its decade, 70 for all from there on."""
        return decade_of(self.low)

    @property
    def years(self) -> float:
        """The age in years, a decade's middle for a decade; NaN where it has no end."""
        return (self.low + self.high) / 2 if math.isfinite(self.high) else math.nan


@dataclass(frozen=True, slots=True)
class Label:
    """What is known of one face; None is not known.

    Attributes:
        line: of the CSV, counted from 1.
        file: the picture, below the folder.
        box_xyxy: pixels of the picture as displayed; None for the only, or largest, face of it.
        smile: whether there is one.
        glasses: one of `GLASSES`.
    """

    line: int
    file: str
    box_xyxy: tuple[float, float, float, float] | None = None
    person: str | None = None
    gender: str | None = None
    age: Age | None = None
    smile: bool | None = None
    glasses: str | None = None
    emotion: str | None = None
    skin_tone: str | None = None
    group: str | None = None


def decade_of(years: float) -> int:
    """The first year of an age's decade, 70 for all from there on."""
    return min(int(years // 10) * 10, OLDEST_DECADE)


def read_labels(folder: Path) -> list[Label]:
    """The labels of a folder, in the order of the file.

    Raises:
        InputError: there is no such folder, or no labels.csv in it, or it cannot be read.
        ConfigurationError: a column is missing or unknown, or a line says what cannot be; the
            message names the line.
    """
    path = _file_in(folder)
    try:
        with io.TextIOWrapper(open_document(path, "CSV"), "utf-8-sig", newline="") as text:
            labels = list(_labels(text))
    except _Refusal as error:
        raise ConfigurationError(f"{path}: {error}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path} is not text in UTF-8; save it as CSV UTF-8") from error
    if not labels:
        raise ConfigurationError(f"{path} has no line with a face")
    try:
        _check_boxes(labels)
        _check_groups(labels)
    except _Refusal as error:
        raise ConfigurationError(f"{path}: {error}") from error
    return labels


def _file_in(folder: Path) -> Path:
    """The labels.csv of a folder: a plain file, so that opening it does not wait for a pipe."""
    path = folder / FILE_NAME
    try:
        if not folder.is_dir():
            if folder.exists():
                raise InputError(f"{folder} is a file; name the folder that holds {FILE_NAME}")
            raise InputNotFoundError(f"there is no folder {folder}")
        if not path.exists():
            raise InputNotFoundError(
                f"there is no {FILE_NAME} in {folder}; mien fairness --help says what is in it"
            )
        if not path.is_file():
            raise InputError(f"{path} is no plain file; put the labels into one")
    except PermissionError as error:
        raise InputPermissionError(f"you may not read the folder {folder}") from error
    return path


class _Refusal(Exception):
    """What is wrong, without the name of the file."""


def _labels(text: io.TextIOWrapper) -> Iterator[Label]:
    rows = _rows(text)
    header = next(rows, None)
    if header is None:
        raise _Refusal("it is empty; its first line names the columns")
    columns = _columns(header[1])
    for line, cells in rows:
        if len(cells) > len(columns):
            raise _Refusal(f"line {line} has {len(cells)} cells, and there are {len(columns)} "
                           "columns")  # fmt: skip
        row = dict(zip(columns, cells, strict=False))
        try:
            yield _label(line, {name: cell for name, cell in row.items() if cell})
        except _Refusal as error:
            raise _Refusal(f"line {line}: {error}") from None


def _rows(text: io.TextIOWrapper) -> Iterator[tuple[int, list[str]]]:
    """The number and the cells of each line that is not empty."""
    reader = csv.reader(text, strict=True)
    before = 0
    try:
        for cells in reader:
            first, before = before + 1, reader.line_num
            stripped = [cell.strip() for cell in cells]
            if any(len(cell) > LONGEST_CELL for cell in stripped):
                raise _Refusal(f"line {first} has a cell of more than {LONGEST_CELL} characters")
            if any(stripped):
                yield first, stripped
    except csv.Error as error:
        raise _Refusal(f"line {reader.line_num} is broken ({error})") from error


def _columns(header: list[str]) -> list[str]:
    if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
        mark = "semicolons" if ";" in header[0] else "tabs"
        raise _Refusal(f"its cells are separated by {mark}; save it with commas")
    columns = [name.lower() for name in header]
    unknown = [name for name in columns if name not in COLUMNS]
    if unknown:
        raise _Refusal(f"there is no column {shown(unknown[0])}; there are {', '.join(COLUMNS)}")
    twice = [name for name, count in Counter(columns).items() if count > 1]
    if twice:
        raise _Refusal(f"the column {twice[0]} is there twice")
    if "file" not in columns:
        raise _Refusal("the column file is missing")
    boxes = [name for name in BOX if name in columns]
    if boxes and len(boxes) < len(BOX):
        raise _Refusal(f"of a box there are only {' and '.join(boxes)}; it takes {', '.join(BOX)}")
    return columns


def _label(line: int, row: dict[str, str]) -> Label:
    known: dict[str, str] = {}
    for name, values in _ALIASES.items():
        if name in row:
            value = values.get(row[name].lower().replace("_", " "))
            if value is None:
                raise _Refusal(f"{name} is {shown(row[name])}; it must be {_SAID[name]}")
            known[name] = value
    smile = known.pop("smile", None)
    return Label(
        line,
        _file(row.get("file")),
        _box(row),
        row.get("person"),
        group=row.get("group"),
        age=_age(row["age"]) if "age" in row else None,
        smile=None if smile is None else smile == "yes",
        **known,
    )


def _file(cell: str | None) -> str:
    if cell is None:
        raise _Refusal("it names no file")
    path = PurePosixPath(cell)
    if path.is_absolute() or ".." in path.parts or "\0" in cell:
        raise _Refusal(f"the file {shown(cell)} is not a path below the folder")
    return str(path)


def _box(row: dict[str, str]) -> tuple[float, float, float, float] | None:
    there = [name for name in BOX if name in row]
    if not there:
        return None
    if len(there) < len(BOX):
        raise _Refusal(f"of the box there are only {' and '.join(there)}")
    left, top, width, height = (_number(name, row[name]) for name in BOX)
    if width <= 0 or height <= 0:
        raise _Refusal(f"the box is {row['width']} by {row['height']} pixels; sides are above 0")
    return left, top, left + width, top + height


def _number(name: str, cell: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or abs(value) > 1e9:
        raise _Refusal(f"{name} is {shown(cell)}; it must be a number")
    return value


def _age(cell: str) -> Age:
    text = cell.lower()
    if text == f"{OLDEST_DECADE}+":
        return Age(OLDEST_DECADE, math.inf)
    if text.endswith("s") and text[:-1].isdecimal() and int(text[:-1]) % 10 == 0:
        low = int(text[:-1])
        if low < MOST_YEARS:
            return Age(low, low + 10)
    try:
        years = float(text)
    except ValueError:
        years = math.nan
    if not 0 <= years < MOST_YEARS:
        raise _Refusal(f'age is {shown(cell)}; it must be years, or a decade as "30s", or "70+"')
    return Age(years, years)


def _check_boxes(labels: list[Label]) -> None:
    faces = Counter(label.file for label in labels)
    for label in labels:
        if label.box_xyxy is None and faces[label.file] > 1:
            raise _Refusal(
                f"line {label.line}: the box is missing; {shown(label.file)} has "
                f"{faces[label.file]} lines, so each needs one"
            )


def _check_groups(labels: list[Label]) -> None:
    named = {label.group for label in labels} - {None}
    if len(named) > MOST_GROUPS:
        raise _Refusal(f"the column group has {len(named)} names; it may have {MOST_GROUPS}")


def shown(text: str) -> str:
    """A cell in a message: quoted, on one line, not endless."""
    return repr(text) if len(text) <= SHOWN else repr(text[:SHOWN] + "…")
