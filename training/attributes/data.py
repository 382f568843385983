"""Faces of lfw_attributes with their scores: which are trained on, and what is learned of each.

No face of a labelled person (`labels/faces.csv`) is trained or validated on. Of the others, a share
of the persons, drawn by a fixed seed, is kept apart for validation. The scores are logits that rank
faces well and are poorly calibrated: few moustaches pass a logit of 0. So each attribute is cut
where as many faces lie above as its share says, and the target is soft around the cut.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from training import files
from training.attributes.draw import LABELS, read_drawn
from training.attributes.faces import FACE_SIDE, FACES_A_SIDE, person_of_each

SCORED = (
    "5_o_Clock_Shadow", "Arched_Eyebrows", "Attractive", "Bags_Under_Eyes", "Bald", "Bangs",
    "Big_Lips", "Big_Nose", "Black_Hair", "Blond_Hair", "Blurry", "Brown_Hair", "Bushy_Eyebrows",
    "Chubby", "Double_Chin", "Eyeglasses", "Goatee", "Gray_Hair", "Heavy_Makeup",
    "High_Cheekbones", "Male", "Mouth_Slightly_Open", "Mustache", "Narrow_Eyes", "No_Beard",
    "Oval_Face", "Pale_Skin", "Pointy_Nose", "Receding_Hairline", "Rosy_Cheeks", "Sideburns",
    "Smiling", "Straight_Hair", "Wavy_Hair", "Wearing_Earrings", "Wearing_Hat",
    "Wearing_Lipstick", "Wearing_Necklace", "Wearing_Necktie", "Young",
)  # fmt: skip
"""The columns of ``scores.csv``: the attributes of CelebA (Liu et al., ICCV 2015)."""

MADE = (
    "Sunglasses",
    "Swimming_Goggles",
    "Face_Mask",
    "Forehead_Occluded",
    "Eyes_Occluded",
    "Mouth_Occluded",
)
"""What is learned from generated occluders, after `SCORED`."""

TRAINED = SCORED + MADE
"""The outputs of the network while it is trained; `KEPT` of them are shipped."""

KEPT = (
    "Eyeglasses", "Wearing_Hat", "Bald", "Mustache", "Goatee", "Sideburns", "No_Beard",
    "5_o_Clock_Shadow", "Wearing_Lipstick", "Heavy_Makeup", "Smiling", "Mouth_Slightly_Open",
    "Blond_Hair", "Gray_Hair", "Black_Hair", "Brown_Hair", "Bangs", "Receding_Hairline", "Male",
    "Young", *MADE,
)  # fmt: skip

MIN_SHARE, MAX_SHARE = 0.03, 0.5
SOFTNESS = 0.6
"""How far a target is from 0 or 1 around the cut, in standard deviations of the logit."""

VALIDATION_SHARE = 0.15
SEED = 20


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """n faces in columns.

    Attributes:
        images: (n, 112, 112, 3) uint8 RGB.
        logits: (n, 40) float32, in the order of `SCORED`.
        person: (n,) index among the persons of the set.
    """

    images: NDArray[np.uint8]
    logits: NDArray[np.float32]
    person: NDArray[np.int64]

    def __post_init__(self) -> None:
        count = len(self.person)
        if self.images.shape != (count, FACE_SIDE, FACE_SIDE, 3):
            raise ValueError(f"{count} persons but images {self.images.shape}")
        if self.logits.shape != (count, len(SCORED)):
            raise ValueError(f"{count} persons but logits {self.logits.shape}")

    def __len__(self) -> int:
        return len(self.person)

    def __getitem__(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Self:
        return type(self)(self.images[rows], self.logits[rows], self.person[rows])


def read_faces(folder: Path) -> Faces:
    """All faces of the folder ``lfw_attributes``, in the order of its CSV."""
    logits = read_logits(folder)
    sheets = np.concatenate([cut_sheet(path) for path in sorted(folder.glob("*.webp"))])
    return Faces(sheets[: len(logits)], logits, person_of_each(folder))


def read_logits(folder: Path) -> NDArray[np.float32]:
    """(n, 40) scores as logits, in the order of `SCORED`.

    Raises:
        ValueError: the columns are others.
    """
    with (folder / "scores.csv").open(newline="", encoding="utf-8") as lines:
        header, *rows = csv.reader(lines)
    if tuple(header[1:]) != SCORED:
        raise ValueError(f"{folder / 'scores.csv'}: the columns are not the 40 of CelebA")
    return np.array([row[1:] for row in rows], np.float32)


def cut_sheet(path: Path) -> NDArray[np.uint8]:
    """The 112 x 112 faces of one sheet in reading order, (m, 112, 112, 3)."""
    return files.cut_sheet(path, "RGB", FACE_SIDE, FACES_A_SIDE)


def labelled_persons(folder: Path = LABELS) -> NDArray[np.int64]:
    """Indices of the persons of whom a face is labelled, rising."""
    return np.unique([face.person for face in read_drawn(folder / "faces.csv")])


def split(person: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which of the faces are trained on, and which validate: (n,) and (n,), by person.

    Args:
        person: (n,) index of the person of each face of the whole set.
    """
    labelled = labelled_persons()
    others = np.setdiff1d(np.unique(person), labelled)
    drawn = np.random.default_rng(SEED).permutation(others)
    unseen = drawn[: round(VALIDATION_SHARE * len(drawn))]
    valid = np.isin(person, unseen)
    return ~valid & ~np.isin(person, labelled), valid


def shares(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """(k,) share of faces taken to have each attribute: those above a logit of 0, 3 to 50 %."""
    return np.asarray(np.clip((logits > 0).mean(axis=0), MIN_SHARE, MAX_SHARE))


def soft_targets(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, k) targets of 0..1: 0.5 at the cut above which the share of faces lies."""
    cuts = np.array([
        np.quantile(column, 1 - share)
        for column, share in zip(logits.T, shares(logits), strict=True)
    ])  # fmt: skip
    steps = (logits - cuts) / (SOFTNESS * logits.std(axis=0))
    return np.asarray(1 / (1 + np.exp(-steps)), np.float32)


def draw_chances(
    targets: NDArray[np.float32], person: NDArray[np.int64], power: float
) -> NDArray[np.float64]:
    """(n,) how often to draw each face, summing to 1: more often what has a rare attribute.

    A face is drawn by the frequency of the rarest attribute it has, to the power ``-power``, and
    by the root of the number of faces of its person: so none of these fills the set.

    Args:
        targets: (n, k), NaN where unknown.
    """
    there = targets > 0.5
    frequency = np.maximum(there.mean(axis=0), 1 / len(targets))
    rarest = np.where(there, frequency, 1.0).min(axis=1)
    chances = rarest**-power * np.bincount(person)[person] ** -0.5
    return np.asarray(chances / chances.sum(), np.float64)


def columns(names: Sequence[str], among: Sequence[str] = TRAINED) -> NDArray[np.int64]:
    """Where these names stand among others."""
    return np.array([among.index(name) for name in names], np.int64)
