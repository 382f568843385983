"""Read the trained network back from the exported file, so that training goes on from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper

from training.emotion.dlib_weights import FoldedConvolution
from training.emotion.network import BLOCKS, ExpressionNet, ExpressionPair, load_folded

CONVOLUTIONS = 1 + 2 * len(BLOCKS)
"""Of one network."""


def read_onnx(path: Path) -> tuple[ExpressionNet | ExpressionPair, int]:
    """The network or networks of an exported file before calibration, and the side of its input.

    Its normalisations only add; call `network.settle` before training it.
    """
    model = onnx.load(path)
    values = stored_values(model)
    layers = stored_convolutions(model, values)
    mirrored = reads_mirror_images(model)
    nets = [
        _net(mirrored, layers[at * CONVOLUTIONS : (at + 1) * CONVOLUTIONS], *head)
        for at, head in enumerate(stored_heads(model, values))
    ]
    return nets[0] if len(nets) == 1 else ExpressionPair(*nets), stored_side(model, values)


def metadata(model: onnx.ModelProto) -> dict[str, str]:
    """What the file tells of itself."""
    return {entry.key: entry.value for entry in model.metadata_props}


def reads_mirror_images(model: onnx.ModelProto) -> bool:
    """Whether faces are read with their mirror images, as all files do that do not tell."""
    return metadata(model).get("ways") != "1"


def stored_values(model: onnx.ModelProto) -> dict[str, NDArray[np.float64]]:
    """Every weight by the name under which it is used, out of the form in which it is stored."""
    values = {
        tensor.name: numpy_helper.to_array(tensor).astype(np.float64)
        for tensor in model.graph.initializer
    }
    for node in model.graph.node:
        stored = [values[name] for name in node.input if name in values]
        if node.op_type == "Cast" and stored:
            values[node.output[0]] = stored[0]
        elif node.op_type == "Mul" and len(stored) == 2:  # whole numbers and their scale
            values[node.output[0]] = stored[0] * stored[1]
    return values


def stored_convolutions(
    model: onnx.ModelProto, values: dict[str, NDArray[np.float64]]
) -> list[FoldedConvolution]:
    """Every convolution, in the order in which they are run."""
    return [
        FoldedConvolution(values[node.input[1]], values[node.input[2]])
        for node in model.graph.node
        if node.op_type == "Conv"
    ]


def _net(
    mirrored: bool, layers: Sequence[FoldedConvolution], weight: NDArray[np.float64],
    bias: NDArray[np.float64],
) -> ExpressionNet:  # fmt: skip
    net = ExpressionNet(mirrored=mirrored)
    load_folded(net, layers)
    load_head(net.head, weight, bias)
    net.eval().requires_grad_(False)
    return net


def load_head(
    head: torch.nn.Linear, weight: NDArray[np.float64], bias: NDArray[np.float64]
) -> None:
    """Load the weight (in, out) and the bias of a head as they are stored."""
    head.weight.data = torch.from_numpy(weight.T.astype(np.float32))
    head.bias.data = torch.from_numpy(bias.astype(np.float32))


def stored_heads(
    model: onnx.ModelProto, values: dict[str, NDArray[np.float64]]
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Weight and bias of every head: what something is multiplied by, and what is then added."""
    for product in model.graph.node:
        if product.op_type == "MatMul":
            total = next(node for node in model.graph.node if product.output[0] in node.input)
            if total.input[1] in values:
                yield values[product.input[1]], values[total.input[1]]


def stored_side(model: onnx.ModelProto, values: dict[str, NDArray[np.float64]]) -> int:
    """The side of the input of the network that is run first."""
    side, _ = next(iter(scaled_sizes(model, values).values()))
    return side


def scaled_sizes(
    model: onnx.ModelProto, values: dict[str, NDArray[np.float64]]
) -> dict[str, tuple[int, int]]:
    """Width and height that images are scaled to, by the image's name, in the order it is done."""
    sizes_of = {node.output[0]: node for node in model.graph.node if node.op_type == "Concat"}
    found = {}
    for node in model.graph.node:
        if node.op_type == "Resize":
            _, height, width = values[sizes_of[node.input[3]].input[1]].astype(int)
            found[node.input[0]] = int(width), int(height)
    return found
