"""Valence: how pleasant or unpleasant an expression looks, from −1 to 1.

The definition is that of FaceReader (Noldus Information Technology, Reference Manual, "Valence"):
the intensity of happy less that of the strongest negative expression. FaceReader's negative ones
are sad, angry, scared and disgusted; contempt, which it gives as an extra, is counted among them
here. Surprise may be either, and counts for neither.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.faces import EMOTIONS

Array = NDArray[Any]

POSITIVE = EMOTIONS.index("happiness")
NEGATIVE = [EMOTIONS.index(n) for n in ("sadness", "anger", "disgust", "fear", "contempt")]


def valence(emotion: Array) -> Array:
    """(n,) −1..1 of (n, 8) probabilities; NaN where the expression was not read."""
    strongest: Array = np.max(emotion[:, NEGATIVE], axis=1)
    return emotion[:, POSITIVE] - strongest
