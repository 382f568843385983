"""What the training loop learns from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is needed for training only")

from training.emotion import data, train  # noqa: E402
from training.emotion.network import ExpressionNet  # noqa: E402
from training.emotion.predict import predict_logits  # noqa: E402


def saved_net(folder: Path, seed: int, side: int) -> ExpressionNet:
    """A network drawn at random, kept as the training loop keeps its best."""
    torch.manual_seed(seed)
    net = ExpressionNet()
    net.eval()
    torch.save({"net": net.state_dict(), "side": side}, folder / f"{seed}.pt")
    return net


def test_votes_are_mixed_with_the_mean_of_all_teachers(tmp_path: Path) -> None:
    faces = np.random.default_rng(3).integers(0, 256, (5, 48, 48), np.uint8)
    part = data.Part(faces, np.eye(10, dtype=np.int64)[:5] * 10)
    votes, _ = data.vote_targets(part.votes)
    nets = [(saved_net(tmp_path, 1, 64), 64), (saved_net(tmp_path, 2, 72), 72)]
    settings = replace(train.DEFAULTS, teacher_share=0.25, teacher_slope=2.0)
    teachers = [tmp_path / "1.pt", tmp_path / "2.pt"]
    mixed = train.teacher_targets(teachers, part, torch.from_numpy(votes), settings)
    first, second = ((2 * predict_logits(net, faces, side)).softmax(dim=1) for net, side in nets)
    expected = 0.75 * torch.from_numpy(votes) + 0.125 * (first + second)
    torch.testing.assert_close(mixed, expected)
    assert float((first - second).abs().max()) > 0.01  # so that one of them alone would show


def test_a_teacher_that_reads_one_way_teaches_with_the_mirror_image(tmp_path: Path) -> None:
    faces = np.random.default_rng(4).integers(0, 256, (3, 48, 48)).astype(np.uint8)
    part = data.Part(faces, np.zeros((3, 10), np.int64))
    saved_net(tmp_path, 1, 64)
    state = torch.load(tmp_path / "1.pt", weights_only=True)
    torch.save(state | {"mirrored": False}, tmp_path / "2.pt")
    settings = replace(train.DEFAULTS, teacher_share=1.0)
    both, one_way = (
        train.teacher_targets([tmp_path / name], part, torch.zeros(3, 8), settings)
        for name in ("1.pt", "2.pt")
    )
    torch.testing.assert_close(one_way, both)
    flipped = replace(part, images=np.ascontiguousarray(faces[:, :, ::-1]))
    same = train.teacher_targets([tmp_path / "2.pt"], flipped, torch.zeros(3, 8), settings)
    torch.testing.assert_close(same, both)


def test_a_checkpoint_tells_whether_mirror_images_are_read(tmp_path: Path) -> None:
    arguments = ["--out", str(tmp_path), "--stages", "64x1"]
    for more, ways in ([], 2), (["--one-way"], 1):
        given = train.parse_arguments(arguments + more)
        settings = train.settings_of(given)
        run = train.begin(settings, np.zeros((4, 48, 48), np.uint8), tmp_path / str(ways))
        assert len(run.average.ways) == ways
        state = {"net": run.average.state_dict(), "side": 64, "mirrored": run.average.mirrored}
        torch.save(state, tmp_path / "best.pt")
        assert len(train.load_best(tmp_path / "best.pt")[0].ways) == ways
