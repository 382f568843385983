"""What hides a face: blur, pixelate, solid, black; and an outline, which hides nothing.

All work on a picture's own planes and in place, and touch only the samples that a mask touches (and
the feather around it, where one is asked for).

Blur and pixelate keep a few numbers of what was there: averages at nodes that lie `size / cells`
apart around the middle of the mask, each under a bell so broad that detail finer than the nodes'
distance is not in the numbers at all; so it cannot be got back, nor put together from frames whose
masks lie a little differently. The numbers are rounded to coarse steps. They stand on samples
inside the mask only. docs/concepts/redaction.md says what an attacker gets from them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.errors import UsageError
from mien.media.planes import Plane
from mien.redact.masks import Grid, Masks, Outline, Region, Shape

Array = NDArray[Any]
Effect = Literal["blur", "pixelate", "solid", "black", "outline"]
Strength = Literal["low", "med", "high"]

EFFECTS: tuple[Effect, ...] = get_args(Effect)
STRENGTHS: tuple[Strength, ...] = get_args(Strength)
SHAPES: tuple[Shape, ...] = get_args(Shape)

UNSAFE: frozenset[tuple[Effect, Strength]] = frozenset(
    {("blur", "low"), *(("outline", strength) for strength in STRENGTHS)}
)
"""What bench/redaction/attack.py sees through. An outline hides nothing at all."""


class Coarseness(NamedTuple):
    """How much is kept of what was there.

    Attributes:
        cells: averages along the side of a square as large as the mask.
        step: luma of averages is rounded to so many parts of the range of 255.
    """

    cells: float
    step: float


BLUR: dict[Strength, Coarseness] = {
    "low": Coarseness(8, 4),
    "med": Coarseness(1.5, 32),
    "high": Coarseness(1, 32),
}
PIXELATE: dict[Strength, Coarseness] = {
    "low": Coarseness(4, 24),
    "med": Coarseness(1.5, 32),
    "high": Coarseness(1, 32),
}

CHROMA_STEPS = (18.0, 23.0)
"""Chroma of averages is rounded to these parts of 255, Cb and Cr, away from grey. The middle of all
faces' chroma lies one step from grey: nearly all of them come out as this one tone, which is why
they look natural though their own is not kept, and grey pictures stay grey."""

SMALLEST_CELL = 6
"""Pixels between two nodes, at least: in a small mask there are fewer."""

BELL = 0.6
"""Standard deviation of a node's bell, in distances between nodes. What repeats once from node to
node keeps exp(-2 (pi BELL)^2) = 0.08 % of its contrast."""

DOUBT = 0.2
"""A node that sees little of the mask is drawn towards the mask's mean, as if so much of its bell
saw that: at the edge, a few samples would speak for themselves otherwise."""

LINE = 0.03
"""Width of an outline, of the mask's size."""

THINNEST_LINE = 3

TO_YCBCR = np.array([[0.299, 0.587, 0.114], [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]])
"""RGB → Y, Cb, Cr about 0 (ITU-T T.871)."""

STEPS = (1, 2, 4)
"""Pixels to a sample of the layouts that there are: none, 4:2:0 and 4:2:2, 4:1:0 and 4:1:1."""


@dataclass(frozen=True, slots=True)
class Look:
    """How to hide.

    Attributes:
        effect: "blur" is smooth, "pixelate" has tiles, "solid" is grey, "black" black; "outline"
            draws a line and hides nothing.
        strength: of blur and pixelate; it scales with the mask. See `UNSAFE`.
        shape: "ellipse" or "box".
        feather: how far the effect fades out beyond the edge, of the distance from the middle to
            the edge, 0..1. The mask itself stays wholly hidden.

    Raises:
        UsageError: another name, or a feather out of range.
    """

    effect: Effect = "blur"
    strength: Strength = "med"
    shape: Shape = "ellipse"
    feather: float = 0.0

    def __post_init__(self) -> None:
        for name, known in (("effect", EFFECTS), ("strength", STRENGTHS), ("shape", SHAPES)):
            value = getattr(self, name)
            if value not in known:
                raise UsageError(f"there is no {name} {value!r}; choose one of {', '.join(known)}")
        if not 0 <= self.feather <= 1:
            raise UsageError(f"the feather must be a share between 0 and 1, not {self.feather}")


def check_safe(look: Look, *, unsafe: bool) -> None:
    """Check that an effect hides; `unsafe` allows one that can be seen through. An outline is
    allowed: nobody takes it for hiding.

    Raises:
        UsageError: it does not.
    """
    if (look.effect, look.strength) in UNSAFE and look.effect != "outline" and not unsafe:
        raise UsageError(
            f"{look.effect} of strength {look.strength} can be seen through; take more strength, "
            "or allow it with unsafe"
        )


