"""From scores to the terms of Face API. What the network itself can tell: test_attribute_stage."""

from __future__ import annotations

import math
from dataclasses import astuple

import numpy as np
import pytest

from mien.describe.attributes import (
    BEHIND,
    CELEBA,
    NEEDED,
    OCCLUDERS,
    SCORES,
    Accessory,
    FacialHair,
    Hair,
    HairColor,
    Makeup,
    Mask,
    Occlusion,
    Terms,
    hidden,
    named,
    terms,
)

PLAIN = dict.fromkeys((*CELEBA, *OCCLUDERS), 0.1)
PLAIN |= {"No_Beard": 0.9, "Brown_Hair": 0.8, "Black_Hair": 0.3}


def of(**scores: float) -> Terms:
    """The terms of a plain face of which these scores are others."""
    assert scores.keys() <= PLAIN.keys()
    return terms(PLAIN | scores)


def test_a_plain_face() -> None:
    found = of()
    assert found.smile == 0.1
    assert found.facial_hair == FacialHair(0.1, 1 - 0.9, 0.1)
    assert found.glasses == "NoGlasses"
    assert found.hair == Hair(
        *(0.1, False),
        (
            HairColor("brown", 0.8),
            HairColor("black", 0.3),
            HairColor("blond", 0.1),
            HairColor("gray", 0.1),
        ),
    )
    assert found.makeup == Makeup(False, False)
    assert found.occlusion == Occlusion(False, False, False)
    assert found.accessories == ()
    assert found.mask == Mask("noMask", False)
    assert found.lips_apart == 0.1


@pytest.mark.parametrize(
    ("scores", "kind"),
    [
        ({"Eyeglasses": 0.5}, "ReadingGlasses"),
        ({"Eyeglasses": 0.499}, "NoGlasses"),
        ({"Eyeglasses": 0.99, "Sunglasses": 0.5}, "Sunglasses"),
        ({"Sunglasses": 0.7}, "Sunglasses"),
        ({"Sunglasses": 0.9, "Swimming_Goggles": 0.6}, "SwimmingGoggles"),
        ({"Eyeglasses": 0.9, "Swimming_Goggles": 0.6}, "SwimmingGoggles"),
    ],
)
def test_kinds_of_glasses(scores: dict[str, float], kind: str) -> None:
    assert of(**scores).glasses == kind


def test_facial_hair_is_the_scores_and_the_beard_what_is_not_none() -> None:
    found = of(Mustache=0.7, No_Beard=0.25, Sideburns=0.6).facial_hair
    assert found == FacialHair(0.7, 0.75, 0.6)


def test_under_headwear_nobody_knows_whether_a_head_is_bald() -> None:
    covered, bald = of(Wearing_Hat=0.5, Bald=0.9).hair, of(Wearing_Hat=0.49, Bald=0.95).hair
    assert covered is not None
    assert (covered.bald, covered.invisible) == (None, None)
    assert covered.hair_color[0] == HairColor("brown", 0.8)
    assert bald is not None
    assert (bald.bald, bald.invisible, len(bald.hair_color)) == (0.95, False, 4)


@pytest.mark.parametrize("best", ["black", "blond", "brown", "gray"])
def test_the_likeliest_colour_comes_first(best: str) -> None:
    found = of(**{"Brown_Hair": 0.4, f"{best.capitalize()}_Hair": 0.9}).hair
    assert found is not None
    assert found.hair_color[0] == HairColor(best, 0.9)
    confidences = [each.confidence for each in found.hair_color]
    assert confidences == sorted(confidences, reverse=True)


def test_makeup_of_eyes_and_lips_apart() -> None:
    assert of(Heavy_Makeup=0.5).makeup == Makeup(True, False)
    assert of(Wearing_Lipstick=0.5).makeup == Makeup(False, True)


@pytest.mark.parametrize(
    ("score", "hidden"),
    [
        ("Forehead_Occluded", (True, False, False)),
        ("Bangs", (True, False, False)),
        ("Eyes_Occluded", (False, True, False)),
        ("Sunglasses", (False, True, False)),
        ("Mouth_Occluded", (False, False, True)),
        ("Face_Mask", (False, False, True)),
    ],
)
def test_what_hides_a_part(score: str, hidden: tuple[bool, bool, bool]) -> None:
    assert of(**{score: 0.5}).occlusion == Occlusion(*hidden)


