"""Measure the embedding's thresholds on Labeled Faces in the Wild, where it lies on this machine.

python -m bench.lfw lfw-deepfunneled pairs.txt

The folder holds NAME/NAME_0001.jpg; pairs.txt is that of the set's "View 2" (ten folds, as many
pairs of one person as of two in each). Nothing is fetched: the set belongs to its authors (Huang et
al., University of Massachusetts, Amherst, Technical Report 07-49, 2007).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
import numpy as np
from numpy.typing import NDArray

from bench.description.material import table
from mien.describe.embedding import Embedding, chip
from mien.describe.mesh import Mesh
from mien.detect import ImageDetector
from mien.media import read_image

Array = NDArray[Any]

RATES = (1e-2, 1e-3, 1e-4, 1e-5)


class Pair(NamedTuple):
    """Two pictures by their numbers in the list of all, and whether they show one person."""

    first: int
    second: int
    same: bool
    fold: int


def read_pairs(text: str) -> tuple[list[str], list[Pair]]:
    """The pictures ("NAME/NAME_0001.jpg", sorted) and the pairs of a pairs.txt.

    Raises:
        ValueError: it is not laid out as LFW's.
    """
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if not lines or len(lines[0]) != 2:
        raise ValueError("pairs.txt begins with the number of folds and of pairs in each")
    folds, size = map(int, lines[0])
    rows = lines[1:]
    if len(rows) != 2 * folds * size:
        raise ValueError(f"pairs.txt announces {2 * folds * size} pairs and has {len(rows)}")
    named = []
    for number, row in enumerate(rows):
        name, first = row[0], row[1]
        other, second = (name, row[2]) if len(row) == 3 else (row[2], row[3])
        same = len(row) == 3
        named.append((_file(name, first), _file(other, second), same, number // (2 * size)))
    files = sorted({file for a, b, _, _ in named for file in (a, b)})
    place = {file: index for index, file in enumerate(files)}
    return files, [Pair(place[a], place[b], same, fold) for a, b, same, fold in named]


def _file(name: str, number: str) -> str:
    return f"{name}/{name}_{int(number):04d}.jpg"


def embeddings(folder: Path, files: Sequence[str]) -> tuple[Array, Array]:
    """(n, 128) of chip and mirror image, and of the chip alone; NaN where no face is found.

    The face nearest to the middle of the picture is taken, as the set has its people there.
    """
    detector, mesh = ImageDetector.load("balanced"), Mesh.load()
    stage = Embedding.load(mirror=False)
    both, alone = np.full((2, len(files), 128), np.nan, np.float32)
    for row, file in enumerate(files):
        rgb = read_image(folder / file)
        found = detector.detect(rgb)
        if not len(found):
            continue
        middle = (found.box_xyxy[:, :2] + found.box_xyxy[:, 2:]) / 2
        away = np.hypot(*(middle - np.array(rgb.shape[1::-1]) / 2).T)
        faces = mesh.describe(rgb, found[[int(away.argmin())]])
        if not faces.problems:
            assert faces.mesh is not None
            cut = chip(rgb, faces.mesh[0])
            plain, mirrored = stage.embed([cut, cut[:, ::-1]])
            both[row], alone[row] = (plain + mirrored) / 2, plain
    return both, alone


def strangers(embedding: Array, people: Sequence[str]) -> Array:
    """Distances of all pairs of pictures of different people, without rows of NaN."""
    names = np.array(people)
    apart = []
    for row in range(len(embedding)):
        other = names[row + 1 :] != names[row]
        far = np.linalg.norm(embedding[row + 1 :][other] - embedding[row], axis=1)
        apart.append(far[np.isfinite(far)])
    return np.concatenate(apart)


def threshold(apart: Array, rate: float) -> float:
    """The distance below which this share of the pairs lies."""
    return float(np.quantile(apart, rate))


def accuracy(distances: Array, same: Array, fold: Array) -> Array:
    """Share that is right in each fold, at the threshold that is best on the others.

    A distance of NaN counts as "not the same".
    """
    far = np.where(np.isnan(distances), np.inf, distances)
    right = []
    for held in np.unique(fold):
        train = fold != held
        limits = np.unique(far[train & np.isfinite(far)])
        shares = [float(np.mean((far[train] <= limit) == same[train])) for limit in limits]
        best = limits[int(np.argmax(shares))]
        right.append(float(np.mean((far[~train] <= best) == same[~train])))
    return np.array(right)


def report(folder: Path, pairs: Path) -> Iterator[str]:
    """The tables, as Markdown."""
    files, rows = read_pairs(pairs.read_text(encoding="utf-8"))
    people = [file.split("/")[0] for file in files]
    first, second = (np.array(column) for column in zip(*((r[0], r[1]) for r in rows), strict=True))
    same = np.array([row.same for row in rows])
    fold = np.array([row.fold for row in rows])
    for how, found in zip(
        ("chip and mirror image", "chip alone"), embeddings(folder, files), strict=True
    ):
        none = int(np.isnan(found[:, 0]).sum())
        apart = strangers(found, people)
        near = np.linalg.norm(found[first] - found[second], axis=1)
        yield f"\n{how}: {len(files)} pictures, {none} without a face; {len(apart)} strange pairs\n"
        limits = [(rate, threshold(apart, rate)) for rate in RATES]
        yield from table(
            ("false matches", "distance under", "of one person's pairs match"),
            (
                (f"1 in {1 / rate:,.0f}", f"{at:.3f}", f"{np.mean(near[same] < at):.1%}")
                for rate, at in limits
            ),
        )
        right = accuracy(near, same, fold) * 100
        spread = right.std(ddof=1) if len(right) > 1 else 0.0
        yield f"\n{len(right)} folds: {right.mean():.2f} ± {spread:.2f} % right."


@click.command(help=__doc__)
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("pairs", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(folder: Path, pairs: Path) -> None:
    """Print the tables."""
    for line in report(folder, pairs):
        click.echo(line)


if __name__ == "__main__":
    main()
