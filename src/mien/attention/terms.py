"""Words and numbers for what was measured: groups of age, how pleasant an expression is."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.faces import EMOTIONS

Array = NDArray[Any]

AGE_GROUPS = ((18.0, "Child"), (35.0, "Young Adult"), (65.0, "Adult"), (np.inf, "Senior"))
"""Names, and the age in years at which each ends."""

NEGATIVE = tuple(
    EMOTIONS.index(name) for name in ("sadness", "anger", "disgust", "fear", "contempt")
)
POSITIVE = EMOTIONS.index("happiness")


def age_group(years: float) -> str | None:
    """ "Child", "Young Adult", "Adult" or "Senior": below 18, 35, 65, and beyond; None for NaN."""
    if np.isnan(years):
        return None
    return next(name for end, name in AGE_GROUPS if years < end)


class EmotionScore(NamedTuple):
    """Percent of an expression that is negative, neutral and positive; together 100."""

    negative: float
    neutral: float
    positive: float


def emotion_score(emotion: Array) -> EmotionScore | None:
    """How an expression, (8,) shares in the order of `EMOTIONS`, is divided; None for NaN.

    Positive is happiness; negative are sadness, anger, disgust, fear and contempt. Surprise may be
    either, and counts with neutral.
    """
    if not np.isfinite(emotion).all():
        return None
    shares = 100.0 * np.asarray(emotion, float) / np.sum(emotion)
    negative, positive = float(shares[list(NEGATIVE)].sum()), float(shares[POSITIVE])
    return EmotionScore(negative, 100.0 - negative - positive, positive)
