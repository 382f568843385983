"""Read the trained network back from the exported file, so that training goes on from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper

from training.emotion.dlib_weights import FoldedConvolution
from training.emotion.network import ExpressionNet, load_folded


def read_onnx(path: Path) -> tuple[ExpressionNet, int]:
    """The network of an exported file before its calibration, and the side it was made for.

    Its normalisations only add; call `network.settle` before training it.
    """
    model = onnx.load(path)
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Cast" and node.input[0] in values:
            values[node.output[0]] = values[node.input[0]]
    convolutions = [node.input for node in model.graph.node if node.op_type == "Conv"]
    layers = [
        FoldedConvolution(values[weight].astype(np.float64), values[bias].astype(np.float64))
        for _, weight, bias in convolutions
    ]
    net = ExpressionNet().eval().requires_grad_(False)
    load_folded(net, layers)
    weight, bias = _head(model, values)
    net.head.weight.data = torch.from_numpy(weight.T.astype(np.float32))
    net.head.bias.data = torch.from_numpy(bias.astype(np.float32))
    return net, _side(model, values)


def _head(
    model: onnx.ModelProto, values: dict[str, NDArray[np.float32]]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    product = next(node for node in model.graph.node if node.op_type == "MatMul")
    total = next(node for node in model.graph.node if product.output[0] in node.input)
    return values[product.input[1]], values[total.input[1]]


def _side(model: onnx.ModelProto, values: dict[str, NDArray[np.float32]]) -> int:
    sizes = next(node for node in model.graph.node if node.op_type == "Concat")
    return int(values[sizes.input[1]][-1])
