"""What close-ups are taught: how likely an attribute is by eye, from several scores at once.

The published scores rank well, but a target from them alone is soft just where the eye decides.
So the labels by eye of the calibration part turn scores into probabilities by eye: glasses by their
own score, a colour of hair by the scores of all four, a smile and lips apart by all scores and the
happiness that the expression network sees. `labels/more.csv` has labels by eye of smiles, lips and
hair of some faces that are trained on. They replace what the scores say, and those of smiles and
lips count in the fit as well.

    python -m training.attributes.teachers --data DATA --happiness happiness.npz

prints how often the scores themselves are right by eye, each face by a fit to other faces.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.attributes.calibrate import COLOUR_OF, LABEL_OF, logistic, sigmoid, truth_of
from training.attributes.data import SCORED, read_logits
from training.attributes.draw import LABELS
from training.attributes.faces import check_faces, faces_folder
from training.attributes.labels import UNSURE, Labels, read_labels
from training.files import add_data

Floats = NDArray[np.float64]

SURE = 0.97
"""Target of what the eye says is there, and one less this of what it says is not."""

FOLDS, SEED = 10, 1

SOURCES: Mapping[str, tuple[str, ...]] = {
    "Eyeglasses": ("Eyeglasses",),
    **dict.fromkeys(("Mouth_Slightly_Open", "Smiling"), (*SCORED, "happiness")),
    **dict.fromkeys(COLOUR_OF, tuple(COLOUR_OF)),
}
"""The scores that each target is made of."""

MORE = {
    "smile": ("Smiling",),
    "lips_apart": ("Mouth_Slightly_Open",),
    "hair_colour": tuple(COLOUR_OF),
}
"""The columns of ``more.csv``, and the outputs that each tells."""

FITTED = ("Smiling", "Mouth_Slightly_Open")
"""The outputs that are fitted to ``more.csv`` too: it was asked where their scores leave it
open, so that the fit learns what else decides there."""


def log_odds(shares: NDArray[np.floating]) -> Floats:
    """The logits of shares, which are kept from 0 and 1."""
    kept = np.clip(np.asarray(shares, np.float64), 1e-4, 1 - 1e-4)
    return np.asarray(np.log(kept / (1 - kept)))


Told = Mapping[str, Mapping[int, float]]
"""By output and face, 1 or 0 for what the eye is sure of."""


def by_eye(
    logits: NDArray[np.float32], happiness: Floats, labels: Labels, told: Told
) -> dict[str, NDArray[np.float64]]:
    """For each of `SOURCES`, (n,) how likely it is by eye; NaN where a score is missing.

    Args:
        logits: (n, 40) of all faces, in the order of `SCORED`.
        happiness: (n,) share of happiness, NaN where it is not known.
        labels: the calibration part.
        told: as `more_labels` gives it.
    """
    columns = columns_of(logits, happiness)
    found = {}
    for name in SOURCES:
        inputs = inputs_of(name, columns)
        faces, there = _sure(name, inputs, labels)
        more, also = _told(name, inputs, told)
        slopes, offset = logistic(inputs[np.append(faces, more)], np.append(there, also))
        found[name] = np.asarray(sigmoid(inputs @ slopes + offset))
    whole = np.sum([found[name] for name in COLOUR_OF], axis=0)
    return found | {name: found[name] / whole for name in COLOUR_OF}


def columns_of(logits: NDArray[np.float32], happiness: Floats) -> dict[str, Floats]:
    """(n,) each score by its name, as logits."""
    columns = dict(zip(SCORED, logits.T.astype(np.float64), strict=True))
    return columns | {"happiness": log_odds(happiness)}


def inputs_of(name: str, columns: Mapping[str, Floats]) -> Floats:
    """(n, m) the scores that the target of an output is made of."""
    return np.column_stack([columns[source] for source in SOURCES.get(name, (name,))])


def _sure(name: str, inputs: Floats, labels: Labels) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The labelled faces of which the eye is sure and all scores are known, and what it says."""
    truth = truth_of(name, labels)
    assert truth is not None
    sure = np.isfinite(truth) & np.isfinite(inputs[labels.face]).all(axis=1)
    return labels.face[sure], truth[sure] == 1


