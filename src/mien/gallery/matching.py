"""Who looks like whom: templates against templates, persons and trained collections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mien.describe.embedding import confidence, distance
from mien.errors import (
    EmptyCollectionError,
    IncompatibleModelsError,
    NoSuchStoredFaceError,
    UsageError,
)
from mien.gallery.grouping import grouped
from mien.gallery.persons import person_distance
from mien.gallery.records import Candidate, Grouping, Kind, Template, Verdict
from mien.gallery.thresholds import identify_threshold
from mien.gallery.trainer import Trainer
from mien.storage import CollectionRow, Storage

Array = NDArray[Any]
Mode = Literal["matchPerson", "matchFace"]

SAME_PERSON = 0.5
"""The confidence from which two faces pass for one person."""


def verdict(apart: float) -> Verdict:
    """What a distance says."""
    sure = float(confidence(apart))
    return Verdict(sure >= SAME_PERSON, sure)


def verify(a: Template, b: Template) -> Verdict:
    """Whether two templates are of one person; raises IncompatibleModelsError."""
    check_models([a, b])
    return verdict(float(distance(a.embedding, b.embedding)))


class Matcher:
    """Compares templates with what is stored; `row` is the collection's, found for the caller."""

    def __init__(self, storage: Storage, trainer: Trainer) -> None:
        self._storage = storage
        self._trainer = trainer

    def person(self, template: Template, row: CollectionRow, person: str) -> Verdict:
        """Whether a template is of a person of a group, with the faces the person has now.

        Raises:
            NoSuchPersonError, IncompatibleModelsError
            NoSuchStoredFaceError: the person has no faces.
        """
        check_models([template], row)
        number = self._storage.persons.find(row.account_id, row.kind, row.id, person).pk
        faces = self._storage.faces.of_person(number)
        if not len(faces):
            raise NoSuchStoredFaceError(
                f"the person {person} has no faces; add one first", kind=row.kind, what=person
            )
        return verdict(person_distance(template.embedding, faces.embeddings, faces.quality))

    def identify(
        self,
        templates: Sequence[Template],
        row: CollectionRow,
        candidates: int,
        threshold: float | None,
    ) -> list[list[Candidate]]:
        """The persons that each template may be, best first; see `Gallery.identify`."""
        if not Kind(row.kind).has_persons:
            raise UsageError(f"a {row.kind} has no persons to identify; use a person group")
        check_models(templates, row)
        if not templates:
            return []
        queries = np.stack([template.embedding for template in templates])
        numbers, apart, tries = self._trainer.search(row, queries, candidates)
        sure = confidence(apart)
        if threshold is None:
            passing = apart < identify_threshold(tries)
        else:
            passing = np.isfinite(apart) & (sure >= threshold)
        ids = self._storage.persons.ids(int(number) for number in np.unique(numbers[passing]))
        return [
            _candidates(ids, numbers[line][passing[line]], sure[line][passing[line]])
            for line in range(len(templates))
        ]

    def similar(
        self, template: Template, row: CollectionRow, mode: Mode, top: int
    ) -> list[Candidate]:
        """The faces of a list that look most like a template; see `Gallery.similar`."""
        if Kind(row.kind).has_persons:
            raise UsageError(f"similar faces are found in lists, not in a {row.kind}; use identify")
        check_models([template], row)
        if not row.faces and not Kind(row.kind).is_trained:
            raise EmptyCollectionError(
                f"the {row.kind} {row.id} has no faces; add one first", kind=row.kind, what=row.id
            )
        numbers, apart, _ = self._trainer.search(row, template.embedding[None], top)
        sure = confidence(apart[0])
        passing = np.isfinite(apart[0]) & _passing(sure, mode)
        ids = self._storage.faces.ids(int(number) for number in numbers[0][passing])
        return _candidates(ids, numbers[0][passing], sure[passing])


def similar_among(
    template: Template, others: dict[str, Template], *, mode: Mode, top: int
) -> list[Candidate]:
    """The same among templates by id; of two at one distance the one given first comes first."""
    check_models([template, *others.values()])
    if not others:
        return []
    ids = list(others)
    apart = distance(np.stack([other.embedding for other in others.values()]), template.embedding)
    order = np.argsort(apart, kind="stable")[:top]
    sure = confidence(apart[order])
    return [
        Candidate(ids[place], float(value))
        for place, value in zip(order, sure, strict=True)
        if _passing(value, mode)
    ]


def group(templates: dict[str, Template]) -> Grouping:
    """Templates by id put together by person; raises IncompatibleModelsError."""
    check_models(list(templates.values()))
    ids = list(templates)
    if not ids:
        return Grouping((), ())
    groups, alone = grouped(np.stack([each.embedding for each in templates.values()]))
    together = tuple(tuple(ids[place] for place in places) for places in groups)
    return Grouping(together, tuple(ids[place] for place in alone))


def check_models(templates: Sequence[Template], row: CollectionRow | None = None) -> None:
    """Raise IncompatibleModelsError unless all are of one recognition model."""
    models = {template.recognition_model for template in templates}
    if row is not None:
        models.add(row.recognition_model)
    if len(models) > 1:
        raise IncompatibleModelsError(
            f"faces of {' and '.join(sorted(models))} cannot be compared; detect with one of them",
            kind=row.kind if row else None,
            what=row.id if row else None,
        )


def _passing(sure: Array | float, mode: Mode) -> Any:
    return np.asarray(sure) >= (SAME_PERSON if mode == "matchPerson" else 0.0)


def _candidates(ids: dict[int, str], numbers: Array, sure: Array) -> list[Candidate]:
    """Those whose number still has an id: the others were deleted while the index was searched."""
    return [
        Candidate(ids[int(number)], float(value))
        for number, value in zip(numbers, sure, strict=True)
        if int(number) in ids
    ]
