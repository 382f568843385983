"""From what the caller has, a path, bytes or an open file, to something that can be read."""

from __future__ import annotations

import io
import os
import stat
from dataclasses import dataclass
from os import PathLike
from typing import BinaryIO, Self

from mien.errors import (
    CorruptMediaError,
    InputError,
    InputNotFoundError,
    InputPermissionError,
    MienError,
    UsageError,
)
from mien.media.signatures import HEAD_BYTES

Source = str | PathLike[str] | bytes | BinaryIO
"""A path, the bytes of a file, or an open binary file that can seek, read from its start."""


@dataclass(slots=True)
class OpenSource:
    """An input that is there, may be read and is not empty. Close it, or use it as a context."""

    name: str
    """For messages: the path as it was given, or "the data"."""

    file: BinaryIO
    size: int
    path: str | None
    """The absolute path, None for bytes and open files."""

    def head(self) -> bytes:
        """The first bytes; the file stands at its start afterwards."""
        self.file.seek(0)
        head = self.file.read(HEAD_BYTES)
        self.file.seek(0)
        return head

    def close(self) -> None:
        """Close what `open_source` has opened; a file of the caller's stays open."""
        if self.path is not None:
            self.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_source(source: Source) -> OpenSource:
    """Open an input for reading.

    Raises:
        InputError: it is missing, a folder, no plain file, or may not be read.
        CorruptMediaError: it is empty.
        UsageError: an open file that is in text mode, closed, or cannot seek.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        found = OpenSource("the data", io.BytesIO(source), len(source), None)
    elif isinstance(source, (str, PathLike)):
        found = _open_path(os.fspath(source))
    else:
        found = _open_file(source)
    if found.size == 0:
        found.close()
        raise CorruptMediaError(f"{found.name} is empty (0 bytes); copy or record it again")
    return found


def _open_path(path: str) -> OpenSource:
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise InputError(f"{path} is a folder; name a file in it")
        if not stat.S_ISREG(mode):
            raise InputError(f"{path} is not a plain file; copy what it gives into one first")
        file = open(path, "rb")  # noqa: SIM115 - OpenSource closes it
    except (OSError, ValueError) as error:
        raise _unopened(path, error) from error
    return OpenSource(path, file, os.fstat(file.fileno()).st_size, os.path.abspath(path))


def _unopened(path: str, error: OSError | ValueError) -> MienError:
    if isinstance(error, MienError):
        return error
    if isinstance(error, (FileNotFoundError, NotADirectoryError, ValueError)):
        return InputNotFoundError(f"there is no file {path!r}; check the name")
    if isinstance(error, PermissionError):
        return InputPermissionError(f"{path} may not be read; ask its owner for permission")
    return InputError(f"{path} cannot be opened: {error.strerror}")


def _open_file(file: BinaryIO) -> OpenSource:
    name = getattr(file, "name", None)
    label = name if isinstance(name, str) else "the data"
    try:
        if not isinstance(file.read(0), bytes):
            raise UsageError(f"{label} is open as text; open it in binary mode ('rb')")
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
    except (AttributeError, OSError, ValueError) as error:
        if isinstance(error, MienError):
            raise
        raise UsageError(
            f"{label} is not an open file that can be read and can seek; "
            "read it into bytes first and give those"
        ) from error
    return OpenSource(label, file, size, None)
