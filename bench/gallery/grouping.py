"""False merges of three linkages, on albums of people of LFW.

python -m bench.gallery.grouping --data FOLDER [--embeddings people.npz] [--keep]

An album of many people holds all their faces, ten of each at most, and most have one; an album of
few people holds up to 40 faces of each. For each linkage: the largest distance at which at most one
face in a hundred is with more faces of another person than of its own, and the share of all pairs
of one person that is put together there. Then the same for mien's threshold.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist

from bench.description.material import table
from bench.gallery.people import People, people_of
from bench.keeping import keep_option, tell
from mien.gallery.grouping import grouping_threshold

Array = NDArray[Any]

ALBUMS = {10: 300, 30: 150, 100: 60, 300: 15, 1000: 5}
"""Faces → albums drawn."""
LINKAGES = ("single", "average", "complete")
GRID = np.arange(0.38, 0.64, 0.01)
WRONG = 0.01
MANY_FACES = 20  # that each of few people has at least


def album(people: People, size: int, few: bool, rng: np.random.Generator) -> tuple[Array, Array]:
    """Rows of faces, and the number of the person of each."""
    _, whose, counts = np.unique(people.name, return_inverse=True, return_counts=True)
    rows: list[int] = []
    for person in rng.permutation(np.flatnonzero(counts >= (MANY_FACES if few else 1))):
        rows += rng.permutation(np.flatnonzero(whose == person))[: 40 if few else 10].tolist()
        if len(rows) >= size:
            break
    chosen = np.array(rows[:size])
    return chosen, whose[chosen]


def judged(labels: Array, whose: Array) -> Array:
    """(wrong, mixed, groups, pairs found): faces that are not of the person most of their group are
    of; groups of several faces, and those of several people; pairs of one person put together."""
    wrong = mixed = groups = found = 0
    for label in np.unique(labels):
        _, counts = np.unique(whose[labels == label], return_counts=True)
        wrong += counts.sum() - counts.max()
        groups += counts.sum() > 1
        mixed += len(counts) > 1
        found += (counts * (counts - 1) // 2).sum()
    return np.array([wrong, mixed, groups, found])


def measure(
    people: People, size: int, few: bool, rng: np.random.Generator
) -> Iterator[tuple[str, ...]]:
    """A row for each linkage, and one for mien's threshold."""
    own = grouping_threshold(size)
    steps = np.append(GRID, own)
    sums = {kind: np.zeros((len(steps), 4)) for kind in LINKAGES}
    pairs = 0
    for _ in range(ALBUMS[size]):
        rows, whose = album(people, size, few, rng)
        apart = pdist(people.embedding[rows].astype(float))
        _, counts = np.unique(whose, return_counts=True)
        pairs += int((counts * (counts - 1) // 2).sum())
        for kind in LINKAGES:
            tree = linkage(apart, kind)
            sums[kind] += [judged(fcluster(tree, at, "distance"), whose) for at in steps]
    faces = size * ALBUMS[size]
    for kind in LINKAGES:
        good = np.flatnonzero(sums[kind][:-1, 0] <= WRONG * faces)
        if len(good):
            yield _row(size, few, kind, steps[good[-1]], sums[kind][good[-1]], faces, pairs)
    yield _row(size, few, "mien: average", own, sums["average"][-1], faces, pairs)


def _row(
    size: int, few: bool, kind: str, at: float, judged: Array, faces: int, pairs: int
) -> tuple[str, ...]:
    wrong, mixed, groups, found = judged
    shares = (wrong / faces, mixed / max(groups, 1), found / max(pairs, 1))
    shown = (f"{share:.1%}" for share in shares)
    return (f"{size:,}", "few" if few else "many", kind, f"{at:.3f}", *shown)


def report(people: People, seed: int) -> Iterator[str]:
    """The table, as Markdown."""
    yield f"Measured on {date.today()}.\n"
    rng = np.random.default_rng(seed)
    rows = [
        row for few in (False, True) for size in ALBUMS for row in measure(people, size, few, rng)
    ]
    header = ("faces", "people", "linkage", "distance", "faces in a wrong group", "mixed groups",
              "pairs found")  # fmt: skip
    yield from table(header, rows)


@click.command(help=__doc__)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path),
              required=True, help="Folder of scores.csv and the sheets.")  # fmt: skip
@click.option("--embeddings", type=click.Path(dir_okay=False, path_type=Path),
              help="Where the faces' embeddings are kept, and read from.")  # fmt: skip
@click.option("--seed", default=0, show_default=True, help="Of the albums.")
@keep_option
def main(data: Path, embeddings: Path | None, seed: int, keep: bool) -> None:
    """Print the table."""
    tell(report(people_of(data, embeddings).apart(), seed), "grouping", keep=keep)


if __name__ == "__main__":
    main()
