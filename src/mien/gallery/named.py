"""Galleries of named subjects, as Kairos had them: made by enrolling, searched as they are.

A gallery is a collection of `Kind.GALLERY`: it shares the index with the groups of Face API, and
not their names. It begins with the first face that is enrolled in it and is gone with its last
subject; a subject begins and ends likewise. Names are the caller's, and case matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from mien.describe.embedding import confidence
from mien.errors import NoSuchPersonError
from mien.gallery import from_rows
from mien.gallery.matching import check_models, verdict
from mien.gallery.persons import person_distance
from mien.gallery.records import STANDARD, Kind, Limits, Receipt, Template
from mien.gallery.trainer import Trainer
from mien.storage import Storage
from mien.storage.subjects import EnrolledRow, Room

PAGE = 1000  # galleries in one query


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A stored face of a subject: its id, 20 hexadecimal digits, and when it was enrolled."""

    id: str
    enrolled: datetime


@dataclass(frozen=True, slots=True)
class Match:
    """A subject whom a face may be: how sure, 0..1, and when they were first enrolled."""

    subject: str
    confidence: float
    enrolled: datetime


class NamedGalleries:
    """The galleries of one account. Safe to use from many threads.

    Args:
        storage: an open storage.
        account_id: whose galleries they are.
        trainer: searches; one for all galleries of a storage.
        limits: how much the account may store.
    """

    def __init__(
        self, storage: Storage, account_id: str, trainer: Trainer, *, limits: Limits = STANDARD
    ) -> None:
        self._storage, self._account, self._trainer = storage, account_id, trainer
        self._room = Room(limits.galleries, limits.subjects_per_gallery, limits.faces_per_person)

    def enrol(self, gallery: str, subject: str, templates: Sequence[Template]) -> list[Enrolled]:
        """Store one or more faces of a subject, all or none; what is not there is made.

        Raises:
            LimitReachedError, IncompatibleModelsError, ConflictError
        """
        check_models(templates)
        rows = self._storage.subjects.enrol(
            self._account, Kind.GALLERY, gallery, subject, templates, self._room
        )
        return [_enrolled(row) for row in rows]

    def check(self, gallery: str, subject: str | None = None) -> None:
        """Raise NoSuchCollectionError or NoSuchPersonError for what is not there."""
        self._storage.collections.find(self._account, Kind.GALLERY, gallery)
        if subject is not None:
            self._storage.subjects.find(self._account, Kind.GALLERY, gallery, subject)

    def verify(self, template: Template, gallery: str, subject: str) -> float:
        """How sure it is that a face is a subject's, 0..1.

        Raises:
            NoSuchCollectionError, NoSuchPersonError, IncompatibleModelsError
        """
        row = self._storage.collections.find(self._account, Kind.GALLERY, gallery)
        check_models([template], row)
        number = self._storage.subjects.find(self._account, Kind.GALLERY, gallery, subject)
        faces = self._storage.faces.of_person(number)
        if not len(faces):  # removed since
            raise NoSuchPersonError(f"there is no subject {subject} in it", what=subject)
        apart = person_distance(template.embedding, faces.embeddings, faces.quality)
        return verdict(apart).confidence

    def recognize(
        self, templates: Sequence[Template], gallery: str, *, threshold: float, top: int
    ) -> list[list[Match]]:
        """The subjects whom each face may be, at least so sure, at most so many, best first.

        Raises:
            NoSuchCollectionError, IncompatibleModelsError
        """
        row = self._storage.collections.find(self._account, Kind.GALLERY, gallery)
        check_models(templates, row)
        if not templates:
            return []
        queries = np.stack([template.embedding for template in templates])
        numbers, apart, _ = self._trainer.search(row, queries, top)
        sure = np.where(np.isfinite(apart), confidence(apart), -1.0)
        passing = sure >= threshold
        subjects = self._storage.subjects.by_number(np.unique(numbers[passing]).tolist())
        return [
            [
                Match(subjects[number].name, float(value), subjects[number].enrolled)
                for number, value in zip(
                    numbers[line][passing[line]].tolist(), sure[line][passing[line]], strict=True
                )
                if number in subjects  # the others were removed while the index was searched
            ]
            for line in range(len(templates))
        ]

    def galleries(self) -> list[str]:
        """The names of all galleries, in the order of their characters."""
        names: list[str] = []
        while True:
            start = names[-1] if names else ""
            page = self._storage.collections.page(self._account, Kind.GALLERY, start, PAGE)
            names += [row.id for row in page]
            if len(page) < PAGE:
                return names

    def subjects(self, gallery: str) -> list[str]:
        """The subjects of a gallery, in the order in which they were first enrolled.

        Raises:
            NoSuchCollectionError
        """
        return self._storage.subjects.names(self._account, Kind.GALLERY, gallery)

    def faces(self, gallery: str, subject: str) -> list[Enrolled]:
        """The faces of a subject, oldest first; raises NoSuchCollectionError, NoSuchPersonError."""
        rows = self._storage.subjects.faces(self._account, Kind.GALLERY, gallery, subject)
        return [_enrolled(row) for row in rows]

    def remove(self, gallery: str) -> Receipt:
        """Delete a gallery with all its subjects; raises NoSuchCollectionError."""
        row = self._storage.collections.find(self._account, Kind.GALLERY, gallery)
        receipt = self._storage.deletion.collection(self._account, Kind.GALLERY, gallery)
        self._trainer.forget(row.pk)
        return from_rows.receipt(receipt)

    def remove_subject(self, gallery: str, subject: str, face: str | None = None) -> list[Receipt]:
        """Delete a subject, or one of their faces; see `Subjects.remove`.

        Raises:
            NoSuchCollectionError, NoSuchPersonError, NoSuchStoredFaceError
        """
        row = self._storage.collections.find(self._account, Kind.GALLERY, gallery)
        receipts = self._storage.subjects.remove(
            self._account, Kind.GALLERY, gallery, subject, face
        )
        self._trainer.forget(row.pk)
        return [from_rows.receipt(receipt) for receipt in receipts]


def _enrolled(row: EnrolledRow) -> Enrolled:
    return Enrolled(row.id, row.enrolled)
