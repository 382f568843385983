"""How far lids and irises move when the crops of the eyes do, at some sizes of the crop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from bench.description.material import Portrait, table
from mien.describe.iris import EYES, LIDS, Iris

Array = NDArray[Any]

MARGINS = (2.0, 2.3, 2.5, 2.7, 2.9, 3.2)  # side of the crop over the distance of the eye's corners
TRIES = 12
SHIFT, SCALE, TURN_DEG = 0.04, 0.06, 4.0  # deviations; the shift over the eye's width


def report(found: Sequence[Portrait]) -> Iterator[str]:
    """The figures, as Markdown."""
    stage, rows = Iris.load(), []
    for margin in MARGINS:
        with patch("mien.describe.iris.MARGIN", margin):
            moves = np.array([moved(stage, portrait) for portrait in found]) * 100
        rows.append((margin, *(f"{value:.2f}" for value in moves.mean(axis=0))))
    yield (
        f"\nDeviation of the points, % of the eye's width, of {2 * len(found)} eyes in crops "
        "shifted, scaled and turned a little:\n"
    )
    yield from table(("crop, widths of the eye", "iris", "lids"), rows)


def moved(stage: Iris, portrait: Portrait) -> tuple[float, float]:
    """Mean deviation of the irises' centres and of the lids over both eyes, in eye widths."""
    mesh = portrait.face.mesh[:468]
    rng = np.random.default_rng(0)
    tries = np.array(
        [stage.refine(portrait.face.rgb, jittered(rng, mesh))[:, :2] for _ in range(TRIES)]
    )
    scatter = np.sqrt(((tries - tries.mean(axis=0)) ** 2).sum(axis=2).mean(axis=0))
    irises, lids = [], []
    for eye in EYES:
        width = float(np.hypot(*(mesh[eye.right, :2] - mesh[eye.left, :2])))
        irises.append(scatter[eye.iris] / width)
        lids.append(scatter[[eye.lids[point] for point in LIDS]].mean() / width)
    return float(np.mean(irises)), float(np.mean(lids))


def jittered(rng: np.random.Generator, mesh: Array) -> Array:
    """The mesh, the corners of each eye moved as a crop moved, turned and scaled would have it."""
    other = mesh.copy()
    for eye in EYES:
        corners = mesh[[eye.left, eye.right], :2]
        middle = corners.mean(axis=0)
        width = float(np.hypot(*(corners[1] - corners[0])))
        angle = np.deg2rad(rng.normal(0, TURN_DEG))
        scale = np.exp(rng.normal(0, SCALE))
        turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        around = middle + rng.normal(0, SHIFT * width, 2)
        other[[eye.left, eye.right], :2] = (corners - middle) @ turn.T + around
    return other
