"""A loaded model behind one small protocol, whatever runtime it needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from mien.errors import UsageError
from mien.models.catalogue import entry
from mien.models.store import file_of
from mien.models.threads import thread_count

Array = NDArray[Any]


class TensorSpec(NamedTuple):
    """An input or output of a model; None stands for a free dimension."""

    name: str
    shape: tuple[int | None, ...]
    dtype: np.dtype[Any]


class Session(Protocol):
    """A model ready to run. It may be used from several threads."""

    @property
    def name(self) -> str:
        """The model's name in the catalogue."""

    @property
    def provider(self) -> str:
        """What truly runs it: an execution provider of ONNX Runtime, or "LiteRT"."""

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """The inputs, in the order `run` takes them."""

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """The outputs, in the order `run` returns them."""

    def run(self, *arrays: Array) -> list[Array]:
        """Run the model on one array an input; any batch size where the first dimension is free.

        Raises:
            ValueError: the arrays do not have the shapes and types of `inputs`.
        """


class SessionAround:
    """A session around another, the same in all but `run`, which a subclass gives."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.name, self.provider = session.name, session.provider
        self.inputs, self.outputs = session.inputs, session.outputs


def open_session(
    name: str, *, threads: int | None = None, providers: Sequence[str] | None = None
) -> Session:
    """Load a model of the catalogue, fetching it first when it is not in the store.

    Args:
        threads: default MIEN_THREADS, else every usable core.
        providers: execution providers of ONNX Runtime in order of preference ("cuda" is short for
            "CUDAExecutionProvider"); default MIEN_PROVIDERS (separated by commas), else the CPU.
            MIEN_PROVIDERS does not bear on models that LiteRT runs, which are always on the CPU.

    Raises:
        ProviderError: the first provider named is not there, or cannot be used.
        ModelError: the model cannot be had; see `file_of`.
        UsageError: the name is that of a media sample, or `threads` makes no sense.
    """
    model = entry(name)
    if model.kind != "model":
        raise UsageError(f"{name} is a {model.kind} sample, not a model")
    count = thread_count(threads)
    if model.file.endswith(".tflite"):
        from mien.models.litert import LiteRtSession

        return LiteRtSession(name, file_of(name), threads=count, providers=providers)
    from mien.models.onnx_runtime import OrtSession

    return OrtSession(name, file_of(name), threads=count, providers=providers)


def check_arrays(name: str, inputs: tuple[TensorSpec, ...], arrays: Sequence[Array]) -> None:
    """Check arrays against the inputs of a model; the runtimes' own messages name no model.

    Raises:
        ValueError: they do not fit.
    """
    if len(arrays) != len(inputs):
        raise ValueError(f"{name} takes {len(inputs)} arrays, not {len(arrays)}")
    for spec, array in zip(inputs, arrays, strict=True):
        fits = array.dtype == spec.dtype and array.ndim == len(spec.shape)
        sizes = zip(spec.shape, array.shape, strict=False)
        if not fits or any(want not in (None, got) for want, got in sizes):
            shape = tuple("any" if size is None else size for size in spec.shape)
            raise ValueError(
                f"{name} takes {spec.name} as {spec.dtype} of shape {shape}, "
                f"not {array.dtype} of shape {array.shape}"
            )