def _told(name: str, inputs: Floats, told: Told) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Those of ``more.csv`` that a fit counts, and what the eye says of them."""
    said = told.get(name, {}) if name in FITTED else {}
    known = {face: there for face, there in said.items() if np.isfinite(inputs[face]).all()}
    return np.array(list(known), np.int64), np.array(list(known.values())) == 1


def more_labels(path: Path = LABELS / "more.csv") -> dict[str, dict[int, float]]:
    """By output and face, 1 or 0 for what the eye is sure of, of faces that are trained on."""
    told: dict[str, dict[int, float]] = {}
    with path.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            for column, names in MORE.items():
                if row[column] in ("", UNSURE):
                    continue
                for name in names:
                    seen = COLOUR_OF.get(name, "1")
                    told.setdefault(name, {})[int(row["face"])] = float(row[column] == seen)
    return told


def targets(
    names: tuple[str, ...], likely: Mapping[str, Floats], told: Told
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """(n, k) targets of these outputs, and (n,) whether any of them is told by eye."""
    wanted = np.column_stack([likely[name] for name in names]).astype(np.float32)
    seen = np.zeros(len(wanted), bool)
    for at, name in enumerate(names):
        for face, there in told.get(name, {}).items():
            wanted[face, at] = SURE if there else 1 - SURE
            seen[face] = True
    return wanted, seen


def read_happiness(path: Path) -> Floats:
    """(n,) what `training.attributes.happiness` wrote."""
    with np.load(path) as stored:
        return np.asarray(stored["happiness"], np.float64)


def crossed(
    inputs: Floats, there: NDArray[np.bool_], also: tuple[Floats, NDArray[np.bool_]] | None = None
) -> Floats:
    """(n,) scores of faces (n, m), each by a fit to those of the other `FOLDS`, and to some more.

    Args:
        also: inputs (k, m) of the faces that every fit sees, and what is there.
    """
    fold = np.random.default_rng(SEED).permutation(len(there)) % FOLDS
    more, said = also or (inputs[:0], there[:0])
    found = np.empty(len(there))
    for at in range(FOLDS):
        others = fold != at
        slopes, offset = logistic(
            np.concatenate([inputs[others], more]), np.append(there[others], said)
        )
        found[~others] = sigmoid(inputs[~others] @ slopes + offset)
    return found


def right_by_eye(columns: Mapping[str, Floats], labels: Labels, told: Told) -> dict[str, float]:
    """Share of the faces that are sure, of which the scores tell each attribute right.

    Args:
        columns: as `columns_of` gives them.
        labels: the calibration part.
        told: as `more_labels` gives it.
    """
    found = {}
    for name, label in LABEL_OF.items():
        inputs = inputs_of(name, columns)
        faces, there = _sure(name, inputs, labels)
        more, also = _told(name, inputs, told)
        scores = crossed(inputs[faces], there, (inputs[more], also))
        found[label] = float(((scores >= 0.5) == there).mean())
    colour = labels.values["hair_colour"]
    sure = np.isin(colour, (*COLOUR_OF.values(), "red"))
    inputs = inputs_of(next(iter(COLOUR_OF)), columns)[labels.face][sure]
    each = [crossed(inputs, colour[sure] == seen) for seen in COLOUR_OF.values()]
    top = np.array(list(COLOUR_OF.values()))[np.argmax(each, axis=0)]
    return found | {"hair_colour": float((top == colour[sure]).mean())}


def main() -> None:
    """Print how right the teachers are."""
    parser = argparse.ArgumentParser(prog="python -m training.attributes.teachers")
    add_data(parser)
    parser.add_argument("--happiness", type=Path, required=True, help="as happiness writes it")
    arguments = parser.parse_args()
    folder, labels = faces_folder(arguments.data), read_labels().of("calibration")
    check_faces(folder)
    columns = columns_of(read_logits(folder), read_happiness(arguments.happiness))
    for label, share in right_by_eye(columns, labels, more_labels()).items():
        print(f"{label:12} {share:.1%}".replace("%", " %"))


if __name__ == "__main__":
    main()
