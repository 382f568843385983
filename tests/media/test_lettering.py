"""Text as coverage."""

from __future__ import annotations

import numpy as np
import pytest

from mien.faces import EMOTIONS
from mien.media.lettering import KNOWN, capitals, lettering


def test_letters_are_there_smooth_and_on_one_line() -> None:
    line = lettering("Hg", 24)
    assert line.shape == lettering("0:00:03.504 · female, 34", 24).shape[:1] + line.shape[1:]
    assert line.max() == 255
    shades = np.unique(line)
    assert len(shades) > 20  # antialiased
    top, bottom = capitals(24)
    capital = lettering("H", 24)
    assert capital[:top].max() < 128
    assert capital[bottom:].max() < 128
    assert 0.6 <= (bottom - top) / 24 <= 0.8
    assert line[bottom:].max() == 255  # the tail of the g


def test_a_clock_does_not_shake() -> None:
    widths = {lettering(f"0:00:0{digit}.000", 24).shape[1] for digit in range(10)}
    assert len(widths) == 1


@pytest.mark.parametrize("size", [10, 11, 28, 64])
def test_every_character_that_is_written_has_its_own_shape(size: int) -> None:
    shapes = {char: lettering(char, size).tobytes() for char in KNOWN - {" "}}
    assert len(set(shapes.values())) == len(shapes)
    assert all(set(name) <= KNOWN for name in EMOTIONS)


@pytest.mark.parametrize("text", ["café", "Ж", "a–b", "\n"])
def test_what_the_font_lacks_is_no_empty_box(text: str) -> None:
    with pytest.raises(ValueError, match="there are no letters for"):
        lettering(text, 20)
