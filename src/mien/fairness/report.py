"""A folder of labelled pictures → the report: every measure that the labels allow."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from mien.describe.embedding import FALSE_MATCH_THRESHOLDS, MATCH_THRESHOLD
from mien.detect import PROFILES
from mien.fairness.groups import NOT_KNOWN, TITLES
from mien.fairness.labels import Label, read_labels
from mien.fairness.looking import (
    MODELS,
    LeftOut,
    Seen,
    columns_for,
    look_at,
)
from mien.fairness.measures import Measure, Slice, measure_faces
from mien.fairness.pairs import comparable, measure_pairs
from mien.fairness.questions import FACE_MEASURES

NO_PAIRS = {
    "false_non_match": "no person was found twice",
    "false_match": "no two persons were found",
}
"""Why a rate of pairs is left out though persons are named."""


class Missing(NamedTuple):
    """A measure that is left out, and why."""

    name: str
    title: str
    reason: str


class Point(NamedTuple):
    """Recognition at one threshold, over everything.

    Attributes:
        threshold: a distance of embeddings.
        expected: the false match rate that the model's card gives for it.
    """

    threshold: float
    expected: float
    false_non_match: Slice
    false_match: Slice


class Difference(NamedTuple):
    """Two groups whose intervals do not overlap: of a measure and dimension, the one whose interval
    begins highest, and the one whose interval ends lowest."""

    measure: Measure
    dimension: str
    highest: Slice
    lowest: Slice


@dataclass(frozen=True, slots=True)
class Report:
    """How evenly mien works over the people in a folder.

    Attributes:
        folder: its name.
        profile: of the detector.
        models: that were used, by their names in the catalogue.
        lines: of labels.csv, each a face.
        pictures: that could be used.
        faces: labelled ones in them.
        persons: named among these.
        measures: in the order in which they are shown.
        missing: measures that the labels or the models do not allow.
        points: recognition at other thresholds.
        left_out: lines that count nowhere.
        seconds: how long it took.
    """

    folder: str
    profile: str
    models: tuple[str, ...]
    lines: int
    pictures: int
    faces: int
    persons: int
    measures: tuple[Measure, ...]
    missing: tuple[Missing, ...]
    points: tuple[Point, ...]
    left_out: tuple[LeftOut, ...]
    seconds: float

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Where groups differ by more than chance explains easily: their intervals are apart.

        Groups of too few, and those of which nothing is known, are not compared.
        """
        return tuple(found for measure in self.measures for found in _differences(measure))


def measure_folder(
    folder: str | PathLike[str],
    *,
    profile: str = "balanced",
    threads: int | None = None,
    on_progress: Callable[[float], None] = lambda share: None,
) -> Report:
    """Measure how evenly mien works over the people in a folder of labelled pictures.

    Args:
        folder: holds pictures and `labels.csv`, whose form `mien.fairness.labels` describes.
        profile: of the detector, one of `mien.detect.PROFILES`.
        threads: for inference; by default one for each core.
        on_progress: is told the share of the pictures that is done, 0 to 1.

    Raises:
        InputError: there is no such folder, or no labels.csv in it.
        ConfigurationError: labels.csv breaks its rules; the message names the line.
        UsageError: there is no such profile.
        ModelError: a model cannot be had.
    """
    started, path = time.perf_counter(), Path(folder)
    labels = read_labels(path)
    seen, left = look_at(path, labels, profile=profile, threads=threads, on_progress=on_progress)
    found = list(_measures(labels, seen))
    return Report(
        path.resolve().name,
        profile,
        tuple(_models(labels, profile)),
        len(labels),
        len({one.label.file for one in seen}),
        len(seen),
        len({one.label.person for one in seen} - {None}),
        tuple(one for one in found if isinstance(one, Measure)),
        tuple(one for one in found if isinstance(one, Missing)),
        tuple(_points(seen)),
        tuple(left),
        time.perf_counter() - started,
    )


def _models(labels: Sequence[Label], profile: str) -> Iterator[str]:
    if PROFILES[profile].both:
        yield "blazeface-full-range"
    for column in columns_for(labels):
        yield from MODELS.get(column, ())


def _measures(labels: Sequence[Label], seen: Sequence[Seen]) -> Iterator[Measure | Missing]:
    for how in FACE_MEASURES:
        measure = measure_faces(how, seen)
        if measure.whole.trials:
            yield measure
        elif not any(how.applies(label) for label in labels):
            yield Missing(how.name, how.title, f"no face has a label for it (column {how.label})")
        else:
            yield Missing(how.name, how.title, "no face with this label was found and described")
    for measure in measure_pairs(comparable(seen), MATCH_THRESHOLD):
        if measure.whole.trials:
            yield replace(measure, undescribed=_not_comparable(seen))
        elif not any(label.person is not None for label in labels):
            yield Missing(measure.name, measure.title, "no face has a label for it (column person)")
        else:
            yield Missing(measure.name, measure.title, NO_PAIRS[measure.name])


def _not_comparable(seen: Sequence[Seen]) -> int:
    """Faces that were found and whose person is labelled, and that cannot be compared."""
    named = [one for one in seen if one.found and one.label.person is not None]
    return len(named) - len(comparable(named))


def _points(seen: Sequence[Seen]) -> Iterator[Point]:
    people = comparable(seen)
    for expected, threshold in FALSE_MATCH_THRESHOLDS.items():
        missed, taken = (
            measure.whole for measure in measure_pairs(people, threshold, grouped=False)
        )
        if missed.trials or taken.trials:
            yield Point(threshold, expected, missed, taken)


def _differences(measure: Measure) -> Iterator[Difference]:
    for dimension, title in TITLES.items():
        groups = [
            one
            for one in measure.slices
            if one.dimension == dimension and one.group != NOT_KNOWN and not one.few
        ]
        if len(groups) > 1:
            highest = max(groups, key=lambda one: one.low)
            lowest = min(groups, key=lambda one: one.high)
            if highest.low > lowest.high:
                yield Difference(measure, title, highest, lowest)
