"""The style sheet and the palette of reports say the same."""

from __future__ import annotations

import re

import pytest

from mien.faces import EMOTIONS
from mien.report.palette import BASIC, EXPRESSIONS, NOBODY, Colour, contrast
from mien.server.studio.files import STATIC

TOKENS = dict(
    re.findall(
        r"^ +--([\w-]+): #([0-9a-f]{6});$", (STATIC / "studio.css").read_text(), re.MULTILINE
    )
)


def colour(token: str) -> Colour:
    r, g, b = bytes.fromhex(TOKENS[token])
    return r, g, b


def test_expressions_have_the_colours_of_reports() -> None:
    assert tuple(EXPRESSIONS) == EMOTIONS
    assert {name: colour(f"emotion-{name}") for name in EMOTIONS} == EXPRESSIONS


def test_people_have_the_colours_of_reports() -> None:
    assert tuple(colour(f"person-{index}") for index in range(len(BASIC))) == BASIC
    assert colour("person-nobody") == NOBODY


@pytest.mark.parametrize("name", EMOTIONS)
def test_expressions_can_be_told_from_the_ground_in_light_and_dark(name: str) -> None:
    for ground in ((255, 255, 255), (32, 31, 28)):
        assert contrast(EXPRESSIONS[name], ground) >= 3


def test_both_ways_to_the_dark_theme_have_the_same_colours() -> None:
    css = (STATIC / "studio.css").read_text()
    chosen = css[css.index(':root[data-theme="dark"] {') :]
    system = css[css.index(":root:not([data-theme]) {") :]
    tokens = [
        dict(re.findall(r"(--[\w-]+): ([^;]+);", part[: part.index("}")]))
        for part in (chosen, system)
    ]
    assert tokens[0] == tokens[1]
    assert len(tokens[0]) > 15
