"""The bytes of files, in a folder, each under an id of ours: no name of a client is ever a path.

The database says how many bytes of a blob count; what lies behind them was written by a process
that died, and is cut off by the next that writes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from mien.errors import InputError, OutputError


class Blobs:
    """The blobs under one folder. An id is a GUID as `uuid.uuid4` writes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, id: str) -> Path:
        """Where the bytes lie, to be read."""
        return self._folder / id[:2] / id

    @contextmanager
    def append(self, id: str, offset: int) -> Iterator[IO[bytes]]:
        """A file to write to, from an offset on; what lies behind it is dropped. What was written
        is on disk when the block is left, also when it is left by an error.

        Raises:
            OutputError: the folder cannot be written, or the disk is full.
            InputError: there are fewer bytes than `offset`: something else removed them.
        """
        file = self._opened(id, offset)
        with file:
            try:
                yield file
            finally:
                with _told_of_disk("a file"):
                    file.flush()
                    os.fsync(file.fileno())

    def _opened(self, id: str, offset: int) -> IO[bytes]:
        path = self.path(id)
        with _told_of_disk("a file"):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
            file = os.fdopen(handle, "r+b")
        here = file.seek(0, os.SEEK_END)
        if here < offset:
            file.close()
            raise InputError(f"bytes of the file {id} are missing; send it anew")
        file.truncate(offset)
        file.seek(offset)
        return file

    def make(self, id: str) -> None:
        """An empty blob; raises OutputError."""
        with self.append(id, 0):
            pass

    def adopt(self, path: Path, id: str) -> int:
        """Take a file over, which must lie in the same file system; its size in bytes.

        Raises:
            OutputError: it cannot be moved.
        """
        target = self.path(id)
        with _told_of_disk("a result"):
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with path.open("rb") as file:
                os.fsync(file.fileno())
                size = os.fstat(file.fileno()).st_size
            path.replace(target)
            _sync(target.parent)
        return size

    def delete(self, id: str) -> None:
        """Remove the bytes; nothing happens where there are none."""
        with suppress(FileNotFoundError):
            self.path(id).unlink()

    def older_than(self, seconds: float, now: float) -> Iterator[str]:
        """The ids of the blobs that were last written so long ago."""
        for path in self._folder.glob("*/*"):
            with suppress(FileNotFoundError):
                if now - path.stat().st_mtime > seconds:
                    yield path.name


@contextmanager
def _told_of_disk(what: str) -> Iterator[None]:
    """A failure of the disk as an OutputError."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{what} cannot be kept: {error.strerror}") from error


def _sync(folder: Path) -> None:
    """Have the names in a folder on disk. (Windows opens no folders, and needs it not.)"""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
