"""Text as coverage, to be painted in any colour: Pillow's own font (Aileron), antialiased."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Array = NDArray[Any]

KNOWN = frozenset(chr(code) for code in range(32, 127)) | {"·", "…"}
"""The characters that the font draws; its digits are all of one width."""


@lru_cache(maxsize=512)
def lettering(text: str, size: int) -> Array:
    """(h, w) uint8, read-only: how much of each pixel a line of text covers, 0..255.

    h depends on `size` alone, the height of the font in pixels, and so does where the base line is:
    lines of one size stand on one line. Capitals and digits reach from `capitals(size)[0]` to
    `capitals(size)[1]`.

    Raises:
        ValueError: a character that the font lacks, which it would draw as an empty box.
    """
    if lacking := set(text) - KNOWN:
        raise ValueError(f"there are no letters for {sorted(lacking)}")
    font = _font(size)
    ascent, descent = font.getmetrics()
    picture = Image.new("L", (max(1, round(font.getlength(text))), ascent + descent))
    ImageDraw.Draw(picture).text((0, ascent), text, fill=255, font=font, anchor="ls")
    coverage = np.asarray(picture)
    coverage.flags.writeable = False
    return coverage


@lru_cache(maxsize=64)
def capitals(size: int) -> tuple[int, int]:
    """The first row and the row behind the last that capitals and digits cover."""
    rows = np.flatnonzero(lettering("H0", size).max(axis=1) >= 128)
    return int(rows[0]), int(rows[-1]) + 1


@lru_cache(maxsize=64)
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise RuntimeError("Pillow has been built without FreeType, so that it cannot draw text")
    return font
