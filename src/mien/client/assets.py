"""Assets and their files: made, sent in parts, listed, fetched."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from os import PathLike
from pathlib import Path
from typing import IO, Any

from mien.client.edits import Edits
from mien.client.names import safe_name
from mien.client.wire import Wire
from mien.errors import InputError, InputNotFoundError, OutputError, ServiceError

PART = 64 << 20
"""Bytes that are sent with one request."""
PIECE = 1 << 20
TRIES = 5
"""How often in a row a connection may break without a byte gained."""

Progress = Callable[[float], None]


class AssetFile:
    """A file of an asset. `name` has nothing in it that leads out of a folder."""

    def __init__(self, wire: Wire, asset: str, name: str, told: dict[str, Any] | None) -> None:
        self._wire, self._asset = wire, asset
        self._told = told
        self.given_name = name
        self.name = safe_name(name)
        self.is_primary = bool(told and told["isPrimary"])

    @property
    def id(self) -> str | None:
        """Its id; None until it is uploaded."""
        return None if self._told is None else str(self._told["id"])

    @property
    def size(self) -> int | None:
        """In bytes; None until it is uploaded."""
        return None if self._told is None else int(self._told["size"])

    def upload(
        self, path: str | PathLike[str], *, on_progress: Progress = lambda share: None
    ) -> None:
        """Send the bytes of a file here. One that was sent in part goes on from where it stopped,
        also in another run of the program, and also when the connection breaks.

        Args:
            path: the file here.
            on_progress: called with the share that is sent, 0..1.

        Raises:
            InputError: it cannot be read.
            ServiceError: the service refuses it, or cannot be reached.
        """
        with _opened(path) as file:
            size = os.fstat(file.fileno()).st_size
            self._announce(size)
            sent, tries = self._received(), 0
            while sent < size:
                try:
                    self._send(file, sent, min(PART, size - sent))
                except ServiceError as error:
                    if error.status not in (None, 408, 502, 503, 504, 409) or tries == TRIES:
                        raise
                    tries += 1
                before, sent = sent, self._received()
                tries = 0 if sent > before else tries
                on_progress(sent / size)
            on_progress(1.0)

    def download(
        self, path: str | PathLike[str], *, on_progress: Progress = lambda share: None
    ) -> Path:
        """Fetch the bytes into a file; it is there when it is whole. A connection that breaks is
        made again, and goes on where it was.

        Args:
            path: of the file, or a folder, in which it gets its name.
            on_progress: called with the share that is here, 0..1.

        Raises:
            OutputError: it cannot be written.
            ServiceError: the service refuses it, or cannot be reached.
        """
        content, target = f"{self._path}/content", Path(path)
        target = target / self.name if target.is_dir() else target
        beside = target.with_name(f".{target.name}.part")
        try:
            with beside.open("wb") as file:
                self._fetch(content, file, on_progress)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(target)
        except OSError as error:
            raise OutputError(f"cannot write {target}: {error.strerror}") from error
        finally:
            beside.unlink(missing_ok=True)
        return target

    def delete(self) -> None:
        """Delete it on the service; raises ServiceError."""
        self._wire.json("DELETE", self._path)

    @property
    def _path(self) -> str:
        if self.id is None:
            raise ServiceError(f"{self.given_name} was not uploaded yet; call upload first")
        return f"/assets/{self._asset}/files/{self.id}"

    def _announce(self, size: int) -> None:
        body = {"name": self.given_name, "size": size, "isPrimary": self.is_primary}
        try:
            self._told = self._wire.json("POST", f"/assets/{self._asset}/files", body)
        except ServiceError as error:
            if error.code != "FileExists":
                raise
            asset = self._wire.json("GET", f"/assets/{self._asset}")
            for told in asset["files"]:
                if told["name"] == self.given_name and told["size"] == size:
                    self._told = told
                    return
            raise

    def _received(self) -> int:
        self._told = self._wire.json("GET", self._path)
        return int(self._told["received"])

    def _send(self, file: IO[bytes], offset: int, count: int) -> None:
        file.seek(offset)
        headers = {"Upload-Offset": str(offset), "Content-Length": str(count)}
        headers["Content-Type"] = "application/octet-stream"
        self._wire.send(f"{self._path}/content", _pieces(file, count), headers)

    def _fetch(self, content: str, file: IO[bytes], on_progress: Progress) -> None:
        size, here, tries = self.size or 0, 0, 0
        while here < size:
            before = here
            try:
                with self._wire.stream(content, _part(here)) as answer:
                    for piece in answer.iter_bytes():
                        file.write(piece)
                        here += len(piece)
                        on_progress(here / size)
            except ServiceError as error:
                tries = 0 if here > before else tries + 1
                if error.status not in (None, 502, 503, 504) or tries == TRIES:
                    raise
        on_progress(1.0)


class Files:
    """The files of an asset."""

    def __init__(self, wire: Wire, asset: str, files: list[AssetFile]) -> None:
        self._wire, self._asset, self._files = wire, asset, files

    def create(self, name: str, *, is_primary: bool = False) -> AssetFile:
        """A file to upload.

        Args:
            name: how it is called on the service.
            is_primary: whether it is the one that tasks work on.
        """
        made = AssetFile(self._wire, self._asset, name, None)
        made.is_primary = is_primary
        self._files.append(made)
        return made

    def __iter__(self) -> Iterator[AssetFile]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, number: int) -> AssetFile:
        return self._files[number]


class Asset:
    """Some files under a name; `edits` is what people changed in the analyses of its video."""

    def __init__(self, wire: Wire, told: dict[str, Any]) -> None:
        self._wire = wire
        self.id, self.name = str(told["id"]), str(told["name"])
        self.files = Files(
            wire, self.id, [AssetFile(wire, self.id, each["name"], each) for each in told["files"]]
        )
        self.edits = Edits(wire, self.id)

    def download(self, folder: str | PathLike[str]) -> list[Path]:
        """Fetch every file into a folder, which is made when it is not there.

        Raises:
            OutputError, ServiceError
        """
        try:
            Path(folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"cannot make the folder {folder}: {error.strerror}") from error
        return [file.download(Path(folder) / file.name) for file in self.files]

    def delete(self) -> None:
        """Delete it with its files; raises ServiceError."""
        self._wire.json("DELETE", f"/assets/{self.id}")


class Assets:
    """The assets of the account."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def create(self, name: str) -> Asset:
        """Make an empty asset; raises ServiceError."""
        return Asset(self._wire, self._wire.json("POST", "/assets", {"name": name}))

    def get(self, id: str) -> Asset:
        """The asset of an id; raises ServiceError."""
        return Asset(self._wire, self._wire.json("GET", f"/assets/{id}"))

    def __iter__(self) -> Iterator[Asset]:
        for told in pages(self._wire, "/assets"):
            yield Asset(self._wire, told)


def pages(wire: Wire, path: str) -> Iterator[dict[str, Any]]:
    """All that there is, a page after the other; raises ServiceError."""
    query: dict[str, str] = {"top": "200"}
    while found := wire.json("GET", path, query=query):
        yield from found
        query["start"] = found[-1]["id"]


def _opened(path: str | PathLike[str]) -> IO[bytes]:
    try:
        return open(path, "rb")
    except FileNotFoundError as error:
        raise InputNotFoundError(f"there is no file {path}") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from error


def _pieces(file: IO[bytes], count: int) -> Iterator[bytes]:
    while count and (piece := file.read(min(PIECE, count))):
        count -= len(piece)
        yield piece


def _part(here: int) -> dict[str, str]:
    """What to ask for when so many bytes are here."""
    plain = {"Accept-Encoding": "identity"}
    return {**plain, "Range": f"bytes={here}-"} if here else plain
