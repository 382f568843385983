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
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from mien.describe.attribute_model import AttributeModel, crops_by_landmarks

__all__ = [
    "BEHIND",
    "CELEBA",
    "NEEDED",
    "OCCLUDERS",
    "SCORES",
    "TOLD",
    "Accessory",
    "AttributeModel",
    "FacialHair",
    "Hair",
    "HairColor",
    "Makeup",
    "Mask",
    "Occlusion",
    "Terms",
    "crops_by_landmarks",
    "hidden",
    "named",
    "terms",
]

Array = NDArray[Any]

LIKELY = 0.5
"""From here a score says that the attribute is there."""

UNCERTAIN = (0.4, 0.6)
"""Scores between these leave open whether there is a mask."""

CELEBA = (
    "Eyeglasses", "Wearing_Hat", "Bald", "Mustache", "Goatee", "Sideburns", "No_Beard",
    "5_o_Clock_Shadow", "Wearing_Lipstick", "Heavy_Makeup", "Smiling", "Mouth_Slightly_Open",
    "Blond_Hair", "Gray_Hair", "Black_Hair", "Brown_Hair", "Bangs", "Receding_Hairline", "Male",
    "Young",
)  # fmt: skip
"""Attributes of CelebA (Liu et al., ICCV 2015)."""

OCCLUDERS = (
    *("Sunglasses", "Swimming_Goggles", "Face_Mask"),
    *("Forehead_Occluded", "Eyes_Occluded", "Mouth_Occluded"),
)
"""What a network can learn from generated occluders."""

SCORES = (*CELEBA, *OCCLUDERS)
"""The columns of `Faces.attributes`, in order."""

HAIR_COLORS = {
    "black": "Black_Hair",
    "blond": "Blond_Hair",
    "brown": "Brown_Hair",
    "gray": "Gray_Hair",
}
"""The colours that are told, and the score of each."""

GLASSES = ("Eyeglasses", "Sunglasses", "Swimming_Goggles")

NEEDED: dict[str, tuple[str, ...]] = {
    "smile": ("Smiling",),
    "facialHair": ("Mustache", "No_Beard", "Sideburns"),
    "glasses": GLASSES,
    "hair": ("Bald", "Wearing_Hat", *HAIR_COLORS.values()),
    "makeup": ("Heavy_Makeup", "Wearing_Lipstick"),
    "occlusion": (*OCCLUDERS, "Bangs"),
    "accessories": ("Wearing_Hat", "Eyeglasses"),
    "mask": ("Face_Mask", "Mouth_Occluded"),
    "lips": ("Mouth_Slightly_Open",),
}
"""The scores that each term is read from."""

BEHIND = {
    "eyes": ("Heavy_Makeup",),
    "mouth": (
        *("Smiling", "Mouth_Slightly_Open", "Mustache", "Goatee", "No_Beard", "5_o_Clock_Shadow"),
        "Wearing_Lipstick",
    ),
}
"""What cannot be told of a face whose eyes or mouth are covered."""

TOLD = frozenset(term for term, needed in NEEDED.items() if set(needed) <= set(SCORES))
"""The terms that the network's scores are enough for."""

Scores = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class FacialHair:
    """How likely each kind is, 0..1; None where it is covered."""

    moustache: float | None
    beard: float | None
    sideburns: float | None


@dataclass(frozen=True, slots=True)
class HairColor:
    """A colour ("black", "blond", "brown" or "gray") and how likely most of the hair has it."""

    color: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Hair:
    """How likely the head is bald, 0..1; that the hair is not invisible; its colours, the most
    likely first. Under headwear nobody knows whether a head is bald, and whether hair shows: None.
    """

    bald: float | None
    invisible: bool | None
    hair_color: tuple[HairColor, ...]


@dataclass(frozen=True, slots=True)
class Makeup:
    """Whether makeup can be seen; None where eyes or lips are covered."""

    eye_makeup: bool | None
    lip_makeup: bool | None


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
    """A mask: "noMask", "faceMask", "otherMaskOrOcclusion" or "uncertain". The second is False
    where the mouth is not covered; where it is, nobody knows whether the nose is: None."""

    type: str
    nose_and_mouth_covered: bool | None


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
        return all(_told(scores, name) is not None for name in NEEDED[term])

    return Terms(
        smile=_told(scores, "Smiling"),
        facial_hair=_facial_hair(scores),
        glasses=_glasses(scores) if given("glasses") else None,
        hair=_hair(scores) if given("hair") else None,
        makeup=_makeup(scores),
        occlusion=_occlusion(scores) if given("occlusion") else None,
        accessories=_accessories(scores) if given("accessories") else None,
        mask=_mask(scores) if given("mask") else None,
        lips_apart=_told(scores, "Mouth_Slightly_Open"),
    )


