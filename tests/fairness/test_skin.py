"""The individual typology angle: its formula, its groups, and what is measured in pictures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mien.describe.mesh import Mesh
from mien.errors import UsageError
from mien.fairness.skin import LIMITS, PATCHES, TONES, ita, skin_angle, tone_of
from tests.describe import portraits

Array = NDArray[Any]

CENTRES = ((100, 40), (60, 110), (140, 110))
"""Of forehead and cheeks, in the made pictures."""


def made_mesh() -> Array:
    """A mesh of which only the patches are true: polygons of 15 pixels about `CENTRES`."""
    mesh = np.zeros((478, 3))
    for patch, centre in zip(PATCHES, CENTRES, strict=True):
        angle = np.linspace(0, 2 * np.pi, len(patch), endpoint=False)
        ring = 15 * np.column_stack([np.cos(angle), np.sin(angle)])
        mesh[list(patch), :2] = ring + centre
    return mesh


def painted(*colours: tuple[int, int, int]) -> Array:
    """A grey picture of 200 x 200 with squares of these colours under the patches."""
    rgb = np.full((200, 200, 3), 128, np.uint8)
    for (x, y), colour in zip(CENTRES, colours, strict=True):
        rgb[y - 20 : y + 20, x - 20 : x + 20] = colour
    return rgb


def lab_of(colour: tuple[int, int, int]) -> tuple[float, float, float]:
    """CIELAB of an sRGB colour under D65, by the letter of IEC 61966-2-1 and CIE 15."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (v / 255 for v in colour)
    ]
    matrix = [
        [0.4124, 0.3576, 0.1805],
        [0.2126, 0.7152, 0.0722],
        [0.0193, 0.1192, 0.9505],
    ]
    white = (0.9505, 1.0, 1.089)
    xyz = [sum(m * c for m, c in zip(row, linear, strict=True)) for row in matrix]
    f = [
        t ** (1 / 3) if t > (6 / 29) ** 3 else t / (3 * (6 / 29) ** 2) + 4 / 29
        for t in (value / most for value, most in zip(xyz, white, strict=True))
    ]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def angle_of(colour: tuple[int, int, int]) -> float:
    lightness, _, yellow = lab_of(colour)
    return math.degrees(math.atan((lightness - 50) / yellow))


LIGHT, TAN, DARK = (236, 200, 180), (190, 140, 105), (80, 50, 35)


def test_the_formula() -> None:
    colours = np.array([[70.0, 9, 20], [50, 9, 20], [30, 9, 20], [70, 9, 0], [70, 9, -5]])
    assert ita(colours) == pytest.approx([45, 0, -45, math.nan, math.nan], nan_ok=True)


@pytest.mark.parametrize(
    ("angle", "tone"),
    [
        *((80.0, "very light"), (55.01, "very light"), (55.0, "light"), (41.01, "light")),
        *((41.0, "intermediate"), (28.0, "tan"), (10.0, "brown"), (0.0, "brown")),
        *((-30.0, "dark"), (-80.0, "dark"), (math.nan, None)),
    ],
)
def test_the_groups(angle: float, tone: str | None) -> None:
    assert tone_of(angle) == tone


def test_there_are_six_groups() -> None:
    assert len(TONES) == len(LIMITS) + 1 == 6
    assert list(LIMITS) == sorted(LIMITS, reverse=True)


@pytest.mark.parametrize("colour", [LIGHT, TAN, DARK])
def test_a_known_colour(colour: tuple[int, int, int]) -> None:
    assert skin_angle(painted(*[colour] * 3), made_mesh()) == pytest.approx(
        angle_of(colour), abs=0.2
    )


def test_one_hidden_patch_does_not_count() -> None:
    hidden = painted((20, 15, 10), TAN, TAN)
    assert skin_angle(hidden, made_mesh()) == pytest.approx(angle_of(TAN), abs=0.2)


def test_spots_do_not_count() -> None:
    rgb = painted(TAN, TAN, TAN)
    rgb[::3] = 255
    assert skin_angle(rgb, made_mesh()) == pytest.approx(angle_of(TAN), abs=0.2)


@pytest.mark.parametrize("level", [0, 60, 128, 255])
def test_grey_has_none(level: int) -> None:
    assert math.isnan(skin_angle(painted(*[(level,) * 3] * 3), made_mesh()))


def test_blue_light_has_none() -> None:
    assert math.isnan(skin_angle(painted(*[(90, 100, 160)] * 3), made_mesh()))


def test_patches_outside_the_picture() -> None:
    rgb = painted(DARK, TAN, TAN)
    assert skin_angle(rgb[60:], made_mesh() - [0, 60, 0]) == pytest.approx(angle_of(TAN), abs=0.2)
    assert math.isnan(skin_angle(rgb, made_mesh() - [-1000, 0, 0]))
    assert math.isnan(skin_angle(rgb, made_mesh() - [0, 1e6, 0]))


def test_a_face_of_few_pixels_has_none() -> None:
    assert math.isnan(skin_angle(painted(TAN, TAN, TAN), made_mesh() * 0.02))


def test_no_mesh_and_no_picture() -> None:
    assert math.isnan(skin_angle(painted(TAN, TAN, TAN), np.full((478, 3), np.nan)))
    with pytest.raises(UsageError):
        skin_angle(np.zeros((5, 5), np.uint8), made_mesh())


@pytest.fixture(scope="module")
def face() -> tuple[Array, Array]:
    rgb, faces = portraits.astronaut()
    mesh = Mesh.load(threads=2).describe(rgb, faces).mesh
    assert mesh is not None
    return rgb, mesh[0]


class TestRealFace:
    def test_a_light_face(self, face: tuple[Array, Array]) -> None:
        assert tone_of(skin_angle(*face)) in ("very light", "light")

    def test_less_light_makes_it_darker(self, face: tuple[Array, Array]) -> None:
        """What the page warns of: the angle is of the picture, not of the person alone."""
        rgb, mesh = face
        angles = [skin_angle((rgb * gain).astype(np.uint8), mesh) for gain in (1.0, 0.7, 0.5, 0.3)]
        assert angles == sorted(angles, reverse=True)
        assert tone_of(angles[-1]) in ("brown", "dark")

    def test_a_grey_photo_has_none(self, face: tuple[Array, Array]) -> None:
        rgb, mesh = face
        grey = np.repeat(rgb.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
        assert math.isnan(skin_angle(grey, mesh))
