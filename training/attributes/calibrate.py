"""Make the scores mean what they say: Platt scaling of each output by the labels made by eye.

A score is sigmoid(slope · logit + offset), fitted on the calibration faces that are labelled for
sure (Platt 1999, with his targets that keep a perfect order from giving an endless slope). Outputs
without a label of their own keep the network's: slope 1, offset 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.attributes.labels import UNSURE, Labels

Floats = NDArray[np.float64]

LABEL_OF: Mapping[str, str] = {
    "Eyeglasses": "glasses",
    "Wearing_Hat": "headwear",
    "Bald": "bald",
    "Mustache": "moustache",
    "Sideburns": "sideburns",
    "No_Beard": "beard",
    "Wearing_Lipstick": "lip_makeup",
    "Heavy_Makeup": "eye_makeup",
    "Smiling": "smile",
    "Mouth_Slightly_Open": "lips_apart",
}
"""The label of yes and no that each output is calibrated on; No_Beard on its opposite. Male is
calibrated on the apparent gender."""

COLOUR_OF: Mapping[str, str] = {
    "Blond_Hair": "blond",
    "Gray_Hair": "gray",
    "Black_Hair": "black",
    "Brown_Hair": "brown",
}
"""The colour of hair that each output is calibrated on, among faces with a colour for sure."""

STEPS = 100
RIDGE = 0.3
"""Penalty on the squared slopes of several inputs, in faces."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Slope and offset of each output, of so many outputs."""

    slopes: tuple[float, ...]
    offsets: tuple[float, ...]

    def scores(self, logits: NDArray[np.floating]) -> Floats:
        """(n, k) scores of (n, k) logits."""
        return sigmoid(np.asarray(self.slopes) * logits + np.asarray(self.offsets))


def sigmoid(values: NDArray[np.floating]) -> Floats:
    """The logistic function, without overflow."""
    return np.asarray(0.5 * (1 + np.tanh(np.asarray(values, np.float64) / 2)))


def truth_of(name: str, labels: Labels) -> Floats | None:
    """(n,) 1 where the attribute is there by eye, 0 where not, NaN where unsure; or None.

    None for an output that no label is about.
    """
    if name in COLOUR_OF:
        colour = labels.values["hair_colour"]
        return np.where(colour == UNSURE, np.nan, (colour == COLOUR_OF[name]).astype(float))
    if name == "Male":
        gender = labels.values["gender"]
        return np.where(gender == UNSURE, np.nan, (gender == "m").astype(float))
    if name not in LABEL_OF:
        return None
    there = labels.truth(LABEL_OF[name])
    return 1 - there if name == "No_Beard" else there


def fit(logits: NDArray[np.floating], labels: Labels, names: Sequence[str]) -> Calibration:
    """Fit every output that has a label.

    Args:
        logits: (n, k), a row for each labelled face, in the order of `names`.
    """
    slopes, offsets = np.ones(len(names)), np.zeros(len(names))
    for at, name in enumerate(names):
        truth = truth_of(name, labels)
        if truth is not None:
            sure = np.isfinite(truth)
            slopes[at], offsets[at] = platt(logits[sure, at], truth[sure] == 1)
    return Calibration(tuple(slopes.tolist()), tuple(offsets.tolist()))


def platt(logits: NDArray[np.floating], there: NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset of one output; raises what `logistic` does."""
    (slope,), offset = logistic(logits[:, None], there)
    return float(slope), offset


def logistic(inputs: NDArray[np.floating], there: NDArray[np.bool_]) -> tuple[Floats, float]:
    """Slopes (m,) and offset of logistic regression on inputs (n, m), by Newton's method.

    With Platt's targets; where there are several inputs, the slopes that they have once they are
    scaled to a deviation of 1 are held together by `RIDGE`.

    Raises:
        ValueError: the faces all have the attribute, or none has.
    """
    positive = int(there.sum())
    negative = len(there) - positive
    if not positive or not negative:
        raise ValueError("calibration needs faces with the attribute and faces without it")
    wanted = np.where(there, (positive + 1) / (positive + 2), 1 / (negative + 2))
    centre = inputs.mean(axis=0)
    spread = np.where(inputs.std(axis=0) > 0, inputs.std(axis=0), 1.0)
    columns = np.column_stack([(inputs - centre) / spread, np.ones(len(there))])
    count = inputs.shape[1]
    ridge = np.append(np.full(count, RIDGE if count > 1 else 0.0), 0.0)
    weights = np.append(np.full(count, 1 / count), 0.0)
    for _ in range(STEPS):
        found = sigmoid(columns @ weights)
        slope = columns.T @ (found - wanted) + ridge * weights
        bend = (columns * (found * (1 - found))[:, None]).T @ columns
        step = np.linalg.solve(bend + np.diag(ridge + 1e-9), slope)
        # Newton's full step may overshoot where the order is nearly perfect.
        weights -= step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < 1e-10:
            break
    slopes = weights[:-1] / spread
    return np.asarray(slopes, np.float64), float(weights[-1] - slopes @ centre)
