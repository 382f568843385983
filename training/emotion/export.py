"""Write the trained network as one ONNX file, calibrated, with weights stored in half precision.

    python -m training.emotion.export --data DATA --weights RUN/best.pt --out emotion.onnx
    python -m training.emotion.export --data DATA --weights A/best.pt --second B/best.pt \\
        --out emotion.onnx

Of two networks the first reads the face and the second its mirror image; their weights take eight
bits in place of sixteen.

Input ``image``: (n, 1, 48, 48) float32, gray 0..255, a tight crop of a face. Outputs: ``scores``
(n, 8), rows sum to 1, in the order of `data.LABELS`; ``agreement`` (n,), the expected share of ten
people who would give the top label; ``face`` (n,), the probability that the crop shows a face, by
which the scores are evened out; ``covered`` (n, 2), those that its eyes and its mouth are covered.

The enlargement to the network's own side, the mean over the face and its mirror image if both are
read, and both calibrations are part of the graph. It is built by hand: batch normalisation folds
into the convolutions, and the result is the same on every version of the training framework.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from training.emotion import calibrate, covers, data, doubt
from training.emotion.calibrate import Calibration
from training.emotion.doubt import Doubt
from training.emotion.network import BLOCKS, MAP_BLOCKS, ExpressionNet, ExpressionPair
from training.emotion.predict import predict_logits, predict_places
from training.emotion.train import load_best, load_one
from training.files import add_data

OPSET = 17
IR_VERSION = 8
MAX_BYTES = 12_000_000
Shape = Sequence[str | int]


class Graph:
    """Collects nodes and weights; every method returns the name of the value it makes."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def add(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        output = output or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def split(self, value: str, *columns: int, outputs: tuple[str, ...]) -> list[str]:
        """Parts of so many columns each, under these names where they are not empty."""
        names = [name or f"v{len(self.nodes)}_{at}" for at, name in enumerate(outputs)]
        parts = [value, self.integers(*columns)]
        self.nodes.append(helper.make_node("Split", parts, names, axis=1))
        return names

    def constant(self, values: NDArray[Any]) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def half(self, values: NDArray[np.float64]) -> str:
        """A weight stored in half precision and used in single; the runtime casts it once."""
        return self.add("Cast", self.constant(values.astype(np.float16)), to=TensorProto.FLOAT)

    def eighth(self, values: NDArray[np.float64]) -> str:
        """A weight stored as whole numbers of -127 to 127, with a scale for each row of it."""
        peaks = np.abs(values).reshape(len(values), -1).max(axis=1)
        scale = (np.where(peaks > 0, peaks, 1) / 127).reshape(-1, *(1,) * (values.ndim - 1))
        whole = self.constant(np.round(values / scale).astype(np.int8))
        return self.add("Mul", self.add("Cast", whole, to=TensorProto.FLOAT), self.single(scale))

    def single(self, values: Any) -> str:
        return self.constant(np.asarray(values, np.float32))

    def integers(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))


