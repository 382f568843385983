"""Sessions of ONNX Runtime."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime as ort

from mien.errors import ModelIntegrityError, ProviderError
from mien.models.session import Array, TensorSpec, check_arrays

CPU = "CPUExecutionProvider"
_DTYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(uint8)": np.uint8,
}

ort.set_default_logger_severity(3)  # errors only: the warnings are about the exporter's choices


class OrtSession:
    """A model run by ONNX Runtime."""

    def __init__(
        self, name: str, path: Path, *, threads: int, providers: Sequence[str] | None = None
    ) -> None:
        wanted = resolve_providers(providers)
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # Threads that spin while they wait take the cores from the decoder and other sessions.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.use_deterministic_compute = True
        options.log_severity_level = 3
        options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
        try:
            self._session = ort.InferenceSession(path, options, providers=wanted, enable_fallback=0)
        except Exception as error:  # the runtime's own errors share no other base
            if wanted != [CPU]:
                raise ProviderError(f"{name} cannot be loaded on {wanted[0]}: {error}") from error
            raise ModelIntegrityError(
                f"{path} cannot be loaded by ONNX Runtime: {error}"
            ) from error
        self.name = name
        self.provider = wanted[0]
        if self.provider != CPU:
            self._check_provider()
        self.inputs = tuple(map(_spec, self._session.get_inputs()))
        self.outputs = tuple(map(_spec, self._session.get_outputs()))
        self._names = [spec.name for spec in self.inputs]
        self._empty = _of_no_rows(self.outputs)

    def _check_provider(self) -> None:
        """A provider that takes no node leaves all to the CPU, and is still named first."""
        assignment = getattr(self._session, "get_provider_graph_assignment_info", None)
        if assignment is None:
            raise ProviderError(
                f"ONNX Runtime {ort.__version__} does not tell whether {self.provider} is in use; "
                "install a later one"
            )
        users = {graph.ep_name for graph in assignment()}
        if self.provider not in users:
            raise ProviderError(
                f"{self.provider} can run no part of {self.name}; it would run on "
                f"{', '.join(sorted(users))}: ask for that instead"
            )

    def run(self, *arrays: Array) -> list[Array]:
        """See `Session.run`."""
        check_arrays(self.name, self.inputs, arrays)
        if self._empty and not all(map(len, arrays)):  # not every graph can compute on nothing
            return [empty.copy() for empty in self._empty]
        out: list[Array] = self._session.run(None, dict(zip(self._names, arrays, strict=True)))
        return out


def resolve_providers(providers: Sequence[str] | None) -> list[str]:
    """Full names of the providers asked for, else of MIEN_PROVIDERS, else the CPU's.

    Raises:
        ProviderError: one of them is not in this build of ONNX Runtime.
    """
    if providers is None:
        text = os.environ.get("MIEN_PROVIDERS", "")
        providers = [part.strip() for part in text.split(",") if part.strip()]
    available = {known.lower(): known for known in ort.get_available_providers()}
    found = []
    for provider in providers:
        key = provider.lower().removesuffix("executionprovider") + "executionprovider"
        if key not in available:
            raise ProviderError(
                f"the provider {provider} is not there; available are "
                f"{', '.join(available.values())}"
            )
        found.append(available[key])
    return found or [CPU]


def _spec(node: ort.NodeArg) -> TensorSpec:
    shape = tuple(size if isinstance(size, int) else None for size in node.shape)
    return TensorSpec(node.name, shape, np.dtype(_DTYPES[node.type]))


def _of_no_rows(outputs: Sequence[TensorSpec]) -> list[Array]:
    """Outputs for a batch of nothing; none where their shapes depend on the input's."""
    empty = []
    for spec in outputs:
        shape = [size for size in spec.shape[1:] if size is not None]
        if len(shape) < len(spec.shape) - 1:
            return []
        empty.append(np.empty((0, *shape), spec.dtype))
    return empty
