"""Labelled faces as mien might see them, without pictures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from mien.fairness.labels import Label
from mien.fairness.looking import LeftOut, Seen
from mien.fairness.measures import measure_faces
from mien.fairness.pairs import comparable, measure_pairs
from mien.fairness.questions import FACE_MEASURES
from mien.fairness.report import Missing, Point, Report

HOSTILE = "<script>alert(1)</script>\"'&\u202egnp.jpg"


OF_LABEL = {
    **{name: name for name in ("file", "box_xyxy", "person", "gender", "skin_tone", "group")},
    **{f"labelled_{name}": name for name in ("age", "smile", "glasses", "emotion")},
}
"""What goes to the label: as it is called here, and in `Label`."""


def seen(*, found: bool = True, **told: Any) -> Seen:
    """A face: what `OF_LABEL` names goes to its label, the rest is what mien says."""
    label = {OF_LABEL[name]: told.pop(name) for name in list(told) if name in OF_LABEL}
    return Seen(Label(2, **{"file": "a.jpg", **label}), found, **told)


def face(**told: Any) -> Seen:
    """A face that was found, seen from the front, sharp."""
    return seen(**{"yaw": 0.0, "blur": 0.0, "skin": 45.0, **told})


def times(number: int, **told: Any) -> list[Seen]:
    """So many equal faces."""
    return [face(**told) for _ in range(number)]


def people(sizes: list[int], *, spread: float, seed: int = 0, **told: Any) -> list[Seen]:
    """Persons with so many pictures each; embeddings lie about a point of their own."""
    rng = np.random.default_rng(seed)
    made = []
    for person, size in enumerate(sizes):
        centre = rng.normal(0, 0.5, 4)
        for _ in range(size):
            vector = (centre + rng.normal(0, spread, 4)).astype(np.float32)
            made.append(face(person=f"p{seed}-{person}", embedding=vector, **told))
    return made


def report(faces: list[Seen], **changes: Any) -> Report:
    """The report on these faces; measures without trials are left out."""
    measures = [measure_faces(how, faces) for how in FACE_MEASURES]
    pairs = measure_pairs(comparable(faces), 0.532)
    every = [one for one in (*measures, *pairs) if one.whole.trials]
    points = [Point(0.532, 0.001, pairs[0].whole, pairs[1].whole)] if pairs[1].whole.trials else []
    told: dict[str, Any] = {
        "folder": "pictures",
        "profile": "balanced",
        "models": ("age", "gender"),
        "lines": len(faces),
        "pictures": len(faces),
        "faces": len(faces),
        "persons": 0,
        "measures": tuple(every),
        "missing": (Missing("emotion_error", "Emotion: wrong", "nobody said"),),
        "points": tuple(points),
        "left_out": (),
        "seconds": 1.25,
    }
    return Report(**(told | changes))


def left_out(number: int) -> tuple[LeftOut, ...]:
    """So many lines with hostile names."""
    return tuple(LeftOut(line, HOSTILE, f"{HOSTILE} is damaged") for line in range(2, number + 2))


def numbers(document: Any) -> Iterator[float]:
    """All numbers of a JSON document."""
    if isinstance(document, dict):
        for value in document.values():
            yield from numbers(value)
    elif isinstance(document, list):
        for value in document:
            yield from numbers(value)
    elif isinstance(document, float) and not math.isnan(document):
        yield document