def hidden(scores: Scores) -> tuple[str, ...]:
    """The parts of a face that are covered, of "eyes" and "mouth": the keys of `BEHIND`."""
    covers = {"eyes": ("Eyes_Occluded", "Sunglasses"), "mouth": ("Mouth_Occluded", "Face_Mask")}
    return tuple(
        part
        for part, names in covers.items()
        if any((_told(scores, name) or 0.0) >= LIKELY for name in names)
    )


def named(row: Array) -> dict[str, float]:
    """The scores of one row of `Faces.attributes` by name.

    Raises:
        ValueError: it has not one number for each of `SCORES`.
    """
    return dict(zip(SCORES, row.tolist(), strict=True))


def _told(scores: Scores, name: str) -> float | None:
    score = scores.get(name, math.nan)
    return score if math.isfinite(score) else None


def _facial_hair(scores: Scores) -> FacialHair | None:
    shaven = _told(scores, "No_Beard")
    found = FacialHair(
        moustache=_told(scores, "Mustache"),
        beard=None if shaven is None else 1 - shaven,
        sideburns=_told(scores, "Sideburns"),
    )
    return None if found == FacialHair(None, None, None) else found


def _glasses(scores: Scores) -> str:
    """All are glasses, and goggles may be dark: the narrower kind is asked first."""
    if scores["Swimming_Goggles"] >= LIKELY:
        return "SwimmingGoggles"
    if scores["Sunglasses"] >= LIKELY:
        return "Sunglasses"
    return "ReadingGlasses" if scores["Eyeglasses"] >= LIKELY else "NoGlasses"


def _hair(scores: Scores) -> Hair:
    colors = [HairColor(color, scores[name]) for color, name in HAIR_COLORS.items()]
    colors.sort(key=lambda each: -each.confidence)
    if scores["Wearing_Hat"] >= LIKELY:
        return Hair(None, None, tuple(colors))
    return Hair(scores["Bald"], False, tuple(colors))


def _makeup(scores: Scores) -> Makeup | None:
    eyes, lips = _told(scores, "Heavy_Makeup"), _told(scores, "Wearing_Lipstick")
    if eyes is None and lips is None:
        return None
    return Makeup(
        eye_makeup=None if eyes is None else eyes >= LIKELY,
        lip_makeup=None if lips is None else lips >= LIKELY,
    )


def _occlusion(scores: Scores) -> Occlusion:
    """A fringe hides the forehead, dark glasses the eyes, a mask the mouth."""
    forehead = max(scores["Forehead_Occluded"], scores["Bangs"])
    eyes = max(scores["Eyes_Occluded"], scores["Sunglasses"])
    mouth = max(scores["Mouth_Occluded"], scores["Face_Mask"])
    return Occlusion(forehead >= LIKELY, eyes >= LIKELY, mouth >= LIKELY)


def _accessories(scores: Scores) -> tuple[Accessory, ...]:
    """What is not told apart is not in the list: without a score for masks, no mask is."""
    names = {"headWear": ("Wearing_Hat",), "glasses": GLASSES, "mask": ("Face_Mask",)}
    likely = {
        kind: max(_told(scores, name) or 0.0 for name in some) for kind, some in names.items()
    }
    worn = [Accessory(kind, score) for kind, score in likely.items() if score >= LIKELY]
    return tuple(sorted(worn, key=lambda each: -each.confidence))


def _mask(scores: Scores) -> Mask:
    low, high = UNCERTAIN
    mouth = max(scores["Mouth_Occluded"], scores["Face_Mask"]) >= LIKELY
    covered = None if mouth else False
    if low < scores["Face_Mask"] < high:
        return Mask("uncertain", covered)
    if scores["Face_Mask"] >= high:
        return Mask("faceMask", covered)
    return Mask("otherMaskOrOcclusion" if mouth else "noMask", covered)
