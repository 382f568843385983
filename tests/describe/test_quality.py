from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from mien.describe.quality import Quality, blur_level, exposure_level, noise_level
from mien.errors import UsageError
from mien.faces import Faces
from tests.describe import portraits
from tests.describe.portraits import Portrait

BLUR, EXPOSURE, NOISE = 0, 1, 2


def graded(rgb: NDArray[Any], faces: Faces) -> NDArray[Any]:
    found = Quality.load().describe(rgb, faces)
    assert found.quality is not None
    grades: NDArray[Any] = found.quality[0]
    return grades


def width_of(faces: Faces) -> float:
    assert faces.mesh is not None
    return float(np.ptp(faces.mesh[0, :468, 0]))


def blurred(portrait: Portrait, share: float) -> NDArray[Any]:
    """By a Gaussian whose standard deviation is this share of the face's width."""
    soft: NDArray[Any] = cv2.GaussianBlur(portrait.rgb, (0, 0), share * width_of(portrait.faces))
    return soft


def noisy(rgb: NDArray[Any], deviation: float, seed: int = 0) -> NDArray[Any]:
    grain = np.random.default_rng(seed).normal(0, deviation, (*rgb.shape[:2], 1))
    return np.clip(rgb + grain, 0, 255).round().astype(np.uint8)


def lit(rgb: NDArray[Any], gain: float) -> NDArray[Any]:
    return np.clip(rgb * float(gain), 0, 255).round().astype(np.uint8)


@pytest.fixture(scope="session")
def good(astronaut: Portrait, carphone: dict[int, Portrait]) -> list[Portrait]:
    return [astronaut, carphone[0], carphone[60]]


@pytest.mark.parametrize(
    ("change", "column", "steps"),
    [
        (lambda portrait, step: blurred(portrait, step), BLUR, (0.005, 0.01, 0.02, 0.03, 0.05)),
        (lambda portrait, step: noisy(portrait.rgb, step), NOISE, (4, 8, 16, 24, 36)),
        (lambda portrait, step: lit(portrait.rgb, step), EXPOSURE, (0.2, 0.5, 1, 1.5, 2, 3)),
    ],
    ids=["blur", "noise", "exposure"],
)
def test_more_of_it_gives_more(
    change: Callable[[Portrait, float], NDArray[Any]],
    column: int,
    steps: tuple[float, ...],
    good: list[Portrait],
) -> None:
    for portrait in good:
        values = [graded(change(portrait, step), portrait.faces)[column] for step in steps]
        assert (np.diff(values) > 0.01).all(), values


def test_good_portraits(astronaut: Portrait) -> None:
    blur, exposure, noise = graded(*astronaut)
    assert (blur_level(blur), exposure_level(exposure), noise_level(noise)) == (
        "Low",
        "GoodExposure",
        "Low",
    )


def test_the_family_portraits_are_good(family: dict[str, Portrait]) -> None:
    for name, portrait in family.items():
        blur, exposure, noise = graded(*portrait)
        assert blur < 0.25, name
        assert 0.35 < exposure < 0.75, name
        assert noise < 0.3, name


@pytest.mark.parametrize(
    ("share", "levels"),
    [(0.005, {"Low"}), (0.02, {"Medium"}), (0.05, {"High"})],
)
def test_levels_of_blur(share: float, levels: set[str], astronaut: Portrait) -> None:
    assert blur_level(graded(blurred(astronaut, share), astronaut.faces)[BLUR]) in levels


@pytest.mark.parametrize(
    ("gain", "level"),
    [(0.3, "UnderExposure"), (0.7, "GoodExposure"), (1.0, "GoodExposure"), (2.2, "OverExposure")],
)
def test_levels_of_exposure(gain: float, level: str, good: list[Portrait]) -> None:
    for portrait in good[:2]:
        value = graded(lit(portrait.rgb, gain), portrait.faces)[EXPOSURE]
        assert exposure_level(value) == level


@pytest.mark.parametrize(("deviation", "level"), [(4, "Low"), (14, "Medium"), (32, "High")])
def test_levels_of_noise(deviation: float, level: str, good: list[Portrait]) -> None:
    for portrait in good:
        value = graded(noisy(portrait.rgb, deviation), portrait.faces)[NOISE]
        assert noise_level(value) == level


