"""What hides a face: blur, pixelate, solid, black; and an outline, which hides nothing.

All work on a picture's own planes and in place, and touch only the samples that a mask touches (and
the feather around it, where one is asked for).

Blur and pixelate keep a few numbers of what was there: averages at nodes that lie `size / cells`
apart (mien/redact/stencil.py), rounded to coarse steps. They stand on samples inside the mask only.
They are of brightness; of colour nothing is kept.
Detail finer than the nodes' distance is not in them, so it cannot be got back, nor put together
from frames whose masks lie a little differently. docs/concepts/redaction.md says what an attacker
gets from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from mien.errors import UsageError
from mien.media.planes import Plane
from mien.redact.masks import Grid, Masks, Shape
from mien.redact.stencil import Nodes, Stencil

Array = NDArray[Any]
Effect = Literal["blur", "pixelate", "solid", "black", "outline"]
Strength = Literal["low", "med", "high"]

EFFECTS: tuple[Effect, ...] = get_args(Effect)
STRENGTHS: tuple[Strength, ...] = get_args(Strength)
SHAPES: tuple[Shape, ...] = get_args(Shape)

UNSAFE: frozenset[tuple[Effect, Strength]] = frozenset(
    {("blur", "low"), ("pixelate", "low"), *(("outline", strength) for strength in STRENGTHS)}
)
"""What bench/redaction/attack.py sees through. An outline hides nothing at all."""


class Coarseness(NamedTuple):
    """How much is kept of what was there.

    Attributes:
        cells: averages along the side of a square as large as the mask.
        step: luma of averages comes out in steps of so many parts of the range of 255.
        shade: by so many parts of 255 is the middle of a mask lighter than its edge, alike for
            everyone: one flat tone looks like a hole in the picture.
    """

    cells: float
    step: float
    shade: float


COARSENESS: dict[Effect, dict[Strength, Coarseness]] = {
    "blur": {
        "low": Coarseness(8, 4, 0),
        "med": Coarseness(1, 48, 24),
        "high": Coarseness(0.5, 64, 24),
    },
    "pixelate": {
        "low": Coarseness(4, 24, 0),
        "med": Coarseness(1, 64, 36),
        "high": Coarseness(0.5, 96, 36),
    },
}

TILES = 7
"""Along the side of a square as large as the mask; they have no finer detail than its blur."""

SMALLEST_TILE = 6

TONE = np.array([-18.0, 23.0])
"""Cb and Cr, counted from grey, of what is blurred or pixelated in a picture that has colours: the
middle of all faces' chroma. Nothing of a face's own is kept, not even whether it has any."""

COLOURFUL = (1.0, 4.0)
"""Mean chroma of a whole picture, of 255: without colours below, with them above. Between, at a
fade, there is a slope."""

LOOKED_AT = 8
"""For that, every so manieth row and column of its planes."""

STEEPNESS = 4.0
"""A step is not a jump but a slope so steep: a face between two would flicker otherwise."""

SMALLEST_CELL = 6
"""Pixels between two nodes, at least: in a small mask there are fewer."""

LINE = 0.03
"""Width of an outline, of the mask's size."""

THINNEST_LINE = 3

TO_YCBCR = np.array([[0.299, 0.587, 0.114], [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]])
"""RGB → Y, Cb, Cr about 0 (ITU-T T.871)."""

