from __future__ import annotations

import pytest

from training.schedule import Settings, Strength, parse_stages, rate_share


def test_stages_are_read_in_order() -> None:
    assert parse_stages("64x8,72x10") == ((64, 8), (72, 10))


@pytest.mark.parametrize("text", ["", "64", "64x", "x8", "64x8,", "64*8"])
def test_a_stage_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="SIDExEPOCHS"):
        parse_stages(text)


def test_sides_follow_the_stages() -> None:
    settings = Settings(stages=((64, 2), (72, 1)))
    assert settings.epochs == 3
    assert [settings.side(epoch) for epoch in range(4)] == [64, 64, 72, 72]


def test_strength_can_be_scaled() -> None:
    half = Strength().times(0.5)
    assert half.rotation_deg == Strength().rotation_deg / 2
    assert half.mixed_batches == Strength().mixed_batches / 2
    assert half.faceless == Strength().faceless


def test_the_rate_rises_to_its_peak_and_falls_to_nearly_nothing() -> None:
    assert rate_share(0.0, 0.2) == pytest.approx(0.05)
    assert rate_share(0.2, 0.2) == pytest.approx(1.0)
    assert rate_share(1.0, 0.2) == pytest.approx(0.002)
    falling = [rate_share(at / 100, 0.2) for at in range(20, 101)]
    assert falling == sorted(falling, reverse=True)
