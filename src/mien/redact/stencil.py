"""One mask on the planes of one layout: what it covers there, its averages, and how it is filled.

An average belongs to a node. Nodes lie in squares around the middle of the mask, at distances that
go by its size, so that they move with the mask. Each sees what is inside the mask under a bell so
broad that detail finer than the nodes' distance is not in the averages at all: what repeats once
from node to node keeps exp(-2 (pi BELL)^2) = 0.08 % of its contrast.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.media.planes import Plane
from mien.redact.masks import Grid, Outline, Region

Array = NDArray[Any]

BELL = 0.6
"""Standard deviation of a node's bell, in distances between nodes."""

DOUBT = 0.2
"""A node that sees little of the mask is drawn towards the mask's mean, as if so much of its bell
saw that: at the edge, a few samples would speak for themselves otherwise."""

FINE = 6
"""Blocks from node to node, into which samples are added up first, and from which the smooth patch
is enlarged; for speed alone."""


COARSEST = 16
"""Blocks along a side, at least, so that the shading has no corners."""


class Stencil:
    """The samples that a mask covers, on a grid that several planes may share."""

    def __init__(self, outline: Outline, grid: Grid, region: Region, feather: float) -> None:
        self.outline, self.grid, self.region = outline, grid, region
        self.inside = region.inside.view(np.uint8)
        self._opacity: Array | None = None
        if feather > 0:
            self._fade(feather)

    @classmethod
    def of(cls, outline: Outline, grid: Grid, feather: float) -> Stencil | None:
        """None where the mask touches nothing of the picture."""
        region = outline.region(grid)
        return None if region is None else cls(outline, grid, region, feather)

    def _fade(self, feather: float) -> None:
        """Reach out to where the effect has faded out."""
        wide = self.outline.grown(1 + feather).region(self.grid)
        assert wide is not None
        self.inside = placed(self.region, wide).view(np.uint8)
        out = (self.outline.norm(wide.x, wide.y) - 1) / feather
        left = np.clip(1 - out, 0, 1).astype(np.float32)
        self._opacity = np.where(self.inside, np.float32(1), left * left * (3 - 2 * left))
        self.region = wide

    def seen(self, plane: Plane) -> Array:
        """The patch with zeros where the mask is not."""
        return cv2.copyTo(np.ascontiguousarray(plane.samples[self.region.at]), self.inside)

    def put(self, plane: Plane, new: Array | int) -> None:
        """Put one value in the place of the mask, or a float patch, rounded."""
        patch = plane.samples[self.region.at]
        if self._opacity is not None:
            patch[...] = patch + self._opacity * (np.float32(1) * new - patch) + np.float32(0.5)
            return
        if isinstance(new, int):
            full = np.full(patch.shape, new, patch.dtype)
        else:
            full = (new + np.float32(0.5)).astype(patch.dtype)
        patch[...] = cv2.copyTo(full, self.inside, np.ascontiguousarray(patch))

    def within(self, depth: float) -> Array:
        """(h, w) bool what the mask still touches when its edge lies so many pixels further in."""
        inner = self.outline.shrunk(depth)
        return placed(None if inner is None else inner.region(self.grid), self.region)


def placed(inner: Region | None, outer: Region) -> Array:
    """What one region touches, as a patch of another that is as large or larger."""
    patch = np.zeros(outer.inside.shape, bool)
    if inner is not None:
        top, left = (i.start - o.start for i, o in zip(inner.at, outer.at, strict=True))
        high, wide = inner.inside.shape
        patch[top : top + high, left : left + wide] = inner.inside
    return patch