FROM_YCBCR = np.linalg.inv(TO_YCBCR)

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
        planes: Y, or Y, Cb and Cr, or R, G and B; those of chroma may be subsampled.
        width, height: pixels of the picture as displayed.
        masks: what to hide; each is whole in itself, also where it overlaps another.
        look: how.

    Raises:
        UsageError: a plane is not a writable (h, w) array of uint8 or uint16, or not of this
            picture.
    """
    grids = [_grid(plane, width, height) for plane in planes]
    tone = _tone(planes)
    for outline in masks.outlines(look.shape):
        stencils = {grid: Stencil.of(outline, grid, look.feather) for grid in dict.fromkeys(grids)}
        pairs = [(plane, stencils[grid]) for plane, grid in zip(planes, grids, strict=True)]
        touched = [(plane, stencil) for plane, stencil in pairs if stencil is not None]
        if not touched or len(touched) < len(planes):
            continue  # at most half a sample of chroma, beyond the edge of the picture
        if look.effect == "outline":
            _draw(touched)
        elif look.effect in ("blur", "pixelate"):
            _average(touched, look, tone)
        else:
            for plane, stencil in touched:
                stencil.put(plane, plane.black if look.effect == "black" else _grey(plane))


def _average(touched: Sequence[tuple[Plane, Stencil]], look: Look, tone: Array) -> None:
    """Blur or pixelate. `tone` is Cb and Cr of what is hidden."""
    kept = COARSENESS[look.effect][look.strength]
    (plane, stencil), *rest = touched
    nodes = Nodes(stencil, max(stencil.outline.size / kept.cells, SMALLEST_CELL))
    if _is_rgb([plane for plane, _ in touched]):
        averages = np.stack([nodes.averages(plane) for plane, _ in touched])
        luma = np.tensordot(TO_YCBCR[0], averages, 1)
        for (plane, stencil), offset in zip(touched, FROM_YCBCR[:, 1:] @ tone, strict=True):
            _fill(plane, stencil, nodes, luma, offset, look)
        return
    _fill(plane, stencil, nodes, nodes.averages(plane) - plane.black, plane.black, look)
    for (plane, stencil), value in zip(rest, tone, strict=True):
        stencil.put(plane, round(plane.black + value))


def _fill(
    plane: Plane, stencil: Stencil, nodes: Nodes, luma: Array, offset: float, look: Look
) -> None:
    """Put averages of luma into a plane, coarsened and shaded."""
    kept = COARSENESS[look.effect][look.strength]
    span = _span(plane)
    values = np.clip(_stepped(luma, kept.step * span / 255) + offset, 0, plane.top)
    shade = kept.shade * span / 255
    if look.effect == "blur":
        patch = nodes.smooth(values, shade, plane.top)
    else:
        side = max(stencil.outline.size / TILES, SMALLEST_TILE)
        patch = nodes.tiles(values, shade, plane.top, side)
    stencil.put(plane, patch)


def _draw(touched: Sequence[tuple[Plane, Stencil]]) -> None:
    """A white line with a black rim, inside the mask's edge."""
    rings = {}
    for stencil in dict.fromkeys(stencil for _, stencil in touched):
        line = max(LINE * stencil.outline.size, THINNEST_LINE)
        depths = [stencil.within(part * line / 3) for part in range(4)]
        rings[stencil] = depths[0] & ~depths[3], depths[1] & ~depths[2]
    for plane, stencil in touched:
        patch = plane.samples[stencil.region.at]
        rim, white = rings[stencil]
        np.copyto(patch, plane.black, where=rim, casting="unsafe")
        np.copyto(
            patch, plane.black if _is_chroma(plane) else plane.top, where=white, casting="unsafe"
        )


def _tone(planes: Sequence[Plane]) -> Array:
    """Cb and Cr about 0, in the planes' own range, of all that is hidden in a picture."""
    some = [plane.samples[::LOOKED_AT, ::LOOKED_AT].astype(np.float32) for plane in planes]
    if len(planes) < 2:
        return np.zeros(0)
    if _is_rgb(planes):
        chroma = np.tensordot(TO_YCBCR[1:], np.stack(some), 1)
    else:
        chroma = np.stack(some[1:]) - planes[1].black
    part = _span(planes[1]) / 255
    grey, full = COLOURFUL
    share = np.clip((np.abs(chroma).mean() / part - grey) / (full - grey), 0, 1)
    return np.asarray(share * part * TONE)


def _is_rgb(planes: Sequence[Plane]) -> bool:
    return len(planes) == 3 and not any(_is_chroma(plane) for plane in planes)


def _stepped(values: Array, step: float) -> Array:
    """Level around the multiples of the step, steep between them."""
    count = values / step
    level = np.round(count)
    off = count - level
    slope = np.maximum(np.abs(off) - (0.5 - 0.5 / STEEPNESS), 0) * STEEPNESS
    return np.asarray((level + np.copysign(slope, off)) * step)


def _span(plane: Plane) -> int:
    """From black to the largest value; in chroma from the smallest."""
    return (2 if _is_chroma(plane) else 1) * (plane.top - plane.black)


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


def _is_chroma(plane: Plane) -> bool:
    """Black has half of the range in chroma, the lowest value in all else."""
    return 2 * plane.black >= plane.top


def _grey(plane: Plane) -> int:
    return plane.black if _is_chroma(plane) else (plane.black + plane.top) // 2