def hide(planes: Sequence[Plane], width: int, height: int, masks: Masks, look: Look) -> None:
    """Hide the masks in a picture, in place.

    Args:
        planes: its planes, in any order; those of chroma may be subsampled.
        width, height: pixels of the picture as displayed.
        masks: what to hide; each is whole in itself, also where it overlaps another.
        look: how.

    Raises:
        UsageError: a plane is not a writable (h, w) array of uint8 or uint16, or not of this
            picture.
    """
    grids = [_grid(plane, width, height) for plane in planes]
    for outline in masks.outlines(look.shape):
        stencils = {grid: _Stencil.of(outline, grid, look) for grid in dict.fromkeys(grids)}
        pairs = [(plane, stencils[grid]) for plane, grid in zip(planes, grids, strict=True)]
        touched = [(plane, stencil) for plane, stencil in pairs if stencil is not None]
        if look.effect in ("blur", "pixelate"):
            step = (BLUR if look.effect == "blur" else PIXELATE)[look.strength].step
            nodes = [stencil.nodes(plane) for plane, stencil in touched]
            coarse = _rounded([plane for plane, _ in touched], nodes, step)
            for (plane, stencil), values in zip(touched, coarse, strict=True):
                stencil.put(plane, stencil.drawn(values))
        for plane, stencil in touched:
            if look.effect == "outline":
                stencil.outline(plane)
            elif look.effect == "black":
                stencil.put(plane, plane.black)
            elif look.effect == "solid":
                stencil.put(plane, _grey(plane))


def _rounded(planes: Sequence[Plane], nodes: Sequence[Array], step: float) -> list[Array]:
    """The planes' nodes in coarse steps."""
    if len(planes) == 3 and not any(_is_chroma(plane) for plane in planes):
        luma = np.tensordot(TO_YCBCR, np.stack(nodes), 1)
        spans = np.array([step, *CHROMA_STEPS])[:, None, None] * (planes[0].top / 255)
        rgb = np.tensordot(np.linalg.inv(TO_YCBCR), np.round(luma / spans) * spans, 1)
        return [np.clip(values, 0, planes[0].top) for values in rgb.astype(np.float32)]
    rounded = []
    for plane, values, parts in zip(planes, nodes, (step, *CHROMA_STEPS), strict=False):
        span = (2 if _is_chroma(plane) else 1) * (plane.top - plane.black)
        part = parts * span / 255
        coarse = plane.black + np.round((values - plane.black) / part) * part
        rounded.append(np.clip(coarse, 0, plane.top).astype(np.float32))
    return rounded


def _grid(plane: Plane, width: int, height: int) -> Grid:
    """How the plane lies on the picture."""
    samples = plane.samples
    if samples.ndim != 2 or samples.dtype not in (np.uint8, np.uint16):
        raise UsageError(
            f"a plane must be an (h, w) array of uint8 or uint16, not {samples.shape} of "
            f"{samples.dtype}"
        )
    if not samples.flags.writeable:
        raise UsageError("a plane must be writable, as it is changed in place; copy it first")
    rows, columns = samples.shape
    step_x, step_y = _step(width, columns), _step(height, rows)
    if not step_x or not step_y:
        raise UsageError(
            f"a plane of {columns} x {rows} samples is not of a picture of {width} x {height}"
        )
    slack = columns * step_x - width, rows * step_y - height
    return Grid(columns, rows, step_x, step_y, *slack)