def folded(
    convolution: torch.nn.Conv2d, norm: torch.nn.BatchNorm2d
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weight and bias of the convolution with its normalisation folded in."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    weight, mean = convolution.weight.double(), norm.running_mean.double()
    gain = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
    bias = norm.bias.double() - gain * mean
    return (weight * gain[:, None, None, None]).detach().numpy(), bias.detach().numpy()


def build(
    net: ExpressionNet | ExpressionPair, side: int, calibration: Calibration, fitted: Doubt
) -> onnx.ModelProto:
    """The whole graph, from gray crops to calibrated scores, agreement and doubt."""
    graph = Graph()
    logits, places = each_face(graph, resized(graph, "image", (1, side, side)), net)
    if len(net.ways) == 2:
        places = _beside(graph, places, len(fitted.weight))
    face = _doubted(graph, places, fitted)
    _calibrated(graph, logits, face, calibration)
    shapes: dict[str, Shape] = {
        "scores": ["n", len(data.LABELS)],
        "agreement": ["n"],
        "face": ["n"],
        "covered": ["n", len(covers.PARTS)],
    }
    told = {
        "labels": ",".join(data.LABELS),
        "covered": ",".join(covers.PARTS),
    } | told_ways(net)
    return model_of(graph, "expression", ["n", 1, data.FACE_SIDE, data.FACE_SIDE], shapes, told)


def each_face(
    graph: Graph, faces: str, net: ExpressionNet | ExpressionPair, *, doubting: bool = True
) -> tuple[str, str]:
    """Logits (n, k), the mean over the ways in which a face is read; and, if `doubting`, the maps
    that doubt is read from, those of mirror images behind the others."""
    if len(net.ways) == 1:
        return network(graph, faces, net.ways[0], doubting=doubting)
    if isinstance(net, ExpressionNet):
        both, places = network(graph, with_mirrored(graph, faces), net, doubting=doubting)
    else:
        views = faces, flipped(graph, faces)
        read = [network(graph, *each, small=True) for each in zip(views, net.ways, strict=True)]
        both, places = (graph.add("Concat", *each, axis=0) for each in zip(*read, strict=True))
    return both_means(graph, both, net.ways[0].head.out_features), places


def told_ways(net: ExpressionNet | ExpressionPair) -> dict[str, str]:
    """What the metadata tells of how faces are read; `restore.reads_mirror_images` reads it."""
    return {"ways": str(len(net.ways))}


def both_means(graph: Graph, values: str, columns: int) -> str:
    """The mean over each face and its mirror image, (n, columns)."""
    both = graph.add("Reshape", values, graph.integers(2, -1, columns))
    return graph.add("ReduceMean", both, axes=[0], keepdims=0)


def resized(graph: Graph, image: str, shape: tuple[int, int, int]) -> str:
    """Scaled to (channels, height, width)."""
    given = graph.add("Shape", image)
    batch = graph.add("Slice", given, graph.integers(0), graph.integers(1))
    sizes = graph.add("Concat", batch, graph.integers(*shape), axis=0)
    return graph.add(
        "Resize", image, "", "", sizes,
        mode="linear", coordinate_transformation_mode="half_pixel",
    )  # fmt: skip


def with_mirrored(graph: Graph, image: str) -> str:
    """The mirror images behind the faces, (2n, channels, height, width)."""
    return graph.add("Concat", image, flipped(graph, image), axis=0)


def flipped(graph: Graph, image: str) -> str:
    """The mirror images."""
    before_first = np.iinfo(np.int64).min + 1
    return graph.add(
        "Slice", image, graph.integers(-1), graph.integers(before_first),
        graph.integers(3), graph.integers(-1),
    )  # fmt: skip


def network(
    graph: Graph, x: str, net: ExpressionNet, *, doubting: bool = True, small: bool = False
) -> tuple[str, str]:
    """Logits (n, k) of the head, and the map that doubt is read from, flat, if `doubting`.

    The filters are stored in half precision, or, if `small`, in eight bits.
    """
    places = ""
    pairs = [folded(*pair) for pair in net.convolutions()]
    x = convolution(graph, x, pairs[0], stride=2, padding=0, small=small)
    x = graph.add("Relu", x)
    x = graph.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2])
    for at, (inputs, outputs, stride) in enumerate(BLOCKS):
        branch = convolution(graph, x, pairs[1 + 2 * at], stride, padding=1, small=small)
        branch = graph.add("Relu", branch)
        branch = convolution(graph, branch, pairs[2 + 2 * at], 1, padding=1, small=small)
        shortcut = _shortcut(graph, x, outputs - inputs, stride)
        x = graph.add("Relu", graph.add("Add", branch, shortcut))
        if doubting and at + 1 == MAP_BLOCKS:
            places = graph.add("Flatten", x)
    features = graph.add("Flatten", graph.add("GlobalAveragePool", x))
    weight = graph.half(net.head.weight.detach().double().numpy().T)
    bias = graph.single(net.head.bias.detach().numpy())
    return graph.add("Add", graph.add("MatMul", features, weight), bias), places


def convolution(
    graph: Graph,
    x: str,
    pair: tuple[NDArray[np.float64], NDArray[np.float64]],
    stride: int,
    padding: int,
    *,
    small: bool = False,
) -> str:
    """A convolution with the weight and bias of `folded`, the weight in half precision; or, to
    take less room, in eight bits."""
    weight, bias = pair
    stored = graph.eighth(weight) if small else graph.half(weight)
    return graph.add(
        "Conv", x, stored, graph.single(bias),
        kernel_shape=list(weight.shape[2:]), strides=[stride] * 2, pads=[padding] * 4,
    )  # fmt: skip


