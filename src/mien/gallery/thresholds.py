"""How near a face must be to a person of a group to be given their name: nearer in a large group.

The more there are to be mistaken for, the likelier a stranger comes near one of them. The default
threshold is such that at most one stranger in a hundred gets a name.
"""

from __future__ import annotations

import numpy as np

from mien.describe.embedding import MATCH_THRESHOLD

STRANGERS_NAMED = 0.01
"""The share of strangers that may get a name."""

GROUP_THRESHOLDS = {
    10: 0.517,
    100: 0.443,
    1_000: 0.390,
    10_000: 0.365,
    100_000: 0.335,
    1_000_000: 0.299,
}
"""Tries → distance below which a face gets a name: `python -m bench.gallery.thresholds`, 4,779
people of LFW, in groups half of women and half of men, so that at most 1 % of women and 1 % of men
who are strangers get one: the lower ends of the 95 % intervals of where that is. Measured up to
1,000, extrapolated beyond. How, and for whom they do not hold: docs/concepts/recognition.md.
"""

MEAN_TRIES = 2
MOST_TRIES = 10
"""What a mean of several faces counts, and a person at most: a stranger comes near a person with
2, 3, 5, 10 and 20 faces at most 3.3, 5.4, 7.5, 6.7 and 10.6 times as often as near one with one,
at 0.42 to 0.53; at smaller distances more often, by too few events to say how much."""


def tries(faces: int) -> int:
    """How many chances to be mistaken for a person with so many faces a stranger has: each face is
    one, and the mean of several is nearer to everyone than a face, and counts twice."""
    return min(faces + MEAN_TRIES * (faces > 1), MOST_TRIES)


def identify_threshold(tries: int) -> float:
    """The distance below which a face gets a name, in a group in which strangers have so many
    tries; it falls as they rise, in straight lines over their logarithm.

    It is never more than the point up to which two faces pass for one person.

    Raises:
        ValueError: there are fewer than none.
    """
    if tries < 0:
        raise ValueError(f"a group cannot have {tries} tries")
    size = np.log10(list(GROUP_THRESHOLDS))
    at = np.array(list(GROUP_THRESHOLDS.values()))
    wanted = np.log10(max(tries, 1))
    if wanted <= size[-1]:
        low = wanted < size[0]
        steep = (at[1] - at[0]) / (size[1] - size[0])
        found = at[0] + (wanted - size[0]) * steep if low else np.interp(wanted, size, at)
    else:
        found = at[-1] + (wanted - size[-1]) * (at[-1] - at[-2]) / (size[-1] - size[-2])
    return float(np.clip(found, 0.0, MATCH_THRESHOLD))
