"""Fills `attributes`: how likely each of `mien.describe.attributes.SCORES` is for each face."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mien.describe import crops
from mien.describe.attribute_model import CORNERS, TEMPLATE, AttributeModel, crops_by_landmarks
from mien.describe.attributes import BEHIND, SCORES, hidden, named
from mien.describe.columns import column, usable_rows
from mien.describe.mesh import five_points
from mien.errors import ModelError
from mien.faces import Faces, Problem

Array = NDArray[Any]

MIN_SIDE = 32.0
"""Crops cut from fewer pixels a side are too small. Of a hundred faces some three fewer than at
112 pixels were told right at 32, of glasses eight, and up to seventeen at 16:
docs/concepts/attributes.md."""


class Attributes:
    """Fills `attributes` (n, k): the scores of `SCORES`, in their order, each 0..1.

    A face without a mesh and one that is too small get NaN and a `Problem` that says why. So do
    the scores of what is covered: lips and beard behind a hand, or eyes behind dark glasses.

    Raises:
        ModelError: the model answers for other attributes than `SCORES`.
    """

    needs = ("mesh",)
    fills = ("attributes",)

    def __init__(self, model: AttributeModel) -> None:
        if model.names != SCORES:
            raise ModelError(
                "the attribute model answers for other attributes than this version of mien "
                f"knows: {', '.join(model.names)}; install the version that the model came with"
            )
        self.model = model

    @classmethod
    def load(cls, *, threads: int | None = None) -> Attributes:
        """Open the network; raises what `mien.models.open_session` does."""
        return cls(AttributeModel.load(threads=threads))

    def describe(self, rgb: Array, faces: Faces) -> Faces:
        """The same faces with `attributes`, all in one call of the model."""
        mesh = column(faces, "mesh")
        rows, problems = usable_rows(faces, "mesh", "attributes")
        points = {row: five_points(mesh[row]) for row in rows}
        sides = {row: crop_side(points[row]) for row in rows}
        large = [row for row in rows if sides[row] >= MIN_SIDE]
        scores = np.full((len(faces), len(SCORES)), np.nan, np.float32)
        if large:
            cut = crops_by_landmarks(rgb, np.stack([points[row] for row in large]))
            scores[large] = self.model.scores(cut)
        reasons = {row: too_small(side) for row, side in sides.items() if row not in large}
        for row in large:
            if parts := hidden(named(scores[row])):
                scores[row, unseen(parts)] = np.nan
                reasons[row] = f"something covers the {' and the '.join(parts)}"
        problems += [Problem(row, "attributes", reasons[row]) for row in sorted(reasons)]
        return replace(faces, attributes=scores).with_problems(problems)


def too_small(side: float) -> str:
    """Why a face whose crop has this side is not described."""
    return f"the head is too small ({side:.0f} pixels, at least {MIN_SIDE:.0f} are needed)"


def unseen(parts: Iterable[str]) -> list[int]:
    """The columns of what cannot be told when these parts are covered."""
    return [SCORES.index(name) for part in parts for name in BEHIND[part]]


def crop_side(points: Array) -> float:
    """Side of the crop that five points (5, 2) give, in pixels of the picture."""
    return 1 / crops.scale_of(crops.similarity(points[CORNERS].astype(float), TEMPLATE))
