"""How much of a face is kept, by the pixels alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from mien.redact.audit.exposure import kept
from mien.redact.audit.look import DOUBTFUL, SEEN
from tests.redact.audit.exposed import Rgb, box_at, hidden, painted, points_at, room

SIDES = [48, 96, 200]
SAFE = [
    *(("blur", strength) for strength in ("med", "high")),
    *(("pixelate", strength) for strength in ("low", "med", "high")),
    ("solid", "med"),
    ("black", "med"),
]


def scene(side: int) -> Rgb:
    return painted(room(2), (60, 20), side=side)


def share(before: Rgb, after: Rgb, side: int) -> Rgb:
    return kept(before, after, points_at(60, 20, side))


@pytest.mark.parametrize("side", SIDES)
def test_what_is_unchanged_is_kept(side: int) -> None:
    picture = scene(side)
    assert share(picture, picture, side).min() > 0.95


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("effect", "strength"), SAFE)
def test_nothing_is_kept_of_what_is_hidden(side: int, effect: str, strength: str) -> None:
    picture = scene(side)
    after = hidden(picture, box_at(60, 20, side), effect=effect, strength=strength)
    assert share(picture, after, side).max() < DOUBTFUL / 2


@pytest.mark.parametrize("side", SIDES)
def test_eyes_and_mouth_are_told_apart(side: int) -> None:
    picture, points = scene(side), points_at(60, 20, side)
    after = hidden(picture, box_at(60, 20, side))
    nose = round(float(points[2, 1] + points[0, 1]) / 2)
    upper, lower = after.copy(), after.copy()
    upper[:nose], lower[nose:] = picture[:nose], picture[nose:]
    eyes, mouth = share(picture, upper, side)
    assert eyes > SEEN
    assert mouth < DOUBTFUL
    eyes, mouth = share(picture, lower, side)
    assert eyes < DOUBTFUL
    assert mouth > SEEN


@pytest.mark.parametrize("quality", [90, 60, 35])
def test_an_encoder_keeps_what_is_seen(quality: int) -> None:
    picture = scene(96)
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None
    assert share(picture, decoded, 96).min() > SEEN


def test_a_change_of_light_hides_nothing() -> None:
    picture = scene(96)
    darker = (picture * 0.8 + 10).astype(np.uint8)
    assert share(picture, darker, 96).min() > SEEN


def test_noise_that_drowns_a_face_hides_it() -> None:
    picture, noise = scene(96), np.random.default_rng(3).integers(0, 256, (240, 320, 3), np.uint8)
    assert share(picture, noise, 96).max() < DOUBTFUL


def test_another_face_in_its_place_is_not_the_same() -> None:
    picture = scene(96)
    other = picture.copy()
    other[20:116, 60:156] = picture[20:116, 60:156][::-1]
    assert share(picture, other, 96).max() < DOUBTFUL


def test_two_points_are_enough() -> None:
    picture, points = scene(96), points_at(60, 20)
    points[2:] = np.nan
    assert kept(picture, picture, points).min() > 0.95
    assert kept(picture, hidden(picture, box_at(60, 20)), points).max() < DOUBTFUL


def test_where_there_is_nothing_nothing_is_kept() -> None:
    plain = np.full((240, 320, 3), 90, np.uint8)
    assert share(plain, plain, 96).max() < 1e-6
