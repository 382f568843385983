from __future__ import annotations

import numpy as np
import pytest

from mien.models.convert.winograd import POINTS, winograd


@pytest.mark.parametrize(("side", "tile"), [(17, 6), (8, 4), (4, 4), (3, 3), (18, 6), (7, 3)])
def test_it_is_the_convolution_with_a_zero_beyond_each_end(side: int, tile: int) -> None:
    random = np.random.default_rng(side)
    row, taps = random.normal(size=side), random.normal(size=3)
    way = winograd(side, tile)
    assert len(way.taps) == tile + 2  # and so many products a tile
    products = way.spread @ row * (way.taps @ taps)[:, None]
    got = np.einsum("spt,pt->s", way.gather, products)
    np.testing.assert_allclose(got, np.correlate(np.pad(row, 1), taps), rtol=0, atol=1e-12)


@pytest.mark.parametrize("tile", POINTS)
def test_ones_are_the_products_of_a_row_of_ones(tile: int) -> None:
    way = winograd(tile, tile)
    np.testing.assert_allclose(way.gather[..., 0] @ way.ones, np.ones(tile), rtol=0, atol=1e-12)


@pytest.mark.parametrize("tile", POINTS)
def test_nothing_is_enlarged_but_the_taps(tile: int) -> None:
    way = winograd(3 * tile, tile)
    assert np.abs(way.spread).sum(axis=2).max() == pytest.approx(1)
    assert np.abs(way.gather).max() == pytest.approx(1)
