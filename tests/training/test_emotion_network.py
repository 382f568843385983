"""The network, its start weights, and that the exported graph is the same function."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is needed for training only")
onnxruntime = pytest.importorskip("onnxruntime")

from training.emotion import augment, calibrate, data, doubt, export  # noqa: E402
from training.emotion.dlib_weights import FoldedConvolution, gray_stem  # noqa: E402
from training.emotion.network import (  # noqa: E402
    ExpressionNet,
    ExpressionPair,
    convolve,
    load_folded,
    settle,
)
from training.emotion.predict import predict_logits, predict_places, resized  # noqa: E402
from training.emotion.restore import read_onnx  # noqa: E402
from training.schedule import Strength  # noqa: E402


@pytest.fixture
def faces() -> np.ndarray:
    """Patches of 12 pixels, which a network tells apart better than noise."""
    patches = np.random.default_rng(3).integers(0, 256, (6, 4, 4), np.uint8)
    return patches.repeat(12, axis=1).repeat(12, axis=2)


def folded_like(net: ExpressionNet, seed: int = 4) -> list[FoldedConvolution]:
    rng = np.random.default_rng(seed)
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


@pytest.mark.parametrize("side", [2, 3])
@pytest.mark.parametrize("stride", [1, 2])
def test_a_small_map_is_convolved_as_any_other(side: int, stride: int) -> None:
    torch.manual_seed(6)
    layer = torch.nn.Conv2d(5, 7, 3, stride, 1, bias=False)
    small, wanted = torch.rand(4, 5, side, side), torch.rand(4, 7, *[-(-side // stride)] * 2)
    gradients = []
    for way in (layer, lambda x: convolve(layer, x)):
        layer.zero_grad()
        (way(small) - wanted).square().sum().backward()
        gradients.append(layer.weight.grad.clone())
    torch.testing.assert_close(convolve(layer, small), layer(small))
    torch.testing.assert_close(gradients[1], gradients[0])


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


def pretrained(faces: np.ndarray, side: int, seed: int) -> ExpressionNet:
    """A network whose answers differ from face to face."""
    torch.manual_seed(seed)
    net = ExpressionNet()
    stem, *others = folded_like(net, seed)
    load_folded(net, [gray_stem(stem), *others])
    settle(net, resized(faces, side))
    net.eval()
    return net


def some_net(faces: np.ndarray, side: int, kind: str) -> ExpressionNet | ExpressionPair:
    """A network that reads faces one way or both, or two networks."""
    net = pretrained(faces, side, 0)
    net.mirrored = kind != "one way"
    return ExpressionPair(net, pretrained(faces, side, 1)) if kind == "two" else net


def some_doubt(net: ExpressionNet | ExpressionPair, faces: np.ndarray, side: int) -> doubt.Doubt:
    """Decisions drawn at random that are neither sure of all these faces nor of none."""
    places = predict_places(net, faces, side)
    rng = torch.Generator().manual_seed(8)
    weight = torch.randn(places.shape[1], 3, generator=rng)
    logits = places @ weight
    return doubt.Doubt(2 * weight / logits.std(dim=0), -2 * logits.mean(dim=0) / logits.std(dim=0))


@pytest.mark.parametrize("kind", ["one way", "both ways", "two"])
def test_networks_come_back_from_the_exported_file(
    faces: np.ndarray, tmp_path: Path, kind: str
) -> None:
    net = some_net(faces, 72, kind)
    calibration = calibrate.Calibration(1.3, (0.0,) * 8, 0.7, (0.0,) * 8)
    path = tmp_path / "network.onnx"
    fitted = some_doubt(net, faces, 72)
    path.write_bytes(export.build(net, 72, calibration, fitted).SerializeToString())
    back, side = read_onnx(path)
    assert side == 72
    expected, found = (predict_logits(some, faces, 72) for some in (net, back))
    assert type(back) is type(net)
    assert float((found - expected).square().mean() / expected.var(dim=0).mean()) < 0.1
    assert len(back.ways) == len(net.ways) == (1 if kind == "one way" else 2)
    first, last = (predict_logits(way, faces, 72) for way in (back.ways[0], back.ways[-1]))
    assert torch.equal(first, last) == (kind != "two")


@pytest.mark.parametrize(
    ("side", "kind"),
    [(64, "both ways"), (72, "both ways"), (80, "both ways"), (64, "two"), (72, "two"),
     (72, "one way"), (104, "one way")],
)  # fmt: skip
def test_the_exported_graph_is_the_network(
    faces: np.ndarray, tmp_path: Path, side: int, kind: str
) -> None:
    net = some_net(faces, side, kind)
    calibration = calibrate.Calibration(1.3, (0.2,) + (0.0,) * 7, 0.7, (-0.3,) * 8)
    fitted = some_doubt(net, faces, side)
    model = export.build(net, side, calibration, fitted).SerializeToString()
    (tmp_path / "network.onnx").write_bytes(model)
    net, _ = read_onnx(tmp_path / "network.onnx")  # rounded
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    names = ["scores", "agreement", "face", "covered"]
    assert [output.name for output in session.get_outputs()] == names
    scores, agreement, face, covered = session.run(
        None, {"image": faces[:, None].astype(np.float32)}
    )
    shares = fitted.logits(predict_places(net, faces, side)).sigmoid()
    assert float(shares.std()) > 0.2  # they differ, so that a mistake would show
    np.testing.assert_allclose(face, shares[:, 0], atol=5e-3)
    np.testing.assert_allclose(covered, shares[:, 1:], atol=5e-3)
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-5)
    expected = calibration.scores(predict_logits(net, faces, side), shares[:, 0])
    np.testing.assert_allclose(scores, expected.numpy(), atol=5e-3)
    np.testing.assert_allclose(agreement, calibration.agreement(expected).numpy(), atol=5e-3)


def test_a_network_that_reads_one_way_sees_no_mirror_image(faces: np.ndarray) -> None:
    both = pretrained(faces, 72, 0)
    one = pretrained(faces, 72, 0)
    one.mirrored = False
    turned = np.ascontiguousarray(faces[:, :, ::-1])
    torch.testing.assert_close(predict_logits(both, turned, 72), predict_logits(both, faces, 72))
    first, other = predict_logits(one, faces, 72), predict_logits(one, turned, 72)
    assert float((first - other).abs().max()) > 1e-3
    torch.testing.assert_close((first + other) / 2, predict_logits(both, faces, 72))


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


def test_scores_are_as_even_as_there_is_no_face() -> None:
    calibration = calibrate.Calibration(1.0, (0.0,) * 8, 1.0, (0.0,) * 8)
    logits = 20 * torch.eye(8)[[1, 1, 1]]
    scores = calibration.scores(logits, torch.tensor([1.0, 0.5, 0.0]))
    torch.testing.assert_close(scores[:, 1], torch.tensor([1.0, 0.5625, 0.125]))
    assert calibration.agreement(scores).diff().max() < 0


def test_calibration_knows_that_scores_are_evened_out() -> None:
    rng = np.random.default_rng(6)
    logits = torch.from_numpy(rng.normal(0, 3, (4000, 8)).astype(np.float32))
    face = torch.from_numpy(rng.uniform(0.5, 1, 4000).astype(np.float32))
    shares = calibrate.evened((0.5 * logits).softmax(dim=1), face).numpy().astype(float)
    labels = np.array([rng.choice(8, p=row / row.sum()) for row in shares])
    votes = np.zeros((4000, 10), np.int64)
    votes[np.arange(4000), labels] = 10
    assert calibrate.fit(logits, votes, face).slope == pytest.approx(0.5, abs=0.05)
    assert calibrate.fit(logits, votes).slope < 0.42  # takes the missing faces for doubt


def test_a_decision_is_found_that_tells_two_sorts_apart() -> None:
    rng = torch.Generator().manual_seed(9)
    yes, no = (torch.randn(400, 20, generator=rng) + shift for shift in (0.7, -0.7))
    weight, bias = doubt._fit_one(yes, no)
    assert float(((yes @ weight + bias) > 0).float().mean()) > 0.97
    assert float(((no @ weight + bias) < 0).float().mean()) > 0.97


def test_doubt_is_fitted_on_what_is_made_of_faces(
    faces: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doubt, "COUNT", 42)
    torch.manual_seed(2)
    net = ExpressionNet().eval()
    part = data.Part(faces, np.full((6, 10), 1))
    known = predict_places(net, faces, 64)
    fitted, again = (doubt.fit(net, 64, part, known, seed=5) for _ in range(2))
    assert fitted.weight.shape == (2 * 128 * 4 * 4, 3)
    torch.testing.assert_close(fitted.weight, again.weight)
    shown, others, _, _ = doubt.samples(faces, 42, np.random.default_rng(5))
    clear, bare = (fitted.face(predict_places(net, made, 64)) for made in (shown, others))
    assert float(clear.mean()) > float(bare.mean()) + 0.3


def test_decisions_are_moved_to_lose_as_many_faces_as_wanted() -> None:
    places = torch.randn(4000, 5, generator=torch.Generator().manual_seed(10))
    moved = doubt.shifted(doubt.Doubt(torch.randn(5, 3), torch.zeros(3)), places)
    face, *covered = (moved.logits(places) > 0).float().mean(dim=0).tolist()
    assert 1 - face == pytest.approx(doubt.LOST[0], abs=1e-3)
    assert covered == pytest.approx(list(doubt.LOST[1:]), abs=1e-3)


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
