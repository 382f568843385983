"""What the conversions of dlib's network have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from mien.errors import ModelIntegrityError
from mien.models.convert.dlib_reader import Layer, read_network

Array = NDArray[np.float64]
OPSET, IR_VERSION = 13, 8


class Feed:
    """The layers of the file, in order."""

    def __init__(self, means: Array, layers: Iterator[Layer]) -> None:
        self._means: Array | None = means
        self._layers = layers

    def take(self, kind: str) -> Layer:
        """The next layer.

        Raises:
            ValueError: it is of another kind.
            StopIteration: there is none.
        """
        layer = next(self._layers)
        if layer.kind != kind:
            raise ValueError(f"a {kind} layer was expected and a {layer.kind} layer came")
        return layer

    def convolution(self) -> tuple[Layer, Array, Array]:
        """The next convolution with its taps (out, in, 3, 3) and offsets (out), into which the
        affine layer behind it is folded; into the first one dlib's normalisation as well."""
        conv, affine = self.take("con"), self.take("affine")
        gamma, beta = np.split(affine.parameters, 2)
        filters = int(conv.fields[0])
        taps = conv.parameters[:-filters].reshape(conv.shape)
        bias = conv.parameters[-filters:]
        if self._means is not None:  # exact, for the first layer has no padding
            bias = bias - (taps * self._means[:, None, None]).sum(axis=(1, 2, 3)) / 256
            taps = taps / 256
            self._means = None
        return conv, taps * gamma[:, None, None, None], bias * gamma + beta

    def end(self) -> None:
        """Raises ModelIntegrityError where a layer is left."""
        if next(self._layers, None) is not None:
            raise ModelIntegrityError("the dlib file has more layers than the known network")


@dataclass
class Graph:
    """The ONNX graph as it grows; every method returns the name of the tensor it made."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def add(self, kind: str, *inputs: str, **attributes: object) -> str:
        """A node of one output."""
        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name, **attributes))
        return name

    def constant(self, value: NDArray[np.generic]) -> str:
        """A constant of the value's own type."""
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def reals(self, value: Array) -> str:
        """A constant of float32."""
        return self.constant(value.astype(np.float32))

    def shaped(self, x: str, *shape: int) -> str:
        """The same numbers in another shape, of which one side may be -1."""
        return self.add("Reshape", x, self.constant(np.array(shape, np.int64)))

    def convolution(self, x: str, feed: Feed) -> str:
        """The next convolution, directly."""
        conv, taps, bias = feed.convolution()
        stride, pad = list(conv.fields[3:5]), list(conv.fields[5:7])
        weights, offset = self.reals(taps), self.reals(bias)
        return self.add("Conv", x, weights, offset, strides=stride, pads=pad * 2)

    def rectified(self, x: str, feed: Feed) -> str:
        """max(x, 0), where the file has it."""
        feed.take("relu")
        return self.add("Relu", x)

    def sum(self, x: str, shortcut: str, feed: Feed) -> str:
        """The end of a block: max(x + shortcut, 0)."""
        feed.take("add_prev")
        return self.rectified(self.add("Add", x, shortcut), feed)

    def halved(self, x: str, feed: Feed) -> str:
        """The shortcut of a block that halves its map."""
        feed.take("avg_pool")
        return self.add("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])


def model_of(source: bytes, body: Callable[[Graph, Feed], object]) -> bytes:
    """The ONNX model with the graph that `body` builds of all layers.

    Raises:
        ModelIntegrityError: the bytes are not dlib's network.
    """
    means, layers = read_network(source)
    feed, graph = Feed(means, iter(layers)), Graph()
    try:
        body(graph, feed)
        feed.end()
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
