"""How far eyes and mouth are open, from the lids and the inner lips of the mesh."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.describe.columns import column, usable_rows
from mien.faces import Faces

Array = NDArray[Any]


class Opening(NamedTuple):
    """An opening of the face: its two corners, and pairs of points on its upper and lower rim."""

    corners: tuple[int, int]
    upper: tuple[int, ...]
    lower: tuple[int, ...]
    shut: float  # height to width that counts as 0
    wide: float  # height to width that counts as 1


OPENINGS = (
    Opening((33, 133), (160, 159, 158), (144, 145, 153), 0.05, 0.35),
    Opening((362, 263), (385, 386, 387), (380, 374, 373), 0.05, 0.35),
    Opening((78, 308), (13,), (14,), 0.02, 0.80),
)
"""Left eye, right eye, mouth. Eyes: shut in a blink they measure 0.05, open in a relaxed face 0.25
to 0.37. Mouth: closed lips 0.01, speech up to 0.6. The table is in docs/concepts/description.md."""


class Openness:
    """Fills `openness` (n, 3): left eye, right eye, mouth; 0 closed to 1 wide open.

    The height of the opening over the distance of its corners (after Soukupová and Čech, "Real-Time
    Eye Blink Detection using Facial Landmarks", 2016), on the straight line from `shut` to `wide`.
    The corners are measured with their depth, so that a turned head does not widen its eyes.
    """

    needs = ("mesh",)
    fills = ("openness",)

    @classmethod
    def load(cls, *, threads: int | None = None) -> Openness:
        """Nothing is loaded; `threads` is taken for the sake of one signature."""
        return cls()

    def describe(self, rgb: Array, faces: Faces) -> Faces:
        """The same faces with `openness`. A face without a mesh gets NaN and a `Problem`."""
        mesh = column(faces, "mesh")
        rows, problems = usable_rows(faces, "mesh", "openness")
        openness = np.full((len(faces), 3), np.nan, np.float32)
        for place, opening in enumerate(OPENINGS):
            share = (aspect(mesh[rows], opening) - opening.shut) / (opening.wide - opening.shut)
            openness[rows, place] = np.clip(share, 0, 1)
        return replace(faces, openness=openness).with_problems(problems)


def aspect(mesh: Array, opening: Opening) -> Array:
    """(n,) height over width of an opening in meshes (n, 478, 3)."""
    left, right = opening.corners
    width = np.linalg.norm(mesh[:, right] - mesh[:, left], axis=-1)
    across = mesh[:, list(opening.upper), :2] - mesh[:, list(opening.lower), :2]
    height = np.linalg.norm(across, axis=-1).mean(axis=-1)
    return np.asarray(height / np.maximum(width, 1e-6))
