"""Write the trained network as one ONNX file, calibrated, with weights stored in half precision.

    python -m training.attributes.export --data DATA --weights RUN/best.pt --closeups RUNS \\
        --out attributes.onnx

`--weights` also takes an exported file; what RUNS has no close-up of is then taken from it.

Input ``image``: (n, 3, 112, 112) float32, RGB 0..255, framed like the faces of lfw_attributes.
Output ``scores``: (n, k) in 0..1, in the order of the names in the file's metadata.
The part of the crop that is read, the change to the network's own side, the mean over the face and
its mirror image where both are read, the close-ups, whose weights take eight bits, and the
calibration are part of the graph.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch

from training.attributes.calibrate import Calibration, fit
from training.attributes.closeups import (
    CLOSE_UPS,
    MIDDLE,
    SPREAD,
    STEPS,
    CloseUp,
    CloseUpNet,
    Mixture,
    load_close_ups,
    places,
    read_all,
)
from training.attributes.data import KEPT, SCORED, columns, read_faces
from training.attributes.faces import FACE_SIDE, check_faces, faces_folder
from training.attributes.labels import read_labels
from training.attributes.network import AttributeNet
from training.attributes.predict import WINDOW, predict_logits
from training.attributes.restore import Stored, read_onnx
from training.attributes.train import load_best, made_was_learned
from training.emotion.export import (
    Graph,
    add_options,
    both_means,
    convolution,
    each_face,
    folded,
    model_of,
    resized,
    told_ways,
    with_mirrored,
    write_model,
)


def shipped(made: bool) -> tuple[str, ...]:
    """The outputs that are shipped: all of `KEPT` if generated occluders were learned."""
    return tuple(name for name in KEPT if made or name in SCORED)


def networks(weights: Path, given: Mapping[str, CloseUpNet]) -> Stored:
    """What is exported: of a run's ``best.pt``, or of an exported file, and these close-ups.

    Raises:
        ValueError: a close-up of the file can no longer be used, and is not given.
    """
    if weights.suffix == ".onnx":
        stored = read_onnx(weights, without=given)
        both = {**stored.close_ups, **given}
        return stored._replace(close_ups={name: both[name] for name in CLOSE_UPS if name in both})
    net, side = load_best(weights)
    names = shipped(made_was_learned(weights))
    return Stored(kept_only(net, names), side, names, given)


def kept_only(net: AttributeNet, names: Sequence[str]) -> AttributeNet:
    """The network with these outputs, in this order."""
    rows = torch.from_numpy(columns(names))
    head = torch.nn.Linear(net.head.in_features, len(names))
    head.weight.data = net.head.weight.data[rows]
    head.bias.data = net.head.bias.data[rows]
    net.head = head
    return net


def build(
    net: AttributeNet, side: int, calibration: Calibration, names: Sequence[str],
    closer: tuple[Mapping[str, CloseUpNet], Mixture] | None = None,
) -> onnx.ModelProto:  # fmt: skip
    """The whole graph, from crops to calibrated scores.

    Args:
        net: as `kept_only` gives it.
        side: of the network's own input.
        calibration: of these outputs, or of their mixture.
        names: of the outputs, for the metadata.
        closer: close-ups by name, and how they are mixed with the network.
    """
    graph = Graph()
    left, top, width = WINDOW
    window = _part(graph, left, top, width, width)
    faces = resized(graph, window, (3, side, side))
    logits, _ = each_face(graph, faces, net, doubting=False)
    nets, mixture = closer or ({}, Mixture(np.ones(len(names)), {}))
    slopes = np.array(calibration.slopes)
    moved = graph.add("Mul", logits, graph.single(slopes * mixture.whole))
    for name, close_up in nets.items():
        at = places(name, names)
        spread = np.zeros((len(at), len(names)))
        spread[np.arange(len(at)), at] = slopes[at] * mixture.close[name]
        found = _close_up(graph, CLOSE_UPS[name], close_up)
        moved = graph.add("Add", moved, graph.add("MatMul", found, graph.single(spread)))
    moved = graph.add("Add", moved, graph.single(calibration.offsets))
    graph.add("Sigmoid", moved, output="scores")
    return model_of(
        graph,
        "attributes",
        image=["n", 3, FACE_SIDE, FACE_SIDE],
        outputs={"scores": ["n", len(names)]},
        told={"names": ",".join(names)} | told_ways(net),
    )


def _part(graph: Graph, left: int, top: int, width: int, height: int) -> str:
    """This part of the crops."""
    return graph.add(
        "Slice", "image", graph.integers(top, left), graph.integers(top + height, left + width),
        graph.integers(2, 3),
    )  # fmt: skip


def _close_up(graph: Graph, close_up: CloseUp, net: CloseUpNet) -> str:
    """Logits (n, outputs) of a close-up."""
    part = _part(graph, *close_up.window)
    if close_up.size != close_up.window[2:]:
        part = resized(graph, part, (3, *close_up.size[::-1]))
    x = graph.add("Sub", with_mirrored(graph, part), graph.single(MIDDLE))
    x = graph.add("Div", x, graph.single(SPREAD))
    for pair, (kernel, stride) in zip(net.convolutions(), STEPS, strict=True):
        x = convolution(graph, x, folded(*pair), stride, padding=kernel // 2, small=True)
        x = graph.add("Relu", x)
    pooled = [graph.add(kind, x) for kind in ("GlobalAveragePool", "GlobalMaxPool")]
    seen = graph.add("Flatten", graph.add("Concat", *pooled, axis=1))
    weight = graph.half(net.head.weight.detach().double().numpy().T)
    logits = graph.add("MatMul", seen, weight)
    logits = graph.add("Add", logits, graph.single(net.head.bias.detach().numpy()))
    return both_means(graph, logits, len(close_up.outputs))


def main() -> None:
    """Calibrate on the calibration faces and write the file."""
    parser = argparse.ArgumentParser(prog="python -m training.attributes.export")
    add_options(parser)
    parser.add_argument("--closeups", type=Path, help="folder that holds the runs of the close-ups")
    parser.add_argument(
        "--one-way", action="store_true", help="the whole network reads no mirror image"
    )
    arguments = parser.parse_args()
    folder = faces_folder(arguments.data)
    check_faces(folder)
    labels = read_labels().of("calibration")
    given = load_close_ups(arguments.closeups) if arguments.closeups else {}
    net, trained, names, nets = networks(arguments.weights, given)
    net.mirrored = net.mirrored and not arguments.one_way
    side = arguments.side or trained
    images = read_faces(folder).images[labels.face]
    logits, read = predict_logits(net, images, side).double().numpy(), read_all(nets, images)
    mixture = Mixture.of(logits, names, read)
    calibration = fit(mixture.logits(logits, names, read), labels, names)
    model = build(net, side, calibration, names, (nets, mixture))
    size = write_model(model, arguments.out)
    table = zip(names, calibration.slopes, calibration.offsets, strict=True)
    rounded = {name: [round(slope, 3), round(offset, 3)] for name, slope, offset in table}
    told = {"bytes": size, "side": side, "close-ups": list(nets), "calibration": rounded}
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
