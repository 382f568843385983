from __future__ import annotations

import itertools

import numpy as np
import pytest

from mien.media import Orientation

ALL = [Orientation(*flags) for flags in itertools.product((False, True), repeat=3)]
STORED = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)


@pytest.mark.parametrize("orientation", ALL)
def test_rotation_then_mirror_describes_it(orientation: Orientation) -> None:
    turned = np.rot90(STORED, -orientation.rotation // 90)
    want = turned[:, ::-1] if orientation.mirrored else turned
    assert (orientation.apply(STORED) == want).all()


@pytest.mark.parametrize("orientation", ALL)
def test_size_follows_the_picture(orientation: Orientation) -> None:
    height, width = orientation.apply(STORED).shape[:2]
    assert orientation.size_wh(3, 2) == (width, height)
    assert orientation.apply(STORED).flags.c_contiguous


def test_the_eight_exif_values_are_the_eight_orientations() -> None:
    assert {Orientation.from_exif(value) for value in range(1, 9)} == set(ALL)
    assert Orientation.from_exif("6") == Orientation.from_exif(None) == Orientation()


@pytest.mark.parametrize(
    ("degrees", "matrix"),
    [
        (0, (1, 0, 0, 1)),
        (90, (0, 1, -1, 0)),
        (180, (-1, 0, 0, -1)),
        (270, (0, -1, 1, 0)),
        (0, (0.98, 0.17, -0.17, 0.98)),  # 10 degrees are none
        (90, (0.17, 0.98, -0.98, 0.17)),
    ],
)
def test_display_matrix(degrees: int, matrix: tuple[float, ...]) -> None:
    a, b, c, d = (int(value * 65536) for value in matrix)
    orientation = Orientation.from_matrix((a, b, 0, c, d, 0, 0, 0, 1 << 30))
    assert orientation.rotation == degrees
    assert not orientation.mirrored


def test_mirroring_matrix() -> None:
    orientation = Orientation.from_matrix((-65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30))
    assert orientation.mirrored
    assert (orientation.apply(STORED) == STORED[:, ::-1]).all()
