"""Close-ups: what they read, what they are taught, and that a run learns and goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is needed for training only")

from training.attributes import closeups, train_closeup  # noqa: E402
from training.attributes.closeups import CLOSE_UPS, CloseUp, CloseUpNet  # noqa: E402
from training.emotion.augment import place  # noqa: E402
from training.run import Run  # noqa: E402


@pytest.fixture
def faces() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (5, 112, 112, 3), np.uint8)


def test_a_window_lies_in_the_middle() -> None:
    with pytest.raises(ValueError, match="does not lie in the middle"):
        CloseUp((19, 44, 76, 40), (76, 40), ("Eyeglasses",), 0.5)


@pytest.mark.parametrize("name", CLOSE_UPS)
def test_only_the_window_is_read_and_mirror_images_agree(faces: np.ndarray, name: str) -> None:
    torch.manual_seed(2)
    close_up = CLOSE_UPS[name]
    net = CloseUpNet(close_up)
    found = closeups.predict(net, close_up, faces)
    assert found.shape == (5, len(close_up.outputs))
    mirrored = closeups.predict(net, close_up, np.ascontiguousarray(faces[:, :, ::-1]))
    torch.testing.assert_close(found, mirrored, atol=1e-5, rtol=1e-4)
    left, top, width, height = close_up.window
    inside = np.zeros((112, 112), bool)
    inside[top : top + height, left : left + width] = True
    outside = np.where(inside[..., None], faces, 0)
    torch.testing.assert_close(closeups.predict(net, close_up, outside), found)
    within = np.where(inside[..., None], 0, faces)
    assert (closeups.predict(net, close_up, within) - found).abs().max() > 1e-3


def test_the_part_that_is_placed_is_the_part_that_is_read() -> None:
    ramp = np.add.outer(np.arange(112), 2 * np.arange(112))[None, ..., None].repeat(3, axis=3)
    faces = (ramp // 2).astype(np.uint8)
    still = {"rotation_deg": 0.0, "scale": 0.0, "stretch": 0.0, "shift": 0.0, "light": 0.0}
    for close_up in CLOSE_UPS.values():
        strength = replace(train_closeup.DEFAULTS.strength, degraded=0.0, **still)
        images = torch.from_numpy(faces).float().permute(0, 3, 1, 2)
        placed = place(
            images, close_up.size, strength, np.random.default_rng(0),
            centre=close_up.centre, share=close_up.extent,
        )  # fmt: skip
        read = closeups.parts(faces, close_up)
        apart = [(placed - some).abs().max() for some in (read, read.flip(3))]
        assert float(min(apart)) < 1.0


def test_a_share_of_what_is_drawn_is_labelled_by_eye() -> None:
    rng = np.random.default_rng(4)
    wanted = rng.random((50, 2)).astype(np.float32)
    told = np.arange(50) < 5
    person = np.arange(50)
    chances = train_closeup.chances_of(wanted, told, person, 0.35)
    assert chances.sum() == pytest.approx(1)
    assert chances[told].sum() == pytest.approx(train_closeup.TOLD_SHARE)
    nobody = train_closeup.chances_of(wanted, np.zeros(50, bool), person, 0.35)
    assert nobody.sum() == pytest.approx(1)


def test_an_unknown_target_has_no_part_in_the_loss() -> None:
    logits = torch.tensor([[2.0, -1.0], [0.5, 3.0]])
    wanted = torch.tensor([[1.0, float("nan")], [float("nan"), 0.0]])
    expected = (np.log1p(np.exp(-2.0)) + np.log1p(np.exp(3.0))) / 2
    assert float(train_closeup.loss(logits, wanted)) == pytest.approx(expected, rel=1e-5)


def test_a_close_up_learns_and_is_read_again(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(1)
    rng = np.random.default_rng(7)
    dark = np.arange(48) % 2 == 1
    images = rng.integers(100, 140, (48, 112, 112, 3)).astype(np.uint8)
    images[dark, 84:96, 45:67] = 20
    targets = torch.from_numpy(np.stack([dark, ~dark], axis=1).astype(np.float32))
    pictures = train_closeup.Pictures(images, targets, np.full(48, 1 / 48))
    settings = replace(train_closeup.DEFAULTS, batch=8, stages=((112, 3),), head_rate=3e-3)
    close_up = CLOSE_UPS["mouth"]
    run = Run(settings, CloseUpNet(close_up, dropout=0.2))
    run.begin(tmp_path / "mouth")
    train_closeup.train(run, close_up, pictures, pictures, tmp_path / "mouth")
    nets = closeups.load_close_ups(tmp_path)
    assert list(nets) == ["mouth"]
    found = closeups.read_all(nets, images)["mouth"]
    assert ((found > 0) == np.stack([dark, ~dark], axis=1)).all()
    resumed = Run(settings, CloseUpNet(close_up, dropout=0.2))
    resumed.begin(tmp_path / "mouth")
    assert (resumed.epoch, resumed.step) == (3, run.step)


def test_a_mixture_has_its_shares_and_leaves_the_others() -> None:
    rng = np.random.default_rng(5)
    names = ("Smiling", "Young", "Mouth_Slightly_Open")
    logits, read = rng.normal(2, 3, (400, 3)), {"mouth": rng.normal(0, 9, (400, 2))}
    mixture = closeups.Mixture.of(logits, names, read)
    mixed = mixture.logits(logits, names, read)
    share = CLOSE_UPS["mouth"].share
    np.testing.assert_array_equal(mixed[:, 1], logits[:, 1])
    for at, seen in ((0, read["mouth"][:, 1]), (2, read["mouth"][:, 0])):
        expected = (1 - share) * logits[:, at] / logits[:, at].std() + share * seen / seen.std()
        np.testing.assert_allclose(mixed[:, at], expected)
    alone = closeups.Mixture.of(logits, names, {})
    np.testing.assert_array_equal(alone.logits(logits, names, {}), logits)
