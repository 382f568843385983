"""Attributes of a face in the terms of Face API v1.0, from the scores of the attribute network.

    model = AttributeModel.load()
    found = terms(dict(zip(model.names, model.scores([crop])[0])))
    found.glasses                                   # "ReadingGlasses"

Everything here is arithmetic on named scores, each 0..1 and at one half where the attribute is as
likely as not. Names, capitals and ranges are those of the API. Which score each term is read from,
why, and what the API had that is not told here: docs/concepts/attributes.md.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]

LIKELY = 0.5
"""From here a score says that the attribute is there."""

UNCERTAIN = (0.4, 0.6)
"""Scores between these leave open whether there is a mask."""

SCORES = (
    "Eyeglasses", "Wearing_Hat", "Bald", "Mustache", "Goatee", "Sideburns", "No_Beard",
    "5_o_Clock_Shadow", "Wearing_Lipstick", "Heavy_Makeup", "Smiling", "Mouth_Slightly_Open",
    "Blond_Hair", "Gray_Hair", "Black_Hair", "Brown_Hair", "Bangs", "Receding_Hairline", "Male",
    "Young", "Sunglasses", "Swimming_Goggles", "Face_Mask", "Forehead_Occluded", "Eyes_Occluded",
    "Mouth_Occluded",
)  # fmt: skip
"""The columns of `Faces.attributes`, in order: the attributes of CelebA (Liu et al., ICCV 2015)
that the network answers for, then those that it learnt from generated occluders."""

HAIR_COLORS = {
    "black": "Black_Hair",
    "blond": "Blond_Hair",
    "brown": "Brown_Hair",
    "gray": "Gray_Hair",
}
"""The colours that are told, and the score of each."""

GLASSES = ("Eyeglasses", "Sunglasses", "Swimming_Goggles")
OCCLUDERS = ("Forehead_Occluded", "Eyes_Occluded", "Mouth_Occluded")
NEEDED: dict[str, tuple[str, ...]] = {
    "smile": ("Smiling",),
    "facialHair": ("Mustache", "No_Beard", "Sideburns"),
    "glasses": GLASSES,
    "hair": ("Bald", "Wearing_Hat", *HAIR_COLORS.values()),
    "makeup": ("Heavy_Makeup", "Wearing_Lipstick"),
    "occlusion": (*OCCLUDERS, "Bangs", "Sunglasses", "Face_Mask"),
    "accessories": ("Wearing_Hat", *GLASSES, "Face_Mask"),
    "mask": ("Face_Mask", "Mouth_Occluded"),
    "lips": ("Mouth_Slightly_Open",),
}
"""The scores that each term is read from."""

Scores = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class FacialHair:
    """How likely each kind is, 0..1."""

    moustache: float
    beard: float
    sideburns: float


@dataclass(frozen=True, slots=True)
class HairColor:
    """A colour ("black", "blond", "brown" or "gray") and how likely most of the hair has it."""

    color: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Hair:
    """How likely the head is bald, 0..1; whether headwear hides the hair; the colours, the most
    likely first, none where the hair is hidden."""

    bald: float
    invisible: bool
    hair_color: tuple[HairColor, ...]


@dataclass(frozen=True, slots=True)
class Makeup:
    """Whether makeup can be seen."""

    eye_makeup: bool
    lip_makeup: bool


@dataclass(frozen=True, slots=True)
class Occlusion:
    """Whether something hides half of a part or more; of the eyes, one of them."""

    forehead_occluded: bool
    eye_occluded: bool
    mouth_occluded: bool


@dataclass(frozen=True, slots=True)
class Accessory:
    """Something that is worn ("headWear", "glasses" or "mask"), and how likely it is, 0..1."""

    type: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Mask:
    """ "noMask", "faceMask", "otherMaskOrOcclusion" or "uncertain"; whether it covers the mouth."""

    type: str
    nose_and_mouth_covered: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """What is told of one face; None where a score that it takes is NaN or not there."""

    smile: float | None  # 0..1
    facial_hair: FacialHair | None
    glasses: str | None  # "NoGlasses", "ReadingGlasses", "Sunglasses" or "SwimmingGoggles"
    hair: Hair | None
    makeup: Makeup | None
    occlusion: Occlusion | None
    accessories: tuple[Accessory, ...] | None  # the likeliest first
    mask: Mask | None
    lips_apart: float | None  # 0..1; not of Face API


def terms(scores: Scores) -> Terms:
    """The terms of one face, from the scores by name."""

    def given(term: str) -> bool:
        return all(math.isfinite(scores.get(name, math.nan)) for name in NEEDED[term])

    return Terms(
        smile=scores["Smiling"] if given("smile") else None,
        facial_hair=_facial_hair(scores) if given("facialHair") else None,
        glasses=_glasses(scores) if given("glasses") else None,
        hair=_hair(scores) if given("hair") else None,
        makeup=_makeup(scores) if given("makeup") else None,
        occlusion=_occlusion(scores) if given("occlusion") else None,
        accessories=_accessories(scores) if given("accessories") else None,
        mask=_mask(scores) if given("mask") else None,
        lips_apart=scores["Mouth_Slightly_Open"] if given("lips") else None,
    )


def named(row: Array) -> dict[str, float]:
    """The scores of one row of `Faces.attributes` by name.

    Raises:
        ValueError: it has not one number for each of `SCORES`.
    """
    return dict(zip(SCORES, row.tolist(), strict=True))


def backed(names: Collection[str]) -> frozenset[str]:
    """The terms, by their names in the API, that scores of these names are enough for."""
    return frozenset(term for term, needed in NEEDED.items() if set(names).issuperset(needed))


def _facial_hair(scores: Scores) -> FacialHair:
    return FacialHair(
        moustache=scores["Mustache"],
        beard=1 - scores["No_Beard"],
        sideburns=scores["Sideburns"],
    )


def _glasses(scores: Scores) -> str:
    """Dark glasses and goggles are glasses too: the kind is asked first."""
    kind = max(("Sunglasses", "Swimming_Goggles"), key=scores.__getitem__)
    if scores[kind] >= LIKELY:
        return kind.replace("_", "")
    return "ReadingGlasses" if scores["Eyeglasses"] >= LIKELY else "NoGlasses"


def _hair(scores: Scores) -> Hair:
    """Hair is hidden where there is headwear, and no colour is seen beside it."""
    colors = [HairColor(color, scores[name]) for color, name in HAIR_COLORS.items()]
    colors.sort(key=lambda each: -each.confidence)
    invisible = scores["Wearing_Hat"] >= LIKELY and colors[0].confidence < LIKELY
    return Hair(scores["Bald"], invisible, () if invisible else tuple(colors))


def _makeup(scores: Scores) -> Makeup:
    return Makeup(scores["Heavy_Makeup"] >= LIKELY, scores["Wearing_Lipstick"] >= LIKELY)


def _occlusion(scores: Scores) -> Occlusion:
    """A fringe hides the forehead, dark glasses the eyes, a mask the mouth."""
    forehead = max(scores["Forehead_Occluded"], scores["Bangs"])
    eyes = max(scores["Eyes_Occluded"], scores["Sunglasses"])
    mouth = max(scores["Mouth_Occluded"], scores["Face_Mask"])
    return Occlusion(forehead >= LIKELY, eyes >= LIKELY, mouth >= LIKELY)


def _accessories(scores: Scores) -> tuple[Accessory, ...]:
    found = (
        Accessory("headWear", scores["Wearing_Hat"]),
        Accessory("glasses", max(scores[name] for name in GLASSES)),
        Accessory("mask", scores["Face_Mask"]),
    )
    worn = (each for each in found if each.confidence >= LIKELY)
    return tuple(sorted(worn, key=lambda each: -each.confidence))


def _mask(scores: Scores) -> Mask:
    low, high = UNCERTAIN
    covered = max(scores["Mouth_Occluded"], scores["Face_Mask"]) >= LIKELY
    if low < scores["Face_Mask"] < high:
        return Mask("uncertain", covered)
    if scores["Face_Mask"] >= high:
        return Mask("faceMask", covered)
    return Mask("otherMaskOrOcclusion" if covered else "noMask", covered)
