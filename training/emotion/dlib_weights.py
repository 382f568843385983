"""Read dlib's face network (CC0) from its serialised file: convolutions with the affine folded in.

The format is dlib's own: integers as a control byte and magnitude bytes, tensors as a version,
four sizes and raw float32. Only the records of `dlib_face_recognition_resnet_model_v1.dat` are
known here; anything else raises.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FILE_SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
RGB_MEANS = (122.782, 117.001, 104.298)
PIXEL_SCALE = 256.0
CONVOLUTIONS = 29


@dataclass(frozen=True, slots=True, eq=False)
class FoldedConvolution:
    """One convolution of the file with its affine layer folded in.

    Attributes:
        weight: (out, in, rows, columns) float64.
        bias: (out,) float64.
    """

    weight: NDArray[np.float64]
    bias: NDArray[np.float64]


class _Cursor:
    """Reads dlib's primitives from bytes, front to back."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def integer(self) -> int:
        control = self.data[self.at]
        size = control & 0x0F
        self.at += 1 + size
        magnitude = int.from_bytes(self.data[self.at - size : self.at], "little")
        return -magnitude if control & 0x80 else magnitude

    def integers(self, count: int) -> list[int]:
        return [self.integer() for _ in range(count)]

    def text(self) -> str:
        size = self.integer()
        self.at += size
        return self.data[self.at - size : self.at].decode("ascii")

    def skip_floats(self, count: int) -> None:
        self.integers(2 * count)

    def tensor(self) -> NDArray[np.float64]:
        if (version := self.integer()) != 2:
            raise ValueError(f"tensor version 2 expected at byte {self.at}, got {version}")
        size = int(np.prod(self.integers(4)))
        values = np.frombuffer(self.data, "<f4", size, self.at)
        self.at += 4 * size
        return values.astype(np.float64)

    def alias(self) -> list[int]:
        if (version := self.integer()) != 1:
            raise ValueError(f"alias version 1 expected at byte {self.at}, got {version}")
        return self.integers(4)

    def end_of_layer(self) -> None:
        self.at += 3
        for _ in range(3):
            self.tensor()


def read_convolutions(path: Path) -> list[FoldedConvolution]:
    """The 29 convolutions in forward order; the first takes RGB scaled as dlib scales it.

    Raises:
        ValueError: the file is not the known one.
    """
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != FILE_SHA256:
        raise ValueError(f"{path} is not the known face network (SHA-256 differs)")
    cursor = _Cursor(data)
    cursor.at = data.index(b"input_rgb_image_sized") - 2
    cursor.text()
    cursor.skip_floats(3)
    cursor.integers(2)
    folded: list[FoldedConvolution] = []
    while len(folded) < CONVOLUTIONS:
        _read_layer(cursor, folded)
    return folded


def _read_layer(cursor: _Cursor, folded: list[FoldedConvolution]) -> None:
    """Read one layer record; convolutions are added to `folded`, affines folded into the last."""
    name = cursor.text()
    if name == "con_4":
        folded.append(_read_convolution(cursor))
    elif name == "affine_":
        gamma, beta = np.split(cursor.tensor(), 2)
        cursor.alias()
        cursor.alias()
        cursor.integer()
        last = folded[-1]
        weight = last.weight * gamma[:, None, None, None]
        folded[-1] = FoldedConvolution(weight, last.bias * gamma + beta)
    elif name in ("max_pool_2", "avg_pool_2"):
        cursor.integers(6)
    elif name not in ("relu_", "add_prev_"):
        raise ValueError(f"unknown layer {name!r} at byte {cursor.at}")
    cursor.end_of_layer()
    # The first convolution alone carries one further integer at its end.
    if name == "con_4" and len(folded) == 1:
        cursor.integer()


def _read_convolution(cursor: _Cursor) -> FoldedConvolution:
    values = cursor.tensor()
    cursor.integers(7)
    shape = cursor.alias()
    cursor.alias()
    cursor.skip_floats(4)
    filters = int(np.prod(shape))
    return FoldedConvolution(values[:filters].reshape(shape), values[filters:])


def gray_stem(stem: FoldedConvolution) -> FoldedConvolution:
    """The stem for one gray channel of 0..255: exactly what RGB with three equal channels gives.

    The subtraction of the mean colour and the division by 256 are folded in; the stem has no
    padding, so the fold is exact.
    """
    means = np.array(RGB_MEANS)[None, :, None, None]
    bias = stem.bias - (stem.weight * means).sum(axis=(1, 2, 3)) / PIXEL_SCALE
    weight = stem.weight.sum(axis=1, keepdims=True) / PIXEL_SCALE
    return FoldedConvolution(weight, bias)
