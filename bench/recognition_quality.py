"""How far down size, sharpness, light, noise and turn a face still matches its person.

    python -m bench.recognition_quality --data FOLDER

FOLDER is that of `bench.gallery.people`. Of pairs of pictures of one person, both seen from the
front, one is kept and the other made smaller, blurred, darker, brighter or noisy; then the graded
value (`mien.describe.quality`, the shorter side of the box) and the share of pairs nearer than
MATCH_THRESHOLD are written down. Turned heads are natural: of other pairs, one picture is turned
and one is not. What `mien.describe.fitness.recognition_quality` asks for was read off this table.
A second table has the share that match by its grade, of all pairs, one picture of each made worse
in two of these ways, drawn at random; "none" are those in which no face is seen any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from bench.gallery.people import ENLARGED, SIDE, TWICE, middle_face, names_and_genders, pictures
from mien.describe.embedding import MATCH_THRESHOLD, Embedding, distance
from mien.describe.fitness import GRADES, recognition_quality
from mien.describe.mesh import Mesh
from mien.describe.pose import Pose
from mien.describe.quality import Quality
from mien.detect import ImageDetector
from mien.faces import Faces
from mien.pipeline import Stage, describe_all

Array = NDArray[Any]

FRONT_DEG = 12.0
TURNS_DEG = ((0, 12), (12, 18), (18, 24), (24, 30), (30, 40), (40, 90))


class Way(NamedTuple):
    """A way to make a picture worse: what is graded, and the levels."""

    name: str
    graded: Callable[[Faces], float]
    levels: tuple[float, ...]
    worse: Callable[[Array, float], Array]


class Pair(NamedTuple):
    """Two pictures of one person, with the box of the face in each."""

    kept: Array
    kept_faces: Faces
    changed: Array
    changed_faces: Faces


def short_side(faces: Faces) -> float:
    """The shorter side of the first box."""
    return float(faces.size_wh[0].min())


def graded(column: int, faces: Faces) -> float:
    """Blur, exposure or noise of the first face."""
    assert faces.quality is not None
    return float(faces.quality[0, column])


def smaller(rgb: Array, factor: float) -> Array:
    """The picture at a share of its size."""
    return np.asarray(cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))


def blurred(rgb: Array, sigma: float) -> Array:
    """Through a Gaussian of so many pixels."""
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), sigma))


def lit(rgb: Array, gain: float) -> Array:
    """Every value times a gain, cut at white."""
    return np.asarray(np.clip(rgb.astype(np.float32) * gain, 0, 255), np.uint8)


def noisy(rgb: Array, deviation: float) -> Array:
    """With Gaussian noise of so many grey levels."""
    noise = np.random.default_rng(3).normal(0, deviation, rgb.shape)
    return np.asarray(np.clip(rgb + noise, 0, 255), np.uint8)


WAYS = (
    Way("size, pixels", short_side, (1, 0.75, 0.6, 0.5, 0.4, 0.3, 0.25, 0.2), smaller),
    Way("blur", partial(graded, 0), (0.5, 1, 1.5, 2, 3, 4), blurred),
    Way("exposure, darker", partial(graded, 1), (0.7, 0.5, 0.35, 0.25, 0.15, 0.08), lit),
    Way("exposure, brighter", partial(graded, 1), (1.3, 1.6, 2, 2.5, 3.5, 5), lit),
    Way("noise", partial(graded, 2), (5, 10, 20, 30, 45, 60), noisy),
)


class Looker:
    """Finds and describes the face of a picture."""

    def __init__(self) -> None:
        self._detector = ImageDetector.load("balanced")
        self._stages: list[Stage] = [Mesh.load(), Pose.load(), Quality.load(), Embedding.load()]

    def find(self, rgb: Array) -> Faces:
        """The box of the face in the middle, or none; detectors want it larger than it is."""
        side = SIDE * ENLARGED
        large = cv2.resize(rgb, (side, side), interpolation=cv2.INTER_CUBIC)
        return middle_face(self._detector.detect(large), side).scaled(1 / ENLARGED, 1 / ENLARGED)

    def describe(self, rgb: Array, faces: Faces) -> Faces:
        """The face with mesh, pose, quality and embedding; all NaN where it has no mesh."""
        return describe_all(self._stages, rgb, faces)


def turn(faces: Faces) -> float:
    """How far a face is turned, degrees: the larger of yaw and pitch."""
    assert faces.pose_deg is not None
    return float(np.abs(faces.pose_deg[0, :2]).max())


def pairs(folder: Path, looker: Looker, most: int) -> Iterator[Pair]:
    """Pairs of the first two pictures of a person on which a face was found."""
    name, _ = names_and_genders(folder / "scores.csv")
    people, first, count = np.unique(name, return_index=True, return_counts=True)
    several = np.flatnonzero((count > 1) & ~np.isin(people, TWICE))
    faces = pictures(folder, len(name))
    for person in np.random.default_rng(5).permutation(several)[:most]:
        one, other = (faces[first[person] + k] for k in (0, 1))
        found = [looker.find(rgb) for rgb in (one, other)]
        if all(map(len, found)):
            described = [looker.describe(*each) for each in zip((one, other), found, strict=True)]
            if not any(each.problems for each in described):
                yield Pair(one, described[0], other, described[1])


def apart(a: Faces, b: Faces) -> float:
    """Distance of two embeddings."""
    assert a.embedding is not None
    assert b.embedding is not None
    return float(distance(a.embedding[0], b.embedding[0]))


def worsened(pair: Pair, way: Way, level: float, looker: Looker) -> tuple[float, bool]:
    """What the changed picture is graded, and whether it still matches the kept one."""
    rgb = way.worse(pair.changed, level)
    ratio = rgb.shape[1] / pair.changed.shape[1]
    bare = Faces(pair.changed_faces.box_xyxy, pair.changed_faces.score)
    faces = looker.describe(rgb, bare.scaled(ratio, ratio))
    assert faces.mesh is not None
    if not np.isfinite(faces.mesh).all():  # nothing is told of it, so nothing is graded
        return (short_side(faces) if way.graded is short_side else np.nan), False
    return way.graded(faces), apart(pair.kept_faces, faces) < MATCH_THRESHOLD


def tell(label: str, values: Array, matched: Array) -> None:
    """A row of the table."""
    known = values[np.isfinite(values)]
    low, middle, high = np.percentile(known, (10, 50, 90)) if len(known) else [np.nan] * 3
    share = 100 * np.mean(matched) if len(matched) else np.nan
    click.echo(f"| {label} | {low:.2f} | {middle:.2f} | {high:.2f} | {share:.1f} | {len(values)} |")


def mixed(pair: Pair, looker: Looker, rng: np.random.Generator) -> tuple[str, bool]:
    """The grade of a picture that was made worse in two ways, and whether it still matches."""
    rgb = pair.changed
    for number in rng.choice(len(WAYS), 2, replace=False):
        way = WAYS[number]
        rgb = way.worse(rgb, float(rng.choice(way.levels)))
    ratio = rgb.shape[1] / pair.changed.shape[1]
    bare = Faces(pair.changed_faces.box_xyxy, pair.changed_faces.score)
    faces = looker.describe(rgb, bare.scaled(ratio, ratio))
    assert faces.pose_deg is not None
    assert faces.quality is not None
    if faces.problems:
        return "none", False
    grade = recognition_quality(faces.size_wh[0], faces.pose_deg[0], faces.quality[0])
    return grade, apart(pair.kept_faces, faces) < MATCH_THRESHOLD


def tell_grades(found: list[Pair], looker: Looker) -> None:
    """How many match by grade, when one picture of each pair is made worse in two ways."""
    rng = np.random.default_rng(7)
    click.echo()
    click.echo("| graded | made worse: match, % | pairs |")
    click.echo("|---|---|---|")
    rows = [mixed(pair, looker, rng) for pair in found]
    for grade in (*GRADES, "Low", "none"):
        matched = [match for name, match in rows if name == grade]
        share = 100 * np.mean(matched) if matched else np.nan
        click.echo(f"| {grade} | {share:.1f} | {len(matched)} |")


@click.command(help=__doc__)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path),
              required=True, help="Folder of scores.csv and the sheets.")  # fmt: skip
@click.option("--pairs", "most", default=1600, show_default=True, help="People to look at.")
@click.option("--front", default=300, show_default=True, help="Pairs from the front to change.")
def main(data: Path, most: int, front: int) -> None:
    """Print the table."""
    looker = Looker()
    with click.progressbar(pairs(data, looker, most), length=most, label="people") as bar:
        found = list(bar)
    click.echo("| changed | graded: 10 % | median | 90 % | pairs that match, % | pairs |")
    click.echo("|---|---|---|---|---|---|")
    ahead = [pair for pair in found if turn(pair.kept_faces) < FRONT_DEG]
    both = [pair for pair in ahead if turn(pair.changed_faces) < FRONT_DEG][:front]
    for way in WAYS:
        for level in way.levels:
            rows = [worsened(pair, way, level, looker) for pair in both]
            values, matched = map(np.array, zip(*rows, strict=True))
            tell(f"{way.name}: {level:g}", values, matched)
    turned = np.array([turn(pair.changed_faces) for pair in ahead])
    matched = np.array(
        [apart(pair.kept_faces, pair.changed_faces) < MATCH_THRESHOLD for pair in ahead]
    )
    for low, high in TURNS_DEG:
        some = (turned >= low) & (turned < high)
        tell(f"turn, degrees: {low} to {high}", turned[some], matched[some])
    tell_grades(found, looker)


if __name__ == "__main__":
    main()
