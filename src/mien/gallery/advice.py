"""Advice before a face is kept: does it show well, and whom else does it look like?

A face that is kept is compared with for as long as it is there, so one that misleads does harm
again and again. Nothing here refuses a face: whoever enrols decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.describe.attributes import hidden, named
from mien.describe.columns import column
from mien.describe.embedding import FALSE_MATCH_THRESHOLDS, MATCH_THRESHOLD, confidence, distance
from mien.describe.fitness import GRADES
from mien.errors import NoSuchPersonError
from mien.faces import Faces
from mien.gallery.checks import check_persons
from mien.gallery.matching import check_models
from mien.gallery.persons import person_distance
from mien.gallery.records import Kind, Template
from mien.gallery.trainer import Trainer
from mien.storage import CollectionRow, Storage

Array = NDArray[Any]

FINE, FAIR = GRADES["High"], GRADES["Medium"]
"""Outside the first there is advice, outside the second it is serious: docs/concepts/quality.md."""

NEEDS = ("pose_deg", "quality", "embedding", "attributes")
"""The columns that `shortcomings` reads; the last may be missing."""

UNLIKE = FALSE_MATCH_THRESHOLDS[1e-2]
"""Farther than this from a person, a face hardly is theirs: 99 % of LFW's pairs of one person are
nearer."""

SAME_PICTURE = 0.15
"""Nearer than this, two faces come of one picture: encoded, scaled or cut anew. How near such
copies are, and how near two pictures of one person: docs/concepts/recognition.md."""


class Code(StrEnum):
    """What is to be said of a face."""

    UNUSABLE = "unusable"
    TOO_SMALL = "tooSmall"
    BLURRED = "blurred"
    TOO_DARK = "tooDark"
    TOO_BRIGHT = "tooBright"
    NOISY = "noisy"
    TURNED = "turned"
    COVERED = "covered"
    SAME_PICTURE = "samePicture"
    LOOKS_LIKE = "looksLike"
    UNLIKE = "unlike"


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to know before a face is kept.

    Attributes:
        code: what it is.
        is_serious: the face had better not be kept, or not here.
        text: a sentence for people.
        value: what was measured; pixels, degrees, or a grade of 0..1.
        id: of the person, or the stored face of a list, whom it looks like.
        name: of that person, or the user data of that face.
        confidence: how sure that is, 0..1; 0.5 is the same-person point.
    """

    code: Code
    is_serious: bool
    text: str
    value: float | None = None
    id: str | None = None
    name: str | None = None
    confidence: float | None = None


def shortcomings(faces: Faces, row: int) -> list[Advice]:
    """What is wrong with how a face shows, the serious first.

    Args:
        faces: with the columns of `NEEDS`.
        row: which one.

    Raises:
        UsageError: a column is not there.
    """
    pose, quality, embedding = (column(faces, name)[row] for name in NEEDS[:3])
    if not all(np.isfinite(each).all() for each in (embedding, pose[:2], quality)):
        why = next((each.reason for each in faces.problems if each.row == row), "no landmarks")
        return [Advice(Code.UNUSABLE, True, f"The face cannot be recognized: {why}.")]
    found = [*_of_size(faces.size_wh[row]), *_of_quality(quality), *_of_pose(pose)]
    if faces.attributes is not None and np.isfinite(faces.attributes[row]).any():
        found += _of_covers(hidden(named(faces.attributes[row])))
    return sorted(found, key=lambda each: not each.is_serious)


def _of_size(size_wh: Array) -> Iterator[Advice]:
    side = float(size_wh.min())
    if side < FINE.side:
        text = f"The face is small: {side:.0f} pixels. From {FINE.side:.0f} on it is read well."
        yield Advice(Code.TOO_SMALL, side < FAIR.side, text, side)


def _of_quality(quality: Array) -> Iterator[Advice]:
    blur, exposure, noise = quality.tolist()
    if blur > FINE.blur:
        yield Advice(Code.BLURRED, blur > FAIR.blur, "The face is blurred.", blur)
    if exposure < FINE.exposure[0]:
        serious = exposure < FAIR.exposure[0]
        yield Advice(Code.TOO_DARK, serious, "The face is too dark.", exposure)
    if exposure > FINE.exposure[1]:
        serious = exposure > FAIR.exposure[1]
        yield Advice(Code.TOO_BRIGHT, serious, "The face is too bright.", exposure)
    if noise > FINE.noise:
        yield Advice(Code.NOISY, noise > FAIR.noise, "The picture is noisy.", noise)