def _shortcut(graph: Graph, x: str, extra: int, stride: int) -> str:
    if stride == 2:
        x = graph.add("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1)
    if extra:
        x = graph.add("Pad", x, graph.integers(0, 0, 0, 0, 0, extra, 0, 0))
    return x


def _beside(graph: Graph, places: str, width: int) -> str:
    """The maps of mirror images put beside those of the faces, (n, width)."""
    by_face = graph.add("Reshape", places, graph.integers(2, -1, width // 2))
    beside = graph.add("Transpose", by_face, perm=[1, 0, 2])
    return graph.add("Reshape", beside, graph.integers(-1, width))


def _doubted(graph: Graph, places: str, fitted: Doubt) -> str:
    """Add the outputs `face` and `covered`; gives the name of face as a column (n, 1)."""
    weight, bias = graph.single(fitted.weight.numpy()), graph.single(fitted.bias.numpy())
    shares = graph.add("Sigmoid", graph.add("Gemm", places, weight, bias))
    face, _ = graph.split(shares, 1, len(doubt.OUTPUTS) - 1, outputs=("", "covered"))
    graph.add("Squeeze", face, graph.integers(1), output="face")
    return face


def _calibrated(graph: Graph, logits: str, face: str, calibration: Calibration) -> None:
    """Add the outputs `scores`, and `agreement` from the top score and its label."""
    slope, offsets = graph.single(calibration.slope), graph.single(calibration.offsets)
    scaled = graph.add("Add", graph.add("Mul", logits, slope), offsets)
    seen = graph.add("Mul", face, graph.add("Softmax", scaled, axis=1))
    unseen = graph.add("Sub", graph.single(1.0), face)
    even = graph.add("Mul", unseen, graph.single(1 / len(data.LABELS)))
    scores = graph.add("Add", seen, even, output="scores")
    top = graph.add("ReduceMax", scores, axes=[1], keepdims=0)
    top = graph.add("Clip", top, graph.single(1e-6), graph.single(1 - 1e-6))
    rest = graph.add("Sub", graph.single(1.0), top)
    log_odds = graph.add("Log", graph.add("Div", top, rest))
    label = graph.add("ArgMax", scores, axis=1, keepdims=0)
    offset = graph.add("Gather", graph.single(calibration.agreement_offsets), label)
    sloped = graph.add("Mul", log_odds, graph.single(calibration.agreement_slope))
    graph.add("Sigmoid", graph.add("Add", sloped, offset), output="agreement")


def model_of(
    graph: Graph, name: str, image: Shape, outputs: Mapping[str, Shape], told: Mapping[str, str]
) -> onnx.ModelProto:
    """The whole model, checked.

    Args:
        graph: from the value ``image`` to all of the outputs.
        name: of the graph.
        image: shape of the input, with a name for a dimension that is free.
        outputs: shape of each output, likewise.
        told: the metadata.
    """
    takes = helper.make_tensor_value_info("image", TensorProto.FLOAT, image)
    gives = [
        helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)
        for output, shape in outputs.items()
    ]
    body = helper.make_graph(graph.nodes, name, [takes], gives, graph.weights)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = IR_VERSION
    helper.set_model_props(model, dict(told))
    onnx.checker.check_model(model)
    return model


def write_model(model: onnx.ModelProto, out: Path) -> int:
    """Write the file; gives its size in bytes.

    Raises:
        SystemExit: it would be larger than `MAX_BYTES`.
    """
    content = model.SerializeToString()
    if len(content) > MAX_BYTES:
        raise SystemExit(f"the file would have {len(content)} bytes, more than {MAX_BYTES}")
    return out.write_bytes(content)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of an export."""
    add_data(parser)
    parser.add_argument("--weights", type=Path, required=True, help="best.pt of a run")
    parser.add_argument("--out", type=Path, required=True, help="the ONNX file to write")
    parser.add_argument("--side", type=int, help="of the network's own input, else as trained last")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m training.emotion.export")
    add_options(parser)
    parser.add_argument("--second", type=Path, help="best.pt of what reads the mirror images")
    arguments = parser.parse_args()
    net, trained = load_best(arguments.weights)
    if arguments.second:
        net = ExpressionPair(net.ways[0], load_one(arguments.second)[0])
    side = arguments.side or trained
    folder = data.data_folder(arguments.data)
    part, valid = data.read_part(folder, "train"), data.read_part(folder, "valid")
    places = predict_places(net, valid.images, side)
    decided = data.majority(valid.votes) != data.NO_MAJORITY
    fitted = doubt.fit(net, side, part, places[decided])
    logits = predict_logits(net, valid.images, side)
    calibration = calibrate.fit(logits, valid.votes, fitted.face(places))
    size = write_model(build(net, side, calibration, fitted), arguments.out)
    print(json.dumps({"bytes": size, "side": side} | calibration.as_dict(), indent=2))


if __name__ == "__main__":
    main()
