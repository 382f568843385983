"""Scoring checkpoints."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is needed for training only")

from training.emotion import compare  # noqa: E402


def test_a_side_may_follow_the_file() -> None:
    assert compare.parse_network("runs/a@b/best.pt@72") == (Path("runs/a@b/best.pt"), 72)
    assert compare.parse_network("best.pt") == (Path("best.pt"), None)
    with pytest.raises(argparse.ArgumentTypeError, match="FILE@SIDE"):
        compare.parse_network("best.pt@large")


def test_calibration_mends_what_is_only_shifted() -> None:
    """Each face is told apart, but neutral and happiness have a lead over the rest."""
    labels = np.arange(400) % 4
    votes = np.zeros((400, 10), np.int64)
    votes[np.arange(400), labels] = 10
    logits = torch.zeros(400, 8)
    logits[np.arange(400), labels] = 2.0
    logits[:, :2] += 3.0
    found = compare.figures(logits, votes)
    assert found["faces"] == 400
    assert found["accuracy_bare"] == pytest.approx(0.5)
    assert found["accuracy_calibrated"] == pytest.approx(1.0)
    assert found["recall_calibrated"] == [1.0, 1.0, 1.0, 1.0, None, None, None, None]
    assert found["entropy"] == pytest.approx(0.0)
    assert found["cross_entropy"] > 1.0
