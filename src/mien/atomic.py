"""Outputs that are either whole or not there: written beside, then renamed."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from mien.errors import OutputError


@contextmanager
def replacing(path: Path, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a new file that takes the place of `path` only when the block ends without an error.

    The bytes go to a hidden file in the same folder, are flushed to disk, and the file is renamed;
    whatever stood at `path` before stays untouched until then. `mode` is "w" (UTF-8 text) or "wb".
    A symbolic link is followed: what it points to is replaced, not the link.

    Raises:
        OutputError: the folder is missing or not writable, the disk is full, or `path` is there and
            no ordinary file (a rename would put a file in the place of a device).
    """
    path = _real(path)
    if path.exists() and not path.is_file():
        what = "a folder; name a file" if path.is_dir() else "no ordinary file"
        raise OutputError(f"cannot write {path}: it is {what}")
    beside = path.parent / f".{path.name}.{os.getpid()}.part"
    try:
        with open(beside, mode, encoding=None if "b" in mode else "utf-8") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        if error.filename not in (None, str(beside)):
            raise
        raise _explained(error, path) from error
    finally:
        with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            beside.unlink()


def _real(path: Path) -> Path:
    """Where the file is once links are followed."""
    try:
        path = path.resolve()
        path.exists()
    except OSError as error:
        raise _explained(error, path) from error
    except ValueError as error:
        raise OutputError(f"cannot write {str(path)!r}: it holds a null character") from error
    return path


def _explained(error: OSError, path: Path) -> OSError:
    """The sentence for a failed write; one that has no sentence is handed on as it is."""
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR if not path.parent.is_dir():
            return OutputError(f"cannot write {path}: there is no folder {path.parent}; create it")
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return OutputError(f"cannot write {path}: the folder or file is not writable for you")
        case errno.ENOSPC | errno.EDQUOT:
            return OutputError(f"cannot write {path}: the disk is full; nothing was kept of it")
        case errno.EFBIG:
            return OutputError(f"cannot write {path}: it would be larger than a file may be there")
        case errno.ENAMETOOLONG:
            return OutputError(f"cannot write {path.name[:40]}…: the name is too long")
        case _:
            return error
