"""How happy each face of lfw_attributes looks to the expression network: for targets of a smile.

``python -m training.attributes.happiness --meshes meshes.npz --out happiness.npz``

Needs the package itself, not PyTorch.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mien.describe.emotion import EmotionModel, chip
from mien.faces import EMOTIONS
from training.attributes.faces import check_faces, face_pixels, faces_folder
from training.attributes.occluders.fit import read_meshes
from training.attributes.teachers import Floats
from training.files import add_data

A_TIME = 256
"""Faces that are held at once."""


def happiness_of(folder: Path, meshes: NDArray[np.float32]) -> Floats:
    """(n,) share of happiness that the expression network gives each face, NaN without a mesh."""
    model = EmotionModel.load(threads=1)
    found = np.full(len(meshes), np.nan)
    rows = np.flatnonzero(np.isfinite(meshes).all(axis=(1, 2)))
    for part in np.array_split(rows, len(rows) // A_TIME + 1):
        chips = [chip(face_pixels(folder, int(row)), meshes[row]) for row in part]
        found[part] = model.scores(chips)[:, EMOTIONS.index("happiness")]
    return found


def main() -> None:
    """Let the expression network look at all faces of the set."""
    parser = argparse.ArgumentParser(prog="python -m training.attributes.happiness")
    add_data(parser)
    parser.add_argument("--meshes", type=Path, required=True, help="as occluders.fit writes them")
    parser.add_argument("--out", type=Path, required=True, help="the .npz file to write")
    arguments = parser.parse_args()
    folder = faces_folder(arguments.data)
    check_faces(folder)
    np.savez(arguments.out, happiness=happiness_of(folder, read_meshes(arguments.meshes)))


if __name__ == "__main__":
    main()
