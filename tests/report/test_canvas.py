"""Drawing, pixel by pixel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.report.canvas import Canvas, Layer, dashes, rounded
from mien.report.palette import DARK

GRAY, RED, WHITE = (120, 120, 120), (255, 0, 0), (255, 255, 255)


def canvas(width: int = 200, height: int = 120) -> Canvas:
    """All gray."""
    return Canvas(np.full((height, width, 3), 120, np.uint8))


def touched(drawn: Canvas) -> NDArray[Any]:
    """(H, W) what is no longer gray."""
    changed: NDArray[Any] = (drawn.rgb != 120).any(axis=2)
    return changed


def near(colour: Any, other: Any, by: int = 2) -> bool:
    """Whether two colours are the same to the eye."""
    return bool(np.abs(np.asarray(colour, int) - np.asarray(other, int)).max() <= by)


@pytest.mark.parametrize("stroke", [2, 3, 4, 7])
def test_the_line_of_a_box_has_its_middle_on_its_edge(stroke: int) -> None:
    drawn = canvas()
    drawn.outline((40, 30, 140, 90), RED, stroke, 10)
    row = drawn.rgb[60].astype(int)
    for edge in (40, 140):
        red = np.flatnonzero((row[:, 0] > 180) & (row[:, 1] < 60))
        here = red[np.abs(red - edge) < 20]
        assert here.size >= stroke - 1
        assert here.mean() + 0.5 == pytest.approx(edge, abs=0.6)
        around = [int(here[0]) - 1, int(here[-1]) + 1]
        assert all(row[x].max() < 180 for x in around)  # the dark seam on both sides
    inside = touched(drawn)[48:72, 52:128]
    assert not inside.any()
    outside = touched(drawn)
    outside[30 - stroke - 2 : 90 + stroke + 2, 40 - stroke - 2 : 140 + stroke + 2] = False
    assert not outside.any()


def test_corners_are_round() -> None:
    drawn = canvas()
    drawn.outline((40, 30, 140, 90), RED, 3, 15)
    assert not touched(drawn)[30, 40]
    assert touched(drawn)[30, 60]
    sharp = canvas()
    sharp.outline((40, 30, 140, 90), RED, 3, 0)
    assert touched(sharp)[30, 40]


def test_dashes_leave_half_of_the_line() -> None:
    whole, dashed = canvas(), canvas()
    whole.outline((40, 30, 140, 90), RED, 3, 10)
    dashed.outline((40, 30, 140, 90), RED, 3, 10, dash=12)
    share = touched(dashed).sum() / touched(whole).sum()
    assert 0.5 < share < 0.75  # round ends reach into the gaps
    top = (dashed.rgb[30, 52:128, 0] > 200) & (dashed.rgb[30, 52:128, 1] < 60)
    assert np.abs(np.diff(top.astype(int))).sum() >= 4


def test_dashes_follow_the_way_and_are_of_one_length() -> None:
    path = rounded((0, 0, 100, 60), 8)
    pieces = dashes(path, 10)
    lengths = [np.hypot(*np.diff(piece, axis=0).T).sum() for piece in pieces]
    assert max(lengths) - min(lengths) < 0.5
    around = 2 * (100 + 60) - 8 * 8 + 2 * np.pi * 8
    assert sum(lengths) == pytest.approx(around / 2, rel=0.01)
    for piece in pieces:
        assert (piece >= -1e-9).all()
        assert (piece <= [100 + 1e-9, 60 + 1e-9]).all()


def test_a_plate_is_as_opaque_as_asked() -> None:
    drawn = canvas()
    drawn.plate((20, 10, 80, 50), (220, 20, 120), 0.5, 8)
    assert near(drawn.rgb[30, 50], (170, 70, 120))
    assert near(drawn.rgb[10, 50], (170, 70, 120))
    assert near(drawn.rgb[49, 50], (170, 70, 120))
    assert not touched(drawn)[50].any()
    assert near(drawn.rgb[10, 20], GRAY)  # the corner is round
    solid = canvas()
    solid.plate((20, 10, 80, 50), WHITE, 1.0, 0)
    assert (solid.rgb[10:50, 20:80] == 255).all()
    assert touched(solid).sum() == 40 * 60


def test_text_stands_where_it_was_put() -> None:
    drawn = canvas()
    drawn.text(50, 40, "H", 32, WHITE)
    rows, columns = np.nonzero((drawn.rgb > 200).all(axis=2))
    assert rows.min() == 40
    assert 50 <= columns.min() <= 54
    assert rows.max() - rows.min() + 1 == pytest.approx(0.7 * 32, abs=2)


def test_dots() -> None:
    drawn = canvas()
    drawn.dots(np.array([[60.0, 40.0], [np.nan, 10.0], [100.0, 80.0]]), WHITE, 3)
    assert near(drawn.rgb[40, 60], WHITE)
    assert near(drawn.rgb[80, 100], WHITE)
    assert touched(drawn).sum() < 2 * 80


@pytest.mark.parametrize("shift", [(-60, 0), (170, 0), (0, -40), (0, 100), (-500, -500), (9e5, 0)])
def test_what_reaches_past_the_edge_is_cut_and_the_rest_is_the_same(
    shift: tuple[float, float],
) -> None:
    x, y = (int(value) for value in shift)
    large, small = canvas(600, 400), canvas()
    for drawn, left, top in ((large, x + 200, y + 140), (small, x, y)):
        drawn.plate((left + 20, top + 10, left + 80, top + 50), WHITE, 0.7, 8)
        drawn.text(left + 30, top + 20, "cut", 24, RED)
    assert (large.rgb[140:260, 200:400] == small.rgb).all()
    for drawn, left, top in ((large, x + 200, y + 140), (small, x, y)):
        drawn.outline((left + 10, top + 5, left + 90, top + 60), RED, 3, 9)
    # OpenCV smooths the last two pixels before the edge a little differently
    assert (large.rgb[142:258, 202:398] == small.rgb[2:-2, 2:-2]).all()


def test_a_layer_is_what_would_have_been_drawn() -> None:
    def drawing(on: Canvas) -> None:
        on.plate((0, 0, 60, 40), DARK, 0.6, 6)
        on.plate((8, 8, 50, 14), (90, 100, 110), 0.8, 3)
        on.text(8, 20, "word", 14, WHITE)

    rng = np.random.default_rng(1)
    ground = rng.integers(0, 256, (40, 60, 3), np.uint8)
    straight, laid = ground.copy(), ground.copy()
    drawing(Canvas(straight))
    Canvas(laid).lay(0, 0, Layer.of(60, 40, drawing))
    assert (straight != ground).mean() > 0.8
    assert np.abs(straight.astype(int) - laid).max() <= 3
