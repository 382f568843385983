"""Sessions of LiteRT (TensorFlow Lite)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from mien.errors import ModelIntegrityError, ProviderError
from mien.models.quiet import without_announcement
from mien.models.session import Array, TensorSpec, check_arrays

PROVIDER = "LiteRT"


class LiteRtSession:
    """A model run by LiteRT on the CPU. Its batch of one is run once a row."""

    provider = PROVIDER

    def __init__(
        self, name: str, path: Path, *, threads: int, providers: Sequence[str] | None = None
    ) -> None:
        for provider in providers or ():
            if provider.lower() not in ("cpu", "cpuexecutionprovider", "litert"):
                raise ProviderError(
                    f"{name} cannot run on {provider}; available for it are LiteRT (on the CPU)"
                )
        try:
            with without_announcement():
                self._interpreter = Interpreter(str(path), num_threads=threads)
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ModelIntegrityError(f"{path} cannot be loaded by LiteRT: {error}") from error
        self.name = name
        inputs, outputs = (
            self._interpreter.get_input_details(),
            self._interpreter.get_output_details(),
        )
        self.inputs = tuple(map(_spec, inputs))
        self.outputs = tuple(map(_spec, outputs))
        self._at = [detail["index"] for detail in inputs]
        self._from = [detail["index"] for detail in outputs]
        self._lock = threading.Lock()  # an interpreter is not safe in two threads

    def run(self, *arrays: Array) -> list[Array]:
        """See `Session.run`."""
        check_arrays(self.name, self.inputs, arrays)
        count = len(arrays[0])
        if any(len(array) != count for array in arrays):
            raise ValueError(f"{self.name} takes the same batch in all its inputs")
        results = [
            np.empty((count, *(size or 1 for size in spec.shape[1:])), spec.dtype)
            for spec in self.outputs
        ]
        with self._lock:
            for row in range(count):
                for at, array in zip(self._at, arrays, strict=True):
                    self._interpreter.set_tensor(at, array[row : row + 1])
                self._interpreter.invoke()
                for at, result in zip(self._from, results, strict=True):
                    result[row] = self._interpreter.get_tensor(at)[0]
        return results


def _spec(detail: dict[str, Any]) -> TensorSpec:
    sizes = tuple(int(size) for size in detail["shape"])
    return TensorSpec(detail["name"], (None, *sizes[1:]), np.dtype(detail["dtype"]))
