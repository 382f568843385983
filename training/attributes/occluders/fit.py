"""The face mesh of every face of lfw_attributes, fitted once and kept.

``python -m training.attributes.occluders.fit --to meshes.npz`` takes 40 ms a face.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.describe.mesh import Mesh
from mien.faces import Faces
from training.attributes.faces import FACE_SIDE, face_pixels, faces_folder, person_of_each
from training.attributes.occluders.head import MEAN_FACE, Head
from training.files import add_data

Floats = NDArray[np.float32]

ENLARGED = 3
"""The mesh network sees 192 pixels a side; these faces are about 60 wide."""
BOX = (25, 23, 87, 100)
"""Where the face is in all pictures of the set, roughly: left, top, right, bottom of 112."""


def fit(mesh: Mesh, rgb: NDArray[np.uint8]) -> Floats:
    """(478, 3) mesh of a face framed like the set's, in its pixels; NaN where none is seen."""
    side = ENLARGED * FACE_SIDE
    large = cv2.resize(rgb, (side, side), interpolation=cv2.INTER_CUBIC)
    box = Faces(ENLARGED * np.array([BOX], np.float32), np.ones(1, np.float32))
    found = mesh.describe(large, box).mesh
    assert found is not None
    return np.asarray(found[0] / ENLARGED, np.float32)


def fit_all(folder: Path, faces: Iterable[int]) -> Floats:
    """(n, 478, 3) meshes of these faces."""
    mesh = Mesh.load(threads=1)
    return np.stack([fit(mesh, face_pixels(folder, face)) for face in faces])


def read_meshes(path: Path) -> Floats:
    """(n, 478, 3) meshes as `main` wrote them, NaN where no face was seen.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it does not hold meshes.
    """
    with np.load(path) as stored:
        meshes = np.asarray(stored["mesh"], np.float32)
    if meshes.ndim != 3 or meshes.shape[1:] != (478, 3):
        raise ValueError(f"{path} does not hold meshes of 478 points: write it again with fit")
    return meshes


def average(meshes: Floats) -> NDArray[np.float64]:
    """(468, 3) the mean of meshes in head coordinates, made even on both sides."""
    whole = meshes[np.isfinite(meshes).all(axis=(1, 2))]
    mean = np.mean([Head.of(mesh).skin for mesh in whole], axis=0)
    other = mean * [-1.0, 1.0, 1.0]
    twin = np.linalg.norm(mean[:, None] - other[None], axis=2).argmin(axis=1)
    return np.asarray((mean + other[twin]) / 2)


def main() -> None:
    """Fit the mesh to all faces of the set and keep it, or write the average of what was kept."""
    parser = argparse.ArgumentParser(prog="training.attributes.occluders.fit",
                                     description=main.__doc__)  # fmt: skip
    add_data(parser)
    parser.add_argument("--to", type=Path, required=True, help="the .npz file to write")
    parser.add_argument("--average", action="store_true", help="of the meshes in that file")
    given = parser.parse_args()
    if given.average:
        np.savetxt(MEAN_FACE, average(read_meshes(given.to)), fmt="%.3f", delimiter=",")
        return
    folder = faces_folder(given.data)
    meshes = fit_all(folder, range(len(person_of_each(folder))))
    np.savez_compressed(given.to, mesh=meshes)
    print(f"{len(meshes)} faces, {int(np.isnan(meshes[:, 0, 0]).sum())} without a mesh")


if __name__ == "__main__":
    main()
