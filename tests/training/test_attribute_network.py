"""The attribute network, what happens to a picture, the loss, and that the file is the network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is needed for training only")
onnxruntime = pytest.importorskip("onnxruntime")

from tests.training.test_emotion_network import folded_like  # noqa: E402
from training.attributes import augment, export, restore, train  # noqa: E402
from training.attributes.calibrate import Calibration  # noqa: E402
from training.attributes.closeups import CLOSE_UPS, NARROW, CloseUpNet, Mixture, read_all  # noqa: E402
from training.attributes.data import MADE, SCORED, TRAINED, Faces  # noqa: E402
from training.attributes.network import AttributeNet, colour_stem  # noqa: E402
from training.attributes.predict import predict_logits  # noqa: E402
from training.emotion.augment import mix  # noqa: E402
from training.emotion.export import Graph, folded, model_of, write_model  # noqa: E402
from training.emotion.network import ExpressionNet, load_folded  # noqa: E402
from training.recipe import recipe  # noqa: E402
from training.schedule import Strength  # noqa: E402


@pytest.fixture
def faces() -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (4, 112, 112, 3), np.uint8)


def test_the_colour_stem_takes_dlibs_mean_and_scale_in() -> None:
    stem = folded_like(ExpressionNet())[0]
    found = colour_stem(stem)
    patch = np.random.default_rng(5).uniform(0, 255, (3, 7, 7))
    scaled = (patch - np.array([122.782, 117.001, 104.298])[:, None, None]) / 256
    expected = (stem.weight * scaled).sum(axis=(1, 2, 3)) + stem.bias
    np.testing.assert_allclose((found.weight * patch).sum(axis=(1, 2, 3)) + found.bias, expected)


@pytest.mark.parametrize("made", [False, True])
@pytest.mark.parametrize(("side", "both"), [(64, True), (96, True), (112, True), (104, False)])
def test_the_exported_graph_is_the_network(
    faces: np.ndarray, side: int, both: bool, made: bool
) -> None:
    torch.manual_seed(1)
    net = AttributeNet(mirrored=both).eval()
    stem, *others = folded_like(ExpressionNet())
    load_folded(net, [colour_stem(stem), *others])
    logits = predict_logits(net, faces, side)
    names = export.shipped(made)
    assert len(names) == (26 if made else 20)
    wanted = logits[:, [TRAINED.index(name) for name in names]].double().numpy()
    rng = np.random.default_rng(2)
    slopes, offsets = rng.uniform(0.5, 2, len(names)), rng.normal(0, 1, len(names))
    calibration = Calibration(tuple(slopes / wanted.std()), tuple(offsets))
    model = export.build(export.kept_only(net, names), side, calibration, names)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    assert session.get_modelmeta().custom_metadata_map["names"].split(",") == list(names)
    inputs = faces.transpose(0, 3, 1, 2).astype(np.float32)
    (found,) = session.run(None, {"image": inputs})
    expected = calibration.scores(wanted)
    assert expected.std(axis=1).min() > 0.1  # they differ, so that a mistake would show
    np.testing.assert_allclose(found, expected, atol=5e-3)
    (mirrored,) = session.run(None, {"image": np.ascontiguousarray(inputs[..., ::-1])})
    assert np.allclose(found, mirrored, atol=1e-4) == both


def test_close_ups_are_mixed_in_in_the_graph(
    faces: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Eight bits blur what networks that learned nothing say; what they keep is tested below. And
    # the faces have to differ by more than what half precision loses.
    faces = (faces * np.array([0.1, 0.4, 0.7, 1.0])[:, None, None, None]).astype(np.uint8)
    monkeypatch.setattr(Graph, "eighth", Graph.half)
    torch.manual_seed(4)
    net = AttributeNet().eval()
    stem, *others = folded_like(ExpressionNet())
    load_folded(net, [colour_stem(stem), *others])
    nets = {name: CloseUpNet(each).eval() for name, each in CLOSE_UPS.items()}
    names = export.shipped(made=False)
    logits = predict_logits(net, faces, 64)[:, [TRAINED.index(name) for name in names]]
    logits = logits.double().numpy()
    read = read_all(nets, faces)
    mixture = Mixture.of(logits, names, read)
    wanted = mixture.logits(logits, names, read)
    mixed = (wanted != logits).any(axis=0)
    assert mixed.sum() == sum(len(each.outputs) for each in CLOSE_UPS.values())
    slopes = np.where(mixed, 1 / wanted.std(axis=0), 1 / logits.std())
    offsets = -slopes * wanted.mean(axis=0)
    calibration = Calibration(tuple(slopes.tolist()), tuple(offsets.tolist()))
    model = export.build(export.kept_only(net, names), 64, calibration, names, (nets, mixture))
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (found,) = session.run(None, {"image": faces.transpose(0, 3, 1, 2).astype(np.float32)})
    expected = calibration.scores(wanted)
    assert np.ptp(expected, axis=0)[mixed].min() > 0.1  # so that a mistake would show
    np.testing.assert_allclose(found, expected, atol=1e-2)


def stored_like(
    folder: Path, names: tuple[str, ...], mirrored: bool = True
) -> tuple[Path, dict[str, CloseUpNet]]:
    """An exported file of untrained networks, and its close-ups."""
    torch.manual_seed(8)
    net = export.kept_only(AttributeNet(mirrored=mirrored).eval(), names)
    nets = {name: CloseUpNet(each).eval() for name, each in CLOSE_UPS.items()}
    some = np.random.default_rng(9).integers(0, 256, (6, 112, 112, 3), np.uint8)
    read = read_all(nets, some)
    mixture = Mixture.of(predict_logits(net, some, 64).double().numpy(), names, read)
    calibration = Calibration((1.5,) * len(names), (0.2,) * len(names))
    path = folder / "attributes.onnx"
    write_model(export.build(net, 64, calibration, names, (nets, mixture)), path)
    return path, nets


def same_weights(found: AttributeNet | CloseUpNet, expected: AttributeNet | CloseUpNet) -> None:
    """But for what half precision and eight bits lose."""
    for pair, before in zip(found.convolutions(), expected.convolutions(), strict=True):
        for values, wanted in zip(folded(*pair), folded(*before), strict=True):
            np.testing.assert_allclose(values, wanted, atol=np.abs(wanted).max() / 250)
    torch.testing.assert_close(found.head.weight, expected.head.weight, atol=1e-3, rtol=0)
    torch.testing.assert_close(found.head.bias, expected.head.bias)


@pytest.mark.parametrize("mirrored", [True, False])
def test_the_networks_are_read_back_from_the_file(tmp_path: Path, mirrored: bool) -> None:
    names = export.shipped(made=True)
    path, nets = stored_like(tmp_path, names, mirrored)
    stored = restore.read_onnx(path)
    assert stored.net.mirrored == mirrored
    assert (stored.side, stored.names, list(stored.close_ups)) == (64, names, list(CLOSE_UPS))
    torch.manual_seed(8)
    net = export.kept_only(AttributeNet().eval(), names)
    same_weights(stored.net, net)
    for name, each in nets.items():
        same_weights(stored.close_ups[name], each)


def test_one_close_up_is_made_anew_and_the_others_are_kept(
    tmp_path: Path, faces: np.ndarray
) -> None:
    path, nets = stored_like(tmp_path, export.shipped(made=True))
    other = CloseUpNet(CLOSE_UPS["eyes"]).eval()
    found = export.networks(path, {"eyes": other})
    assert list(found.close_ups) == list(CLOSE_UPS)
    assert found.close_ups["eyes"] is other
    read = read_all(found.close_ups, faces)["mouth"]
    np.testing.assert_allclose(read, read_all(nets, faces)["mouth"], atol=1e-2)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("mouth", {"window": (31, 72, 50, 40), "size": (50, 40)}),
        ("mouth", {"size": (32, 25)}),
        ("mouth", {"channels": NARROW}),
        ("hair", {"size": (50, 46)}),
    ],
)
def test_a_close_up_that_was_another_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, other: dict[str, Any]
) -> None:
    path, _ = stored_like(tmp_path, export.shipped(made=True))
    monkeypatch.setitem(CLOSE_UPS, name, replace(CLOSE_UPS[name], **other))
    with pytest.raises(ValueError, match=rf"close-up of the {name} in .* train it again"):
        restore.read_onnx(path)
    kept = restore.read_onnx(path, without=(name,))
    assert list(kept.close_ups) == [each for each in CLOSE_UPS if each != name]


def test_weights_of_eight_bits_keep_each_row_to_a_half_step() -> None:
    rows = np.random.default_rng(6).normal(0, 1, (3, 2, 5, 5)) * [[[[0.01]]], [[[1]]], [[[0]]]]
    graph = Graph()
    graph.add("Identity", graph.eighth(rows), output="rows")
    model = model_of(graph, "weights", ["n", 1], {"rows": rows.shape}, {})
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (found,) = session.run(None, {"image": np.zeros((1, 1), np.float32)})
    step = np.abs(rows).max(axis=(1, 2, 3), keepdims=True) / 127
    assert (np.abs(found - rows) <= 0.501 * step).all()
    assert {each.data_type for each in model.graph.initializer} == {1, 3}  # scales, whole numbers


def test_unknown_targets_have_no_part_in_the_loss() -> None:
    logits = torch.tensor([[2.0, -1.0], [0.5, 3.0]])
    wanted = torch.tensor([[1.0, float("nan")], [float("nan"), 0.0]])
    weights = torch.tensor([1.0, 3.0])
    found = train.masked_loss(logits, wanted, weights)
    one, other = np.log1p(np.exp(-2.0)), np.log1p(np.exp(3.0))
    assert float(found) == pytest.approx((one + 3 * other) / 4, rel=1e-5)
    changed = train.masked_loss(torch.tensor([[2.0, 9.0], [-9.0, 3.0]]), wanted, weights)
    assert float(changed) == pytest.approx(float(found))


def test_rare_outputs_weigh_more_and_those_not_shipped_less() -> None:
    targets = torch.zeros(100, len(TRAINED))
    targets[:50, TRAINED.index("Smiling")] = 1
    targets[:50, TRAINED.index("Chubby")] = 1
    weights = dict(zip(TRAINED, train.output_weights(targets).tolist(), strict=True))
    assert weights["Smiling"] == pytest.approx(1)
    assert weights["Chubby"] == pytest.approx(0.3)
    assert weights["Goatee"] == pytest.approx(0.5 / (0.03 * 0.97) ** 0.5)


def test_degraded_faces_stay_recognisable_and_the_leftas_they_were() -> None:
    ramp = np.linspace(20, 220, 112)
    face = np.stack([np.add.outer(ramp, ramp) / 2] * 3, axis=2).astype(np.uint8)
    many = np.repeat(face[None], 40, axis=0)
    changed = augment.degrade(many, 0.5, np.random.default_rng(1))
    touched = (changed != many).any(axis=(1, 2, 3))
    assert 10 <= touched.sum() <= 30
    assert np.abs(changed.astype(int) - many).mean(axis=(1, 2, 3)).max() < 6


def test_colour_changes_and_some_faces_lose_it() -> None:
    red = torch.tensor([200.0, 80.0, 60.0])[None, :, None, None].repeat(200, 1, 4, 4)
    changed = augment.tint(red, 0.06, 0.25, np.random.default_rng(1))
    spread = (changed.amax(dim=1) - changed.amin(dim=1)).mean(dim=(1, 2))
    gray = spread < 1e-3
    assert 25 <= int(gray.sum()) <= 75
    assert float(spread[~gray].min()) > 80
    assert float(changed.min()) >= 0
    assert float(changed.max()) <= 255


def test_a_mixture_with_an_unknown_target_is_unknown() -> None:
    images = torch.arange(4.0)[:, None, None, None].repeat(1, 3, 2, 2)
    targets = torch.tensor([[0.0], [1.0], [float("nan")], [1.0]])
    mixed, wanted = mix(images, targets, Strength(mixed_batches=1.0), np.random.default_rng(5))
    assert mixed.shape == images.shape
    assert wanted.isnan().sum() in (1, 2)
    same, kept = mix(images, targets, Strength(mixed_batches=0.0), np.random.default_rng(5))
    assert same is images
    assert kept is targets


def some_faces(count: int = 40) -> Faces:
    """Faces of which the bright ones smile."""
    rng = np.random.default_rng(7)
    bright = np.arange(count) % 2 == 1
    levels = np.where(bright, 190, 60)[:, None, None, None]
    images = (levels + rng.integers(-20, 20, (count, 112, 112, 3))).astype(np.uint8)
    logits = rng.normal(-4, 1, (count, len(SCORED))).astype(np.float32)
    logits[:, SCORED.index("Smiling")] = np.where(bright, 3, -3)
    return Faces(images, logits, np.arange(count))


def test_training_learns_and_goes_on_where_it_was_cut(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    faces = some_faces()
    pictures = train.read_pictures(faces, np.ones(len(faces), bool), None, 0.35)
    arguments = train.parse_arguments(["--out", "x", "--stages", "64x3"])
    settings = recipe(arguments, train.DEFAULTS)
    settings = replace(settings, batch=8)
    run = train.begin(settings, pictures.images, tmp_path / "whole")
    losses = [train.train_epoch(run, pictures, torch.ones(len(TRAINED))) for _ in range(2)]
    assert losses[1] < losses[0]
    run.epoch = 2
    run.save(tmp_path / "whole" / "last.pt")
    resumed = train.begin(settings, pictures.images, tmp_path / "whole")
    assert (resumed.epoch, resumed.step) == (2, run.step)
    train.train(resumed, pictures, faces, tmp_path / "whole")
    net, side = train.load_best(tmp_path / "whole" / "best.pt")
    assert side == 64
    assert not train.made_was_learned(tmp_path / "whole" / "best.pt")
    assert predict_logits(net, faces.images[:2], side).shape == (2, len(TRAINED))
    lines = (tmp_path / "whole" / "curves.csv").read_text().splitlines()
    assert lines[0].startswith("epoch,side,loss")
    assert lines[1].startswith("3,64,")


def test_plain_faces_leave_what_is_made_unknown_until_there_is_some(tmp_path: Path) -> None:
    from tests.training.test_attribute_data import written

    faces = some_faces()
    seen = np.arange(len(faces)) < 30
    plain = train.read_pictures(faces, seen, None, 0.35)
    assert plain.targets.shape == (30, 46)
    assert plain.targets[:, -len(MADE) :].isnan().all()
    folder = written(tmp_path, ["2,mask,0,0,1,0,0,1,,Smiling", "3,,0,0,0,0,0,0,,"])
    both = train.read_pictures(faces, seen, folder, 0.35)
    assert len(both.images) == 32
    assert both.epoch == 30
    assert both.chances[:30].sum() == pytest.approx(0.5)
    assert both.targets[30, TRAINED.index("Face_Mask")] == 1
    assert both.targets[30, TRAINED.index("Smiling")].isnan()
    assert both.targets[31, TRAINED.index("Smiling")] > 0.5
    with pytest.raises(ValueError, match="persons who are kept apart"):
        train.read_pictures(faces, np.arange(len(faces)) > 2, folder, 0.35)
