"""What is decided from scores, and whether it is right by labels: accuracy with intervals.

A score of one half or more says that an attribute is there. Faces of which the label is unsure are
left out. Numpy only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.attributes.calibrate import COLOUR_OF, LABEL_OF, truth_of
from training.attributes.data import MADE, TRAINED
from training.attributes.labels import UNSURE, Labels
from training.attributes.made import MadeFaces
from training.emotion.metrics import share

Scores = Mapping[str, NDArray[np.floating]]
Truth = NDArray[np.float64]


def any_of(*names: str) -> Callable[[Scores], NDArray[np.bool_]]:
    """Whether one of these scores, as far as there are any, is one half or more."""

    def decide(scores: Scores) -> NDArray[np.bool_]:
        given = [scores[name] for name in names if name in scores]
        return np.asarray(np.max(given, axis=0) >= 0.5)

    return decide


def bearded(scores: Scores) -> NDArray[np.bool_]:
    """Whether there is a beard: No_Beard is below one half."""
    return scores["No_Beard"] < 0.5


def facial_hair(labels: Labels) -> Truth:
    """Beard or moustache; unsure unless one is there for sure or neither is."""
    both = np.stack([labels.truth("beard"), labels.truth("moustache")])
    there = (both == 1).any(axis=0)
    return np.where(there, 1, np.where(np.isnan(both).any(axis=0), np.nan, 0))


DECISIONS: Mapping[str, tuple[Callable[[Labels], Truth], Callable[[Scores], NDArray[np.bool_]]]] = {
    "glasses of any kind": (
        lambda labels: labels.truth("glasses"),
        any_of("Eyeglasses", "Sunglasses", "Swimming_Goggles"),
    ),
    "headwear": (lambda labels: labels.truth("headwear"), any_of("Wearing_Hat")),
    "beard or moustache": (
        facial_hair,
        lambda scores: bearded(scores) | any_of("Mustache")(scores),
    ),
    "beard": (lambda labels: labels.truth("beard"), bearded),
    "moustache": (lambda labels: labels.truth("moustache"), any_of("Mustache")),
    "sideburns": (lambda labels: labels.truth("sideburns"), any_of("Sideburns")),
    "smile": (lambda labels: labels.truth("smile"), any_of("Smiling")),
    "lips apart": (lambda labels: labels.truth("lips_apart"), any_of("Mouth_Slightly_Open")),
    "bald": (lambda labels: labels.truth("bald"), any_of("Bald")),
    "eye makeup": (lambda labels: labels.truth("eye_makeup"), any_of("Heavy_Makeup")),
    "lip makeup": (lambda labels: labels.truth("lip_makeup"), any_of("Wearing_Lipstick")),
}
"""What is decided at one half, and the labels that say whether it is right."""


def decided(labels: Labels, scores: Scores) -> dict[str, dict[str, Any]]:
    """Accuracy, and recall on both sides, of each of `DECISIONS`, over faces that are sure."""
    found = {}
    for name, (truth, decide) in DECISIONS.items():
        wanted, said = truth(labels), decide(scores)
        sure = np.isfinite(wanted)
        found[name] = both_sides(said[sure], wanted[sure] == 1)
    return found


def top_colour(labels: Labels, scores: Scores) -> dict[str, Any]:
    """How often the likeliest colour of hair is the one seen; a confusion table beside it.

    Red hair is in the count, and always wrong: the network has no output for it.
    """
    names = list(COLOUR_OF)
    colour = labels.values["hair_colour"]
    sure = np.isin(colour, (*COLOUR_OF.values(), "red"))
    top = np.argmax([scores[name] for name in names], axis=0)
    said = np.array([COLOUR_OF[name] for name in names])[top]
    table = {
        seen: {other: int(((colour == seen) & (said == other)).sum()) for other in said_as(names)}
        for seen in (*COLOUR_OF.values(), "red")
    }
    return share(int((said == colour)[sure].sum()), int(sure.sum())) | {"confusion": table}


def said_as(names: list[str]) -> list[str]:
    """The colours that can be said."""
    return [COLOUR_OF[name] for name in names]


def brier(labels: Labels, scores: Scores) -> dict[str, float]:
    """Mean squared distance of score and truth, of each output with a label."""
    found = {}
    for name in (*LABEL_OF, *COLOUR_OF):
        truth = truth_of(name, labels)
        assert truth is not None
        found[name] = float(np.nanmean((scores[name] - truth) ** 2))
    return found


def made_decided(made: MadeFaces, scores: Scores) -> dict[str, Any]:
    """Accuracy on generated occluders, of each output and of all together."""
    found, right, known = {}, 0, 0
    for name in MADE:
        truth = made.known[:, TRAINED.index(name)]
        sure = (truth == 0) | (truth == 1)
        said = (scores[name] >= 0.5)[sure]
        there = truth[sure] == 1
        found[name] = both_sides(said, there)
        right, known = right + int((said == there).sum()), known + len(said)
    return {"decided": found, "all": share(right, known)}


REAL: Mapping[str, Callable[[Labels], Truth]] = {
    "Sunglasses": lambda labels: worn(labels, "sunglasses"),
    "Swimming_Goggles": lambda labels: worn(labels, "goggles"),
    "Forehead_Occluded": lambda labels: labels.truth("forehead_covered"),
    "Eyes_Occluded": lambda labels: labels.truth("eyes_covered"),
    "Mouth_Occluded": lambda labels: labels.truth("mouth_covered"),
}
"""Labels by eye of what is learned from generated occluders."""


def worn(labels: Labels, kind: str) -> Truth:
    """Glasses of this kind; unsure where the kind is."""
    glasses = labels.values["glasses"]
    unclear = np.isin(glasses, ("some", UNSURE))
    return np.where(unclear, np.nan, (glasses == kind).astype(float))


def real_decided(labels: Labels, scores: Scores) -> dict[str, Any]:
    """Accuracy of the same outputs on real faces labelled by eye."""
    found = {}
    for name, truth in REAL.items():
        wanted = truth(labels)
        sure = np.isfinite(wanted)
        found[name] = both_sides((scores[name] >= 0.5)[sure], wanted[sure] == 1)
    return found


def both_sides(said: NDArray[np.bool_], there: NDArray[np.bool_]) -> dict[str, Any]:
    """Accuracy, and the shares that are right where it is there and where it is not."""
    right = said == there
    return share(int(right.sum()), len(right)) | {
        "there": share(int(right[there].sum()), int(there.sum())),
        "not_there": share(int(right[~there].sum()), int((~there).sum())),
    }
