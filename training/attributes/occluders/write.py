"""Write faces of lfw_attributes with covers rendered on them, labelled by how they were made.

``python -m training.attributes.occluders.write FOLDER --part train --meshes meshes.npz --seed 1
--count 10000`` writes sheets ``000.webp`` … of 16 x 16 faces of 112 pixels, as the set's own are,
and ``labels.csv``; `training.attributes.made` reads them. Test pictures are of other persons
(`data.split`), with other shapes and patterns, and rendered with other settings.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.attributes.data import MADE, SCORED, read_logits, split
from training.attributes.faces import (
    FACE_SIDE,
    FACES_A_SIDE,
    check_faces,
    face_pixels,
    faces_folder,
    person_of_each,
)
from training.attributes.occluders.fit import read_meshes
from training.attributes.occluders.head import Head
from training.attributes.occluders.scene import SETTINGS, Scene, labels_of
from training.attributes.occluders.wear import dress
from training.files import add_data

Pixels = NDArray[np.uint8]

QUALITY = 92
FARTHEST_YAW = 55.0
HEADER = ("face", "worn", *MADE, "told", "untold")


def faces_to_dress(
    person: NDArray[np.int64], meshes: NDArray[np.float32], part: str, count: int, seed: int
) -> NDArray[np.int64]:
    """(count,) faces of the part, rising; of persons with many pictures each is drawn less often.

    Raises:
        ValueError: there is no such part.
    """
    if part not in SETTINGS:
        raise ValueError(f"no part {part!r}: there are {' and '.join(SETTINGS)}")
    train, valid = split(person)
    fits = (train if part == "train" else valid) & np.isfinite(meshes).all(axis=(1, 2))
    fits[fits] = [abs(Head.of(mesh).angles[0]) < FARTHEST_YAW for mesh in meshes[fits]]
    faces = np.flatnonzero(fits)
    many = np.bincount(person[faces], minlength=person.max() + 1)[person[faces]]
    chances = many**-0.5
    rng = np.random.default_rng(seed)
    drawn = rng.choice(faces, count, p=chances / chances.sum())
    return np.sort(drawn)


def made(
    folder: Path, faces: NDArray[np.int64], meshes: NDArray[np.float32], part: str, seed: int
) -> Iterator[tuple[Pixels, dict[str, str]]]:
    """The pictures (112, 112, 3) and their rows of ``labels.csv``, in order of the faces given."""
    logits = read_logits(folder)
    for number, face in enumerate(faces.tolist()):
        rgb = face_pixels(folder, face)
        scores = dict(zip(SCORED, logits[face].tolist(), strict=True))
        rng = np.random.default_rng([seed, number])
        scene = Scene.of(rgb, meshes[face], scores, part, rng)
        dress(scene)
        known, untold = labels_of(scene)
        yield scene.finished(), row_of(face, scene.worn, known, untold)


def row_of(face: int, worn: list[str], known: dict[str, float], untold: set[str]) -> dict[str, str]:
    """A row of ``labels.csv``."""

    def text(value: float) -> str:
        return "" if np.isnan(value) else str(int(value))

    others = {name: value for name, value in known.items() if name not in MADE}
    gone = untold | {name for name, value in others.items() if np.isnan(value)}
    told = [f"{name}={text(value)}" for name, value in others.items() if not np.isnan(value)]
    return {
        "face": str(face), "worn": "; ".join(worn),
        **{name: text(known[name]) for name in MADE},
        "told": " ".join(told), "untold": " ".join(sorted(gone)),
    }  # fmt: skip


def write_sheets(folder: Path, pictures: Iterator[tuple[Pixels, dict[str, str]]]) -> int:
    """Write pictures and labels as they come; returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    count, sheet = 0, _blank()
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as lines:
        out = csv.DictWriter(lines, HEADER, lineterminator="\n")
        out.writeheader()
        for picture, row in pictures:
            within = count % FACES_A_SIDE**2
            top, left = (FACE_SIDE * at for at in divmod(within, FACES_A_SIDE))
            sheet[top : top + FACE_SIDE, left : left + FACE_SIDE] = picture
            out.writerow(row)
            count += 1
            if within == FACES_A_SIDE**2 - 1:
                _save(sheet, folder, count // FACES_A_SIDE**2 - 1)
                sheet = _blank()
    if count % FACES_A_SIDE**2:
        _save(sheet, folder, count // FACES_A_SIDE**2)
    return count


def _blank() -> Pixels:
    side = FACES_A_SIDE * FACE_SIDE
    return np.zeros((side, side, 3), np.uint8)


def _save(sheet: Pixels, folder: Path, number: int) -> None:
    Image.fromarray(sheet).save(folder / f"{number:03}.webp", quality=QUALITY)


def main() -> None:
    """Write a labelled set of covered and plain faces."""
    parser = argparse.ArgumentParser(prog="training.attributes.occluders.write",
                                     description=main.__doc__)  # fmt: skip
    parser.add_argument("folder", type=Path, help="where to write sheets and labels.csv")
    add_data(parser)
    parser.add_argument("--meshes", type=Path, required=True, help="written by occluders.fit")
    parser.add_argument("--part", choices=list(SETTINGS), required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    given = parser.parse_args()
    folder = faces_folder(given.data)
    check_faces(folder)
    meshes, person = read_meshes(given.meshes), person_of_each(folder)
    if len(meshes) != len(person):
        parser.error(f"{given.meshes} has {len(meshes)} meshes for {len(person)} faces")
    faces = faces_to_dress(person, meshes, given.part, given.count, given.seed)
    count = write_sheets(given.folder, made(folder, faces, meshes, given.part, given.seed))
    how = {"part": given.part, "seed": given.seed, "count": count}
    (given.folder / "how.json").write_text(json.dumps(how) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
