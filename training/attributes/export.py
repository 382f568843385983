"""Write the trained network as one ONNX file, calibrated, with weights stored in half precision.

    python -m training.attributes.export --data DATA --weights RUN/best.pt --out attributes.onnx

Input ``image``: (n, 3, 112, 112) float32, RGB 0..255, framed like the faces of lfw_attributes.
Output ``scores``: (n, k) in 0..1, in the order of the names in the file's metadata.
The part of the crop that is read, the change to the network's own side, the mean over the face and
its mirror image, and the calibration are part of the graph.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

import onnx
import torch

from training.attributes.calibrate import Calibration, fit
from training.attributes.data import KEPT, SCORED, columns, read_faces
from training.attributes.faces import FACE_SIDE, check_faces, faces_folder
from training.attributes.labels import read_labels
from training.attributes.network import AttributeNet
from training.attributes.predict import WINDOW, predict_logits
from training.attributes.train import load_best, made_was_learned
from training.emotion.export import (
    Graph,
    add_options,
    both_means,
    mirrored,
    model_of,
    network,
    write_model,
)


def shipped(made: bool) -> tuple[str, ...]:
    """The outputs that are shipped: all of `KEPT` if generated occluders were learned."""
    return tuple(name for name in KEPT if made or name in SCORED)


def kept_only(net: AttributeNet, names: Sequence[str]) -> AttributeNet:
    """The network with these outputs, in this order."""
    rows = torch.from_numpy(columns(names))
    head = torch.nn.Linear(net.head.in_features, len(names))
    head.weight.data = net.head.weight.data[rows]
    head.bias.data = net.head.bias.data[rows]
    net.head = head
    return net


def build(
    net: AttributeNet, side: int, calibration: Calibration, names: Sequence[str]
) -> onnx.ModelProto:
    """The whole graph, from crops to calibrated scores.

    Args:
        net: as `kept_only` gives it.
        side: of the network's own input.
        calibration: of these outputs.
        names: of the outputs, for the metadata.
    """
    graph = Graph()
    left, top, width = WINDOW
    window = graph.add(
        "Slice", "image", graph.integers(top, left), graph.integers(top + width, left + width),
        graph.integers(2, 3),
    )  # fmt: skip
    faces = mirrored(graph, window, side, channels=3)
    both, _ = network(graph, faces, net, doubting=False)
    logits = both_means(graph, both, len(names))
    sloped = graph.add("Mul", logits, graph.single(calibration.slopes))
    moved = graph.add("Add", sloped, graph.single(calibration.offsets))
    graph.add("Sigmoid", moved, output="scores")
    return model_of(
        graph,
        "attributes",
        image=["n", 3, FACE_SIDE, FACE_SIDE],
        outputs={"scores": ["n", len(names)]},
        told={"names": ",".join(names)},
    )


def main() -> None:
    """Calibrate on the calibration faces and write the file."""
    parser = argparse.ArgumentParser(prog="python -m training.attributes.export")
    add_options(parser)
    arguments = parser.parse_args()
    folder = faces_folder(arguments.data)
    check_faces(folder)
    labels = read_labels().of("calibration")
    net, trained = load_best(arguments.weights)
    side = arguments.side or trained
    names = shipped(made_was_learned(arguments.weights))
    net = kept_only(net, names)
    images = read_faces(folder).images[labels.face]
    calibration = fit(predict_logits(net, images, side).double().numpy(), labels, names)
    size = write_model(build(net, side, calibration, names), arguments.out)
    table = zip(names, calibration.slopes, calibration.offsets, strict=True)
    rounded = {name: [round(slope, 3), round(offset, 3)] for name, slope, offset in table}
    print(json.dumps({"bytes": size, "side": side, "calibration": rounded}, indent=1))


if __name__ == "__main__":
    main()
