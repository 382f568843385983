"""Where an export goes: a path, which gets it whole or not at all, or an open file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import IO, Any

from mien.atomic import replacing

Target = str | PathLike[str] | IO[Any]


@contextmanager
def opened(target: Target, mode: str = "w") -> Iterator[IO[Any]]:
    """The file to write to. `mode` is "w" (UTF-8 text) or "wb", and that of an open file.

    Raises:
        OutputError: the path cannot be written.
    """
    if isinstance(target, (str, PathLike)):
        with replacing(Path(target), mode) as file:
            yield file
    else:
        yield target