def _of_pose(pose_deg: Array) -> Iterator[Advice]:
    turn = float(np.abs(pose_deg[:2]).max())
    if turn > FINE.turn_deg:
        text = f"The face is turned away by {turn:.0f}°. Seen from the front it is read better."
        yield Advice(Code.TURNED, turn > FAIR.turn_deg, text, turn)


def _of_covers(parts: Sequence[str]) -> Iterator[Advice]:
    if parts:
        verb = "is" if parts == ("mouth",) else "are"
        text = f"The {' and the '.join(parts)} {verb} covered."
        yield Advice(Code.COVERED, len(parts) > 1, text)


class Advisor:
    """Compares faces that are not kept yet with those of a list or group of one account.

    All that is stored counts, also what was not trained yet. Safe to use from many threads.

    Args:
        storage: an open storage.
        account_id: whose lists and groups they are.
        trainer: holds the indexes; one for all of a storage.
    """

    def __init__(self, storage: Storage, account_id: str, trainer: Trainer) -> None:
        self._storage, self._account, self._trainer = storage, account_id, trainer

    def likenesses(
        self, kind: Kind, id: str, templates: Sequence[Template], *, person: str | None = None
    ) -> list[list[Advice]]:
        """What is to be known of each face beside those of a list or group.

        Args:
            kind, id: the list or group.
            templates: the faces.
            person: whose they are to be; None where that person is not there yet, or in a list.

        Raises:
            NoSuchCollectionError, NoSuchPersonError, IncompatibleModelsError
        """
        row = self._storage.collections.find(self._account, kind, id)
        check_models(templates, row)
        own = None
        if person is not None:
            check_persons(kind)
            own = self._storage.persons.find(self._account, kind, id, person).pk
        if not templates:
            return []
        queries = np.stack([each.embedding for each in templates])
        numbers, apart = self._trainer.current(row).search(queries, 2)
        lines = zip(queries, numbers.tolist(), apart.tolist(), strict=True)
        return [
            [*self._of_own(query, own), *self._of_nearest(row, query, near, far, own)]
            for query, near, far in lines
        ]

    def _of_own(self, query: Array, own: int | None) -> Iterator[Advice]:
        """Of the person whose face it is to be."""
        faces = None if own is None else self._storage.faces.of_person(own)
        if faces is None or not len(faces):
            return
        apart = person_distance(query, faces.embeddings, faces.quality)
        if distance(faces.embeddings, query).min() < SAME_PICTURE:
            text = "This picture of them is here already."
            yield Advice(Code.SAME_PICTURE, True, text, confidence=_sure(apart))
        elif apart > UNLIKE:
            text = "It does not look like the other pictures of this person."
            yield Advice(Code.UNLIKE, True, text, confidence=_sure(apart))

    def _of_nearest(
        self,
        row: CollectionRow,
        query: Array,
        numbers: Sequence[int],
        apart: Sequence[float],
        own: int | None,
    ) -> Iterator[Advice]:
        """Of the nearest other person, or face of a list."""
        near = [pair for pair in zip(numbers, apart, strict=True) if pair[0] not in (own, -1)]
        if not near or near[0][1] >= MATCH_THRESHOLD:
            return
        (number, far), sure = near[0], _sure(near[0][1])
        if Kind(row.kind).has_persons:
            yield from self._of_other(row, query, number, sure)
            return
        stored = self._storage.faces.labels([number]).get(number)
        if stored is not None:
            same = far < SAME_PICTURE
            what = "This picture" if same else "A face like this one"
            code = Code.SAME_PICTURE if same else Code.LOOKS_LIKE
            yield Advice(code, same, f"{what} is in the list already.", None, *stored, sure)

    def _of_other(
        self, row: CollectionRow, query: Array, number: int, sure: float
    ) -> Iterator[Advice]:
        ids = self._storage.persons.ids([number])
        try:
            other = self._storage.persons.find(self._account, row.kind, row.id, ids[number])
        except (KeyError, NoSuchPersonError):  # deleted since
            return
        faces = self._storage.faces.of_person(number)
        same = len(faces) > 0 and distance(faces.embeddings, query).min() < SAME_PICTURE
        code = Code.SAME_PICTURE if same else Code.LOOKS_LIKE
        what = "This picture is here already, as one of" if same else "It looks like"
        yield Advice(code, True, f"{what} {other.name}.", None, other.id, other.name, sure)


def _sure(apart: float) -> float:
    return float(confidence(apart))
