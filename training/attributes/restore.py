"""Read the networks back from the exported file, so that one of them can be made anew."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
from numpy.typing import NDArray
from torch import nn

from training.attributes.closeups import CLOSE_UPS, STEPS, CloseUpNet
from training.attributes.network import AttributeNet
from training.emotion.network import FEATURES, load_folded
from training.emotion.restore import (
    CONVOLUTIONS,
    load_head,
    metadata,
    reads_mirror_images,
    scaled_sizes,
    stored_convolutions,
    stored_heads,
    stored_side,
    stored_values,
)

Values = dict[str, NDArray[np.float64]]


class Stored(NamedTuple):
    """What an exported file is made of, before mixture and calibration.

    Attributes:
        net: the network of the whole head, with the outputs of the file.
        side: of its input.
        names: of the outputs.
        close_ups: by name.
    """

    net: AttributeNet
    side: int
    names: tuple[str, ...]
    close_ups: Mapping[str, CloseUpNet]


def read_onnx(path: Path, without: Collection[str] = ()) -> Stored:
    """The networks of an exported file, but for some close-ups.

    Raises:
        ValueError: a close-up of the file reads another part than it would now, at another size,
            or has other channels.
    """
    model = onnx.load(path)
    values = stored_values(model)
    names = tuple(metadata(model)["names"].split(","))
    layers, heads = stored_convolutions(model, values), list(stored_heads(model, values))
    net = AttributeNet(mirrored=reads_mirror_images(model))
    load_folded(net, layers[:CONVOLUTIONS])
    net.head = nn.Linear(FEATURES, len(names))
    load_head(net.head, *heads[0])
    close_ups: dict[str, CloseUpNet] = {}
    for at, (name, window, size) in enumerate(_close_ups(model, values, names)):
        if name in without:
            continue
        now, first = CLOSE_UPS[name], CONVOLUTIONS + at * len(STEPS)
        own = layers[first : first + len(STEPS)]
        channels = tuple(len(layer.bias) for layer in own)
        if (window, size, channels) != (now.window, now.size, now.channels):
            raise ValueError(
                f"the close-up of the {name} in {path} reads {window} at {size} with {channels} "
                "channels: train it again"
            )
        close_ups[name] = close_up = CloseUpNet(now)
        load_folded(close_up, own)
        load_head(close_up.head, *heads[1 + at])
    nets: list[nn.Module] = [net, *close_ups.values()]
    for each in nets:
        each.eval().requires_grad_(False)
    return Stored(net, stored_side(model, values), names, close_ups)


def _close_ups(
    model: onnx.ModelProto, values: Values, names: tuple[str, ...]
) -> Iterator[tuple[str, tuple[int, ...], tuple[int, ...]]]:
    """Name, window and size of each close-up of the file, in the order in which they are run."""
    products = [values[node.input[1]] for node in model.graph.node if node.op_type == "MatMul"]
    # The first is the whole network's head; then each close-up has a head, and a matrix that
    # spreads its outputs over all.
    sizes = scaled_sizes(model, values)
    parts = [node for node in model.graph.node if node.op_type == "Slice" and "image" in node.input]
    for spread, part in zip(products[2::2], parts[1:], strict=True):
        outputs = {names[at] for at in np.flatnonzero(np.abs(spread).sum(axis=0))}
        (top, left), (bottom, right) = (values[name].astype(int) for name in part.input[1:3])
        name = next(name for name, each in CLOSE_UPS.items() if set(each.outputs) == outputs)
        window = int(left), int(top), int(right - left), int(bottom - top)
        yield name, window, sizes.get(part.output[0], window[2:])
