"""How good scores are: accuracy with intervals, recall, confusion, calibration. Numpy only."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64] | NDArray[np.float32]
Labels = NDArray[np.int64]
ECE_BINS = 15


def wilson(hits: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's interval for a share of `hits` in `trials` (95 % for the default z)."""
    if trials == 0:
        return 0.0, 1.0
    share = hits / trials
    shrink = 1 + z * z / trials
    centre = (share + z * z / (2 * trials)) / shrink
    half = z / shrink * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max(0.0, centre - half), min(1.0, centre + half)


def share(hits: int, trials: int) -> dict[str, Any]:
    """A share with its interval and how many it is of, for a JSON file; None of nothing."""
    low, high = wilson(hits, trials)
    value = hits / trials if trials else None
    return {"value": value, "low": low, "high": high, "faces": trials}


def confusion(scores: Floats, labels: Labels) -> NDArray[np.int64]:
    """Counts by true label (row) and top score (column), (k, k)."""
    kinds = scores.shape[1]
    table = np.zeros((kinds, kinds), np.int64)
    np.add.at(table, (labels, scores.argmax(axis=1)), 1)
    return table


def calibration_error(confidence: Floats, truth: Floats, bins: int = ECE_BINS) -> float:
    """Expected calibration error: the gap of mean confidence and mean truth, over equal-width bins.

    Args:
        confidence: (n,) predicted shares, 0..1.
        truth: (n,) what came true: 0 or 1 for a label, a share for votes.
    """
    bin_of = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    gaps = np.bincount(bin_of, weights=confidence - truth, minlength=bins)
    return float(np.abs(gaps).sum() / max(len(confidence), 1))


def reliability(
    confidence: Floats, truth: Floats, bins: int = ECE_BINS
) -> list[tuple[float, float, int]]:
    """The plot of calibration: (mean confidence, mean truth, faces) of each bin with faces."""
    bin_of = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    return [
        (float(confidence[chosen].mean()), float(truth[chosen].mean()), int(chosen.sum()))
        for at in range(bins)
        if (chosen := bin_of == at).any()
    ]


def label_calibration_error(scores: Floats, labels: Labels) -> float:
    """Calibration error of the top score against the majority label."""
    return calibration_error(scores.max(axis=1), (scores.argmax(axis=1) == labels).astype(float))
