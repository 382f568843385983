"""dlib's face recognition network for large batches: Winograd's convolution, as plain ONNX nodes.

Inputs and outputs are those of `dlib_resnet`. Its 17 convolutions of stride 1 on maps of 17 x 17,
8 x 8, 4 x 4 and 3 x 3 are done by fewer multiplications; on the larger maps before them the
transforms would cost more than they save. The taps are multiplied out when the file is loaded.

What a transform mixes are positions, so these come first: (row, column, chip, channel) where the
products are MatMul, (position, channel, chip) where they are a Conv with a group for each point.
There the weights are so large that it matters that MatMul would pack them anew in each run.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mien.models.convert.dlib_graph import Feed, Graph, model_of
from mien.models.convert.dlib_resnet import head, stem
from mien.models.convert.winograd import Winograd, winograd

Array = NDArray[np.float64]


def convert(source: bytes) -> bytes:
    """The ONNX model.

    Raises:
        ModelIntegrityError: the bytes are not dlib's network.
    """
    return model_of(source, _body)


def _body(graph: Graph, feed: Feed) -> None:
    x = stem(graph, feed)
    x = _by_rows(graph, feed, x, winograd(17, 6), blocks=4)
    x = _by_rows(graph, feed, x, winograd(8, 4), blocks=3)
    head(graph, feed, _by_groups(graph, feed, x))


def _by_rows(graph: Graph, feed: Feed, x: str, algorithm: Winograd, blocks: int) -> str:
    """Blocks of one size, of which the first halves the map, by MatMul; (n, c, h, w) in and out."""
    y = graph.rectified(graph.convolution(x, feed), feed)
    y, channels = _rows(graph, feed, _turned(graph, y), algorithm)
    # dlib fills the shortcut up with channels of zeros; each time there are twice as many
    pads = graph.constant(np.array([0, 0, 0, 0, 0, 0, 0, channels // 2], np.int64))
    shortcut = graph.add("Pad", _turned(graph, graph.halved(x, feed)), pads)
    x = graph.sum(y, shortcut, feed)
    for _ in range(blocks - 1):
        y, _ = _rows(graph, feed, x, algorithm)
        y, _ = _rows(graph, feed, graph.rectified(y, feed), algorithm)
        x = graph.sum(y, x, feed)
    return _turned(graph, x)


def _turned(graph: Graph, x: str) -> str:
    """(n, c, h, w) from (h, w, n, c), and the other way round."""
    return graph.add("Transpose", x, perm=[2, 3, 0, 1])


def _rows(graph: Graph, feed: Feed, x: str, algorithm: Winograd) -> tuple[str, int]:
    """A convolution of (h, w, n, c), rows and columns transformed one after the other; and c."""
    _, taps, bias = feed.convolution()
    points, tiles, side = algorithm.spread.shape
    wide, channels = points * tiles, len(bias)
    spread = graph.reals(algorithm.spread.reshape(wide, side))
    gather = graph.reals(algorithm.gather.reshape(side, wide))
    weights = _weights(graph, algorithm, taps.transpose(2, 3, 1, 0))
    weights = graph.shaped(weights, points, 1, points, channels, channels)
    x = graph.add("MatMul", spread, graph.shaped(x, side, -1))
    x = graph.add("MatMul", spread, graph.shaped(x, wide, side, -1))
    x = graph.add("MatMul", graph.shaped(x, points, tiles, points, -1, channels), weights)
    x = graph.add("MatMul", gather, graph.shaped(x, wide, wide, -1))
    x = graph.add("MatMul", gather, graph.shaped(x, wide, -1))
    x = graph.shaped(x, side, side, -1, channels)
    return graph.add("Add", x, graph.reals(bias)), channels


def _weights(graph: Graph, algorithm: Winograd, taps: Array) -> str:
    """(points², all else) of taps (3, 3, ...), multiplied out by the runtime: nine numbers in the
    file stand for up to 64."""
    both = graph.reals(_squared(algorithm.taps))
    return graph.add("MatMul", both, graph.reals(taps.reshape(9, -1)))


def _by_groups(graph: Graph, feed: Feed, x: str) -> str:
    """The blocks that keep 256 channels of 4 x 4, and the one before, by Conv; (n, c, h, w)."""
    y = graph.rectified(graph.convolution(x, feed), feed)
    y = _groups(graph, feed, _inward(graph, y, 256, 9), winograd(3, 3))
    pads = graph.constant(np.array([0, 0, 0, 0, 128, 0], np.int64))
    shortcut = graph.add("Pad", _inward(graph, graph.halved(x, feed), 128, 16), pads)
    x = graph.sum(y, shortcut, feed)
    for _ in range(2):
        y = graph.rectified(_groups(graph, feed, x, winograd(4, 4)), feed)
        x = graph.sum(_groups(graph, feed, y, winograd(4, 4)), x, feed)
    x = graph.add("Transpose", graph.shaped(x, 16, 256, -1), perm=[1, 0, 2])
    x = graph.add("Transpose", graph.shaped(x, 256 * 16, -1), perm=[1, 0])
    return graph.shaped(x, -1, 256, 4, 4)


def _inward(graph: Graph, x: str, channels: int, positions: int) -> str:
    """(positions, c, n) of (n, c, h, w); ONNX Runtime is slow where it does both turns at once."""
    x = graph.add("Transpose", graph.shaped(x, -1, channels * positions), perm=[1, 0])
    return graph.add("Transpose", graph.shaped(x, channels, positions, -1), perm=[1, 0, 2])


def _groups(graph: Graph, feed: Feed, x: str, algorithm: Winograd) -> str:
    """A convolution of (h * w, c, n) with one tile; maps of 3 x 3 come out as 4 x 4, with zeros."""
    _, taps, bias = feed.convolution()
    side, channels = len(algorithm.gather), len(bias)
    spread = _squared(algorithm.spread[:, 0])
    gather = _squared(algorithm.gather[..., 0])
    points = len(spread)
    grid = np.zeros((4, 4, points))
    grid[:side, :side] = gather.reshape(side, side, points)
    weights = _weights(graph, algorithm, taps.transpose(2, 3, 0, 1))
    weights = graph.shaped(weights, points * channels, channels, 1, 1)
    x = graph.add("MatMul", graph.reals(spread), graph.shaped(x, side * side, -1))
    x = graph.shaped(x, 1, points * channels, -1, 1)
    offsets = graph.reals(np.outer(np.outer(algorithm.ones, algorithm.ones), bias).ravel())
    x = graph.add("Conv", x, weights, offsets, group=points)
    x = graph.add("MatMul", graph.reals(grid.reshape(16, points)), graph.shaped(x, points, -1))
    return graph.shaped(x, 16, channels, -1)


def _squared(matrix: Array) -> Array:
    """The matrix that does to rows and columns at once what the given one does to one of them."""
    return np.kron(matrix, matrix).astype(np.float64)
