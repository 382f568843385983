"""Which faces are labelled: one face of each of 360 persons, rare things marked by eye first.

All persons are put in an order by a fixed seed, with one face of each, drawn as well. The first 210
are labelled as they come. The next 1,440 were skimmed as small pictures, and those that seemed to
show something rare were marked in ``labels/candidates.csv``; from these, 150 are drawn. No score
of the set has a say in any of this.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.attributes.faces import (
    FACE_SIDE,
    check_faces,
    contact_sheets,
    faces_folder,
    person_of_each,
)
from training.files import add_data

SEED = 1907
PLAIN = 210
SKIMMED = 1440


def one_face_a_person(persons: NDArray[np.int64], seed: int = SEED) -> NDArray[np.int64]:
    """(p,) one face of each of the p persons, the persons in an order drawn by the seed."""
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(persons))
    _, first = np.unique(persons[shuffled], return_index=True)
    chosen: NDArray[np.int64] = rng.permutation(shuffled[first])
    return chosen


QUOTAS = {
    "sunglasses": 19,
    "headwear": 40,
    "facial hair": 30,
    "glasses": 20,
    "bald": 20,
    "covered": 13,
    "child": 8,
}
"""Faces drawn of each kind of candidate: 150. Of sunglasses and goggles, all that were seen."""

PARTS = ("calibration", "test")
TWICE = 100
LABELS = Path(__file__).parent / "labels"

ORDERS = {"first": 11, "second": 22}
"""The passes over the faces, and the seed of the order each is made in."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A face to label.

    Attributes:
        face: row in the set.
        person: index among the persons of the set.
        part: "calibration" or "test".
        drawn: "plain", or the kind of candidate it was drawn from.
        twice: whether it is labelled a second time.
    """

    face: int
    person: int
    part: str
    drawn: str
    twice: bool


def candidates(path: Path = LABELS / "candidates.csv") -> dict[str, list[int]]:
    """The faces that seemed to show something rare, by kind."""
    kinds: dict[str, list[int]] = {kind: [] for kind in QUOTAS}
    with path.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            kinds[row["seems"]].append(int(row["face"]))
    return kinds


def draw(persons: NDArray[np.int64], kinds: dict[str, list[int]], seed: int = SEED) -> list[Drawn]:
    """The faces to label, in the order of the set; half of each kind in either part.

    Raises:
        ValueError: a candidate is not among the faces that were skimmed.
    """
    order = one_face_a_person(persons, seed)
    skimmed = set(order[PLAIN : PLAIN + SKIMMED].tolist())
    if strange := sorted(set(chain.from_iterable(kinds.values())) - skimmed):
        raise ValueError(f"candidates that were not skimmed: {strange}")
    rng = np.random.default_rng(seed + 1)
    groups = {"plain": order[:PLAIN]}
    groups |= {kind: rng.permutation(kinds[kind])[:quota] for kind, quota in QUOTAS.items()}
    rows = [(int(face), PARTS[at % 2], kind) for kind, faces in groups.items()
            for at, face in enumerate(faces)]  # fmt: skip
    twice = {rows[at][0] for at in rng.choice(len(rows), TWICE, replace=False)}
    return [Drawn(face, int(persons[face]), part, kind, face in twice)
            for face, part, kind in sorted(rows)]  # fmt: skip


def read_drawn(path: Path = LABELS / "faces.csv") -> list[Drawn]:
    """The faces to label, in the order of the set."""
    with path.open(newline="", encoding="utf-8") as lines:
        return [
            Drawn(
                int(row["face"]), int(row["person"]), row["part"], row["drawn"], row["twice"] == "1"
            )
            for row in csv.DictReader(lines)
        ]


def write_drawn(path: Path, rows: Sequence[Drawn]) -> None:
    """Write the faces to label."""
    with path.open("w", newline="", encoding="utf-8") as lines:
        out = csv.writer(lines, lineterminator="\n")
        out.writerow(field.name for field in fields(Drawn))
        out.writerows((row.face, row.person, row.part, row.drawn, int(row.twice)) for row in rows)


def order(drawn: Sequence[Drawn], which: str) -> list[int]:
    """The faces of a pass, in the order in which they are labelled.

    Raises:
        ValueError: there is no such pass.
    """
    if which not in ORDERS:
        raise ValueError(f"no pass {which!r}: there are {' and '.join(ORDERS)}")
    faces = [face.face for face in drawn if which == "first" or face.twice]
    shuffled: list[int] = np.random.default_rng(ORDERS[which]).permutation(faces).tolist()
    return shuffled


def _write_sheets(
    folder: Path, faces: Sequence[int], shape: tuple[int, int, int], to: Path
) -> None:
    to.mkdir(parents=True, exist_ok=True)
    for number, sheet in enumerate(contact_sheets(folder, faces, *shape)):
        sheet.save(to / f"{number:02}.png")


def main() -> None:
    """Write labels/faces.csv, or the pictures that candidates and labels are made on."""
    parser = argparse.ArgumentParser(prog="training.attributes.draw", description=main.__doc__)
    add_data(parser)
    parser.add_argument("--skim", type=Path, help="write the pictures to skim into this folder")
    parser.add_argument("--sheets", type=Path, help="write the pictures to label into this folder")
    parser.add_argument("--pass", choices=list(ORDERS), default="first", dest="which")
    given = parser.parse_args()
    folder = faces_folder(given.data)
    check_faces(folder)
    if given.sheets:
        _write_sheets(folder, order(read_drawn(), given.which), (5, 4, 2 * FACE_SIDE), given.sheets)
        return
    persons = person_of_each(folder)
    if given.skim:
        faces = sorted(one_face_a_person(persons)[PLAIN : PLAIN + SKIMMED].tolist())
        _write_sheets(folder, faces, (12, 10, FACE_SIDE), given.skim)
        return
    write_drawn(LABELS / "faces.csv", draw(persons, candidates()))


if __name__ == "__main__":
    main()
