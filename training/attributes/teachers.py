"""What close-ups are taught: how likely an attribute is by eye, from several scores at once.

The published scores rank well, but a target from them alone is soft just where the eye decides.
So the labels by eye of the calibration part turn scores into probabilities by eye: glasses and
lips apart by their own score, a smile by its score and the happiness that the expression network
sees, a colour of hair by the scores of all four. `labels/more.csv` has labels by eye of lips and
hair of some faces that are trained on; they replace what the scores say.

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
    "Mouth_Slightly_Open": ("Mouth_Slightly_Open",),
    "Smiling": ("Smiling", "happiness"),
    **dict.fromkeys(COLOUR_OF, tuple(COLOUR_OF)),
}
"""The scores that each target is made of."""

MORE = {"lips_apart": ("Mouth_Slightly_Open",), "hair_colour": tuple(COLOUR_OF)}
"""The columns of ``more.csv``, and the outputs that each tells."""


def log_odds(shares: NDArray[np.floating]) -> Floats:
    """The logits of shares, which are kept from 0 and 1."""
    kept = np.clip(np.asarray(shares, np.float64), 1e-4, 1 - 1e-4)
    return np.asarray(np.log(kept / (1 - kept)))


def by_eye(
    logits: NDArray[np.float32], happiness: Floats, labels: Labels
) -> dict[str, NDArray[np.float64]]:
    """For each of `SOURCES`, (n,) how likely it is by eye; NaN where a score is missing.

    Args:
        logits: (n, 40) of all faces, in the order of `SCORED`.
        happiness: (n,) share of happiness, NaN where it is not known.
        labels: the calibration part.
    """
    columns = dict(zip(SCORED, logits.T, strict=True)) | {"happiness": log_odds(happiness)}
    found = {}
    for name, sources in SOURCES.items():
        inputs = np.column_stack([columns[source] for source in sources]).astype(np.float64)
        truth = truth_of(name, labels)
        assert truth is not None
        seen = inputs[labels.face]
        sure = np.isfinite(truth) & np.isfinite(seen).all(axis=1)
        slopes, offset = logistic(seen[sure], truth[sure] == 1)
        found[name] = np.asarray(sigmoid(inputs @ slopes + offset))
    whole = np.sum([found[name] for name in COLOUR_OF], axis=0)
    return found | {name: found[name] / whole for name in COLOUR_OF}


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
    names: tuple[str, ...], likely: Mapping[str, Floats], told: Mapping[str, Mapping[int, float]]
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


def crossed(inputs: Floats, there: NDArray[np.bool_]) -> Floats:
    """(n,) scores of faces (n, m), each by a fit to those of the other `FOLDS`."""
    fold = np.random.default_rng(SEED).permutation(len(there)) % FOLDS
    found = np.empty(len(there))
    for at in range(FOLDS):
        slopes, offset = logistic(inputs[fold != at], there[fold != at])
        found[fold == at] = sigmoid(inputs[fold == at] @ slopes + offset)
    return found


def right_by_eye(columns: Mapping[str, Floats], labels: Labels) -> dict[str, float]:
    """Share of the faces that are sure, of which the scores tell each attribute right.

    Args:
        columns: (n,) scores of the labelled faces by name.
        labels: the calibration part.
    """
    found = {}
    for name, label in LABEL_OF.items():
        truth = truth_of(name, labels)
        assert truth is not None
        inputs = np.column_stack([columns[each] for each in SOURCES.get(name, (name,))])
        sure = np.isfinite(truth) & np.isfinite(inputs).all(axis=1)
        there = truth[sure] == 1
        found[label] = float(((crossed(inputs[sure], there) >= 0.5) == there).mean())
    colour = labels.values["hair_colour"]
    sure = np.isin(colour, (*COLOUR_OF.values(), "red"))
    inputs = np.column_stack([columns[name] for name in COLOUR_OF])[sure]
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
    columns = dict(zip(SCORED, read_logits(folder)[labels.face].T.astype(np.float64), strict=True))
    columns["happiness"] = log_odds(read_happiness(arguments.happiness)[labels.face])
    for label, share in right_by_eye(columns, labels).items():
        print(f"{label:12} {share:.1%}".replace("%", " %"))


if __name__ == "__main__":
    main()