def test_accessories_are_those_that_are_likely_the_likeliest_first() -> None:
    found = of(Wearing_Hat=0.6, Eyeglasses=0.2, Sunglasses=0.8, Face_Mask=0.49).accessories
    assert found == (Accessory("glasses", 0.8), Accessory("headWear", 0.6))
    assert of(Face_Mask=0.5).accessories == (Accessory("mask", 0.5),)


@pytest.mark.parametrize(
    ("mask", "mouth", "kind", "covered"),
    [
        (0.1, 0.1, "noMask", False),
        (0.9, 0.9, "faceMask", None),
        (0.1, 0.9, "otherMaskOrOcclusion", None),
        (0.45, 0.1, "uncertain", False),
        (0.55, 0.1, "uncertain", None),
        (0.45, 0.9, "uncertain", None),
        (0.6, 0.1, "faceMask", None),
        (0.4, 0.1, "noMask", False),
    ],
)
def test_kinds_of_masks(mask: float, mouth: float, kind: str, covered: bool | None) -> None:
    assert of(Face_Mask=mask, Mouth_Occluded=mouth).mask == Mask(kind, covered)


FIELDS = {"facialHair": "facial_hair", "lips": "lips_apart"}
PARTLY = ("facialHair", "makeup")


@pytest.mark.parametrize("score", PLAIN)
def test_a_score_that_is_nan_takes_away_what_needs_it_and_nothing_else(score: str) -> None:
    found, plain = of(**{score: math.nan}), of()
    for term, needed in NEEDED.items():
        value, usual = (getattr(each, FIELDS.get(term, term)) for each in (found, plain))
        if score not in needed:
            assert value == usual, term
        elif term in PARTLY:
            parts = list(zip(astuple(value), astuple(usual), strict=True))
            assert sum(part is None for part, _ in parts) == 1, term
            assert all(part in (None, before) for part, before in parts)
        else:
            assert value is None, term


def test_scores_that_are_not_there_are_as_good_as_nan() -> None:
    some = {name: value for name, value in PLAIN.items() if name not in ("Face_Mask", "Bald")}
    found = terms(some)
    assert (found.hair, found.occlusion, found.mask) == (None, None, None)
    assert found.smile == 0.1
    assert terms({}) == Terms(*[None] * 9)


def test_what_a_network_without_occluders_can_tell() -> None:
    plain = {name: PLAIN[name] for name in CELEBA}
    found = terms(plain | {"Eyeglasses": 0.9, "Wearing_Hat": 0.8})
    assert (found.glasses, found.occlusion, found.mask) == (None, None, None)
    assert found.accessories == (Accessory("glasses", 0.9), Accessory("headWear", 0.8))
    assert hidden(plain) == ()


def test_what_is_behind_a_mask_or_dark_glasses() -> None:
    assert hidden(PLAIN) == ()
    for score in ("Mouth_Occluded", "Face_Mask"):
        assert hidden(PLAIN | {score: 0.5}) == ("mouth",)
    for score in ("Eyes_Occluded", "Sunglasses"):
        assert hidden(PLAIN | {score: 0.5}) == ("eyes",)
    assert hidden(PLAIN | {"Sunglasses": 0.9, "Face_Mask": 0.9}) == ("eyes", "mouth")
    covered = of(**dict.fromkeys(BEHIND["mouth"], math.nan), Mouth_Occluded=0.9)
    assert (covered.smile, covered.lips_apart) == (None, None)
    assert covered.facial_hair == FacialHair(None, None, 0.1)
    assert covered.makeup == Makeup(False, None)
    assert covered.glasses == "NoGlasses"


def test_a_row_has_a_number_for_each_score() -> None:
    row = np.linspace(0, 1, len(SCORES), dtype=np.float32)
    assert named(row)["Eyeglasses"] == 0.0
    assert named(row)[SCORES[-1]] == 1.0
    with pytest.raises(ValueError, match="shorter"):
        named(row[1:])
