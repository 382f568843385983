"""dlib's face recognition network, from its own file format to ONNX.

Input: (n, 3, 150, 150) float32, RGB 0..255. Output: (n, 128) float32. dlib's normalisation,
(x - mean) / 256, and its affine layers are folded into the convolutions, in float64.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from mien.errors import ModelIntegrityError
from mien.models.convert.dlib_reader import Layer, read_network

Array = NDArray[np.float64]
OPSET, IR_VERSION = 13, 8

# Channels and side of the map that each block puts out; a block whose side shrinks halves its map.
BLOCKS = (
    *((32, 35),) * 3,
    *((64, 17),) * 4,
    *((128, 8),) * 3,
    *((256, 4),) * 3,
    (256, 2),
)


@dataclass
class _Graph:
    """The ONNX graph as it grows; every method returns the name of the tensor it made."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def add(self, kind: str, *inputs: str, **attributes: object) -> str:
        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name, **attributes))
        return name

    def constant(self, value: NDArray[np.generic]) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def convolution(self, x: str, conv: Layer, affine: Layer, means: Array | None = None) -> str:
        gamma, beta = np.split(affine.parameters, 2)
        filters = int(conv.fields[0])
        taps = conv.parameters[:-filters].reshape(conv.shape)
        bias = conv.parameters[-filters:]
        if means is not None:  # exact, for the first layer has no padding
            bias = bias - (taps * means[:, None, None]).sum(axis=(1, 2, 3)) / 256
            taps = taps / 256
        stride, pad = list(conv.fields[3:5]), list(conv.fields[5:7])
        weights = self.constant((taps * gamma[:, None, None, None]).astype(np.float32))
        offset = self.constant((bias * gamma + beta).astype(np.float32))
        return self.add("Conv", x, weights, offset, strides=stride, pads=pad * 2)

    def padded(self, x: str, have: tuple[int, int], want: tuple[int, int]) -> str:
        """Zeros at the end of channels, rows and columns, as dlib's add_prev has it."""
        if have == want:
            return x
        channels, side = want[0] - have[0], want[1] - have[1]
        pads = np.array([0, 0, 0, 0, 0, channels, side, side], np.int64)
        return self.add("Pad", x, self.constant(pads))


def convert(source: bytes) -> bytes:
    """The ONNX model.

    Raises:
        ModelIntegrityError: the bytes are not dlib's network.
    """
    means, layers = read_network(source)
    feed = iter(layers)
    graph = _Graph()
    try:
        _body(graph, feed, means)
        if next(feed, None) is not None:
            raise ModelIntegrityError("the dlib file has more layers than the known network")
    except (StopIteration, ValueError) as error:
        raise ModelIntegrityError(f"the dlib file is not the known network: {error}") from error
    graph.nodes[-1].output[0] = "embedding"
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "dlib_face_recognition_resnet_model_v1",
            [helper.make_tensor_value_info("chips", TensorProto.FLOAT, ["n", 3, 150, 150])],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 128])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="mien",
    )
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _body(graph: _Graph, feed: Iterator[Layer], means: Array) -> str:
    def take(kind: str) -> Layer:
        layer = next(feed)
        if layer.kind != kind:
            raise ValueError(f"a {kind} layer was expected and a {layer.kind} layer came")
        return layer

    x = graph.convolution("chips", take("con"), take("affine"), means)
    take("relu")
    x = graph.add("Relu", x)
    take("max_pool")
    x = graph.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2])
    channels, side = 32, 35
    for wide, small in BLOCKS:
        y = graph.convolution(x, take("con"), take("affine"))
        take("relu")
        y = graph.add("Relu", y)
        y = graph.convolution(y, take("con"), take("affine"))
        shortcut = x
        if small < side:
            take("avg_pool")
            shortcut = graph.add("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
            y = graph.padded(y, (wide, (side - 3) // 2 + 1), (wide, small))
        shortcut = graph.padded(shortcut, (channels, small), (wide, small))
        take("add_prev")
        x = graph.add("Add", y, shortcut)
        take("relu")
        x = graph.add("Relu", x)
        channels, side = wide, small
    take("avg_pool")
    x = graph.add("Flatten", graph.add("GlobalAveragePool", x))
    matrix = take("fc").parameters.reshape(256, 128)
    return graph.add("MatMul", x, graph.constant(matrix.astype(np.float32)))