def _step(pixels: int, samples: int) -> int:
    """Pixels to a sample along an axis; 0 if there is no such plane."""
    return next((step for step in STEPS if -(-pixels // step) == samples), 0)


class _Stencil:
    """One mask on one grid: which samples it touches, and what is the same for all its planes."""

    def __init__(self, outline: Outline, grid: Grid, region: Region, look: Look) -> None:
        self._outline, self._grid, self._region = outline, grid, region
        self._inside = region.inside
        self._opacity: Array | None = None
        if look.feather > 0:
            self._fade(look.feather)
        if look.effect in ("blur", "pixelate"):
            smooth = look.effect == "blur"
            self._spread((BLUR if smooth else PIXELATE)[look.strength].cells, smooth=smooth)

    @classmethod
    def of(cls, outline: Outline, grid: Grid, look: Look) -> _Stencil | None:
        """None where the mask touches nothing of the picture."""
        region = outline.region(grid)
        return None if region is None else cls(outline, grid, region, look)

    def put(self, plane: Plane, new: Array | int) -> None:
        """Put a patch or one value in the place of the mask."""
        patch = plane.samples[self._region.at]
        if self._opacity is None:
            np.copyto(patch, new, where=self._region.inside, casting="unsafe")
        else:
            mixed = patch + self._opacity * (np.float32(1) * new - patch)
            np.copyto(patch, mixed, casting="unsafe")

    def _fade(self, feather: float) -> None:
        """Reach out to where the effect has faded out."""
        wide = self._outline.grown(1 + feather).region(self._grid)
        assert wide is not None
        self._inside = _placed(self._region, wide)
        out = (self._outline.norm(wide.x, wide.y) - 1) / feather
        left = np.clip(1 - out, 0, 1).astype(np.float32)
        self._opacity = np.where(self._inside, np.float32(1), left * left * (3 - 2 * left))
        self._region = wide

    def _spread(self, cells: float, *, smooth: bool) -> None:
        """Set the nodes: what each sees, and how the patch is made of them again."""
        apart = max(self._outline.size / cells, SMALLEST_CELL)
        x = (self._region.x - self._outline.x) / apart
        y = (self._region.y - self._outline.y) / apart
        columns, rows = _nodes(x), _nodes(y)
        self._across, self._down = _bell(columns, x), _bell(rows, y)
        samples = apart**2 / (self._grid.step_x * self._grid.step_y)
        self._doubt = np.float32(DOUBT * 2 * math.pi * BELL**2 * samples)
        self._share = self._inside.astype(np.float32)
        self._seen = _product(self._down, self._share, self._across.T) + self._doubt
        draw = _spline if smooth else _tile
        self._to_x, self._to_y = draw(columns, x), draw(rows, y)

    def nodes(self, plane: Plane) -> Array:
        """(rows, columns) averages of the plane inside the mask."""
        values = plane.samples[self._region.at] * self._share
        mean = values.sum() / self._share.sum()
        nodes: Array = self._down @ values @ self._across.T + self._doubt * mean
        return nodes / self._seen

    def drawn(self, nodes: Array) -> Array:
        """The patch that these nodes make, half a step up, for rounding."""
        patch: Array = self._to_y.T @ nodes @ self._to_x + np.float32(0.5)
        return patch

    def outline(self, plane: Plane) -> None:
        """Draw a white line with a black rim, inside the mask's edge."""
        patch = plane.samples[self._region.at]
        line = max(LINE * self._outline.size, THINNEST_LINE)
        white = plane.black if _is_chroma(plane) else plane.top
        for start, value in ((0.0, plane.black), (line / 3, white), (line * 2 / 3, plane.black)):
            ring = self._within(start) & ~self._within(start + line / 3)
            np.copyto(patch, value, where=ring, casting="unsafe")

    def _within(self, depth: float) -> Array:
        """The samples of the patch that the mask still touches when its edge lies further in."""
        inner = self._outline.shrunk(depth)
        region = inner.region(self._grid) if inner is not None else None
        return _placed(region, self._region)


def _product(a: Array, b: Array, c: Array) -> Array:
    """The matrix product of three, in this thread: for ones so small, those of NumPy's library
    would wait for each other longer than they work."""
    times: Callable[..., Array] = cv2.gemm
    return times(times(a, b, 1, None, 0), c, 1, None, 0)


def _placed(inner: Region | None, outer: Region) -> Array:
    """What one region touches, as a patch of another that is as large or larger."""
    placed = np.zeros(outer.inside.shape, bool)
    if inner is not None:
        top, left = (i.start - o.start for i, o in zip(inner.at, outer.at, strict=True))
        high, wide = inner.inside.shape
        placed[top : top + high, left : left + wide] = inner.inside
    return placed


def _is_chroma(plane: Plane) -> bool:
    """Black has half of the range in chroma, the lowest value in all else."""
    return 2 * plane.black >= plane.top


def _grey(plane: Plane) -> int:
    return plane.black if _is_chroma(plane) else (plane.black + plane.top) // 2


def _nodes(at: Array) -> Array:
    """The nodes that count for these places, all in distances between nodes."""
    return np.arange(math.floor(at[0] - 0.5), math.ceil(at[-1] + 0.5) + 1)


def _bell(nodes: Array, at: Array) -> Array:
    """(n, k) weight of each place for each node."""
    bell: Array = np.exp(-0.5 * ((at - nodes[:, None]) / BELL) ** 2).astype(np.float32)
    return bell


def _spline(nodes: Array, at: Array) -> Array:
    """(n, k) weight of each node for each place: quadratic B-splines, which sum to 1."""
    away = np.abs(at - nodes[:, None])
    near = 0.75 - away**2
    far = 0.5 * np.maximum(1.5 - away, 0) ** 2
    spline: Array = np.where(away < 0.5, near, far).astype(np.float32)
    return spline


def _tile(nodes: Array, at: Array) -> Array:
    """(n, k) 1 for the node that is nearest to each place, 0 for the others."""
    tile: Array = (np.floor(at + 0.5) == nodes[:, None]).astype(np.float32)
    return tile
