"""What is made of faces to fit doubt on: crops without a face, and covered faces."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from training.emotion import covers, hands, no_faces

Gray = NDArray[np.uint8]


@pytest.fixture
def faces() -> Gray:
    """Twelve crops of 48 x 48 whose every pixel has a level of its own place."""
    ramp = np.arange(48 * 48).reshape(48, 48) * 200 // (48 * 48) + 20
    return np.stack([np.roll(ramp, 7 * at, axis=1) for at in range(12)]).astype(np.uint8)


def test_crops_without_a_face_come_from_their_seed(faces: Gray) -> None:
    first, again, other = (
        no_faces.no_faces(faces, 40, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert first.shape == (40, 48, 48)
    assert first.dtype == np.uint8
    assert (first == again).all()
    assert not (first == other).all(axis=(1, 2)).any()
    assert len(np.unique(first.reshape(40, -1), axis=0)) == 40


def test_no_crop_is_asked_for(faces: Gray) -> None:
    assert no_faces.no_faces(faces, 0, np.random.default_rng(1)).shape == (0, 48, 48)


def test_shuffling_keeps_every_pixel_and_moves_most(faces: Gray) -> None:
    made = no_faces.shuffled(faces[0], np.random.default_rng(3))
    assert (np.sort(made, axis=None) == np.sort(faces[0], axis=None)).all()
    assert (made != faces[0]).mean() > 0.5


def test_a_mirrored_part_is_even_on_both_sides(faces: Gray) -> None:
    made = no_faces.mirrored(faces[0], np.random.default_rng(4))
    assert (made == made[:, ::-1]).all() or (made == made[::-1]).all()


@pytest.mark.parametrize("slope", [0.5, 1.5, 2.5])
def test_noise_has_the_slope_that_was_asked_for(slope: float) -> None:
    noise = no_faces.pink(np.random.default_rng(5), slope)
    assert noise.mean() == pytest.approx(0, abs=1e-9)
    assert noise.std() == pytest.approx(1)
    size = np.abs(np.fft.fft2(noise))
    low, high = (size[1:3, 0].mean() + size[0, 1:3].mean(), size[16:24, 16:24].mean())
    assert low / high > 5**slope


@pytest.mark.parametrize(
    "kind", [kind for kind in covers.KINDS if kind.name != "hand"], ids=lambda kind: kind.name
)
def test_every_kind_of_cover_hides_what_it_says(kind: covers.Kind) -> None:
    aside = kind.name in ("left half", "right half")
    least, mouth = (0.15, np.s_[34:40, 8:40]) if aside else (0.5, np.s_[34:40, 17:31])
    for seed in range(20):
        inside = covers.region(kind.name, np.random.default_rng(seed))
        for part, hides in zip((np.s_[15:22, 8:40], mouth), kind.hides, strict=True):
            share = inside[part].mean()
            assert share > least if hides else share < 0.2, seed


def test_covers_change_faces_and_tell_what_they_hide(faces: Gray) -> None:
    made, hidden = covers.covered(faces, np.random.default_rng(6))
    assert made.shape == faces.shape
    assert made.dtype == np.uint8
    assert hidden.tolist() == [list(covers.KINDS[at % 9].hides) for at in range(12)]
    assert ((made != faces).mean(axis=(1, 2)) > 0.05).all()


def test_a_hand_lies_on_the_mouth_and_not_on_the_brow() -> None:
    bright = np.full((48, 48), 255, np.uint8)
    changed = np.stack(
        [hands.with_hand(bright, np.random.default_rng(seed)) != bright for seed in range(30)]
    )
    assert changed[:, 32:40, 18:30].mean() > 0.7
    assert changed[:, :6].mean() < 0.05
    assert (changed.mean(axis=(1, 2)) > 0.05).all()


def test_a_bar_is_brightest_along_its_middle() -> None:
    picture = np.full((48, 48), 7.0)
    light = hands.Light(tone=100, edge=0.5, aside=0, grain=np.zeros((48, 48)))
    hands.bar(picture, np.array([24.0, 10.0]), np.array([24.0, 38.0]), 11.0, light)
    row = picture[24]
    assert row[23] > row[20] > row[19] > 50
    assert (row[[16, 17, 30, 31]] == 7).all()
    assert (picture[:4] == 7).all()
    assert (picture[44:] == 7).all()


def test_half_covers_leave_the_other_half_alone(faces: Gray) -> None:
    rng = np.random.default_rng(7)
    for name, left_alone in (
        ("lower half", np.s_[:18]),
        ("upper half", np.s_[34:]),
        ("left half", np.s_[:, 34:]),
        ("right half", np.s_[:, :14]),
    ):
        inside = covers.region(name, rng)
        assert not inside[left_alone].any()
        assert 0.3 < inside.mean() < 0.7
