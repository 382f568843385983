"""How good attribute scores are: area under the curve against ranked scores. Numpy only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from training.attributes.data import SCORED, shares

ASKED = (
    "Eyeglasses", "Wearing_Hat", "Bald", "Mustache", "Goatee", "Sideburns", "Wearing_Lipstick",
    "Heavy_Makeup", "Smiling", "Mouth_Slightly_Open", "Blond_Hair", "Gray_Hair", "Black_Hair",
    "Bangs",
)  # fmt: skip
"""The attributes whose mean area is what runs are compared by."""


def area_under_curve(scores: NDArray[np.floating], positive: NDArray[np.bool_],
                     negative: NDArray[np.bool_]) -> float:  # fmt: skip
    """Area under the ROC curve: how often a positive face scores above a negative; ties half."""
    high, low = np.sort(scores[positive]), np.sort(scores[negative])
    below = np.searchsorted(low, high, "left") + np.searchsorted(low, high, "right")
    return float(below.sum() / (2 * len(high) * len(low)))


def areas(
    scores: NDArray[np.floating], logits: NDArray[np.float32], names: Sequence[str]
) -> dict[str, float]:
    """Area of each attribute against the logits of the set.

    Positives are the share of faces that rank highest (`data.shares`), negatives the lower half,
    or for an attribute that half the faces or more have, the others; for No_Beard, that more than
    half have, negatives are those below a logit of 0.

    Args:
        scores: (n, k), in the order of `names`.
        logits: (n, 40), in the order of `SCORED`.
    """
    found = {}
    for at, name in enumerate(names):
        column = logits[:, SCORED.index(name)]
        share = float(shares(column[:, None])[0])
        positive = column >= np.quantile(column, 1 - share)
        negative = column <= np.quantile(column, min(0.5, 1 - share))
        if name == "No_Beard":
            negative = column < 0
        found[name] = area_under_curve(scores[:, at], positive, negative & ~positive)
    return found


def mean_asked(found: dict[str, float]) -> float:
    """Mean area over `ASKED`."""
    return float(np.mean([found[name] for name in ASKED]))
