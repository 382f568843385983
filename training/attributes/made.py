"""Faces with generated occluders: reading them, and what is learned of each.

A folder as `training.attributes.occluders.write` makes it: sheets of 16 x 16 faces, and
``labels.csv`` with, for each face, the row of the face of lfw_attributes it was made of, a column
for each of `MADE` (1, 0 or nothing if it is not known), the CelebA attributes that follow from what
was put on (``told``, as ``NAME=1``), and those that can no longer be told (``untold``).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.attributes.data import MADE, SCORED, TRAINED, cut_sheet
from training.files import files_hash

LOW = {"Eyeglasses": 0.05, "Wearing_Hat": 0.05, "Bangs": 0.1}
"""Targets of a plain face below which glasses, a hat, a fringe are surely not there."""


@dataclass(frozen=True, slots=True, eq=False)
class MadeFaces:
    """n pictures with generated occluders, some with none, in columns.

    Attributes:
        images: (n, 112, 112, 3) uint8 RGB.
        face: (n,) the face of lfw_attributes each was made of.
        known: (n, 46) in the order of `TRAINED`: 1 or 0 where the label says so, -1 where it says
            that nothing can be told, NaN where it says nothing.
        worn: what was put on, in words.
    """

    images: NDArray[np.uint8]
    face: NDArray[np.int64]
    known: NDArray[np.float32]
    worn: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.face)

    def targets(self, plain: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, 46) targets, NaN where nothing is known.

        Args:
            plain: (m, 40) soft targets of all faces of lfw_attributes.
        """
        made = np.full((len(self), len(MADE)), np.nan, np.float32)
        before = np.hstack([plain[self.face], made])
        wanted = np.where(np.isnan(self.known), before, self.known)
        return np.where(wanted < 0, np.nan, wanted).astype(np.float32)


def read_made(folder: Path) -> MadeFaces:
    """All pictures of a folder.

    Raises:
        ValueError: there are fewer pictures than rows, or a name is unknown.
    """
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    images = np.concatenate([cut_sheet(path) for path in sorted(folder.glob("*.webp"))])
    if len(images) < len(rows):
        raise ValueError(f"{folder}: {len(rows)} rows but {len(images)} pictures")
    return MadeFaces(
        images[: len(rows)],
        np.array([int(row["face"]) for row in rows], np.int64),
        np.array([known_of(row) for row in rows], np.float32).reshape(-1, len(TRAINED)),
        tuple(row["worn"] for row in rows),
    )


def known_of(row: dict[str, str]) -> list[float]:
    """What a row says of each output; see `MadeFaces.known`.

    Raises:
        ValueError: an output is not one of `TRAINED`.
    """
    known = dict.fromkeys(TRAINED, float("nan"))
    said = {name: float(row[name]) for name in MADE if row[name]}
    told = dict(item.split("=") for item in row["told"].split())
    said |= {name: float(value) for name, value in told.items()}
    said |= dict.fromkeys(row["untold"].split(), -1.0)
    if strange := said.keys() - known.keys():
        raise ValueError(f"no outputs of the network: {', '.join(sorted(strange))}")
    return list((known | said).values())


def plain_targets(scored: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, 6) targets of plain faces for `MADE`: nothing is worn, where the scores exclude it.

    Goggles, masks and things before the mouth are so rare in the set that they count as not there.
    Dark glasses are not, nor are hats, so what they explain is unknown where they may be.

    Args:
        scored: (n, 40) soft targets.
    """
    column = {name: scored[:, SCORED.index(name)] < low for name, low in LOW.items()}
    no_glasses = column["Eyeglasses"]
    bare = column["Wearing_Hat"] & column["Bangs"]
    nothing = np.ones(len(scored), bool)
    absent = {
        "Sunglasses": no_glasses,
        "Swimming_Goggles": nothing,
        "Face_Mask": nothing,
        "Forehead_Occluded": bare,
        "Eyes_Occluded": no_glasses,
        "Mouth_Occluded": nothing,
    }
    columns = [np.where(absent[name], 0.0, np.nan) for name in MADE]
    return np.stack(columns, axis=1).astype(np.float32)


def made_hash(folder: Path) -> str:
    """SHA-256 over the names and bytes of the folder's pictures and labels, in name order."""
    return files_hash(folder, [*sorted(folder.glob("*.webp")), folder / "labels.csv"])
