from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.redact.masks import Box, Ellipse, Grid, Masks, Outline, Region

Array = NDArray[Any]

LUMA = Grid(60, 50, 1, 1, 0, 0)
HALVED = Grid(30, 25, 2, 2, 0, 0)
GRIDS = [LUMA, HALVED, Grid(30, 50, 2, 1, 0, 0), Grid(15, 13, 4, 4, 0, 2)]

OUTLINES = [
    Ellipse(30, 25, 12, 18, 0),
    Ellipse(30.3, 24.7, 20, 5, 0.6),
    Ellipse(11.5, 40.25, 3, 25, -1.2),
    Ellipse(58, 2, 15, 9, 2.5),  # past a corner
    Ellipse(20.4, 20.6, 0.2, 0.1, 0.3),  # inside one pixel
    Ellipse(30, 25, 40, 0.01, math.pi / 4),  # a needle
    Box(30.5, 20.25, 12.3, 7),
    Box(0, 50, 5, 5),
    Box.around(30, 25, 10, 4, 0.4),
]


def masks(n: int = 3) -> Masks:
    at = np.arange(2 * n).reshape(n, 2)
    return Masks(at, at + 1, np.arange(n), np.arange(n))


def touched(outline: Outline, grid: Grid) -> Array:
    """(rows, columns) bool of the whole plane."""
    plane = np.zeros((grid.rows, grid.columns), bool)
    region = outline.region(grid)
    if region is not None:
        plane[region.at] = region.inside
    return plane


def nearest(outline: Outline, grid: Grid, dots: int) -> Array:
    """(rows, columns) the smallest `norm` over a raster of dots in each sample's square."""
    inner = (np.arange(dots) + 0.5) / dots
    x = ((np.arange(grid.columns)[:, None] + inner) * grid.step_x).ravel()
    y = ((np.arange(grid.rows)[:, None] + inner) * grid.step_y).ravel()
    norm = outline.norm(x, y).reshape(grid.rows, dots, grid.columns, dots)
    return np.asarray(norm.min(axis=(1, 3)))


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("outline", OUTLINES)
def test_region_is_what_the_mask_touches(outline: Outline, grid: Grid) -> None:
    plain = grid._replace(slack_x=0, slack_y=0)
    found, near = touched(outline, plain), nearest(outline, plain, 12)
    assert found[near < 0.999].all()
    # a dot is at most so far from any point of its square, in shares of the shorter half axis
    thinnest = min(outline.half_width, outline.half_height)
    if isinstance(outline, Ellipse):
        thinnest = min(outline.a, outline.b)
    off = math.hypot(grid.step_x, grid.step_y) / 24 / thinnest
    assert (near[found] <= 1 + off + 1e-3).all()
    assert found.any()


def test_region_lies_where_it_says() -> None:
    region = Ellipse(30, 25, 12, 18, 0.2).region(HALVED)
    assert isinstance(region, Region)
    rows, columns = region.at
    assert region.inside.shape == (rows.stop - rows.start, columns.stop - columns.start)
    assert region.x.tolist() == [(k + 0.5) * 2 for k in range(columns.start, columns.stop)]
    assert region.y.tolist() == [(k + 0.5) * 2 for k in range(rows.start, rows.stop)]
    # it is the smallest patch
    for axis in (0, 1):
        edges: list[bool] = np.asarray(region.inside.any(axis=axis)).tolist()
        assert edges[0]
        assert edges[-1]


