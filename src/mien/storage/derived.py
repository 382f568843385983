"""What was made of an asset to be shown, such as small pictures: kept as long as the asset is, and
made again where it is missing."""

from __future__ import annotations

import re
import shutil
import threading
from pathlib import Path

from mien.atomic import replacing
from mien.errors import OutputError, UsageError

NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,99}")


class Derived:
    """A folder for each asset, under one folder. Ids and names are ours, never a client's."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._writing = folder, threading.Lock()

    def read(self, asset: str, name: str) -> bytes | None:
        """What is kept under a name; None if there is nothing."""
        try:
            return self._path(asset, name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, asset: str, name: str, data: bytes) -> None:
        """Keep something; raises OutputError."""
        path = self._path(asset, name)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"a picture cannot be kept: {error.strerror}") from error
        with self._writing, replacing(path, "wb") as file:
            file.write(data)

    def delete(self, asset: str) -> None:
        """Remove all that was made of an asset."""
        shutil.rmtree(self._folder / asset, ignore_errors=True)

    def assets(self) -> list[str]:
        """The assets of which something is kept."""
        return [path.name for path in self._folder.iterdir()] if self._folder.is_dir() else []

    def _path(self, asset: str, name: str) -> Path:
        for part in (asset, name):
            if not NAME.fullmatch(part):
                raise UsageError(f"nothing can be kept under the name {part!r}")
        return self._folder / asset / name
