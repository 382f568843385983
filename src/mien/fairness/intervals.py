"""What is known of a share or a mean from so many trials: 95 % intervals."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Array = NDArray[Any]

Z = 1.959964
LEVEL = 0.95


def wilson(events: float, trials: float) -> tuple[float, float]:
    """Interval of a share (Wilson, "Probable inference", JASA 22, 1927); NaN without trials.

    `trials` need not be whole: see `effective_trials`.
    """
    if not trials:
        return math.nan, math.nan
    share, z2 = events / trials, Z * Z
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2)) / (1 + z2 / trials)
    low = 0.0 if events <= 0 else max(0.0, centre - half)
    high = 1.0 if events >= trials else min(1.0, centre + half)
    return low, high


def mean_interval(values: Array) -> tuple[float, float]:
    """Interval of the mean of values (n,), by Student's t; NaN for fewer than two."""
    n = len(values)
    if n < 2:
        return math.nan, math.nan
    mean = float(np.mean(values))
    half = float(stdtrit(n - 1, (1 + LEVEL) / 2)) * float(np.std(values, ddof=1)) / math.sqrt(n)
    return mean - half, mean + half


def effective_trials(events: Array, pairs: Array, total_events: int, total_pairs: int) -> float:
    """How many independent trials the pairs of some persons are worth.

    Pairs that share a person hang together, so that a million of them say less than a million
    trials. The variance of the share is that of the jackknife that leaves out one person at a time
    (Efron and Stein, "The jackknife estimate of variance", Annals of Statistics 9, 1981); so many
    trials would have the same. Where no pair or every pair is an event the jackknife says nothing,
    and a person counts as one trial (Mansfield and Wayman, "Best Practices in Testing and Reporting
    Performance of Biometric Devices", NPL Report CMSC 14/02, 2002, on what the rule of 3 assumes).

    Args:
        events: (k,) of each person, the events among the pairs that the person is in.
        pairs: (k,) of each person, the pairs that the person is in.
        total_events: of all pairs, each counted once.
        total_pairs: likewise.
    """
    there = pairs > 0
    persons = int(there.sum())
    if not total_pairs:
        return 0.0
    share = total_events / total_pairs
    rest = total_pairs - pairs[there]
    if share in (0.0, 1.0) or persons < 2 or (rest == 0).any():
        return float(min(total_pairs, persons))
    without = (total_events - events[there]) / rest
    variance = (persons - 1) / persons * float(np.sum((without - without.mean()) ** 2))
    if variance == 0:
        return float(total_pairs)
    return float(min(total_pairs, max(1.0, share * (1 - share) / variance)))
