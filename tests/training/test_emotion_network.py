"""The network, its start weights, and that the exported graph is the same function."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is needed for training only")
onnxruntime = pytest.importorskip("onnxruntime")

from training.emotion import augment, calibrate, export  # noqa: E402
from training.emotion.dlib_weights import FoldedConvolution, gray_stem  # noqa: E402
from training.emotion.network import ExpressionNet, load_folded, settle  # noqa: E402
from training.emotion.predict import predict_logits, resized  # noqa: E402
from training.emotion.restore import read_onnx  # noqa: E402
from training.emotion.schedule import Strength  # noqa: E402


@pytest.fixture
def faces() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (6, 48, 48), np.uint8)


def folded_like(net: ExpressionNet) -> list[FoldedConvolution]:
    rng = np.random.default_rng(4)
    layers = []
    for at, (convolution, _) in enumerate(net.convolutions()):
        out, inputs, height, width = convolution.weight.shape
        shape = (out, 3 if at == 0 else inputs, height, width)
        spread = np.sqrt(1 / np.prod(shape[1:]))
        layers.append(FoldedConvolution(rng.normal(0, spread, shape), rng.normal(0, 0.1, out)))
    return layers


def test_the_gray_stem_equals_the_rgb_stem_on_gray() -> None:
    stem = folded_like(ExpressionNet())[0]
    gray = gray_stem(stem)
    patch = np.random.default_rng(5).uniform(0, 255, (7, 7))
    means = np.array([122.782, 117.001, 104.298])[:, None, None]
    rgb = (np.repeat(patch[None], 3, axis=0) - means) / 256
    expected = (stem.weight * rgb).sum(axis=(1, 2, 3)) + stem.bias
    found = (gray.weight * patch).sum(axis=(1, 2, 3)) + gray.bias
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_normalisation_is_put_back_without_changing_the_function(faces: np.ndarray) -> None:
    net = ExpressionNet().eval()
    stem, *others = folded_like(net)
    load_folded(net, [gray_stem(stem), *others])
    images = resized(faces, 64)
    with torch.no_grad():
        before = net.features(images)
        settle(net, images)
        after = net.features(images)
        normalised = net.stem_norm.running_var
    torch.testing.assert_close(after, before, rtol=1e-3, atol=1e-3)
    assert float((normalised - 1).abs().max()) > 0.1


def test_the_network_comes_back_from_the_exported_file(faces: np.ndarray, tmp_path: Path) -> None:
    net = ExpressionNet().eval()
    stem, *others = folded_like(net)
    load_folded(net, [gray_stem(stem), *others])
    settle(net, resized(faces, 72))
    calibration = calibrate.Calibration(1.3, (0.0,) * 8, 0.7, (0.0,) * 8)
    path = tmp_path / "network.onnx"
    path.write_bytes(export.build(net, 72, calibration).SerializeToString())
    back, side = read_onnx(path)
    assert side == 72
    expected, found = (predict_logits(some, faces, 72) for some in (net, back))
    torch.testing.assert_close(found, expected, rtol=0.01, atol=0.01)


@pytest.mark.parametrize("side", [64, 72, 80])
def test_the_exported_graph_is_the_network(faces: np.ndarray, side: int) -> None:
    torch.manual_seed(1)
    net = ExpressionNet().eval()
    calibration = calibrate.Calibration(1.3, (0.2,) + (0.0,) * 7, 0.7, (-0.3,) * 8)
    model = export.build(net, side, calibration).SerializeToString()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    scores, agreement = session.run(None, {"image": faces[:, None].astype(np.float32)})
    expected = calibration.scores(predict_logits(net, faces, side))
    np.testing.assert_allclose(scores, expected.numpy(), atol=2e-3)
    np.testing.assert_allclose(agreement, calibration.agreement(expected).numpy(), atol=2e-3)


def test_calibration_finds_the_temperature_that_made_the_labels() -> None:
    rng = np.random.default_rng(6)
    logits = torch.from_numpy(rng.normal(0, 2, (4000, 8)).astype(np.float32))
    shares = (0.5 * logits).softmax(dim=1).numpy()
    labels = np.array([rng.choice(8, p=row / row.sum()) for row in shares.astype(float)])
    votes = np.zeros((4000, 10), np.int64)
    votes[np.arange(4000), labels] = 10
    fitted = calibrate.fit(logits, votes)
    assert fitted.slope == pytest.approx(0.5, abs=0.03)
    assert max(map(abs, fitted.offsets)) < 0.15


def test_augmented_faces_stay_pictures(faces: np.ndarray) -> None:
    rng = np.random.default_rng(7)
    images = torch.from_numpy(augment.degrade(faces, 1.0, rng)).float()[:, None]
    images = augment.place(images, 64, Strength(), rng)
    images = augment.erase(augment.relight(images, 0.3, rng), 1.0, rng)
    assert images.shape == (6, 1, 64, 64)
    assert float(images.min()) >= 0
    assert float(images.max()) <= 255
    targets = torch.eye(8)[:6]
    images, doubtful = augment.faceless(images, targets, 1.0, rng)
    assert float(doubtful.max()) == 1 / 8
    assert float(images.max()) <= 255
    _, mixed = augment.mix(images, targets, Strength(mixed_batches=1.0), rng)
    torch.testing.assert_close(mixed.sum(dim=1), torch.ones(6))
