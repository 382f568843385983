"""Advice on faces that are about to be kept together: beside each other, before any of them is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.describe.embedding import MATCH_THRESHOLD, confidence, distance
from mien.gallery.advice import SAME_PICTURE, UNLIKE, Advice, Code
from mien.gallery.matching import check_models
from mien.gallery.records import Template

Array = NDArray[Any]


def together(templates: Mapping[str, Template], *, one_person: bool) -> dict[str, list[Advice]]:
    """What is to be known of each face beside the others.

    A face that one before it is a copy of is told so. Faces of one person hang together where each
    is within `UNLIKE` of another. Where that leaves several parts, the largest is taken for the
    person and the faces of the others are told; if two are the largest, all faces are.

    Args:
        templates: by ids of the caller's; their order counts.
        one_person: whether all are meant to be one person's. Else each stands alone, as in a list,
            and is told of the nearest one before it that passes for the same person.

    Returns:
        The advice by id. Its own `id` is that of the other face.

    Raises:
        IncompatibleModelsError: they are of different recognition models.
    """
    check_models(list(templates.values()))
    ids = list(templates)
    apart = _distances(list(templates.values()))
    told = {id: list(_of_earlier(ids, apart[row, :row], one_person)) for row, id in enumerate(ids)}
    if one_person:
        for row, advice in _of_strangers(apart):
            told[ids[row]].append(advice)
    return told


def _distances(templates: Sequence[Template]) -> Array:
    """(n, n) how far each is from each."""
    vectors = np.array([each.embedding for each in templates], float)
    return np.array([distance(vectors, each) for each in vectors]).reshape(2 * [len(templates)])


def _of_earlier(ids: Sequence[str], apart: Array, one_person: bool) -> Iterator[Advice]:
    """Of the nearest of the faces that come before one."""
    if not len(apart):
        return
    other, far = ids[int(apart.argmin())], float(apart.min())
    sure = float(confidence(far))
    if far < SAME_PICTURE:
        text = "This picture is among these already."
        yield Advice(Code.SAME_PICTURE, True, text, id=other, confidence=sure)
    elif not one_person and far < MATCH_THRESHOLD:
        text = "A face like this one is among these already."
        yield Advice(Code.LOOKS_LIKE, False, text, id=other, confidence=sure)


def _of_strangers(apart: Array) -> Iterator[tuple[int, Advice]]:
    """Of rows that do not hang together with most."""
    parts = _parts(apart <= UNLIKE)
    names, sizes = np.unique(parts, return_counts=True)
    if len(names) < 2:
        return
    largest = names[sizes == sizes.max()]
    is_told = parts != largest[0] if len(largest) == 1 else np.ones(len(parts), bool)
    text = "It does not look like the other faces of this person."
    if len(largest) > 1:
        text = "These faces do not look like one person."
    for row in np.flatnonzero(is_told).tolist():
        nearest = float(apart[row, parts != parts[row]].min())
        yield row, Advice(Code.UNLIKE, True, text, confidence=float(confidence(nearest)))


def _parts(near: Array) -> Array:
    """(n,) which rows of (n, n) hang together: those of one part have one number."""
    parts = np.arange(len(near))
    for row in range(len(near)):
        parts[np.isin(parts, parts[near[row]])] = parts[row]
    return parts