@pytest.mark.parametrize("outline", OUTLINES[:5])
@pytest.mark.parametrize("mirrored", [False, True])
def test_chroma_of_all_that_is_touched_is_touched(outline: Outline, mirrored: bool) -> None:
    # of 61 x 51 pixels; mirrored, the first sample of chroma has one pixel only
    luma = touched(outline, Grid(61, 51, 1, 1, 0, 0))
    chroma = touched(outline, Grid(31, 26, 2, 2, 1, 1))
    rows, columns = np.nonzero(luma)
    assert chroma[(rows + mirrored) // 2, (columns + mirrored) // 2].all()


@pytest.mark.parametrize(
    "outline",
    [
        Ellipse(-20, 25, 10, 10, 0),
        Ellipse(30, 80, 10, 10, 0),
        Box(70, 25, 9.9, 5),
        Ellipse(-1e30, 25, 10, 10, 0),
        Ellipse(-9, -9, 10, 10, 0),  # its corner of the upright box is in the picture, it is not
    ],
)
def test_beside_the_picture_nothing_is_touched(outline: Outline) -> None:
    assert outline.region(LUMA) is None


@pytest.mark.parametrize(
    "outline", [Ellipse(0, 0, 1e30, 1e30, 1), Box(5, 5, 1e9, 1e9), Ellipse(3e8, 0, 3e9, 1e37, 0)]
)
def test_a_huge_mask_touches_everything(outline: Outline) -> None:
    assert touched(outline, LUMA).all()


def test_a_point_between_pixels_is_still_hidden() -> None:
    assert touched(Box(20, 20, 1e-30, 1e-30), LUMA).sum() == 1
    assert touched(Ellipse(20, 20, 1e-30, 1e-30, 0), LUMA).any()


def test_turned_is_clockwise() -> None:
    # the long axis of a needle that lay flat points down on the right
    found = touched(Ellipse(30, 25, 15, 1, math.radians(30)), LUMA)
    assert found[25 + 7, 30 + 12]
    assert not found[25 - 7, 30 + 12]


def test_box_is_around_the_axes() -> None:
    box = Box.around(0, 0, 10, 4, math.radians(90))
    assert (box.half_width, box.half_height) == pytest.approx((4, 10))
    lying = Masks(np.array([[5, 6]]), np.array([[3, 2]]), np.zeros(1), np.ones(1))
    assert lying.outlines("box")[0].half_width == 3


def test_grown_and_shrunk() -> None:
    ellipse = Ellipse(30, 25, 12, 18, 0.3)
    inner = ellipse.shrunk(5)
    assert isinstance(inner, Ellipse)
    assert (inner.a, inner.b) == (7, 13)
    assert ellipse.shrunk(12) is None
    assert Box(0, 0, 4, 9).shrunk(4) is None
    larger = ellipse.grown(1.5)
    assert larger.norm(np.array([30.0, 42.0]), np.array([25.0])).max() < 1
    assert larger.size == pytest.approx(1.5 * ellipse.size)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("centre_xy", np.zeros((3, 3))),
        ("half_wh", np.ones((2, 2))),
        ("angle_deg", np.zeros((3, 1))),
        ("id", np.zeros(4)),
        ("centre_xy", np.full((3, 2), np.nan)),
        ("half_wh", np.full((3, 2), np.inf)),
        ("half_wh", np.zeros((3, 2))),
        ("half_wh", -np.ones((3, 2))),
        ("angle_deg", np.full(3, np.nan)),
    ],
)
def test_misshapen_masks_cannot_exist(name: str, value: Array) -> None:
    columns = {key: getattr(masks(), key) for key in ("centre_xy", "half_wh", "angle_deg", "id")}
    with pytest.raises(ValueError, match=name):
        Masks(**(columns | {name: value}))


def test_columns_are_read_only_and_typed() -> None:
    made = masks()
    assert made.centre_xy.dtype == made.half_wh.dtype == made.angle_deg.dtype == np.float32
    assert made.id.dtype == np.int64
    with pytest.raises(ValueError, match="read-only"):
        made.centre_xy[0] = 0


def test_rows_and_concat() -> None:
    made = masks(4)
    assert made[1:3].id.tolist() == [1, 2]
    assert made[np.array([True, False, False, True])].id.tolist() == [0, 3]
    assert Masks.concat([made[:1], Masks.empty(), made[2:]]).id.tolist() == [0, 2, 3]
    assert len(Masks.concat([])) == 0
    with pytest.raises(ValueError, match="not with one number"):
        made[1]  # type: ignore[index]
