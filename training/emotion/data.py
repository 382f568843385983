"""FER+ faces and votes: reading, cleaning, targets, and the majority protocol.

The folder given by the user holds ``ferplus/<part>.csv`` (ten vote counts a face) and
``ferplus/<part>/*.webp`` (sheets of 32 x 32 faces of 48 x 48 gray pixels). Face ``k`` of the
CSV is sheet ``k // 1024``, row ``k % 1024 // 32``, column ``k % 32``.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training import files

LABELS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
OTHER_COLUMNS = ("unknown", "not_a_face")
FACE_SIDE = 48
FACES_A_SIDE = 32
NO_MAJORITY = -1


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One part of FER+ in columns.

    Attributes:
        images: (n, 48, 48) uint8 gray.
        votes: (n, 10) int64 raw counts: the eight of `LABELS`, then unknown, not a face.
    """

    images: NDArray[np.uint8]
    votes: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.images.shape != (len(self.votes), FACE_SIDE, FACE_SIDE):
            raise ValueError(f"{len(self.votes)} rows of votes but images {self.images.shape}")
        if self.votes.shape != (len(self.votes), len(LABELS) + len(OTHER_COLUMNS)):
            raise ValueError(f"votes must have shape (n, 10), got {self.votes.shape}")

    def __len__(self) -> int:
        return len(self.votes)

    def __getitem__(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Part:
        return Part(self.images[rows], self.votes[rows])


def data_folder(given: Path | None = None) -> Path:
    """The folder of training data: the one given, else the one the environment names.

    Raises:
        FileNotFoundError: neither names a folder that holds ``ferplus/train.csv``.
    """
    return files.data_folder(given, "ferplus/train.csv")


def read_part(folder: Path, part: str) -> Part:
    """Read one part (``train`` or ``valid``) of FER+ from the data folder."""
    votes = read_votes(folder / "ferplus" / f"{part}.csv")
    sheets = sorted((folder / "ferplus" / part).glob("*.webp"))
    faces = np.concatenate([cut_sheet(sheet) for sheet in sheets])
    return Part(faces[: len(votes)], votes)


def read_votes(path: Path) -> NDArray[np.int64]:
    """Vote counts of a CSV, (n, 10)."""
    with path.open(newline="", encoding="utf-8") as lines:
        rows = [
            [int(row[name]) for name in LABELS + OTHER_COLUMNS] for row in csv.DictReader(lines)
        ]
    return np.array(rows, np.int64)


def cut_sheet(path: Path) -> NDArray[np.uint8]:
    """The 48 x 48 faces of one sheet in reading order, (m, 48, 48)."""
    return files.cut_sheet(path, "L", FACE_SIDE, FACES_A_SIDE)


def majority(votes: NDArray[np.int64]) -> NDArray[np.int64]:
    """The label of each face under the majority protocol of the FER+ code, (n,) int64.

    Counts of one are dropped as outliers; a face whose top column is unknown or not a face has
    no label; the top emotion needs strictly more than half of the votes that are left, those for
    unknown and not a face included. `NO_MAJORITY` where there is none.
    """
    kept = np.where(votes > 1, votes, 0)
    top = kept.argmax(axis=1)
    strict = 2 * kept.max(axis=1) > kept.sum(axis=1)
    return np.where(strict & (top < len(LABELS)), top, NO_MAJORITY)


def vote_targets(votes: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Soft targets for training and the weight of each face.

    Returns:
        ``(n, 8)`` shares of the votes for emotions once single votes are dropped (all votes
        where nothing would be left), and ``(n,)`` weights: the share of all ten votes that went
        to an emotion at all, so that a face most people could not read counts for little.
    """
    emotions = votes[:, : len(LABELS)].astype(np.float32)
    cleaned = np.where(emotions > 1, emotions, 0)
    cleaned = np.where(cleaned.sum(axis=1, keepdims=True) > 0, cleaned, emotions)
    total = cleaned.sum(axis=1, keepdims=True)
    targets = cleaned / np.maximum(total, 1)
    weights = emotions.sum(axis=1) / np.maximum(votes.sum(axis=1), 1)
    return targets.astype(np.float32), weights.astype(np.float32)


def draw_weights(targets: NDArray[np.float32], power: float) -> NDArray[np.float64]:
    """How often to draw each face so that rare expressions come more often, (n,) summing to 1.

    A face is drawn by the frequency of its top expression to the power ``-power``.
    """
    top = targets.argmax(axis=1)
    frequency = np.bincount(top, minlength=len(LABELS)) / len(top)
    weights = np.maximum(frequency, 1 / len(top)) ** -power
    chosen = weights[top]
    return np.asarray(chosen / chosen.sum(), np.float64)


def data_hash(folder: Path) -> str:
    """SHA-256 over the names and bytes of the FER+ files, in name order."""
    paths = sorted((folder / "ferplus").rglob("*"))
    return files.files_hash(folder, (path for path in paths if path.is_file()))
