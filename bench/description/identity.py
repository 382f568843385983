"""Distances of embeddings, ages and genders of people of whom it is known who they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.description.material import Face, Portrait, labelled_faces, span, table
from bench.tracking.identities import CAST
from mien.describe.demographics import Demographics
from mien.describe.embedding import MATCH_THRESHOLD, Embedding, chip, distance
from mien.describe.mesh import BIAS, MESH_MARGIN, SIZE

Array = NDArray[Any]


UNSURE = ("hillside-man-0",)
"""Nobody says whether this is the man of face-noface, who is in the same package."""


class Known(NamedTuple):
    """A face and whose it is."""

    person: str
    face: Face


def report(found: Sequence[Portrait]) -> Iterator[str]:
    """The figures of identity, age and gender, as Markdown."""
    yield "\n## Identity\n"
    family = [p for p in found if p.sitter.is_family]
    sets = {
        "Family": [Known(portrait.sitter.person, portrait.face) for portrait in family],
        "package pictures": cast(),
    }
    mirrored, plain = Embedding.load(), Embedding.load(mirror=False)
    rows, close = [], []
    for name, people in sets.items():
        if not people:
            yield f"The {name} pictures are not there.\n"
            continue
        for how, stage in (("chip and mirror image", mirrored), ("chip", plain)):
            same, other = pairs(people, vectors(stage, people))
            rows.append(row_of(name, how, people, same, other))
            if stage is mirrored:
                close += [(value, a, b) for value, a, b in other if value < MATCH_THRESHOLD + 0.08]
    header = ("pictures", "what is embedded", "of one person", "of two people", "false matches")
    yield from table(header, rows)
    yield f"\nPairs of two people nearer than {MATCH_THRESHOLD + 0.08:.2f}:\n"
    yield from table(("distance", "", ""), ((f"{d:.3f}", a, b) for d, a, b in sorted(close)))
    yield from moved(mirrored, [portrait.face for portrait in found])
    yield from looks(found)


def cast() -> list[Known]:
    """The people of the tracking scenes, whose pictures come with packages."""
    whose = {f"{name}-{face}": takes[0] for takes in CAST for name, face in takes}
    return [
        Known("-".join(map(str, whose[face.name])), face)
        for face in labelled_faces()
        if face.name in whose and face.name not in UNSURE
    ]


def vectors(stage: Embedding, people: Sequence[Known]) -> Array:
    """(n, 128) the embedding of each."""
    return np.concatenate([stage.embed([chip(k.face.rgb, k.face.mesh)]) for k in people])


Pair = tuple[float, str, str]


def pairs(people: Sequence[Known], embedding: Array) -> tuple[list[Pair], list[Pair]]:
    """Distance and names of all pairs of one person, and of two people."""
    same: list[Pair] = []
    other: list[Pair] = []
    for a, b in combinations(range(len(people)), 2):
        apart = float(distance(embedding[a], embedding[b]))
        kind = same if people[a].person == people[b].person else other
        kind.append((apart, people[a].face.name, people[b].face.name))
    return same, other


def row_of(
    name: str, how: str, people: Sequence[Known], same: Sequence[Pair], other: Sequence[Pair]
) -> tuple[str, ...]:
    """One line of the table of distances."""
    near, far = np.array([value[0] for value in same]), np.array([value[0] for value in other])
    persons = len({known.person for known in people})
    return (
        f"{name}: {len(people)} of {persons} people",
        how,
        f"{span(near)} ({len(near)} pairs)",
        f"{span(far)} ({len(far)})",
        str(int((far < MATCH_THRESHOLD).sum())),
    )


def moved(stage: Embedding, faces: Sequence[Face]) -> Iterator[str]:
    """How far the stage's correction of the mesh moves the embedding."""
    apart = []
    for face in faces:
        crop_pixel = MESH_MARGIN * float(np.ptp(face.mesh[:468, :2], axis=0).max()) / SIZE
        back = face.mesh.copy()
        back[:, :2] -= np.array(BIAS) * crop_pixel
        chips = [chip(face.rgb, face.mesh), chip(face.rgb, back)]
        apart.append(float(distance(*stage.embed(chips))))
    yield (
        f"\nThe mesh's correction by {BIAS} pixels of the crop moves the embedding by "
        f"{np.median(apart):.3f} in the median of {len(apart)} faces, at most {max(apart):.3f}."
    )


def looks(found: Sequence[Portrait]) -> Iterator[str]:
    """Ages by person, and how often the gender is the one that is seen."""
    stage = Demographics.load()
    ages: dict[str, list[float]] = {}
    wrong = []
    for sitter, face in found:
        seen = stage.describe(face.rgb, face.faces)
        assert seen.age is not None
        assert seen.gender is not None
        ages.setdefault(sitter.person, []).append(float(seen.age[0]))
        if (float(seen.gender[0]) >= 0.5) != sitter.female:
            wrong.append(f"{sitter.name} ({float(seen.gender[0]):.2f})")
    yield "\n## Age and gender\n"
    shown = ((name, ", ".join(f"{age:.0f}" for age in some)) for name, some in ages.items())
    yield from table(("person", "age in each picture"), shown)
    yield (
        f"\nGender as seen by eye: {len(found) - len(wrong)} of {len(found)}; "
        f"not {', '.join(wrong) or 'wrong for any'}."
    )
