"""The files that pages are made of: style sheet, modules, icons, and the chart library."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from mien.server.errors import Refusal

STATIC = Path(__file__).with_name("static")
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
PLOTLY = "plotly.min.js"
A_YEAR = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class File:
    """A file, held in memory."""

    data: bytes
    media_type: str

    @cached_property
    def packed(self) -> bytes:
        """The same, compressed once."""
        return gzip.compress(self.data, 6, mtime=0)

    @cached_property
    def etag(self) -> str:
        """Names these bytes."""
        return f'"{hashlib.sha256(self.data).hexdigest()[:16]}"'


class Files:
    """All of them, under one version that changes with any: a browser may keep what it has.

    Modules import each other by names beside their own, and so within a version.
    """

    def __init__(self) -> None:
        self._files = {
            path.relative_to(STATIC).as_posix(): File(path.read_bytes(), TYPES[path.suffix])
            for path in sorted(STATIC.rglob("*"))
            if path.suffix in TYPES
        }
        self._files[PLOTLY] = File(_plotly().read_bytes(), TYPES[".js"])
        names = "".join(f"{name}{file.etag}" for name, file in self._files.items())
        self.version = hashlib.sha256(names.encode()).hexdigest()[:12]

    def url(self, name: str) -> str:
        """Where a page finds a file; raises KeyError if there is none of the name."""
        assert self._files[name]
        return f"/studio/assets/{self.version}/{name}"

    async def answer(self, request: Request) -> Response:
        """Give a file; under another version than this one, for as long as a page is open."""
        file = self._files.get(request.path_params["name"])
        if file is None:
            raise Refusal(404, "NotFound", "There is no such file.")
        current = request.path_params["version"] == self.version
        headers = {
            "cache-control": A_YEAR if current else "no-cache",
            "etag": file.etag,
            "vary": "accept-encoding",
        }
        if request.headers.get("if-none-match") == file.etag:
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
            return Response(file.packed, media_type=file.media_type, headers=headers)
        return Response(file.data, media_type=file.media_type, headers=headers)


def _plotly() -> Path:
    """Where the package `plotly` has its library; importing it would take half a second."""
    found = find_spec("plotly")
    assert found is not None
    assert found.submodule_search_locations is not None
    return Path(found.submodule_search_locations[0]) / "package_data" / PLOTLY
