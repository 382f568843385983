"""dlib's face recognition network, from its own file format to ONNX.

Input: (n, 3, 150, 150) float32, RGB 0..255. Output: (n, 128) float32. dlib's normalisation,
(x - mean) / 256, and its affine layers are folded into the convolutions, in float64.
"""

from __future__ import annotations

import numpy as np

from mien.models.convert.dlib_graph import Feed, Graph, model_of


def convert(source: bytes) -> bytes:
    """The ONNX model.

    Raises:
        ModelIntegrityError: the bytes are not dlib's network.
    """
    return model_of(source, _body)


def _body(graph: Graph, feed: Feed) -> None:
    x = stem(graph, feed)
    x = halving(graph, feed, x, (32, 35), (64, 17))
    for _ in range(3):
        x = block(graph, feed, x)
    x = halving(graph, feed, x, (64, 17), (128, 8))
    for _ in range(2):
        x = block(graph, feed, x)
    x = halving(graph, feed, x, (128, 8), (256, 4))
    for _ in range(2):
        x = block(graph, feed, x)
    head(graph, feed, x)


def stem(graph: Graph, feed: Feed) -> str:
    """All that comes before the first block that halves its map: (n, 32, 35, 35)."""
    x = graph.rectified(graph.convolution("chips", feed), feed)
    feed.take("max_pool")
    x = graph.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2])
    for _ in range(3):
        x = block(graph, feed, x)
    return x


def block(graph: Graph, feed: Feed, x: str) -> str:
    """A block that keeps the size of its map."""
    y = graph.rectified(graph.convolution(x, feed), feed)
    return graph.sum(graph.convolution(y, feed), x, feed)


def halving(graph: Graph, feed: Feed, x: str, have: tuple[int, int], want: tuple[int, int]) -> str:
    """A block that halves its map; `have` and `want` are the channels and side of its maps."""
    y = graph.rectified(graph.convolution(x, feed), feed)
    y = graph.convolution(y, feed)
    shortcut = graph.halved(x, feed)
    y = _padded(graph, y, (want[0], (have[1] - 3) // 2 + 1), want)
    return graph.sum(y, _padded(graph, shortcut, (have[0], want[1]), want), feed)


def head(graph: Graph, feed: Feed, x: str) -> None:
    """The last block, the mean over the map, and the vector, from (n, 256, 4, 4)."""
    x = halving(graph, feed, x, (256, 4), (256, 2))
    feed.take("avg_pool")
    x = graph.add("Flatten", graph.add("GlobalAveragePool", x))
    graph.add("MatMul", x, graph.reals(feed.take("fc").parameters.reshape(256, 128)))


def _padded(graph: Graph, x: str, have: tuple[int, int], want: tuple[int, int]) -> str:
    """Zeros at the end of channels, rows and columns, as dlib's add_prev has it."""
    if have == want:
        return x
    channels, side = want[0] - have[0], want[1] - have[1]
    pads = np.array([0, 0, 0, 0, 0, channels, side, side], np.int64)
    return graph.add("Pad", x, graph.constant(pads))
