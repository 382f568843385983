"""Averages of networks."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is needed for training only")

from training.emotion import average  # noqa: E402
from training.emotion.network import ExpressionNet  # noqa: E402
from training.emotion.train import load_best  # noqa: E402


def written(path: Path, value: float) -> Path:
    net = ExpressionNet()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.fill_(value)
    torch.save({"net": net.state_dict(), "side": 72}, path)
    return path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["average", *map(str, arguments)])
    average.main()


def test_shares_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = written(tmp_path / "a=b.pt", 1.0), written(tmp_path / "two.pt", 2.0)
    run(monkeypatch, f"{one}=0.25", f"{two}=0.75", "--out", tmp_path / "new" / "best.pt")
    net, side = load_best(tmp_path / "new" / "best.pt")
    assert side == 72
    assert {float(parameter.mean()) for parameter in net.parameters()} == {1.75}


def test_shares_must_add_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = written(tmp_path / "one.pt", 1.0)
    with pytest.raises(SystemExit):
        run(monkeypatch, f"{one}=0.5", "--out", tmp_path / "best.pt")
    assert not (tmp_path / "best.pt").exists()
