"""From labelled pictures to what mien says of each labelled face, a picture at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.describe.attributes import named, terms
from mien.detect import ImageDetector
from mien.errors import InputError, MediaError
from mien.faces import EMOTIONS, Faces
from mien.fairness.labels import Label
from mien.fairness.skin import skin_angle
from mien.media import read_image
from mien.pipeline import Stage, describe_all, stages_for

Array = NDArray[Any]

SAME_FACE = 0.5
"""Intersection over union from which a face that was found is the one that was labelled."""

MEASURED = ("mesh", "pose_deg", "quality")
"""The columns that faces are sorted by; of a face that was missed they are measured in the box."""

COLUMNS: dict[str, str] = {
    "gender": "gender",
    "age": "age",
    "smile": "attributes",
    "glasses": "attributes",
    "emotion": "emotion",
    "person": "embedding",
}
"""What is labelled → the column of the record that answers for it."""

MODELS: dict[str, tuple[str, ...]] = {
    "mesh": ("centerface", "face-mesh", "iris"),
    "gender": ("gender",),
    "age": ("age",),
    "attributes": ("attributes",),
    "emotion": ("emotion",),
    "embedding": ("dlib-resnet",),
}
"""The models behind a column, by their names in the catalogue; the detector's with the mesh."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A labelled face and what mien says of it; NaN or None where it says nothing.

    Attributes:
        found: whether the detector found it.
        yaw: degrees.
        blur: 0..1.
        skin: the individual typology angle, degrees.
        age: years.
        female: probability.
        smile: 0..1.
        glasses: a kind, as Face API v1.0 names it.
        emotion: the most likely one.
        embedding: (d,).
    """

    label: Label
    found: bool
    yaw: float = math.nan
    blur: float = math.nan
    skin: float = math.nan
    age: float = math.nan
    female: float = math.nan
    smile: float = math.nan
    glasses: str | None = None
    emotion: str | None = None
    embedding: Array | None = None


class LeftOut(NamedTuple):
    """A line that counts nowhere, and why."""

    line: int
    file: str
    reason: str


def columns_for(labels: Sequence[Label]) -> tuple[str, ...]:
    """The columns of the record that the labels call for."""
    asked = (
        column
        for name, column in COLUMNS.items()
        if any(getattr(label, name) is not None for label in labels)
    )
    return tuple(dict.fromkeys((*MEASURED, *asked)))


class Looker:
    """The detector and the stages that the labels call for, loaded once.

    Raises:
        UsageError: there is no such profile.
        ModelError: a model cannot be had.
    """

    def __init__(
        self, labels: Sequence[Label], *, profile: str = "balanced", threads: int | None = None
    ) -> None:
        self._detector = ImageDetector.load(profile, threads=threads)
        self._stages = stages_for(columns_for(labels), threads=threads)
        self._measuring: list[Stage] = stages_for(MEASURED, threads=threads, ready=self._stages)

    def look(self, rgb: Array, labels: Sequence[Label]) -> list[Seen]:
        """What mien says of the labelled faces of one picture (H, W, 3) uint8.

        A label without a box is of the largest face. Of a missed face that has a box, pose, blur
        and skin are measured there, so that it can be said which faces are missed.
        """
        found = self._detector.detect(rgb)
        rows = matches(found, labels, rgb.shape)
        hits = [row for row in rows if row is not None]
        seen = answers(rgb, describe_all(self._stages, rgb, found[hits]))
        missed = [
            label.box_xyxy
            for label, row in zip(labels, rows, strict=True)
            if row is None and label.box_xyxy is not None
        ]
        boxes = Faces(np.array(missed, float).reshape(-1, 4), np.ones(len(missed)))
        unseen = answers(rgb, describe_all(self._measuring, rgb, boxes))
        nothing: dict[str, Any] = {}
        return [
            Seen(label, True, **next(seen))
            if row is not None
            else Seen(label, False, **(next(unseen) if label.box_xyxy else nothing))
            for label, row in zip(labels, rows, strict=True)
        ]


def look_at(
    folder: Path,
    labels: Sequence[Label],
    *,
    profile: str = "balanced",
    threads: int | None = None,
    on_progress: Callable[[float], None] = lambda share: None,
) -> tuple[list[Seen], list[LeftOut]]:
    """What mien says of all labelled faces, and the lines whose picture or box cannot be used.

    Each picture is read once; nothing of it is kept.

    Raises:
        UsageError: there is no such profile.
        ModelError: a model cannot be had.
    """
    pictures: dict[str, list[Label]] = {}
    for label in labels:
        pictures.setdefault(label.file, []).append(label)
    looker = Looker(labels, profile=profile, threads=threads)
    seen: list[Seen] = []
    left: list[LeftOut] = []
    for number, (file, own) in enumerate(pictures.items()):
        on_progress(number / len(pictures))
        try:
            rgb = read_image(folder / file)
        except (InputError, MediaError) as error:
            left += [LeftOut(label.line, file, str(error)) for label in own]
            continue
        outside = [label for label in own if not _inside(label, rgb.shape)]
        height, width = rgb.shape[:2]
        reason = f"the box lies outside the picture, which is {width} × {height}"
        left += [LeftOut(label.line, file, reason) for label in outside]
        seen += looker.look(rgb, [label for label in own if label not in outside])
    on_progress(1.0)
    return seen, left


def matches(found: Faces, labels: Sequence[Label], shape: Sequence[int]) -> list[int | None]:
    """The row of `found` that is the face of each label; None for a face that was missed.

    Boxes are paired off, those that overlap most first, down to `SAME_FACE`; parts outside the
    picture do not count. A label without a box takes the first row, which is the largest face.
    """
    if len(labels) == 1 and labels[0].box_xyxy is None:
        return [0] if len(found) else [None]
    height, width = shape[:2]
    edges = (width, height, width, height)
    mine = np.array([label.box_xyxy for label in labels], float).reshape(-1, 4).clip(0, edges)
    theirs = found.box_xyxy.astype(float).clip(0, edges)
    overlap = _ious(mine, theirs)
    rows: list[int | None] = [None] * len(labels)
    while overlap.size and overlap.max() >= SAME_FACE:
        label, row = np.unravel_index(int(overlap.argmax()), overlap.shape)
        rows[int(label)] = int(row)
        overlap[label, :] = overlap[:, row] = -1
    return rows


def _ious(boxes: Array, others: Array) -> Array:
    """(n, m) intersection over union of boxes (n, 4) and (m, 4)."""
    a, b = boxes[:, None], others[None]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    both = sides.clip(min=0).prod(-1)
    areas = (a[..., 2:] - a[..., :2]).prod(-1) + (b[..., 2:] - b[..., :2]).prod(-1)
    return np.asarray(both / np.maximum(areas - both, np.finfo(float).tiny))


def _inside(label: Label, shape: Sequence[int]) -> bool:
    if label.box_xyxy is None:
        return True
    left, top, right, bottom = label.box_xyxy
    return left < shape[1] and top < shape[0] and right > 0 and bottom > 0


def answers(rgb: Array, faces: Faces) -> Iterator[dict[str, Any]]:
    """What the record says of each face, as `Seen` names it, from the columns it has.

    Args:
        rgb: the picture.
        faces: with the columns `MEASURED`, and any of `COLUMNS`.
    """
    assert faces.mesh is not None
    assert faces.pose_deg is not None
    assert faces.quality is not None
    for row in range(len(faces)):
        read: dict[str, Any] = {
            "yaw": float(faces.pose_deg[row, 0]),
            "blur": float(faces.quality[row, 0]),
            "skin": skin_angle(rgb, faces.mesh[row]),
        }
        if faces.age is not None:
            read["age"] = float(faces.age[row])
        if faces.gender is not None:
            read["female"] = float(faces.gender[row])
        if faces.attributes is not None:
            told = terms(named(faces.attributes[row]))
            read["smile"] = math.nan if told.smile is None else told.smile
            read["glasses"] = told.glasses
        if faces.emotion is not None and np.isfinite(faces.emotion[row]).all():
            read["emotion"] = EMOTIONS[int(np.argmax(faces.emotion[row]))]
        if faces.embedding is not None and np.isfinite(faces.embedding[row]).all():
            read["embedding"] = faces.embedding[row].copy()
        yield read
