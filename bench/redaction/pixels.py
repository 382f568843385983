"""Whether faces are hidden, told from the pixels of the output alone.

What a face has of fine detail, finer than a tenth of its width, is compared before and after: eyes,
lips and the lines around them are in it, and none of it is left by a blur that hides. It does not
ask where masks are, so it also finds a mask that was computed and not drawn.
"""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.redaction.truth import Clip, Shown
from mien.media import open_video

Array = NDArray[Any]

FINE = 0.1
"""Standard deviation, in widths of the face, of the Gaussian above which detail is fine."""

LEFT = 0.3
"""A face is hidden if less than this share of its detail is left. A mask over one half of a face
leaves a half. What is left is told from what is there before and after: noise of the encoder, or
the edge of a tile, is new and does not count."""

LEAST = 0.1
"""Grey levels of detail (root mean square) below which there is none."""


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
    """(n,) the share of each face's detail that is left (the coefficient of regression of what is
    there after on what was there before); 0 if there was none to see."""
    pictures = [cv2.cvtColor(np.asarray(rgb), cv2.COLOR_RGB2GRAY).astype(np.float32)
                for rgb in (before, after)]  # fmt: skip
    shares = []
    for row, (centre, half) in enumerate(zip(shown.centre_xy, shown.half_wh, strict=True)):
        x, y = np.floor(shown.inner_xy[row][shown.seen[row]]).astype(int).T
        low = np.floor(centre - 1.5 * half).astype(int).clip(0)
        high = np.ceil(centre + 1.5 * half).astype(int)
        at = slice(low[1], high[1]), slice(low[0], high[0])
        old, new = (_detail(picture[at], 2 * half[0] * FINE)[y - low[1], x - low[0]]
                    for picture in pictures) if len(x) else (x, x)  # fmt: skip
        power = float(old @ old)
        shares.append(max(0.0, float(old @ new)) / power if power > len(x) * LEAST**2 else 0.0)
    return np.array(shares)


def _detail(patch: Array, sigma: float) -> Array:
    """What is finer than sigma pixels."""
    fine: Array = patch - cv2.GaussianBlur(patch, (0, 0), sigma)
    return fine
