"""Whether faces are hidden, told from the pixels of the output alone.

What a face has of fine detail, finer than a tenth of its width, is compared before and after: eyes,
lips and the lines around them are in it, and none of it is left by a blur that hides. It does not
ask where masks are, so it also finds a mask that was computed and not drawn.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.redaction.scoring import painted, whole
from bench.redaction.truth import INNER, Clip, Shown
from mien.media import open_video

Array = NDArray[Any]

FINE = 0.1
"""Standard deviation, in widths of the face, of the Gaussian above which detail is fine."""

LEFT = 0.5
"""A face is hidden if less than this share of its detail is left (root mean square, over the inner
area). Compression leaves nine tenths; a mask over one half of a face leaves seven."""

LEAST = 0.25
"""Grey levels of detail below which there is none to hide."""


def hidden_by_pixels(clip: Clip, before: Path, after: Path) -> int:
    """How many of the face-frames that count are hidden in a redacted video.

    Raises:
        ValueError: it has another number of frames.
    """
    hidden = 0
    with open_video(before) as source, open_video(after) as output:
        for old, new in zip_longest(source.frames(), output.frames()):
            if old is None or new is None:
                raise ValueError(f"{after} does not have as many frames as {before}")
            shown = clip.shown(old.index)
            if shown.counted.any():
                rgb = new.rgb_at(*clip.size_wh)  # deface makes sides whole multiples of 16
                hidden += int((left(old.rgb, rgb, shown)[shown.counted] < LEFT).sum())
    return hidden


def left(before: Array, after: Array, shown: Shown) -> Array:
    """(n,) the share of each face's detail that is left; 0 if there was none to see."""
    pictures = [cv2.cvtColor(np.asarray(rgb), cv2.COLOR_RGB2GRAY).astype(np.float32)
                for rgb in (before, after)]  # fmt: skip
    height, width = pictures[0].shape
    inner = whole(replace(shown, half_wh=shown.half_wh * INNER))
    shares = []
    for row, (centre, half) in enumerate(zip(shown.centre_xy, shown.half_wh, strict=True)):
        x1, y1 = np.floor(centre - 1.5 * half).astype(int).clip(0, [width, height])
        x2, y2 = np.ceil(centre + 1.5 * half).astype(int).clip(0, [width, height])
        at = slice(y1, y2), slice(x1, x2)
        inside = painted(inner[[row]], width, height)[at]
        old, new = (_detail(picture[at], 2 * half[0] * FINE, inside) for picture in pictures)
        shares.append(new / old if old >= LEAST else 0.0)
    return np.array(shares)


def _detail(patch: Array, sigma: float, inside: Array) -> float:
    """Root mean square of what is finer than sigma pixels."""
    if not inside.any():
        return 0.0
    fine = patch - cv2.GaussianBlur(patch, (0, 0), sigma)
    return float(np.sqrt(np.mean(fine[inside] ** 2)))
