"""CenterFace: batch, height and width made free, and its weights made constants.

The file declares a batch of 10 and 32x32 pixels, which are placeholders; the graph itself is fully
convolutional and runs on any multiple of 32. It also lists each weight among its inputs, as the
format once demanded: a caller might then change them, so that a runtime may neither fold nor pack
them, which takes two to three times as long.
"""

from __future__ import annotations

import onnx

from mien.errors import ModelIntegrityError


def convert(source: bytes) -> bytes:
    """The model with the input (n, 3, h, w) and outputs (n, c, h/4, w/4).

    Raises:
        ModelIntegrityError: the model does not take one image.
    """
    model = onnx.load_model_from_string(source)
    graph = model.graph
    constants = {tensor.name for tensor in graph.initializer}
    images = [value for value in graph.input if value.name not in constants]
    maps = [len(value.type.tensor_type.shape.dim) for value in (*images, *graph.output)]
    if len(images) != 1 or set(maps) != {4}:
        raise ModelIntegrityError("the CenterFace file does not take one image and give maps")
    _free(images[0], ("n", None, "h", "w"))
    del graph.input[:]
    graph.input.extend(images)
    for value in graph.output:
        _free(value, ("n", None, "h_out", "w_out"))
    del graph.value_info[:]  # shapes inferred for the placeholders
    return bytes(model.SerializeToString(deterministic=True))


def _free(value: onnx.ValueInfoProto, names: tuple[str | None, ...]) -> None:
    for dim, name in zip(value.type.tensor_type.shape.dim, names, strict=True):
        if name is not None:
            dim.dim_param = name
