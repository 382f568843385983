"""Colours of ids."""

from __future__ import annotations

from itertools import combinations

import cv2
import numpy as np
import pytest

from mien.report.palette import BASIC, NOBODY, Colour, colour_of, contrast, ink_on


def difference(a: Colour, b: Colour) -> float:
    """CIE 1976 ΔE; 2 can just be seen side by side."""
    lab = cv2.cvtColor(np.array([[a, b]], np.float32) / 255, cv2.COLOR_RGB2Lab)[0]
    return float(np.linalg.norm(lab[0] - lab[1]))


def test_people_who_are_seen_together_can_be_told_apart() -> None:
    assert min(difference(a, b) for a, b in combinations(map(colour_of, range(12)), 2)) > 20
    assert min(difference(a, b) for a, b in combinations(map(colour_of, range(36)), 2)) > 8
    assert len({colour_of(name) for name in range(36)}) == 36


def test_an_id_has_one_colour_and_no_id_has_another() -> None:
    assert colour_of(0) == BASIC[0]
    assert colour_of(36 + 5) == colour_of(5)
    assert colour_of(-1) == NOBODY
    assert NOBODY not in {colour_of(name) for name in range(36)}


def test_tags_can_be_read() -> None:
    for name in range(-1, 36):
        assert contrast(ink_on(colour_of(name)), colour_of(name)) >= 4.5  # WCAG 2.2, AA


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)
