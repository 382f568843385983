"""What every evaluation of an exported model does."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from training.evaluation import compressed, speeds_ms, write_figures


class Counted:
    """A session that counts the batches it is given."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def run(self, names: list[str], inputs: dict[str, NDArray[np.float32]]) -> list[Any]:
        assert names == ["scores"]
        assert inputs["image"].dtype == np.float32
        self.shapes.append(inputs["image"].shape)
        return []


@pytest.mark.parametrize("channels", [(), (3,)])
def test_jpeg_keeps_shape_and_look_and_costs_more_at_lower_quality(
    channels: tuple[int, ...],
) -> None:
    ramp = np.add.outer(np.arange(48), np.arange(48)) * 2
    noise = np.random.default_rng(1).integers(0, 40, (3, 48, 48, *channels))
    faces = (noise + ramp.reshape(48, 48, *(1 for _ in channels))).astype(np.uint8)
    errors = []
    for quality in (90, 20):
        found = compressed(faces, quality)
        assert found.shape == faces.shape
        assert found.dtype == np.uint8
        errors.append(float(np.abs(found.astype(int) - faces).mean()))
    assert 0 < errors[0] < errors[1] < 15


def test_each_size_of_batch_is_timed_so_many_times() -> None:
    session = Counted()
    found = speeds_ms(session, (3, 112, 112), (1, 8), rounds=5)
    assert list(found) == ["1", "8"]
    assert min(found.values()) > 0
    assert session.shapes == [(1, 3, 112, 112)] * 5 + [(8, 3, 112, 112)] * 5


def test_figures_name_the_weights_they_are_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(b"weights")
    expected = {
        "accuracy": 0.5,
        "model_sha256": hashlib.sha256(b"weights").hexdigest(),
        "bytes": 7,
    }
    write_figures({"accuracy": 0.5}, model, None)
    assert json.loads(capsys.readouterr().out) == expected
    assert list(tmp_path.iterdir()) == [model]
    write_figures({"accuracy": 0.5}, model, tmp_path / "figures.json")
    assert (tmp_path / "figures.json").read_text() == capsys.readouterr().out
    assert json.loads((tmp_path / "figures.json").read_text()) == expected
