"""Age and gender as they are perceived, from dlib's networks by Cydral Technology (CC0)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.describe import crops
from mien.describe.columns import column, usable_rows
from mien.describe.embedding import MESH_POINTS, TEMPLATE
from mien.faces import Faces
from mien.models import Session, open_session

Array = NDArray[Any]

AGE_SIZE, GENDER_SIZE = 64, 32
PADDING = 0.2
MEAN_RGB = np.array([122.782, 117.001, 104.298], np.float32)
YEARS = np.array([0.25, *range(1, 81)])
"""The age each of the 81 classes stands for."""
FEMALE = 0  # the class of the gender network
BATCH = 32


class Demographics:
    """Fills `age` (years; the expectation over the network's classes) and `gender` (probability of
    female) from chips aligned by the mesh.
    """

    needs = ("mesh",)
    fills = ("age", "gender")

    def __init__(self, age: Session, gender: Session) -> None:
        self._age = age
        self._gender = gender

    @classmethod
    def load(cls, *, threads: int | None = None) -> Demographics:
        """Open both networks; raises what `mien.models.open_session` does."""
        return cls(open_session("age", threads=threads), open_session("gender", threads=threads))

    def describe(self, rgb: Array, faces: Faces) -> Faces:
        """The same faces with `age` and `gender`. One without a mesh gets NaN and a `Problem`."""
        mesh = column(faces, "mesh")
        rows, problems = usable_rows(faces, "mesh", "age")
        age, gender = np.full((2, len(faces)), np.nan, np.float32)
        for start in range(0, len(rows), BATCH):
            some = rows[start : start + BATCH]
            (ages,) = self._age.run(_chips(rgb, mesh[some], AGE_SIZE))
            (genders,) = self._gender.run(_chips(rgb, mesh[some], GENDER_SIZE))
            age[some], gender[some] = ages @ YEARS, genders[:, FEMALE]
        problems += [problem._replace(column="gender") for problem in problems]
        return replace(faces, age=age, gender=gender).with_problems(problems)


def _chips(rgb: Array, meshes: Array, size: int) -> Array:
    """(n, 3, size, size) network input: aligned chips less the mean colour, over 256."""
    target = (TEMPLATE + PADDING) / (1 + 2 * PADDING) * size
    corners = meshes[:, list(MESH_POINTS), :2].astype(float)
    chips = [crops.cut(rgb, crops.similarity(five, target), size) for five in corners]
    scaled = (np.stack(chips).astype(np.float32) - MEAN_RGB) / 256
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))