@pytest.mark.parametrize(
    ("deviation", "sharp_moves", "soft_moves"), [(8, 0.1, 0.2), (16, 0.15, 0.4)]
)
def test_noise_does_not_make_blur_nor_hide_it(
    deviation: float, sharp_moves: float, soft_moves: float, good: list[Portrait]
) -> None:
    for portrait in good:
        soft = blurred(portrait, 0.03)
        for rgb, moves in ((portrait.rgb, sharp_moves), (soft, soft_moves)):
            plain = graded(rgb, portrait.faces)[BLUR]
            grainy = graded(noisy(rgb, deviation), portrait.faces)[BLUR]
            assert grainy == pytest.approx(plain, abs=moves)
            assert (blur_level(grainy) == "Low") == (blur_level(plain) == "Low")


def test_blur_takes_noise_away_and_texture_is_no_noise(astronaut: Portrait) -> None:
    assert graded(blurred(astronaut, 0.03), astronaut.faces)[NOISE] < 0.05


def test_light_does_not_change_blur(astronaut: Portrait) -> None:
    plain = graded(*astronaut)
    for gain in (0.4, 0.7):
        assert graded(lit(astronaut.rgb, gain), astronaut.faces)[BLUR] == pytest.approx(
            plain[BLUR], abs=0.03
        )


@pytest.mark.parametrize("factor", [0.75, 1.5, 3.0])
def test_blur_is_relative_to_the_face(factor: float, astronaut: Portrait) -> None:
    soft = Portrait(blurred(astronaut, 0.03), astronaut.faces)
    assert graded(*portraits.scaled(soft, factor))[BLUR] == pytest.approx(
        graded(*soft)[BLUR], abs=0.08
    )


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_flat_picture_is_blurred_and_free_of_noise(level: int, astronaut: Portrait) -> None:
    flat = np.full_like(astronaut.rgb, level)
    blur, exposure, noise = graded(flat, astronaut.faces)
    assert noise == 0
    assert exposure == pytest.approx(level / 255, abs=0.01)
    assert np.isfinite(blur)


def test_a_face_at_or_past_the_edge(astronaut: Portrait) -> None:
    rgb = np.ascontiguousarray(astronaut.rgb[:, 225:])
    mesh = np.array(astronaut.faces.mesh)
    mesh[..., 0] -= 225
    faces = Faces(astronaut.faces.box_xyxy, np.ones(1), mesh=mesh)
    assert np.isfinite(graded(rgb, faces)).all()
    mesh[..., 0] -= 10_000
    away = Faces(astronaut.faces.box_xyxy, np.ones(1), mesh=mesh)
    assert np.isfinite(graded(rgb, away)).all()


@pytest.mark.parametrize(
    ("value", "blur", "exposure", "noise"),
    [
        (0.0, "Low", "UnderExposure", "Low"),
        (0.2499, "Low", "UnderExposure", "Low"),
        (0.25, "Medium", "GoodExposure", "Low"),
        (0.3, "Medium", "GoodExposure", "Medium"),
        (0.6999, "Medium", "GoodExposure", "Medium"),
        (0.7, "Medium", "GoodExposure", "High"),
        (0.75, "High", "OverExposure", "High"),
        (1.0, "High", "OverExposure", "High"),
    ],
)
def test_grades(value: float, blur: str, exposure: str, noise: str) -> None:
    assert (blur_level(value), exposure_level(value), noise_level(value)) == (blur, exposure, noise)


def test_a_face_without_mesh_has_the_reason() -> None:
    faces = Faces(np.array([[0, 0, 9, 9]]), np.ones(1), mesh=np.full((1, 478, 3), np.nan))
    found = Quality.load().describe(np.zeros((9, 9, 3), np.uint8), faces)
    assert np.isnan(np.asarray(found.quality)).all()
    assert [problem.column for problem in found.problems] == ["quality"]


def test_without_the_mesh_stage_it_says_what_to_run() -> None:
    with pytest.raises(UsageError, match="needs the column 'mesh'"):
        Quality.load().describe(np.zeros((9, 9, 3), np.uint8), Faces.empty())
