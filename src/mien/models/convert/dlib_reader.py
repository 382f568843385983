"""dlib's serialized network: the layers of its face recognition model, in forward order.

The format, as dlib's `serialize` writes it: an integer is a control byte (bit 7 the sign, the low
four bits the number of bytes) and its magnitude, little-endian; a float is two integers, mantissa
and exponent; a bool is "1" or "0"; a string is its length and its bytes; a tensor is the version 2,
its four dimensions and raw little-endian float32.
"""

from __future__ import annotations

import math
import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.errors import ModelIntegrityError

Array = NDArray[np.float64]
MAX_VALUES = 1 << 24  # of one tensor: the network has 5.6 million parameters in all


class Layer(NamedTuple):
    """One layer: its kind, its integers as they stand in the file, its parameters (flat).

    `shape` is that of a convolution's filters: out, in, rows, columns.
    """

    kind: str
    fields: tuple[int, ...] = ()
    parameters: Array = np.empty(0)
    shape: tuple[int, ...] = ()


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        if count < 0 or self.at + count > len(self.data):
            raise ModelIntegrityError("the dlib file is cut short")
        self.at += count
        return self.data[self.at - count : self.at]

    def integer(self) -> int:
        control = self.take(1)[0]
        count = control & 0x0F
        if control & 0x70 or not 1 <= count <= 8:
            raise ModelIntegrityError(f"no integer of dlib's format at byte {self.at - 1}")
        value = int.from_bytes(self.take(count), "little")
        return -value if control & 0x80 else value

    def integers(self, count: int) -> tuple[int, ...]:
        return tuple(self.integer() for _ in range(count))

    def real(self) -> float:
        mantissa, exponent = self.integers(2)
        if abs(exponent) > 1100:  # 32000 and on are the infinities and NaN
            raise ModelIntegrityError(f"a number that is not finite at byte {self.at}")
        return math.ldexp(mantissa, exponent)

    def text(self) -> str:
        return self.take(self.integer()).decode("ascii", "replace")

    def tensor(self) -> Array:
        version, *shape = self.integers(5)
        count = math.prod(shape)
        if version != 2 or min(shape) < 0 or count > MAX_VALUES:
            raise ModelIntegrityError(f"no tensor of dlib's format at byte {self.at}")
        return np.frombuffer(self.take(4 * count), "<f4").astype(np.float64)

    def alias(self) -> tuple[int, ...]:
        version, *shape = self.integers(5)
        if version != 1:
            raise ModelIntegrityError(f"no shape of dlib's format at byte {self.at}")
        return tuple(shape)

    def skip_to(self, mark: bytes) -> None:
        found = self.data.find(mark, self.at)
        if found < 0:
            raise ModelIntegrityError(f"the dlib file has no {mark!r}")
        self.at = found

    def layer(self, kind: str) -> Layer:
        if kind == "con_4":
            parameters, fields = self.tensor(), self.integers(7)
            shape = self.alias()
            self.alias()
            self.reals(4)
            if parameters.size != math.prod(shape) + fields[0]:
                raise ModelIntegrityError("a convolution of the dlib file has a wrong size")
            return Layer("con", fields, parameters, shape)
        if kind == "affine_":
            parameters = self.tensor()
            self.alias()
            self.alias()
            return Layer("affine", self.integers(1), parameters)
        if kind == "fc_2":
            fields, parameters = self.integers(2), self.tensor()
            self.alias()
            self.alias()
            mode = self.integers(1)
            self.reals(4)
            return Layer("fc", fields + mode, parameters)
        if kind in ("max_pool_2", "avg_pool_2"):
            return Layer(kind.removesuffix("_2"), self.integers(6))
        if kind in ("relu_", "add_prev_"):
            return Layer(kind.removesuffix("_"))
        raise ModelIntegrityError(f"the dlib file has a layer {kind!r}, which is not known")

    def reals(self, count: int) -> tuple[float, ...]:
        return tuple(self.real() for _ in range(count))


def read_network(data: bytes) -> tuple[Array, list[Layer]]:
    """The means (R, G, B) that dlib subtracts, and the 108 layers.

    Raises:
        ModelIntegrityError: the bytes are not such a file, or do not end where it ends.
    """
    reader = _Reader(data)
    if reader.integer() != 1 or reader.text() != "loss_metric_2":
        raise ModelIntegrityError("the file is not dlib's metric-learning network")
    reader.reals(2)
    # The versions of 130 nested wrappers stand here, which say nothing of the network.
    name = b"input_rgb_image_sized"
    reader.skip_to(struct.pack("BB", 1, len(name)) + name)
    reader.text()
    means = np.array(reader.reals(3))
    if reader.integers(2) != (150, 150):
        raise ModelIntegrityError("the dlib network does not take 150x150 pixels")
    layers = []
    while reader.at < len(data):
        layers.append(reader.layer(reader.text()))
        if not set(reader.take(3)) <= set(b"01"):  # three flags of dlib's trainer
            raise ModelIntegrityError(f"no end of a layer at byte {reader.at}")
        if any(reader.tensor().size for _ in range(3)):
            raise ModelIntegrityError("the dlib file holds training state")
        if len(layers) == 1:
            reader.integer()  # the wrapper that holds the input has a version of its own
    return means, layers
