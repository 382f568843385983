"""The attack on redacted faces: it sees through what is weak, and not through what is safe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bench.redaction import attackers
from bench.redaction.attack import LIMIT, LOOKS, SEED, Finding, Hunt, draws, named
from bench.redaction.attack_faces import TILE, Sitters, Sitting, choose, read
from mien.describe.embedding import PADDING, TEMPLATE
from mien.redact.effects import UNSAFE, Look
from tests.conftest import SHARED

Array = NDArray[Any]

PEOPLE, LEARNED, PICTURES = 20, 12, 5
SAFE = [look for look in LOOKS if (look.effect, look.strength) not in UNSAFE]
WEAK = [look for look in LOOKS if look not in SAFE]


def patterns(seed: int) -> Sitters:
    """People who are a pattern each, as coarse as a face's features, in changing light."""
    rng, pictures, person = np.random.default_rng(seed), [], []
    for who in range(PEOPLE + LEARNED):
        own = rng.normal(0, 35, (12, 12))
        for _ in range(PICTURES):
            seen = own + rng.normal(0, 6, own.shape) + np.linspace(-1, 1, 12) * rng.normal(0, 15)
            luma = cv2.resize(
                seen + rng.normal(130, 15), (TILE, TILE), interpolation=cv2.INTER_CUBIC
            )
            pictures.append(np.clip(luma[..., None] + (25, -5, -20), 0, 255).astype(np.uint8))
            person.append(who)
    count = len(pictures)
    aligned = (TEMPLATE + PADDING) / (1 + 2 * PADDING) * TILE
    return Sitters(
        np.array(pictures),
        np.array(person),
        np.array(person) < PEOPLE,
        np.full((count, 2), TILE / 2) + rng.normal(0, 0.5, (count, 2)),
        np.tile([34.0, 44.0], (count, 1)),
        rng.normal(0, 3, count),
        np.full(count, 52.0),
        np.tile(aligned, (count, 1, 1)),
    )


@pytest.fixture(scope="module")
def hunt() -> Hunt:
    return Hunt(patterns(1), 64, None)


def test_what_is_clear_is_recognised(hunt: Hunt) -> None:
    shares = {finding.attacker: finding.share for finding in hunt.clear()}
    assert shares.keys() == {"filter", "equalised", "parrot"}
    assert min(shares.values()) > 0.9


@pytest.mark.parametrize("look", WEAK, ids=named)
def test_weak_effects_are_seen_through(hunt: Hunt, look: Look) -> None:
    findings = hunt.redacted(look)
    assert {finding.gallery for finding in findings} == {"clear", "redacted"}
    assert max(finding.share for finding in findings) > 0.3


@pytest.mark.parametrize("look", SAFE, ids=named)
def test_safe_effects_are_not(hunt: Hunt, look: Look) -> None:
    # chance is 0.05
    assert max(finding.share for finding in hunt.redacted(look)) < 0.15


@pytest.mark.parametrize("look", [Look("solid"), Look("black")], ids=named)
def test_a_constant_leaves_chance(hunt: Hunt, look: Look) -> None:
    for finding in hunt.redacted(look):
        assert 0.01 < finding.share < 0.11


def test_frames_that_tremble_are_averaged() -> None:
    few = Hunt(patterns(2), 48, None, frames=2)
    assert max(finding.share for finding in few.redacted(Look("blur", "low"))) > 0.5


@pytest.mark.parametrize(
    ("share", "probes", "bound"),
    [
        (0.0, 100, 0.0295),  # 1 - 0.05 ** (1 / 100)
        (0.5, 10, 0.7776),  # as tables have it: 5 of 10
        (1.0, 10, 1.0),
        (0.051, 100, 0.1150),  # 5.1 hits count as 6
    ],
)
def test_bound(share: float, probes: int, bound: float) -> None:
    assert Finding("", "", share, probes).bound == pytest.approx(bound, abs=5e-4)


def test_ties_are_broken_by_lot() -> None:
    rng = np.random.default_rng(3)
    same = attackers.right(np.ones((10, 4)), np.ones((5000, 4)), np.full(5000, 7), rng)
    assert same == pytest.approx(0.1, abs=0.02)
    apart = np.eye(10)
    assert attackers.right(apart, apart * 0.9, np.arange(10), rng) == 1


def test_a_gallery_holds_one_picture_of_each() -> None:
    person = np.repeat([3, 5, 9], [4, 6, 5])
    for draw in draws(person, 1):
        assert person[draw.gallery].tolist() == [3, 5, 9]
        assert sorted([*draw.gallery, *draw.probes]) == list(range(15))
        assert (person[draw.gallery][draw.person] == person[draw.probes]).all()


def test_attackers_see_nothing_outside_the_mask() -> None:
    sitters = patterns(4)
    sitting = Sitting.of(sitters, 0, 64)
    within = sitting.within(attackers.EDGE)
    other = np.where(within[..., None] > 0, sitting.rgb, 255 - sitting.rgb)
    shown, also = (attackers.blanked(rgb, within) for rgb in (sitting.rgb, other))
    assert (shown == also).all()
    assert np.ptp(shown[within == 0], axis=0).tolist() == [0, 0, 0]


def test_too_few_people(tmp_path: Path) -> None:
    (tmp_path / "scores.csv").write_text("name,x\nA_B_0001,1\nA_B_0002,1\n")
    with pytest.raises(ValueError, match="0 people have 11 pictures, and 100 are needed"):
        choose(tmp_path, 1)


@pytest.mark.long
def test_safe_effects_stay_safe_on_real_faces() -> None:
    folder = SHARED / "data" / "lfw_attributes"
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}: MIEN_SHARED names the folder of development data")
    real = Hunt(read(folder, SEED), 96, None)
    worst = {
        named(look): max(finding.bound for finding in real.redacted(look))
        for look in LOOKS
        if look.effect in ("blur", "pixelate")
    }
    assert {name for name, bound in worst.items() if bound > LIMIT} == {"blur low", "pixelate low"}