class Nodes:
    """The nodes of a stencil.

    Args:
        stencil: where they lie.
        apart: their distance, pixels.
    """

    def __init__(self, stencil: Stencil, apart: float) -> None:
        self._stencil, self._apart = stencil, apart
        region, outline, grid = stencil.region, stencil.outline, stencil.grid
        self._x = _Axis((region.x - outline.x) / apart, grid.step_x / apart)
        self._y = _Axis((region.y - outline.y) / apart, grid.step_y / apart)
        samples = apart**2 / (grid.step_x * grid.step_y)
        self._doubt = DOUBT * 2 * math.pi * BELL**2 * samples
        self._share = self._sums(stencil.inside)
        self._count = float(self._share.sum())
        self._weight = self._y.bell @ self._share @ self._x.bell.T + self._doubt

    def averages(self, plane: Plane) -> Array:
        """(rows, columns) averages of the plane inside the mask."""
        sums = self._sums(self._stencil.seen(plane))
        mean = float(sums.sum()) / self._count
        averages = self._y.bell @ sums @ self._x.bell.T + self._doubt * mean
        return np.asarray(averages / self._weight)

    def smooth(self, averages: Array, shade: float, top: float) -> Array:
        """(h, w) float32 0..top, the patch that they make as quadratic B-splines, lighter by half
        of `shade` in the middle of the mask and darker by as much at its edge."""
        small = self._field(averages, shade, top, self._x, self._y)
        high, wide = self._stencil.inside.shape
        return cv2.resize(small, (wide, high), interpolation=cv2.INTER_LINEAR)

    def tiles(self, averages: Array, shade: float, top: float, side: float) -> Array:
        """(h, w) float32 the same in tiles of so many pixels, from the middle of the mask on; each
        has the value in its own middle."""
        across, columns = self._x.tiles(side / self._apart)
        down, rows = self._y.tiles(side / self._apart)
        return np.asarray(self._field(averages, shade, top, across, down)[:, columns][rows])

    def _field(self, averages: Array, shade: float, top: float, x: _Places, y: _Places) -> Array:
        """(y, x) float32 the patch's values in these places."""
        field: Array = y.spline.T @ averages @ x.spline
        if shade:
            outline = self._stencil.outline
            at_x, at_y = (place.at * self._apart for place in (x, y))
            norm = outline.norm(at_x + outline.x, at_y + outline.y)
            field = field + shade * (0.5 - np.minimum(norm, 1) ** 2)
        return np.minimum(np.maximum(field, 0), top).astype(np.float32)

    def _sums(self, patch: Array) -> Array:
        """(rows, columns) of blocks."""
        # what is added up must fit into the integers that are the default for uint8
        small = patch.dtype == np.uint8 and patch.size < 2**23
        whole = cv2.integral(patch) if small else cv2.integral(patch, sdepth=cv2.CV_64F)
        corners = whole[self._y.edges[:, None], self._x.edges]
        strips = corners[1:] - corners[:-1]
        return np.asarray(strips[:, 1:] - strips[:, :-1])


class _Places:
    """Places along an axis, in distances between nodes from the middle of the mask."""

    def __init__(self, at: Array, nodes: Array) -> None:
        self.at = at
        away = np.abs(at - nodes[:, None])
        wide, narrow = np.maximum(1.5 - away, 0), np.maximum(0.5 - away, 0)
        # (nodes, places) weight of each node for each place: quadratic B-splines, of sum 1
        self.spline: Array = 0.5 * wide * wide - 1.5 * narrow * narrow
        self._away = away


class _Axis(_Places):
    """The middles of the blocks along an axis.

    Args:
        samples: (n,) middles of the samples, in distances between nodes.
        step: from sample to sample.
    """

    def __init__(self, samples: Array, step: float) -> None:
        self._samples = samples
        self._nodes = np.arange(math.floor(samples[0] - 0.5), math.ceil(samples[-1] + 0.5) + 1)
        span = len(samples) * step
        blocks = min(len(samples), max(COARSEST, math.ceil(span * FINE)))
        self.edges = np.arange(blocks + 1) * len(samples) // blocks
        start = samples[0] - step / 2
        super().__init__(start + (np.arange(blocks) + 0.5) * (span / blocks), self._nodes)
        # (nodes, blocks) weight of each block for each node
        self.bell: Array = np.exp(self._away * self._away * (-0.5 / BELL**2))

    def tiles(self, side: float) -> tuple[_Places, Array]:
        """The middles of tiles, and for each sample in which it lies."""
        tile = np.floor(self._samples / side + 0.5).astype(int)
        # a tile may have its middle beyond the samples; no node is there
        middles = np.arange(tile[0], tile[-1] + 1) * side
        inner = np.minimum(np.maximum(middles, self._samples[0]), self._samples[-1])
        return _Places(inner, self._nodes), tile - tile[0]
