"""How far scores depend on who cuts the crop: the set's own framing against that by landmarks.

    python -m training.attributes.framing --data DATA --out framing.json

Needs the package itself, not PyTorch. Each of some faces is enlarged, its mesh fitted, and its crop
cut anew by `mien.describe.attribute_model.crops_by_landmarks`. `--template` prints where the points
sit in the set, which is where `TEMPLATE` comes from.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.describe.attribute_model import (
    CORNERS,
    MODEL,
    AttributeModel,
    crops_by_landmarks,
)
from mien.describe.mesh import Mesh
from mien.faces import Faces
from mien.models import file_of
from training.attributes.data import split
from training.attributes.faces import face_pixels, faces_folder, person_of_each
from training.evaluation import write_figures
from training.files import add_data

ENLARGED = 336
HEAD = (85.0, 90.0, 251.0, 275.0)
"""A box around the face of most enlarged pictures."""
SEED = 3


def fitted(
    folder: Path, faces: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.float64]]:
    """Faces in which the mesh is found: rows, enlarged pictures, and their five points."""
    mesh = Mesh.load()
    rows, pictures, points = [], [], []
    for face in faces.tolist():
        large = cv2.resize(
            face_pixels(folder, face), (ENLARGED, ENLARGED), interpolation=cv2.INTER_CUBIC
        )
        found = mesh.describe(large, Faces(np.array([HEAD]), np.ones(1)))
        if found.points is not None and np.isfinite(found.points).all():
            rows.append(face)
            pictures.append(large)
            points.append(found.points[0])
    return np.array(rows, np.int64), np.stack(pictures), np.array(points, np.float64)


def template(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """(4, 2) median places of eyes and mouth corners, in shares, the same on both sides."""
    four = np.median(points[:, CORNERS] / ENLARGED, axis=0)
    other = four[[1, 0, 3, 2]] * [-1, 1] + [1, 0]
    return np.asarray((four + other) / 2)


def agreement(
    model: AttributeModel, folder: Path, rows: NDArray[np.int64], pictures: NDArray[np.uint8],
    points: NDArray[np.float64],
) -> dict[str, Any]:  # fmt: skip
    """How far the scores of both framings agree."""
    given = model.scores([face_pixels(folder, row) for row in rows.tolist()])
    cut = [crops_by_landmarks(*each)[0] for each in zip(pictures, points[:, None], strict=True)]
    again = model.scores(cut)
    apart = np.abs(given - again)
    return {
        "faces": len(rows),
        "mean_difference": float(apart.mean()),
        "same_side": float(((given >= 0.5) == (again >= 0.5)).mean()),
        "by_name": dict(zip(model.names, apart.mean(axis=0).tolist(), strict=True)),
    }


def main() -> None:
    """Measure and write down."""
    parser = argparse.ArgumentParser(prog="python -m training.attributes.framing")
    add_data(parser)
    parser.add_argument("--faces", type=int, default=300, help="how many")
    parser.add_argument("--out", type=Path, help="write the figures to this JSON file")
    parser.add_argument("--template", action="store_true", help="only print where points sit")
    arguments = parser.parse_args()
    folder = faces_folder(arguments.data)
    person = person_of_each(folder)
    seen, unseen = split(person)
    some = np.flatnonzero(seen if arguments.template else unseen)
    drawn = np.random.default_rng(SEED).permutation(some)[: arguments.faces]
    rows, pictures, points = fitted(folder, drawn)
    if arguments.template:
        print(json.dumps(template(points).round(4).tolist()))
        return
    report = agreement(AttributeModel.load(), folder, rows, pictures, points)
    write_figures(report, file_of(MODEL), arguments.out)


if __name__ == "__main__":
    main()
