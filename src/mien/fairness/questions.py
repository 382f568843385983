"""What is asked of each face: found or not, right or wrong, how many years off."""

from __future__ import annotations

import math
from collections.abc import Callable

from mien.fairness.labels import Label, decade_of
from mien.fairness.looking import Seen
from mien.fairness.measures import FaceMeasure

KINDS = {
    "NoGlasses": "none",
    "ReadingGlasses": "reading",
    "Sunglasses": "sunglasses",
    "SwimmingGoggles": "goggles",
}
"""Kinds of glasses: as mien tells them → as they are labelled."""


def _gender_wrong(seen: Seen) -> float:
    if math.isnan(seen.female):
        return math.nan
    return float(("female" if seen.female >= 0.5 else "male") != seen.label.gender)


def _emotion_wrong(seen: Seen) -> float:
    return math.nan if seen.emotion is None else float(seen.emotion != seen.label.emotion)


def _smiles(seen: Seen) -> bool | None:
    return None if math.isnan(seen.smile) else seen.smile >= 0.5


def _wears_glasses(seen: Seen) -> bool | None:
    return None if seen.glasses is None else KINDS[seen.glasses] != "none"


def _labelled_glasses(label: Label) -> bool | None:
    return None if label.glasses is None else label.glasses != "none"


def _kind_wrong(seen: Seen) -> float:
    return math.nan if seen.glasses is None else float(KINDS[seen.glasses] != seen.label.glasses)


def _decades_off(seen: Seen) -> float:
    """How many decades the estimated one lies from the labelled one, signed."""
    assert seen.label.age is not None
    if math.isnan(seen.age):
        return math.nan
    return (decade_of(max(seen.age, 0.0)) - seen.label.age.decade) / 10


def _off_by(least: int) -> Callable[[Seen], float]:
    def wrong(seen: Seen) -> float:
        off = _decades_off(seen)
        return off if math.isnan(off) else float(abs(off) >= least)

    return wrong


def _years_off(seen: Seen) -> float:
    assert seen.label.age is not None
    return seen.age - seen.label.age.years


def _has_years(label: Label) -> bool:
    return label.age is not None and math.isfinite(label.age.years)


def _yes_or_no(
    name: str,
    title: str,
    noun: str,
    labelled: Callable[[Label], bool | None],
    said: Callable[[Seen], bool | None],
) -> tuple[FaceMeasure, ...]:
    """Wrong in all; missed where it is; seen where it is not."""

    def wrong(seen: Seen) -> float:
        answer = said(seen)
        return math.nan if answer is None else float(answer != labelled(seen.label))

    cases: tuple[tuple[str, str, str, Callable[[Label], bool]], ...] = (
        (
            f"{name}_error",
            f"{title}: wrong",
            f"Share of the faces of which mien says wrongly whether there is {noun}.",
            lambda label: labelled(label) is not None,
        ),
        (
            f"{name}_missed",
            f"{title}: missed",
            f"Share of the faces with {noun} of which mien says that there is none.",
            lambda label: labelled(label) is True,
        ),
        (
            f"{name}_invented",
            f"{title}: seen where there is none",
            f"Share of the faces without {noun} of which mien says that there is.",
            lambda label: labelled(label) is False,
        ),
    )
    return tuple(
        FaceMeasure(case, shown, says, "share", name, applies, wrong)
        for case, shown, says, applies in cases
    )


FACE_MEASURES = (
    FaceMeasure(
        "detection_recall",
        "Faces found",
        "Share of the labelled faces that the detector found.",
        "share",
        None,
        lambda label: True,
        lambda seen: float(seen.found),
    ),
    FaceMeasure(
        "gender_error",
        "Gender: wrong",
        "Share of the faces labelled female or male that mien takes for the other.",
        "share",
        "gender",
        lambda label: label.gender in ("female", "male"),
        _gender_wrong,
    ),
    *_yes_or_no("smile", "Smile", "a smile", lambda label: label.smile, _smiles),
    *_yes_or_no("glasses", "Glasses", "any glasses", _labelled_glasses, _wears_glasses),
    FaceMeasure(
        "glasses_kind_error",
        "Glasses: wrong kind",
        "Share of the faces of which mien says another kind than the labelled one, among none, "
        "reading, sunglasses and goggles.",
        "share",
        "glasses",
        lambda label: label.glasses in KINDS.values(),
        _kind_wrong,
    ),
    FaceMeasure(
        "emotion_error",
        "Emotion: wrong",
        "Share of the faces whose most likely expression is not the labelled one.",
        "share",
        "emotion",
        lambda label: label.emotion is not None,
        _emotion_wrong,
    ),
    FaceMeasure(
        "age_decade_error",
        "Age: another decade",
        "Share of the faces whose estimated age lies in another decade than the labelled one.",
        "share",
        "age",
        lambda label: label.age is not None,
        _off_by(1),
    ),
    FaceMeasure(
        "age_far_error",
        "Age: two decades off or more",
        "Share of the faces whose estimated age lies not even in a decade next to the labelled "
        "one.",
        "share",
        "age",
        lambda label: label.age is not None,
        _off_by(2),
    ),
    FaceMeasure(
        "age_error_years",
        "Age: mean error",
        "Mean distance of the estimated age from the labelled one. A decade counts as its middle, "
        "which alone makes errors of up to 5 years; an age without an end is left out.",
        "years",
        "age",
        _has_years,
        lambda seen: abs(_years_off(seen)),
    ),
    FaceMeasure(
        "age_bias_years",
        "Age: mean bias",
        "Mean of estimated less labelled age: above 0, people are taken to be older.",
        "years",
        "age",
        _has_years,
        _years_off,
        -math.inf,
    ),
)
"""The measures of faces, in the order in which they are shown."""
