"""Embeddings of people of whom each has a name: 10,839 pictures of LFW, read from sheets.

python -m bench.gallery.people --data FOLDER --out people.npz

FOLDER holds `scores.csv` (a row for each face: its name, as AJ_Cook_0001, and a logit for each of
the attributes of CelebA) and the sheets 000.webp, 001.webp …, 16 x 16 faces of 112 x 112 pixels.
Row k is on sheet k // 256, column k % 16, row k // 16 % 16. They are pictures of Labeled Faces in
the Wild (Huang et al., 2007), deep-funnelled, scaled to 62 %: a little less than the network takes.
Nothing is fetched. The set is for research.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from mien.describe.embedding import Embedding
from mien.describe.mesh import Mesh
from mien.describe.pose import Pose
from mien.describe.quality import Quality
from mien.detect import ImageDetector
from mien.faces import Faces
from mien.media import read_image
from mien.pipeline.stages import Stage

Array = NDArray[Any]

SIDE, ACROSS = 112, 16  # pixels of a face, faces across a sheet
ENLARGED = 2  # detectors and mesh are made for faces larger than these

TWICE = (
    "Andrew_Caldecott", "Anja_Paerson", "Bart_Hendricks", "Carlos_Beltran", "Carlos_Ruckauf",
    "Cristina_Kirchner", "Dai_Chul_Chyung", "Hasan_Wirayuda", "John_Barnett",
    "Mireya_Elisa_Moscoso_Rodriguez", "Nan_Wang", "Noer_Moeis", "Odai_Hussein", "Prince_Felipe",
    "Sepp_Blatter", "Sung_Hong_Choi", "Talisa_Bratt", "Tia_Mowry", "William_Pryor_Jr",
    "Yingfan_Wang",
)  # fmt: skip
"""Names of people who are in the set under another name as well, or whose picture shows another of
the set: found among the nearest pairs of two names, and by names alike, and confirmed by eye. They
are left out where strangers are counted. Not all will have been found: those left make thresholds
stricter, not laxer."""


@dataclass(frozen=True)
class People:
    """n faces, of which only those that were found have an embedding.

    Attributes:
        name: (n,) whose face it is, as AJ_Cook.
        female: (n,) bool, the same for all faces of a person: whether the mean over them of the
            logit "Male" is under 0. The logit is a network's, and not the truth for everyone.
        embedding: (n, 128) float32; NaN where no face was found.
        quality: (n, 3) blur, exposure, noise; NaN likewise.
        pose_deg: (n, 3) yaw, pitch, roll; NaN likewise.
        score: (n,) of the detector; NaN likewise.
    """

    name: Array
    female: Array
    embedding: Array
    quality: Array
    pose_deg: Array
    score: Array

    def __len__(self) -> int:
        return len(self.name)

    def __getitem__(self, rows: Array) -> People:
        return People(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def found(self) -> People:
        """Those that have an embedding."""
        return self[np.flatnonzero(np.isfinite(self.embedding).all(axis=1))]

    def apart(self) -> People:
        """Without those who are there under two names."""
        return self[np.flatnonzero(~np.isin(self.name, TWICE))]

    def save(self, path: Path) -> None:
        """Write all columns to one file."""
        np.savez_compressed(path, **{f.name: getattr(self, f.name) for f in fields(self)})


def load(path: Path) -> People:
    """What `save` wrote."""
    with np.load(path, allow_pickle=False) as columns:
        return People(**{f.name: columns[f.name] for f in fields(People)})


def names_and_genders(scores: Path) -> tuple[Array, Array]:
    """The columns `name` and `female` of a scores.csv."""
    with scores.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    name = np.array([row["name"].rsplit("_", 1)[0] for row in rows])
    male = np.array([float(row["Male"]) for row in rows])
    _, whose = np.unique(name, return_inverse=True)
    mean = np.bincount(whose, male) / np.bincount(whose)
    return name, (mean < 0)[whose]


def pictures(folder: Path, count: int) -> list[Array]:
    """(112, 112, 3) RGB of each face, in the order of the table."""
    whole = ACROSS * ACROSS
    faces = []
    for sheet in range(-(-count // whole)):
        rgb = read_image(folder / f"{sheet:03d}.webp")
        for k in range(min(whole, count - sheet * whole)):
            top, left = k // ACROSS * SIDE, k % ACROSS * SIDE
            faces.append(rgb[top : top + SIDE, left : left + SIDE])
    return faces


def middle_face(found: Faces, side: int) -> Faces:
    """The face nearest to the middle, where the set has its people; none if there is none."""
    if not len(found):
        return found
    middle = (found.box_xyxy[:, :2] + found.box_xyxy[:, 2:]) / 2
    return found[[int(np.hypot(*(middle - side / 2).T).argmin())]]


def read_people(folder: Path) -> People:
    """Every face of the set, described by mien."""
    name, female = names_and_genders(folder / "scores.csv")
    n = len(name)
    embedding, quality, pose = (np.full((n, k), np.nan, np.float32) for k in (128, 3, 3))
    score = np.full(n, np.nan, np.float32)
    detector = ImageDetector.load("balanced")
    stages: list[Stage] = [Mesh.load(), Embedding.load(), Pose.load(), Quality.load()]
    with click.progressbar(pictures(folder, n), label="faces") as bar:
        for row, small in enumerate(bar):
            side = SIDE * ENLARGED
            rgb = cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC)
            faces = middle_face(detector.detect(rgb), side)
            for stage in stages:
                faces = stage.describe(rgb, faces)
            if len(faces) and not faces.problems:
                assert faces.embedding is not None
                assert faces.quality is not None
                assert faces.pose_deg is not None
                embedding[row], quality[row] = faces.embedding[0], faces.quality[0]
                pose[row], score[row] = faces.pose_deg[0], faces.score[0]
    return People(name, female, embedding, quality, pose, score)


def people_of(data: Path, kept: Path | None) -> People:
    """The faces found, read from `kept` if it is there and else from the set, and kept there."""
    if kept is not None and kept.exists():
        return load(kept).found()
    people = read_people(data)
    if kept is not None:
        people.save(kept)
    return people.found()


@click.command(help=__doc__)
@click.option("--data", type=click.Path(exists=True, file_okay=False, path_type=Path),
              required=True, help="Folder of scores.csv and the sheets.")  # fmt: skip
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True,
              help="The file to write.")  # fmt: skip
def main(data: Path, out: Path) -> None:
    """Describe all faces and say how many were found."""
    people = read_people(data)
    people.save(out)
    found = people.found()
    click.echo(f"{len(found)} of {len(people)} faces, {len(np.unique(found.name))} people")


if __name__ == "__main__":
    main()
