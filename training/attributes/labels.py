"""Attributes of faces as labelled by eye: reading, checking, agreement of two passes.

`labels/faces.csv` says which faces of lfw_attributes are labelled, whose they are and which part
they are in; `first.csv` and `second.csv` are two passes over them, the second over 100 of them;
`review.csv` lists what was changed in the first when the faces were looked at once more, larger.
``python -m training.attributes.labels`` prints counts and agreement.
"""

from __future__ import annotations

import csv
import math
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from training.attributes.draw import LABELS, ORDERS, PARTS, read_drawn

UNSURE = "unsure"
YES_NO = ("0", "1", UNSURE)

ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "glasses": ("none", "reading", "sunglasses", "goggles", "some", UNSURE),
    "headwear": YES_NO,
    "beard": YES_NO,
    "moustache": YES_NO,
    "sideburns": YES_NO,
    "smile": YES_NO,
    "lips_apart": YES_NO,
    "bald": YES_NO,
    "hair_visible": YES_NO,
    "hair_colour": ("black", "brown", "blond", "gray", "red", "other", "none", UNSURE),
    "eye_makeup": YES_NO,
    "lip_makeup": YES_NO,
    "forehead_covered": YES_NO,
    "eyes_covered": YES_NO,
    "mouth_covered": YES_NO,
    "gender": ("m", "f", UNSURE),
    "age": ("0", "10", "20", "30", "40", "50", "60", "70", UNSURE),
}
"""The attributes and their values. "some" glasses are there, of a kind one cannot be sure of;
hair of colour "none" is not seen; an age is that of the decade's first year, 70 is 70 or more."""

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """n labelled faces in columns.

    Attributes:
        face: (n,) row in the set, rising.
        person: (n,) index among the persons of the set.
        part: (n,) "calibration" or "test".
        drawn: (n,) "plain", or the kind of candidate it was drawn from.
        values: for each of `ATTRIBUTES`, (n,) its labels.
    """

    face: NDArray[np.int64]
    person: NDArray[np.int64]
    part: NDArray[np.str_]
    drawn: NDArray[np.str_]
    values: Mapping[str, NDArray[np.str_]]

    def __len__(self) -> int:
        return len(self.face)

    def __getitem__(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """The faces of these rows."""
        values = {name: column[rows] for name, column in self.values.items()}
        return type(self)(
            self.face[rows], self.person[rows], self.part[rows], self.drawn[rows], values
        )

    def of(self, part: str) -> Self:
        """The faces of one part.

        Raises:
            ValueError: there is no such part.
        """
        if part not in PARTS:
            raise ValueError(f"no part {part!r}: there are {' and '.join(PARTS)}")
        return self[self.part == part]

    def truth(self, attribute: str) -> NDArray[np.float64]:
        """(n,) 1 where an attribute is there, 0 where it is not, NaN where one is not sure.

        For glasses: any at all.

        Raises:
            ValueError: the attribute is not one of yes and no.
        """
        if attribute != "glasses" and ATTRIBUTES.get(attribute) != YES_NO:
            raise ValueError(f"{attribute!r} is not a matter of yes and no: read its values")
        column = self.values[attribute]
        there = ~np.isin(column, ("0", "none"))
        return np.where(column == UNSURE, math.nan, there.astype(np.float64))


def check_row(row: Mapping[str, object]) -> Row:
    """One face's labels, checked.

    Raises:
        ValueError: an attribute is missing, unknown, or has a value it cannot have.
    """
    if row.keys() != ATTRIBUTES.keys():
        raise ValueError(f"these attributes are missing or unknown: "
                         f"{sorted(map(str, row.keys() ^ ATTRIBUTES.keys()))}")  # fmt: skip
    for name, values in ATTRIBUTES.items():
        if row[name] not in values:
            raise ValueError(f"{name} is {row[name]!r}: it must be one of {', '.join(values)}")
    return {name: str(row[name]) for name in ATTRIBUTES}


def read_pass(path: Path) -> dict[int, Row]:
    """The labels of one pass, by face, in the order in which they were made.

    Raises:
        ValueError: a face is there twice, or a label cannot be.
        FileNotFoundError: there is no such file.
    """
    rows: dict[int, Row] = {}
    with path.open(newline="", encoding="utf-8") as lines:
        reader = csv.DictReader(lines, strict=True)
        if reader.fieldnames != ["face", *ATTRIBUTES]:
            raise ValueError(f"{path}: the first line must name face and the attributes")
        for row in reader:
            face = int(row.pop("face"))
            if face in rows:
                raise ValueError(f"{path}: face {face} is labelled twice")
            try:
                rows[face] = check_row(row)
            except ValueError as error:
                raise ValueError(f"{path}: face {face}: {error}") from None
    return rows


def write_pass(path: Path, rows: Mapping[int, Row]) -> None:
    """Write the labels of one pass; what was there before stays until all is written."""
    whole = path.with_name(path.name + ".new")
    with whole.open("w", newline="", encoding="utf-8") as lines:
        out = csv.writer(lines, lineterminator="\n")
        out.writerow(["face", *ATTRIBUTES])
        for face, row in rows.items():
            out.writerow([face, *(row[name] for name in ATTRIBUTES)])
    os.replace(whole, path)


def reviewed(rows: Mapping[int, Row], path: Path = LABELS / "review.csv") -> dict[int, Row]:
    """The labels of a pass with the changes of the review.

    Raises:
        ValueError: a change is of a face that has no labels, or no change at all.
    """
    changed = {face: dict(row) for face, row in rows.items()}
    with path.open(newline="", encoding="utf-8") as lines:
        for line in csv.DictReader(lines):
            face, attribute, value = int(line["face"]), line["attribute"], line["value"]
            if face not in changed or changed[face].get(attribute) == value:
                raise ValueError(f"{path}: nothing to change in {attribute} of face {face}")
            changed[face][attribute] = value
    return {face: check_row(row) for face, row in changed.items()}


def read_labels(folder: Path = LABELS) -> Labels:
    """All labelled faces, as reviewed.

    Raises:
        ValueError: a face that was drawn has no labels, or the other way round.
    """
    drawn = read_drawn(folder / "faces.csv")
    rows = reviewed(read_pass(folder / "first.csv"), folder / "review.csv")
    if strange := rows.keys() ^ {face.face for face in drawn}:
        raise ValueError(f"drawn without labels, or labelled without being drawn: {strange}")
    return Labels(
        np.array([face.face for face in drawn], np.int64),
        np.array([face.person for face in drawn], np.int64),
        np.array([face.part for face in drawn]),
        np.array([face.drawn for face in drawn]),
        {name: np.array([rows[face.face][name] for face in drawn]) for name in ATTRIBUTES},
    )


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two passes agree in one attribute.

    Attributes:
        faces: how many were labelled twice.
        equal: share of them with the same label, "unsure" being one.
        kappa: Cohen's kappa over the same; NaN if both passes know one value only.
        sure: how many were labelled twice without "unsure".
        equal_sure: share of these with the same label; NaN if there are none.
    """

    faces: int
    equal: float
    kappa: float
    sure: int
    equal_sure: float


def agreement(first: Sequence[str], second: Sequence[str]) -> Agreement:
    """Agreement of two passes over the same faces.

    Kappa is (p - e) / (1 - e), p the share of equal labels and e the share to be expected of two
    who label at random, each with the frequencies they have (Cohen 1960).

    Raises:
        ValueError: the passes are of different length, or empty.
    """
    pairs = list(zip(first, second, strict=True))
    if not pairs:
        raise ValueError("no face was labelled twice")
    equal = sum(one == two for one, two in pairs) / len(pairs)
    counts = Counter(first), Counter(second)
    expected = sum(counts[0][value] * counts[1][value] for value in counts[0]) / len(pairs) ** 2
    sure = [one == two for one, two in pairs if UNSURE not in (one, two)]
    return Agreement(
        len(pairs),
        equal,
        (equal - expected) / (1 - expected) if expected < 1 else math.nan,
        len(sure),
        sum(sure) / len(sure) if sure else math.nan,
    )


def agreements(first: Mapping[int, Row], second: Mapping[int, Row]) -> dict[str, Agreement]:
    """Agreement in each attribute, over the faces of the second pass.

    Raises:
        ValueError: a face of the second pass is not in the first, or there is none.
    """
    if strange := second.keys() - first.keys():
        raise ValueError(f"labelled a second time but not a first: {sorted(strange)}")
    return {
        name: agreement([first[face][name] for face in second],
                        [row[name] for row in second.values()])
        for name in ATTRIBUTES
    }  # fmt: skip


def counts(labels: Labels) -> str:
    """How many have each value, calibration + test, a line an attribute."""
    parts = [labels.of(part) for part in PARTS]
    lines = [
        f"{len(labels)} faces of {len(np.unique(labels.person))} persons; "
        + " + ".join(f"{len(part)} {name}" for part, name in zip(parts, PARTS, strict=True)),
        "",
    ]
    for name, values in ATTRIBUTES.items():
        found = {
            value: "+".join(str(int(np.sum(part.values[name] == value))) for part in parts)
            for value in values
        }
        lines.append(f"{name:17} {', '.join(f'{value} {n}' for value, n in found.items())}")
    return "\n".join(lines)


def agreement_table(found: Mapping[str, Agreement]) -> str:
    """Agreement by attribute, as a table in Markdown."""
    lines = [
        "| attribute | faces twice | equal | kappa | sure twice | equal of these |",
        "|---|---|---|---|---|---|",
    ]
    for name, row in found.items():
        line = (
            f"| {name} | {row.faces} | {row.equal:.0%} | {row.kappa:.2f} | {row.sure} "
            f"| {row.equal_sure:.0%} |"
        )
        lines.append(line.replace("nan%", "–").replace("nan", "–"))
    return "\n".join(lines)


def main() -> None:
    """Print counts by attribute and part, and the agreement of the two passes."""
    first, second = (read_pass(LABELS / f"{which}.csv") for which in ORDERS)
    print(counts(read_labels()))
    print()
    print(agreement_table(agreements(first, second)))


if __name__ == "__main__":
    main()
